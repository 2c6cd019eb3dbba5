/* SPDX-License-Identifier: ISC */

/*
 * Attacks on netback by its guest: on indexes, grants, the control ring, time; a
 * guest that dies in each state; and failures of all that is below. It goes on, or
 * breaks with this guest, and holds nothing of it afterwards.
 */

#include <pthread.h>

#include <leat/netswitch.h>

#include "pv/frames.h"
#include "pv/net_front.h"

static struct net_front F;

static void open_it(struct leat_netback_config back, struct front_keys keys)
{
    front_open(&F, back);
    front_connect(&F, keys);
}

/* XSA-39: producers that cannot be, of each ring. */
Test(netback_hostile, producers_that_cannot_be)
{
    static const uint32_t lies[] = {257, 0x80000000, 0xffffffff};

    for (unsigned i = 0; i < 9; i++) {
        struct raw_ring *r[] = {F.tx, F.rx, &F.ctrl};

        open_it((struct leat_netback_config){0},
                (struct front_keys){.ctrl = true});
        r[i % 3]->prod = lies[i / 3];
        raw_push(r[i % 3]);
        front_breaks(&F, "");
        cr_assert_neq(leat_netback_text(F.p.b)[0], '\0');
        front_close(&F);
    }
}

/* Pages that are not there, not the guest's to give, or not to be written. */
Test(netback_hostile, bad_grants)
{
    for (unsigned way = 0; way < 2; way++) {
        struct front_page *good, *ro;
        struct netif_rx_response rsp;
        uint32_t gone;

        open_it((struct leat_netback_config){.way = way ? LEAT_NETBACK_MAP
                                                        : LEAT_NETBACK_COPY},
                (struct front_keys){.gso = true});
        good = front_new(&F, LEAT_READ_WRITE, 1);
        ro = front_new(&F, LEAT_READ_ONLY, 2);
        gone = good->ref + 1000;
        /* In the middle of many frames: only they are refused. */
        for (unsigned i = 0; i < 20; i++) {
            tx_slot(&F, i % 5 == 3 ? gone : ro->ref, 0, 100, 0);
            tx_slot(&F, good->ref, 0, 100, NETTXF_MORE_DATA);
            tx_slot(&F, i % 5 == 1 ? 0xffffffff : good->ref, 0, 50, 0);
        }
        cr_assert_eq(tx_done(&F, NETIF_RSP_ERROR), 4 + 2 * 4);
        cr_assert_eq(F.p.sent.n, 40 - 8);
        cr_assert_eq(F.p.w.g.world.mapped, 2, "the rings");
        line_drop(&F.p.sent);

        /* Received: each frame is told as it is, and its slots come in order. */
        for (unsigned i = 0; i < 36; i++)
            rx_post(&F, 0, i == 18 ? ro->ref : i == 19 ? gone : good->ref);
        raw_push(F.rx);
        memset(good->bytes, 0, PAGE);
        for (unsigned i = 0; i < 3; i++)
            pair_fill(pair_give(&F.p, 60)->bytes, 60, i);
        back_go(&F);
        for (unsigned i = 0; i < 3; i++) {
            cr_assert(raw_take(F.rx, &rsp, sizeof(rsp)));
            cr_assert_eq(rsp.status, 60);
        }
        for (unsigned i = 0; i < 5; i++)
            pair_fill(pair_give(&F.p, 16000)->bytes, 16000, i);
        back_go(&F);
        for (unsigned i = 0; i < 5 * 4; i++) {
            if (!raw_take(F.rx, &rsp, sizeof(rsp)))
                break;
            cr_assert_eq(rsp.id, 3 + i, "X1");
            cr_assert_eq(rsp.status < 0, 3 + i >= 15 && 3 + i < 23, "%u: %d",
                         3 + i, rsp.status);
        }
        cr_assert_eq(pair_back_stats(&F.p).rx_failed, 2);
        front_close(&F);
    }
}

/* XSA-216: what lies behind and within responses. */
Test(netback_hostile, nothing_leaks_into_responses)
{
    struct netif_rx_response *rx;
    struct netif_extra *extra;
    unsigned char *slot;
    struct front_page *page;
    struct pair_frame *give;
    static struct made_frame m;

    open_it((struct leat_netback_config){0},
            (struct front_keys){.ctrl = true, .gso = true});
    page = front_new(&F, LEAT_READ_WRITE, 0);
    memset(F.tx->page.bytes + 64, 0xaa, PAGE - 64);
    memset(F.rx->page.bytes + 64, 0xaa, PAGE - 64);
    memset(F.ctrl.page.bytes + 64, 0xaa, PAGE - 64);
    tx_slot(&F, page->ref, 0, 99, NETTXF_EXTRA_INFO);
    tx_extra(&F, NETIF_EXTRA_HASH, 0, 7, 7);
    cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), 1);
    for (unsigned i = 0; i < 2; i++) {
        slot = raw_slot(F.tx, i);
        for (unsigned k = 4; k < 12; k++)
            cr_assert_eq(slot[k], 0, "%u, %u", i, k);
    }
    (void)ctrl_ask(&F, 77, 1, 2, 3);
    slot = raw_slot(&F.ctrl, 0);
    for (unsigned k = 8; k < 16; k++)
        cr_assert_eq(slot[k], 0);
    frame_make(&m, (struct frame_of){
                       .protocol = F_TCP, .payload = 900, .blank = true});
    for (unsigned i = 0; i < 30; i++)
        rx_post(&F, 0, page->ref);
    raw_push(F.rx);
    give = pair_give(&F.p, m.len);
    memcpy(give->bytes, m.bytes, m.len);
    give->meta = (struct leat_net_meta){.flags = LEAT_NET_CSUM_BLANK,
                                        .gso = LEAT_NET_GSO_TCPV4,
                                        .gso_size = 300};
    back_go(&F);
    cr_assert_eq(F.rx->words[R_RSP_PROD], 2);
    rx = raw_slot(F.rx, 0);
    cr_assert_eq(rx->status, (int)m.len);
    cr_assert_eq(rx->offset, 0);
    cr_assert_eq(rx->flags,
                 NETRXF_CSUM_BLANK | NETRXF_DATA_VALIDATED | NETRXF_EXTRA_INFO);
    extra = raw_slot(F.rx, 1);
    cr_assert_eq(extra->type, NETIF_EXTRA_GSO);
    cr_assert_eq(extra->u.gso.size, 300);
    cr_assert_eq(extra->flags + extra->u.gso.pad + extra->u.gso.features, 0);
    for (size_t i = m.len; i < PAGE; i++)
        cr_assert_eq(page->bytes[i], 0);
    front_close(&F);
}

/* ------------------------------------------------------------ double fetches */

static volatile bool stop;
static struct front_page *flipped;

static void *flip(void *arg)
{
    volatile unsigned char *slots = F.tx->page.bytes + 64;
    unsigned seed = 1;

    (void)arg;
    while (!stop) {
        seed = seed * 1103515245 + 12345;
        /* A page's bytes; or a field of a slot, but for what is a reference. */
        flipped->bytes[seed >> 8 & 127] = (unsigned char)(seed >> 24);
        slots[(seed >> 8 & 63) * 12 + 4 + (seed >> 16 & 7)] ^=
            (unsigned char)(1 << (seed >> 24 & 7));
    }
    return NULL;
}

/* What is told of a frame is true of the head that comes with it. */
static int true_send(void *self, const struct leat_net_frame *frame)
{
    struct leat_net_meta again = frame->meta;
    struct leat_net_headers is;
    size_t len = frame->head.len, i;

    (void)self;
    for (i = 0; i < frame->nsegs; i++)
        len += frame->segs[i].len;
    cr_assert_eq(len, frame->len);
    cr_assert_geq(len, LEAT_NET_FRAME_MIN);
    if (frame->meta.flags & LEAT_NET_CSUM_BLANK) {
        MUST(leat_net_headers(frame->head, frame->len, &is));
        cr_assert_eq(frame->meta.csum_start, is.l4);
        MUST(leat_net_meta_find(frame->head, frame->len, &again));
        cr_assert_eq(again.csum_offset, frame->meta.csum_offset);
    }
    return 0;
}

/* XSA-155: slots and headers change while they are looked at. */
Test(netback_hostile, all_changes_while_it_is_read)
{
    static struct made_frame m;

    for (unsigned round = 0; round < 60; round++) {
        struct netif_tx_response rsp;
        pthread_t thread;

        front_open(
            &F, (struct leat_netback_config){
                    .way = round % 2 ? LEAT_NETBACK_MAP : LEAT_NETBACK_COPY});
        F.p.ops.send = true_send;
        front_connect(&F, (struct front_keys){0});
        flipped = front_new(&F, LEAT_READ_ONLY, 0);
        frame_make(&m, (struct frame_of){
                           .protocol = F_TCP, .payload = 60, .blank = true});
        stop = false;
        cr_assert_eq(pthread_create(&thread, NULL, flip, NULL), 0);
        for (unsigned k = 0; k < 30 && leat_netback_connected(F.p.b); k++) {
            memcpy(flipped->bytes, m.bytes, m.len);
            for (unsigned i = 0; i < 32; i++)
                tx_slot(&F, flipped->ref, 0, m.len, NETTXF_CSUM_BLANK);
            raw_push(F.tx);
            back_go(&F);
            while (raw_take(F.tx, &rsp, sizeof(rsp)))
                ;
        }
        stop = true;
        cr_assert_eq(pthread_join(thread, NULL), 0);
        front_close(&F);
    }
}

/* ---------------------------------------------------------------------- time */

/* XSA-391: a full ring costs a poll its budget, and a frame's slots more. */
Test(netback_hostile, a_flood_keeps_the_budget)
{
    struct front_page *page;
    uint64_t before = 0, now;
    bool more;

    open_it((struct leat_netback_config){0}, (struct front_keys){.ctrl = true});
    page = front_new(&F, LEAT_READ_ONLY, 0);
    for (unsigned i = 0; i < 256; i++)
        tx_slot(&F, page->ref, 0, 60, i % 2 ? 0 : NETTXF_MORE_DATA);
    raw_push(F.tx);
    F.ctrl.prod = F.ctrl.slots;
    raw_push(&F.ctrl);
    for (unsigned k = 0; k < 8; k++) {
        MUST(leat_netback_poll(F.p.b, 8, &more));
        cr_assert(more);
        now = pair_back_stats(&F.p).tx_slots;
        cr_assert(now > before && now <= before + 8 + 1, "%lu",
                  (unsigned long)(now - before));
        before = now;
        cr_assert_leq(pair_back_stats(&F.p).controls, 8 * (k + 1));
    }
    line_drop(&F.p.sent);
    back_go(&F);
    cr_assert_eq(pair_back_stats(&F.p).tx_slots, 256);
    cr_assert_eq(pair_back_stats(&F.p).controls, F.ctrl.slots);
    front_close(&F);
}

static unsigned came;

static int count(void *arg, const struct leat_net_frame *frame)
{
    (void)arg, (void)frame;
    came++;
    return 0;
}

/* XSA-392: who posts nothing to receive into loses its own, and nobody waits. */
Test(netback_hostile, who_never_consumes_loses_alone)
{
    unsigned char bytes[60];
    const struct leat_net_frame frame = {.head = {bytes, 60}, .len = 60};
    const struct leat_net_sink sink = {.deliver = count};
    struct leat_switch_config c = {.ports = 3};
    struct leat_netport port[3];
    struct leat_switch_stats st;
    struct leat_switch *s;
    struct front_page *page;
    struct netif_rx_response rsp;

    MUST(leat_switch_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(leat_switch_create(&s, &c));
    for (unsigned i = 0; i < 3; i++)
        MUST(leat_switch_port(s, i, &port[i]));
    MUST(port[1].ops->attach(port[1].self, &sink));
    front_open(&F, (struct leat_netback_config){0});
    F.p.ops = *port[0].ops;
    F.p.back.port = port[0];
    F.p.back.bus = &F.p.w.back_bus;
    F.p.back.path = PAIR_BACK;
    F.p.back.grants = F.p.w.g.b->table;
    MUST(leat_netback_meta_size(&F.p.back, &F.p.back.meta_bytes));
    F.p.back.meta = malloc(F.p.back.meta_bytes);
    MUST(leat_netback_create(&F.p.b, &F.p.back));
    front_connect(&F, (struct front_keys){0});
    memset(bytes, 0xff, sizeof(bytes));
    bytes[6] = 2;
    for (unsigned i = 0; i < 1000; i++)
        MUST(port[2].ops->send(port[2].self, &frame));
    cr_assert_eq(came, 1000);
    cr_assert_eq(pair_back_stats(&F.p).rx_lost, 1000);
    MUST(leat_switch_stats(s, 0, &st));
    cr_assert_eq(st.lost, 1000);
    /* What it sends goes all the same; and when it posts, it receives. */
    page = front_new(&F, LEAT_READ_WRITE, 0xff);
    tx_slot(&F, page->ref, 0, 60, 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), 1);
    cr_assert_eq(came, 1001);
    rx_post(&F, 0, page->ref);
    raw_push(F.rx);
    MUST(port[2].ops->send(port[2].self, &frame));
    cr_assert(raw_take(F.rx, &rsp, sizeof(rsp)));
    cr_assert_eq(rsp.status, 60);
    front_close(&F);
    MUST(port[1].ops->attach(port[1].self, NULL));
    MUST(leat_switch_destroy(s));
    free(c.meta);
}

/* -------------------------------------------------------------- the other way */

static unsigned gave;

/* By which of two queues a frame goes. */
static uint32_t queue_of(const unsigned char *bytes, size_t len)
{
    const struct leat_cview head = {bytes, len};
    struct leat_net_headers is = {0};

    MUST(leat_net_headers(head, len, &is));
    return is.flow % 2;
}

/* Small frames of one flow, and then long ones of another. */
static int give(void *self, uint32_t queue, const struct leat_net_room *room,
                struct leat_net_meta *meta, size_t *len)
{
    static struct made_frame m;
    struct frame_of o = {.protocol = F_UDP, .sport = 1, .payload = 18};

    (void)self, (void)queue;
    if (gave == 290)
        return LEAT_E_AGAIN;
    if (gave >= 255) {
        o.sport = 2;
        o.payload = 1400;
    }
    do {
        o.sport++;
        frame_make(&m, o);
    } while (queue_of(m.bytes, m.len) != (gave >= 255));
    memset(m.bytes + m.end, (int)gave, o.payload);
    for (size_t i = 0; i < m.len; i++)
        room->segs[0].peer_bytes[i] = m.bytes[i];
    memset(meta, 0, sizeof(*meta));
    *len = m.len;
    gave++;
    return 0;
}

/*
 * Two queues of one poll fill its batch in the middle: no frame is staged over
 * another that is not yet written.
 */
Test(netback_hostile, a_batch_that_is_full_keeps_what_it_has)
{
    static struct front_page *page[300];
    struct netif_rx_response rsp;
    bool more;

    front_open(&F, (struct leat_netback_config){.queues_max = 2});
    F.p.ops.receive = give;
    F.p.ops.attach = NULL;
    gave = 0;
    front_connect(&F, (struct front_keys){.queues = 2});
    for (unsigned i = 0; i < 300; i++) {
        page[i] = front_new(&F, LEAT_READ_WRITE, 0);
        rx_post(&F, i >= 256, page[i]->ref);
    }
    raw_push(&F.rx[0]);
    raw_push(&F.rx[1]);
    MUST(leat_netback_poll(F.p.b, 290, &more));
    cr_assert_eq(gave, 290);
    for (unsigned i = 0; i < 290; i++) {
        const unsigned long_one = i >= 255;
        const unsigned at = long_one ? i + 1 : i;

        cr_assert(raw_take(&F.rx[long_one], &rsp, sizeof(rsp)), "%u", i);
        cr_assert_eq(rsp.status, long_one ? 1442 : 60);
        for (int k = 42; k < rsp.status; k++)
            cr_assert_eq(page[at]->bytes[k], (unsigned char)i, "%u, %d", i, k);
    }
    front_close(&F);
}
