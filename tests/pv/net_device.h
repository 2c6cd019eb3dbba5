/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_NET_DEVICE_H
#define LEAT_TESTS_PV_NET_DEVICE_H

/*
 * A netfront over a bus, beside a back that is the test: it writes keys and states
 * into the store as it likes, and has the rings of net_world.h.
 */

#include "events.h"
#include "net_world.h"

#define FRONT "/local/domain/1/device/vif/0"
#define BACK  "/local/domain/2/backend/vif/1/0"

struct device {
    struct net_world w; /* its rings, and what it is told */
    struct table t;
    struct leat_bus bus;
    struct leat_lifecycle life;
    uint32_t events[8];
};

static struct device d;

static inline void event(void *arg, struct leat_netfront *f,
                         enum leat_netfront_event what)
{
    (void)arg, (void)f;
    d.events[what]++;
}

static const struct leat_bus_device the_device = {
    .type = "vif",
    .front = 1,
    .back = 2,
    .front_keys = (const struct leat_bus_key[]){{"mac", "00:16:3e:0A:bc:fF"}},
    .front_n = 1,
};

static inline void back(const char *key, const char *value)
{
    char path[300];

    snprintf(path, sizeof(path), BACK "/%s", key);
    if (value)
        table_set(&d.t, path, value);
    else
        table_drop(&d.t, path);
}

static inline const char *says(const char *key)
{
    char path[300];

    snprintf(path, sizeof(path), FRONT "/%s", key);
    return table_get(&d.t, path);
}

static inline void says_that(const char *key, const char *value)
{
    const char *is = says(key);

    cr_assert(value ? is && !strcmp(is, value) : !is, "%s is %s, not %s", key,
              is ? is : "none", value ? value : "none");
}

static inline uint32_t number(const char *key)
{
    const char *text = says(key);

    cr_assert_not_null(text, "%s", key);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* Bus and device, until there is nothing to do. */
static inline void run(void)
{
    bool more = true, more2 = true;

    for (int i = 0; i < 300 && (more || more2); i++) {
        MUST(leat_bus_poll(&d.bus, 8, &more));
        MUST(leat_netfront_poll(d.w.f, 8, &more2));
        net_sound(&d.w);
    }
    cr_assert(!more && !more2);
}

static inline int create(struct leat_netfront_config c)
{
    int err;

    c.bus = &d.bus;
    c.path = FRONT;
    c.grants = d.w.g.a->table;
    c.pool = c.pool ? c.pool : d.w.g.a->pool;
    c.to = d.w.to.pool;
    c.receive = net_receive;
    c.room = net_room;
    c.event = event;
    c.arg = &d.w;
    c.tx_pages = c.tx_pages ? c.tx_pages : 64;
    c.rx_pages = c.rx_pages ? c.rx_pages : 64;
    MUST(leat_netfront_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    d.w.config = c;
    err = leat_netfront_create(&d.w.f, &c);
    if (err)
        free(c.meta);
    return err;
}

static inline void open_world(const struct leat_bus_device *device)
{
    struct leat_bus_config bus = {.fd = -1};
    struct leat_store toolstack;

    memset(&d, 0, sizeof(d));
    table_open(&d.t);
    toolstack = table_store(&d.t, 0);
    MUST(leat_bus_device_make(&toolstack, device));
    plain_world_open(&d.w.g.world);
    d.w.g.a = &d.w.g.world.domain[0];
    d.w.g.b = &d.w.g.world.domain[1];
    plain_open(d.w.g.a, (struct leat_grants_config){.lifecycle = NULL},
               (struct leat_pool_config){.peer = 2 + 1});
    plain_open(d.w.g.b, (struct leat_grants_config){0},
               (struct leat_pool_config){0});
    open_spare(&d.w.to, d.w.g.a, 0, (struct leat_pool_config){0});
    MUST(leat_lifecycle_init(&d.life));
    bus.store = table_store(&d.t, 1);
    bus.events = table_events(&d.t, 1);
    bus.lifecycle = &d.life;
    MUST(leat_bus_init(&d.bus, &bus));
}

static inline void close_world(void)
{
    MUST(leat_bus_fini(&d.bus));
    assert_idle(d.w.g.a);
    cr_assert_eq(stats_of(d.w.to.pool).pages_out, 0);
    close_spare(&d.w.to);
    close_grants(&d.w.g);
    for (uint32_t i = 1; i < TABLE_PORTS; i++)
        cr_assert(!d.t.port[i].open || d.t.port[i].owner != 1);
}

/* Creates it, beside a back that offers what a test has set by then. */
static inline void open_device(struct leat_netfront_config c)
{
    back("feature-rx-copy", "1");
    MUST(create(c));
    run();
    says_that("state", "1"); /* it waits for the back */
    back("state", "2");
    run();
}

static inline void attach(uint32_t queue)
{
    struct nf_queue *q = &d.w.f->queues[queue];

    net_attach(&d.w.tx[queue], &q->shown[NF_TX], 12, 0);
    net_attach(&d.w.rx[queue], &q->shown[NF_RX], 8, 0);
}

static inline void connect(void)
{
    says_that("state", "4");
    cr_assert_not(leat_netfront_connected(d.w.f));
    back("state", "4");
    run();
    cr_assert(leat_netfront_connected(d.w.f));
    attach(0);
}

static inline void close_device(void)
{
    if (!d.w.f->closed) {
        MUST(leat_netfront_close(d.w.f, true));
        run();
    }
    says_that("state", "6");
    cr_assert_eq(d.events[LEAT_NETFRONT_CLOSED], 1);
    MUST(leat_netfront_destroy(d.w.f));
    free(d.w.config.meta);
    close_world();
}

static inline void frames_pass(void)
{
    static struct net_taken t;
    static unsigned char frame[1000];
    struct net_writer wr = {.seed = 3};
    uint32_t before = d.w.frames;

    MUST(net_send(&d.w, 0, 1000, &wr));
    run();
    cr_assert(net_take_frame(&d.w, 0, &t));
    cr_assert(net_is(t.bytes, 1000, 3));
    net_answer_frame(&d.w, 0, &t, NETIF_RSP_OKAY);
    net_pattern(frame, sizeof(frame), 8);
    net_frame(&d.w, 0, frame, sizeof(frame), 4096, 0);
    run();
    cr_assert_eq(d.w.frames, before + 1);
    cr_assert(net_is(d.w.bytes, 1000, 8));
}

static inline struct leat_netfront_info info(void)
{
    struct leat_netfront_info i;

    MUST(leat_netfront_info(d.w.f, &i));
    return i;
}

#endif
