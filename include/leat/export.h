/* SPDX-License-Identifier: ISC */
#ifndef LEAT_EXPORT_H
#define LEAT_EXPORT_H

/*
 * Export: where memory meets a device (rules R5, R6).
 *
 * Views are held against a constraint and leave as segments: as they are, or
 * refused with the reason and the offender, or bounced. The caller says which.
 *
 *   LEAT_REFUSE  every segment is the caller's own bytes, or the call fails
 *   LEAT_BOUNCE  what does not fit is copied to pages of a pool that do; the
 *                rest leaves as it is
 *   LEAT_COPY    all of it is copied (LEAT_WHY_POLICY): for data that must not
 *                change under a device
 *
 * A view that crosses the boundary, or is longer than a segment may be, is split
 * where that leaves good pieces (else LEAT_WHY_BOUNDARY); splitting is no copy. A bounce takes as few
 * views as do: an offender, and those after it that are needed to fill the
 * length multiple (2047 + 2049 bytes become one 4096). Each view copied is one
 * copy, counted in the pool under the reason why it was copied.
 *
 * An export is open until leat_export_end(): the device reads or writes the
 * segments, then end brings bounced bytes home where the device wrote, and puts
 * the bounce pages.
 */

#include <leat/chunk.h>
#include <leat/constraint.h>
#include <leat/iov.h>
#include <leat/view.h>

LEAT_BEGIN_DECLS

enum leat_export_mode {
    LEAT_REFUSE = 0,
    LEAT_BOUNCE = 1,
    LEAT_COPY = 2,
};

/* What the device does with the segments. */
enum leat_direction {
    LEAT_TO_DEVICE = 0,   /* it reads them: a write to a disk, a transmit     */
    LEAT_FROM_DEVICE = 1, /* it writes them: a read of a disk, a receive      */
    LEAT_BOTH_WAYS = 2,
};

/* Private: what the library knows of an export. See src/core/plan.h. */
struct leat_plan {
    const void *views;
    size_t n;
    struct leat_constraint need;
    struct leat_pool *owner;
    size_t max_segs;
    size_t longest;
    size_t step;
    size_t room;
    size_t from;
    size_t nsegs;
    size_t bounce_bytes;
    size_t bounced_views;
    size_t bounced_bytes;
    size_t index;
    enum leat_reason why;
    enum leat_export_mode mode;
    enum leat_direction dir;
    bool read_only;
};

struct leat_export {
    /* Set by the caller before; not changed by the call. */
    struct leat_view *segs; /* room for the segments                        */
    size_t max_segs;        /* how many fit (the constraint may ask fewer)  */
    enum leat_direction dir;
    struct leat_pool *pool;  /* where bounces come from; may be NULL with
                                LEAT_REFUSE                                  */
    struct leat_pool *owner; /* unless NULL: only memory of this pool may be
                                shown to the peer; other memory is bounced to
                                (pool), or refused as LEAT_E_PEER. With
                                LEAT_NEED_REGISTERED, whose memory the device
                                knows: there is no peer then, and other memory
                                is bounced, or refused as LEAT_E_FOREIGN     */

    /* Results. On failure only (why) and (index) are set. */
    size_t nsegs;
    size_t bounced_views; /* how many views were bounced                  */
    size_t bounced_bytes;
    enum leat_reason why; /* of the first bounce, or of the refusal       */
    size_t index;         /* of the view that it was                      */

    /* Private, until leat_export_end(). */
    struct leat_chunk bounce;
    unsigned char *bounce_at;
    struct leat_plan plan;
    uint32_t open;
};

/*
 * Exports (n) views, in order, under (*need). A view of 0 bytes gives no
 * segment. Zero (*ex) before setting its fields, the first time.
 *
 * With too many segments LEAT_BOUNCE copies as few of the last views as bring
 * their number down (LEAT_WHY_SEGMENTS). Where the device only writes, nothing
 * is copied yet: what is bounced is counted when it comes home.
 *
 * Owner:   the segments are borrowed from (views) and from the export; (views)
 *          and their bytes must stay until leat_export_end(), which is owed for
 *          every success and for no failure; so must ex->segs and ex->nsegs, as
 *          they are, where the device writes and something was bounced.
 * Errors:  LEAT_E_ALIGN, LEAT_E_LENGTH, LEAT_E_BOUNDARY, LEAT_E_PEER,
 *          LEAT_E_FOREIGN: refused; ex->why and ex->index say why and which view
 *          LEAT_E_SEGMENTS  more than need->segments or ex->max_segs, first at
 *                           ex->index; when bouncing, even if all is copied
 *          LEAT_E_LENGTH    when bouncing: the total is no multiple, which no
 *                           copy can mend; ex->index is the first view of the
 *                           rest that does not add up
 *          LEAT_E_INVALID   need, mode, direction; LEAT_BOUNCE or LEAT_COPY
 *                           without a pool; LEAT_NEED_REGISTERED without an
 *                           owner; NULL
 *          LEAT_E_STALE     a void view (ex->index)
 *          LEAT_E_OVERFLOW  a view's end, or the sum of all lengths, does not
 *                           fit (ex->index), nor do the bounce pages
 *          LEAT_E_PEER      not LEAT_REFUSE, and (pool) is not (owner);
 *                           LEAT_E_FOREIGN with LEAT_NEED_REGISTERED
 *          LEAT_E_STATE     (ex) is open; or memory came to (owner) meanwhile
 *          those of leat_pool_get() for the bounce pages
 * Threads: one thread at a time for one (ex). Takes the pool's lock.
 */
LEAT_API int leat_export(const struct leat_view *views, size_t n,
                         const struct leat_constraint *need,
                         enum leat_export_mode mode, struct leat_export *ex);

/*
 * The same for memory that may only be read. The direction must be
 * LEAT_TO_DEVICE, else LEAT_E_ACCESS; with LEAT_NEED_WRITABLE every view is an
 * offender (LEAT_E_ACCESS, LEAT_WHY_ACCESS). The segments are then to be read
 * only, unless they were bounced.
 */
LEAT_API int leat_export_const(const struct leat_cview *views, size_t n,
                               const struct leat_constraint *need,
                               enum leat_export_mode mode,
                               struct leat_export *ex);

/* The same for the views of an iov. Errors: LEAT_E_INVALID: (iov) is NULL. */
LEAT_API int leat_iov_export(const struct leat_iov *iov,
                             const struct leat_constraint *need,
                             enum leat_export_mode mode,
                             struct leat_export *ex);

/*
 * Ends an export: of the (done) first bytes that the device wrote, those that
 * were bounced are copied home (LEAT_WHY_RETURN, one copy a view), unless the
 * direction was LEAT_TO_DEVICE; the bounce pages are put. (done) is in bytes of
 * the whole transfer, SIZE_MAX for all.
 *
 * Errors:  LEAT_E_STATE    (ex) is not open; or its segments are no longer as
 *                          long as its views: nothing was brought home, the
 *                          bounce pages were put
 *          LEAT_E_INVALID  NULL
 *          those of leat_pool_put() for the bounce pages; nothing was brought
 *          home then, and (ex) is not open any more
 */
LEAT_API int leat_export_end(struct leat_export *ex, size_t done);

LEAT_END_DECLS

#endif
