/* SPDX-License-Identifier: ISC */

/*
 * blkfront against blkback: each operation, the three ways, what is agreed.
 * tests/unit/test_blkfront_life.c has the deaths of the back, and its own end;
 * test_blkfront_hostile.c backs that lie.
 */

#include "pv/block_pair.h"

static struct block_pair P;

static const struct leat_blkback_config plain_back;
static const struct leat_memory_disk_config plain_disk;

static const char *mode_name(enum leat_receive_mode mode)
{
    static const char *const names[] = {"copy", "revoke", "shared"};

    return names[mode];
}

/* ------------------------------------------------------------------- by copy */

/* Bytes of any place and length, that add up to sectors. */
Test(blkfront, any_views)
{
    static unsigned char memory[3 * PAGE];
    struct leat_view v[3];

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, plain_disk);
    MUST(leat_view_of(memory + 3, 2047, &v[0]));
    MUST(leat_view_of(memory + 2100, 0, &v[1]));
    MUST(leat_view_of(memory + 5001, 2049, &v[2]));
    memset(memory, 0xee, sizeof(memory));
    MUST(pair_do(&P, LEAT_BLK_READ, 9, v, 3));
    cr_assert_arr_eq(memory + 3, P.bytes + 9 * 512, 2047);
    cr_assert_arr_eq(memory + 5001, P.bytes + 9 * 512 + 2047, 2049);
    cr_assert_eq(memory[2], 0xee);
    cr_assert_eq(memory[2050], 0xee);
    cr_assert_eq(memory[5000], 0xee);
    cr_assert_eq(memory[7050], 0xee);
    memset(memory, 0x5a, sizeof(memory));
    MUST(pair_do(&P, LEAT_BLK_WRITE, 100, v, 3));
    cr_assert(all_bytes(P.bytes + 100 * 512, 4096, 0x5a));
    cr_assert_eq(P.bytes[100 * 512 - 1], (unsigned char)(99 * 7 + 511));
    cr_assert_eq(pair_stats(&P).copied, 2);
    cr_assert_eq(pair_stats(&P).copied_bytes, 2 * 4096);
    cr_assert_eq(leat_copies_bytes(leat_blkfront_copies(P.f)), 2 * 4096);
    pair_close(&P);
}

/* What was granted once is used again: no grant operation in steady state. */
Test(blkfront, steady_copy)
{
    static unsigned char memory[4 * PAGE];
    struct leat_grants_stats before, after;
    struct leat_view v;

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, plain_disk);
    MUST(leat_view_of(memory + 1, 3 * PAGE, &v));
    MUST(pair_do(&P, LEAT_BLK_READ, 0, &v, 1));
    before = grants_stats(P.w.g.a->table);
    for (uint32_t i = 0; i < 50; i++)
        MUST(pair_do(&P, i % 2 ? LEAT_BLK_WRITE : LEAT_BLK_READ, i * 8, &v, 1));
    after = grants_stats(P.w.g.a->table);
    cr_assert_eq(after.grants, before.grants);
    cr_assert_eq(after.ends, before.ends);
    cr_assert_eq(pair_stats(&P).copied, 51);
    cr_assert_eq(pair_stats(&P).persistent, 3);
    cr_assert_eq(pair_stats(&P).shares, 0);
    pair_close(&P);
}

/* ----------------------------------------------------------------- by revoke */

/* The caller's own pages: no copy, and none is granted afterwards. */
Test(blkfront, own_pages)
{
    struct leat_chunk c;
    struct leat_view all, v[2];

    pair_open(&P, (struct leat_blkfront_config){.mode = LEAT_RECEIVE_REVOKE},
              plain_back, plain_disk);
    c = get(P.w.g.a->pool, 6);
    all = leat_chunk_view(c);
    MUST(leat_view_slice(all, 512, 5 * PAGE, &v[0]));
    MUST(pair_do(&P, LEAT_BLK_READ, 16, v, 1));
    cr_assert_arr_eq(v[0].data, P.bytes + 16 * 512, 5 * PAGE);
    cr_assert(all_bytes(all.data, 512, 0));
    cr_assert_eq(pair_stats(&P).shares, 1);
    cr_assert_eq(pair_stats(&P).pages_shared, 6);
    memset(all.data, 0x77, all.len);
    MUST(leat_view_slice(all, 4 * PAGE, PAGE, &v[0]));
    MUST(leat_view_slice(all, 1024, 512, &v[1]));
    MUST(pair_do(&P, LEAT_BLK_WRITE, 16, v, 2));
    cr_assert(all_bytes(P.bytes + 16 * 512, PAGE + 512, 0x77));
    cr_assert(all_bytes(all.data, all.len, 0x77));
    cr_assert_eq(pair_stats(&P).copied, 0);
    cr_assert_eq(leat_copies_bytes(leat_pool_copies(P.w.g.a->pool)), 0);
    cr_assert_eq(pair_stats(&P).revokes, pair_stats(&P).shares);
    MUST(leat_pool_put(P.w.g.a->pool, c));
    pair_close(&P);
}

/* What cannot go as it is goes by one bounce, or is refused with its reason. */
static void bounce_or_refuse(uint32_t flags)
{
    struct leat_blkfront_config front = {.mode = LEAT_RECEIVE_REVOKE,
                                         .flags = flags};
    static unsigned char foreign[PAGE] __attribute__((aligned(4096)));
    struct pair_request r = {.err = 0};
    struct leat_chunk c;
    struct leat_view v[2];

    pair_open(&P, front, plain_back, plain_disk);
    c = get(P.w.g.a->pool, 2);
    MUST(leat_view_slice(leat_chunk_view(c), 0, 2047, &v[0]));
    MUST(leat_view_slice(leat_chunk_view(c), PAGE, 2049, &v[1]));
    if (flags) {
        FAILS(LEAT_E_LENGTH, pair_submit(&P, &r, LEAT_BLK_READ, 0, v, 2));
        cr_assert_eq(r.blk.why, LEAT_WHY_LENGTH);
        cr_assert_eq(r.blk.index, 0);
    } else {
        MUST(pair_submit(&P, &r, LEAT_BLK_READ, 0, v, 2));
        cr_assert_eq(r.blk.bounced, 4096);
        cr_assert_eq(r.blk.why, LEAT_WHY_LENGTH);
        pair_run(&P);
        cr_assert_eq(r.times, 1);
        MUST(r.err);
        cr_assert_arr_eq(v[0].data, P.bytes, 2047);
        cr_assert_arr_eq(v[1].data, P.bytes + 2047, 2049);
    }
    MUST(leat_view_of(foreign, PAGE, &v[0]));
    if (flags) {
        FAILS(LEAT_E_PEER, pair_submit(&P, &r, LEAT_BLK_WRITE, 0, v, 1));
        cr_assert_eq(r.blk.why, LEAT_WHY_PEER);
    } else {
        memset(foreign, 0x31, PAGE);
        MUST(pair_do(&P, LEAT_BLK_WRITE, 8, v, 1));
        cr_assert(all_bytes(P.bytes + 8 * 512, PAGE, 0x31));
        cr_assert_eq(leat_pool_copies(P.w.g.a->pool)->count[LEAT_WHY_PEER], 1);
    }
    cr_assert_eq(pair_stats(&P).copied, 0);
    MUST(leat_pool_put(P.w.g.a->pool, c));
    pair_close(&P);
}

Test(blkfront, bounced)
{
    bounce_or_refuse(0);
}

Test(blkfront, refused)
{
    bounce_or_refuse(LEAT_BLKFRONT_STRICT);
}

/* ----------------------------------------------------------------- shared */

Test(blkfront, shared_pages)
{
    struct leat_blkfront_config front = {.mode = LEAT_RECEIVE_SHARED,
                                         .trusted = true};
    struct leat_grants_stats before, after;
    struct leat_blk_page pages[4];
    struct leat_blk_part parts[4];
    struct pair_request r = {.err = 0};
    unsigned char private[PAGE];
    struct leat_copies copies = {{0}, {0}};

    pair_open(&P, front, plain_back, plain_disk);
    MUST(leat_blkfront_pages(P.f, pages, 4));
    for (uint32_t i = 0; i < 4; i++)
        parts[i] = (struct leat_blk_part){&pages[i], 512 * i, 4096 - 512 * i};
    before = grants_stats(P.w.g.a->table);
    for (uint32_t i = 0; i < 20; i++) {
        r.blk.parts = parts;
        MUST(pair_submit(&P, &r, i % 2 ? LEAT_BLK_WRITE : LEAT_BLK_READ, 8,
                         NULL, 4));
        pair_run(&P);
        cr_assert_eq(r.times, 1);
        MUST(r.err);
    }
    after = grants_stats(P.w.g.a->table);
    cr_assert_eq(after.grants, before.grants);
    cr_assert_eq(pair_stats(&P).copied, 0);
    cr_assert_eq(leat_copies_bytes(leat_blkfront_copies(P.f)), 0);
    MUST(leat_shared_copy_out(pages[1].bytes, 512, private, 4096 - 512,
                              &copies));
    cr_assert_arr_eq(private, P.bytes + 16 * 512, 4096 - 512);

    parts[0] = (struct leat_blk_part){&pages[0], 256, 512};
    FAILS(LEAT_E_ALIGN, pair_submit(&P, &r, LEAT_BLK_READ, 8, NULL, 4));
    parts[0].off = 512;
    parts[0].len = 4096;
    FAILS(LEAT_E_RANGE, pair_submit(&P, &r, LEAT_BLK_READ, 8, NULL, 4));
    parts[0] = (struct leat_blk_part){&pages[0], 0, 512};
    struct leat_blk_page stale = pages[3];
    FAILS(LEAT_E_BUSY, leat_blkfront_destroy(P.f));
    MUST(leat_blkfront_pages_put(P.f, pages, 4));
    pages[3] = stale;
    FAILS(LEAT_E_STALE, leat_blkfront_pages_put(P.f, &pages[3], 1));
    parts[3].page = &pages[3];
    r.blk.parts = &parts[3];
    FAILS(LEAT_E_STALE, pair_submit(&P, &r, LEAT_BLK_READ, 8, NULL, 1));
    pair_close(&P);
}

Test(blkfront, shared_needs_trust)
{
    struct leat_blk_page page;

    memset(&P, 0, sizeof(P));
    pair_worlds(&P);
    P.front.mode = LEAT_RECEIVE_SHARED;
    FAILS(LEAT_E_PEER, pair_create_front(&P));
    P.front.trusted = true;
    table_set(&P.w.t, PAIR_FRONT "/trusted", "0");
    FAILS(LEAT_E_PEER, pair_create_front(&P));
    P.front.mode =
        LEAT_RECEIVE_REVOKE; /* strict: it copies, whatever was asked */
    pair_disk(&P, plain_disk);
    pair_open_back(&P);
    MUST(pair_create_front(&P));
    pair_run(&P);
    cr_assert_eq(pair_info(&P).mode, LEAT_RECEIVE_COPY);
    FAILS(LEAT_E_STATE, leat_blkfront_pages(P.f, &page, 1));
    pair_close(&P);
}

/* --------------------------------------------------- what every way has to do */

/* Requests of each size, direct, indirect and split, in both layouts. */
static void sizes(enum leat_receive_mode mode, uint32_t flags,
                  uint32_t segments, uint32_t order)
{
    struct leat_blkfront_config front = {.mode = mode,
                                         .flags = flags,
                                         .segments = segments,
                                         .ring_order = order + 1};
    static const uint32_t pages[] = {1, 10, 11, 12, 23, 32, 33, 64};
    struct leat_chunk c;
    struct leat_view all;

    pair_open(&P, front, plain_back, plain_disk);
    cr_assert_eq(pair_info(&P).ring_pages, 1u << order);
    cr_assert_eq(pair_info(&P).indirect, segments > 11);
    all = pair_pages(&P, &c, 64);
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct leat_view v;

        MUST(leat_view_slice(all, 0, pages[i] * PAGE, &v));
        memset(v.data, 0x99, v.len);
        MUST(pair_do(&P, LEAT_BLK_READ, i, &v, 1));
        cr_assert_arr_eq(v.data, P.bytes + i * 512, v.len, "%s %u",
                         mode_name(mode), pages[i]);
        memset(v.data, 0x40 + (int)i, v.len);
        MUST(pair_do(&P, LEAT_BLK_WRITE, 1000 + i, &v, 1));
        cr_assert(all_bytes(P.bytes + (1000 + i) * 512, v.len, 0x40 + (int)i));
    }
    cr_assert_eq(pair_stats(&P).reads, 8);
    cr_assert_eq(pair_stats(&P).writes, 8);
    cr_assert_eq(pair_stats(&P).failed, 0);
    MUST(leat_pool_put(P.w.g.a->pool, c));
    pair_close(&P);
}

Test(blkfront, sizes_copy)
{
    sizes(LEAT_RECEIVE_COPY, 0, 32, 4);
}

Test(blkfront, sizes_copy_32)
{
    sizes(LEAT_RECEIVE_COPY, LEAT_BLKFRONT_X86_32, 32, 0);
}

Test(blkfront, sizes_direct)
{
    sizes(LEAT_RECEIVE_COPY, LEAT_BLKFRONT_NO_PERSISTENT, 11, 1);
}

Test(blkfront, sizes_revoke)
{
    sizes(LEAT_RECEIVE_REVOKE, 0, 32, 2);
}

Test(blkfront, sizes_revoke_direct)
{
    sizes(LEAT_RECEIVE_REVOKE, LEAT_BLKFRONT_X86_32, 11, 3);
}

Test(blkfront, operations)
{
    struct leat_view v, whole;
    struct pair_request r = {.err = 0};
    struct leat_chunk c;

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, plain_disk);
    whole = pair_pages(&P, &c, 64);
    MUST(leat_view_slice(whole, 0, PAGE, &v));
    cr_assert(pair_info(&P).flush && pair_info(&P).barrier &&
              pair_info(&P).discard);
    memset(v.data, 0x11, PAGE);
    MUST(pair_do(&P, LEAT_BLK_BARRIER, 0, &v, 1));
    cr_assert(all_bytes(P.bytes, PAGE, 0x11));
    FAILS(LEAT_E_SEGMENTS, pair_do(&P, LEAT_BLK_BARRIER, 0, &whole, 1));
    MUST(pair_do(&P, LEAT_BLK_FLUSH, 0, NULL, 0));
    r.blk.sectors = 16;
    MUST(pair_submit(&P, &r, LEAT_BLK_DISCARD, 8, NULL, 0));
    pair_run(&P);
    cr_assert_eq(r.times, 1);
    MUST(r.err);
    cr_assert(all_bytes(P.bytes + 8 * 512, 16 * 512, 0));
    if (pair_info(&P).secure) {
        r.blk.flags = LEAT_BLK_SECURE;
        MUST(pair_submit(&P, &r, LEAT_BLK_DISCARD, 24, NULL, 0));
        pair_run(&P);
        MUST(r.err);
    }
    cr_assert_eq(pair_stats(&P).barriers, 1);
    cr_assert_eq(pair_stats(&P).flushes, 1);
    cr_assert_geq(pair_stats(&P).discards, 1);
    MUST(leat_pool_put(P.w.g.a->pool, c));
    pair_close(&P);
}

Test(blkfront, refusals)
{
    struct leat_memory_disk_config disk = {.sector_bytes = 4096,
                                           .flags = LEAT_DISK_IS_READ_ONLY};
    static unsigned char memory[2 * PAGE];
    struct pair_request r = {.err = 0};
    struct leat_view v = {memory, PAGE}, none = {NULL, 0};

    pair_open(&P, (struct leat_blkfront_config){0}, plain_back, disk);
    cr_assert(pair_info(&P).read_only);
    cr_assert_eq(pair_info(&P).sector_bytes, 4096);
    cr_assert_eq(pair_info(&P).sectors, PAIR_SECTORS);
    FAILS(LEAT_E_ACCESS, pair_do(&P, LEAT_BLK_WRITE, 0, &v, 1));
    FAILS(LEAT_E_ACCESS, pair_do(&P, LEAT_BLK_BARRIER, 0, &v, 1));
    FAILS(LEAT_E_ACCESS, pair_do(&P, LEAT_BLK_DISCARD, 0, NULL, 0));
    FAILS(LEAT_E_ALIGN, pair_do(&P, LEAT_BLK_READ, 1, &v, 1));
    FAILS(LEAT_E_RANGE, pair_do(&P, LEAT_BLK_READ, PAIR_SECTORS, &v, 1));
    FAILS(LEAT_E_RANGE, pair_do(&P, LEAT_BLK_READ, UINT64_MAX - 7, &v, 1));
    FAILS(LEAT_E_STALE, pair_do(&P, LEAT_BLK_READ, 0, &none, 1));
    FAILS(LEAT_E_LENGTH, pair_do(&P, LEAT_BLK_READ, 0, NULL, 0));
    FAILS(LEAT_E_INVALID, pair_do(&P, LEAT_BLK_READ, 0, NULL, 1));
    FAILS(LEAT_E_INVALID, pair_do(&P, (enum leat_blk_op)9, 0, &v, 1));
    v.len = 512;
    FAILS(LEAT_E_LENGTH, pair_do(&P, LEAT_BLK_READ, 0, &v, 1));
    r.blk.flags = LEAT_BLK_SECURE;
    FAILS(LEAT_E_INVALID, pair_submit(&P, &r, LEAT_BLK_READ, 0, &v, 1));
    FAILS(LEAT_E_INVALID, leat_blkfront_submit(P.f, NULL));
    FAILS(LEAT_E_INVALID, leat_blkfront_submit(NULL, &r.blk));
    cr_assert_eq(pair_stats(&P).sent, 0);
    pair_close(&P);
}

/* ------------------------------------------------------------- many, in order */

static uint32_t order_of[600], ordered;

static void in_order(void *arg, struct leat_blk *blk, int err)
{
    (void)blk;
    MUST(err);
    order_of[ordered++] = (uint32_t)(uintptr_t)arg;
}

/* More than there are slots, pages and requests: they wait, and none is lost. */
static void many(struct leat_blkfront_config front,
                 struct leat_blkback_config back)
{
    static struct leat_blk r[64];
    static unsigned char memory[64][4 * PAGE];
    static struct leat_view v[64];
    struct pair_request one_more = {.err = 0};

    front.ring_order = 1;
    front.pages = 64;
    pair_open(&P, front, back, plain_disk);
    ordered = 0;
    memset(r, 0, sizeof(r));
    for (uint32_t i = 0; i < 64; i++) {
        memset(memory[i], (int)i + 1, sizeof(memory[i]));
        v[i] = (struct leat_view){memory[i], 4 * PAGE};
        r[i].op = LEAT_BLK_WRITE;
        r[i].sector = 32 * i;
        r[i].views = &v[i];
        r[i].n = 1;
        r[i].done = in_order;
        r[i].arg = (void *)(uintptr_t)i;
        MUST(leat_blkfront_submit(P.f, &r[i]));
        pair_sound(&P);
    }
    FAILS(LEAT_E_LIMIT,
          pair_submit(&P, &one_more, LEAT_BLK_WRITE, 0, &v[0], 1));
    cr_assert_eq(pair_stats(&P).under_way, 64);
    cr_assert_gt(pair_stats(&P).waiting, 0);
    pair_run(&P);
    cr_assert_eq(ordered, 64);
    for (uint32_t i = 0; i < 64; i++)
        cr_assert(all_bytes(P.bytes + 32 * 512 * i, 4 * PAGE, (int)i + 1));
    pair_close(&P);
}

Test(blkfront, many)
{
    many((struct leat_blkfront_config){0}, plain_back);
}

Test(blkfront, many_queues)
{
    many((struct leat_blkfront_config){.queues = 3},
         (struct leat_blkback_config){.queues = 4});
    cr_assert_eq(P.events[LEAT_BLKFRONT_CONNECTED], 1);
}

Test(blkfront, queues_agreed)
{
    pair_open(&P, (struct leat_blkfront_config){.queues = 8},
              (struct leat_blkback_config){.queues = 2, .ring_order = 2},
              plain_disk);
    cr_assert_eq(pair_info(&P).queues, 2);
    cr_assert_eq(pair_info(&P).ring_pages, 2);
    cr_assert_str_eq(table_get(&P.w.t, PAIR_FRONT "/multi-queue-num-queues"),
                     "2");
    cr_assert_not_null(table_get(&P.w.t, PAIR_FRONT "/queue-1/ring-ref1"));
    cr_assert_null(table_get(&P.w.t, PAIR_FRONT "/ring-ref"));
    pair_close(&P);
}

/* A barrier over several queues: all before it, then it, then all after it. */
Test(blkfront, barrier_over_queues)
{
    static unsigned char memory[3][PAGE];
    static struct leat_blk r[40];
    static struct leat_view v[40];

    pair_open(&P, (struct leat_blkfront_config){.queues = 4},
              (struct leat_blkback_config){.queues = 4}, plain_disk);
    ordered = 0;
    memset(r, 0, sizeof(r));
    for (uint32_t i = 0; i < 40; i++) {
        v[i] = (struct leat_view){memory[i % 3], PAGE};
        r[i].op = i % 10 == 5 ? LEAT_BLK_BARRIER : LEAT_BLK_WRITE;
        r[i].sector = 8 * i;
        r[i].views = &v[i];
        r[i].n = 1;
        r[i].done = in_order;
        r[i].arg = (void *)(uintptr_t)i;
        MUST(leat_blkfront_submit(P.f, &r[i]));
    }
    pair_run(&P);
    cr_assert_eq(ordered, 40);
    for (uint32_t i = 0; i < 40; i++) {
        if (i % 10 != 5)
            continue;
        for (uint32_t k = 0; k < 40; k++)
            cr_assert_eq(order_of[k] < i, k < i, "barrier %u, %u", i,
                         order_of[k]);
    }
    pair_close(&P);
}

Test(blkfront, configs)
{
    struct leat_blkfront_config c = {0};
    size_t bytes = 0;

    FAILS(LEAT_E_INVALID, leat_blkfront_meta_size(NULL, &bytes));
    FAILS(LEAT_E_INVALID, leat_blkfront_meta_size(&c, NULL));
    c.flags = 1u << 20;
    FAILS(LEAT_E_INVALID, leat_blkfront_meta_size(&c, &bytes));
    c.flags = 0;
    c.queues = LEAT_BLKFRONT_QUEUES + 1;
    FAILS(LEAT_E_INVALID, leat_blkfront_meta_size(&c, &bytes));
    c.queues = 0;
    c.pages = 63;
    FAILS(LEAT_E_INVALID, leat_blkfront_meta_size(&c, &bytes));
    c.pages = 64;
    MUST(leat_blkfront_meta_size(&c, &bytes));
    memset(&P, 0, sizeof(P));
    pair_worlds(&P);
    c = (struct leat_blkfront_config){.bus = &P.w.front_bus,
                                      .path = PAIR_FRONT,
                                      .grants = P.w.g.a->table,
                                      .pool = P.w.g.b->pool};
    MUST(leat_blkfront_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    FAILS(LEAT_E_PEER, leat_blkfront_create(&P.f, &c));
    c.pool = P.w.g.a->pool;
    c.meta_bytes--;
    FAILS(LEAT_E_NOMEM, leat_blkfront_create(&P.f, &c));
    c.path = "/local/domain/1/device/vbd/9";
    c.meta_bytes++;
    FAILS(LEAT_E_REFERENCE, leat_blkfront_create(&P.f, &c));
    cr_assert_null(P.f);
    free(c.meta);
}
