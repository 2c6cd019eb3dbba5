/* SPDX-License-Identifier: ISC */

/*
 * A back that breaks the protocol of the rings, in each way that SECURITY has a
 * row for, and in each of the three ways for the bytes. What it may do to this end
 * is to break its own device: no memory of the caller's is changed, no page gets
 * out twice, each request is done once, and all comes back.
 */

#include "pv/front_asks.h"

static struct front_world w;
static struct ask a[4];
static struct fw_taken q;

/* It is broken, with a text that has (what) in it, and all of (n) were told. */
static void broken(const char *what, uint32_t n)
{
    fw_run(&w);
    cr_assert_eq(w.events[LEAT_BLKFRONT_BROKEN], 1, "not broken: %s", what);
    cr_assert(strstr(leat_blkfront_text(w.f), what), "%s has no %s",
              leat_blkfront_text(w.f), what);
    cr_assert(!leat_blkfront_connected(w.f));
    cr_assert_eq(fw_mine(&w), LEAT_BUS_CLOSING);
    cr_assert_eq(ask_stats(&w).under_way, 0);
    for (uint32_t i = 0; i < n; i++)
        ask_over(&a[i], LEAT_E_PROTO);
}

/* It comes again, if the back does, and works. */
static void mended(void)
{
    struct ask again;

    fw_state(&w, LEAT_BUS_CLOSED);
    fw_run(&w);
    cr_assert_eq(fw_mine(&w), LEAT_BUS_INITIALISING);
    fw_connect(&w);
    cr_assert(leat_blkfront_connected(w.f), "%s", leat_blkfront_text(w.f));
    cr_assert_str_eq(leat_blkfront_text(w.f), "");
    ask(&w, &again, LEAT_BLK_READ, 80, 3, 0);
    cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
    fw_run(&w);
    ask_over(&again, 0);
    ask_is_disk(&again);
    ask_end(&again);
}

/* --------------------------------------------------------------- XSA-376 */

/* Opens it, and takes one read of three pages, which is q. */
static void open_one(struct leat_blkfront_config c)
{
    fw_open(&w, c);
    ask(&w, &a[0], LEAT_BLK_READ, 16, 3, 0x44);
    cr_assert(fw_take(&w, 0, &q));
    cr_assert_eq(q.op, BLKIF_READ);
}

Test(blkfront_hostile, ids_that_are_not_out)
{
    static const uint64_t change[] = {
        1,          /* a slot that is free             */
        512,        /* another generation of the slot  */
        -512ull,    /*                                 */
        511,        /* slots that there are not        */
        1ull << 41, /* generations past all bits       */
        1ull << 63, /*                                 */
        -1ull,
    };

    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        for (size_t i = 0; i < COUNT(change); i++) {
            open_one(ask_config(ask_modes[m]));
            fw_answer(&w, 0, q.wire.id + change[i], q.op, BLKIF_OKAY);
            broken("an answer to what was not asked", 1);
            mended();
            ask_end(&a[0]);
            fw_close(&w);
        }
    }
}

Test(blkfront_hostile, one_that_was_answered_before)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        struct fw_taken old;
        struct leat_blkfront_config c = ask_config(ask_modes[m]);

        /* Twice in one batch. */
        open_one(c);
        ask(&w, &a[1], LEAT_BLK_READ, 0, 1, 0);
        fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
        fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
        fw_run(&w);
        ask_over(&a[0], 0);
        ask_over(&a[1], LEAT_E_PROTO);
        cr_assert_eq(w.events[LEAT_BLKFRONT_BROKEN], 1);
        mended();
        ask_end(&a[0]);
        ask_end(&a[1]);
        fw_close(&w);

        /* Its slot is out again, with another id. */
        c.ring_order = 1;
        open_one(c);
        old = q;
        fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
        fw_run(&w);
        ask_over(&a[0], 0);
        for (int i = 0; i < 32; i++) {
            MUST(ask_submit(&a[0]));
            fw_run(&w);
            cr_assert(fw_take(&w, 0, &q));
            if (i < 31) {
                fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
                fw_run(&w);
                ask_over(&a[0], 0);
            }
        }
        cr_assert_eq(q.wire.id % 32, old.wire.id % 32);
        cr_assert_neq(q.wire.id, old.wire.id);
        fw_answer(&w, 0, old.wire.id, q.op, BLKIF_OKAY);
        broken("an answer to what was not asked", 1);
        ask_end(&a[0]);
        fw_close(&w);
    }
}

/* What was asked in one queue is no answer in another. */
Test(blkfront_hostile, ids_of_another_queue)
{
    struct leat_blkfront_config c = {.queues = 2, .ring_order = 1};
    struct fw_taken first;

    open_one(c);
    first = q;
    ask(&w, &a[1], LEAT_BLK_READ, 64, 1, 0);
    cr_assert(fw_take(&w, 1, &q), "not the roomier queue");
    ask(&w, &a[2], LEAT_BLK_READ, 128, 1, 0);
    cr_assert(fw_take(&w, 0, &q));
    cr_assert_neq(q.wire.id, first.wire.id);
    fw_answer(&w, 1, q.wire.id, q.op, BLKIF_OKAY);
    broken("an answer to what was not asked", 3);
    for (int i = 0; i < 3; i++)
        ask_end(&a[i]);
    fw_close(&w);
}

Test(blkfront_hostile, operations_that_were_not_asked)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        for (int op = 0; op < 256; op += op < 8 ? 1 : 31) {
            if (op == BLKIF_READ)
                continue;
            open_one(ask_config(ask_modes[m]));
            fw_answer(&w, 0, q.wire.id, (uint8_t)op, BLKIF_OKAY);
            broken("an answer of another operation", 1);
            ask_end(&a[0]);
            fw_close(&w);
        }
    }
}

Test(blkfront_hostile, statuses)
{
    static const int16_t known[] = {BLKIF_OKAY, BLKIF_ERROR, BLKIF_UNSUPPORTED};
    static const int told[] = {0, LEAT_E_SYSTEM, LEAT_E_UNSUPPORTED};
    static const int16_t bad[] = {1, 2, -3, -4, 0x7f, INT16_MAX, INT16_MIN};

    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        for (size_t i = 0; i < COUNT(bad); i++) {
            open_one(ask_config(ask_modes[m]));
            fw_answer(&w, 0, q.wire.id, q.op, bad[i]);
            broken("an answer of no known status", 1);
            ask_end(&a[0]);
            fw_close(&w);
        }
        for (size_t i = 0; i < COUNT(known); i++) {
            open_one(ask_config(ask_modes[m]));
            fw_answer(&w, 0, q.wire.id, q.op, known[i]);
            fw_run(&w);
            ask_over(&a[0], told[i]);
            cr_assert(leat_blkfront_connected(w.f));
            cr_assert_eq(ask_stats(&w).failed, i != 0);
            ask_end(&a[0]);
            fw_close(&w);
        }
    }
}

/* ----------------------------------------------------- XSA-39, 86, 391 */

Test(blkfront_hostile, producers_that_cannot_be)
{
    static const uint32_t ahead[] = {
        2, 32, 33, 1u << 31, UINT32_MAX - 1, UINT32_MAX};

    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        for (size_t i = 0; i < COUNT(ahead); i++) {
            open_one(ask_config(ask_modes[m]));
            w.ring[0].rsp += ahead[i];
            fw_show(&w, 0);
            broken("rsp_prod", 1);
            mended();
            ask_end(&a[0]);
            fw_close(&w);
        }
    }
}

Test(blkfront_hostile, a_response_before_any_request)
{
    fw_open(&w, (struct leat_blkfront_config){0});
    fw_answer(&w, 0, 0, BLKIF_READ, BLKIF_OKAY);
    broken("rsp_prod", 0);
    mended();
    fw_close(&w);
}

/* A poll takes its budget, however much there is to take. */
Test(blkfront_hostile, a_poll_keeps_its_budget)
{
    static struct ask many[32];
    uint32_t done = 0;
    bool more = true;

    fw_open(&w, (struct leat_blkfront_config){0});
    for (int i = 0; i < 32; i++) {
        ask_make(&w, &many[i], LEAT_BLK_READ, 8 * (uint64_t)i, 1, 0);
        MUST(ask_submit(&many[i]));
    }
    fw_run(&w);
    cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 32);
    for (int polls = 0; more; polls++) {
        uint32_t before = done;

        MUST(leat_blkfront_poll(w.f, 5, &more));
        for (int i = done = 0; i < 32; i++)
            done += many[i].times;
        cr_assert_leq(done - before, 5);
        cr_assert_leq(polls, 7);
    }
    cr_assert_eq(done, 32);
    for (int i = 0; i < 32; i++)
        ask_end(&many[i]);
    fw_close(&w);
}

/* Notifications without end, and states: work without end there is not. */
Test(blkfront_hostile, a_flood_of_states_and_notifications)
{
    struct leat_events back;
    uint32_t port = 0;
    bool more;

    open_one((struct leat_blkfront_config){0});
    back = table_events(&w.t, 2);
    MUST(back.ops->bind(back.self, 1, w.ring[0].port, &port));
    for (int i = 0; i < 2000; i++) {
        MUST(back.ops->notify(back.self, port));
        fw_say(&w, i % 2 ? "state" : "sectors", i % 2 ? "4" : "4096");
        MUST(leat_bus_poll(&w.bus, 4, &more));
        MUST(leat_blkfront_poll(w.f, 4, &more));
        fw_sound(&w);
    }
    cr_assert(leat_blkfront_connected(w.f));
    cr_assert_eq(a[0].times, 0);
    /* And through all that there are: it follows, or calls it a lie. */
    for (int i = 0; i < 500; i++) {
        fw_state(&w, (enum leat_bus_state)(i * 5 % 9));
        fw_run(&w);
    }
    fw_state(&w, LEAT_BUS_CLOSED);
    fw_run(&w);
    MUST(leat_blkfront_close(w.f, true));
    cr_assert_eq(a[0].times, 1);
    ask_end(&a[0]);
    fw_close(&w);
}

/* A back that never answers: others wait, in bounds, and the owner can leave. */
Test(blkfront_hostile, a_back_that_never_answers)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        static struct ask many[64], more;
        bool again;

        fw_open(&w, ask_config(ask_modes[m]));
        for (int i = 0; i < 64; i++) {
            ask_make(&w, &many[i], LEAT_BLK_WRITE, 0, 1, 0);
            MUST(ask_submit(&many[i]));
        }
        ask_make(&w, &more, LEAT_BLK_WRITE, 0, 1, 0);
        FAILS(LEAT_E_LIMIT, ask_submit(&more));
        for (int i = 0; i < 1000; i++) {
            MUST(leat_blkfront_poll(w.f, 64, &again));
            cr_assert(!again);
        }
        cr_assert_eq(ask_stats(&w).under_way, 64);
        MUST(leat_blkfront_close(w.f, false));
        fw_run(&w);
        cr_assert_eq(many[0].times, 0); /* it waits for them */
        MUST(leat_blkfront_close(w.f, true));
        for (int i = 0; i < 64; i++) {
            ask_over(&many[i], LEAT_E_CLOSED);
            ask_end(&many[i]);
        }
        ask_end(&more);
        fw_close(&w);
    }
}
