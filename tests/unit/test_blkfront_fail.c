/* SPDX-License-Identifier: ISC */

/*
 * Failures below blkfront, at each step; and a resume in the middle. All counts
 * return to where they were.
 */

#include "pv/front_asks.h"

static struct front_world w;
static struct ask a;
static struct fw_taken q;

/* ------------------------------------------------- XSA-362, 365, 367, 371, 457 */

/* The k-th operation of the grants below fails, for every k: counts return. */
Test(blkfront_fail, every_operation_fails_once)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        long total = 0;

        for (long k = 0; k <= total; k++) {
            struct leat_blkfront_config c = ask_config(ask_modes[m]);
            long before;

            c.ring_order = 1;
            fw_open(&w, c);
            before = w.g.world.operations;
            w.g.world.fail_with = LEAT_E_NOMEM;
            w.g.world.fail_at = k;
            if (c.mode == LEAT_RECEIVE_SHARED) {
                struct leat_blk_page pages[14];
                int err = leat_blkfront_pages(w.f, pages, 14);

                if (!err)
                    MUST(leat_blkfront_pages_put(w.f, pages, 14));
            }
            w.g.world.fail_at = 0;
            ask_make(&w, &a, LEAT_BLK_READ, 0, 14, 0);
            if (c.mode != LEAT_RECEIVE_SHARED)
                w.g.world.fail_at = k;
            MUST(ask_submit(&a));
            fw_run(&w);
            fw_serve(&w, BLKIF_OKAY, 0);
            fw_run(&w);
            if (!k)
                total = w.g.world.operations - before;
            w.g.world.fail_at = 0;
            cr_assert_eq(a.times, 1);
            if (!a.err)
                ask_is_disk(&a);
            else
                cr_assert(a.err == LEAT_E_NOMEM || a.err == LEAT_E_BUSY, "%s",
                          leat_strerror(a.err));
            cr_assert(k || !a.err);
            ask_end(&a);
            (void)leat_grant_poll(w.g.a->table, 1000, NULL);
            ask(&w, &a, LEAT_BLK_READ, 0, 14, 0);
            cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
            fw_run(&w);
            ask_over(&a, 0);
            ask_is_disk(&a);
            ask_end(&a);
            fw_close(&w);
        }
        cr_assert_gt(total, 0);
    }
}

/* And of the store, and of event channels, while it connects. */
Test(blkfront_fail, every_step_of_connecting_fails_once)
{
    for (uint32_t k = 1; k < 400; k++) {
        bool more, some = true, none;
        int err, failed = 0;

        fw_worlds(&w, (struct leat_blkfront_config){.queues = 2});
        MUST(leat_blkfront_create(&w.f, &w.config));
        w.t.fail_in = k;
        w.t.fail_with = LEAT_E_SYSTEM;
        for (int i = 0; i < 40; i++) {
            if (i == 10)
                fw_state(&w, LEAT_BUS_INIT_WAIT);
            if (i == 20 && fw_mine(&w) == LEAT_BUS_INITIALISED) {
                fw_meet(&w);
                fw_state(&w, LEAT_BUS_CONNECTED);
            }
            err = leat_bus_poll(&w.bus, 64, &more);
            if (!err)
                err = leat_blkfront_poll(w.f, 64, &some);
            failed += err != 0;
            cr_assert(!err || err == LEAT_E_SYSTEM, "%s", leat_strerror(err));
            fw_sound(&w);
        }
        none = w.t.fail_in != 0;
        w.t.fail_in = 0;
        cr_assert_neq(failed, none, "the %uth", k);
        cr_assert(leat_blkfront_connected(w.f), "the %uth: %d failed, %d", k,
                  failed, fw_mine(&w));
        ask(&w, &a, LEAT_BLK_READ, 0, 2, 0);
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
        fw_run(&w);
        ask_over(&a, 0);
        ask_end(&a);
        fw_close(&w);
        if (none) /* there is no k-th */
            return;
    }
    cr_assert_fail("it has no end");
}

/* --------------------------------------------------------------- XSA-465 */

/* Answers that are written between suspend and resume, and those with ids of
 * before: the first are not taken, the second break. */
Test(blkfront_fail, answers_between_suspend_and_resume)
{
    for (int m = 0; m < 2; m++) {
        for (int late = 0; late < 2; late++) {
            struct fw_taken old;

            fw_open(&w, ask_config(ask_modes[m]));
            ask(&w, &a, LEAT_BLK_READ, 40, 14, 0);
            cr_assert(fw_take(&w, 0, &q));
            old = q;
            MUST(leat_lifecycle_suspend(&w.life, NULL));
            fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
            MUST(leat_lifecycle_resume(&w.life, LEAT_RESUMED));
            fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
            fw_run(&w);
            cr_assert_eq(a.times, 0);
            cr_assert_eq(fw_mine(&w), LEAT_BUS_INITIALISING);
            fw_say(&w, "state", NULL);
            fw_run(&w);
            fw_connect(&w);
            cr_assert(fw_take(&w, 0, &q));
            cr_assert_eq(q.wire.sector, old.wire.sector);
            cr_assert_eq(ask_stats(&w).resent, 1);
            if (late) {
                fw_answer(&w, 0, old.wire.id + 1, old.op, BLKIF_OKAY);
                fw_run(&w);
                ask_over(&a, LEAT_E_PROTO);
            } else {
                fw_do(&w, &q, 0);
                fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
                fw_run(&w);
                ask_over(&a, 0);
                ask_is_disk(&a);
            }
            ask_end(&a);
            fw_close(&w);
        }
    }
}
