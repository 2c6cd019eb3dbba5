/* SPDX-License-Identifier: ISC */

/*
 * netback against netfront: a guest that chooses, one that takes nothing; a port
 * that delivers, or ends; a back that goes and returns, a guest that is suspended.
 */

#include "pv/net_pair.h"

static struct net_pair P;
static unsigned char bytes[65536];

static const struct leat_netfront_config all_front = {.offload =
                                                          LEAT_NET_OFFLOAD_ALL};

/* ------------------------------------------------------------- a guest's ways */

Test(netback_life, multicast)
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
Test(netback_life, a_stalled_guest)
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
Test(netback_life, ports)
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

Test(netback_life, a_back_that_goes_and_returns)
{
    back_returns(true);
}

Test(netback_life, a_back_that_closes_and_returns)
{
    back_returns(false);
}

Test(netback_life, suspended_and_resumed)
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
