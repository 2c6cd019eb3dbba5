/* SPDX-License-Identifier: ISC */

/*
 * netfront over a bus: what it writes into the store, and a back that is the
 * test: it writes keys and states as it likes.
 */

#include "pv/events.h"
#include "pv/net_world.h"

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

static void event(void *arg, struct leat_netfront *f,
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

static void back(const char *key, const char *value)
{
    char path[300];

    snprintf(path, sizeof(path), BACK "/%s", key);
    if (value)
        table_set(&d.t, path, value);
    else
        table_drop(&d.t, path);
}

static const char *says(const char *key)
{
    char path[300];

    snprintf(path, sizeof(path), FRONT "/%s", key);
    return table_get(&d.t, path);
}

static void says_that(const char *key, const char *value)
{
    const char *is = says(key);

    cr_assert(value ? is && !strcmp(is, value) : !is, "%s is %s, not %s", key,
              is, value);
}

static uint32_t number(const char *key)
{
    const char *text = says(key);

    cr_assert_not_null(text, "%s", key);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* Bus and device, until there is nothing to do. */
static void run(void)
{
    bool more = true, more2 = true;

    for (int i = 0; i < 300 && (more || more2); i++) {
        MUST(leat_bus_poll(&d.bus, 8, &more));
        MUST(leat_netfront_poll(d.w.f, 8, &more2));
        net_sound(&d.w);
    }
    cr_assert(!more && !more2);
}

static int create(struct leat_netfront_config c)
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

static void open_world(const struct leat_bus_device *device)
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

static void close_world(void)
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
static void open_device(struct leat_netfront_config c)
{
    back("feature-rx-copy", "1");
    MUST(create(c));
    run();
    says_that("state", "1"); /* it waits for the back */
    back("state", "2");
    run();
}

static void attach(uint32_t queue)
{
    struct nf_queue *q = &d.w.f->queues[queue];

    net_attach(&d.w.tx[queue], &q->shown[NF_TX], 12, 0);
    net_attach(&d.w.rx[queue], &q->shown[NF_RX], 8, 0);
}

static void connect(void)
{
    says_that("state", "4");
    cr_assert_not(leat_netfront_connected(d.w.f));
    back("state", "4");
    run();
    cr_assert(leat_netfront_connected(d.w.f));
    attach(0);
}

static void close_device(void)
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

static void frames_pass(void)
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

static struct leat_netfront_info info(void)
{
    struct leat_netfront_info i;

    MUST(leat_netfront_info(d.w.f, &i));
    return i;
}

Test(netfront_device, the_least_that_a_back_offers)
{
    static const char *const no[] = {
        "feature-no-csum-offload",  "feature-ipv6-csum-offload",
        "feature-gso-tcpv4",        "feature-gso-tcpv6",
        "feature-gso-tcpv4-prefix", "feature-gso-tcpv6-prefix",
        "request-multicast-control"};
    struct leat_netfront_info i;

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    FAILS(LEAT_E_STATE, leat_netfront_info(d.w.f, &i));
    says_that("request-rx-copy", "1");
    says_that("feature-rx-notify", "1");
    says_that("feature-sg", "1");
    for (size_t k = 0; k < COUNT(no); k++)
        says_that(no[k], k ? "0" : "1"); /* we take no blank checksums */
    says_that("ctrl-ring-ref", NULL);
    says_that("event-channel-tx", NULL);
    cr_assert_eq(number("tx-ring-ref"), d.w.f->queues[0].shown[NF_TX].ref);
    cr_assert_eq(number("rx-ring-ref"), d.w.f->queues[0].shown[NF_RX].ref);
    cr_assert(d.t.port[number("event-channel")].open);
    cr_assert_eq(d.t.port[number("event-channel")].meant, 2);
    says_that("multi-queue-num-queues", "1");
    connect();
    i = info();
    cr_assert_eq(memcmp(i.mac, "\x00\x16\x3e\x0a\xbc\xff", 6), 0);
    cr_assert(i.has_mac && i.link && !i.sg && !i.split && !i.statics &&
              !i.multicast && !i.dynamic);
    cr_assert_eq(i.mtu, 1500);
    cr_assert_eq(i.queues, 1);
    cr_assert_eq(i.frame_max, 4096);
    cr_assert_eq(i.offload, LEAT_NET_OFFLOAD_CSUM4);
    frames_pass();
    close_device();
}

Test(netfront_device, all_that_a_back_offers)
{
    struct leat_netfront_info i;
    char key[64];

    open_world(&the_device);
    back("feature-sg", "1");
    back("feature-gso-tcpv4", "1");
    back("feature-gso-tcpv6", "1");
    back("feature-ipv6-csum-offload", "1");
    back("feature-split-event-channels", "1");
    back("feature-multicast-control", "1");
    back("feature-dynamic-multicast-control", "1");
    back("feature-ctrl-ring", "1");
    back("multi-queue-max-queues", "7");
    back("mtu", "9000");
    open_device((struct leat_netfront_config){
        .queues = 12,
        .tx_pages = 32,
        .rx_pages = 32,
        .offload = LEAT_NET_OFFLOAD_ALL,
        .flags = LEAT_NETFRONT_MULTICAST,
    });
    says_that("multi-queue-num-queues", "7");
    says_that("tx-ring-ref", NULL);
    for (uint32_t q = 0; q < 7; q++) {
        snprintf(key, sizeof(key), "queue-%u/rx-ring-ref", q);
        cr_assert_eq(number(key), d.w.f->queues[q].shown[NF_RX].ref);
        snprintf(key, sizeof(key), "queue-%u/event-channel", q);
        says_that(key, NULL);
        snprintf(key, sizeof(key), "queue-%u/event-channel-tx", q);
        cr_assert_eq(number(key),
                     leat_bus_port_number(&d.w.f->queues[q].port[0]));
        snprintf(key, sizeof(key), "queue-%u/event-channel-rx", q);
        cr_assert_eq(number(key),
                     leat_bus_port_number(&d.w.f->queues[q].port[1]));
    }
    says_that("queue-7/tx-ring-ref", NULL);
    says_that("feature-no-csum-offload", "0");
    says_that("feature-ipv6-csum-offload", "1");
    says_that("feature-gso-tcpv4", "1");
    says_that("feature-gso-tcpv6", "1");
    says_that("request-multicast-control", "1");
    cr_assert_eq(number("ctrl-ring-ref"), d.w.f->ctrl.shown.ref);
    cr_assert_eq(number("event-channel-ctrl"),
                 leat_bus_port_number(&d.w.f->ctrl.port));
    connect();
    i = info();
    cr_assert(i.sg && i.split && i.statics && i.multicast && i.dynamic);
    cr_assert_eq(i.queues, 7);
    cr_assert_eq(i.mtu, 9000);
    cr_assert_eq(i.frame_max, 65535);
    cr_assert_eq(i.offload, LEAT_NET_OFFLOAD_ALL);
    MUST(leat_netfront_filter(d.w.f, false));
    says_that("request-multicast-control", "0");
    cr_assert_not(info().multicast);
    frames_pass();
    close_device();
}

/* Each feature of ours off, though the back offers it. */
Test(netfront_device, features_that_are_not_wanted)
{
    open_world(&the_device);
    back("feature-sg", "1");
    back("feature-split-event-channels", "1");
    back("feature-ctrl-ring", "1");
    back("feature-multicast-control", "1");
    back("feature-no-csum-offload", "1");
    open_device((struct leat_netfront_config){
        .offload = LEAT_NET_OFFLOAD_GSO4 | LEAT_NET_OFFLOAD_GSO6,
        .flags = LEAT_NETFRONT_NO_SPLIT | LEAT_NETFRONT_NO_STATIC |
                 LEAT_NETFRONT_NO_SG | LEAT_NETFRONT_PREFIX});
    says_that("feature-sg", "0");
    says_that("feature-gso-tcpv4", "0");
    says_that("feature-gso-tcpv4-prefix", "1");
    says_that("feature-gso-tcpv6", "0");
    says_that("feature-gso-tcpv6-prefix", "1");
    says_that("ctrl-ring-ref", NULL);
    says_that("event-channel-rx", NULL);
    says_that("request-multicast-control", "0");
    connect();
    cr_assert_eq(info().offload, 0);
    cr_assert(info().sg);
    close_device();
}

static void reads_broken(const char *key, const char *value, const char *text)
{
    open_world(&the_device);
    back(key, value);
    if (strcmp(key, "feature-rx-copy"))
        back("feature-rx-copy", "1");
    MUST(create((struct leat_netfront_config){0}));
    back("state", "2");
    run();
    cr_assert_eq(d.events[LEAT_NETFRONT_BROKEN], 1, "%s", key);
    cr_assert_not_null(strstr(leat_netfront_text(d.w.f), text), "%s",
                       leat_netfront_text(d.w.f));
    says_that("tx-ring-ref", NULL);
    close_device();
}

Test(netfront_device, keys_that_cannot_be)
{
    reads_broken("feature-rx-copy", "0", "copy");
    reads_broken("feature-sg", "yes", "feature-sg");
    reads_broken("feature-sg", "-1", "feature-sg");
    reads_broken("multi-queue-max-queues", "0", "multi-queue-max-queues");
    reads_broken("multi-queue-max-queues", "99999999999",
                 "multi-queue-max-queues");
    reads_broken("mtu", "67", "mtu");
    reads_broken("mtu", "65536", "mtu");
    reads_broken("feature-gso-tcpv4", "1 ", "feature-gso-tcpv4");
    reads_broken("carrier", "up", "carrier");
}

Test(netfront_device, a_back_that_lies_breaks_it_and_it_comes_again)
{
    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    connect();
    frames_pass();
    MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
    run();
    net_answer(&d.w, 0, 0x1234, NETIF_RSP_OKAY);
    run();
    cr_assert_eq(d.events[LEAT_NETFRONT_BROKEN], 1);
    cr_assert_eq(d.events[LEAT_NETFRONT_DISCONNECTED], 0); /* it was told */
    cr_assert_not_null(
        strstr(leat_netfront_text(d.w.f), "an answer to nothing"), "%s",
        leat_netfront_text(d.w.f));
    cr_assert_not(leat_netfront_connected(d.w.f));
    FAILS(LEAT_E_STATE, net_send(&d.w, 0, 100, &(struct net_writer){0}));
    cr_assert_neq(number("state"), 4);
    back("state", "6");
    run();
    back("state", "1");
    run();
    back("state", "2");
    run();
    connect();
    cr_assert_str_eq(leat_netfront_text(d.w.f), "");
    frames_pass();
    close_device();
}

Test(netfront_device, the_back_dies_and_another_comes)
{
    static const char *const deaths[] = {"6", "5", NULL, "1", "2", "0"};

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    for (size_t i = 0; i < COUNT(deaths); i++) {
        connect();
        frames_pass();
        MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
        run();
        back("state", deaths[i]);
        run();
        cr_assert_eq(d.events[LEAT_NETFRONT_DISCONNECTED], i + 1);
        cr_assert_eq(net_stats(&d.w).tx_lost, i + 1);
        if (number("state") != 4)
            back("state", "6");
        run();
        back("state", "1");
        run();
        back("state", "2");
        run();
    }
    connect();
    frames_pass();
    cr_assert_eq(net_stats(&d.w).connects, COUNT(deaths) + 1);
    close_device();
}

/* A back that goes from any state to any, by chance, and dies in each. */
Test(netfront_device, a_back_that_walks_through_all_states)
{
    static const char *const states[] = {NULL, "0", "1", "2", "3",
                                         "4",  "5", "6", "7", "8"};
    uint32_t x = 1;

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    for (uint32_t walk = 0; walk < 100; walk++) {
        for (uint32_t i = 0; i < 8; i++) {
            x = x * 1664525 + 1013904223;
            back("state", states[(x >> 16) % COUNT(states)]);
            run();
            if (leat_netfront_connected(d.w.f))
                MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
            run();
            cr_assert_leq(number("state"), 6);
        }
        back("state", "6");
        run();
        back("state", "1");
        run();
        back("state", "2");
        run();
        connect();
        frames_pass();
    }
    close_device();
}

Test(netfront_device, it_closes_when_the_back_has_answered)
{
    static struct net_taken t;

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    connect();
    MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
    FAILS(LEAT_E_BUSY, leat_netfront_destroy(d.w.f));
    MUST(leat_netfront_close(d.w.f, false));
    FAILS(LEAT_E_CLOSED, net_send(&d.w, 0, 100, &(struct net_writer){0}));
    run();
    says_that("state", "4"); /* a frame is under way */
    cr_assert(net_take_frame(&d.w, 0, &t));
    net_answer_frame(&d.w, 0, &t, NETIF_RSP_OKAY);
    run();
    says_that("state", "5");
    cr_assert_eq(net_stats(&d.w).tx_okay, 1);
    back("state", "5");
    run();
    says_that("state", "6");
    back("state", "6");
    run();
    close_device();
}

Test(netfront_device, to_close_at_once_waits_for_nothing)
{
    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    connect();
    MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
    MUST(leat_netfront_close(d.w.f, true));
    says_that("state", "6");
    cr_assert_eq(net_stats(&d.w).tx_lost, 1);
    close_device();

    /* Before it was connected; and where its directory is gone. */
    open_world(&the_device);
    MUST(create((struct leat_netfront_config){0}));
    MUST(leat_netfront_close(d.w.f, false));
    run();
    close_device();
}

Test(netfront_device, pause_lets_go_of_all_and_resume_comes_again)
{
    struct leat_grants_stats s;

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    for (unsigned i = 0; i < 2; i++) {
        connect();
        frames_pass();
        FAILS(LEAT_E_STATE, leat_netfront_resume(d.w.f));
        MUST(leat_netfront_pause(d.w.f));
        FAILS(LEAT_E_STATE, leat_netfront_pause(d.w.f));
        FAILS(LEAT_E_STATE, net_send(&d.w, 0, 100, &(struct net_writer){0}));
        run();
        says_that("state", "5");
        cr_assert_eq(d.events[LEAT_NETFRONT_PAUSED], i);
        back("state", "5");
        run();
        back("state", "6");
        run();
        cr_assert_eq(d.events[LEAT_NETFRONT_PAUSED], i + 1);
        s = grants_stats(d.w.g.a->table);
        cr_assert_eq(s.quarantined, 0);
        MUST(leat_netfront_resume(d.w.f));
        run();
        says_that("state", "1");
        back("state", "2");
        run();
    }
    connect();
    frames_pass();
    close_device();
}

Test(netfront_device, the_link_goes_down_and_up)
{
    open_world(&the_device);
    back("carrier", "0");
    open_device((struct leat_netfront_config){0});
    connect();
    cr_assert_not(info().link);
    back("carrier", "1");
    run();
    cr_assert(info().link);
    cr_assert_eq(d.events[LEAT_NETFRONT_LINK], 1);
    back("carrier", "1");
    run();
    cr_assert_eq(d.events[LEAT_NETFRONT_LINK], 1);
    back("carrier", "x");
    run();
    cr_assert_eq(d.events[LEAT_NETFRONT_BROKEN], 1);
    close_device();
}

Test(netfront_device, who_is_not_trusted_gets_copies)
{
    const struct leat_netfront_config shared = {.mode = LEAT_RECEIVE_SHARED},
                                      trusts = {.mode = LEAT_RECEIVE_SHARED,
                                                .trusted = true};

    open_world(&the_device);
    FAILS(LEAT_E_PEER, create(shared));
    open_device(trusts);
    connect();
    cr_assert_eq(info().mode, LEAT_RECEIVE_SHARED);
    frames_pass();
    close_device();

    open_world(&the_device);
    table_set(&d.t, FRONT "/trusted", "0");
    open_device(trusts);
    connect();
    cr_assert_eq(info().mode, LEAT_RECEIVE_COPY);
    frames_pass();
    cr_assert_eq(net_stats(&d.w).copied_bytes, 1000);
    close_device();
}

Test(netfront_device, what_it_is_not_made_of)
{
    const struct leat_bus_device bad = {
        .type = "vif",
        .front = 1,
        .back = 2,
        .front_keys =
            (const struct leat_bus_key[]){{"mac", "00:16:3e:0a:bc:f"}},
        .front_n = 1,
    };
    struct leat_netfront_config c = {0};
    struct leat_netfront *out;
    size_t bytes;

    open_world(&bad);
    FAILS(LEAT_E_INVALID, create(c));
    close_world();

    open_world(&the_device);
    c.pool = d.w.to.pool; /* it serves no peer */
    FAILS(LEAT_E_PEER, create(c));
    c.pool = d.w.g.a->pool;
    c.grants = d.w.g.a->table;
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, &bytes)); /* no (to) */
    c.to = d.w.to.pool;
    MUST(leat_netfront_meta_size(&c, &bytes));
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, NULL));
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(NULL, &bytes));
    c.flags = 1u << 20;
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, &bytes));
    c.flags = 0;
    c.queues = 17;
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, &bytes));
    c.queues = 0;
    c.tx_pages = 31;
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, &bytes));
    c.tx_pages = 8193;
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, &bytes));
    c.tx_pages = 0;
    c.offload = 16;
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, &bytes));
    c.offload = 0;
    c.mode = (enum leat_receive_mode)3;
    FAILS(LEAT_E_INVALID, leat_netfront_meta_size(&c, &bytes));
    c.mode = LEAT_RECEIVE_COPY;
    c.bus = &d.bus;
    c.path = FRONT;
    c.meta = malloc(bytes);
    c.meta_bytes = bytes - 64;
    FAILS(LEAT_E_NOMEM, leat_netfront_create(&out, &c));
    c.meta_bytes = bytes;
    FAILS(LEAT_E_INVALID, leat_netfront_create(NULL, &c));
    c.path = "/local/domain/1/device/vif/9";
    FAILS(LEAT_E_REFERENCE, leat_netfront_create(&out, &c));
    free(c.meta);
    close_world();
}

/* The k-th operation of the store fails, for every k: it is tried again. */
Test(netfront_device, each_operation_of_the_store_fails_once)
{
    uint32_t tried = 0;

    for (uint32_t k = 1;; k++) {
        bool more, more2, failed = false;

        open_world(&the_device);
        back("feature-rx-copy", "1");
        back("feature-ctrl-ring", "1");
        MUST(create((struct leat_netfront_config){0}));
        back("state", "2");
        d.t.fail_in = k;
        d.t.fail_with = LEAT_E_NOMEM;
        for (int i = 0; i < 50; i++) {
            int err = leat_bus_poll(&d.bus, 8, &more);

            failed |= err != 0;
            err = leat_netfront_poll(d.w.f, 8, &more2);
            failed |= err != 0;
            net_sound(&d.w);
        }
        tried += failed;
        if (d.t.fail_in) {
            d.t.fail_in = 0;
            close_device();
            cr_assert_gt(k, 20);
            cr_assert_gt(tried, 20);
            return;
        }
        says_that("state", "4");
        close_device();
    }
}
