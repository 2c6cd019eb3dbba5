/* SPDX-License-Identifier: ISC */

/*
 * What blkfront puts into its rings, field by field, as a back sees it: each
 * operation in each of the three ways, in both layouts, of each length.
 */

#include "pv/front_asks.h"

static struct front_world w;
static struct ask a;
static struct fw_taken q;

enum {
    LIMIT = 32 /* segments of an indirect request, as configured */
};

/* ------------------------------------------------------------------- lengths */

/* A move of (pages): how it is split, and that all of it is there once. */
static void moves(enum leat_blk_op op, uint32_t pages, uint32_t limit)
{
    uint32_t left = pages;
    uint64_t sector = 100;

    ask(&w, &a, op, sector, pages, 0x33);
    while (left) {
        uint32_t n = left < limit ? left : limit;

        cr_assert(fw_take(&w, 0, &q));
        cr_assert_eq(q.wire.operation == BLKIF_INDIRECT, n > BLKIF_SEGMENTS);
        cr_assert_eq(q.op, op == LEAT_BLK_READ ? BLKIF_READ : BLKIF_WRITE);
        cr_assert_eq(q.wire.sector, sector);
        cr_assert_eq(q.n, n);
        cr_assert_eq(q.wire.handle, 0);
        for (uint32_t i = 0; i < n; i++) {
            cr_assert_eq(q.seg[i].first, 0);
            cr_assert_eq(q.seg[i].last, 7);
            cr_assert_eq(q.seg[i].pad, 0); /* XSA-216 */
        }
        fw_do(&w, &q, 0x33);
        fw_answer(&w, 0, q.wire.id,
                  n > BLKIF_SEGMENTS && left == n ? BLKIF_INDIRECT : q.op,
                  BLKIF_OKAY);
        cr_assert_eq(a.times, 0);
        left -= n;
        sector += n * 8u;
        if (left)
            fw_run(&w);
    }
    cr_assert(!fw_take(&w, 0, &q));
    fw_run(&w);
    ask_over(&a, 0);
    if (op == LEAT_BLK_READ)
        ask_is_disk(&a);
    ask_end(&a);
}

static void lengths(enum leat_receive_mode mode, uint32_t flags)
{
    static const uint32_t pages[] = {1, 2, 10, 11, 12, LIMIT, LIMIT + 1, 64};
    static const uint32_t limits[] = {11, LIMIT};

    for (size_t k = 0; k < COUNT(limits); k++) {
        struct leat_blkfront_config c = ask_config(mode);
        struct leat_blkfront_stats s;

        c.flags = flags;
        c.segments = limits[k];
        fw_open(&w, c);
        for (size_t i = 0; i < COUNT(pages); i++) {
            moves(LEAT_BLK_READ, pages[i], limits[k]);
            moves(LEAT_BLK_WRITE, pages[i], limits[k]);
        }
        s = ask_stats(&w);
        cr_assert_eq(s.reads, COUNT(pages));
        cr_assert_eq(s.writes, COUNT(pages));
        cr_assert_eq(s.segments, 2 * (1 + 2 + 10 + 11 + 12 + 32 + 33 + 64));
        cr_assert_eq(s.indirect, limits[k] == 11 ? 0 : 2 * (1 + 1 + 1 + 2));
        cr_assert_eq(s.copied,
                     mode == LEAT_RECEIVE_COPY ? s.reads + s.writes : 0);
        cr_assert_eq(s.shares,
                     mode == LEAT_RECEIVE_REVOKE ? s.reads + s.writes : 0);
        cr_assert_eq(s.shares, s.revokes);
        fw_close(&w);
    }
}

Test(blkfront_wire, lengths_copy)
{
    lengths(LEAT_RECEIVE_COPY, 0);
}

Test(blkfront_wire, lengths_copy_32)
{
    lengths(LEAT_RECEIVE_COPY, LEAT_BLKFRONT_X86_32);
}

Test(blkfront_wire, lengths_revoke)
{
    lengths(LEAT_RECEIVE_REVOKE, 0);
}

Test(blkfront_wire, lengths_revoke_32)
{
    lengths(LEAT_RECEIVE_REVOKE, LEAT_BLKFRONT_X86_32);
}

Test(blkfront_wire, lengths_shared)
{
    lengths(LEAT_RECEIVE_SHARED, 0);
}

/* --------------------------------------------------------------- operations */

/* The padding of a slot's request, and what follows it, as the back sees them. */
static void slot_is_clean(uint8_t op)
{
    const unsigned char *slot = fw_slot(&w, 0, w.ring[0].req - 1);
    const size_t id = w.layout == LEAT_BLKIF_32 ? 4 : 8;

    cr_assert_eq(slot[0], op);
    for (size_t i = 4; i < id; i++)
        cr_assert_eq(slot[i], 0);
    if (op == BLKIF_FLUSH)
        for (size_t i = id + 8; i < leat_blkif_slot(w.layout); i++)
            cr_assert_eq(slot[i], 0, "byte %zu", i);
}

static void without_bytes(enum leat_blk_op op, uint8_t wire)
{
    fw_run(&w);
    cr_assert(fw_take(&w, 0, &q));
    cr_assert_eq(q.op, wire);
    cr_assert_eq(q.n, 0);
    slot_is_clean(wire);
    fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
    cr_assert_eq(a.times, 0);
    fw_run(&w);
    ask_over(&a, 0);
    (void)op;
}

static void operations(enum leat_receive_mode mode, uint32_t flags)
{
    struct leat_blkfront_config c = ask_config(mode);
    struct leat_blkfront_stats s;

    c.flags = flags;
    fw_open(&w, c);
    ask(&w, &a, LEAT_BLK_FLUSH, 1234, 0, 0);
    without_bytes(LEAT_BLK_FLUSH, BLKIF_FLUSH);
    cr_assert_eq(q.wire.sector, 0);

    ask_make(&w, &a, LEAT_BLK_DISCARD, 1000, 0, 0);
    a.blk.sectors = 3096; /* to the disk's last */
    MUST(ask_submit(&a));
    without_bytes(LEAT_BLK_DISCARD, BLKIF_DISCARD);
    cr_assert_eq(q.wire.sector, 1000);
    cr_assert_eq(q.wire.sectors, 3096);
    cr_assert_eq(q.wire.flags, 0);

    a.blk.flags = LEAT_BLK_SECURE;
    MUST(ask_submit(&a));
    without_bytes(LEAT_BLK_DISCARD, BLKIF_DISCARD);
    cr_assert_eq(q.wire.flags, BLKIF_SECURE);
    a.blk.sectors++;
    FAILS(LEAT_E_RANGE, ask_submit(&a));
    a.blk.sectors = UINT64_MAX;
    FAILS(LEAT_E_RANGE, ask_submit(&a));
    a.blk.sectors = 0;
    FAILS(LEAT_E_LENGTH, ask_submit(&a));

    ask(&w, &a, LEAT_BLK_BARRIER, 8, 11, 0x66);
    cr_assert(fw_take(&w, 0, &q));
    cr_assert_eq(q.op, BLKIF_BARRIER);
    cr_assert_eq(q.n, 11);
    fw_do(&w, &q, 0x66);
    fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
    fw_run(&w);
    ask_over(&a, 0);
    ask_end(&a);
    s = ask_stats(&w);
    cr_assert_eq(s.flushes, 1);
    cr_assert_eq(s.discards, 2);
    cr_assert_eq(s.discard_bytes, 2 * 3096ull * 512);
    cr_assert_eq(s.barriers, 1);
    cr_assert_eq(s.write_bytes, 11 * PAGE);
    cr_assert_eq(s.failed, 0);
    fw_close(&w);
}

Test(blkfront_wire, operations)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        operations(ask_modes[m], 0);
        operations(ask_modes[m], LEAT_BLKFRONT_X86_32);
    }
}

/* An indirect barrier says so inside, too, or is refused: never split. */
Test(blkfront_wire, barriers_are_whole)
{
    fw_open(&w, (struct leat_blkfront_config){.segments = LIMIT});
    ask(&w, &a, LEAT_BLK_BARRIER, 8, LIMIT, 0x66);
    cr_assert(fw_take(&w, 0, &q));
    cr_assert_eq(q.n, LIMIT);
    cr_assert_eq(q.wire.operation, BLKIF_INDIRECT);
    cr_assert_eq(q.wire.inner, BLKIF_BARRIER);
    fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
    fw_run(&w);
    ask_over(&a, 0);
    ask_end(&a);
    ask_make(&w, &a, LEAT_BLK_BARRIER, 8, LIMIT + 1, 0x66);
    FAILS(LEAT_E_SEGMENTS, ask_submit(&a));
    ask_end(&a);
    fw_close(&w);
}

/* Each status of each operation; what is not known is not asked again. */
Test(blkfront_wire, statuses)
{
    static const enum leat_blk_op ops[] = {LEAT_BLK_READ, LEAT_BLK_WRITE,
                                           LEAT_BLK_FLUSH, LEAT_BLK_BARRIER,
                                           LEAT_BLK_DISCARD};
    static const int told[] = {0, LEAT_E_SYSTEM, LEAT_E_UNSUPPORTED};

    for (size_t i = 0; i < COUNT(ops); i++) {
        for (int s = 0; s < 3; s++) {
            bool bytes = ops[i] != LEAT_BLK_FLUSH && ops[i] != LEAT_BLK_DISCARD;
            int err;

            fw_open(&w, (struct leat_blkfront_config){0});
            ask_make(&w, &a, ops[i], 0, bytes ? 2 : 0, 1);
            a.blk.sectors = bytes ? 0 : 8;
            MUST(ask_submit(&a));
            fw_run(&w);
            cr_assert(fw_take(&w, 0, &q));
            fw_answer(&w, 0, q.wire.id, q.op, (int16_t)-s);
            fw_run(&w);
            ask_over(&a, told[s]);
            err = ask_submit(&a);
            if (s == 2 && i >= 2)
                cr_assert_eq(err, LEAT_E_UNSUPPORTED);
            else
                MUST(err);
            MUST(leat_blkfront_close(w.f, true));
            ask_end(&a);
            fw_close(&w);
        }
    }
}

/* One part of a split request fails: it is done once, when all are answered. */
Test(blkfront_wire, a_part_fails)
{
    for (int bad = 0; bad < 3; bad++) {
        fw_open(&w, (struct leat_blkfront_config){.segments = 11});
        ask(&w, &a, LEAT_BLK_READ, 0, 33, 0x77);
        for (int i = 0; i < 3; i++) {
            cr_assert(fw_take(&w, 0, &q));
            fw_do(&w, &q, 0);
            cr_assert_eq(a.times, 0);
            fw_answer(&w, 0, q.wire.id, q.op,
                      i == bad ? BLKIF_ERROR : BLKIF_OKAY);
            fw_run(&w);
        }
        ask_over(&a, LEAT_E_SYSTEM);
        cr_assert(all_bytes(a.view.data, a.view.len, 0x77));
        ask_end(&a);
        fw_close(&w);
    }
}

/* ------------------------------------------------------------------ geometry */

/* The last sectors, and those behind them. */
Test(blkfront_wire, boundary_sectors)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        static const struct {
            uint64_t sector;
            uint32_t pages;
            int err;
        } cases[] = {
            {FW_SECTORS - 8, 1, 0},
            {FW_SECTORS - 7, 1, LEAT_E_RANGE},
            {FW_SECTORS, 1, LEAT_E_RANGE},
            {FW_SECTORS - 64 * 8, 64, 0},
            {FW_SECTORS - 63 * 8, 64, LEAT_E_RANGE},
            {UINT64_MAX, 1, LEAT_E_RANGE},
            {UINT64_MAX - 7, 1, LEAT_E_RANGE},
            {(1ull << 55) - 8, 1, LEAT_E_RANGE},
            {1ull << 63, 1, LEAT_E_RANGE},
        };

        fw_open(&w, ask_config(ask_modes[m]));
        for (size_t i = 0; i < COUNT(cases); i++) {
            ask_make(&w, &a, LEAT_BLK_READ, cases[i].sector, cases[i].pages, 0);
            FAILS(cases[i].err, ask_submit(&a));
            if (!cases[i].err) {
                fw_run(&w);
                cr_assert_geq(fw_serve(&w, BLKIF_OKAY, 0), 1);
                fw_run(&w);
                ask_over(&a, 0);
                ask_is_disk(&a);
            }
            ask_end(&a);
        }
        fw_close(&w);
    }
}

/* 2047 + 2049 bytes: one segment, of one page, of one copy. */
Test(blkfront_wire, odd_views)
{
    static unsigned char memory[3 * PAGE];
    struct leat_view v[3] = {
        {memory + 5, 2047}, {memory + 2500, 0}, {memory + 4001, 2049}};

    for (int m = 0; m < 2; m++) {
        fw_open(&w, ask_config(ask_modes[m]));
        for (int write = 0; write < 2; write++) {
            memset(memory, 0x55, sizeof(memory));
            ask_make(&w, &a, write ? LEAT_BLK_WRITE : LEAT_BLK_READ, 9, 0, 0);
            a.blk.views = v;
            a.blk.n = 3;
            MUST(ask_submit(&a));
            fw_run(&w);
            cr_assert(fw_take(&w, 0, &q));
            cr_assert_eq(q.n, 1);
            cr_assert_eq(q.seg[0].first, 0);
            cr_assert_eq(q.seg[0].last, 7);
            fw_do(&w, &q, 0x55);
            fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
            fw_run(&w);
            ask_over(&a, 0);
        }
        memset(memory, 0x55, sizeof(memory));
        MUST(ask_submit(&a));
        fw_run(&w);
        fw_serve(&w, BLKIF_OKAY, 0x55);
        fw_run(&w);
        a.blk.op = LEAT_BLK_READ;
        MUST(ask_submit(&a));
        fw_run(&w);
        fw_serve(&w, BLKIF_OKAY, 0);
        fw_run(&w);
        for (int i = 0; i < 2047; i++)
            cr_assert_eq(memory[5 + i], fw_byte(9 * 512 + (uint64_t)i));
        for (int i = 0; i < 2049; i++)
            cr_assert_eq(memory[4001 + i], fw_byte(9 * 512 + 2047u + i));
        cr_assert(memory[4] == 0x55 && memory[2052] == 0x55 &&
                  memory[4000] == 0x55 && memory[6050] == 0x55);
        if (m == LEAT_RECEIVE_REVOKE)
            cr_assert_eq(a.blk.bounced, 4096);
        fw_close(&w);
    }
}

/* REVOKE: sectors within a page go as they are: which, the segment says. */
Test(blkfront_wire, parts_of_pages)
{
    struct leat_view all, v[3];
    struct leat_chunk c;

    fw_open(&w, ask_config(LEAT_RECEIVE_REVOKE));
    c = get(w.g.a->pool, 4);
    all = leat_chunk_view(c);
    memset(all.data, 0x29, all.len);
    MUST(leat_view_slice(all, 3 * PAGE + 7 * 512, 512, &v[0]));
    MUST(leat_view_slice(all, 512, 1024, &v[1]));
    MUST(leat_view_slice(all, PAGE + 2048, PAGE, &v[2])); /* of two pages */
    ask_make(&w, &a, LEAT_BLK_WRITE, 9, 0, 0);
    a.blk.views = v;
    a.blk.n = 3;
    MUST(ask_submit(&a));
    cr_assert_eq(a.blk.bounced, 0);
    fw_run(&w);
    cr_assert(fw_take(&w, 0, &q));
    cr_assert_eq(q.n, 4);
    static const uint8_t want[][2] = {{7, 7}, {1, 2}, {4, 7}, {0, 3}};
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(q.seg[i].first, want[i][0]);
        cr_assert_eq(q.seg[i].last, want[i][1]);
    }
    cr_assert_eq(plain_page(w.g.a, q.seg[0].ref), all.data + 3 * PAGE);
    cr_assert_eq(plain_page(w.g.a, q.seg[3].ref), all.data + 2 * PAGE);
    fw_do(&w, &q, 0x29);
    fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
    fw_run(&w);
    ask_over(&a, 0);
    MUST(leat_pool_put(w.g.a->pool, c));
    fw_close(&w);
}
