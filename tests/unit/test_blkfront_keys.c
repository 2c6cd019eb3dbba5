/* SPDX-License-Identifier: ISC */

/*
 * Each key of the back's that blkfront reads: there, missing, and absurd. One that
 * has no sense breaks the device, with a text that names it; one that is mended
 * connects it. And the geometry of disks.
 */

#include "pv/front_asks.h"

static struct front_world w;

/* --------------------------------------------------------------- all numbers */

static const char *const keys[] = {
    "max-ring-page-order",
    "multi-queue-max-queues",
    "feature-persistent",
    "feature-max-indirect-segments",
    "feature-flush-cache",
    "feature-barrier",
    "feature-discard",
    "discard-secure",
    "discard-granularity",
    "discard-alignment",
    "sector-size",
    "physical-sector-size",
    "sectors",
    "info",
};

/* No number, or one that no field can hold: broken, and the key is named. */
Test(blkfront_keys, no_numbers)
{
    static const char *const lies[] = {"",
                                       "-1",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "01",
                                       "0x200",
                                       "1e3",
                                       "one",
                                       "18446744073709551616",
                                       "99999999999999999999999999",
                                       "18446744073709551615"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        for (size_t k = 0; k < COUNT(lies); k++) {
            fw_with(&w, (struct leat_blkfront_config){0}, keys[i], lies[k]);
            cr_assert(!leat_blkfront_connected(w.f), "%s=%s", keys[i], lies[k]);
            cr_assert_eq(w.events[LEAT_BLKFRONT_BROKEN], 1);
            cr_assert_eq(w.events[LEAT_BLKFRONT_CONNECTED], 0);
            cr_assert(strstr(leat_blkfront_text(w.f), keys[i]), "%s: %s",
                      keys[i], leat_blkfront_text(w.f));
            cr_assert_eq(fw_mine(&w), LEAT_BUS_CLOSING);
            fw_close(&w);
        }
    }
}

/* And then it is mended. */
Test(blkfront_keys, mended)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        fw_with(&w, (struct leat_blkfront_config){0}, keys[i], "-1");
        cr_assert(!leat_blkfront_connected(w.f));
        fw_say(&w, keys[i], strcmp(keys[i], "sector-size") ? "512" : "1024");
        fw_state(&w, LEAT_BUS_CLOSED);
        fw_run(&w);
        fw_connect(&w);
        cr_assert(leat_blkfront_connected(w.f), "%s", leat_blkfront_text(w.f));
        cr_assert_str_eq(leat_blkfront_text(w.f), "");
        fw_close(&w);
    }
}

/* Without any but sectors it works, as the protocol's first backs did. */
Test(blkfront_keys, all_missing)
{
    struct leat_blkfront_info i;
    struct ask a;

    fw_worlds(&w, (struct leat_blkfront_config){.queues = 4});
    for (size_t k = 0; k < COUNT(keys); k++)
        fw_say(&w, keys[k], NULL);
    fw_say(&w, "sectors", "1000");
    MUST(leat_blkfront_create(&w.f, &w.config));
    fw_connect(&w);
    i = fw_info(&w);
    cr_assert_eq(i.sectors, 1000);
    cr_assert_eq(i.sector_bytes, 512);
    cr_assert_eq(i.physical_bytes, 512);
    cr_assert_eq(i.queues, 1);
    cr_assert_eq(i.ring_pages, 1);
    cr_assert_eq(i.segments, 11);
    cr_assert(!i.indirect && !i.persistent && !i.flush && !i.barrier &&
              !i.discard && !i.secure && !i.read_only && !i.cdrom &&
              !i.removable);
    ask(&w, &a, LEAT_BLK_READ, 0, 12, 0);
    cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 2);
    fw_run(&w);
    ask_over(&a, 0);
    ask_is_disk(&a);
    ask_end(&a);
    ask_make(&w, &a, LEAT_BLK_FLUSH, 0, 0, 0);
    FAILS(LEAT_E_UNSUPPORTED, ask_submit(&a));
    ask_make(&w, &a, LEAT_BLK_DISCARD, 0, 0, 0);
    a.blk.sectors = 8;
    FAILS(LEAT_E_UNSUPPORTED, ask_submit(&a));
    ask_make(&w, &a, LEAT_BLK_BARRIER, 0, 1, 0);
    FAILS(LEAT_E_UNSUPPORTED, ask_submit(&a));
    ask_end(&a);
    fw_close(&w);

    fw_with(&w, (struct leat_blkfront_config){0}, "sectors", NULL);
    cr_assert(!leat_blkfront_connected(w.f));
    cr_assert(strstr(leat_blkfront_text(w.f), "no key sectors"));
    fw_close(&w);
}

/* ----------------------------------------------------------------- geometry */

Test(blkfront_keys, sector_size)
{
    static const struct {
        const char *value;
        uint32_t bytes; /* 0: broken */
    } cases[] = {
        {"512", 512}, {"1024", 1024},    {"2048", 2048},    {"4096", 4096},
        {"0", 0},     {"1", 0},          {"3", 0},          {"256", 0},
        {"511", 0},   {"513", 0},        {"1536", 0},       {"4095", 0},
        {"8192", 0},  {"4294967295", 0}, {"4294967808", 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ask a;

        fw_with(&w, (struct leat_blkfront_config){0}, "sector-size",
                cases[i].value);
        cr_assert_eq(leat_blkfront_connected(w.f), cases[i].bytes != 0, "%s",
                     cases[i].value);
        if (cases[i].bytes) {
            uint32_t unit = cases[i].bytes / 512;

            cr_assert_eq(fw_info(&w).sector_bytes, cases[i].bytes);
            cr_assert_eq(fw_info(&w).physical_bytes, cases[i].bytes);
            ask_make(&w, &a, LEAT_BLK_READ, 1, 1, 0);
            FAILS(unit > 1 ? LEAT_E_ALIGN : 0, ask_submit(&a));
            MUST(leat_blkfront_close(w.f, true));
            ask_end(&a);
        }
        fw_close(&w);
    }
}

Test(blkfront_keys, physical_sector_size)
{
    static const struct {
        const char *value;
        uint32_t bytes;
    } cases[] = {
        {"4096", 4096}, {"0", 512},   {"256", 512},
        {"513", 512},   {"512", 512}, {"1048576", 1048576},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        fw_with(&w, (struct leat_blkfront_config){0}, "physical-sector-size",
                cases[i].value);
        cr_assert_eq(fw_info(&w).physical_bytes,
                     cases[i].bytes); /* an advice */
        fw_close(&w);
    }
}

Test(blkfront_keys, sectors)
{
    static const struct {
        const char *value;
        uint64_t sectors;
        bool lie;
    } cases[] = {
        {"0", 0, false},
        {"1", 1, false},
        {"18014398509481983", (1ull << 54) - 1, false},
        {"18014398509481984", 0, true}, /* 2^54: 2^63 bytes */
        {"9223372036854775808", 0, true},
        {"18446744073709551615", 0, true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ask a;

        fw_with(&w, (struct leat_blkfront_config){0}, "sectors",
                cases[i].value);
        cr_assert_eq(leat_blkfront_connected(w.f), !cases[i].lie, "%s",
                     cases[i].value);
        if (!cases[i].lie) {
            cr_assert_eq(fw_info(&w).sectors, cases[i].sectors);
            ask_make(&w, &a, LEAT_BLK_READ, cases[i].sectors - 7, 1, 0);
            FAILS(LEAT_E_RANGE, ask_submit(&a));
            ask_end(&a);
        }
        fw_close(&w);
    }
    /* What is no whole sector of the disk's is not there. */
    fw_worlds(&w, (struct leat_blkfront_config){0});
    fw_say(&w, "sector-size", "4096");
    fw_say(&w, "sectors", "4095");
    MUST(leat_blkfront_create(&w.f, &w.config));
    fw_connect(&w);
    cr_assert_eq(fw_info(&w).sectors, 4088);
    fw_close(&w);
}

Test(blkfront_keys, info)
{
    for (unsigned x = 0; x < 256; x++) {
        char text[12];

        snprintf(text, sizeof(text), "%u", x);
        fw_with(&w, (struct leat_blkfront_config){0}, "info", text);
        cr_assert_eq(fw_info(&w).cdrom, (x & 1) != 0);
        cr_assert_eq(fw_info(&w).removable, (x & 2) != 0);
        cr_assert_eq(fw_info(&w).read_only, (x & 4) != 0);
        fw_close(&w);
    }
}

Test(blkfront_keys, a_disk_that_is_read_only)
{
    struct ask a;

    fw_with(&w, (struct leat_blkfront_config){0}, "info", "4");
    ask_make(&w, &a, LEAT_BLK_WRITE, 0, 1, 0);
    FAILS(LEAT_E_ACCESS, ask_submit(&a));
    a.blk.op = LEAT_BLK_BARRIER;
    FAILS(LEAT_E_ACCESS, ask_submit(&a));
    ask_end(&a);
    ask_make(&w, &a, LEAT_BLK_DISCARD, 0, 0, 0);
    a.blk.sectors = 8;
    FAILS(LEAT_E_ACCESS, ask_submit(&a));
    ask(&w, &a, LEAT_BLK_FLUSH, 0, 0, 0);
    cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
    fw_run(&w);
    ask_over(&a, 0);
    cr_assert_eq(ask_stats(&w).sent, 1);
    fw_close(&w);
}
