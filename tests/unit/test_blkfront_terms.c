/* SPDX-License-Identifier: ISC */

/*
 * What blkfront agrees on of features, rings and queues, of more and less than it
 * can; what it writes itself; trusted=0; and disks that change their length.
 */

#include "pv/front_asks.h"

static struct front_world w;

/* ------------------------------------------------------------------ features */

Test(blkfront_terms, indirect_segments)
{
    static const struct {
        const char *value;
        uint32_t segments;
    } cases[] = {
        {"0", 11},  {"1", 11},    {"11", 11},     {"12", 12},
        {"31", 31}, {"512", 512}, {"10000", 512}, {"4294967295", 512},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ask a;

        fw_with(&w, (struct leat_blkfront_config){.segments = 512},
                "feature-max-indirect-segments", cases[i].value);
        cr_assert_eq(fw_info(&w).segments, cases[i].segments);
        cr_assert_eq(fw_info(&w).indirect, cases[i].segments > 11);
        ask(&w, &a, LEAT_BLK_READ, 0, 64, 0);
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0),
                     (64 + cases[i].segments - 1) / cases[i].segments);
        fw_run(&w);
        ask_over(&a, 0);
        ask_is_disk(&a);
        ask_end(&a);
        fw_close(&w);
    }
}

Test(blkfront_terms, ring_order)
{
    for (uint32_t mine = 0; mine < 6; mine++) {
        for (uint32_t other = 0; other < 10; other++) {
            uint32_t most = mine ? mine - 1 : 4;
            uint32_t want = other < most ? other : most;
            char text[12];

            snprintf(text, sizeof(text), "%u", other);
            fw_with(&w, (struct leat_blkfront_config){.ring_order = mine},
                    "max-ring-page-order", text);
            cr_assert_eq(fw_info(&w).ring_pages, 1u << want);
            cr_assert_eq(w.ring[0].pages, 1u << want);
            cr_assert_eq(fw_heard(&w, "ring-page-order") != NULL, want != 0);
            cr_assert_eq(fw_heard(&w, "ring-ref") != NULL, want == 0);
            fw_close(&w);
        }
    }
    fw_with(&w, (struct leat_blkfront_config){0}, "max-ring-page-order",
            "4294967295");
    cr_assert_eq(fw_info(&w).ring_pages, 16);
    fw_close(&w);
}

Test(blkfront_terms, queues)
{
    static const struct {
        const char *value;
        uint32_t mine, want;
    } cases[] = {
        {"0", 4, 1},          {"1", 4, 1}, {"2", 4, 2},
        {"3", 4, 3},          {"4", 4, 4}, {"1000", 4, 4},
        {"4294967295", 3, 3}, {"4", 1, 1}, {"4", 0, 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        fw_with(&w,
                (struct leat_blkfront_config){.queues = cases[i].mine,
                                              .ring_order = 1},
                "multi-queue-max-queues", cases[i].value);
        cr_assert_eq(fw_info(&w).queues, cases[i].want);
        cr_assert_eq(w.nrings, cases[i].want);
        fw_close(&w);
    }
}

/* Flags: 0, 1, and what is neither, which is 1. */
Test(blkfront_terms, flags)
{
    static const char *const values[] = {"0", "1", "2", "4294967295"};

    for (size_t i = 0; i < COUNT(values); i++) {
        bool on = i != 0;

        fw_with(&w, (struct leat_blkfront_config){0}, "feature-flush-cache",
                values[i]);
        cr_assert_eq(fw_info(&w).flush, on);
        fw_close(&w);
        fw_with(&w, (struct leat_blkfront_config){0}, "feature-barrier",
                values[i]);
        cr_assert_eq(fw_info(&w).barrier, on);
        fw_close(&w);
        fw_with(&w, (struct leat_blkfront_config){0}, "feature-persistent",
                values[i]);
        cr_assert_eq(fw_info(&w).persistent, on);
        fw_close(&w);
        fw_with(&w, (struct leat_blkfront_config){0}, "discard-secure",
                values[i]);
        cr_assert_eq(fw_info(&w).secure, on);
        fw_close(&w);
        fw_with(&w, (struct leat_blkfront_config){0}, "feature-discard",
                values[i]);
        cr_assert_eq(fw_info(&w).discard, on);
        cr_assert_eq(fw_info(&w).secure,
                     on); /* no discard, none that is secure */
        fw_close(&w);
    }
}

/* What it says itself of persistent grants, and of the layout. */
Test(blkfront_terms, what_it_writes)
{
    fw_with(&w, (struct leat_blkfront_config){0}, "info", "0");
    cr_assert_str_eq(fw_heard(&w, "feature-persistent"), "1");
    cr_assert_str_eq(fw_heard(&w, "protocol"), BLKIF_PROTOCOL_64);
    fw_close(&w);
    fw_with(&w,
            (struct leat_blkfront_config){.flags = LEAT_BLKFRONT_X86_32 |
                                                   LEAT_BLKFRONT_NO_PERSISTENT},
            "info", "0");
    cr_assert_null(fw_heard(&w, "feature-persistent"));
    cr_assert_str_eq(fw_heard(&w, "protocol"), BLKIF_PROTOCOL_32);
    cr_assert(!fw_info(&w).persistent);
    fw_close(&w);
    fw_with(&w, ask_config(LEAT_RECEIVE_REVOKE), "info", "0");
    cr_assert_null(fw_heard(&w, "feature-persistent"));
    cr_assert(!fw_info(&w).persistent);
    fw_close(&w);
}

/* Other terms, the second time: nothing of the first is left in the store. */
Test(blkfront_terms, other_terms)
{
    fw_with(&w, (struct leat_blkfront_config){.queues = 2}, "info", "0");
    cr_assert_eq(w.nrings, 2);
    fw_state(&w, LEAT_BUS_CLOSED);
    fw_run(&w);
    fw_say(&w, "multi-queue-max-queues", NULL);
    fw_say(&w, "max-ring-page-order", NULL);
    fw_connect(&w);
    cr_assert(leat_blkfront_connected(w.f));
    cr_assert_null(fw_heard(&w, "queue-0/ring-ref0"));
    cr_assert_null(fw_heard(&w, "queue-1/event-channel"));
    cr_assert_null(fw_heard(&w, "ring-page-order"));
    cr_assert_eq(w.nrings, 1);
    cr_assert_eq(w.ring[0].pages, 1);
    fw_close(&w);
}

/* -------------------------------------------------------- trusted=0, resize */

/* The store's word is stronger than what was configured. */
Test(blkfront_terms, not_trusted)
{
    static const char *const values[] = {"0", "2", "yes", ""};

    for (size_t i = 0; i < COUNT(values); i++) {
        struct ask a;

        fw_worlds(&w, ask_config(LEAT_RECEIVE_REVOKE));
        table_set(&w.t, FW_FRONT "/trusted", values[i]);
        w.config.trusted = true;
        w.config.mode = LEAT_RECEIVE_SHARED;
        FAILS(LEAT_E_PEER, leat_blkfront_create(&w.f, &w.config));
        w.config.mode = LEAT_RECEIVE_REVOKE;
        MUST(leat_blkfront_create(&w.f, &w.config));
        fw_connect(&w);
        cr_assert_eq(fw_info(&w).mode, LEAT_RECEIVE_COPY);
        ask(&w, &a, LEAT_BLK_READ, 0, 3, 0);
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
        fw_run(&w);
        ask_over(&a, 0);
        cr_assert_eq(ask_stats(&w).copied, 1);
        cr_assert_eq(ask_stats(&w).shares, 0);
        ask_end(&a);
        fw_close(&w);
    }
}

Test(blkfront_terms, resize)
{
    struct ask a;

    fw_with(&w, (struct leat_blkfront_config){0}, "sectors", "100");
    fw_say(&w, "sectors", "200");
    fw_run(&w);
    cr_assert_eq(w.events[LEAT_BLKFRONT_RESIZED], 1);
    cr_assert_eq(fw_info(&w).sectors, 200);
    fw_say(&w, "sectors", "200"); /* the same is no news */
    fw_say(&w, "state", "4");
    fw_run(&w);
    cr_assert_eq(w.events[LEAT_BLKFRONT_RESIZED], 1);
    fw_say(&w, "sectors", "0");
    fw_run(&w);
    cr_assert_eq(fw_info(&w).sectors, 0);
    ask_make(&w, &a, LEAT_BLK_READ, 0, 1, 0);
    FAILS(LEAT_E_RANGE, ask_submit(&a));
    ask_end(&a);
    fw_say(&w, "sectors", "200");
    fw_run(&w);
    ask(&w, &a, LEAT_BLK_READ, 0, 1, 0);
    fw_say(&w, "sectors", "-200");
    fw_run(&w);
    cr_assert_eq(w.events[LEAT_BLKFRONT_BROKEN], 1);
    ask_over(&a, LEAT_E_PROTO);
    ask_end(&a);
    fw_close(&w);
}
