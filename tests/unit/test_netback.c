/* SPDX-License-Identifier: ISC */

/*
 * netback against netfront, and a port that the test plays: frames of all sizes,
 * each way; each feature, on and off. test_netback_offload.c has what is left open
 * in a frame, test_netback_life.c guests that take nothing, and deaths.
 */

#include "pv/net_pair.h"

static struct net_pair P;
static unsigned char bytes[65536];

static const struct leat_netfront_config all_front = {.offload =
                                                          LEAT_NET_OFFLOAD_ALL};

static const size_t sizes[] = {14,   60,   64,   1500, 1514,  2048,  2049,
                               4095, 4096, 4097, 9000, 16384, 65000, 65535};

/* One frame each way, of each size. */
static void all_sizes(struct leat_netfront_config front,
                      struct leat_netback_config back, size_t most)
{
    struct pair_frame f;

    pair_open(&P, front, back);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const size_t len = sizes[i];

        if (len > most) {
            FAILS(LEAT_E_LENGTH, pair_transmit(&P, 0, bytes, len, NULL));
            continue;
        }
        pair_fill(bytes, len, (uint32_t)i);
        MUST(pair_transmit(&P, 0, bytes, len, NULL));
        MUST(leat_netfront_push(P.f));
        pair_run(&P);
        cr_assert_eq(P.sent.n, 1, "%zu", len);
        f = line_take(&P.sent);
        cr_assert(pair_is(&f, len, (uint32_t)i), "%zu", len);
        free(f.bytes);

        pair_fill(pair_give(&P, len)->bytes, len, 100 + (uint32_t)i);
        pair_run(&P);
        cr_assert_eq(P.received.n, 1, "%zu", len);
        f = line_take(&P.received);
        cr_assert(pair_is(&f, len, 100 + (uint32_t)i), "%zu", len);
        free(f.bytes);
    }
    cr_assert_eq(pair_back_stats(&P).tx_refused, 0);
    cr_assert_eq(pair_front_stats(&P).tx_failed, 0);
    pair_close(&P);
}

Test(netback, copies)
{
    all_sizes((struct leat_netfront_config){.flags = LEAT_NETFRONT_NO_STATIC,
                                            .offload = LEAT_NET_OFFLOAD_ALL},
              (struct leat_netback_config){.mtu = 65000}, 65535);
}

Test(netback, maps)
{
    all_sizes(
        (struct leat_netfront_config){.flags = LEAT_NETFRONT_NO_STATIC,
                                      .offload = LEAT_NET_OFFLOAD_ALL},
        (struct leat_netback_config){.way = LEAT_NETBACK_MAP, .mtu = 65000},
        65535);
}

Test(netback, pages_mapped_for_good)
{
    all_sizes(all_front, (struct leat_netback_config){.mtu = 65000}, 65535);
}

Test(netback, revoked_at_the_front)
{
    all_sizes((struct leat_netfront_config){.mode = LEAT_RECEIVE_REVOKE,
                                            .offload = LEAT_NET_OFFLOAD_ALL},
              (struct leat_netback_config){.mtu = 65000}, 65535);
}

Test(netback, shared_with_the_front)
{
    all_sizes((struct leat_netfront_config){.mode = LEAT_RECEIVE_SHARED,
                                            .trusted = true,
                                            .offload = LEAT_NET_OFFLOAD_ALL},
              (struct leat_netback_config){.mtu = 65000}, 65535);
}

Test(netback, half_pages)
{
    all_sizes((struct leat_netfront_config){.flags = LEAT_NETFRONT_HALVES,
                                            .offload = LEAT_NET_OFFLOAD_ALL},
              (struct leat_netback_config){.mtu = 65000}, 18 * 2048);
}

Test(netback, without_sg)
{
    pair_open(&P, all_front,
              (struct leat_netback_config){.without = LEAT_NETBACK_NO_SG});
    pair_fill(bytes, 4096, 1);
    MUST(pair_transmit(&P, 0, bytes, 4096, NULL));
    FAILS(LEAT_E_LENGTH, pair_transmit(&P, 0, bytes, 4097, NULL));
    pair_fill(pair_give(&P, 4097)->bytes, 4097, 2);
    pair_fill(pair_give(&P, 4096)->bytes, 4096, 3);
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_eq(P.sent.n, 1);
    cr_assert_eq(P.received.n, 1);
    cr_assert(pair_is(&P.received.frame[0], 4096, 3));
    cr_assert_eq(pair_back_stats(&P).rx_lost, 1);
    pair_close(&P);
}

/* In steady state no grant operation a frame, and one copy a frame at the front. */
static void steady(enum leat_receive_mode mode, uint64_t copied_a_frame)
{
    struct leat_netfront_config front = {
        .mode = mode, .trusted = true, .offload = LEAT_NET_OFFLOAD_ALL};
    struct leat_netback_stats b;
    struct leat_netfront_stats f;
    struct leat_grants_stats g;

    pair_open(&P, front, (struct leat_netback_config){0});
    cr_assert_gt(pair_back_stats(&P).statics, 0);
    for (uint32_t k = 0; k < 2; k++) {
        b = pair_back_stats(&P);
        f = pair_front_stats(&P);
        g = grants_stats(P.w.g.a->table);
        for (uint32_t i = 0; i < 100; i++) {
            pair_fill(bytes, 1500, i);
            MUST(pair_transmit(&P, 0, bytes, 1500, NULL));
            pair_fill(pair_give(&P, 1500)->bytes, 1500, i);
            pair_run(&P);
            line_drop(&P.sent);
            line_drop(&P.received);
        }
    }
    cr_assert_eq(pair_back_stats(&P).maps, b.maps);
    cr_assert_eq(pair_back_stats(&P).unmaps, b.unmaps);
    cr_assert_eq(pair_back_stats(&P).copies, b.copies);
    cr_assert_eq(pair_back_stats(&P).tx_static - b.tx_static, 100);
    cr_assert_eq(pair_back_stats(&P).rx_static - b.rx_static, 100);
    cr_assert_eq(grants_stats(P.w.g.a->table).grants, g.grants);
    cr_assert_eq(grants_stats(P.w.g.a->table).ends, g.ends);
    cr_assert_eq(pair_front_stats(&P).copied_bytes - f.copied_bytes,
                 copied_a_frame * 100 * 1500);
    pair_close(&P);
}

Test(netback, steady_copy)
{
    steady(LEAT_RECEIVE_COPY, 1);
}

Test(netback, steady_shared)
{
    steady(LEAT_RECEIVE_SHARED, 0);
}

/* ----------------------------------------------------------------- many, queues */

static void many(struct leat_netfront_config front,
                 struct leat_netback_config back, uint32_t queues)
{
    static uint32_t sent[4];

    memset(sent, 0, sizeof(sent));
    pair_open(&P, front, back);
    for (uint32_t k = 0; k < 10; k++) {
        for (uint32_t i = 0; i < 20; i++) {
            const size_t len = 60 + (k * 20 + i) * 37 % 1400;

            pair_fill(bytes, len, k * 20 + i);
            MUST(pair_transmit(&P, i % queues, bytes, len, NULL));
            pair_fill(pair_give(&P, len)->bytes, len, 1000 + k * 20 + i);
        }
        MUST(leat_netfront_push(P.f));
        pair_run(&P);
        cr_assert_eq(P.sent.n, 20);
        cr_assert_eq(P.received.n, 20);
        line_drop(&P.sent);
        line_drop(&P.received);
    }
    cr_assert_eq(pair_back_stats(&P).tx_frames, 200);
    cr_assert_eq(pair_back_stats(&P).rx_frames, 200);
    cr_assert_eq(pair_back_stats(&P).queues, queues);
    pair_close(&P);
}

Test(netback, many)
{
    many(all_front, (struct leat_netback_config){0}, 1);
}

Test(netback, many_queues)
{
    many((struct leat_netfront_config){.queues = 3},
         (struct leat_netback_config){.queues_max = 4}, 3);
}

Test(netback, one_channel)
{
    many((struct leat_netfront_config){.flags = LEAT_NETFRONT_NO_SPLIT},
         (struct leat_netback_config){0}, 1);
    many((struct leat_netfront_config){0},
         (struct leat_netback_config){.without = LEAT_NETBACK_NO_SPLIT}, 1);
}

Test(netback, keys)
{
    static const char *const no[] = {
        "feature-sg",        "feature-gso-tcpv4",
        "feature-gso-tcpv6", "feature-ipv6-csum-offload",
        "feature-ctrl-ring", "feature-split-event-channels",
    };
    char path[200];

    pair_open(&P, all_front,
              (struct leat_netback_config){
                  .without = LEAT_NETBACK_NO_SG | LEAT_NETBACK_NO_CSUM6 |
                             LEAT_NETBACK_NO_CTRL | LEAT_NETBACK_NO_SPLIT |
                             LEAT_NETBACK_NO_MULTICAST,
                  .mtu = 9000,
                  .queues_max = 3});
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        snprintf(path, sizeof(path), PAIR_BACK "/%s", no[i]);
        cr_assert_str_eq(table_get(&P.w.t, path), "0", "%s", no[i]);
    }
    cr_assert_str_eq(table_get(&P.w.t, PAIR_BACK "/feature-rx-copy"), "1");
    cr_assert_str_eq(table_get(&P.w.t, PAIR_BACK "/mtu"), "9000");
    cr_assert_str_eq(table_get(&P.w.t, PAIR_BACK "/multi-queue-max-queues"),
                     "3");
    cr_assert_str_eq(table_get(&P.w.t, PAIR_BACK "/carrier"), "1");
    P.down = true;
    pair_fill(bytes, 100, 1);
    MUST(pair_transmit(&P, 0, bytes, 100, NULL));
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_str_eq(table_get(&P.w.t, PAIR_BACK "/carrier"), "0");
    cr_assert_gt(P.front_events[LEAT_NETFRONT_LINK], 0);
    pair_close(&P);
}

Test(netback, configs)
{
    struct leat_netback_config c = {.queues_max = LEAT_NETBACK_QUEUES + 1};
    size_t n;

    FAILS(LEAT_E_INVALID, leat_netback_meta_size(NULL, &n));
    FAILS(LEAT_E_INVALID, leat_netback_meta_size(&c, &n));
    c = (struct leat_netback_config){.without = 1u << 30};
    FAILS(LEAT_E_INVALID, leat_netback_meta_size(&c, &n));
    c = (struct leat_netback_config){.mtu = 20};
    FAILS(LEAT_E_INVALID, leat_netback_meta_size(&c, &n));
    c = (struct leat_netback_config){.slots_fatal = 17};
    FAILS(LEAT_E_INVALID, leat_netback_meta_size(&c, &n));
    memset(&P, 0, sizeof(P));
    pair_worlds(&P);
    c = (struct leat_netback_config){.bus = &P.w.back_bus,
                                     .path = PAIR_BACK,
                                     .grants = P.w.g.b->table,
                                     .port = {&P.ops, &P}};
    MUST(leat_netback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    c.meta_bytes--;
    FAILS(LEAT_E_NOMEM, leat_netback_create(&P.b, &c));
    c.meta_bytes++;
    c.port.ops = NULL;
    FAILS(LEAT_E_INVALID, leat_netback_create(&P.b, &c));
    c.port.ops = &P.ops;
    c.path = "/local/domain/2/backend/vif/1/9";
    FAILS(LEAT_E_REFERENCE, leat_netback_create(&P.b, &c));
    cr_assert_null(P.b);
    free(c.meta);
}
