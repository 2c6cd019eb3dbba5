/* SPDX-License-Identifier: ISC */

/*
 * blkback over a bus: what it writes into the store, and a front that is the
 * test: it writes keys, rings and slots as it likes.
 */

#include "pv/back_world.h"
#include "pv/events.h"

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

static void event(void *arg, struct leat_blkback *b,
                  enum leat_blkback_event what)
{
    struct device *d = arg;

    d->events[what]++;
    if (what == LEAT_BLKBACK_BROKEN && d->close_when_broken)
        leat_blkback_close(b, true);
}

static const struct leat_bus_device the_device = {
    .type = "vbd", .front = 1, .back = 2, .number = 51712, .back_path = BACK};

static void open_back(struct device *d, struct leat_blkback_config c)
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

static void open_device(struct device *d, struct leat_blkback_config c)
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
static void run(struct device *d)
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

static void set(struct device *d, const char *key, const char *value)
{
    char path[300];

    snprintf(path, sizeof(path), FRONT "/%s", key);
    if (value)
        table_set(&d->t, path, value);
    else
        table_drop(&d->t, path);
}

static void set_number(struct device *d, const char *key, uint64_t x)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)x);
    set(d, key, text);
}

static const char *says(struct device *d, const char *key)
{
    char path[300];
    const char *value;

    snprintf(path, sizeof(path), BACK "/%s", key);
    value = table_get(&d->t, path);
    return value ? value : "none";
}

#define SAYS(d, key, value) cr_assert_str_eq(says(d, key), value, "%s", key)

/* The front's event channel. */
static uint32_t channel(struct device *d)
{
    struct leat_events e = table_events(&d->t, 1);

    MUST(e.ops->alloc(e.self, 2, &d->port));
    d->nports++;
    return d->port;
}

/* Writes what a front of one queue writes, but for its state. */
static void offer(struct device *d, uint32_t order, const char *protocol)
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

static void take_back(struct device *d, struct front_ring *r)
{
    MUST(leat_grant_revoke(r->grant));
    MUST(leat_pool_put(d->w.g.a->pool, r->chunk));
    memset(r, 0, sizeof(*r));
}

static void connect_front(struct device *d, uint32_t order,
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
static int ask(struct device *d, uint8_t op, uint64_t sector, uint32_t ref)
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
static void close_device(struct device *d)
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

Test(blkback_device, says_what_it_offers)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){.queues = 3});
    run(&d);
    SAYS(&d, "state", "2");
    SAYS(&d, "sectors", "2048");
    SAYS(&d, "sector-size", "512");
    SAYS(&d, "physical-sector-size", "4096");
    SAYS(&d, "info", "0");
    SAYS(&d, "max-ring-page-order", "4");
    SAYS(&d, "multi-queue-max-queues", "3");
    SAYS(&d, "feature-max-indirect-segments", "64");
    SAYS(&d, "feature-persistent", "1");
    SAYS(&d, "feature-flush-cache", "1");
    SAYS(&d, "feature-barrier", "1");
    SAYS(&d, "feature-discard", "1");
    SAYS(&d, "discard-granularity", "512");
    SAYS(&d, "discard-alignment", "0");
    SAYS(&d, "discard-secure", "1");
    close_device(&d);
}

Test(blkback_device, says_no_to_what_is_left_out)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){0});
    /* As if one had been there before, with more to offer. */
    MUST(leat_blkback_close(d.b, true));
    MUST(leat_blkback_destroy(d.b));
    free(d.w.config.meta);
    memset(d.events, 0, sizeof(d.events));
    table_set(&d.t, BACK "/mode", "r");
    d.w.disk.info.flags |= LEAT_DISK_IS_CDROM | LEAT_DISK_IS_REMOVABLE;
    open_back(&d,
              (struct leat_blkback_config){.ring_order = 1,
                                           .flags = LEAT_BLKBACK_NO_PERSISTENT |
                                                    LEAT_BLKBACK_NO_INDIRECT |
                                                    LEAT_BLKBACK_NO_FLUSH});
    run(&d);
    SAYS(&d, "state", "2");
    SAYS(&d, "info", "7");
    SAYS(&d, "max-ring-page-order", "0");
    SAYS(&d, "feature-max-indirect-segments", "none");
    SAYS(&d, "feature-persistent", "0");
    SAYS(&d, "feature-flush-cache", "0");
    SAYS(&d, "feature-barrier", "0");
    SAYS(&d, "feature-discard", "0");
    SAYS(&d, "discard-granularity", "none");
    SAYS(&d, "discard-secure", "none");
    close_device(&d);
}

Test(blkback_device, serves_each_order_and_layout)
{
    static const char *const protocols[] = {NULL, BLKIF_PROTOCOL_32,
                                            BLKIF_PROTOCOL_64};
    static struct device d;

    for (uint32_t order = 0; order <= 4; order++) {
        unsigned char *page;
        struct leat_blkback_stats s;
        uint32_t ref;

        open_device(&d, (struct leat_blkback_config){0});
        connect_front(&d, order, protocols[order % 3]);
        ref = front_page(&d.w, LEAT_READ_WRITE, 0, &page);
        cr_assert_eq(ask(&d, BLKIF_READ, 9, ref), BLKIF_OKAY);
        cr_assert_eq(page[100], play_byte(9 * 512 + 100));
        cr_assert_eq(ask(&d, BLKIF_WRITE, 100, ref), BLKIF_OKAY);
        cr_assert_eq(d.w.disk.bytes[100 * 512 + 100], page[100]);
        MUST(leat_blkback_stats(d.b, &s));
        cr_assert_eq(s.ring_pages, 1u << order);
        cr_assert_eq(s.queues, 1);
        cr_assert_eq(s.persistent, 0); /* this front did not offer it */
        close_device(&d);
    }
}

Test(blkback_device, serves_several_queues_and_persistent_grants)
{
    static struct device d;
    struct back_options o = {0};
    struct leat_gref grefs[16];
    struct leat_blkback_stats s;
    struct leat_blkif_response rsp;
    struct leat_blkif_request r;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){.queues = 2});
    run(&d);
    set(&d, "multi-queue-num-queues", "2");
    set(&d, "feature-persistent", "1");
    for (uint32_t i = 0; i < 2; i++) {
        char key[40];

        front_ring_open(&d.w, &d.w.ring[i], &o, grefs);
        snprintf(key, sizeof(key), "queue-%u/ring-ref", i);
        set_number(&d, key, grefs[0].ref);
        snprintf(key, sizeof(key), "queue-%u/event-channel", i);
        set_number(&d, key, channel(&d));
    }
    set(&d, "state", "3");
    run(&d);
    SAYS(&d, "state", "4");
    ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
    r = front_move(BLKIF_READ, 0, &ref, 1);
    for (int i = 0; i < 10; i++) {
        front_put_on(&d.w, 0, &r);
        front_put_on(&d.w, 1, &r);
        run(&d);
        cr_assert(front_take_on(&d.w, 0, &rsp) && rsp.status == BLKIF_OKAY);
        cr_assert(front_take_on(&d.w, 1, &rsp) && rsp.status == BLKIF_OKAY);
    }
    MUST(leat_blkback_stats(d.b, &s));
    cr_assert_eq(s.queues, 2);
    cr_assert_eq(s.persistent, 2); /* each queue has its own */
    cr_assert_eq(s.hits, 18);
    close_device(&d);
}

/* Each key that cannot be ends in Closing, with a text where xenbus has it. */
Test(blkback_device, keys_that_lie)
{
    static const struct {
        const char *key, *value, *text;
    } lies[] = {
        {"ring-ref", "", "ring-ref"},
        {"ring-ref", "-1", "ring-ref"},
        {"ring-ref", "4294967296", "ring-ref"},
        {"ring-ref", "2000", "ring 0"},
        {"ring-ref", NULL, "no key ring-ref"},
        {"event-channel", "99999", "event channel 0"},
        {"event-channel", NULL, "no key event-channel"},
        {"event-channel", "x", "event-channel"},
        {"protocol", "arm-abi", "protocol"},
        {"ring-page-order", "5", "ring-page-order"},
        {"ring-page-order", "1", "no key ring-ref0"},
        {"multi-queue-num-queues", "0", "multi-queue-num-queues"},
        {"multi-queue-num-queues", "2", "multi-queue-num-queues"},
        {"feature-persistent", "maybe", "feature-persistent"},
    };
    static struct device d;

    for (size_t i = 0; i < COUNT(lies); i++) {
        open_device(&d, (struct leat_blkback_config){0});
        run(&d);
        offer(&d, 0, NULL);
        set(&d, lies[i].key, lies[i].value);
        set(&d, "state", "3");
        run(&d);
        SAYS(&d, "state", "5");
        cr_assert(strstr(leat_blkback_text(d.b), lies[i].text), "%zu: %s", i,
                  leat_blkback_text(d.b));
        cr_assert_str_eq(table_get(&d.t, &TEXT[1]), leat_blkback_text(d.b));
        cr_assert_eq(d.events[LEAT_BLKBACK_BROKEN], 1);
        cr_assert_eq(d.events[LEAT_BLKBACK_CONNECTED], 0);
        cr_assert_eq(d.w.g.world.mapped, 0);
        /* It is served when it comes anew, and keeps to the protocol. */
        set(&d, "state", "6");
        run(&d);
        set(&d, lies[i].key, NULL);
        take_back(&d, &d.w.ring[0]);
        set(&d, "state", "1");
        connect_front(&d, 0, NULL);
        cr_assert_str_eq(leat_blkback_text(d.b), "");
        close_device(&d);
    }
}

Test(blkback_device, a_ring_that_lies_closes_the_device_with_a_text)
{
    static struct device d;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
    cr_assert_eq(ask(&d, BLKIF_READ, 0, ref), BLKIF_OKAY);
    d.w.ring[0].words[W_REQ_PROD] += 33;
    run(&d);
    SAYS(&d, "state", "5");
    cr_assert(strstr(leat_blkback_text(d.b), "req_prod is ahead by 33"), "%s",
              leat_blkback_text(d.b));
    cr_assert_str_eq(table_get(&d.t, &TEXT[1]), leat_blkback_text(d.b));
    cr_assert_eq(d.w.g.world.mapped, 0);
    cr_assert_eq(d.events[LEAT_BLKBACK_DISCONNECTED], 1);
    close_device(&d);
}

/* The owner closes it from within the event. */
Test(blkback_device, may_be_closed_by_its_event)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){0});
    d.close_when_broken = true;
    connect_front(&d, 0, NULL);
    d.w.ring[0].words[W_REQ_PROD] += 33;
    run(&d);
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 1);
    close_device(&d);
}

/*
 * A front that dies in each state, its directory and all, with requests at the
 * disk; and one that only starts anew.
 */
Test(blkback_device, a_front_that_dies_in_each_state)
{
    static struct device d;

    for (int at = 1; at <= 6; at++)
        for (int anew = 0; anew < 2; anew++) {
            uint32_t ref;

            open_device(&d, (struct leat_blkback_config){0});
            run(&d);
            if (at >= 2)
                offer(&d, 0, NULL);
            if (at >= 3) {
                set(&d, "state", "3");
                run(&d);
                SAYS(&d, "state", "4");
            }
            if (at >= 4) {
                struct leat_blkif_request r;

                set(&d, "state", "4");
                ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
                r = front_move(BLKIF_READ, 0, &ref, 1);
                d.w.disk.hold = true;
                front_put(&d.w, &r);
                run(&d);
            }
            if (at >= 5)
                set(&d, "state", "5");
            run(&d);
            if (at >= 6)
                set(&d, "state", "6");
            if (anew)
                set(&d, "state", "1");
            else
                table_drop(&d.t, FRONT);
            run(&d);
            if (at >= 4) {
                /* The disk still has its page: it stays mapped. */
                cr_assert_eq(d.w.disk.n, 1);
                cr_assert_eq(d.w.g.a->uses[ref], 1);
                FAILS(LEAT_E_BUSY, leat_blkback_destroy(d.b));
                d.w.disk.hold = false;
                run(&d);
            }
            cr_assert_eq(d.w.g.world.mapped, 0, "at %d", at);
            if (d.w.ring[0].base)
                take_back(&d, &d.w.ring[0]);
            if (!anew) {
                struct leat_store s = table_store(&d.t, 0);

                MUST(s.ops->mkdir(s.self, 0, FRONT));
                set(&d, "state", "1");
            }
            connect_front(&d, 0, NULL);
            ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
            cr_assert_eq(ask(&d, BLKIF_READ, 0, ref), BLKIF_OKAY);
            close_device(&d);
        }
}

Test(blkback_device, closes_in_order_when_the_front_does)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    set(&d, "state", "5");
    run(&d);
    SAYS(&d, "state", "5");
    cr_assert_eq(d.w.g.world.mapped, 0);
    set(&d, "state", "6");
    run(&d);
    SAYS(&d, "state", "6");
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 0); /* it is online */
    take_back(&d, &d.w.ring[0]);
    set(&d, "state", "1");
    connect_front(&d, 0, NULL);
    table_set(&d.t, BACK "/online", "0");
    set(&d, "state", "5");
    run(&d);
    set(&d, "state", "6");
    run(&d);
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 1);
    close_device(&d);
}

/* Our own close: the front is served until it has closed. */
Test(blkback_device, serves_while_it_waits_for_the_front_to_close)
{
    static struct device d;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    ref = front_page(&d.w, LEAT_READ_WRITE, 9, NULL);
    MUST(leat_blkback_close(d.b, false));
    SAYS(&d, "state", "5");
    cr_assert_eq(ask(&d, BLKIF_WRITE, 0, ref), BLKIF_OKAY);
    cr_assert_eq(d.w.disk.bytes[0], 9);
    set(&d, "state", "5");
    run(&d);
    set(&d, "state", "6");
    run(&d);
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 1);
    cr_assert_eq(d.w.g.world.mapped, 0);
    close_device(&d);
}

/* A back that takes the place of one that died serves nothing of before. */
Test(blkback_device, started_again_it_waits_for_the_front)
{
    static struct device d;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    /* It dies: what the hypervisor does, we do; the store stays as it is. */
    leat_back_disconnect(d.b);
    MUST(leat_bus_detach(&d.b->end));
    free(d.w.config.meta);
    SAYS(&d, "state", "4");
    ref = front_page(&d.w, LEAT_READ_WRITE, 9, NULL);
    open_back(&d, (struct leat_blkback_config){0});
    run(&d);
    cr_assert(!leat_blkback_connected(d.b));
    cr_assert_eq(d.w.g.world.mapped, 0);
    cr_assert_str_neq(says(&d, "state"), "4");
    take_back(&d, &d.w.ring[0]);
    set(&d, "state", "1");
    connect_front(&d, 0, NULL);
    cr_assert_eq(ask(&d, BLKIF_WRITE, 0, ref), BLKIF_OKAY);
    close_device(&d);
}

Test(blkback_device, tells_of_a_resize_by_its_state)
{
    static struct device d;
    struct leat_store s;
    char path[300], token[64];
    bool changed, state = false;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    MUST(leat_blkback_look(d.b, &changed));
    cr_assert(!changed);
    s = table_store(&d.t, 1);
    MUST(s.ops->watch(s.self, BACK, "front"));
    while (!s.ops->event(s.self, path, sizeof(path), token, sizeof(token)))
        ;
    d.w.disk.info.sectors = 1024;
    MUST(leat_blkback_look(d.b, &changed));
    cr_assert(changed);
    SAYS(&d, "sectors", "1024");
    SAYS(&d, "state", "4");
    while (!s.ops->event(s.self, path, sizeof(path), token, sizeof(token)))
        state |= !strcmp(path, BACK "/state");
    cr_assert(state);
    ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
    cr_assert_eq(ask(&d, BLKIF_READ, 1024 - 7, ref), BLKIF_ERROR);
    cr_assert_eq(ask(&d, BLKIF_READ, 1024 - 8, ref), BLKIF_OKAY);
    close_device(&d);
}

/* Each operation of the store or of the events fails once, at any time. */
Test(blkback_device, a_store_that_fails_is_tried_again)
{
    static struct device d;

    for (uint32_t k = 1; k < 80; k++) {
        bool more;
        uint32_t ref;

        open_device(&d, (struct leat_blkback_config){0});
        run(&d);
        offer(&d, 0, NULL);
        set(&d, "state", "3");
        d.t.fail_with = LEAT_E_GONE;
        d.t.fail_in = k;
        for (int i = 0; i < 20; i++) {
            (void)leat_bus_poll(&d.bus, 8, &more);
            (void)leat_blkback_poll(d.b, 8, &more);
        }
        d.t.fail_in = 0;
        SAYS(&d, "state", "4");
        run(&d);
        ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
        cr_assert_eq(ask(&d, BLKIF_READ, 0, ref), BLKIF_OKAY);
        close_device(&d);
    }
}

Test(blkback_device, create_refuses_what_is_none)
{
    static struct device d;
    struct leat_blkback_config c;
    struct leat_blkback *b = (void *)1;
    size_t need = 7;

    open_device(&d, (struct leat_blkback_config){0});
    c = d.w.config;
#define REFUSED(err, field, value)               \
    do {                                         \
        c = d.w.config;                          \
        c.field = value;                         \
        FAILS(err, leat_blkback_create(&b, &c)); \
    } while (0)
    FAILS(LEAT_E_INVALID, leat_blkback_create(NULL, &c));
    FAILS(LEAT_E_INVALID, leat_blkback_create(&b, NULL));
    REFUSED(LEAT_E_INVALID, bus, NULL);
    REFUSED(LEAT_E_INVALID, path, NULL);
    REFUSED(LEAT_E_INVALID, grants, NULL);
    REFUSED(LEAT_E_INVALID, disk.ops, NULL);
    REFUSED(LEAT_E_INVALID, meta, NULL);
    REFUSED(LEAT_E_INVALID, flags, 1u << 20);
    REFUSED(LEAT_E_INVALID, queues, LEAT_BLKBACK_QUEUES + 1);
    REFUSED(LEAT_E_INVALID, ring_order, 6);
    REFUSED(LEAT_E_INVALID, segments, 4097);
    REFUSED(LEAT_E_INVALID, segments, 10);
    REFUSED(LEAT_E_INVALID, depth, 1025);
    REFUSED(LEAT_E_INVALID, persistent, 65537);
    REFUSED(LEAT_E_NOMEM, meta_bytes, d.w.config.meta_bytes - 1);
    c = d.w.config;
    FAILS(LEAT_E_INVALID, leat_blkback_meta_size(NULL, &need));
    FAILS(LEAT_E_INVALID, leat_blkback_meta_size(&c, NULL));
    cr_assert_eq(b, (void *)1);
    FAILS(LEAT_E_INVALID, leat_blkback_destroy(NULL));
    FAILS(LEAT_E_INVALID, leat_blkback_poll(d.b, 0, &(bool){0}));
    FAILS(LEAT_E_INVALID, leat_blkback_close(NULL, true));
    FAILS(LEAT_E_INVALID, leat_blkback_look(NULL, NULL));
    cr_assert_null(leat_blkback_copies(NULL));
    close_device(&d);
}
