/* SPDX-License-Identifier: ISC */

/* What netfront receives, in three ways, without a bus. */

#include "pv/net_world.h"

static struct net_world w;
static unsigned char frame[N_BYTES];

static const enum leat_receive_mode modes[] = {
    LEAT_RECEIVE_COPY, LEAT_RECEIVE_REVOKE, LEAT_RECEIVE_SHARED};

static void open_mode(enum leat_receive_mode mode, struct net_options o)
{
    o.config.mode = mode;
    net_open(&w, o);
}

Test(netfront_read, frames_of_1_to_18_slots_in_each_way)
{
    static const size_t sizes[] = {14, 1514, 4096, 4097, 40000, 65535};

    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m], (struct net_options){0});
        for (uint32_t i = 0; i < COUNT(sizes) * 20; i++) {
            size_t len = sizes[i % COUNT(sizes)];
            uint32_t slots = (uint32_t)((len + 4095) / 4096);

            net_pattern(frame, len, i);
            net_frame(&w, 0, frame, len, 4096, 0);
            cr_assert_null(net_run(&w));
            cr_assert_eq(w.frames, i + 1);
            cr_assert_eq(w.len, len);
            cr_assert(net_is(w.bytes, len, i));
            cr_assert_eq(w.pieces, modes[m] == LEAT_RECEIVE_COPY ? 1 : slots);
            cr_assert_eq(w.meta.flags, 0);
        }
        if (modes[m] != LEAT_RECEIVE_COPY)
            cr_assert_eq(leat_copies_bytes(leat_netfront_copies(w.f)), 0);
        if (modes[m] == LEAT_RECEIVE_REVOKE)
            cr_assert_eq(net_stats(&w).revokes, net_stats(&w).rx_slots);
        else
            cr_assert_eq(net_stats(&w).shares + net_stats(&w).revokes, 0);
        /* 18 slots, of which the last ones are short. */
        net_pattern(frame, 3000 * 18 - 5, 9);
        net_frame(&w, 0, frame, 3000 * 18 - 5, 3000, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.len, 3000 * 18 - 5);
        cr_assert(net_is(w.bytes, w.len, 9));
        net_close(&w);
    }
}

Test(netfront_read, a_header_split_at_every_byte)
{
    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m], (struct net_options){0});
        for (size_t at = 1; at < 100; at++) {
            net_pattern(frame, 100, (uint32_t)at);
            net_fill(&w, 0, frame, at, 4096 - (uint32_t)at, NETRXF_MORE_DATA);
            net_fill(&w, 0, frame + at, 100 - at, 7, 0);
            net_show(&w.rx[0]);
            cr_assert_null(net_run(&w));
            cr_assert_eq(w.frames, at);
            cr_assert_eq(w.len, 100);
            cr_assert(net_is(w.bytes, 100, (uint32_t)at));
        }
        net_close(&w);
    }
}

/* A frame may come in parts: what is there of it waits. */
Test(netfront_read, a_frame_cut_at_every_slot)
{
    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m],
                  (struct net_options){.config.offload = LEAT_NET_OFFLOAD_ALL});
        for (uint32_t cut = 0; cut < 6; cut++) {
            const struct netif_extra gso = {
                .type = NETIF_EXTRA_GSO,
                .u.gso = {.size = 1000, .type = NETIF_GSO_TCPV6}};

            net_pattern(frame, 500, cut);
            for (uint32_t i = 0; i < 6; i++) {
                if (i == 1)
                    net_extra(&w, 0, gso);
                else
                    net_fill(&w, 0, frame + (i ? i - 1 : 0) * 100, 100, 0,
                             i == 0  ? NETRXF_MORE_DATA | NETRXF_EXTRA_INFO
                             : i < 5 ? NETRXF_MORE_DATA
                                     : 0);
                if (i != cut)
                    continue;
                net_show(&w.rx[0]);
                cr_assert_null(net_run(&w));
                cr_assert_eq(w.frames, cut + (cut == 5));
            }
            net_show(&w.rx[0]);
            cr_assert_null(net_run(&w));
            cr_assert_eq(w.frames, cut + 1);
            cr_assert_eq(w.len, 500);
            cr_assert(net_is(w.bytes, 500, cut));
            cr_assert_eq(w.meta.gso, LEAT_NET_GSO_TCPV6);
            cr_assert_eq(w.meta.gso_size, 1000);
        }
        cr_assert_eq(net_stats(&w).rx_gso, 6);
        cr_assert_eq(net_stats(&w).rx_slots, 36);
        net_close(&w);
    }
}

Test(netfront_read, checksums_are_told_as_they_came)
{
    static const struct {
        uint16_t wire;
        uint32_t flags;
    } cases[] = {
        {0, 0},
        {NETRXF_DATA_VALIDATED, LEAT_NET_CSUM_VALID},
        {NETRXF_CSUM_BLANK, LEAT_NET_CSUM_BLANK | LEAT_NET_CSUM_VALID},
        {NETRXF_CSUM_BLANK | NETRXF_DATA_VALIDATED,
         LEAT_NET_CSUM_BLANK | LEAT_NET_CSUM_VALID},
    };

    net_open(&w, (struct net_options){0});
    for (size_t i = 0; i < COUNT(cases); i++) {
        net_frame(&w, 0, frame, 5000, 4096, cases[i].wire);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.meta.flags, cases[i].flags);
        cr_assert_eq(w.meta.gso, LEAT_NET_GSO_NONE);
    }
    net_close(&w);
}

Test(netfront_read, gso_told_by_a_slot_before_the_frame)
{
    const uint32_t both = LEAT_NET_OFFLOAD_GSO4 | LEAT_NET_OFFLOAD_GSO6;

    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m],
                  (struct net_options){.config = {
                                           .flags = LEAT_NETFRONT_PREFIX,
                                           .offload = both,
                                       }});
        for (unsigned v6 = 0; v6 < 2; v6++) {
            net_pattern(frame, 9000, 3);
            frame[12] = v6 ? 0x86 : 8;
            frame[13] = v6 ? 0xdd : 0;
            net_fill(&w, 0, frame, 0, 1448,
                     NETRXF_GSO_PREFIX | NETRXF_MORE_DATA);
            net_frame(&w, 0, frame, 9000, 4096, NETRXF_CSUM_BLANK);
            cr_assert_null(net_run(&w));
            cr_assert_eq(w.frames, v6 + 1);
            cr_assert_eq(w.len, 9000);
            cr_assert_eq(memcmp(w.bytes, frame, 9000), 0);
            cr_assert_eq(w.meta.gso,
                         v6 ? LEAT_NET_GSO_TCPV6 : LEAT_NET_GSO_TCPV4);
            cr_assert_eq(w.meta.gso_size, 1448);
            cr_assert_eq(w.meta.flags,
                         LEAT_NET_CSUM_BLANK | LEAT_NET_CSUM_VALID);
        }
        net_frame(&w, 0, frame, 1000, 4096, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.meta.gso, LEAT_NET_GSO_NONE);
        cr_assert_eq(w.meta.gso_size, 0);
        net_close(&w);
    }
}

/* The reader keeps 40 frames, the back writes over all pages that it can reach. */
Test(netfront_read, what_is_private_is_touched_by_no_later_frame)
{
    for (size_t m = 0; m < 2; m++) {
        open_mode(modes[m], (struct net_options){.config.rx_pages = 260});
        w.keep = true;
        for (uint32_t i = 0; i < 40; i++) {
            net_pattern(frame, 2000, i);
            net_frame(&w, 0, frame, 2000, 4096, 0);
            cr_assert_null(net_run(&w));
        }
        w.keep = false;
        for (uint32_t i = 0; i < 600; i++) {
            memset(frame, 0xee, 4096);
            net_frame(&w, 0, frame, 4096, 4096, 0);
            cr_assert_null(net_run(&w));
        }
        for (uint32_t ref = 8; ref < 2048; ref++) {
            if (w.g.a->entries[ref].flags & GNTTAB_PERMIT)
                memset(plain_page(w.g.a, ref), 0xdd, LEAT_PAGE_SIZE);
        }
        cr_assert_eq(w.nkept, 40);
        for (uint32_t i = 0; i < 40; i++)
            cr_assert(net_is(w.kept[i].view.data, 2000, i));
        net_disconnect(&w, LEAT_E_GONE); /* the rings were overwritten, too */
        net_close(&w);
    }
}

Test(netfront_read, a_page_that_the_back_holds_on_to_is_not_handed_up)
{
    struct netif_rx_request req;
    struct netif_rx_response rsp;
    struct leat_grants_stats s;

    open_mode(LEAT_RECEIVE_REVOKE, (struct net_options){0});
    net_pattern(frame, 6000, 1);
    /* The second of two fragments is held. */
    net_fill(&w, 0, frame, 4096, 0, NETRXF_MORE_DATA);
    cr_assert(net_take(&w.rx[0], &req));
    MUST(plain_use(w.g.a, req.gref, 2, LEAT_READ_WRITE));
    rsp = (struct netif_rx_response){.id = req.id, .status = 1904};
    net_put(&w.rx[0], &rsp, sizeof(rsp));
    cr_assert_null(net_run(&w));
    cr_assert_eq(w.frames, 0);
    cr_assert_eq(net_stats(&w).rx_held, 1);
    cr_assert_eq(net_stats(&w).held, 1);
    s = grants_stats(w.g.a->table);
    cr_assert_eq(s.quarantined, 1);
    /* Others come; this one drains once it is let go. */
    net_frame(&w, 0, frame, 6000, 4096, 0);
    cr_assert_null(net_run(&w));
    cr_assert_eq(w.frames, 1);
    plain_unuse(w.g.a, req.gref, LEAT_READ_WRITE);
    MUST(leat_grant_poll(w.g.a->table, 100, NULL));
    s = grants_stats(w.g.a->table);
    cr_assert_eq(s.quarantined, 0);
    net_close(&w);
}

Test(netfront_read, shared_pieces_are_given_back_once)
{
    struct leat_netfront_piece piece;

    open_mode(LEAT_RECEIVE_SHARED, (struct net_options){.config.rx_pages = 32});
    w.keep = true;
    for (uint32_t i = 0; i < 32; i++) {
        net_frame(&w, 0, frame, 100, 4096, 0);
        cr_assert_null(net_run(&w));
    }
    cr_assert_eq(net_stats(&w).rx_out, 32);
    cr_assert_eq(net_stats(&w).rx_posted, 0); /* that reader has all of them */
    w.keep = false;
    piece = w.kept[5];
    MUST(leat_netfront_done(w.f, &w.kept[5]));
    FAILS(LEAT_E_STALE, leat_netfront_done(w.f, &w.kept[5]));
    FAILS(LEAT_E_STALE, leat_netfront_done(w.f, &piece)); /* a copy of it */
    cr_assert_null(net_run(&w));
    cr_assert_eq(net_stats(&w).rx_posted, 1);
    net_frame(&w, 0, frame, 100, 4096, 0);
    cr_assert_null(net_run(&w));
    cr_assert_eq(w.frames, 33);
    FAILS(LEAT_E_STALE, leat_netfront_done(w.f, &piece));
    piece.page = 1u << 16 | 1;
    FAILS(LEAT_E_STALE, leat_netfront_done(w.f, &piece));
    piece.page = 0xffff;
    FAILS(LEAT_E_STALE, leat_netfront_done(w.f, &piece));
    FAILS(LEAT_E_INVALID, leat_netfront_done(w.f, NULL));
    FAILS(LEAT_E_INVALID, leat_netfront_done(NULL, &piece));
    /* They outlive a connection. */
    net_disconnect(&w, LEAT_E_GONE);
    net_connect(&w, &(struct net_options){0});
    cr_assert_eq(net_stats(&w).rx_out, 31);
    net_close(&w);
}

Test(netfront_read, without_memory_frames_are_lost_and_pages_are_not)
{
    struct leat_chunk all[64];

    net_open(&w, (struct net_options){0});
    for (int i = 0; i < 64; i++)
        MUST(leat_pool_get(w.to.pool, 1, &all[i]));
    for (int i = 0; i < 500; i++) {
        net_frame(&w, 0, frame, 1000, 4096, 0);
        cr_assert_null(net_run(&w));
    }
    cr_assert_eq(w.frames, 0);
    cr_assert_eq(net_stats(&w).rx_lost, 500);
    cr_assert_eq(net_stats(&w).rx_posted, 256);
    for (int i = 0; i < 64; i++)
        MUST(leat_pool_put(w.to.pool, all[i]));
    net_frame(&w, 0, frame, 1000, 4096, 0);
    cr_assert_null(net_run(&w));
    cr_assert_eq(w.frames, 1);
    net_close(&w);
}

Test(netfront_read, pages_come_in_turn)
{
    static uint32_t seen[2048];
    struct netif_rx_request req;

    memset(seen, 0, sizeof(seen));
    net_open(&w, (struct net_options){.config.rx_pages = 400});
    for (uint32_t i = 0; i < 4000; i++) {
        /* Each page of 400 as often as the others, whatever is posted. */
        memcpy(&req, net_slot(&w.rx[0], w.rx[0].req), sizeof(req));
        seen[req.gref]++;
        net_frame(&w, 0, frame, 60, 4096, 0);
        cr_assert_null(net_run(&w));
    }
    for (uint32_t i = 0, n = 0; i < 2048; i++) {
        n += seen[i] != 0;
        cr_assert(seen[i] == 0 || seen[i] == 10);
        if (i == 2047)
            cr_assert_eq(n, 400);
    }
    net_close(&w);
}

Test(netfront_read, a_page_that_the_back_could_not_write_loses_its_frame)
{
    struct netif_rx_request req;
    struct netif_rx_response rsp;

    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m], (struct net_options){0});
        for (uint32_t bad = 0; bad < 3; bad++) {
            for (uint32_t i = 0; i < 3; i++) {
                uint16_t more = i < 2 ? NETRXF_MORE_DATA : 0;

                if (i != bad) {
                    net_fill(&w, 0, frame, 100, 0, more);
                    continue;
                }
                cr_assert(net_take(&w.rx[0], &req));
                rsp = (struct netif_rx_response){
                    .id = req.id, .flags = more, .status = NETIF_RSP_ERROR};
                net_put(&w.rx[0], &rsp, sizeof(rsp));
            }
            net_show(&w.rx[0]);
            cr_assert_null(net_run(&w));
            cr_assert_eq(w.frames, 0);
            cr_assert_eq(net_stats(&w).rx_failed, bad + 1);
        }
        net_frame(&w, 0, frame, 100, 100, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 1);
        net_close(&w);
    }
}
