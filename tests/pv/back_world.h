/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_BACK_WORLD_H
#define LEAT_TESTS_PV_BACK_WORLD_H

/*
 * A queue of blkback over plain arrays, without a store, and a front that a test
 * writes: raw slots and raw indexes. Domain 1 is the front, 2 the back.
 */

#include "../unit/grant_fixture.h"
#include "disk_play.h"

#include "pv/blkback.h"

enum {
    W_REQ_PROD,
    W_REQ_EVENT,
    W_RSP_PROD,
    W_RSP_EVENT,
    W_PAGES = 600
};

/* A page of the front's. */
struct front_page {
    struct leat_chunk chunk;
    struct leat_grant grant;
    uint32_t ref;
    unsigned char *bytes;
};

struct front_ring {
    struct front_page pages[16];
    uint32_t npages;
    unsigned char *base; /* contiguous */
    volatile uint32_t *words;
    uint32_t slots, prod, cons;
    struct leat_chunk chunk;
    struct leat_grant grant;
};

struct back_world {
    struct grant_fixture g;
    struct disk_play disk;
    struct leat_blkback_config config;
    struct leat_blkback *b;
    enum leat_blkif_layout layout;
    struct front_ring ring[2];
    struct front_page page[W_PAGES];
    uint32_t npages;
};

struct back_options {
    struct leat_blkback_config config;
    enum leat_blkif_layout layout;
    uint32_t order;
    uint32_t start; /* index of the ring */
    uint32_t queues;
    bool persistent;
    uint32_t maps_max;
};

/* A page for the back, filled with (fill). */
static inline uint32_t front_page(struct back_world *w, enum leat_access access,
                                  int fill, unsigned char **bytes)
{
    struct front_page *p = &w->page[w->npages++];
    struct leat_view v;

    cr_assert_leq(w->npages, W_PAGES);
    p->chunk = get(w->g.a->pool, 1);
    v = leat_chunk_view(p->chunk);
    p->bytes = v.data;
    memset(p->bytes, fill, PAGE);
    MUST(leat_grant_share(w->g.a->table, p->chunk, 2, access, &p->grant));
    MUST(leat_grant_ref(p->grant, &p->ref));
    if (bytes)
        *bytes = p->bytes;
    return p->ref;
}

static inline void front_ring_open(struct back_world *w, struct front_ring *r,
                                   const struct back_options *o,
                                   struct leat_gref *grefs)
{
    uint32_t n = 1u << o->order, refs[16];

    r->chunk = get(w->g.a->pool, n);
    r->base = leat_chunk_view(r->chunk).data;
    r->words = (volatile uint32_t *)(void *)r->base;
    r->slots = leat_ring_slots(leat_blkif_slot(o->layout), o->order);
    r->prod = r->cons = o->start;
    memset(r->base, 0, n * PAGE);
    r->words[W_REQ_PROD] = r->words[W_RSP_PROD] = o->start;
    r->words[W_REQ_EVENT] = r->words[W_RSP_EVENT] = o->start + 1;
    MUST(leat_grant_share(w->g.a->table, r->chunk, 2, LEAT_READ_WRITE,
                          &r->grant));
    MUST(leat_grant_refs(r->grant, refs, 16));
    for (uint32_t i = 0; i < n; i++)
        grefs[i] = (struct leat_gref){1, refs[i]};
}

static inline void back_geometry(struct back_world *w)
{
    struct leat_blkback *b = w->b;

    b->disk = w->disk.info;
    b->flags = w->disk.info.flags;
    b->offered = b->config.segments;
}

static inline void back_open(struct back_world *w, struct back_options o)
{
    struct leat_gref grefs[16];

    memset(w, 0, sizeof(*w));
    open_grants(&w->g, (struct leat_grants_config){0});
    if (o.maps_max) {
        plain_close(w->g.b);
        plain_open(w->g.b, (struct leat_grants_config){.maps_max = o.maps_max},
                   (struct leat_pool_config){0});
    }
    o.queues = o.queues ? o.queues : 1;
    o.config.queues = o.queues;
    o.config.grants = w->g.b->table;
    o.config.disk = play_open(&w->disk);
    MUST(leat_blkback_meta_size(&o.config, &o.config.meta_bytes));
    o.config.meta = malloc(o.config.meta_bytes);
    MUST(leat_back_defaults(&o.config, &w->config));
    w->b = leat_back_lay(&w->config);
    w->b->end.peer = 1;
    w->b->nqueues = o.queues;
    w->b->persistent = o.persistent;
    w->layout = o.layout;
    back_geometry(w);
    for (uint32_t i = 0; i < o.queues; i++) {
        front_ring_open(w, &w->ring[i], &o, grefs);
        MUST(leat_back_queue_open(&w->b->queues[i], grefs, 1u << o.order,
                                  o.layout));
    }
}

static inline void back_sound(struct back_world *w)
{
    const char *broken = leat_blkback_check(w->b);

    cr_assert_null(broken, "%s", broken);
    cr_assert_eq(w->disk.checked, 0, "the disk was given what is wrong");
}

/* Ends it: nothing is out, on either side. */
static inline void back_close(struct back_world *w)
{
    uint32_t n = w->b->nqueues;

    back_sound(w);
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(w->b->queues[i].under_way, 0);
        leat_back_queue_close(&w->b->queues[i]);
        MUST(leat_grant_revoke(w->ring[i].grant));
        MUST(leat_pool_put(w->g.a->pool, w->ring[i].chunk));
    }
    for (uint32_t i = 0; i < w->npages; i++) {
        MUST(leat_grant_revoke(w->page[i].grant));
        MUST(leat_pool_put(w->g.a->pool, w->page[i].chunk));
    }
    free(w->config.meta);
    close_grants(&w->g);
}

/* ------------------------------------------------------------- the front */

static inline unsigned char *front_slot(struct back_world *w, uint32_t queue,
                                        uint32_t at)
{
    struct front_ring *r = &w->ring[queue];

    return r->base + 64 + (at & (r->slots - 1)) * leat_blkif_slot(w->layout);
}

static inline void front_put_on(struct back_world *w, uint32_t queue,
                                const struct leat_blkif_request *r)
{
    unsigned char bytes[BLKIF_REQUEST_MAX];
    size_t n = leat_blkif_request_out(w->layout, r, bytes);

    memcpy(front_slot(w, queue, w->ring[queue].prod++), bytes, n);
    __atomic_store_n(&w->ring[queue].words[W_REQ_PROD], w->ring[queue].prod,
                     __ATOMIC_RELEASE);
}

static inline void front_put(struct back_world *w,
                             const struct leat_blkif_request *r)
{
    front_put_on(w, 0, r);
}

static inline bool front_take_on(struct back_world *w, uint32_t queue,
                                 struct leat_blkif_response *out)
{
    struct front_ring *r = &w->ring[queue];

    if (r->words[W_RSP_PROD] == r->cons)
        return false;
    leat_blkif_response_in(w->layout, front_slot(w, queue, r->cons++), out);
    return true;
}

/* One round after the other until there is nothing to do; the ring that lied. */
static inline struct back_queue *back_run(struct back_world *w)
{
    struct back_queue *lied = NULL;
    bool more = true;

    for (int i = 0; i < 1000 && more && !lied; i++) {
        MUST(leat_back_serve(w->b, 8, false, &more, &lied));
        back_sound(w);
    }
    cr_assert(!more || lied);
    return lied;
}

/* Runs, and takes the response that must be there: its status. */
static inline int back_status(struct back_world *w,
                              const struct leat_blkif_request *r)
{
    struct leat_blkif_response rsp = {0};

    front_put(w, r);
    cr_assert_null(back_run(w));
    cr_assert(front_take_on(w, 0, &rsp));
    cr_assert_eq(rsp.id, r->id);
    cr_assert_eq(rsp.operation,
                 r->operation == BLKIF_INDIRECT ? r->inner : r->operation);
    return rsp.status;
}

static inline struct leat_blkback_stats back_stats(struct back_world *w)
{
    struct leat_blkback_stats s;

    MUST(leat_blkback_stats(w->b, &s));
    return s;
}

/* A read or write of whole pages from (ref) on. */
static inline struct leat_blkif_request front_move(uint8_t op, uint64_t sector,
                                                   const uint32_t *refs,
                                                   uint16_t n)
{
    struct leat_blkif_request r = {
        .id = 0x123456789abcdef0 + sector, .operation = op, .sector = sector};

    r.segments = n;
    for (uint16_t i = 0; i < n; i++)
        r.u.seg[i] = (struct leat_blkif_segment){.ref = refs[i], .last = 7};
    return r;
}

#endif
