/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_BACK_DEVICE_H
#define LEAT_TESTS_PV_BACK_DEVICE_H

/*
 * A blkback over a bus, and a front that is the test: it writes keys, rings and
 * slots as it likes.
 */

#include "back_world.h"
#include "events.h"

#define FRONT "/local/domain/1/device/vbd/51712"
#define BACK  "/local/domain/2/backend/leat/1/51712"
#define TEXT  "/error/backend/leat/1/51712/error"

struct device {
    struct back_world w; /* its queue's part is not used */
    struct table t;
    struct leat_bus bus;
    struct leat_lifecycle life;
    struct leat_blkback *b;
    uint32_t port; /* the front's */
    uint32_t events[5], nports;
    bool close_when_broken;
};

static inline void event(void *arg, struct leat_blkback *b,
                         enum leat_blkback_event what)
{
    struct device *d = arg;

    d->events[what]++;
    if (what == LEAT_BLKBACK_BROKEN && d->close_when_broken)
        leat_blkback_close(b, true);
}

static const struct leat_bus_device the_device = {
    .type = "vbd", .front = 1, .back = 2, .number = 51712, .back_path = BACK};

static inline void open_back(struct device *d, struct leat_blkback_config c)
{
    c.bus = &d->bus;
    c.path = BACK;
    c.grants = d->w.g.b->table;
    c.disk = (struct leat_disk){&play_ops, &d->w.disk};
    c.event = event;
    c.arg = d;
    MUST(leat_blkback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    d->w.config = c;
    MUST(leat_blkback_create(&d->b, &c));
    d->w.b = d->b;
}

static inline void open_device(struct device *d, struct leat_blkback_config c)
{
    struct leat_bus_config bus = {.fd = -1};
    struct leat_store toolstack;

    memset(d, 0, sizeof(*d));
    table_open(&d->t);
    toolstack = table_store(&d->t, 0);
    MUST(leat_bus_device_make(&toolstack, &the_device));
    open_grants(&d->w.g, (struct leat_grants_config){0});
    play_open(&d->w.disk);
    MUST(leat_lifecycle_init(&d->life));
    bus.store = table_store(&d->t, 2);
    bus.events = table_events(&d->t, 2);
    bus.lifecycle = &d->life;
    MUST(leat_bus_init(&d->bus, &bus));
    open_back(d, c);
}

/* Bus and device, until there is nothing to do. */
static inline void run(struct device *d)
{
    bool more = true, more2 = true;
    const char *broken;

    for (int i = 0; i < 200 && (more || more2); i++) {
        MUST(leat_bus_poll(&d->bus, 8, &more));
        MUST(leat_blkback_poll(d->b, 8, &more2));
        broken = leat_blkback_check(d->b);
        cr_assert_null(broken, "%s", broken);
        cr_assert_eq(d->w.disk.checked, 0);
    }
    cr_assert(!more && !more2);
}

static inline void set(struct device *d, const char *key, const char *value)
{
    char path[300];

    snprintf(path, sizeof(path), FRONT "/%s", key);
    if (value)
        table_set(&d->t, path, value);
    else
        table_drop(&d->t, path);
}

static inline void set_number(struct device *d, const char *key, uint64_t x)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)x);
    set(d, key, text);
}

static inline const char *says(struct device *d, const char *key)
{
    char path[300];
    const char *value;

    snprintf(path, sizeof(path), BACK "/%s", key);
    value = table_get(&d->t, path);
    return value ? value : "none";
}

#define SAYS(d, key, value) cr_assert_str_eq(says(d, key), value, "%s", key)

/* The front's event channel. */
static inline uint32_t channel(struct device *d)
{
    struct leat_events e = table_events(&d->t, 1);

    MUST(e.ops->alloc(e.self, 2, &d->port));
    d->nports++;
    return d->port;
}

/* Writes what a front of one queue writes, but for its state. */
static inline void offer(struct device *d, uint32_t order, const char *protocol)
{
    struct back_options o = {.order = order};
    struct leat_gref grefs[16];
    char key[32];

    if (protocol && !strcmp(protocol, BLKIF_PROTOCOL_32))
        o.layout = LEAT_BLKIF_32;
    d->w.layout = o.layout;
    front_ring_open(&d->w, &d->w.ring[0], &o, grefs);
    if (order)
        set_number(d, "ring-page-order", order);
    for (uint32_t i = 0; i < 1u << order; i++) {
        snprintf(key, sizeof(key), order ? "ring-ref%u" : "ring-ref", i);
        set_number(d, key, grefs[i].ref);
    }
    set_number(d, "event-channel", channel(d));
    set(d, "protocol", protocol);
}

static inline void take_back(struct device *d, struct front_ring *r)
{
    MUST(leat_grant_revoke(r->grant));
    MUST(leat_pool_put(d->w.g.a->pool, r->chunk));
    memset(r, 0, sizeof(*r));
}

static inline void connect_front(struct device *d, uint32_t order,
                                 const char *protocol)
{
    run(d);
    SAYS(d, "state", "2");
    offer(d, order, protocol);
    set(d, "state", "3");
    run(d);
    SAYS(d, "state", "4");
    set(d, "state", "4");
    run(d);
    cr_assert(leat_blkback_connected(d->b), "%s", leat_blkback_text(d->b));
}

/* One request, and its status. */
static inline int ask(struct device *d, uint8_t op, uint64_t sector,
                      uint32_t ref)
{
    struct leat_blkif_request r = front_move(op, sector, &ref, 1);
    struct leat_events e = table_events(&d->t, 1);
    struct leat_blkif_response rsp;

    front_put(&d->w, &r);
    MUST(e.ops->notify(e.self, d->port));
    run(d);
    cr_assert(front_take_on(&d->w, 0, &rsp));
    cr_assert_eq(rsp.id, r.id);
    return rsp.status;
}

/* Ends the test: nothing is out. */
static inline void close_device(struct device *d)
{
    if (!d->events[LEAT_BLKBACK_CLOSED])
        MUST(leat_blkback_close(d->b, true));
    run(d);
    cr_assert_eq(d->events[LEAT_BLKBACK_CLOSED], 1);
    SAYS(d, "state", "6");
    MUST(leat_blkback_destroy(d->b));
    cr_assert_null(leat_bus_check(&d->bus));
    MUST(leat_bus_fini(&d->bus));
    for (uint32_t i = 0; i < 2; i++) {
        if (d->w.ring[i].base)
            take_back(d, &d->w.ring[i]);
    }
    for (uint32_t i = 0; i < d->w.npages; i++) {
        MUST(leat_grant_revoke(d->w.page[i].grant));
        MUST(leat_pool_put(d->w.g.a->pool, d->w.page[i].chunk));
    }
    for (uint32_t i = 1; i < TABLE_PORTS; i++)
        cr_assert(!d->t.port[i].open || d->t.port[i].owner != 2,
                  "a port is left");
    free(d->w.config.meta);
    close_grants(&d->w.g);
}

#endif
