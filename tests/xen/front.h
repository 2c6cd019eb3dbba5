/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_FRONT_H
#define LEAT_TESTS_XEN_FRONT_H

/* Our blkfront over libleat-xen, in any domain, and requests by it. */

#include <leat/blkfront.h>

#include "grants.h"

#define MIB    ((size_t)1 << 20)
#define SECTOR ((size_t)512)
#define JOBS   64

struct terms {
    const char *name;
    enum leat_receive_mode mode;
    uint32_t flags;
    uint32_t ring_order; /* as the config has it */
    uint32_t segments;
};

struct job {
    struct leat_blk blk;
    struct leat_view views[3];
    bool busy;
    int err;
};

struct front {
    const struct terms *terms;
    struct leat_xen_store *store;
    struct leat_xen_events *events;
    struct leat_xen_share *share;
    struct leat_mmap meta;
    struct leat_pool *pool;
    struct leat_grants *table;
    struct leat_bus bus;
    struct leat_blkfront *f;
    void *own_meta;
    bool closed, broken;
    struct job jobs[JOBS];
};

/* -------------------------------------------------------------- the front */

static inline void front_event(void *arg, struct leat_blkfront *f,
                               enum leat_blkfront_event what)
{
    struct front *x = arg;

    x->closed |= what == LEAT_BLKFRONT_CLOSED;
    x->broken |= what == LEAT_BLKFRONT_BROKEN;
    if (what == LEAT_BLKFRONT_BROKEN)
        tap_note("%s", leat_blkfront_text(f));
}

/* All but the front itself, whose back is of the domain (back). */
static inline void front_open(struct front *x, uint32_t back)
{
    struct leat_xen_share_config share = {.domain = back,
                                          .flags = LEAT_XEN_TOLD};
    struct leat_pool_config pool = {.peer = back + 1, .zero = LEAT_ZERO_ALWAYS};
    struct leat_grants_config grants = {0};
    struct leat_bus_config bus = {.fd = -1};
    struct leat_xen_why why;

    memset(x, 0, sizeof(*x));
    MUST(!leat_xen_store_open(&x->store, NULL));
    MUST(!leat_xen_events_open(&x->events, NULL));
    if (leat_xen_share_open(&x->share, &share, &why))
        tap_note("%s", why.text);
    MUST(x->share);
    MUST(!leat_mmap_init(&x->meta));
    pool.backend = leat_xen_share_backend(x->share);
    MUST(!leat_pool_create(&x->pool, &pool));
    grants.share = leat_xen_share_ops(x->share);
    grants.backend = leat_mmap(&x->meta);
    MUST(!leat_grants_create(&x->table, &grants));
    bus.store = leat_xen_store_ops(x->store);
    bus.events = leat_xen_event_ops(x->events);
    MUST(!leat_bus_init(&x->bus, &bus));
}

/* And the front. */
static inline int front_create(struct front *x, const char *path,
                               const struct terms *t)
{
    struct leat_blkfront_config c = {.path = path, .trusted = true};
    int err;

    x->terms = t;
    c.bus = &x->bus;
    c.grants = x->table;
    c.pool = x->pool;
    c.mode = t->mode;
    c.flags = t->flags;
    c.ring_order = t->ring_order;
    c.segments = t->segments;
    c.requests = JOBS;
    c.event = front_event;
    c.arg = x;
    MUST(!leat_blkfront_meta_size(&c, &c.meta_bytes));
    c.meta = x->own_meta = malloc(c.meta_bytes);
    err = leat_blkfront_create(&x->f, &c);
    if (err)
        free(x->own_meta);
    return err;
}

/* One round; sleeps on both descriptors where there is nothing to do. */
static inline void front_turn(struct front *x)
{
    struct leat_store store = leat_xen_store_ops(x->store);
    struct leat_events events = leat_xen_event_ops(x->events);
    bool more = false, more2 = false;

    MUST(!leat_bus_poll(&x->bus, 16, &more));
    MUST(!leat_blkfront_poll(x->f, 64, &more2));
    if (!more && !more2) {
        struct pollfd fds[] = {
            {.fd = store.ops->fd(store.self), .events = POLLIN},
            {.fd = events.ops->fd(events.self), .events = POLLIN}};

        poll(fds, COUNT(fds), 100);
    }
}

/* Takes turns until (cond), for (ms) at most. */
#define TURNS(x, cond, ms)                                     \
    ({                                                         \
        uint64_t until_ = now_ns() + (ms) * (uint64_t)1000000; \
                                                               \
        while (!(cond) && !(x)->broken && now_ns() < until_)   \
            front_turn(x);                                     \
        (cond);                                                \
    })

/* Closes it in good order, with its back. */
static inline void front_close(struct front *x)
{
    MUST(!leat_blkfront_close(x->f, false));
    OK(TURNS(x, x->closed, 30000), "it closes");
    OK(!leat_blkfront_check(x->f), "its invariants hold");
    GIVES(leat_blkfront_destroy(x->f), 0, "destroy");
    MUST(!leat_bus_fini(&x->bus));
    free(x->own_meta);
}

/* A back that has closed has let go: it unmaps before it says so. */
static inline int front_is_told(void *arg, const struct leat_grant_info *info)
{
    (void)arg;
    return leat_grant_told(info->grant);
}

static inline void front_give_back(struct front *x)
{
    GIVES(leat_grants_each(x->table, front_is_told, NULL), 0,
          "it was told that the back let go");
    leat_grant_poll(x->table, 4096, NULL);
    GIVES(leat_grants_destroy(x->table), 0, "nothing is left in the table");
    GIVES(leat_pool_destroy(x->pool), 0, "nor in the pool");
    GIVES(leat_xen_share_close(x->share), 0, "nor shared");
}

/* --------------------------------------------------------------- requests */

static inline void front_done(void *arg, struct leat_blk *r, int err)
{
    struct job *j = arg;

    (void)r;
    j->err = err;
    j->busy = false;
}

static inline struct job *front_idle(struct front *x)
{
    for (size_t i = 0; i < JOBS; i++)
        if (!x->jobs[i].busy)
            return &x->jobs[i];
    return NULL;
}

static inline bool front_all_idle(struct front *x)
{
    for (size_t i = 0; i < JOBS; i++)
        if (x->jobs[i].busy)
            return false;
    return true;
}

/* Submits (op), with (bytes) at (at) of the disk and of (memory) as views. */
static inline int front_submit(struct front *x, enum leat_blk_op op, size_t at,
                               unsigned char *memory, size_t bytes, bool odd)
{
    struct job *j;
    size_t first = odd ? 2047 : bytes;
    int err;

    MUST(TURNS(x, front_idle(x), 60000) && (j = front_idle(x)));
    memset(j, 0, sizeof(*j));
    j->views[0] = (struct leat_view){memory, first};
    j->views[1] = (struct leat_view){memory + first, bytes - first};
    j->blk = (struct leat_blk){.op = op,
                               .sector = at / SECTOR,
                               .views = bytes ? j->views : NULL,
                               .n = bytes ? 1 + odd : 0,
                               .done = front_done,
                               .arg = j};
    if (op == LEAT_BLK_DISCARD) {
        j->blk.sectors = bytes / SECTOR;
        j->blk.views = NULL;
        j->blk.n = 0;
    }
    j->busy = true;
    err = leat_blkfront_submit(x->f, &j->blk);
    if (err)
        j->busy = false;
    return err;
}

/* Waits for all; the first error of any. */
static inline int front_settle(struct front *x)
{
    int err = 0;

    MUST(TURNS(x, front_all_idle(x), 60000));
    for (size_t i = 0; i < JOBS; i++) {
        if (!err)
            err = x->jobs[i].err;
        x->jobs[i].err = 0;
    }
    return err;
}

static inline int front_one(struct front *x, enum leat_blk_op op, size_t at,
                            unsigned char *memory, size_t bytes)
{
    int err = front_submit(x, op, at, memory, bytes, false);

    return err ? err : front_settle(x);
}

/* All of (memory), at the beginning of the disk, by requests of all lengths, many at
 * a time. */
static inline int front_carry(struct front *x, enum leat_blk_op op,
                              unsigned char *memory, size_t bytes)
{
    static const size_t lengths[] = {4096, 65536,  512,  131072,
                                     4096, 262144, 3584, 36864};
    size_t at = 0, len, i;
    int err = 0;

    for (i = 0; at < bytes && !err; i++, at += len) {
        len = lengths[i % COUNT(lengths)];
        len = len < bytes - at ? len : bytes - at;
        err = front_submit(x, op, at, memory + at, len,
                           i % 5 == 0 && len >= 4096);
    }
    return err ? err : front_settle(x);
}

#endif
