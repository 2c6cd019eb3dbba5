/* SPDX-License-Identifier: ISC */

/*
 * netback against netfront: frames that leave a checksum, or the cutting into
 * segments, to who gets them; and who gets them takes that, or nothing.
 */

#include "pv/frames.h"
#include "pv/net_pair.h"

static struct net_pair P;
static struct made_frame M;
static unsigned char bytes[65536];

static const struct leat_netfront_config all_front = {.offload =
                                                          LEAT_NET_OFFLOAD_ALL};

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

/* The one frame of a line is that which was made, to be cut as (meta) says; what else
 * is said of it. */
static struct leat_net_meta made_one(struct pair_line *l,
                                     const struct leat_net_meta *meta)
{
    struct pair_frame f;

    cr_assert_eq(l->n, 1);
    f = line_take(l);
    cr_assert_eq(f.len, M.len);
    cr_assert_arr_eq(f.bytes, M.bytes, M.len);
    cr_assert_eq(f.meta.gso, meta->gso);
    cr_assert_eq(f.meta.gso_size, 1448);
    free(f.bytes);
    return f.meta;
}

/* A long segment goes through as it is, both ways, where both sides take it. */
static void whole_segments(bool v6, uint32_t flags)
{
    struct leat_netfront_config front = {.flags = flags,
                                         .offload = LEAT_NET_OFFLOAD_ALL};
    struct leat_net_meta meta = gso_of(v6), came;
    struct pair_frame *to;

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
    came = made_one(&P.sent, &meta);
    cr_assert(came.flags & LEAT_NET_CSUM_BLANK);
    cr_assert_eq(came.csum_start, M.l4);
    (void)made_one(&P.received, &meta);
    cr_assert_eq(pair_back_stats(&P).tx_gso, 1);
    cr_assert_eq(pair_back_stats(&P).rx_gso, 1);
    cr_assert_eq(pair_back_stats(&P).finished, 0);
    pair_close(&P);
}

Test(netback_offload, gso_4)
{
    whole_segments(false, 0);
}

Test(netback_offload, gso_6)
{
    whole_segments(true, 0);
}

Test(netback_offload, gso_without_static_pages)
{
    whole_segments(false, LEAT_NETFRONT_NO_STATIC);
}

Test(netback_offload, gso_by_prefix)
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

Test(netback_offload, finished_4)
{
    finished(false);
}

Test(netback_offload, finished_6)
{
    finished(true);
}

/* Headers that contradict what the guest says: that frame is refused, alone. */
Test(netback_offload, headers_that_lie)
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
