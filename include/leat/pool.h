/* SPDX-License-Identifier: ISC */
#ifndef LEAT_POOL_H
#define LEAT_POOL_H

/*
 * Pool: where chunks come from. One backend, one peer or none, limits,
 * statistics.
 *
 *     backend --slab--> free pages --> depot (full magazines) --> magazine
 *
 * A pool numbers its pages and keeps what it knows of them in arrays beside the
 * slabs, never in the pages (rule R1).
 *
 * The plain calls leat_pool_get() and leat_pool_put() are safe from any thread.
 * In libleat they go through a magazine of the calling thread's own, which comes
 * and goes by itself; in the freestanding core they take the pool's lock, and a
 * thread that wants a magazine holds one (leat/magazine.h).
 *
 * How pages are counted against the limit: a page counts while it is out, and
 * while it lies in a thread's magazine or in the depot, for it has left the free
 * set. So at the limit one thread may be told LEAT_E_LIMIT while pages lie in
 * another's magazine (at most twice leat_pool_config.magazine a thread; those
 * of the depot, and of the thread's own magazine, are taken before the call
 * fails). A pool with LEAT_POOL_EXACT, or with a watermark (which implies it),
 * has no magazines: there a page counts while it is out and at no other time,
 * and the limit, the watermarks and the line of waiters are exact.
 */

#include <leat/backend.h>
#include <leat/chunk.h>
#include <leat/copies.h>
#include <leat/port.h>

LEAT_BEGIN_DECLS

struct leat_pool;

/* When a chunk's bytes are set to zero. */
enum leat_zero {
    LEAT_ZERO_ALWAYS = 0,     /* whenever one is got (the default)           */
    LEAT_ZERO_ON_REQUEST = 1, /* when got by leat_pool_get_zeroed()          */
    LEAT_ZERO_NEVER = 2,      /* never; leat_pool_get_zeroed() is refused    */
};

/* Flags. */
#define LEAT_POOL_EXACT \
    1u /* no magazines: limits are exact, and callers may
                                wait (leat_pool_wait())                      */
#define LEAT_POOL_NATURAL \
    2u /* a chunk of n pages is aligned to the power of
                                two that holds n pages, up to the order
                                LEAT_ORDER_MAX; else to a page               */
#define LEAT_POOL_TRACK \
    4u /* keep each chunk's owner tag and age: 16 more
                                bytes a page number, and a clock                    */

/* A pool that serves no peer. */
#define LEAT_NO_PEER UINT32_MAX

enum leat_water {
    LEAT_WATER_LOW = 0,  /* fewer than low_pages can still be got            */
    LEAT_WATER_HIGH = 1, /* at least high_pages can be got again             */
};

/*
 * What a pool is made of. Zero it; each field's zero is its default.
 */
struct leat_pool_config {
    struct leat_backend backend; /* required                                 */

    size_t limit_pages; /* the most pages in use; 0: as many as the backend
                           can ever give. The pages are counted as told
                           above. Adopted memory does not count.             */
    size_t adopt_pages; /* room for memory of the caller's own, in pages, each
                           piece rounded up to LEAT_UNIT_PAGES; 0: none      */
    size_t magazine;    /* pages in a thread's magazine; 0: chosen, at most 256
                           and at most an eighth of the limit                */
    size_t threads;     /* magazines at a time; 0: 64 where the backend gives
                           metadata, else 0 of them. More threads than that
                           take the pool's lock at each call.                */

    enum leat_zero zero;
    uint32_t flags; /* LEAT_POOL_* */
    uint32_t peer;  /* the peer that this pool's pages may be shown to, as a
                       domain id + 1; 0: LEAT_NO_PEER                        */

    /*
     * Called when the pages that can still be got fall below low_pages, and
     * when, after that, they are high_pages again. Both 0: no watermark. Needs
     * 0 < low_pages <= high_pages <= the limit.
     * Locks: none are held. It may call anything on the pool but destroy.
     */
    size_t low_pages;
    size_t high_pages;
    void (*on_water)(void *arg, struct leat_pool *pool, enum leat_water what);

    /*
     * Called once before a get fails for want of memory or for the limit; the
     * get is then tried once more. It may put chunks, trim, and call anything
     * on the pool but destroy; a get inside it does not call it again.
     * (pages) is what is wanted. Locks: none are held.
     */
    void (*reclaim)(void *arg, struct leat_pool *pool, size_t pages);

    void *arg; /* for the two callbacks */

    /*
     * Memory for the pool itself and all that it knows of its pages, at least
     * leat_pool_meta_size() bytes, at any alignment; NULL: from the backend.
     * It must not be memory that a peer can see.
     * Owner: the caller's, and in use until the pool is destroyed.
     */
    void *meta;
    size_t meta_bytes;

    const struct leat_port *port; /* NULL: the library's own; see leat/port.h.
                                     Borrowed until the pool is destroyed.   */
    const char *name;             /* for statistics and messages; borrowed.
                                     NULL: the backend's name                */
};

/*
 * Tells how many bytes of metadata a pool with (config) needs.
 *
 * Errors:  as leat_pool_create() gives for (config)
 */
LEAT_API int leat_pool_meta_size(const struct leat_pool_config *config,
                                 size_t *bytes);

/*
 * Creates a pool. It asks the backend for metadata if (config->meta) is NULL,
 * and for no slab before the first get.
 *
 * Owner:   (*out) is the caller's, to destroy; (*config) is copied.
 * Errors:  LEAT_E_INVALID   the configuration is not as told above, has unknown
 *                           flags, or no limit where the backend knows none
 *          LEAT_E_NOMEM     meta_bytes is too small, or the backend gave none
 *          LEAT_E_OVERFLOW  a size does not fit
 *          LEAT_E_UNSUPPORTED  LEAT_POOL_TRACK without a clock
 *          LEAT_E_LIMIT     all 2^32 page numbers are other pools'
 */
LEAT_API int leat_pool_create(struct leat_pool **out,
                              const struct leat_pool_config *config);

/*
 * Destroys (pool): gives all slabs back to its backend, and the metadata.
 * No other call on the pool may run or come. Magazines are taken back.
 *
 * Errors:  LEAT_E_BUSY    chunks, refs or batches are out, or waiters in line:
 *                         nothing is changed; leat_pool_each_out() names them
 *          LEAT_E_FORKED  the pool belongs to the parent process
 */
LEAT_API int leat_pool_destroy(struct leat_pool *pool);

/*
 * Gets a chunk of (pages) contiguous pages: any number from 1, aligned to a
 * page (or as LEAT_POOL_NATURAL says).
 *
 * Owner:   (*out) is the caller's, to put.
 * Errors:  LEAT_E_INVALID  pages is 0
 *          LEAT_E_NOMEM    no such run, and the backend has no more; or the
 *                          pool has no number left for them
 *          LEAT_E_LIMIT    limit_pages would be exceeded
 *          LEAT_E_BUSY     others wait in line for pages: so must you
 *          LEAT_E_FORKED
 * Threads: safe from anywhere. Callbacks: reclaim, on_water.
 */
LEAT_INLINE int leat_pool_get(struct leat_pool *pool, size_t pages,
                              struct leat_chunk *out);

/*
 * The same, with the result in two registers: for the hottest loops. The void
 * chunk (pool NULL) is a failure, and leat_chunk_error() says which.
 */
LEAT_API struct leat_chunk leat_pool_get_value(struct leat_pool *pool,
                                               size_t pages);

LEAT_INLINE int leat_chunk_error(struct leat_chunk c)
{
    int err = (int)(int64_t)c.id;

    if (c.pool)
        return 0;
    return err < 0 ? err : LEAT_E_INVALID;
}

/*
 * The same, and its bytes are zero.
 * Errors:  LEAT_E_UNSUPPORTED  the pool's policy is LEAT_ZERO_NEVER
 */
LEAT_API int leat_pool_get_zeroed(struct leat_pool *pool, size_t pages,
                                  struct leat_chunk *out);

/*
 * Puts a chunk back: its handle is stale from here on. While refs are held the
 * chunk stays, and goes back with the last of them.
 *
 * Errors:  LEAT_E_STALE, LEAT_E_FOREIGN, LEAT_E_INTERIOR: see leat/chunk.h;
 *          nothing is changed
 *          LEAT_E_FORKED
 * Threads: safe from anywhere. Callbacks: on_water, a waiter's, an adopted
 *          chunk's release.
 */
LEAT_INLINE int leat_pool_put(struct leat_pool *pool, struct leat_chunk c);

/* The same, not inlined. */
LEAT_API int leat_pool_put_value(struct leat_pool *pool, struct leat_chunk c);

/*
 * Gets (n) chunks of one page each: all or none.
 * Errors:  as leat_pool_get()
 */
LEAT_API int leat_pool_get_bulk(struct leat_pool *pool, struct leat_chunk *out,
                                size_t n);

/*
 * Puts (n) chunks, of any sizes, in order. At the first that is refused it
 * stops: those before it are put, it and those after it are still the caller's,
 * and (*done), unless NULL, says how many were put.
 */
LEAT_API int leat_pool_put_bulk(struct leat_pool *pool,
                                const struct leat_chunk *c, size_t n,
                                size_t *done);

/*
 * Lets (pages) pages of the caller's memory at (base) enter as a chunk: it can
 * be viewed, referenced and split like any other. It does not count against the
 * limit and is never handed out.
 *
 * Owner:   the bytes stay the caller's; they must stay until (release) is
 *          called, which happens once, when the handle and all refs have gone.
 *          Locks: none are held; it may call anything on the pool but destroy.
 * Errors:  LEAT_E_ALIGN   (base) is no page's start
 *          LEAT_E_LIMIT   adopt_pages is used up
 *          LEAT_E_INVALID, LEAT_E_OVERFLOW, LEAT_E_FORKED
 *          LEAT_E_BUSY    some of it is in this pool already
 */
LEAT_API int leat_pool_adopt(struct leat_pool *pool, void *base, size_t pages,
                             void (*release)(void *arg, void *base,
                                             size_t pages),
                             void *arg, struct leat_chunk *out);

/*
 * Gives memory back: empties the depot, returns slabs that are wholly free to
 * the backend until at most (keep_pages) free pages remain, and has the memory
 * of other free pages beyond that dropped where the backend can. (*trimmed),
 * unless NULL, is how many pages were given back or dropped; a page that was
 * dropped before, and not got since, counts again. Pages in magazines stay where
 * they are.
 *
 * Errors:  LEAT_E_UNSUPPORTED  the backend takes nothing back
 *          LEAT_E_FORKED
 * Threads: safe from anywhere; may be slow.
 */
LEAT_API int leat_pool_trim(struct leat_pool *pool, size_t keep_pages,
                            size_t *trimmed);

/*
 * A place in line (rule R10). The caller's memory; zero it before its first use.
 */
struct leat_waiter {
    /* Private. */
    struct leat_waiter *next;
    struct leat_waiter *prev;
    struct leat_pool *pool;
    size_t pages;
    void (*served)(void *arg, struct leat_chunk c);
    void *arg;
    struct leat_chunk chunk;
};

/*
 * Waits in line for (pages) pages. If nobody waits and the pages are there,
 * (served) is called before this returns; else by the thread whose put made
 * room, oldest waiter first. While anyone waits, a plain get
 * fails with LEAT_E_BUSY: nobody overtakes, also not with a smaller wish.
 *
 * Owner:   (w) is in use until (served) is called or leat_pool_cancel()
 *          succeeds; the chunk is the waiter's.
 * Locks:   none are held in (served): it may call anything on the pool but
 *          destroy, and use (w) again. Waiters that a callback's own calls serve,
 *          puts and waits, are called after it, by the same thread.
 * Errors:  LEAT_E_UNSUPPORTED  the pool is not LEAT_POOL_EXACT
 *          LEAT_E_BUSY         (w) is in line already
 *          LEAT_E_LIMIT        more pages than the limit: never to be served
 *          LEAT_E_INVALID, LEAT_E_FORKED
 */
LEAT_API int leat_pool_wait(struct leat_pool *pool, struct leat_waiter *w,
                            size_t pages,
                            void (*served)(void *arg, struct leat_chunk c),
                            void *arg);

/*
 * Leaves the line, in constant time.
 *
 * Errors:  LEAT_E_STATE  (w) is not in line: never was, or is served (its
 *                        callback has run, or is about to)
 */
LEAT_API int leat_pool_cancel(struct leat_pool *pool, struct leat_waiter *w);

/* A chunk that is out, as leat_pool_each_out() tells it. */
struct leat_out {
    struct leat_view bytes; /* where it is                                   */
    size_t owners;          /* its handle, unless put, and its refs          */
    bool adopted;           /* it is the caller's memory                     */
    bool tracked;           /* tag and age are known                         */
    uint64_t tag;           /* as leat_chunk_tag() set it, else 0            */
    uint64_t age_ns;        /* since it was got                              */
};

/*
 * Calls (fn) for each chunk that is out, in the order of their numbers, until it
 * gives other than 0, which is then the result. Exact while no other thread
 * works on the pool's magazines.
 *
 * Locks:   the pool's lock is held: (fn) must not call anything on the pool.
 */
LEAT_API int leat_pool_each_out(struct leat_pool *pool,
                                int (*fn)(void *arg,
                                          const struct leat_out *out),
                                void *arg);

/*
 * Gives the pool's (index)th slab, counted from 0 in the order in which they
 * came: to register it with an engine as it is (io_uring, AF_XDP, DPDK).
 *
 * Owner:   borrowed; a slab goes only by trim or destroy.
 * Errors:  LEAT_E_RANGE  there are not that many
 */
LEAT_API int leat_pool_slab(struct leat_pool *pool, size_t index,
                            struct leat_slab *out);

/* The counters of the copies made for this pool: give them to those who copy. */
LEAT_API struct leat_copies *leat_pool_copies(struct leat_pool *pool);

/* Tells whether all of (v) lies in this pool's pages. Takes the lock. */
LEAT_API bool leat_pool_contains(struct leat_pool *pool, struct leat_cview v);

/* The peer of the configuration, as a domain id; or LEAT_NO_PEER. */
LEAT_API uint32_t leat_pool_peer(const struct leat_pool *pool);

/* Where a chunk comes from, for those who must know before they show it. */
struct leat_origin {
    uint32_t peer;       /* the pool's, or LEAT_NO_PEER                      */
    enum leat_zero zero; /* the pool's policy                                */
    bool adopted;        /* it is the caller's memory: no policy applies     */
    bool mixed;          /* it holds bytes of several owners                 */
};

/* Tells where (c) comes from. Errors: those of leat_chunk_check(). */
LEAT_API int leat_chunk_origin(struct leat_chunk c, struct leat_origin *out);

/*
 * Walks everything and verifies the pool's invariants. For tests: it takes the
 * lock, is slow, and wants no other thread in the pool's magazines.
 *
 * Gives NULL, or the text of the first invariant that is broken, which begins
 * with its number: "P3 ...".
 */
LEAT_API const char *leat_pool_check(struct leat_pool *pool);

/* What happened to a chunk, in builds with --enable-debug. */
enum leat_event_what {
    LEAT_EVENT_NONE = 0,
    LEAT_EVENT_GET,
    LEAT_EVENT_PUT,
    LEAT_EVENT_REF,
    LEAT_EVENT_UNREF,
    LEAT_EVENT_SPLIT,
    LEAT_EVENT_STALE, /* a handle that was refused */
};

struct leat_event {
    uint64_t when_ns; /* by the port's clock; 0 without one                  */
    uint32_t generation;
    enum leat_event_what what;
};

/* How many of the latest events of a page are kept. */
#define LEAT_EVENTS 16

/*
 * Gives up to LEAT_EVENTS of the latest events of the page at (addr), oldest
 * first; (*n) says how many.
 *
 * Errors:  LEAT_E_UNSUPPORTED  the library was built without --enable-debug
 *          LEAT_E_FOREIGN      no page of this pool
 */
LEAT_API int leat_pool_events(struct leat_pool *pool, const void *addr,
                              struct leat_event *events, size_t *n);

LEAT_END_DECLS

/* The two inlined calls are defined there. */
#include <leat/magazine.h>

#endif
