/* SPDX-License-Identifier: ISC */

/*
 * netfront over a bus: what it writes into the store, and what it reads there: of
 * a back that offers little, all, or what cannot be.
 */

#include "pv/net_device.h"

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
