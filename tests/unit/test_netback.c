/* SPDX-License-Identifier: ISC */

/*
 * netback against netfront, and a port that the test plays: frames of all sizes,
 * each way; each feature, on and off; a guest that takes nothing; deaths.
 */

#include "pv/frames.h"
#include "pv/net_pair.h"

static struct net_pair P;
static struct made_frame M;
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

/* ------------------------------------------------------------ what is left open */

static void make_tcp(size_t payload, bool v6, bool blank)
{
    frame_make(&M, (struct frame_of){.v6 = v6,
                                     .protocol = F_TCP,
                                     .payload = payload,
                                     .blank = blank,
                                     .tcp_flags = 0x10});
}

static struct leat_net_meta gso_of(bool v6)
{
    return (struct leat_net_meta){.flags = LEAT_NET_CSUM_BLANK,
                                  .gso = v6 ? LEAT_NET_GSO_TCPV6
                                            : LEAT_NET_GSO_TCPV4,
                                  .gso_size = 1448};
}

/* A long segment goes through as it is, both ways, where both sides take it. */
static void whole_segments(bool v6, uint32_t flags)
{
    struct leat_netfront_config front = {.flags = flags,
                                         .offload = LEAT_NET_OFFLOAD_ALL};
    struct leat_net_meta meta = gso_of(v6);
    struct pair_frame *to, f;

    pair_open(&P, front, (struct leat_netback_config){0});
    cr_assert_eq(P.offloads, LEAT_NET_OFFLOAD_ALL);
    make_tcp(60000, v6, true);
    MUST(pair_transmit(&P, 0, M.bytes, M.len, &meta));
    to = pair_give(&P, M.len);
    memcpy(to->bytes, M.bytes, M.len);
    to->meta = meta;
    to->meta.csum_start = (uint16_t)M.l4;
    to->meta.csum_offset = 16;
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_eq(P.sent.n, 1);
    f = line_take(&P.sent);
    cr_assert_eq(f.len, M.len);
    cr_assert_arr_eq(f.bytes, M.bytes, M.len);
    cr_assert_eq(f.meta.gso, meta.gso);
    cr_assert_eq(f.meta.gso_size, 1448);
    cr_assert(f.meta.flags & LEAT_NET_CSUM_BLANK);
    cr_assert_eq(f.meta.csum_start, M.l4);
    free(f.bytes);
    cr_assert_eq(P.received.n, 1);
    f = line_take(&P.received);
    cr_assert_eq(f.len, M.len);
    cr_assert_arr_eq(f.bytes, M.bytes, M.len);
    cr_assert_eq(f.meta.gso, meta.gso);
    cr_assert_eq(f.meta.gso_size, 1448);
    free(f.bytes);
    cr_assert_eq(pair_back_stats(&P).tx_gso, 1);
    cr_assert_eq(pair_back_stats(&P).rx_gso, 1);
    cr_assert_eq(pair_back_stats(&P).finished, 0);
    pair_close(&P);
}

Test(netback, gso_4)
{
    whole_segments(false, 0);
}

Test(netback, gso_6)
{
    whole_segments(true, 0);
}

Test(netback, gso_without_static_pages)
{
    whole_segments(false, LEAT_NETFRONT_NO_STATIC);
}

Test(netback, gso_by_prefix)
{
    whole_segments(false, LEAT_NETFRONT_PREFIX);
}

/* All of a line is right, and together it is what was sent. */
static void pieces(struct pair_line *l, bool v6, size_t payload)
{
    size_t at = 0;

    cr_assert_geq(l->n, payload / 1448);
    while (l->n) {
        struct pair_frame f = line_take(l);

        cr_assert_eq(f.meta.gso, LEAT_NET_GSO_NONE);
        cr_assert_not(f.meta.flags & LEAT_NET_CSUM_BLANK);
        cr_assert_leq(f.len, M.end + 1448);
        cr_assert(frame_right(f.bytes, f.len, M.l3, M.l4, v6, F_TCP));
        cr_assert_arr_eq(f.bytes + M.end, M.bytes + M.end + at, f.len - M.end);
        at += f.len - M.end;
        free(f.bytes);
    }
    cr_assert_eq(at, payload);
}

/* A guest that takes nothing gets pieces; a port that takes nothing, too. */
static void finished(bool v6)
{
    struct leat_net_meta meta = gso_of(v6);
    struct pair_frame *to;

    memset(&P, 0, sizeof(P));
    pair_worlds(&P);
    P.ops.offload = 0;
    P.ops.offloads = NULL;
    P.front = (struct leat_netfront_config){.tx_pages = 64, .rx_pages = 64};
    pair_open_back(&P);
    pair_open_front(&P);
    pair_run(&P);
    make_tcp(30000, v6, true);
    MUST(pair_transmit(&P, 0, M.bytes, M.len, &meta));
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    pieces(&P.sent, v6, 30000);
    to = pair_give(&P, M.len);
    memcpy(to->bytes, M.bytes, M.len);
    to->meta = meta;
    to->meta.csum_start = (uint16_t)M.l4;
    to->meta.csum_offset = 16;
    pair_run(&P);
    /* Longer than what this guest is to get at all: it is lost. */
    cr_assert_eq(P.received.n, 0);
    cr_assert_eq(pair_back_stats(&P).rx_lost, 1);
    make_tcp(1000, v6, true);
    to = pair_give(&P, M.len);
    memcpy(to->bytes, M.bytes, M.len);
    to->meta = (struct leat_net_meta){.flags = LEAT_NET_CSUM_BLANK,
                                      .csum_start = (uint16_t)M.l4,
                                      .csum_offset = 16};
    pair_run(&P);
    pieces(&P.received, v6, 1000);
    cr_assert_eq(pair_back_stats(&P).finished, 2);
    pair_close(&P);
}

Test(netback, finished_4)
{
    finished(false);
}

Test(netback, finished_6)
{
    finished(true);
}

/* Headers that contradict what the guest says: that frame is refused, alone. */
Test(netback, headers_that_lie)
{
    struct leat_net_meta meta = gso_of(true);

    pair_open(&P, all_front, (struct leat_netback_config){0});
    make_tcp(5000, false, true); /* it is IPv4 */
    MUST(pair_transmit(&P, 0, M.bytes, M.len, &meta));
    pair_fill(bytes, 100, 1);
    MUST(pair_transmit(&P, 0, bytes, 100, NULL));
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_eq(P.sent.n, 1);
    cr_assert(pair_is(&P.sent.frame[P.sent.from], 100, 1));
    cr_assert_eq(pair_back_stats(&P).tx_refused, 1);
    cr_assert_eq(pair_front_stats(&P).tx_failed, 1);
    cr_assert(leat_netback_connected(P.b));
    pair_close(&P);
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

/* ------------------------------------------------------------- a guest's ways */

Test(netback, multicast)
{
    static const uint8_t wanted[6] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t other[6] = {0x33, 0x33, 0, 0, 0, 2};
    struct leat_netfront_config front = {.flags = LEAT_NETFRONT_MULTICAST};
    uint32_t i;

    pair_open(&P, front, (struct leat_netback_config){.filter_max = 2});
    MUST(leat_netfront_multicast(P.f, wanted, true));
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert(P.filter.on);
    cr_assert_eq(P.filter.n, 1);
    for (i = 0; i < 4; i++) {
        struct pair_frame *f = pair_give(&P, 60);

        pair_fill(f->bytes, 60, i);
        if (i < 2)
            memcpy(f->bytes, i ? other : wanted, 6);
        if (i == 2)
            memset(f->bytes, 0xff, 6);
    }
    pair_run(&P);
    cr_assert_eq(P.received.n, 3);
    cr_assert_eq(pair_back_stats(&P).rx_filtered, 1);
    MUST(leat_netfront_filter(P.f, false));
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_not(P.filter.on);
    memcpy(pair_give(&P, 60)->bytes, other, 6);
    pair_run(&P);
    cr_assert_eq(P.received.n, 4);
    pair_close(&P);
}

/* A front that has all its pages out takes nothing: it stalls itself alone. */
Test(netback, a_stalled_guest)
{
    struct leat_netfront_config front = {.mode = LEAT_RECEIVE_SHARED,
                                         .trusted = true,
                                         .rx_pages = 32,
                                         .flags = LEAT_NETFRONT_NO_SG};
    struct pair_frame f;
    uint32_t i;

    pair_open(&P, front, (struct leat_netback_config){.stall_ns = 1000000});
    P.keep = true;
    for (i = 0; i < 60; i++)
        pair_fill(pair_give(&P, 60)->bytes, 60, i);
    pair_run(&P);
    cr_assert_eq(P.received.n, 32);
    cr_assert_eq(P.waiting.n, 28);
    cr_assert_not(leat_netback_room(P.b));
    cr_assert_neq(leat_netback_due_ns(P.b), UINT64_MAX);
    usleep(2000);
    /* What it sends still goes. */
    pair_fill(bytes, 100, 1);
    MUST(pair_transmit(&P, 0, bytes, 100, NULL));
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_eq(P.sent.n, 1);
    cr_assert_eq(pair_back_stats(&P).stalls, 1);
    cr_assert(leat_netback_room(P.b), "the port is to be emptied");
    pair_run(&P);
    cr_assert_eq(P.waiting.n, 0);
    cr_assert_eq(pair_back_stats(&P).rx_lost, 28);
    pair_put_kept(&P);
    line_drop(&P.received);
    pair_run(&P);
    pair_fill(pair_give(&P, 60)->bytes, 60, 7);
    pair_run(&P);
    cr_assert_eq(P.received.n, 1);
    f = line_take(&P.received);
    cr_assert(pair_is(&f, 60, 7));
    free(f.bytes);
    cr_assert_eq(pair_back_stats(&P).stalled, 0);
    pair_close(&P);
}

/* A port that delivers, and one that has come to its end. */
Test(netback, ports)
{
    struct leat_net_frame frame = {.len = 100};
    bool more;

    memset(&P, 0, sizeof(P));
    pair_worlds(&P);
    P.ops.receive = NULL;
    P.ops.attach = pair_attach;
    P.front = all_front;
    P.front.tx_pages = P.front.rx_pages = 64;
    pair_open_back(&P);
    pair_open_front(&P);
    pair_run(&P);
    pair_fill(bytes, 100, 5);
    frame.head = (struct leat_cview){bytes, 100};
    cr_assert_not_null(P.sink.deliver);
    MUST(P.sink.deliver(P.sink.arg, &frame));
    pair_run(&P);
    cr_assert_eq(P.received.n, 1);
    cr_assert(pair_is(&P.received.frame[0], 100, 5));
    frame.head.len = 101;
    FAILS(LEAT_E_LENGTH, P.sink.deliver(P.sink.arg, &frame));
    pair_close(&P);
    cr_assert_null(P.sink.deliver, "nobody is delivered to");

    pair_open(&P, all_front, (struct leat_netback_config){0});
    P.ended = true;
    MUST(leat_netback_poll(P.b, 64, &more));
    P.port_fails = LEAT_E_GONE;
    pair_fill(bytes, 100, 1);
    MUST(pair_transmit(&P, 0, bytes, 100, NULL));
    MUST(leat_netfront_push(P.f));
    FAILS(LEAT_E_GONE, leat_netback_poll(P.b, 64, &more));
    P.port_fails = LEAT_E_AGAIN;
    MUST(pair_transmit(&P, 0, bytes, 100, NULL));
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_eq(pair_back_stats(&P).tx_lost, 2);
    pair_close(&P);
}

/* -------------------------------------------------------------- deaths, resumes */

static void frames_pass(uint32_t seed)
{
    line_drop(&P.sent);
    line_drop(&P.received);
    pair_fill(bytes, 1000, seed);
    MUST(pair_transmit(&P, 0, bytes, 1000, NULL));
    pair_fill(pair_give(&P, 1000)->bytes, 1000, seed + 1);
    MUST(leat_netfront_push(P.f));
    pair_run(&P);
    cr_assert_eq(P.sent.n, 1);
    cr_assert(pair_is(&P.sent.frame[P.sent.from], 1000, seed));
    cr_assert_eq(P.received.n, 1);
    cr_assert(pair_is(&P.received.frame[P.received.from], 1000, seed + 1));
}

static void back_returns(bool now)
{
    pair_open(&P, all_front, (struct leat_netback_config){0});
    frames_pass(1);
    pair_close_back(&P, now);
    pair_run(&P);
    cr_assert_not(leat_netfront_connected(P.f));
    pair_open_back(&P);
    pair_run(&P);
    cr_assert(leat_netfront_connected(P.f));
    frames_pass(3);
    cr_assert_eq(pair_front_stats(&P).connects, 2);
    pair_close(&P);
}

Test(netback, a_back_that_goes_and_returns)
{
    back_returns(true);
}

Test(netback, a_back_that_closes_and_returns)
{
    back_returns(false);
}

Test(netback, suspended_and_resumed)
{
    pair_open(&P, all_front, (struct leat_netback_config){0});
    frames_pass(1);
    MUST(leat_netfront_pause(P.f));
    pair_run(&P);
    cr_assert_eq(P.front_events[LEAT_NETFRONT_PAUSED], 1);
    MUST(leat_lifecycle_suspend(&P.w.life, NULL));
    MUST(leat_lifecycle_resume(&P.w.life, LEAT_RESUMED));
    MUST(leat_netfront_resume(P.f));
    pair_run(&P);
    frames_pass(5);
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
