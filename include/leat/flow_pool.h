/* SPDX-License-Identifier: ISC */
#ifndef LEAT_FLOW_POOL_H
#define LEAT_FLOW_POOL_H

/*
 * Flow pool (libleat-flow): buffers of any size, cut from the pages of a pool.
 *
 * A flow pool takes chunks of a leat pool and cuts them for those who need no
 * alignment. Small buffers come from one jemalloc arena, whose extent hooks take
 * their memory from the pool and give it back as soon as a slab of them is empty;
 * others are whole pages. So there is a bound, and what is held is known to the
 * byte. In a build without jemalloc (leat_flow_caps()) all buffers are whole
 * pages: the same calls, more memory for small ones.
 *
 * All of a flow buffer is leat memory: leat_export() lets it leave without a copy
 * where the constraint allows. To a peer it is bounced for LEAT_WHY_NEIGHBOURS
 * where it shares a page with other buffers.
 *
 * A buffer is owned through refs, as a chunk is: struct leat_flow_ref, which
 * moves, and must be dropped. What the library knows of buffers, and what jemalloc
 * knows of its arena, lies in memory of its own (mmap(2)), never in the pool's
 * pages (rule R1); it is counted, and can be bounded.
 *
 * Locks:   a pool's callbacks (reclaim, on_water, waiters) that run because of a
 *          call here find no lock held, and may call anything but destroy.
 * Threads: all calls are safe from any thread, but create and destroy; one
 *          variable of type struct leat_flow_ref belongs to one thread at a time.
 *          After fork() the child's calls fail with LEAT_E_FORKED.
 */

#include <leat/builder.h>
#include <leat/constraint.h>
#include <leat/copies.h>
#include <leat/pool.h>
#include <leat/ref.h>

LEAT_BEGIN_DECLS

struct leat_flow_pool;
struct leat_flow_buffer;

/* What this build can do. */
#define LEAT_FLOW_CAP_SUBPAGE \
    1u /* small buffers share pages: it has jemalloc                         */

/* Gives LEAT_FLOW_CAP_*. */
LEAT_API uint32_t leat_flow_caps(void);

/* Flags of a flow pool. */
#define LEAT_FLOW_POOL_PAGES \
    1u /* whole pages for all buffers, also where there is jemalloc: they have
          no neighbours                                                      */
#define LEAT_FLOW_POOL_TRACK 2u /* keep each buffer's age                   */

/* Zero it; each field's zero is its default. */
struct leat_flow_pool_config {
    struct leat_pool *pool;  /* required; borrowed until destroy             */
    size_t limit_bytes;      /* most bytes of the pool that it holds, counted in
                                whole pages; 0: what the pool's limit allows */
    size_t meta_limit_bytes; /* most bytes of address space for what is known of
                                buffers and arena; 0: no bound. An arena alone
                                asks for a huge page, of which little is
                                touched                                      */
    size_t retain_ratio;     /* a flow copies bytes out of memory of which they
                                pin more than so many times their number; 0:
                                never                                        */
    uint32_t flags;          /* LEAT_FLOW_POOL_*                             */
};

/*
 * Creates a flow pool.
 *
 * Errors:  LEAT_E_INVALID      no pool, unknown flags
 *          LEAT_E_NOMEM        no memory for metadata, or above its bound
 *          LEAT_E_LIMIT        jemalloc has no arena left
 *          LEAT_E_UNSUPPORTED  jemalloc is told (MALLOC_CONF) to abort when
 *                              memory is short
 *          LEAT_E_FORKED
 */
LEAT_API int leat_flow_pool_create(struct leat_flow_pool **out,
                                   const struct leat_flow_pool_config *config);

/*
 * Destroys (fp), its arena as a whole.
 *
 * Errors:  LEAT_E_BUSY    refs or flows are left: nothing is changed
 *          LEAT_E_FORKED
 */
LEAT_API int leat_flow_pool_destroy(struct leat_flow_pool *fp);

/* The books of all that is copied in (fp) and its flows. */
LEAT_API struct leat_copies *leat_flow_pool_copies(struct leat_flow_pool *fp);

/* An owned, counted reference to a window of a buffer. */
struct leat_flow_ref {
    struct leat_view view;           /* its window                           */
    struct leat_flow_buffer *buffer; /* what it keeps; NULL: owns nothing    */
    uint64_t life;                   /* private: the buffer's generation     */
};

/*
 * Gets a fresh buffer of (bytes); its bytes are as they are.
 *
 * Owner:   (*out) is owned: drop it.
 * Errors:  LEAT_E_INVALID   (bytes) is 0
 *          LEAT_E_LIMIT     limit_bytes, or the pool's limit
 *          LEAT_E_NOMEM     the pool's backend, or the metadata
 *          LEAT_E_OVERFLOW  (bytes) rounded up does not fit
 *          LEAT_E_FORKED, and what leat_pool_get() gives
 */
LEAT_API int leat_flow_buffer_get(struct leat_flow_pool *fp, size_t bytes,
                                  struct leat_flow_ref *out);

/*
 * Takes over (*from), a ref to any chunk, of whatever pool: no copy.
 *
 * Owner:   (*from) is void afterwards, and what it owned is (*out)'s.
 * Errors:  LEAT_E_STALE  it owns nothing
 *          LEAT_E_NOMEM  no metadata; (*from) is as it was
 */
LEAT_API int leat_flow_ref_adopt(struct leat_flow_pool *fp,
                                 struct leat_ref *from,
                                 struct leat_flow_ref *out);

/*
 * Takes another ref to bytes [off, off + len) of (ref)'s window.
 *
 * Errors:  LEAT_E_RANGE; LEAT_E_STALE: (ref) owns nothing; LEAT_E_LIMIT: there
 *          are LEAT_REFS_MAX
 */
LEAT_API int leat_flow_ref_slice(const struct leat_flow_ref *ref, size_t off,
                                 size_t len, struct leat_flow_ref *out);

/*
 * Moves what (*from) owns to (*to), which must own nothing.
 *
 * Errors:  LEAT_E_STALE  (*from) owns nothing; LEAT_E_STATE  (*to) does
 */
LEAT_API int leat_flow_ref_move(struct leat_flow_ref *from,
                                struct leat_flow_ref *to);

/*
 * Drops what (*ref) owns; the last one frees the buffer.
 *
 * Errors:  LEAT_E_STALE  it owns nothing, or its buffer has gone
 */
LEAT_API int leat_flow_ref_drop(struct leat_flow_ref *ref);

/* Gives the window: borrowed, valid while the ref is. */
LEAT_INLINE struct leat_view leat_flow_ref_view(const struct leat_flow_ref *ref)
{
    return ref->view;
}

/*
 * Starts a builder with (ref)'s window as what is built, and as head- and
 * tailroom what the buffer has before and after it: for headers, in place.
 *
 * Owner:   borrowed, valid while the ref is.
 * Errors:  LEAT_E_BUSY  another ref to the buffer is held, which may use that
 *                       room (a segment that its flow retains is no such ref)
 *          LEAT_E_UNSUPPORTED  it was adopted: its room is not known
 *          LEAT_E_STALE
 */
LEAT_API int leat_flow_ref_builder(const struct leat_flow_ref *ref,
                                   struct leat_builder *out);

/* ------------------------------------------------- what a small ref pins */

/*
 * Tells the bytes that (ref) uses, those that it keeps from being used, and the
 * age of its memory where that is tracked (LEAT_FLOW_POOL_TRACK; for what was
 * adopted, LEAT_POOL_TRACK of its pool).
 *
 * Errors:  LEAT_E_STALE
 */
LEAT_API int leat_flow_ref_pin(const struct leat_flow_ref *ref,
                               struct leat_pin *out);

/*
 * Calls (fn) for each buffer of (fp) that pins more than (ratio) times the bytes
 * that its refs use, with (used) the sum of their windows, until it gives other
 * than 0, which is then the result.
 *
 * Locks:   (fp)'s lock is held: (fn) must not call anything on it.
 */
LEAT_API int leat_flow_pool_pins(struct leat_flow_pool *fp, size_t ratio,
                                 int (*fn)(void *arg,
                                           const struct leat_pin *pin),
                                 void *arg);

/*
 * Copies (ref)'s window to a fresh buffer and drops the old one, if that pins
 * more than (ratio) times the window and the fresh one pins less: counted as
 * LEAT_WHY_RETAIN. (*copied), unless NULL, tells whether.
 *
 * Errors:  LEAT_E_STALE; those of leat_flow_buffer_get(): (*ref) is as it was
 */
LEAT_API int leat_flow_ref_compact(struct leat_flow_ref *ref, size_t ratio,
                                   bool *copied);

/* --------------------------------------------------------------- segments */

/* How bytes are laid out to be sent. */
struct leat_flow_segments {
    size_t bytes;    /* of payload in a segment, at most; not 0              */
    size_t headroom; /* free bytes before each payload                       */
    size_t tailroom; /* and after it                                         */
    struct leat_constraint need; /* headroom, payload and tailroom together
                                    cross no multiple of (boundary), are not
                                    longer than (segment_bytes), and begin at a
                                    multiple of (align). Of the rest, leat_export()
                                    takes care                               */
};

/*
 * Cuts (from) into segments: each byte is copied once, counted as one copy of
 * all (LEAT_WHY_IN). All but the last are full. No bytes are no segment. (*n)
 * is how many there are.
 *
 * Owner:   the refs are owned; leat_flow_ref_builder() reaches their room. After
 *          a failure those of (out) that were tried are void.
 * Errors:  LEAT_E_SEGMENTS  more than (max): nothing was copied
 *          LEAT_E_BOUNDARY  one segment is longer than the boundary
 *          LEAT_E_INVALID   0 bytes a segment; a bad constraint; longer than
 *                           segment_bytes; NULL
 *          LEAT_E_STALE     (from) is the void view
 *          those of leat_flow_buffer_get()
 */
LEAT_API int leat_flow_segment(struct leat_flow_pool *fp,
                               const struct leat_flow_segments *how,
                               struct leat_cview from,
                               struct leat_flow_ref *out, size_t max,
                               size_t *n);

/* ------------------------------------------------------------- statistics */

struct leat_flow_stats {
    /* Counters. */
    uint64_t gets;          /* buffers handed out, adopted ones too          */
    uint64_t puts;          /* buffers that came back                        */
    uint64_t refused;       /* buffers that could not be had                 */
    uint64_t hooks;         /* extents that the arena got                    */
    uint64_t hooks_refused; /* and was refused; each is asked for twice      */
    struct leat_copies copies;

    /*
     * Gauges, in bytes where not said otherwise.
     *     bytes_held == bytes_extents + bytes_pages
     */
    uint64_t bytes_limit;    /* of (held); 0: none but the pool's            */
    uint64_t bytes_held;     /* of the pool, in whole pages                  */
    uint64_t bytes_extents;  /* in the arena's extents                       */
    uint64_t bytes_pages;    /* in buffers of whole pages                    */
    uint64_t bytes_buffers;  /* in buffers that are out, with their rounding */
    uint64_t bytes_adopted;  /* pinned by what was adopted                   */
    uint64_t bytes_meta;     /* address space of the metadata                */
    uint64_t bytes_retained; /* read and not acknowledged, in all flows      */
    uint64_t bytes_unread;   /* written and not read, in all flows           */
    uint64_t extents;        /* how many                                     */
    uint64_t buffers;        /* how many are out                             */
    uint64_t flows;          /* how many there are                           */
    uint64_t subpage;        /* 1: it has an arena                           */
};

/* Reads the statistics of (fp). Takes the lock, briefly. */
LEAT_API int leat_flow_pool_stats(struct leat_flow_pool *fp,
                                  struct leat_flow_stats *out);

/*
 * Writes (stats) as one JSON object, as leat_stats_json() does.
 *
 * Errors:  LEAT_E_RANGE  (buf) is too short
 */
LEAT_API int leat_flow_stats_json(const struct leat_flow_stats *stats,
                                  char *buf, size_t len, size_t *need);

/*
 * Walks everything and verifies the invariants; for tests. Gives NULL, or the
 * text of the first that is broken.
 */
LEAT_API const char *leat_flow_pool_check(struct leat_flow_pool *fp);

LEAT_END_DECLS

#endif
