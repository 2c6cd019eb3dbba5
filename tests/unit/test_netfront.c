/* SPDX-License-Identifier: ISC */

/* What netfront sends by (fill), without a bus: a scripted back reads it. */

#include "pv/net_world.h"

static struct net_world w;
static struct net_taken taken;

Test(netfront, fill_sees_exactly_size_zeroed_bytes_and_the_back_reads_them)
{
    static const size_t sizes[] = {14,   60,   1500,  4095,  4096,
                                   4097, 8192, 32768, 65000, 65535};

    net_open(&w, (struct net_options){0});
    for (uint32_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < COUNT(sizes); i++) {
            struct net_writer wr = {.seed = round};
            uint32_t slots = (uint32_t)((sizes[i] + 4095) / 4096);

            MUST(net_send(&w, 0, sizes[i], &wr));
            cr_assert(wr.was_zero);
            cr_assert_eq(wr.given, sizes[i]);
            cr_assert_eq(wr.views, slots);
            cr_assert_not(net_take_frame(&w, 0, &taken)); /* not pushed yet */
            MUST(leat_netfront_push(w.f));
            cr_assert(net_take_frame(&w, 0, &taken));
            cr_assert_eq(taken.len, sizes[i]);
            cr_assert_eq(taken.n, slots);
            cr_assert_eq(taken.req[0].flags & ~NETTXF_MORE_DATA, 0);
            cr_assert(net_is(taken.bytes, sizes[i], round));
            net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
            cr_assert_null(net_run(&w));
        }
    }
    cr_assert_eq(net_stats(&w).tx_frames, 20 * COUNT(sizes));
    cr_assert_eq(net_stats(&w).tx_okay, 20 * COUNT(sizes));
    cr_assert_eq(net_stats(&w).tx_under_way, 0);
    /* Nothing but slots was copied; nothing was granted for a frame. */
    cr_assert_eq(leat_copies_bytes(leat_netfront_copies(w.f)), 0);
    cr_assert_eq(net_stats(&w).shares + net_stats(&w).revokes, 0);
    net_close(&w);
}

Test(netfront, more_than_size_is_an_error_and_gives_the_pages_back)
{
    struct net_writer wr = {.len = 1501};
    struct leat_netfront_fill fill = {
        .size = 1500, .fill = net_write, .arg = &wr};
    uint32_t free;

    net_open(&w, (struct net_options){0});
    free = nf_pages_free(&w.f->queues[0].pages[NF_TX]);
    FAILS(LEAT_E_RANGE, net_send(&w, 0, 1500, &wr));
    wr.len = SIZE_MAX;
    FAILS(LEAT_E_RANGE, net_send(&w, 0, 1500, &wr));
    wr.len = 13;
    FAILS(LEAT_E_LENGTH, net_send(&w, 0, 1500, &wr));
    wr.len = 20000;
    FAILS(LEAT_E_RANGE, net_send(&w, 0, 19999, &wr));
    wr = (struct net_writer){.err = LEAT_E_REFUSED};
    FAILS(LEAT_E_REFUSED, net_send(&w, 0, 1500, &wr));
    FAILS(LEAT_E_LENGTH, net_send(&w, 0, 13, &wr));
    FAILS(LEAT_E_LENGTH, net_send(&w, 0, 65536, &wr));
    FAILS(LEAT_E_LENGTH, net_send(&w, 0, SIZE_MAX, &wr));
    FAILS(LEAT_E_INVALID, net_send(&w, 1, 1500, &wr));
    fill.flags = 4;
    FAILS(LEAT_E_INVALID, leat_netfront_send(w.f, &fill));
    fill.flags = 0;
    fill.meta.flags = 4;
    FAILS(LEAT_E_INVALID, leat_netfront_send(w.f, &fill));
    fill.meta.flags = 0;
    fill.fill = NULL;
    FAILS(LEAT_E_INVALID, leat_netfront_send(w.f, &fill));
    FAILS(LEAT_E_INVALID, leat_netfront_send(NULL, &fill));
    FAILS(LEAT_E_INVALID, leat_netfront_send(w.f, NULL));
    MUST(leat_netfront_push(w.f));
    cr_assert_not(net_take_frame(&w, 0, &taken));
    cr_assert_eq(nf_pages_free(&w.f->queues[0].pages[NF_TX]), free);
    cr_assert_eq(net_stats(&w).tx_frames, 0);

    /* Less than (size): the rest is not sent, and its pages come back. */
    wr = (struct net_writer){.len = 4100};
    MUST(net_send(&w, 0, 60000, &wr));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert_eq(taken.n, 2);
    cr_assert_eq(taken.len, 4100);
    cr_assert(net_is(taken.bytes, 4100, 0));
    cr_assert_eq(nf_pages_free(&w.f->queues[0].pages[NF_TX]), free - 2);
    net_close(&w);
}

Test(netfront, dirty_pages_hold_what_this_back_was_sent)
{
    struct net_writer wr = {.seed = 1};
    struct leat_netfront_fill fill = {.size = 64,
                                      .flags = LEAT_NETFRONT_DIRTY,
                                      .fill = net_write,
                                      .arg = &wr};

    net_open(&w, (struct net_options){
                     .config = {.tx_pages = 32, .flags = LEAT_NETFRONT_HOT}});
    MUST(leat_netfront_send(w.f, &fill));
    cr_assert(wr.was_zero); /* the page is new */
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    cr_assert_null(net_run(&w));
    MUST(leat_netfront_send(w.f, &fill));
    cr_assert_not(wr.was_zero);
    net_close(&w);
}

/* Who learns only while it fills what the frame leaves open. */
static int write_and_tell(void *arg, const struct leat_view *views, size_t n,
                          size_t *len)
{
    struct leat_netfront_fill *fill = arg;
    struct net_writer wr = {.seed = 3, .len = 9000};

    fill->meta =
        (struct leat_net_meta){.gso = LEAT_NET_GSO_TCPV4, .gso_size = 1448};
    return net_write(&wr, views, n, len);
}

Test(netfront, fill_can_tell_what_is_left_to_the_back)
{
    struct leat_netfront_fill fill = {.size = 65535,
                                      .flags = LEAT_NETFRONT_META,
                                      .fill = write_and_tell,
                                      .arg = &fill};
    uint32_t free, room;

    net_open(&w, (struct net_options){.offload = LEAT_NET_OFFLOAD_ALL,
                                      .config = {.tx_pages = 300}});
    free = nf_pages_free(&w.f->queues[0].pages[NF_TX]);
    /* What it was before is not looked at. */
    fill.meta.gso = (enum leat_net_gso)3;
    MUST(leat_netfront_send(w.f, &fill));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert_eq(taken.len, 9000);
    cr_assert(net_is(taken.bytes, 9000, 3));
    cr_assert_eq(taken.extras, 1);
    cr_assert_eq(taken.extra.u.gso.size, 1448);
    cr_assert_eq(nf_pages_free(&w.f->queues[0].pages[NF_TX]), free - 3);
    net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    cr_assert_null(net_run(&w));

    /* There is room for an extra, or nothing is filled. */
    while ((room = leat_ring_room(&w.f->queues[0].tx)) >= 17)
        MUST(leat_netfront_send(w.f, &fill));
    FAILS(LEAT_E_AGAIN, leat_netfront_send(w.f, &fill));
    cr_assert_eq(leat_ring_room(&w.f->queues[0].tx), room);

    /* And it must be what was agreed on. */
    net_close(&w);
    net_open(&w, (struct net_options){.config = {.tx_pages = 300}});
    FAILS(LEAT_E_UNSUPPORTED, leat_netfront_send(w.f, &fill));
    cr_assert_eq(nf_pages_free(&w.f->queues[0].pages[NF_TX]), free);
    net_close(&w);
}

Test(netfront, what_is_left_to_the_back_is_told_and_was_agreed)
{
    struct net_writer wr = {0};
    struct leat_netfront_fill fill = {
        .size = 9000, .fill = net_write, .arg = &wr};
    static const struct {
        enum leat_net_gso gso;
        uint32_t need;
        uint8_t type;
    } kinds[] = {
        {LEAT_NET_GSO_TCPV4, LEAT_NET_OFFLOAD_GSO4, NETIF_GSO_TCPV4},
        {LEAT_NET_GSO_TCPV6, LEAT_NET_OFFLOAD_GSO6, NETIF_GSO_TCPV6},
    };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        net_open(&w, (struct net_options){.offload = LEAT_NET_OFFLOAD_ALL});
        fill.meta =
            (struct leat_net_meta){.gso = kinds[i].gso, .gso_size = 1448};
        MUST(leat_netfront_send(w.f, &fill));
        MUST(leat_netfront_push(w.f));
        cr_assert(net_take_frame(&w, 0, &taken));
        cr_assert_eq(taken.extras, 1);
        cr_assert_eq(taken.extra.type, NETIF_EXTRA_GSO);
        cr_assert_eq(taken.extra.u.gso.type, kinds[i].type);
        cr_assert_eq(taken.extra.u.gso.size, 1448);
        cr_assert_eq(taken.extra.u.gso.pad, 0);
        cr_assert_eq(taken.extra.u.gso.features, 0);
        cr_assert_eq(taken.req[0].flags,
                     NETTXF_CSUM_BLANK | NETTXF_DATA_VALIDATED |
                         NETTXF_EXTRA_INFO | NETTXF_MORE_DATA);
        net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
        cr_assert_null(net_run(&w));
        cr_assert_eq(net_stats(&w).tx_gso, 1);
        w.f->info.offload &= ~kinds[i].need;
        FAILS(LEAT_E_UNSUPPORTED, leat_netfront_send(w.f, &fill));
        fill.meta.gso_size = 0;
        FAILS(LEAT_E_INVALID, leat_netfront_send(w.f, &fill));
        fill.meta.gso = (enum leat_net_gso)3;
        FAILS(LEAT_E_INVALID, leat_netfront_send(w.f, &fill));
        net_close(&w);
    }

    net_open(&w, (struct net_options){.offload = LEAT_NET_OFFLOAD_ALL});
    fill.meta = (struct leat_net_meta){.flags = LEAT_NET_CSUM_VALID};
    MUST(leat_netfront_send(w.f, &fill));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert_eq(taken.req[0].flags, NETTXF_DATA_VALIDATED | NETTXF_MORE_DATA);
    w.f->info.offload = 0;
    fill.meta.flags = LEAT_NET_CSUM_BLANK;
    FAILS(LEAT_E_UNSUPPORTED, leat_netfront_send(w.f, &fill));
    net_close(&w);
}

/* An Ethernet header with (tags), and a type. */
static int write_ethernet(void *arg, const struct leat_view *views, size_t n,
                          size_t *len)
{
    const unsigned char *types = arg; /* pairs; the last is 0, 0 */
    size_t at = 12;

    (void)n, (void)len;
    for (; types[0]; types += 2, at += 4)
        memcpy(views[0].data + at, types, 2);
    return 0;
}

Test(netfront, a_back_that_takes_blank_checksums_of_one_kind_alone)
{
    static unsigned char v4[] = {8, 0, 0, 0}, v6[] = {0x86, 0xdd, 0, 0},
                         tag4[] = {0x81, 0, 8, 0, 0, 0},
                         tag6[] = {0x88, 0xa8, 0x81, 0, 0x86, 0xdd, 0, 0};
    static const struct {
        unsigned char *types;
        uint32_t needs;
    } cases[] = {
        {v4, LEAT_NET_OFFLOAD_CSUM4},
        {v6, LEAT_NET_OFFLOAD_CSUM6},
        {tag4, LEAT_NET_OFFLOAD_CSUM4},
        {tag6, LEAT_NET_OFFLOAD_CSUM6},
    };

    net_open(&w, (struct net_options){0});
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct leat_netfront_fill fill = {.size = 64,
                                          .fill = write_ethernet,
                                          .arg = cases[i].types,
                                          .meta.flags = LEAT_NET_CSUM_BLANK};

        w.f->info.offload = cases[i].needs;
        MUST(leat_netfront_send(w.f, &fill));
        w.f->info.offload =
            (LEAT_NET_OFFLOAD_CSUM4 | LEAT_NET_OFFLOAD_CSUM6) & ~cases[i].needs;
        FAILS(LEAT_E_UNSUPPORTED, leat_netfront_send(w.f, &fill));
    }
    net_close(&w);
}

Test(netfront, halves_are_two_frames_of_a_page)
{
    struct net_writer wr = {0};

    net_open(&w, (struct net_options){.config = {.flags = LEAT_NETFRONT_HALVES,
                                                 .tx_pages = 64}});
    cr_assert_eq(w.f->info.frame_max, 18 * 2048);
    for (int i = 0; i < 2; i++)
        MUST(net_send(&w, 0, 2048, &wr));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert_eq(taken.req[0].offset, 0);
    wr.seed = taken.req[0].gref;
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert_eq(taken.req[0].offset, 2048);
    cr_assert_eq(taken.req[0].gref, wr.seed); /* the same page */
    MUST(net_send(&w, 0, 2049, &wr));
    MUST(net_send(&w, 0, 18 * 2048, &wr));
    FAILS(LEAT_E_LENGTH, net_send(&w, 0, 18 * 2048 + 1, &wr));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert_eq(taken.n, 2);
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert_eq(taken.n, 18);
    cr_assert(net_is(taken.bytes, 18 * 2048, wr.seed));
    net_close(&w);
}

Test(netfront, without_sg_a_frame_is_of_one_page)
{
    struct net_writer wr = {0};

    net_open(&w, (struct net_options){.no_sg = true});
    MUST(net_send(&w, 0, 4096, &wr));
    FAILS(LEAT_E_LENGTH, net_send(&w, 0, 4097, &wr));
    net_close(&w);
}

Test(netfront, pages_are_used_in_turn_or_the_last_one_first)
{
    struct net_writer wr = {0};
    uint32_t ref[64], again = 0;

    for (int hot = 0; hot < 2; hot++) {
        net_open(&w, (struct net_options){
                         .config = {.tx_pages = 64,
                                    .flags = hot ? LEAT_NETFRONT_HOT : 0}});
        again = 0;
        for (uint32_t i = 0; i < 64; i++) {
            MUST(net_send(&w, 0, 60, &wr));
            MUST(leat_netfront_push(w.f));
            cr_assert(net_take_frame(&w, 0, &taken));
            ref[i] = taken.req[0].gref;
            for (uint32_t k = 0; k < i; k++)
                again += ref[k] == ref[i];
            net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
            cr_assert_null(net_run(&w));
        }
        cr_assert_eq(again, hot ? 64 * 63 / 2 : 0);
        net_close(&w);
    }
}

Test(netfront, a_back_that_answers_nothing_stalls_its_queue_alone)
{
    struct net_writer wr = {0};
    int err = 0;
    uint32_t n;

    net_open(&w,
             (struct net_options){.config = {.queues = 2, .tx_pages = 512}});
    for (n = 0; !err; n++)
        err = net_send(&w, 0, 60, &wr);
    cr_assert_eq(err, LEAT_E_AGAIN);
    cr_assert_eq(n - 1, NF_RING);
    cr_assert_null(net_run(&w));
    cr_assert_eq(w.rooms, 0);
    MUST(net_send(&w, 1, 60, &wr)); /* the other one goes on */
    cr_assert_null(net_run(&w));
    cr_assert(net_take_frame(&w, 0, &taken));
    net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    cr_assert_null(net_run(&w));
    cr_assert_eq(w.rooms, 1);
    MUST(net_send(&w, 0, 60, &wr));
    FAILS(LEAT_E_AGAIN, net_send(&w, 0, 60, &wr));
    net_disconnect(&w, LEAT_E_GONE);
    cr_assert_eq(net_stats(&w).tx_lost, NF_RING + 1);
    net_close(&w);
}

/* Who is told that there is no room is woken, though nobody asked before. */
Test(netfront, no_room_is_told_after_the_back_was_asked_to_wake)
{
    struct net_writer wr = {0};
    int err = 0;

    net_open(&w, (struct net_options){.config.tx_pages = 512});
    cr_assert_null(net_run(&w)); /* nothing is under way: not armed */
    cr_assert_null(net_run(&w));
    while (!err)
        err = net_send(&w, 0, 60, &wr);
    cr_assert_eq(err, LEAT_E_AGAIN);
    MUST(leat_netfront_push(w.f));
    cr_assert_eq(w.tx[0].words[N_RSP_EVENT], w.tx[0].rsp + 1);
    /* What was answered by then is taken by the send itself. */
    cr_assert(net_take_frame(&w, 0, &taken));
    net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    MUST(net_send(&w, 0, 60, &wr));
    FAILS(LEAT_E_AGAIN, net_send(&w, 0, 60, &wr));
    cr_assert_eq(w.tx[0].words[N_RSP_EVENT], w.tx[0].rsp + 1);
    cr_assert_eq(w.rooms, 0);
    cr_assert(net_take_frame(&w, 0, &taken));
    net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    cr_assert_null(net_run(&w));
    cr_assert_eq(w.rooms, 1);
    net_close(&w);
}

Test(netfront, a_frame_goes_as_a_whole_or_not_at_all)
{
    struct net_writer wr = {0};
    int err = 0;

    /* 256 slots: 15 frames of 17 slots, and one that does not fit. */
    net_open(&w, (struct net_options){.config.tx_pages = 512,
                                      .offload = LEAT_NET_OFFLOAD_ALL});
    while (!err)
        err = net_send(&w, 0, 65535, &wr);
    cr_assert_eq(err, LEAT_E_AGAIN);
    cr_assert_eq(net_stats(&w).tx_slots, 256); /* 16 pages each */
    while (net_take_frame(&w, 0, &taken))
        net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    cr_assert_null(net_run(&w));
    while (net_take_frame(&w, 0, &taken)) {
        cr_assert(net_is(taken.bytes, 65535, 0));
        net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    }
    cr_assert_null(net_run(&w));
    cr_assert_eq(net_stats(&w).tx_okay, 16);
    net_close(&w);
}

Test(netfront, indexes_go_on_across_2_to_the_32)
{
    struct net_writer wr = {0};
    unsigned char frame[1000];

    net_open(&w, (struct net_options){.start = UINT32_MAX - 300});
    for (uint32_t i = 0; i < 1000; i++) {
        wr.seed = i;
        MUST(net_send(&w, 0, 5000, &wr));
        cr_assert_null(net_run(&w));
        cr_assert(net_take_frame(&w, 0, &taken));
        cr_assert(net_is(taken.bytes, 5000, i));
        net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
        net_pattern(frame, sizeof(frame), i);
        net_frame(&w, 0, frame, sizeof(frame), 4096, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, i + 1);
        cr_assert(net_is(w.bytes, sizeof(frame), i));
    }
    cr_assert_eq(net_stats(&w).tx_okay, 1000);
    net_close(&w);
}

Test(netfront, what_the_back_could_not_send_is_counted)
{
    struct net_writer wr = {0};

    net_open(&w, (struct net_options){0});
    for (int i = 0; i < 3; i++)
        MUST(net_send(&w, 0, 5000, &wr));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    net_answer_frame(&w, 0, &taken, NETIF_RSP_ERROR);
    cr_assert(net_take_frame(&w, 0, &taken));
    net_answer_frame(&w, 0, &taken, NETIF_RSP_DROPPED);
    cr_assert_null(net_run(&w));
    cr_assert_eq(net_stats(&w).tx_failed, 2);
    cr_assert_eq(net_stats(&w).tx_under_way, 2);
    net_disconnect(&w, LEAT_E_GONE);
    cr_assert_eq(net_stats(&w).tx_lost, 1);
    /* It comes again, with the same pages and other rings. */
    net_connect(&w, &(struct net_options){.start = 77});
    MUST(net_send(&w, 0, 5000, &wr));
    cr_assert_null(net_run(&w));
    cr_assert(net_take_frame(&w, 0, &taken));
    cr_assert(net_is(taken.bytes, 5000, 0));
    net_close(&w);
}

Test(netfront, addresses_of_multicast_are_told_by_extras)
{
    static const uint8_t one[] = {1, 0, 0x5e, 0, 0, 1},
                         two[] = {3, 1, 2, 3, 4, 5},
                         none[] = {2, 0, 0, 0, 0, 1};
    struct netif_tx_request req;
    union {
        struct netif_extra e;
        unsigned char slot[12];
    } u;

    net_open(&w, (struct net_options){.config.filter = 2});
    w.f->info.multicast = true;
    FAILS(LEAT_E_INVALID, leat_netfront_multicast(w.f, none, true));
    MUST(leat_netfront_multicast(w.f, one, true));
    MUST(leat_netfront_multicast(w.f, two, true));
    MUST(leat_netfront_multicast(w.f, two, true)); /* it is there */
    FAILS(LEAT_E_LIMIT, leat_netfront_multicast(
                            w.f, (const uint8_t[]){1, 1, 1, 1, 1, 1}, true));
    cr_assert_null(net_run(&w));
    for (int i = 0; i < 2; i++) {
        cr_assert(net_take(&w.tx[0], &req) && net_take(&w.tx[0], &u));
        cr_assert_eq(req.flags, NETTXF_EXTRA_INFO);
        cr_assert_eq(req.size + req.offset + req.gref, 0);
        cr_assert_eq(u.e.type, NETIF_EXTRA_MCAST_ADD);
        cr_assert_eq(u.e.flags, 0);
        cr_assert_arr_eq(u.e.u.mcast.addr, i ? two : one, 6);
        net_answer(&w, 0, req.id, NETIF_RSP_OKAY);
        net_answer(&w, 0, 0, NETIF_RSP_NULL);
    }
    MUST(leat_netfront_multicast(w.f, one, false));
    MUST(leat_netfront_multicast(w.f, one, false)); /* it is not there */
    cr_assert_null(net_run(&w));
    cr_assert(net_take(&w.tx[0], &req) && net_take(&w.tx[0], &u));
    cr_assert_eq(u.e.type, NETIF_EXTRA_MCAST_DEL);
    cr_assert_arr_eq(u.e.u.mcast.addr, one, 6);
    cr_assert_not(net_take(&w.tx[0], &req));
    cr_assert_eq(w.f->nfilter, 1);
    cr_assert_eq(w.f->told, 1);
    cr_assert_eq(net_stats(&w).tx_frames, 0);
    net_close(&w);
}

Test(netfront, steady_frames_have_no_grant_operation)
{
    struct net_writer wr = {0};
    struct leat_grants_stats before, after;
    unsigned char frame[1500];

    net_open(&w, (struct net_options){0});
    net_pattern(frame, sizeof(frame), 5);
    before = grants_stats(w.g.a->table);
    for (int i = 0; i < 2000; i++) {
        MUST(net_send(&w, 0, 1500, &wr));
        net_frame(&w, 0, frame, sizeof(frame), 4096, 0);
        cr_assert_null(net_run(&w));
        cr_assert(net_take_frame(&w, 0, &taken));
        net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
    }
    cr_assert_null(net_run(&w));
    after = grants_stats(w.g.a->table);
    cr_assert_eq(memcmp(&before, &after, sizeof(before)), 0);
    cr_assert_eq(w.frames, 2000);
    /* Exactly one copy of each payload. */
    cr_assert_eq(leat_netfront_copies(w.f)->count[LEAT_WHY_SHARED], 2000);
    cr_assert_eq(leat_copies_bytes(leat_netfront_copies(w.f)), 2000 * 1500);
    cr_assert_eq(net_stats(&w).copied_bytes, 2000 * 1500);
    net_close(&w);
}
