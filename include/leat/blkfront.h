/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BLKFRONT_H
#define LEAT_BLKFRONT_H

/*
 * The front end of a block device: reads and writes a disk that the back end of
 * another domain serves, over the protocol of xen/io/blkif.h.
 *
 *     submit --> waiting --> rings --> (the back) --> rings --> done
 *
 * One of three ways for the bytes is chosen when it is created (leat/receive.h):
 *
 *   COPY    pages of the device's own stay granted and are used again, the last
 *           one first; each payload is copied once. Bytes to be written do not
 *           change under the back, whatever the caller does to its own.
 *   REVOKE  the caller's own pages are granted for the request, and revoked
 *           before it is done: no copy, where sector, address and page allow,
 *           and the page is of the device's pool; what does not is bounced, and
 *           counted with its reason, or refused.
 *   SHARED  the caller works in pages of the device's that the peer can write
 *           (leat_blkfront_pages()): no copy, no grant operation. Only of a peer
 *           that is trusted.
 *
 * But for SHARED, memory of the caller's is never changed after its request was
 * done, and the peer is shown no page that the request does not touch.
 *
 * All sectors are of 512 bytes, and each request is whole sectors of the disk's
 * own size. A request longer than the ring's requests may be is split, and done
 * once.
 *
 * When the back dies, or this domain is resumed, requests that are not done wait,
 * and are sent again when it has connected anew; none that was done is. Before a
 * suspend the back has to let go, for what a peer holds refuses it: that is
 * leat_blkfront_pause().
 *
 * No peer is trusted: an answer to nothing, or twice, or of another operation, or
 * with a status that is none, breaks the device (XSA-376): it unwinds, a text
 * says why (leat_blkfront_text()), and what was under way ends with LEAT_E_PROTO.
 *
 * Owner:   the device is the library's, in memory of the caller's.
 * Errors:  LEAT_E_INVALID  a needed pointer is NULL, an unknown flag or value;
 *          in all calls
 * Threads: one at a time on a bus and all its devices.
 *
 * Source: xen/io/blkif.h; xen/io/xenbus.h.
 */

#include <leat/bus.h>
#include <leat/grant.h>
#include <leat/receive.h>

LEAT_BEGIN_DECLS

struct leat_blkfront;

#define LEAT_BLKFRONT_QUEUES 16u

/* Flags. */
#define LEAT_BLKFRONT_STRICT \
    1u /* REVOKE: what would be bounced is refused    */
#define LEAT_BLKFRONT_NO_PERSISTENT \
    2u /* does not say that its grants are used again                          */
#define LEAT_BLKFRONT_X86_32 \
    4u /* the requests' layout; else that of x86-64   */
#define LEAT_BLKFRONT_FAIL \
    8u /* requests under way when the back dies are done with LEAT_E_GONE, and
          not sent again                                                       */

enum leat_blkfront_event {
    LEAT_BLKFRONT_CONNECTED = 1,    /* leat_blkfront_info() holds             */
    LEAT_BLKFRONT_DISCONNECTED = 2, /* it may connect again; requests wait    */
    LEAT_BLKFRONT_RESIZED = 3,      /* the disk has another length            */
    LEAT_BLKFRONT_BROKEN = 4,       /* the back lied: leat_blkfront_text()    */
    LEAT_BLKFRONT_CLOSED = 5,       /* for good: destroy it                   */
    LEAT_BLKFRONT_PAUSED = 6,       /* the back holds nothing any more        */
};

/* Zero it; each field's zero is its default, here in brackets. */
struct leat_blkfront_config {
    struct leat_bus *bus;       /* required                                  */
    const char *path;           /* required: its own directory in the store  */
    struct leat_grants *grants; /* required: it shares                       */
    struct leat_pool *pool;     /* required: it serves the back's domain alone,
                                   and zeroes always: rings, the device's own
                                   pages; REVOKE: the caller's, and bounces  */
    enum leat_receive_mode mode;
    uint32_t flags;         /* LEAT_BLKFRONT_*                                */
    bool trusted;           /* the back is: SHARED needs it                   */
    uint32_t queues;        /* at most [1], up to LEAT_BLKFRONT_QUEUES        */
    uint32_t ring_order;    /* at most, plus 1: 1 is one page [5: 16 pages]   */
    uint32_t segments;      /* of an indirect request at most [32], up to 512;
                              11 or less: none are indirect                  */
    uint32_t requests;      /* under way at most, of the whole device [64],
                              up to 4096                                     */
    uint32_t request_pages; /* the most pages of one request [64], up to 1024 */
    uint32_t pages;         /* of the device's own, at most [352 a queue, or
                              those of one request], up to 32768; those of
                              indirect requests come besides                 */
    void (*event)(void *arg, struct leat_blkfront *f,
                  enum leat_blkfront_event what); /* may call anything but
                                                     destroy and poll; NULL  */
    void *arg;

    /* At least leat_blkfront_meta_size() bytes that no peer can see.
     * Owner: the caller's, and in use until it is destroyed. */
    void *meta;
    size_t meta_bytes;
};

/*
 * How much metadata it needs; creates it, and begins to connect: poll the bus and
 * the device until LEAT_BLKFRONT_CONNECTED.
 *
 * Owner:   (path) is copied; the rest of (config) is borrowed until it is
 *          destroyed.
 * Errors:  LEAT_E_NOMEM   meta_bytes is too small
 *          LEAT_E_PEER    SHARED: the peer is not trusted, or "trusted" in the
 *                         store says no; (pool) does not serve it alone
 *          LEAT_E_LENGTH  the path is too long
 *          those of leat_bus_attach() and leat_persist_create()
 */
LEAT_API int leat_blkfront_meta_size(const struct leat_blkfront_config *config,
                                     size_t *bytes);
LEAT_API int leat_blkfront_create(struct leat_blkfront **out,
                                  const struct leat_blkfront_config *config);

/*
 * Closes it: requests under way come to their end, and those that come are
 * refused; then LEAT_BLKFRONT_CLOSED. (now): it waits for nothing, requests are
 * done with LEAT_E_CLOSED.
 */
LEAT_API int leat_blkfront_close(struct leat_blkfront *f, bool now);

/*
 * Makes the back let go of all pages, for a suspend; LEAT_BLKFRONT_PAUSED is told
 * when it has, or is not there. Requests under way come to their end or wait; they
 * go on after leat_blkfront_resume(), whether there was a suspend between or not.
 *
 * Errors:  LEAT_E_STATE  pause: it is paused; resume: it is not
 *          LEAT_E_CLOSED
 */
LEAT_API int leat_blkfront_pause(struct leat_blkfront *f);
LEAT_API int leat_blkfront_resume(struct leat_blkfront *f);

/*
 * Destroys it, once it is closed. Pages that the peer still holds stay in the
 * table's quarantine.
 * Errors:  LEAT_E_BUSY  it is not closed; or pages of leat_blkfront_pages() are
 *                       out
 */
LEAT_API int leat_blkfront_destroy(struct leat_blkfront *f);

/* What was agreed. */
struct leat_blkfront_info {
    uint64_t sectors;        /* of 512 bytes                                 */
    uint32_t sector_bytes;   /* requests are multiples of it                 */
    uint32_t physical_bytes; /* and better of this                           */
    uint32_t bytes_max;      /* of a request                                 */
    uint32_t queues;
    uint32_t ring_pages; /* of each queue                                */
    uint32_t segments;   /* of one request of the ring                   */
    bool indirect;       /* by indirect pages                            */
    bool persistent;     /* both say that grants are used again          */
    bool read_only, cdrom, removable;
    bool flush, barrier, discard, secure;
    uint32_t discard_granularity, discard_alignment; /* bytes                 */
    enum leat_receive_mode mode; /* COPY, whatever was configured, where the
                                    store says trusted=0                      */
};

/* Errors: LEAT_E_STATE: it is not connected. */
LEAT_API int leat_blkfront_info(const struct leat_blkfront *f,
                                struct leat_blkfront_info *out);

/* -------------------------------------------------------------- requests */

enum leat_blk_op {
    LEAT_BLK_READ = 0,
    LEAT_BLK_WRITE = 1,
    LEAT_BLK_FLUSH = 2,   /* what was done before is on the disk             */
    LEAT_BLK_BARRIER = 3, /* a write, after all before it and before all after
                             it, and on the disk; it is never split          */
    LEAT_BLK_DISCARD = 4,
};

#define LEAT_BLK_SECURE 1u /* discard: what was there cannot be read again    */

/* A page of the device's own, SHARED. */
struct leat_blk_page {
    struct leat_shared bytes; /* LEAT_PAGE_SIZE of them                       */
    uint32_t number, life;    /* private                                      */
};

/* Whole sectors of such a page. */
struct leat_blk_part {
    const struct leat_blk_page *page;
    uint32_t off, len;
};

/*
 * A request. Zero it, then set its fields.
 *
 * Owner:   the caller's memory, as is what it points to, untouched from submit
 *          until (done) is called, which it always is, once, from
 *          leat_blkfront_poll() or _close(), never from submit.
 */
struct leat_blk {
    enum leat_blk_op op;
    uint32_t flags;                    /* LEAT_BLK_*                          */
    uint64_t sector;                   /* the first                           */
    uint64_t sectors;                  /* DISCARD: how many                   */
    const struct leat_view *views;     /* COPY, REVOKE: (n) of them           */
    const struct leat_blk_part *parts; /* SHARED: the same                    */
    size_t n;

    /*
     * It is done. It may submit, this one too, and call anything but poll,
     * close and destroy. (err):
     *   0
     *   LEAT_E_SYSTEM       the back says that it failed
     *   LEAT_E_UNSUPPORTED  the back does not do this
     *   LEAT_E_BUSY         REVOKE: done, but the back holds on to a page: it is
     *                       in quarantine, not the caller's any more
     *   LEAT_E_GONE         LEAT_BLKFRONT_FAIL: the back died
     *   LEAT_E_PROTO        the back lied, or a page's reference was lost
     *   LEAT_E_CLOSED       it is closed
     *   those of leat_grant_share(), leat_persist_get(): it was not sent
     */
    void (*done)(void *arg, struct leat_blk *r, int err);
    void *arg;

    /* Results, from submit on. */
    size_t bounced;       /* bytes of it that are bounced                     */
    enum leat_reason why; /* of the first bounce, or of the refusal,          */
    size_t index;         /* and of which view                                */
    uint32_t held;        /* REVOKE: pages of its that the back holds on to,
                             whatever (err) says: in quarantine, not the
                             caller's any more                                */
};

/*
 * Takes a request, and puts it into a ring if there is room; else it waits, in
 * order. The back is told by the next leat_blkfront_push() or _poll(), so what is
 * submitted in between is told at once.
 *
 * Errors: nothing was taken, and (done) is not called:
 *   LEAT_E_LENGTH       it is no whole sectors of the disk; or longer than
 *                       bytes_max; or has no bytes
 *   LEAT_E_RANGE        it leaves the disk; a part leaves its page
 *   LEAT_E_ALIGN        its sector is no multiple of the disk's sector; strict,
 *                       as LEAT_E_BOUNDARY, LEAT_E_PEER, LEAT_E_LENGTH: (why) and
 *                       (index) say which view; a part is no whole sectors
 *   LEAT_E_ACCESS       a write, or discard, to a disk that is read-only
 *   LEAT_E_SEGMENTS     a barrier that does not fit into one request; or strict,
 *                       or of parts: more than twice (request_pages) segments
 *   LEAT_E_UNSUPPORTED  this disk does not offer it
 *   LEAT_E_STALE        a void view; a part of a page that was put
 *   LEAT_E_LIMIT        (requests) are under way
 *   LEAT_E_STATE        it was never connected
 *   LEAT_E_CLOSED
 *   those of leat_export()
 */
LEAT_API int leat_blkfront_submit(struct leat_blkfront *f, struct leat_blk *r);

/* Tells the back of what was submitted. */
LEAT_API int leat_blkfront_push(struct leat_blkfront *f);

/*
 * Takes up to (budget) answers of each queue, whatever the peer does (XSA-391),
 * and calls their (done); sends what waits; tells the back. (*more): call again
 * before sleeping. Asks to be woken unless there is more; leat_blkfront_spin()
 * does not, for who looks again anyway.
 */
LEAT_API int leat_blkfront_poll(struct leat_blkfront *f, uint32_t budget,
                                bool *more);
LEAT_API int leat_blkfront_spin(struct leat_blkfront *f, uint32_t budget,
                                bool *more);

/*
 * Gets (n) pages of the device's own, to work in; gives them back. All or none.
 *
 * Owner:   the caller's, until put; not while a request names them.
 * Errors:  LEAT_E_STATE  not SHARED
 *          LEAT_E_PEER   the peer is not trusted any more
 *          LEAT_E_LIMIT  so many are not free
 *          LEAT_E_STALE  put: one of them was put
 *          those of leat_persist_get()
 */
LEAT_API int leat_blkfront_pages(struct leat_blkfront *f,
                                 struct leat_blk_page *pages, size_t n);
LEAT_API int leat_blkfront_pages_put(struct leat_blkfront *f,
                                     struct leat_blk_page *pages, size_t n);

/* Whether it is connected. And why it broke: one line, "" if it did not. Owner:
 * the text is borrowed from (f). */
LEAT_API bool leat_blkfront_connected(const struct leat_blkfront *f);
LEAT_API const char *leat_blkfront_text(const struct leat_blkfront *f);

struct leat_blkfront_stats {
    /* Requests that were done, and their bytes. */
    uint64_t reads, writes, flushes, barriers, discards;
    uint64_t read_bytes, write_bytes, discard_bytes;
    uint64_t failed; /* of these, with an error                              */

    uint64_t sent;     /* requests of the ring, and                          */
    uint64_t indirect; /* of these, indirect ones                            */
    uint64_t segments; /* of all of them                                     */
    uint64_t resent;   /* requests sent again, after a death or a resume     */
    uint64_t notifies; /* times the back was woken                           */
    uint64_t connects;

    uint64_t shares, revokes; /* grant operations of requests; persistent
                                 pages are shared once, and not in this      */
    uint64_t pages_shared;    /* in them                                     */
    uint64_t held;            /* revokes where the peer held on              */
    uint64_t copied_bytes;    /* payload, copied between the caller's memory
                                 and the device's own                        */
    uint64_t copied;          /* requests of which any was copied            */

    /* Gauges. */
    uint64_t under_way, waiting;
    uint64_t persistent; /* pages of the device's own that are granted       */
};

LEAT_API int leat_blkfront_stats(const struct leat_blkfront *f,
                                 struct leat_blkfront_stats *out);

/* What was copied, as LEAT_WHY_SHARED: payload of COPY; and messages, which are
 * indirect segments too. Bounces of REVOKE are in the pool's books. Owner:
 * borrowed from (f). */
LEAT_API const struct leat_copies *leat_blkfront_copies(
    const struct leat_blkfront *f);
LEAT_API const struct leat_copies *leat_blkfront_messages(
    const struct leat_blkfront *f);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_blkfront_check(const struct leat_blkfront *f);

LEAT_END_DECLS

#endif
