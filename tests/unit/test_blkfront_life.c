/* SPDX-License-Identifier: ISC */

/*
 * blkfront against blkback, from its start to its end: the back goes, and returns
 * with the same disk or another; it is suspended; it is closed with requests under
 * way.
 */

#include "pv/block_pair.h"

static struct block_pair P;

static const struct leat_blkback_config plain_back;
static const struct leat_memory_disk_config plain_disk;

/* --------------------------------------------------------- deaths and returns */

/* The back goes in the middle, and another comes: each request is done once. */
static void back_returns(enum leat_receive_mode mode, bool now)
{
    static struct pair_request r[32];
    struct leat_view v[32];
    struct leat_chunk c;
    struct leat_view all;

    pair_open(&P, (struct leat_blkfront_config){.mode = mode}, plain_back,
              plain_disk);
    all = pair_pages(&P, &c, 64);
    memset(all.data, 0x21, all.len);
    memset(r, 0, sizeof(r));
    for (uint32_t i = 0; i < 32; i++) {
        MUST(leat_view_slice(all, 2 * i * PAGE, 2 * PAGE, &v[i]));
        MUST(pair_submit(&P, &r[i], LEAT_BLK_WRITE, 16 * i, &v[i], 1));
    }
    pair_close_back(&P, now);
    pair_run(&P);
    if (now) { /* what was not answered waits */
        cr_assert_eq(pair_stats(&P).under_way, 32);
        cr_assert(!leat_blkfront_connected(P.f));
    }
    pair_open_back(&P);
    pair_run(&P);
    (void)leat_grant_poll(P.w.g.a->table, 1000, NULL);
    for (uint32_t i = 0; i < 32; i++) {
        cr_assert_eq(r[i].times, 1);
        MUST(r[i].err);
    }
    cr_assert(all_bytes(P.bytes, 64 * PAGE, 0x21));
    cr_assert_eq(pair_stats(&P).connects, 2);
    cr_assert_eq(pair_stats(&P).failed, 0);
    MUST(leat_pool_put(P.w.g.a->pool, c));
    pair_close(&P);
}

Test(blkfront_life, back_dies)
{
    back_returns(LEAT_RECEIVE_COPY, true);
}

Test(blkfront_life, back_dies_revoke)
{
    back_returns(LEAT_RECEIVE_REVOKE, true);
}

Test(blkfront_life, back_closes)
{
    back_returns(LEAT_RECEIVE_COPY, false);
}

/* This domain is suspended and resumed: all references are new. */
static void resumes(enum leat_receive_mode mode, enum leat_resumed how)
{
    struct leat_blkfront_config front = {.mode = mode};
    struct pair_request r = {.err = 0};
    struct leat_chunk c;
    struct leat_view all;

    pair_open(&P, front, plain_back, plain_disk);
    all = pair_pages(&P, &c, 20);
    MUST(pair_do(&P, LEAT_BLK_READ, 0, &all, 1));
    MUST(pair_submit(&P, &r, LEAT_BLK_READ, 100, &all, 1));
    FAILS(LEAT_E_STATE, leat_blkfront_resume(P.f));
    MUST(leat_blkfront_pause(P.f));
    FAILS(LEAT_E_STATE, leat_blkfront_pause(P.f));
    pair_run(&P);
    cr_assert_eq(P.events[LEAT_BLKFRONT_PAUSED], 1);
    cr_assert_eq(r.times, 1);
    MUST(pair_submit(&P, &r, LEAT_BLK_READ, 200, &all, 1));
    pair_run(&P);
    cr_assert_eq(r.times, 0);
    MUST(leat_lifecycle_suspend(&P.w.life, NULL));
    MUST(leat_lifecycle_resume(&P.w.life, how));
    pair_run(&P);
    cr_assert_eq(r.times, 0);
    MUST(leat_blkfront_resume(P.f));
    pair_run(&P);
    cr_assert_eq(r.times, 1);
    MUST(r.err);
    cr_assert_arr_eq(all.data, P.bytes + 200 * 512, all.len);
    MUST(leat_pool_put(P.w.g.a->pool, c));
    pair_close(&P);
}

Test(blkfront_life, suspended)
{
    resumes(LEAT_RECEIVE_COPY, LEAT_RESUMED);
}

Test(blkfront_life, suspended_revoke)
{
    resumes(LEAT_RECEIVE_REVOKE, LEAT_RESUMED);
}

Test(blkfront_life, suspend_cancelled)
{
    resumes(LEAT_RECEIVE_COPY, LEAT_CANCELLED);
}

/* Another disk under the same device: what does not fit it fails, typed. */
Test(blkfront_life, another_disk)
{
    static unsigned char memory[PAGE];
    struct pair_request r[2] = {{.err = 0}, {.err = 0}};
    struct leat_view v = {memory, 512};
    struct leat_view page = {memory, PAGE};

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, plain_disk);
    MUST(pair_submit(&P, &r[0], LEAT_BLK_WRITE, 3, &v, 1));
    MUST(pair_submit(&P, &r[1], LEAT_BLK_WRITE, 8, &page, 1));
    pair_close_back(&P, true);
    free(P.bytes);
    pair_disk(&P, (struct leat_memory_disk_config){.sector_bytes = 4096});
    pair_open_back(&P);
    pair_run(&P);
    cr_assert_eq(r[0].times, 1);
    cr_assert_eq(r[0].err, LEAT_E_LENGTH);
    cr_assert_eq(r[1].times, 1);
    MUST(r[1].err);
    cr_assert(all_bytes(P.bytes + 4096, PAGE, 0));
    pair_close(&P);
}

Test(blkfront_life, fails_when_asked)
{
    static unsigned char memory[PAGE];
    struct pair_request r = {.err = 0};
    struct leat_view v = {memory, PAGE};

    pair_open(&P, (struct leat_blkfront_config){.flags = LEAT_BLKFRONT_FAIL},
              plain_back, plain_disk);
    MUST(pair_submit(&P, &r, LEAT_BLK_WRITE, 0, &v, 1));
    pair_close_back(&P, true);
    pair_run(&P);
    cr_assert_eq(r.times, 1);
    cr_assert_eq(r.err, LEAT_E_GONE);
    pair_close(&P);
}

Test(blkfront_life, resized)
{
    static unsigned char memory[PAGE];
    struct leat_view v = {memory, PAGE};

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, plain_disk);
    MUST(leat_memory_disk_resize(&P.disk, 1024));
    MUST(leat_blkback_look(P.b, NULL));
    pair_run(&P);
    cr_assert_eq(P.events[LEAT_BLKFRONT_RESIZED], 1);
    cr_assert_eq(pair_info(&P).sectors, 1024);
    FAILS(LEAT_E_RANGE, pair_do(&P, LEAT_BLK_READ, 1024, &v, 1));
    MUST(pair_do(&P, LEAT_BLK_READ, 1016, &v, 1));
    pair_close(&P);
}

/* ------------------------------------------------------------------- the ends */

Test(blkfront_life, closes_after_those_under_way)
{
    static unsigned char memory[PAGE];
    struct pair_request r = {.err = 0};
    struct leat_view v = {memory, PAGE};

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, plain_disk);
    MUST(pair_submit(&P, &r, LEAT_BLK_READ, 0, &v, 1));
    FAILS(LEAT_E_BUSY, leat_blkfront_destroy(P.f));
    MUST(leat_blkfront_close(P.f, false));
    FAILS(LEAT_E_CLOSED, leat_blkfront_submit(P.f, &r.blk));
    cr_assert_eq(r.times, 0);
    pair_run(&P);
    cr_assert_eq(r.times, 1);
    MUST(r.err);
    cr_assert_eq(P.events[LEAT_BLKFRONT_CLOSED], 1);
    pair_close(&P);
}

Test(blkfront_life, closes_now)
{
    static unsigned char memory[PAGE];
    struct pair_request r = {.err = 0};
    struct leat_view v = {memory, PAGE};

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, plain_disk);
    MUST(pair_submit(&P, &r, LEAT_BLK_READ, 0, &v, 1));
    MUST(leat_blkfront_close(P.f, true));
    cr_assert_eq(r.times, 1);
    cr_assert_eq(r.err, LEAT_E_CLOSED);
    cr_assert_eq(P.events[LEAT_BLKFRONT_CLOSED], 1);
    pair_close(&P);
}

Test(blkfront_life, never_connected)
{
    struct leat_blkfront_info info;
    struct pair_request r = {.err = 0};

    memset(&P, 0, sizeof(P));
    pair_worlds(&P);
    P.bytes = NULL;
    MUST(pair_create_front(&P));
    pair_run(&P);
    FAILS(LEAT_E_STATE, pair_submit(&P, &r, LEAT_BLK_FLUSH, 0, NULL, 0));
    FAILS(LEAT_E_STATE, leat_blkfront_info(P.f, &info));
    MUST(leat_blkfront_close(P.f, true));
    pair_close(&P);
}
