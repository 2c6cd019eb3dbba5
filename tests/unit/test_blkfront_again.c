/* SPDX-License-Identifier: ISC */

/*
 * Backs that die, or go, and come again, in each state: what was not answered is
 * sent again, as it was and in its order; what was answered is not.
 */

#include "pv/front_asks.h"

static struct front_world w;
static struct ask a[40];
static struct fw_taken q;

/* How a back goes. */
enum way {
    WAY_DIES,     /* its directory is removed                         */
    WAY_CLOSES,   /* 5, then 6                                        */
    WAY_CLOSED,   /* 6 at once                                        */
    WAY_RESTARTS, /* 2 at once: another program in the same domain    */
    WAY_BEGINS,   /* 1 at once                                        */
    WAYS
};

static void go(enum way how)
{
    switch (how) {
    case WAY_DIES:
        table_drop(&w.t, FW_BACK);
        break;
    case WAY_CLOSES:
        fw_state(&w, LEAT_BUS_CLOSING);
        fw_run(&w);
        fw_state(&w, LEAT_BUS_CLOSED);
        break;
    case WAY_CLOSED:
        fw_state(&w, LEAT_BUS_CLOSED);
        break;
    case WAY_RESTARTS:
        fw_state(&w, LEAT_BUS_INIT_WAIT);
        break;
    default:
        fw_state(&w, LEAT_BUS_INITIALISING);
    }
    fw_run(&w);
}

static void come(void)
{
    fw_say(&w, "online", "1");
    fw_say_all(&w);
    fw_connect(&w);
    cr_assert(leat_blkfront_connected(w.f), "%s, at %d",
              leat_blkfront_text(w.f), fw_mine(&w));
}

/* The front is at 1, and at 3: nothing was sent yet. */
Test(blkfront_again, before_it_is_connected)
{
    for (int how = 0; how < WAYS; how++) {
        for (int at = 0; at < 2; at++) {
            fw_worlds(&w, (struct leat_blkfront_config){0});
            MUST(leat_blkfront_create(&w.f, &w.config));
            if (at) {
                fw_state(&w, LEAT_BUS_INIT_WAIT);
                fw_run(&w);
                cr_assert_eq(fw_mine(&w), LEAT_BUS_INITIALISED);
            }
            go((enum way)how);
            come();
            cr_assert_eq(ask_stats(&w).connects, 1);
            ask(&w, &a[0], LEAT_BLK_READ, 0, 3, 0);
            cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
            fw_run(&w);
            ask_over(&a[0], 0);
            ask_end(&a[0]);
            fw_close(&w);
        }
    }
}

/* Ten requests, direct and indirect and split: (answered) of their parts are. */
static void in_traffic(enum leat_receive_mode mode, enum way how,
                       uint32_t answered)
{
    static const uint32_t pages[] = {1, 3, 12, 40, 2, 1, 14, 0, 5, 33};
    struct leat_blkfront_config c = ask_config(mode);
    struct fw_taken sent[16];
    bool done[COUNT(pages)];
    uint32_t i, n = 0, left = 0;

    c.ring_order = 1;
    c.request_pages = 64;
    c.pages = 256;
    fw_open(&w, c);
    for (i = 0; i < COUNT(pages); i++) {
        ask_make(&w, &a[i],
                 !pages[i] ? LEAT_BLK_FLUSH
                 : i % 2   ? LEAT_BLK_WRITE
                           : LEAT_BLK_READ,
                 400ull * i, pages[i], (int)i + 1);
        MUST(ask_submit(&a[i]));
    }
    fw_run(&w);
    while (fw_take(&w, 0, &sent[n])) {
        if (n < answered) {
            fw_do(&w, &sent[n], 0);
            fw_answer(&w, 0, sent[n].wire.id, sent[n].op, BLKIF_OKAY);
        }
        cr_assert_lt(++n, 16);
    }
    cr_assert_eq(n, 12);
    if (answered != 5) /* some are taken now, some when it goes */
        fw_run(&w);
    go(how);
    cr_assert_eq(w.events[LEAT_BLKFRONT_DISCONNECTED], 1);
    for (i = 0; i < COUNT(pages); i++) {
        done[i] = a[i].times;
        left += !done[i];
    }
    cr_assert_eq(left == 0, answered == n);
    cr_assert_eq(ask_stats(&w).under_way, left);
    come();
    cr_assert_eq(ask_stats(&w).resent, left);
    /* What is not done is there again, whole, and in order. */
    for (i = 0; i < COUNT(pages); i++) {
        uint64_t sector = 400ull * i;
        uint32_t got = 0;

        if (done[i])
            continue;
        do {
            cr_assert(fw_take(&w, 0, &q));
            cr_assert_eq(q.op, !pages[i] ? BLKIF_FLUSH
                               : i % 2   ? BLKIF_WRITE
                                         : BLKIF_READ);
            if (pages[i])
                cr_assert_eq(q.wire.sector, sector);
            fw_do(&w, &q, (int)i + 1);
            got += q.n;
            sector += q.n * 8u;
            fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
        } while (got < pages[i]);
        cr_assert_eq(got, pages[i]);
    }
    cr_assert(!fw_take(&w, 0, &q));
    fw_run(&w);
    for (i = 0; i < COUNT(pages); i++) {
        ask_over(&a[i], 0);
        if (pages[i] && a[i].blk.op == LEAT_BLK_READ)
            ask_is_disk(&a[i]);
        ask_end(&a[i]);
    }
    fw_close(&w);
}

Test(blkfront_again, in_traffic)
{
    static const uint32_t answered[] = {0, 1, 5, 11, 12};

    for (size_t m = 0; m < COUNT(ask_modes); m++)
        for (int how = 0; how < WAYS; how++)
            for (size_t k = 0; k < COUNT(answered); k++)
                in_traffic(ask_modes[m], (enum way)how, answered[k]);
}

/* It dies again, and again, before it answers. */
Test(blkfront_again, many_times)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        fw_open(&w, ask_config(ask_modes[m]));
        ask(&w, &a[0], LEAT_BLK_READ, 16, 14, 0);
        for (int i = 0; i < 20; i++) {
            cr_assert(fw_take(&w, 0, &q));
            go((enum way)(i % WAYS));
            cr_assert_eq(a[0].times, 0);
            come();
        }
        cr_assert_eq(ask_stats(&w).resent, 20);
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
        fw_run(&w);
        ask_over(&a[0], 0);
        ask_is_disk(&a[0]);
        ask_end(&a[0]);
        fw_close(&w);
    }
}

/* It says that it is connected, and is gone when it is asked what its disk is, by
 * each key: that is a death, and no lie. What waits waits. */
Test(blkfront_again, while_it_is_asked)
{
    static const char *const keys[] = {
        FW_BACK "/sector-size", FW_BACK "/feature-persistent",
        FW_BACK "/discard-alignment", FW_BACK "/sectors"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        fw_open(&w, (struct leat_blkfront_config){0});
        ask(&w, &a[0], LEAT_BLK_READ, 16, 14, 0);
        go(WAY_DIES);
        fw_say_all(&w);
        fw_state(&w, LEAT_BUS_INIT_WAIT);
        fw_run(&w);
        w.t.last = keys[i];
        w.t.dies = FW_BACK;
        fw_state(&w, LEAT_BUS_CONNECTED);
        fw_run(&w);
        cr_assert_null(w.t.last, "%s is not asked for", keys[i]);
        cr_assert_eq(w.events[LEAT_BLKFRONT_BROKEN], 0, "%s",
                     leat_blkfront_text(w.f));
        cr_assert_eq(a[0].times, 0);
        come();
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
        fw_run(&w);
        ask_over(&a[0], 0);
        ask_is_disk(&a[0]);
        ask_end(&a[0]);
        fw_close(&w);
    }
}

/* LEAT_BLKFRONT_FAIL: it is told; what waited and was never sent still waits. */
Test(blkfront_again, told_instead)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        struct leat_blkfront_config c = ask_config(ask_modes[m]);

        c.flags = LEAT_BLKFRONT_FAIL;
        c.ring_order = 1;
        fw_open(&w, c);
        for (int i = 0; i < 40; i++) {
            ask_make(&w, &a[i], LEAT_BLK_WRITE, 0, 1, 1);
            MUST(ask_submit(&a[i]));
        }
        fw_run(&w);
        go(WAY_DIES);
        for (int i = 0; i < 40; i++)
            cr_assert_eq(a[i].times, i < 32);
        come();
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 1), 8);
        fw_run(&w);
        for (int i = 0; i < 40; i++) {
            ask_over(&a[i], i < 32 ? LEAT_E_GONE : 0);
            ask_end(&a[i]);
        }
        fw_close(&w);
    }
}

/* It closes, or is closed, in each state of the back's. */
Test(blkfront_again, closed_in_each_state)
{
    for (int state = 0; state < 8; state++) {
        for (int now = 0; now < 2; now++) {
            fw_open(&w, (struct leat_blkfront_config){0});
            ask(&w, &a[0], LEAT_BLK_WRITE, 0, 3, 1);
            fw_state(&w, (enum leat_bus_state)state);
            fw_run(&w);
            MUST(leat_blkfront_close(w.f, now));
            fw_run(&w);
            if (now)
                cr_assert_eq(w.events[LEAT_BLKFRONT_CLOSED], 1);
            fw_serve(&w, BLKIF_OKAY, 1);
            fw_run(&w);
            fw_state(&w, LEAT_BUS_CLOSED);
            fw_run(&w);
            cr_assert_eq(w.events[LEAT_BLKFRONT_CLOSED], 1, "at %d", state);
            cr_assert_eq(fw_mine(&w), LEAT_BUS_CLOSED);
            cr_assert_eq(a[0].times, 1);
            FAILS(LEAT_E_CLOSED, ask_submit(&a[0]));
            ask_end(&a[0]);
            fw_close(&w);
        }
    }
}

/* A pause: it takes no more; it waits for what is in rings; then the back is let
 * go of; and goes on, with or without a suspend between. */
Test(blkfront_again, paused)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        for (int suspend = 0; suspend < 2; suspend++) {
            fw_open(&w, ask_config(ask_modes[m]));
            if (suspend && ask_modes[m] == LEAT_RECEIVE_SHARED) {
                fw_close(&w); /* its caller's pages would not live through it */
                continue;
            }
            ask(&w, &a[0], LEAT_BLK_READ, 8, 2, 1);
            MUST(leat_blkfront_pause(w.f));
            ask_make(&w, &a[1], LEAT_BLK_READ, 80, 2, 1);
            MUST(ask_submit(&a[1]));
            fw_run(&w);
            cr_assert_eq(w.events[LEAT_BLKFRONT_PAUSED], 0);
            cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
            fw_run(&w);
            ask_over(&a[0], 0);
            cr_assert_eq(fw_mine(&w), LEAT_BUS_CLOSING);
            cr_assert_eq(w.events[LEAT_BLKFRONT_PAUSED], 0);
            fw_state(&w, LEAT_BUS_CLOSED);
            fw_run(&w);
            cr_assert_eq(w.events[LEAT_BLKFRONT_PAUSED], 1);
            if (suspend) {
                MUST(leat_lifecycle_suspend(&w.life, NULL));
                MUST(leat_lifecycle_resume(&w.life, LEAT_RESUMED));
            }
            fw_run(&w);
            cr_assert_eq(a[1].times, 0);
            MUST(leat_blkfront_resume(w.f));
            fw_run(&w);
            come();
            cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
            fw_run(&w);
            ask_over(&a[1], 0);
            ask_is_disk(&a[1]);
            ask_end(&a[0]);
            ask_end(&a[1]);
            fw_close(&w);
        }
    }
}
