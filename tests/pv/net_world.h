/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_NET_WORLD_H
#define LEAT_TESTS_PV_NET_WORLD_H

/*
 * Queues of netfront over plain arrays, without a store, and a back that a test
 * writes: raw slots and raw indexes. Domain 1 is the front, 2 the back.
 */

#include "../unit/grant_fixture.h"

#include "pv/netfront.h"

enum {
    N_REQ_PROD,
    N_REQ_EVENT,
    N_RSP_PROD,
    N_RSP_EVENT,
    N_BYTES = 65536,
};

/* A ring as the back sees it. */
struct net_ring {
    unsigned char *base;
    volatile uint32_t *words;
    uint32_t slot, slots, req, rsp; /* requests taken, responses put */
};

struct net_world {
    struct grant_fixture g;
    struct spare to;
    struct leat_netfront_config config;
    struct leat_netfront *f;
    struct net_ring tx[4], rx[4], ctrl;

    /* What the front was told. */
    uint32_t frames, rooms;
    uint32_t pieces;
    struct leat_net_meta meta;
    size_t len;
    unsigned char bytes[N_BYTES];
    struct leat_netfront_piece kept[64];
    uint32_t nkept;
    bool keep;
};

struct net_options {
    struct leat_netfront_config config;
    uint32_t start;   /* index of the rings */
    uint32_t offload; /* what the back takes */
    bool no_sg;
    bool statics;
    bool strict; /* the store's */
};

static inline void net_keep(struct net_world *w, struct leat_netfront_piece *p)
{
    cr_assert_lt(w->nkept, 64);
    w->kept[w->nkept++] = *p;
    p->chunk.pool = NULL;
    p->page = 0;
}

static inline void net_receive(void *arg, struct leat_netfront *f,
                               struct leat_netfront_frame *frame)
{
    struct net_world *w = arg;
    struct leat_copies scratch = {{0}, {0}};
    size_t at = 0;

    cr_assert_eq(f, w->f);
    w->frames++;
    w->pieces = frame->n;
    w->meta = frame->meta;
    w->len = frame->len;
    for (uint32_t i = 0; i < frame->n; i++) {
        struct leat_netfront_piece *p = &frame->pieces[i];

        cr_assert_eq(p->shared.peer_bytes != NULL, p->page != 0);
        cr_assert_eq(p->view.data != NULL, p->chunk.pool != NULL);
        cr_assert_neq(p->view.data != NULL, p->shared.peer_bytes != NULL);
        if (p->shared.peer_bytes) {
            MUST(leat_shared_copy_out(p->shared, 0, w->bytes + at,
                                      p->shared.len, &scratch));
            at += p->shared.len;
        } else {
            memcpy(w->bytes + at, p->view.data, p->view.len);
            at += p->view.len;
        }
        if (w->keep)
            net_keep(w, p);
    }
    cr_assert_eq(at, frame->len);
}

static inline void net_room(void *arg, struct leat_netfront *f, uint32_t queue)
{
    struct net_world *w = arg;

    (void)f, (void)queue;
    w->rooms++;
}

static inline void net_attach(struct net_ring *r, const struct nf_shown *s,
                              uint32_t slot, uint32_t start)
{
    r->base = leat_chunk_view(s->chunk).data;
    r->words = (volatile uint32_t *)(void *)r->base;
    r->slot = slot;
    r->slots = leat_ring_slots(slot, 0);
    r->req = r->rsp = start;
}

/* The queues of a device whose terms are those of (o). */
static inline void net_connect(struct net_world *w, const struct net_options *o)
{
    struct leat_netfront *f = w->f;
    const uint32_t page = f->queues[0].pages[NF_TX].bytes;
    struct leat_ring *lied;

    f->info.sg = !o->no_sg;
    f->info.offload = o->offload;
    f->info.frame_max = o->no_sg ? page : LEAT_NETFRONT_SLOTS * page;
    if (f->info.frame_max > LEAT_NET_FRAME_MAX)
        f->info.frame_max = LEAT_NET_FRAME_MAX;
    f->info.statics = o->statics;
    f->strict = o->strict;
    for (uint32_t i = 0; i < f->config.queues; i++) {
        struct nf_queue *q = &f->queues[i];

        MUST(leat_nf_queue_open(q, o->start));
        f->nqueues++;
        MUST(leat_nf_rx_post(q));
        net_attach(&w->tx[i], &q->shown[NF_TX], 12, o->start);
        net_attach(&w->rx[i], &q->shown[NF_RX], 8, o->start);
    }
    if (o->statics) {
        MUST(leat_nf_ctrl_open(f, o->start));
        net_attach(&w->ctrl, &f->ctrl.shown, 16, o->start);
    }
    MUST(leat_nf_push(f, &lied));
    f->ready = true;
}

static inline void net_sound(struct net_world *w)
{
    const char *broken = leat_netfront_check(w->f);

    cr_assert_null(broken, "%s", broken);
}

static inline void net_open(struct net_world *w, struct net_options o)
{
    memset(w, 0, sizeof(*w));
    plain_world_open(&w->g.world);
    w->g.a = &w->g.world.domain[0];
    w->g.b = &w->g.world.domain[1];
    plain_open(w->g.a, (struct leat_grants_config){0},
               (struct leat_pool_config){.peer = 2 + 1});
    plain_open(w->g.b, (struct leat_grants_config){0},
               (struct leat_pool_config){0});
    open_spare(&w->to, w->g.a, 0,
               (struct leat_pool_config){.zero = LEAT_ZERO_NEVER});
    o.config.grants = w->g.a->table;
    o.config.pool = w->g.a->pool;
    o.config.to = w->to.pool;
    o.config.receive = net_receive;
    o.config.room = net_room;
    o.config.arg = w;
    if (!o.config.tx_pages)
        o.config.tx_pages = 64;
    if (!o.config.rx_pages)
        o.config.rx_pages = 300;
    MUST(leat_netfront_meta_size(&o.config, &o.config.meta_bytes));
    o.config.meta = malloc(o.config.meta_bytes);
    MUST(leat_nf_defaults(&o.config, &w->config));
    w->f = leat_nf_lay(&w->config);
    w->f->end.peer = 2;
    MUST(leat_nf_start(w->f));
    net_connect(w, &o);
    net_sound(w);
}

static inline void net_disconnect(struct net_world *w, int why)
{
    uint32_t n = w->f->nqueues;

    w->f->ready = false;
    w->f->nqueues = 0;
    for (uint32_t i = 0; i < n; i++)
        leat_nf_queue_close(&w->f->queues[i], why);
    leat_nf_ctrl_close(w->f);
    net_sound(w);
}

/* Ends it: nothing is out. */
static inline void net_close(struct net_world *w)
{
    net_sound(w);
    for (uint32_t i = 0; i < w->nkept; i++) {
        if (w->kept[i].chunk.pool)
            MUST(leat_pool_put(w->kept[i].chunk.pool, w->kept[i].chunk));
        else if (w->kept[i].page)
            MUST(leat_netfront_done(w->f, &w->kept[i]));
    }
    net_disconnect(w, LEAT_E_CLOSED);
    leat_nf_stop(w->f);
    MUST(leat_grant_poll(w->g.a->table, 1000, NULL));
    assert_idle(w->g.a);
    cr_assert_eq(stats_of(w->to.pool).pages_out, 0);
    close_spare(&w->to);
    free(w->config.meta);
    close_grants(&w->g);
}

/* Rounds until there is nothing to do; the ring that lied. */
static inline struct leat_ring *net_run(struct net_world *w)
{
    struct leat_ring *lied = NULL;
    bool more = true;

    for (int i = 0; i < 2000 && more && !lied; i++) {
        leat_nf_serve(w->f, 8, false, &more, &lied);
        net_sound(w);
    }
    cr_assert(!more || lied);
    return lied;
}

static inline struct leat_netfront_stats net_stats(struct net_world *w)
{
    struct leat_netfront_stats s;

    MUST(leat_netfront_stats(w->f, &s));
    return s;
}

/* -------------------------------------------------------------- the back */

static inline unsigned char *net_slot(const struct net_ring *r, uint32_t at)
{
    return r->base + 64 + (size_t)(at & (r->slots - 1)) * r->slot;
}

/* Takes a request, as it lies. */
static inline bool net_take(struct net_ring *r, void *out)
{
    if (__atomic_load_n(&r->words[N_REQ_PROD], __ATOMIC_ACQUIRE) == r->req)
        return false;
    memcpy(out, net_slot(r, r->req++), r->slot);
    return true;
}

static inline void net_show(struct net_ring *r)
{
    __atomic_store_n(&r->words[N_RSP_PROD], r->rsp, __ATOMIC_RELEASE);
}

/* Puts a response of (len) bytes, and shows it. */
static inline void net_put(struct net_ring *r, const void *rsp, size_t len)
{
    memcpy(net_slot(r, r->rsp++), rsp, len);
    net_show(r);
}

static inline void net_answer(struct net_world *w, uint32_t queue, uint16_t id,
                              int16_t status)
{
    const struct netif_tx_response rsp = {id, status};

    net_put(&w->tx[queue], &rsp, sizeof(rsp));
}

/* A page of the front's, which the back may use so. */
static inline unsigned char *net_page(struct net_world *w, uint32_t ref,
                                      enum leat_access access)
{
    MUST(plain_use(w->g.a, ref, 2, access));
    plain_unuse(w->g.a, ref, access);
    return plain_page(w->g.a, ref);
}

/* A frame that the back took. */
struct net_taken {
    struct netif_tx_request req[LEAT_NETFRONT_SLOTS];
    uint32_t n, extras;
    struct netif_extra extra;
    size_t len;
    unsigned char bytes[N_BYTES];
};

static inline bool net_take_frame(struct net_world *w, uint32_t queue,
                                  struct net_taken *t)
{
    size_t rest = 0, at = 0;
    union {
        struct netif_tx_request req;
        struct netif_extra extra;
        unsigned char bytes[12];
    } u;

    t->n = t->extras = 0;
    if (!net_take(&w->tx[queue], &u))
        return false;
    t->req[t->n++] = u.req;
    t->len = u.req.size;
    if (u.req.flags & NETTXF_EXTRA_INFO) {
        cr_assert(net_take(&w->tx[queue], &u));
        t->extra = u.extra;
        t->extras = 1;
        cr_assert_eq(u.extra.flags & NETIF_EXTRA_MORE, 0);
    }
    while (t->req[t->n - 1].flags & NETTXF_MORE_DATA) {
        cr_assert_lt(t->n, LEAT_NETFRONT_SLOTS);
        cr_assert(net_take(&w->tx[queue], &u));
        rest += u.req.size;
        t->req[t->n++] = u.req;
    }
    cr_assert_leq(rest, t->len);
    for (uint32_t i = 0; i < t->n; i++) {
        size_t part = i ? t->req[i].size : t->len - rest;

        cr_assert_leq(t->req[i].offset + part, LEAT_PAGE_SIZE);
        memcpy(t->bytes + at,
               net_page(w, t->req[i].gref, LEAT_READ_ONLY) + t->req[i].offset,
               part);
        at += part;
    }
    cr_assert_eq(at, t->len);
    return true;
}

static inline void net_answer_frame(struct net_world *w, uint32_t queue,
                                    const struct net_taken *t, int16_t status)
{
    for (uint32_t i = 0; i < t->n; i++)
        net_answer(w, queue, t->req[i].id, status);
    for (uint32_t i = 0; i < t->extras; i++)
        net_answer(w, queue, 0xdead, NETIF_RSP_NULL);
}

/* One slot with data, in the next page that was posted; not yet shown. */
static inline void net_fill(struct net_world *w, uint32_t queue,
                            const void *bytes, size_t len, uint32_t off,
                            uint16_t flags)
{
    struct netif_rx_request req;
    struct netif_rx_response rsp;

    cr_assert(net_take(&w->rx[queue], &req));
    memcpy(net_page(w, req.gref, LEAT_READ_WRITE) + off, bytes, len);
    rsp = (struct netif_rx_response){
        .id = req.id, .offset = off, .flags = flags, .status = (int16_t)len};
    memcpy(net_slot(&w->rx[queue], w->rx[queue].rsp++), &rsp, sizeof(rsp));
}

static inline void net_extra(struct net_world *w, uint32_t queue,
                             struct netif_extra extra)
{
    struct netif_rx_request req;

    cr_assert(net_take(&w->rx[queue], &req));
    memcpy(net_slot(&w->rx[queue], w->rx[queue].rsp++), &extra, sizeof(extra));
}

/* A whole frame, in pieces of (part) bytes, with (flags) on its first slot. */
static inline void net_frame(struct net_world *w, uint32_t queue,
                             const unsigned char *bytes, size_t len,
                             size_t part, uint16_t flags)
{
    size_t at = 0;

    while (at < len) {
        size_t n = len - at < part ? len - at : part;
        uint16_t more = at + n < len ? NETRXF_MORE_DATA : 0;

        net_fill(w, queue, bytes + at, n, 0, (at ? 0 : flags) | more);
        at += n;
    }
    net_show(&w->rx[queue]);
}

static inline unsigned char net_byte(size_t at, uint32_t seed)
{
    return (unsigned char)((at * 7 + at / 251 + seed * 13 + 1) & 0xff);
}

static inline void net_pattern(unsigned char *bytes, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = net_byte(i, seed);
}

static inline bool net_is(const unsigned char *bytes, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != net_byte(i, seed))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------- the sender */

struct net_writer {
    uint32_t seed;
    size_t len; /* what it says; 0: what it was given */
    int err;
    bool was_zero;
    size_t given;
    uint32_t views;
};

static inline int net_write(void *arg, const struct leat_view *views, size_t n,
                            size_t *len)
{
    struct net_writer *wr = arg;
    size_t at = 0;

    wr->was_zero = true;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < views[i].len; k++, at++) {
            wr->was_zero &= views[i].data[k] == 0;
            views[i].data[k] = net_byte(at, wr->seed);
        }
    }
    wr->given = at;
    wr->views = (uint32_t)n;
    if (wr->len)
        *len = wr->len;
    return wr->err;
}

static inline int net_send(struct net_world *w, uint32_t queue, size_t size,
                           struct net_writer *wr)
{
    const struct leat_netfront_fill fill = {
        .queue = queue, .size = size, .fill = net_write, .arg = wr};
    int err = leat_netfront_send(w->f, &fill);

    net_sound(w);
    return err;
}

#endif
