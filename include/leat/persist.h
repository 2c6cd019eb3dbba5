/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PERSIST_H
#define LEAT_PERSIST_H

/*
 * Persistent grants: pages that stay shared with one peer, used again and again
 * without a grant operation.
 *
 * A persistent pool takes *units* of pages from a pool that serves that peer, and
 * shares each once: the unit of sharing is the unit of revocation. What it hands
 * out are *blocks*: a page, or half of one (two blocks of 2048 bytes, each with an
 * id of its own, by one reference). All of it is one peer's, so neighbours in a
 * page are too (rule R2).
 *
 *     (no unit) --get--> out --put--> free --get--> out ...
 *                                      |
 *     close: waits for the last put, then revokes each unit once
 *
 * Threads: any call from any thread. Locks: none are held in callbacks.
 *
 * Errors that these calls share:
 *   LEAT_E_INVALID  a needed pointer is NULL, or an unknown value
 *   LEAT_E_STALE    the block was put
 */

#include <leat/grant.h>
#include <leat/shared.h>

LEAT_BEGIN_DECLS

struct leat_persist;

/* A block, out. The void block has no pool. */
struct leat_block {
    struct leat_persist *from;
    uint64_t id; /* generation << 32 | number */
};

/* Which free block is given next. */
enum leat_reuse {
    LEAT_REUSE_LIFO = 0,   /* the one put last: it is in cache              */
    LEAT_REUSE_ROTATE = 1, /* the one put first: all wear alike, and what a
                              peer remembers is long out of use             */
};

/* What it is made of. Zero it; each field's zero is its default. */
struct leat_persist_config {
    struct leat_grants *grants; /* required */
    struct leat_pool *pool;     /* required: it serves (domain), or no peer  */
    uint32_t domain;
    enum leat_access access;
    size_t unit_pages; /* pages in a unit; 0: 1                              */
    size_t units_max;  /* required: units at most; they come when needed     */
    bool halves;       /* blocks are half pages                              */
    enum leat_reuse reuse;
    uint64_t tag; /* of its shares: see leat_grant_tag()                     */

    /* At least leat_persist_meta_size() bytes that no peer can see.
     * Owner: the caller's, and in use until it is closed. */
    void *meta;
    size_t meta_bytes;
    const struct leat_port *port; /* NULL: the library's own */
};

/* Errors of both: LEAT_E_INVALID, LEAT_E_OVERFLOW, LEAT_E_DOMAIN; create:
 * LEAT_E_NOMEM: meta_bytes is too small; LEAT_E_PEER: the pool serves another. */
LEAT_API int leat_persist_meta_size(const struct leat_persist_config *config,
                                    size_t *bytes);
LEAT_API int leat_persist_create(struct leat_persist **out,
                                 const struct leat_persist_config *config);

/*
 * Gets a block: a free one, else one of a new unit.
 *
 * Owner:   (*out) is the caller's, to put.
 * Errors:  LEAT_E_LIMIT   all blocks are out, and there are units_max units
 *          LEAT_E_BUSY    others wait in line
 *          LEAT_E_CLOSED  it is closed, or about to be
 *          those of leat_pool_get() and leat_grant_share(), for a new unit
 */
LEAT_API int leat_persist_get(struct leat_persist *p, struct leat_block *out);

/*
 * Puts it back. Its bytes stay as they are, for this peer has them.
 * Callbacks: a waiter's, or that of a close.
 */
LEAT_API int leat_persist_put(struct leat_block b);

/*
 * Tells by which reference, and where in its page, the peer reaches (b).
 * After a resume it is another one.
 *
 * Errors:  LEAT_E_STATE  the table is suspended
 *          those of leat_grant_share(), where the unit could not be shared
 *          again after a resume: this tries it
 */
LEAT_API int leat_block_ref(struct leat_block b, uint32_t *ref, uint32_t *off);

/*
 * Gives its bytes: as shared memory, or, where the peer may only read, as a view.
 * Errors:  LEAT_E_ACCESS  the view, of a block that the peer can write
 */
LEAT_API int leat_block_shared(struct leat_block b, struct leat_shared *out);
LEAT_API int leat_block_view(struct leat_block b, struct leat_view *out);

/* A place in line. The caller's memory; zero it before its first use. */
struct leat_block_waiter {
    /* Private. */
    struct leat_block_waiter *next;
    struct leat_block_waiter *prev;
    struct leat_persist *persist;
    void (*served)(void *arg, struct leat_block b);
    void *arg;
};

/*
 * Waits in line for a block: as leat_grant_refs_wait() does for references.
 * Where it is closed meanwhile, (served) is given the void block.
 *
 * Errors:  LEAT_E_BUSY    (w) is in line already
 *          LEAT_E_CLOSED
 *          those of a new unit, where there is no block to wait for
 */
LEAT_API int leat_persist_wait(struct leat_persist *p,
                               struct leat_block_waiter *w,
                               void (*served)(void *arg, struct leat_block b),
                               void *arg);

/* Leaves the line, in constant time. Errors: LEAT_E_STATE: not in line */
LEAT_API int leat_persist_cancel(struct leat_persist *p,
                                 struct leat_block_waiter *w);

/*
 * Closes it: no block is got any more, and when the last one is put, each unit is
 * revoked once. Then (closed) is called, perhaps before this returns, with the
 * number of units whose pages the peer still holds: they are in the table's
 * quarantine. From then on (p) is no more, and its metadata the caller's.
 *
 * Errors:  LEAT_E_CLOSED  it was called before
 */
LEAT_API int leat_persist_close(struct leat_persist *p,
                                void (*closed)(void *arg, size_t held),
                                void *arg);

struct leat_persist_stats {
    uint64_t gets; /* counters */
    uint64_t puts;
    uint64_t waits;
    uint64_t shares; /* units shared, those after a resume too */
    uint64_t units;  /* gauges */
    uint64_t blocks_free;
    uint64_t blocks_out;
    uint64_t waiting;
};

LEAT_API int leat_persist_stats(struct leat_persist *p,
                                struct leat_persist_stats *out);

/* Verifies the invariants, as leat_grants_check() does: B1 and on. */
LEAT_API const char *leat_persist_check(struct leat_persist *p);

LEAT_END_DECLS

#endif
