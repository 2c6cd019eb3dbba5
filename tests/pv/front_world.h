/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_FRONT_WORLD_H
#define LEAT_TESTS_PV_FRONT_WORLD_H

/*
 * blkfront over plain arrays, and a back that a test writes: keys of the store,
 * raw slots, raw indexes. Domain 1 is the front, 2 the back.
 */

#include <leat/blkfront.h>
#include <leat/ring.h>

#include "../unit/grant_fixture.h"
#include "events.h"

#include "pv/blkif.h"

#define FW_FRONT "/local/domain/1/device/vbd/51712"
#define FW_BACK  "/local/domain/2/backend/vbd/1/51712"

enum {
    FW_REQ_PROD,
    FW_REQ_EVENT,
    FW_RSP_PROD,
    FW_RSP_EVENT,
    FW_SECTORS = 4096,
    FW_QUEUES = 4
};

/* A ring as the back sees it. */
struct fw_ring {
    unsigned char *base;
    volatile uint32_t *words;
    uint32_t pages, slots, req, rsp; /* requests taken, responses put */
    uint32_t ref[16], port;
};

/* A request of the ring, with its segments, wherever they were. */
struct fw_taken {
    struct leat_blkif_request wire;
    struct leat_blkif_segment seg[BLKIF_INDIRECT_PER_PAGE];
    uint32_t n;
    uint8_t op; /* of an indirect one, the inner */
};

struct front_world {
    struct grant_fixture g;
    struct table t;
    struct leat_lifecycle life;
    struct leat_bus bus;
    struct leat_blkfront_config config;
    struct leat_blkfront *f;
    struct fw_ring ring[FW_QUEUES];
    uint32_t nrings;
    uint32_t events[8];
    enum leat_blkif_layout layout;
};

static inline void fw_event(void *arg, struct leat_blkfront *f,
                            enum leat_blkfront_event what)
{
    struct front_world *w = arg;

    (void)f;
    w->events[what]++;
}

static inline void fw_sound(struct front_world *w)
{
    const char *broken = leat_blkfront_check(w->f);

    cr_assert_null(broken, "%s", broken);
}

/* The front, until there is nothing to do. */
static inline void fw_run(struct front_world *w)
{
    bool more = true, some = true;

    for (int i = 0; more || some; i++) {
        cr_assert_lt(i, 1000, "it does not end");
        MUST(leat_bus_poll(&w->bus, 64, &more));
        MUST(leat_blkfront_poll(w->f, 64, &some));
        fw_sound(w);
    }
}

/* ------------------------------------------------------------- the store */

/* A key of the back's directory; NULL: there is none. */
static inline void fw_say(struct front_world *w, const char *key,
                          const char *value)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", FW_BACK, key);
    if (value)
        table_set(&w->t, path, value);
    else
        table_drop(&w->t, path);
}

static inline void fw_state(struct front_world *w, enum leat_bus_state s)
{
    const char text[2] = {(char)('0' + s), '\0'};

    fw_say(w, "state", text);
}

/* What the front wrote. */
static inline const char *fw_heard(struct front_world *w, const char *key)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", FW_FRONT, key);
    return table_get(&w->t, path);
}

static inline uint32_t fw_number(struct front_world *w, const char *key)
{
    const char *text = fw_heard(w, key);

    cr_assert_not_null(text, "no key %s", key);
    return (uint32_t)strtoul(text, NULL, 10);
}

static inline int fw_mine(struct front_world *w)
{
    return (int)fw_number(w, "state");
}

/* What a back that can all of it says. */
static inline void fw_say_all(struct front_world *w)
{
    static const char *const keys[][2] = {
        {"max-ring-page-order", "4"},
        {"multi-queue-max-queues", "4"},
        {"feature-persistent", "1"},
        {"feature-max-indirect-segments", "64"},
        {"feature-flush-cache", "1"},
        {"feature-barrier", "1"},
        {"feature-discard", "1"},
        {"discard-secure", "1"},
        {"sector-size", "512"},
        {"sectors", "4096"},
        {"info", "0"},
    };

    for (size_t i = 0; i < COUNT(keys); i++)
        fw_say(w, keys[i][0], keys[i][1]);
}

/* --------------------------------------------------------------- the ends */

/* The back maps the pages of a ring, or lets go of them. */
static inline void fw_hold(struct front_world *w, struct fw_ring *r, bool hold)
{
    for (uint32_t i = 0; i < r->pages; i++) {
        if (hold)
            MUST(plain_use(w->g.a, r->ref[i], 2, LEAT_READ_WRITE));
        else
            plain_unuse(w->g.a, r->ref[i], LEAT_READ_WRITE);
    }
}

static inline void fw_meet_queue(struct front_world *w, struct fw_ring *r,
                                 const char *at, uint32_t order)
{
    char key[64];

    memset(r, 0, sizeof(*r));
    r->pages = 1u << order;
    r->slots = leat_ring_slots(leat_blkif_slot(w->layout), order);
    for (uint32_t i = 0; i < r->pages; i++) {
        snprintf(key, sizeof(key), "%sring-ref", at);
        if (order)
            snprintf(key, sizeof(key), "%sring-ref%u", at, i);
        r->ref[i] = fw_number(w, key);
        if (!i)
            r->base = plain_page(w->g.a, r->ref[0]);
        cr_assert_eq(plain_page(w->g.a, r->ref[i]), r->base + i * PAGE);
    }
    r->words = (volatile uint32_t *)(void *)r->base;
    snprintf(key, sizeof(key), "%sevent-channel", at);
    r->port = fw_number(w, key);
}

/* Takes the rings that the front, at 3, wrote. */
static inline void fw_meet(struct front_world *w)
{
    bool several = fw_heard(w, "multi-queue-num-queues") != NULL;
    uint32_t order =
        fw_heard(w, "ring-page-order") ? fw_number(w, "ring-page-order") : 0;

    cr_assert_eq(fw_mine(w), LEAT_BUS_INITIALISED);
    cr_assert_leq(order, 4);
    w->layout = strcmp(fw_heard(w, "protocol"), BLKIF_PROTOCOL_32)
                    ? LEAT_BLKIF_64
                    : LEAT_BLKIF_32;
    w->nrings = several ? fw_number(w, "multi-queue-num-queues") : 1;
    cr_assert_leq(w->nrings, FW_QUEUES);
    for (uint32_t i = 0; i < w->nrings; i++) {
        char at[32] = "";

        if (several)
            snprintf(at, sizeof(at), "queue-%u/", i);
        fw_meet_queue(w, &w->ring[i], at, order);
    }
}

/* The back comes, as far as to be connected. */
static inline void fw_connect(struct front_world *w)
{
    fw_state(w, LEAT_BUS_INIT_WAIT);
    fw_run(w);
    fw_meet(w);
    fw_state(w, LEAT_BUS_CONNECTED);
    fw_run(w);
}

static inline void fw_worlds(struct front_world *w,
                             struct leat_blkfront_config config)
{
    static const struct leat_bus_device device = {
        .type = "vbd", .front = 1, .back = 2, .number = 51712};
    struct leat_bus_config bus = {.fd = -1};
    struct leat_store toolstack;

    memset(w, 0, sizeof(*w));
    table_open(&w->t);
    toolstack = table_store(&w->t, 0);
    MUST(leat_bus_device_make(&toolstack, &device));
    MUST(leat_lifecycle_init(&w->life));
    plain_world_open(&w->g.world);
    w->g.a = &w->g.world.domain[0];
    w->g.b = &w->g.world.domain[1];
    plain_open(w->g.a, (struct leat_grants_config){.lifecycle = &w->life},
               (struct leat_pool_config){.peer = 2 + 1});
    plain_open(w->g.b, (struct leat_grants_config){0},
               (struct leat_pool_config){0});
    bus.store = table_store(&w->t, 1);
    bus.events = table_events(&w->t, 1);
    bus.lifecycle = &w->life;
    MUST(leat_bus_init(&w->bus, &bus));
    w->config = config;
    w->config.bus = &w->bus;
    w->config.path = FW_FRONT;
    w->config.grants = w->g.a->table;
    w->config.pool = w->g.a->pool;
    w->config.event = fw_event;
    w->config.arg = w;
    MUST(leat_blkfront_meta_size(&w->config, &w->config.meta_bytes));
    w->config.meta = malloc(w->config.meta_bytes);
    fw_say_all(w);
}

static inline void fw_open(struct front_world *w,
                           struct leat_blkfront_config config)
{
    fw_worlds(w, config);
    MUST(leat_blkfront_create(&w->f, &w->config));
    fw_connect(w);
    cr_assert(leat_blkfront_connected(w->f), "%s", leat_blkfront_text(w->f));
    cr_assert_eq(w->events[LEAT_BLKFRONT_CONNECTED], 1);
}

/* Ends it, whatever the back did: nothing is out. */
static inline void fw_close(struct front_world *w)
{
    MUST(leat_blkfront_close(w->f, true));
    fw_sound(w);
    cr_assert_eq(w->events[LEAT_BLKFRONT_CLOSED], 1);
    MUST(leat_blkfront_destroy(w->f));
    free(w->config.meta);
    MUST(leat_bus_fini(&w->bus));
    (void)leat_grant_poll(w->g.a->table, 1000, NULL);
    assert_idle(w->g.a);
    close_grants(&w->g);
}

/* -------------------------------------------------------------- the ring */

static inline unsigned char *fw_slot(struct front_world *w, uint32_t queue,
                                     uint32_t at)
{
    struct fw_ring *r = &w->ring[queue];

    return r->base + 64 + (at & (r->slots - 1)) * leat_blkif_slot(w->layout);
}

/* A page that the back may use so. */
static inline unsigned char *fw_page(struct front_world *w, uint32_t ref,
                                     enum leat_access access)
{
    MUST(plain_use(w->g.a, ref, 2, access));
    plain_unuse(w->g.a, ref, access);
    return plain_page(w->g.a, ref);
}

static inline bool fw_take(struct front_world *w, uint32_t queue,
                           struct fw_taken *out)
{
    struct fw_ring *r = &w->ring[queue];

    memset(out, 0, sizeof(*out));
    if (__atomic_load_n(&r->words[FW_REQ_PROD], __ATOMIC_ACQUIRE) == r->req)
        return false;
    leat_blkif_request_in(w->layout, fw_slot(w, queue, r->req++), &out->wire);
    out->op = out->wire.operation;
    out->n = out->wire.segments;
    if (out->op == BLKIF_INDIRECT) {
        cr_assert_leq(out->n, BLKIF_INDIRECT_PER_PAGE);
        memcpy(out->seg, fw_page(w, out->wire.u.pages[0], LEAT_READ_ONLY),
               out->n * sizeof(out->seg[0]));
        out->op = out->wire.inner;
    } else {
        cr_assert_leq(out->n, BLKIF_SEGMENTS);
        memcpy(out->seg, out->wire.u.seg, out->n * sizeof(out->seg[0]));
    }
    return true;
}

static inline void fw_show(struct front_world *w, uint32_t queue)
{
    __atomic_store_n(&w->ring[queue].words[FW_RSP_PROD], w->ring[queue].rsp,
                     __ATOMIC_RELEASE);
}

static inline void fw_answer(struct front_world *w, uint32_t queue, uint64_t id,
                             uint8_t op, int16_t status)
{
    const struct leat_blkif_response a = {
        .id = id, .status = status, .operation = op};
    unsigned char bytes[BLKIF_RESPONSE_MAX];
    size_t n = leat_blkif_response_out(w->layout, &a, bytes);

    memcpy(fw_slot(w, queue, w->ring[queue].rsp++), bytes, n);
    fw_show(w, queue);
}

/* The byte (at) of the disk. */
static inline unsigned char fw_byte(uint64_t at)
{
    return (unsigned char)(at / 512 * 11 + at % 512 + 3);
}

/* Does what is asked: a read fills, a write is held against (fill), unless 0. */
static inline void fw_do(struct front_world *w, const struct fw_taken *q,
                         int fill)
{
    uint64_t at = q->wire.sector * 512;

    for (uint32_t i = 0; i < q->n; i++) {
        unsigned char *p =
            fw_page(w, q->seg[i].ref,
                    q->op == BLKIF_READ ? LEAT_READ_WRITE : LEAT_READ_ONLY);

        cr_assert(q->seg[i].first <= q->seg[i].last && q->seg[i].last < 8);
        for (uint32_t k = q->seg[i].first * 512u;
             k < (q->seg[i].last + 1) * 512u; k++, at++) {
            if (q->op == BLKIF_READ)
                p[k] = fw_byte(at);
            else if (fill)
                cr_assert_eq(p[k], fill);
        }
    }
}

/* Does and answers all that was asked of it: how many. */
static inline uint32_t fw_serve(struct front_world *w, int16_t status, int fill)
{
    struct fw_taken q;
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->nrings; i++) {
        for (; fw_take(w, i, &q); n++) {
            if (status == BLKIF_OKAY)
                fw_do(w, &q, fill);
            fw_answer(w, i, q.wire.id, q.op, status);
        }
    }
    return n;
}

/* Connects as far as it goes, with one key of the back's changed. */
static inline void fw_with(struct front_world *w, struct leat_blkfront_config c,
                           const char *key, const char *value)
{
    fw_worlds(w, c);
    fw_say(w, key, value);
    MUST(leat_blkfront_create(&w->f, &w->config));
    fw_state(w, LEAT_BUS_INIT_WAIT);
    fw_run(w);
    if (fw_mine(w) == LEAT_BUS_INITIALISED) {
        fw_meet(w);
        fw_state(w, LEAT_BUS_CONNECTED);
        fw_run(w);
    }
}

static inline struct leat_blkfront_info fw_info(struct front_world *w)
{
    struct leat_blkfront_info i;

    MUST(leat_blkfront_info(w->f, &i));
    return i;
}

#endif
