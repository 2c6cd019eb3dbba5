/* SPDX-License-Identifier: ISC */

/*
 * A back that breaks the protocol, in each way that SECURITY has a row for. What
 * it may do to this end is to break its own device: nothing is read or written
 * beyond a page, no page gets out twice, and all comes back.
 */

#include <pthread.h>

#include "pv/net_world.h"

static struct net_world w;
static struct net_taken taken;
static unsigned char frame[N_BYTES];

static const enum leat_receive_mode modes[] = {
    LEAT_RECEIVE_COPY, LEAT_RECEIVE_REVOKE, LEAT_RECEIVE_SHARED};

static void open_mode(enum leat_receive_mode mode)
{
    net_open(&w, (struct net_options){.config = {
                                          .mode = mode,
                                          .offload = LEAT_NET_OFFLOAD_GSO4,
                                          .queues = 2,
                                      }});
}

/* It is broken, with a text that has (what) in it, and the other queue works. */
static void broken(struct leat_ring *r, const char *what)
{
    const char *text = NULL;
    struct leat_ring *lied = net_run(&w);

    cr_assert_eq(lied, r);
    FAILS(LEAT_E_PROTO, leat_ring_state(r, &text));
    cr_assert(strstr(text, what), "%s has no %s", text, what);
}

/* ----------------------------------------------------- answers to frames sent */

static void send_one(void)
{
    struct net_writer wr = {0};

    MUST(net_send(&w, 0, 60, &wr));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
}

Test(netfront_hostile, ids_that_are_not_out)
{
    static const struct {
        int change; /* of the id */
        const char *what;
    } cases[] = {
        {1, "an answer to nothing"},   /* a slot that is free          */
        {256, "an answer to nothing"}, /* another generation of it     */
        {-256, "an answer to nothing"},
        {0x7f, "an answer to nothing"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        open_mode(LEAT_RECEIVE_COPY);
        send_one();
        net_answer(&w, 0, (uint16_t)(taken.req[0].id + cases[i].change), 0);
        broken(&w.f->queues[0].tx, cases[i].what);
        cr_assert_eq(net_stats(&w).tx_under_way, 1);
        net_close(&w);
    }
}

Test(netfront_hostile, an_id_twice_or_one_of_before)
{
    uint16_t old;

    open_mode(LEAT_RECEIVE_COPY);
    send_one();
    old = taken.req[0].id;
    send_one();
    net_answer(&w, 0, old, 0);
    net_answer(&w, 0, old, 0);
    broken(&w.f->queues[0].tx, "an answer to nothing");
    net_close(&w);

    /* Its slot is out again, with another id. */
    open_mode(LEAT_RECEIVE_COPY);
    send_one();
    old = taken.req[0].id;
    for (int i = 0; i < 256; i++) {
        net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
        cr_assert_null(net_run(&w));
        send_one();
    }
    cr_assert_eq(taken.req[0].id & 0xff, old & 0xff);
    net_answer(&w, 0, old, 0);
    broken(&w.f->queues[0].tx, "an answer to nothing");
    net_close(&w);

    /* And one of a connection before. */
    open_mode(LEAT_RECEIVE_COPY);
    send_one();
    old = taken.req[0].id;
    net_disconnect(&w, LEAT_E_GONE);
    net_connect(&w, &(struct net_options){0});
    for (int i = 0; i < 256; i++) {
        send_one();
        cr_assert_neq(taken.req[0].id, old);
        net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
        cr_assert_null(net_run(&w));
    }
    net_close(&w);
}

Test(netfront_hostile, statuses_that_are_none)
{
    static const int16_t bad[] = {2, 3, 100, INT16_MAX, INT16_MIN, -3};

    for (size_t i = 0; i < COUNT(bad); i++) {
        open_mode(LEAT_RECEIVE_COPY);
        send_one();
        net_answer(&w, 0, taken.req[0].id, bad[i]);
        broken(&w.f->queues[0].tx, "a status that is none");
        net_close(&w);
    }
    /* There was no extra that this could answer. */
    open_mode(LEAT_RECEIVE_COPY);
    send_one();
    net_answer(&w, 0, taken.req[0].id, NETIF_RSP_NULL);
    broken(&w.f->queues[0].tx, "an answer to no extra");
    net_close(&w);
}

Test(netfront_hostile, indexes_that_cannot_be)
{
    static const uint32_t ahead[] = {2, 257, 1u << 31, UINT32_MAX,
                                     UINT32_MAX - 1};

    for (int start = 0; start < 2; start++) {
        for (size_t i = 0; i < 2 * COUNT(ahead); i++) {
            uint32_t first = start ? UINT32_MAX : 0;
            struct net_ring *r;
            struct leat_ring *its;

            net_open(&w, (struct net_options){.start = first});
            send_one(); /* one request is out of transmit; 256 of receive */
            r = i % 2 ? &w.rx[0] : &w.tx[0];
            its = i % 2 ? &w.f->queues[0].rx : &w.f->queues[0].tx;
            r->rsp = first + ahead[i / 2] + (i % 2 && i < 2 ? 255 : 0);
            net_show(r);
            broken(its, "rsp_prod is ahead by");
            cr_assert_eq(w.frames, 0);
            net_close(&w);
        }
    }
}

/* ------------------------------------------------------------- what comes */

static struct netif_rx_response next(void)
{
    struct netif_rx_request req;

    cr_assert(net_take(&w.rx[0], &req));
    return (struct netif_rx_response){.id = req.id, .status = 100};
}

Test(netfront_hostile, slots_that_lie)
{
    static const struct {
        int id;
        uint16_t off, flags;
        int16_t status;
        const char *what;
    } cases[] = {
        {1, 0, 0, 100, "an answer to nothing"},
        {-1, 0, 0, 100, "an answer to nothing"},
        {256, 0, 0, 100, "an answer to nothing"},
        {0, 0, 0, 4097, "a fragment ends at 4097"},
        {0, 0, 0, INT16_MAX, "a fragment ends at"},
        {0, 1, 0, 4096, "a fragment ends at 4097"},
        {0, 4096, 0, 1, "a fragment ends at 4097"},
        {0, 65535, 0, 100, "a fragment ends at 65635"},
        {0, 65535, 0, INT16_MAX, "a fragment ends at"},
        {0, 0, 0, -3, "a status that is none"},
        {0, 0, 0, INT16_MIN, "a status that is none"},
        {0, 100, NETRXF_GSO_PREFIX | NETRXF_MORE_DATA, 0, "a prefix"},
    };

    for (size_t m = 0; m < COUNT(modes); m++) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct netif_rx_response rsp;

            open_mode(modes[m]);
            rsp = next();
            rsp.id = (uint16_t)(rsp.id + cases[i].id);
            rsp.offset = cases[i].off;
            rsp.flags = cases[i].flags;
            rsp.status = cases[i].status;
            net_put(&w.rx[0], &rsp, sizeof(rsp));
            broken(&w.f->queues[0].rx, cases[i].what);
            cr_assert_eq(w.frames, 0);
            net_close(&w);
        }
    }
}

static void begin_with_extra(struct netif_extra e)
{
    net_fill(&w, 0, frame, 100, 0, NETRXF_EXTRA_INFO);
    net_extra(&w, 0, e);
    net_show(&w.rx[0]);
}

Test(netfront_hostile, extras_that_lie)
{
    static const struct {
        struct netif_extra e;
        const char *what;
    } cases[] = {
        {{.type = 0}, "an extra of type 0"},
        {{.type = NETIF_EXTRA_MAX}, "an extra of type 5"},
        {{.type = 255}, "an extra of type 255"},
        {{.type = NETIF_EXTRA_GSO, .u.gso = {.size = 100}}, "GSO of type 0"},
        {{.type = NETIF_EXTRA_GSO, .u.gso = {.size = 100, .type = 3}},
         "GSO of type 3"},
        {{.type = NETIF_EXTRA_GSO, .u.gso = {.type = NETIF_GSO_TCPV4}},
         "GSO of size"},
        {{.type = NETIF_EXTRA_GSO,
          .u.gso = {.size = 100, .type = NETIF_GSO_TCPV6}},
         "GSO that was not asked for"},
    };

    for (size_t m = 0; m < COUNT(modes); m++) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            open_mode(modes[m]);
            begin_with_extra(cases[i].e);
            broken(&w.f->queues[0].rx, cases[i].what);
            cr_assert_eq(w.frames, 0);
            net_close(&w);
        }
    }
}

Test(netfront_hostile, extras_missing_doubled_and_without_end)
{
    const struct netif_extra gso = {
        .type = NETIF_EXTRA_GSO,
        .u.gso = {.size = 1000, .type = NETIF_GSO_TCPV4}};
    struct netif_extra more = gso, hash = {.type = NETIF_EXTRA_HASH};

    for (size_t m = 0; m < COUNT(modes); m++) {
        /* Missing: what follows is one, whatever the back meant. */
        open_mode(modes[m]);
        net_fill(&w, 0, frame, 100, 0, NETRXF_EXTRA_INFO);
        net_show(&w.rx[0]);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 0); /* it waits */
        net_close(&w);

        /* Doubled: refused, and the next frame is told. */
        open_mode(modes[m]);
        more.flags = NETIF_EXTRA_MORE;
        net_fill(&w, 0, frame, 100, 0, NETRXF_EXTRA_INFO | NETRXF_MORE_DATA);
        net_extra(&w, 0, more);
        net_extra(&w, 0, gso);
        net_fill(&w, 0, frame, 100, 0, 0);
        net_show(&w.rx[0]);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 0);
        cr_assert_eq(net_stats(&w).rx_refused, 1);
        begin_with_extra(gso);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 1);
        cr_assert_eq(w.meta.gso_size, 1000);
        /* One of a hash beside it is of no use here, and no lie. */
        net_fill(&w, 0, frame, 100, 0, NETRXF_EXTRA_INFO);
        net_extra(&w, 0, more);
        net_extra(&w, 0, hash);
        net_show(&w.rx[0]);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 2);
        net_close(&w);

        /* Without end. */
        open_mode(modes[m]);
        hash.flags = NETIF_EXTRA_MORE;
        net_fill(&w, 0, frame, 100, 0, NETRXF_EXTRA_INFO);
        for (int i = 0; i < 200; i++)
            net_extra(&w, 0, hash);
        net_show(&w.rx[0]);
        broken(&w.f->queues[0].rx, "slots of a frame 64, against 63");
        hash.flags = 0;
        net_close(&w);

        /* Where none may be. */
        open_mode(modes[m]);
        net_fill(&w, 0, frame, 100, 0, NETRXF_MORE_DATA);
        net_fill(&w, 0, frame, 100, 0, NETRXF_EXTRA_INFO);
        net_show(&w.rx[0]);
        broken(&w.f->queues[0].rx, "extras behind a fragment");
        net_close(&w);
    }
}

Test(netfront_hostile, fragments_19_and_without_end)
{
    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m]);
        for (uint32_t n = 17; n < 64; n++) {
            w.frames = 0;
            net_pattern(frame, n * 100, n);
            net_frame(&w, 0, frame, n * 100, 100, 0);
            cr_assert_null(net_run(&w));
            cr_assert_eq(w.frames, n <= 18);
            if (n <= 18)
                cr_assert(net_is(w.bytes, n * 100, n));
        }
        cr_assert_eq(net_stats(&w).rx_refused, 63 - 18);
        cr_assert_eq(net_stats(&w).rx_posted, 512);
        net_frame(&w, 0, frame, 64 * 100, 100, 0);
        broken(&w.f->queues[0].rx, "slots of a frame");
        net_close(&w);
    }
}

Test(netfront_hostile, seventeen_one_byte_fragments_after_a_header)
{
    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m]);
        net_pattern(frame, 14 + 17, 2);
        net_fill(&w, 0, frame, 14, 0, NETRXF_MORE_DATA);
        for (uint32_t i = 0; i < 17; i++)
            net_fill(&w, 0, frame + 14 + i, 1, 4095 - i,
                     i < 16 ? NETRXF_MORE_DATA : 0);
        net_show(&w.rx[0]);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 1);
        cr_assert_eq(w.len, 31);
        cr_assert(net_is(w.bytes, 31, 2));
        net_close(&w);
    }
}

/* Which of the fragments have bytes: each subset of five. */
Test(netfront_hostile, fragments_of_no_bytes)
{
    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m]);
        for (uint32_t set = 0; set < 32; set++) {
            size_t len = 0;

            w.frames = 0;
            for (uint32_t i = 0; i < 5; i++) {
                size_t part = set >> i & 1 ? 20 : 0;

                net_pattern(frame, 200, set);
                net_fill(&w, 0, frame + len, part, part ? 0 : 4096,
                         i < 4 ? NETRXF_MORE_DATA : 0);
                len += part;
            }
            net_show(&w.rx[0]);
            cr_assert_null(net_run(&w));
            cr_assert_eq(w.frames, set != 0);
            if (set) {
                cr_assert_eq(w.len, len);
                cr_assert(net_is(w.bytes, len, set));
            }
        }
        cr_assert_eq(net_stats(&w).rx_refused, 1);
        net_close(&w);
    }
}

Test(netfront_hostile, sizes_that_are_no_frame)
{
    for (size_t m = 0; m < COUNT(modes); m++) {
        open_mode(modes[m]);
        for (size_t len = 1; len < 14; len++)
            net_frame(&w, 0, frame, len, 4096, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(net_stats(&w).rx_refused, 13);
        /* 65,536 bytes and more, in 17 and 18 slots. */
        for (uint32_t slots = 16; slots <= 18; slots++) {
            for (uint32_t i = 0; i < slots; i++)
                net_fill(&w, 0, frame, 4096, 0,
                         i + 1 < slots ? NETRXF_MORE_DATA : 0);
            net_show(&w.rx[0]);
            cr_assert_null(net_run(&w));
        }
        cr_assert_eq(net_stats(&w).rx_refused, 16);
        cr_assert_eq(w.frames, 0);
        net_frame(&w, 0, frame, 65535, 4096, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 1);
        net_close(&w);
    }
}

/* A poll takes its budget, whatever is there. */
Test(netfront_hostile, a_flood_costs_the_budget)
{
    struct leat_ring *lied;
    bool more;

    net_open(&w, (struct net_options){0});
    for (int i = 0; i < 200; i++)
        net_frame(&w, 0, frame, 100, 4096, 0);
    for (uint32_t i = 1; i <= 10; i++) {
        leat_nf_serve(w.f, 5, false, &more, &lied);
        cr_assert_eq(w.frames, 5 * i);
        cr_assert(more);
    }
    net_close(&w);
}

/* ------------------------------------------------- what changes meanwhile */

struct flipper {
    volatile unsigned char *at;
    size_t len;
    bool stop;
};

static void *flip(void *arg)
{
    struct flipper *f = arg;
    uint32_t x = 12345;

    while (!__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE)) {
        x = x * 1664525 + 1013904223;
        f->at[(x >> 8) % f->len] = (unsigned char)(x >> 24);
    }
    return NULL;
}

/* XSA-155, XSA-86: the ring's page changes all the time. */
Test(netfront_hostile, the_pages_of_the_rings_change_without_pause)
{
    for (size_t m = 0; m < 2 * COUNT(modes); m++) {
        struct flipper f;
        pthread_t thread;
        struct net_ring *r;
        uint32_t lies = 0;

        open_mode(modes[m % COUNT(modes)]);
        r = m < COUNT(modes) ? &w.rx[0] : &w.tx[0];
        f = (struct flipper){.at = net_slot(r, 0), .len = 2048};
        cr_assert_eq(pthread_create(&thread, NULL, flip, &f), 0);
        for (uint32_t round = 0; round < 300; round++) {
            struct net_writer wr = {0};
            struct leat_ring *lied;
            bool more;

            (void)net_send(&w, 0, 60, &wr);
            r->rsp++;
            net_show(r);
            leat_nf_serve(w.f, 16, false, &more, &lied);
            net_sound(&w);
            if (!lied)
                continue;
            lies++;
            net_disconnect(&w, LEAT_E_PROTO);
            /* The pages are others' from here on. */
            __atomic_store_n(&f.stop, true, __ATOMIC_RELEASE);
            pthread_join(thread, NULL);
            net_connect(&w, &(struct net_options){0});
            r->rsp = 0;
            f = (struct flipper){.at = net_slot(r, 0), .len = 2048};
            cr_assert_eq(pthread_create(&thread, NULL, flip, &f), 0);
        }
        __atomic_store_n(&f.stop, true, __ATOMIC_RELEASE);
        pthread_join(thread, NULL);
        cr_assert_gt(lies, 0);
        net_close(&w);
    }
}

/* XSA-403: a page that is shown has zeros, or what was written for this back. */
Test(netfront_hostile, pages_that_are_shown_have_nothing_of_others)
{
    static const unsigned char canary[] = {0xcc, 0xcc, 0xcc, 0xcc};
    static unsigned char mine[64];
    static struct leat_chunk all[3000];
    struct leat_netfront_piece p = {.view = {mine, sizeof(mine)}};
    struct leat_netfront_give g = {.pieces = &p, .n = 1};
    uint32_t shown = 0;

    for (size_t m = 0; m < COUNT(modes); m++) {
        memset(mine, 0x11, sizeof(mine));
        net_open(&w, (struct net_options){.config.mode = modes[m]});
        net_disconnect(&w, LEAT_E_GONE);
        leat_nf_stop(w.f);
        /* All memory that it can get has a canary. */
        for (uint32_t i = 0; i < COUNT(all); i++) {
            all[i] = get(w.g.a->pool, 1);
            memset(leat_chunk_view(all[i]).data, 0xcc, PAGE);
        }
        for (uint32_t i = 0; i < COUNT(all); i++)
            MUST(leat_pool_put(w.g.a->pool, all[i]));
        MUST(leat_nf_start(w.f));
        net_connect(&w, &(struct net_options){0});
        MUST(leat_netfront_give(w.f, &g));
        MUST(leat_netfront_push(w.f));
        for (uint32_t ref = 8; ref < 2048; ref++) {
            if (!(w.g.a->entries[ref].flags & GNTTAB_PERMIT))
                continue;
            shown++;
            cr_assert_null(memmem(plain_page(w.g.a, ref), PAGE, canary, 4));
        }
        net_close(&w);
    }
    cr_assert_gt(shown, 1000);
}

/* XSA-362, 365, 367, 371, 457: the k-th operation fails, for every k. */
Test(netfront_hostile, each_operation_of_opening_fails_once)
{
    for (size_t m = 0; m < COUNT(modes); m++) {
        for (long k = 1, failed = 0;; k++) {
            struct nf_queue *q;
            int err;

            net_open(&w, (struct net_options){.config = {.tx_pages = 32,
                                                         .rx_pages = 32,
                                                         .mode = modes[m]}});
            net_disconnect(&w, LEAT_E_GONE);
            q = &w.f->queues[0];
            w.g.world.fail_at = k;
            w.g.world.fail_with = LEAT_E_NOMEM;
            err = leat_nf_queue_open(q, 0);
            if (!err)
                err = leat_nf_rx_post(q);
            w.g.world.fail_at = 0;
            if (q->open) {
                w.f->nqueues = 1;
                failed += net_stats(&w).rx_posted < 32;
            } else {
                cr_assert_eq(err, LEAT_E_NOMEM);
                failed++;
            }
            net_close(&w);
            if (failed < k) {
                cr_assert_gt(k, 2);
                break;
            }
        }
    }
}

/* Padding of what is put is zero: XSA-216. */
Test(netfront_hostile, nothing_of_ours_is_in_the_padding)
{
    struct netif_rx_request req;
    struct leat_netfront_fill fill;
    struct net_writer wr = {0};

    net_open(&w, (struct net_options){.offload = LEAT_NET_OFFLOAD_ALL});
    for (int i = 0; i < 256; i++) {
        cr_assert(net_take(&w.rx[0], &req));
        cr_assert_eq(req.pad, 0);
    }
    memset(w.tx[0].base + 64, 0xff, PAGE - 64); /* what was there before */
    fill = (struct leat_netfront_fill){
        .size = 100,
        .fill = net_write,
        .arg = &wr,
        .meta = {.gso = LEAT_NET_GSO_TCPV4, .gso_size = 7}};
    MUST(leat_netfront_send(w.f, &fill));
    MUST(leat_netfront_push(w.f));
    cr_assert(net_take_frame(&w, 0, &taken));
    for (const unsigned char *at = (const unsigned char *)&taken.extra + 5;
         at < (const unsigned char *)&taken.extra + 8; at++)
        cr_assert_eq(*at, 0);
    for (size_t i = 8; i < 12; i++) /* the rest of its slot */
        cr_assert_eq(net_slot(&w.tx[0], 1)[i], 0);
    net_close(&w);
}
