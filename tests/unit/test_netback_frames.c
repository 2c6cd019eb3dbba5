/* SPDX-License-Identifier: ISC */

/*
 * The shape of what a guest sends: frames in any pieces, extras, sizes that lie.
 * Each is sent, refused, or breaks the device, and never more than that.
 */

#include "pv/frames.h"
#include "pv/net_front.h"

static struct net_front F;
static struct made_frame M;

enum way {
    COPIED,
    MAPPED,
    STATIC,
    WAYS
};

/* The pages of a frame, by one of the three ways. */
static struct front_page *pages[NETIF_SLOTS + 2];

static void open_way(enum way way)
{
    front_open(
        &F, (struct leat_netback_config){
                .way = way == MAPPED ? LEAT_NETBACK_MAP : LEAT_NETBACK_COPY});
    front_connect(&F, (struct front_keys){.ctrl = true});
    for (size_t i = 0; i < NETIF_SLOTS + 2; i++) {
        pages[i] = front_new(&F, LEAT_READ_ONLY, 0xee);
        if (way == STATIC)
            ctrl_keep(&F, pages[i], true);
    }
}

/* Puts a piece of the frame at the end, or the beginning, of page (i). */
static size_t lay_piece(unsigned i, size_t at, size_t len)
{
    size_t off = i % 2 ? 0 : PAGE - len;

    memset(pages[i]->bytes, 0xee, PAGE);
    memcpy(pages[i]->bytes + off, M.bytes + at, len);
    return off;
}

/* Sends M in (n) pieces of (len) bytes; (gso): in segments of that. */
static void put_pieces(const size_t *len, unsigned n, uint16_t flags,
                       uint16_t gso)
{
    size_t at = 0;

    for (unsigned i = 0; i < n; i++) {
        uint16_t all =
            (uint16_t)((i ? 0 : flags) | (i + 1 < n ? NETTXF_MORE_DATA : 0) |
                       (gso && !i ? NETTXF_EXTRA_INFO : 0));

        tx_slot(&F, pages[i]->ref, lay_piece(i, at, len[i]), i ? len[i] : M.len,
                all);
        if (gso && !i)
            tx_extra(&F, NETIF_EXTRA_GSO, 0,
                     M.bytes[M.l3] >> 4 == 4 ? NETIF_GSO_TCPV4
                                             : NETIF_GSO_TCPV6,
                     gso);
        at += len[i];
    }
    cr_assert_eq(at, M.len);
}

/* What the port got is M. */
static struct leat_net_meta sent(void)
{
    struct pair_frame f;

    cr_assert_eq(F.p.sent.n, 1);
    f = line_take(&F.p.sent);
    cr_assert_eq(f.len, M.len);
    cr_assert_arr_eq(f.bytes, M.bytes, M.len);
    free(f.bytes);
    return f.meta;
}

/* XSA-423, 432: headers in two pieces, cut at every byte, and in three. */
static void split(enum way way)
{
    open_way(way);
    for (unsigned kind = 0; kind < 4; kind++) {
        const bool v6 = kind % 2, tcp = kind / 2;

        frame_make(&M, (struct frame_of){.v6 = v6,
                                         .protocol = tcp ? F_TCP : F_UDP,
                                         .options = 2,
                                         .tcp_words = 3,
                                         .vlans = 1,
                                         .payload = 300,
                                         .blank = true});
        for (size_t at = 1; at < M.end + 2; at++) {
            size_t two[] = {at, M.len - at};
            size_t three[] = {at, 1, M.len - at - 1};
            struct leat_net_meta meta;

            put_pieces(two, 2, NETTXF_CSUM_BLANK, 0);
            cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), 2);
            meta = sent();
            cr_assert(meta.flags & LEAT_NET_CSUM_BLANK);
            cr_assert_eq(meta.csum_start, M.l4);
            cr_assert_eq(meta.csum_offset, tcp ? 16 : 6);
            put_pieces(three, 3, NETTXF_CSUM_BLANK, tcp ? 100 : 0);
            cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), 3);
            meta = sent();
            cr_assert_eq(meta.gso_size, tcp ? 100 : 0);
            cr_assert_eq(meta.csum_start, M.l4);
        }
    }
    front_close(&F);
}

Test(netback_frames, headers_split_at_every_byte_copied)
{
    split(COPIED);
}

Test(netback_frames, headers_split_at_every_byte_mapped)
{
    split(MAPPED);
}

Test(netback_frames, headers_split_at_every_byte_static)
{
    split(STATIC);
}

/* XSA-423: 17 fragments of one byte, behind a header, before it, and of it. */
Test(netback_frames, seventeen_fragments_of_one_byte)
{
    for (enum way way = COPIED; way < WAYS; way++) {
        size_t len[NETIF_SLOTS];

        open_way(way);
        for (unsigned big = 0; big < NETIF_SLOTS; big++) {
            frame_make(&M, (struct frame_of){.protocol = F_TCP,
                                             .payload = 77,
                                             .blank = true});
            for (unsigned i = 0; i < NETIF_SLOTS; i++)
                len[i] = i == big ? M.len - 17 : 1;
            put_pieces(len, NETIF_SLOTS, NETTXF_CSUM_BLANK, 0);
            cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), NETIF_SLOTS);
            cr_assert_eq(sent().csum_start, M.l4);
        }
        front_close(&F);
    }
}

/* More than 18 slots are refused, all of them, and nothing else is. */
Test(netback_frames, nineteen_slots)
{
    open_way(MAPPED);
    frame_make(&M, (struct frame_of){.protocol = F_UDP, .payload = 500});
    for (unsigned n = NETIF_SLOTS; n < 64; n++) {
        for (unsigned i = 0; i < n; i++)
            tx_slot(&F, pages[i % 18]->ref, 0, i ? 10 : 10 * n,
                    i + 1 < n ? NETTXF_MORE_DATA : 0);
        tx_slot(&F, pages[0]->ref, 0, 64, 0);
        if (n == NETIF_SLOTS) {
            cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), n + 1);
            cr_assert_eq(F.p.sent.n, 2);
        } else {
            cr_assert_eq(tx_done(&F, NETIF_RSP_ERROR), n);
            cr_assert_eq(F.p.sent.n, 1, "the next one passes");
        }
        line_drop(&F.p.sent);
    }
    cr_assert_eq(pair_back_stats(&F.p).tx_refused, 63 - NETIF_SLOTS);
    for (unsigned i = 0; i < 64; i++)
        tx_slot(&F, pages[0]->ref, 0, 10, NETTXF_MORE_DATA);
    front_breaks(&F, "slots of a frame");
    front_close(&F);
}

/* XSA-448: fragments of no bytes; their pages are not touched. */
Test(netback_frames, fragments_of_no_bytes)
{
    for (enum way way = COPIED; way < WAYS; way++) {
        open_way(way);
        frame_make(&M, (struct frame_of){.protocol = F_UDP, .payload = 200});
        /* All but the first are empty, of pages that are not there. */
        tx_slot(&F, pages[0]->ref, lay_piece(0, 0, M.len), M.len,
                NETTXF_MORE_DATA);
        for (unsigned i = 1; i < NETIF_SLOTS; i++)
            tx_slot(&F, 0x7fffffff, i * 200, 0,
                    i + 1 < NETIF_SLOTS ? NETTXF_MORE_DATA : 0);
        cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), NETIF_SLOTS);
        (void)sent();
        /* The first is empty, and all but the last. */
        tx_slot(&F, 0x7fffffff, 4096, M.len, NETTXF_MORE_DATA);
        for (unsigned i = 1; i + 1 < NETIF_SLOTS; i++)
            tx_slot(&F, 0, 4096, 0, NETTXF_MORE_DATA);
        tx_slot(&F, pages[1]->ref, lay_piece(1, 0, M.len), M.len, 0);
        cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), NETIF_SLOTS);
        (void)sent();
        /* All of them: that is no frame. */
        tx_slot(&F, pages[0]->ref, 0, 0, NETTXF_MORE_DATA);
        tx_slot(&F, pages[0]->ref, 0, 0, 0);
        tx_slot(&F, pages[0]->ref, 0, 0, 0);
        cr_assert_eq(tx_done(&F, NETIF_RSP_ERROR), 3);
        cr_assert_eq(F.p.sent.n, 0);
        front_close(&F);
    }
}

Test(netback_frames, sizes_that_lie)
{
    open_way(COPIED);
    /* Fragments are longer than the frame. */
    tx_slot(&F, pages[0]->ref, 0, 100, NETTXF_MORE_DATA);
    tx_slot(&F, pages[1]->ref, 0, 101, 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_ERROR), 2);
    tx_slot(&F, pages[0]->ref, 0, 100, NETTXF_MORE_DATA);
    for (unsigned i = 1; i < NETIF_SLOTS; i++)
        tx_slot(&F, pages[1]->ref, 0, 65535,
                i + 1 < NETIF_SLOTS ? NETTXF_MORE_DATA : 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_ERROR), NETIF_SLOTS);
    /* Shorter than a header. */
    for (unsigned n = 0; n < 14; n++)
        tx_slot(&F, pages[0]->ref, 0, n, 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_ERROR), 14);
    cr_assert_eq(F.p.sent.n, 0);
    /* As long as they can be: 65,535 bytes in 16 pages. */
    tx_slot(&F, pages[0]->ref, 1, 65535, NETTXF_MORE_DATA);
    for (unsigned i = 1; i < 16; i++)
        tx_slot(&F, pages[i]->ref, 0, PAGE, i < 15 ? NETTXF_MORE_DATA : 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), 16);
    cr_assert_eq(F.p.sent.n, 1);
    cr_assert_eq(F.p.sent.frame[F.p.sent.from].len, 65535);
    /* To the last byte of a page, which is the last that there is. */
    tx_slot(&F, pages[0]->ref, PAGE - 20, 20, 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), 1);
    front_close(&F);
}

/* Bytes beyond a page, of any slot: 1 or many. */
Test(netback_frames, bytes_beyond_a_page)
{
    static const struct {
        uint16_t off, size, off2, size2;
    } lies[] = {
        {4096 - 19, 20, 0, 0}, {0, 4097, 0, 0},    {65535, 65535, 0, 0},
        {4096, 14, 0, 0},      {0, 100, 4090, 7},  {0, 100, 65535, 1},
        {0, 5000, 0, 900},     {0, 8192, 1, 4096},
    };

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        open_way(i % 2 ? COPIED : MAPPED);
        tx_slot(&F, pages[0]->ref, lies[i].off, lies[i].size,
                lies[i].size2 ? NETTXF_MORE_DATA : 0);
        if (lies[i].size2)
            tx_slot(&F, pages[1]->ref, lies[i].off2, lies[i].size2, 0);
        front_breaks(&F, "a fragment ends at");
        cr_assert_eq(F.p.sent.n, 0);
        front_close(&F);
    }
}

Test(netback_frames, a_frame_without_its_end)
{
    open_way(COPIED);
    tx_slot(&F, pages[0]->ref, 0, 100, NETTXF_MORE_DATA);
    front_breaks(&F, "a frame without its end");
    front_close(&F);
}

/* ------------------------------------------------------------------- extras */

static void first(uint16_t size)
{
    tx_slot(&F, pages[0]->ref, 0, size, NETTXF_EXTRA_INFO);
}

Test(netback_frames, extras_that_break)
{
    for (unsigned i = 0; i < 9; i++) {
        const char *text = "an extra of type";

        open_way(COPIED);
        first(100);
        switch (i) {
        case 0:
            tx_extra(&F, 0, 0, 1, 9);
            break;
        case 1:
            tx_extra(&F, NETIF_EXTRA_MAX, 0, 1, 9);
            break;
        case 2:
            tx_extra(&F, 255, 0, 1, 9);
            break;
        case 3:
            text = "extras are missing";
            break;
        case 4:
            tx_extra(&F, NETIF_EXTRA_GSO, NETIF_EXTRA_MORE, 1, 9);
            text = "extras are missing";
            break;
        case 5:
            for (unsigned k = 0; k < 40; k++)
                tx_extra(&F, NETIF_EXTRA_HASH, NETIF_EXTRA_MORE, 0, 0);
            text = "extras 9";
            break;
        case 6:
            tx_extra(&F, NETIF_EXTRA_GSO, 0, 0, 9);
            text = "GSO of type";
            break;
        case 7:
            tx_extra(&F, NETIF_EXTRA_GSO, 0, 3, 9);
            text = "GSO of type";
            break;
        default:
            tx_extra(&F, NETIF_EXTRA_GSO, 0, 1, 0);
            text = "GSO of size";
        }
        front_breaks(&F, text);
        cr_assert_eq(F.p.sent.n, 0);
        front_close(&F);
    }
}

Test(netback_frames, extras_that_are_taken)
{
    struct leat_net_meta meta;

    open_way(MAPPED);
    frame_make(&M, (struct frame_of){
                       .protocol = F_TCP, .payload = 2000, .blank = true});
    lay_piece(1, 0, M.len);
    /* Doubled: the last one counts. A hash is nothing to us. */
    tx_slot(&F, pages[1]->ref, 0, M.len, NETTXF_EXTRA_INFO);
    tx_extra(&F, NETIF_EXTRA_GSO, NETIF_EXTRA_MORE, NETIF_GSO_TCPV6, 1);
    tx_extra(&F, NETIF_EXTRA_HASH, NETIF_EXTRA_MORE, 9, 9);
    tx_extra(&F, NETIF_EXTRA_GSO, 0, NETIF_GSO_TCPV4, 500);
    cr_assert_eq(tx_done(&F, NETIF_RSP_NULL), 3);
    meta = sent();
    cr_assert_eq(meta.gso, LEAT_NET_GSO_TCPV4);
    cr_assert_eq(meta.gso_size, 500);
    cr_assert(meta.flags & LEAT_NET_CSUM_BLANK, "whatever the guest says");
    /* As many as there may be. */
    tx_slot(&F, pages[1]->ref, 0, M.len, NETTXF_EXTRA_INFO);
    for (unsigned i = 0; i < 8; i++)
        tx_extra(&F, NETIF_EXTRA_HASH, i < 7 ? NETIF_EXTRA_MORE : 0, 0, 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_NULL), 8);
    (void)sent();
    /* Of the other kind; and of a frame that has no such headers. */
    tx_slot(&F, pages[1]->ref, 0, M.len, NETTXF_EXTRA_INFO);
    tx_extra(&F, NETIF_EXTRA_GSO, 0, NETIF_GSO_TCPV6, 500);
    tx_slot(&F, pages[0]->ref, 0, 1000, NETTXF_EXTRA_INFO);
    tx_extra(&F, NETIF_EXTRA_GSO, 0, NETIF_GSO_TCPV4, 500);
    tx_slot(&F, pages[0]->ref, 0, 1000, NETTXF_CSUM_BLANK);
    cr_assert_eq(tx_done(&F, NETIF_RSP_ERROR), 3);
    cr_assert_eq(pair_back_stats(&F.p).tx_refused, 3);
    front_close(&F);
}

/* Addresses of multicast, more than there is room for: those are refused. */
Test(netback_frames, multicast_is_bounded)
{
    struct netif_extra e = {.type = NETIF_EXTRA_MCAST_ADD};

    front_open(&F, (struct leat_netback_config){.filter_max = 5});
    front_connect(&F, (struct front_keys){0});
    for (unsigned i = 0; i < 20; i++) {
        e.u.mcast.addr[0] = 3;
        e.u.mcast.addr[5] = (uint8_t)(i % 10);
        tx_slot(&F, 0, 0, 0, NETTXF_EXTRA_INFO);
        raw_put(F.tx, &e, sizeof(e));
        cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), i % 10 < 5, "%u", i);
        cr_assert_leq(F.p.filter.n, 5);
    }
    cr_assert_eq(pair_back_stats(&F.p).filter, 5);
    cr_assert_eq(F.p.sent.n, 0);
    front_close(&F);
}
