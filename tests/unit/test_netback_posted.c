/* SPDX-License-Identifier: ISC */

/*
 * What a guest posts to receive into: pages mapped for good, others, and a mix of
 * them, that changes; frames of all lengths. Each byte comes where it belongs.
 */

#include "pv/net_front.h"

enum {
    PAGES = 64,
    ROUNDS = 600
};

static struct net_front F;
static uint32_t seed;

static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* Pages become static, and are taken back, while they are posted; the port is
 * asked, or it delivers. */
static void change(bool delivers)
{
    struct netif_rx_response rsp;
    struct front_page *list, *page;
    unsigned char bytes[200];
    struct leat_net_frame frame = {.head = {bytes, 0}};

    front_open(&F, (struct leat_netback_config){0});
    if (delivers) {
        F.p.ops.receive = NULL;
        F.p.ops.attach = pair_attach;
    }
    front_connect(&F, (struct front_keys){.ctrl = true});
    list = front_new(&F, LEAT_READ_WRITE, 0);
    page = front_new(&F, LEAT_READ_WRITE, 0);
    ((struct netif_gref *)(void *)list->bytes)->ref = page->ref;
    for (unsigned i = 0; i < 3; i++)
        rx_post(&F, 0, page->ref);
    raw_push(F.rx);
    back_go(&F);
    for (unsigned i = 0; i < 3; i++) {
        if (i) /* ADD, and DEL */
            cr_assert_eq(
                ctrl_ask(&F, (uint16_t)(NETIF_CTRL_GET_GREF_MAPPING_SIZE + i),
                         0, list->ref, 1)
                    .status,
                NETIF_CTRL_SUCCESS);
        frame.head.len = frame.len = 100 + i;
        pair_fill(bytes, frame.len, i);
        if (delivers)
            MUST(F.p.sink.deliver(F.p.sink.arg, &frame));
        else
            memcpy(pair_give(&F.p, frame.len)->bytes, bytes, frame.len);
        back_go(&F);
        cr_assert(raw_take(F.rx, &rsp, sizeof(rsp)));
        cr_assert_eq(rsp.status, (int)frame.len);
        cr_assert_arr_eq(page->bytes, bytes, frame.len);
    }
    cr_assert_eq(pair_back_stats(&F.p).rx_static, 1);
    cr_assert_eq(pair_back_stats(&F.p).rx_copied, 2);
    front_close(&F);
}

Test(netback_posted, pages_change_while_they_are_posted)
{
    change(false);
}

Test(netback_posted, pages_change_and_the_port_delivers)
{
    change(true);
}

static void post_one(void *arg)
{
    struct front_page *page = arg;

    rx_post(&F, 0, page->ref);
    raw_push(F.rx);
    F.rx->words[R_RSP_EVENT] = F.rx->words[R_RSP_PROD] + 1;
}

/* The guest posts a page whenever it is told of a frame, and does not tell: it was
 * not asked to. No frame is left in the port. */
Test(netback_posted, pages_come_while_the_guest_is_told)
{
    struct netif_rx_response rsp;
    struct front_page *page;

    front_open(&F, (struct leat_netback_config){0});
    front_connect(&F, (struct front_keys){0});
    back_go(&F);
    page = front_new(&F, LEAT_READ_WRITE, 0);
    for (unsigned i = 0; i < 5; i++)
        memset(pair_give(&F.p, 100)->bytes, 0x40, 100);
    F.p.w.t.told = post_one;
    F.p.w.t.told_arg = page;
    post_one(page);
    back_go(&F);
    for (unsigned i = 0; i < 5; i++)
        cr_assert(raw_take(F.rx, &rsp, sizeof(rsp)), "frame %u", i);
    F.p.w.t.told = NULL;
    front_close(&F);
}

static uint32_t two(void *self)
{
    (void)self;
    return 2;
}

/* A queue whose guest posts nothing is waited for, and one that has room does not
 * keep netback awake meanwhile: back_go() ends. */
static void one_without_pages(bool port_has_two)
{
    front_open(&F, (struct leat_netback_config){.queues_max = 2});
    if (port_has_two)
        F.p.ops.queues = two;
    front_connect(&F, (struct front_keys){.queues = 2});
    rx_post(&F, 0, front_new(&F, LEAT_READ_WRITE, 0)->ref);
    raw_push(F.rx);
    back_go(&F);
    cr_assert_eq(F.rx[1].words[R_REQ_EVENT], 1, "it waits");
    front_close(&F);
}

Test(netback_posted, a_queue_without_pages_keeps_nobody_awake)
{
    one_without_pages(false);
    one_without_pages(true);
}

static int echo(void *self, const struct leat_net_frame *frame)
{
    struct net_pair *p = self;

    return p->sink.deliver(p->sink.arg, frame);
}

/* A frame that comes back while it is sent is lost: its page may be gone, and its
 * bytes lie where what is received would be staged. */
Test(netback_posted, a_frame_that_comes_back_at_once)
{
    struct netif_ctrl_request del = {.type = NETIF_CTRL_DEL_GREF_MAPPING};
    struct netif_rx_response rsp;
    struct front_page *list, *page, *from;

    front_open(&F, (struct leat_netback_config){0});
    F.p.ops.receive = NULL;
    F.p.ops.attach = pair_attach;
    F.p.ops.send = echo;
    front_connect(&F, (struct front_keys){.ctrl = true});
    list = front_new(&F, LEAT_READ_WRITE, 0);
    page = front_new(&F, LEAT_READ_WRITE, 0);
    from = front_new(&F, LEAT_READ_ONLY, 0x77);
    ctrl_keep(&F, page, false);
    rx_post(&F, 0, page->ref);
    raw_push(F.rx);
    back_go(&F);
    ((struct netif_gref *)(void *)list->bytes)->ref = page->ref;
    del.data[1] = list->ref;
    del.data[2] = 1;
    raw_put(&F.ctrl, &del, sizeof(del));
    raw_push(&F.ctrl);
    tx_slot(&F, from->ref, 0, 300, 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_DROPPED), 1);
    cr_assert_eq(pair_back_stats(&F.p).statics, 0);
    cr_assert_eq(pair_back_stats(&F.p).rx_lost, 1);
    cr_assert_not(raw_take(F.rx, &rsp, sizeof(rsp)));
    front_close(&F);
}

/* ------------------------------------------------------------------- a mix */

static struct front_page *pool[PAGES];
static struct front_page *posted[256]; /* by the index of the request */
static size_t lens[8];
static bool gso[8];

static bool is_static(unsigned page, unsigned kind)
{
    return kind == 0 || (kind == 1 && page % 2) || (kind == 2 && page != 40);
}

/* The bytes of the next frame are those that were given. */
static void take_frame(unsigned k, uint32_t number)
{
    struct netif_rx_response rsp;
    struct netif_extra extra;
    size_t at = 0, i;

    do {
        const unsigned char *from = posted[F.rx->cons & 0xff]->bytes;

        cr_assert(raw_take(F.rx, &rsp, sizeof(rsp)), "frame %u", number);
        cr_assert_eq(rsp.id, (F.rx->cons - 1) & 0xff, "X1");
        cr_assert_gt(rsp.status, 0);
        for (i = 0; i < (size_t)rsp.status; i++, at++)
            cr_assert_eq(from[i],
                         at ? pair_byte(at, number)
                            : (pair_byte(at, number) & 0xfe),
                         "frame %u of %zu, at %zu", number, lens[k], at);
        cr_assert_eq(!!(rsp.flags & NETRXF_EXTRA_INFO),
                     gso[k] && at <= PAGE && at == (size_t)rsp.status);
        if (rsp.flags & NETRXF_EXTRA_INFO) {
            cr_assert(raw_take(F.rx, &extra, sizeof(extra)));
            cr_assert_eq(extra.type, NETIF_EXTRA_GSO);
            cr_assert_eq(extra.u.gso.size, 1000 + k);
        }
    } while (rsp.flags & NETRXF_MORE_DATA);
    cr_assert_eq(at, lens[k]);
}

/* A short frame is staged, and not written yet when a long one moves up. */
Test(netback_posted, a_long_frame_behind_a_staged_one)
{
    front_open(&F, (struct leat_netback_config){0});
    front_connect(&F, (struct front_keys){.ctrl = true, .gso = true});
    for (unsigned i = 0; i < 20; i++) {
        posted[i] = front_new(&F, LEAT_READ_WRITE, 0);
        if (i)
            ctrl_keep(&F, posted[i], false);
        rx_post(&F, 0, posted[i]->ref);
    }
    raw_push(F.rx);
    lens[0] = 60;
    lens[1] = 10000;
    gso[0] = gso[1] = false;
    for (unsigned k = 0; k < 2; k++)
        pair_fill(pair_give(&F.p, lens[k])->bytes, lens[k], k);
    back_go(&F);
    for (unsigned k = 0; k < 2; k++)
        take_frame(k, k);
    cr_assert_eq(pair_back_stats(&F.p).rx_copied, 1);
    cr_assert_eq(pair_back_stats(&F.p).rx_static, 3);
    front_close(&F);
}

/* All pages are posted in turn, each only after it was used. */
static void mix(unsigned kind)
{
    uint32_t number = 0, at = 0;

    seed = kind + 1;
    front_open(&F, (struct leat_netback_config){0});
    front_connect(&F, (struct front_keys){.ctrl = true, .gso = true});
    for (unsigned i = 0; i < PAGES; i++) {
        pool[i] = front_new(&F, LEAT_READ_WRITE, 0);
        if (is_static(i, kind))
            ctrl_keep(&F, pool[i], false);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned n = 1 + chance(2);

        while (F.rx->prod - F.rx->cons < PAGES) {
            posted[F.rx->prod & 0xff] = pool[at];
            rx_post(&F, 0, pool[at]->ref);
            at = (at + 1) % PAGES;
        }
        raw_push(F.rx);
        for (unsigned k = 0; k < n; k++) {
            struct pair_frame *f;

            lens[k] = 14 + (chance(2) ? chance(200) : 60000 + chance(5522));
            if (!chance(3))
                lens[k] = 14 + chance(65522);
            gso[k] = chance(2);
            f = pair_give(&F.p, lens[k]);
            pair_fill(f->bytes, lens[k], number + k);
            if (gso[k])
                f->meta =
                    (struct leat_net_meta){.flags = LEAT_NET_CSUM_BLANK,
                                           .gso = LEAT_NET_GSO_TCPV4,
                                           .gso_size = (uint16_t)(1000 + k)};
        }
        back_go(&F);
        for (unsigned k = 0; k < n; k++)
            take_frame(k, number + k);
        number += n;
        cr_assert_eq(F.rx->words[R_RSP_PROD], F.rx->cons);
    }
    cr_assert_eq(pair_back_stats(&F.p).rx_static != 0, kind < 3);
    cr_assert_eq(pair_back_stats(&F.p).rx_copied != 0, kind > 0);
    cr_assert_eq(pair_back_stats(&F.p).rx_lost, 0);
    front_close(&F);
}

Test(netback_posted, all_static)
{
    mix(0);
}

Test(netback_posted, half_static)
{
    mix(1);
}

Test(netback_posted, all_but_one_static)
{
    mix(2);
}

Test(netback_posted, none_static)
{
    mix(3);
}
