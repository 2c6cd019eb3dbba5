/* SPDX-License-Identifier: ISC */

/* Handles: what is wrong with one is found, in every build (rule R11). */

#include "pool_fixture.h"

/* Every call that takes a handle says (err), and the pool is as it was. */
static void refused_everywhere(struct leat_pool *pool, struct leat_chunk c,
                               int err)
{
    struct leat_stats before = stats_of(pool), after;
    struct leat_chunk pages[8];
    struct leat_view v = {NULL, 3};
    struct leat_ref ref = {0};
    size_t n = 99;
    uint64_t frame = 7;

    FAILS(err, leat_chunk_check(c));
    FAILS(err, leat_pool_put(pool, c));
    FAILS(err, leat_pool_put_bulk(pool, &c, 1, &n));
    cr_assert_eq(n, 0, "none was put");
    n = 99;
    FAILS(err, leat_chunk_pages(c, &n));
    FAILS(err, leat_chunk_owners(c, &n));
    FAILS(err, leat_chunk_split(c, pages, 8));
    FAILS(err, leat_chunk_view_coloured(c, 1, &v));
    FAILS(err, leat_ref_take(c, leat_chunk_view(c), &ref));
    cr_assert_lt(leat_chunk_frame(c, 0, &frame), 0);
    cr_assert_null(leat_chunk_view(c).data);
    cr_assert_eq(leat_chunk_view(c).len, 0);
    cr_assert_null(ref.chunk.pool);
    cr_assert_eq(v.len, 3);
    cr_assert_eq(n, 99);
    cr_assert_eq(frame, 7);
    after = stats_of(pool);
    cr_assert_gt(after.stale, before.stale);
    cr_assert_eq(after.pages_out, before.pages_out);
    cr_assert_eq(after.puts, before.puts);
    assert_sound(pool);
}

static void double_put(size_t pages, uint32_t flags)
{
    struct pool_fixture f;
    struct leat_chunk c, next;

    open_static(&f, 16,
                (struct leat_pool_config){.flags = flags, .threads = 2});
    c = get(f.pool, pages);
    MUST(leat_pool_put(f.pool, c));
    refused_everywhere(f.pool, c, LEAT_E_STALE);

    /* The same once the page has another owner. */
    next = get(f.pool, 16);
    refused_everywhere(f.pool, c, LEAT_E_STALE);
    MUST(leat_chunk_check(next));
    MUST(leat_pool_put(f.pool, next));
    close_pool(&f);
}

Test(chunk, double_put)
{
    for (size_t pages = 1; pages <= 16; pages += 3) {
        double_put(pages, 0);
        double_put(pages, LEAT_POOL_EXACT);
        double_put(pages, LEAT_POOL_TRACK);
    }
}

static void stale_put(uint32_t flags)
{
    struct leat_chunk old, c;
    struct pool_fixture f;

    open_static(&f, 1, (struct leat_pool_config){.flags = flags, .threads = 2});
    old = get(f.pool, 1);
    MUST(leat_pool_put(f.pool, old));
    c = get(f.pool, 1);
    cr_assert_neq(old.id, c.id);
    cr_assert_eq(leat_chunk_addr(c), f.base);
    refused_everywhere(f.pool, old, LEAT_E_STALE);
    memset(bytes_of(c), 9, PAGE);
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, old));
    cr_assert(all_bytes(bytes_of(c), PAGE, 9));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(chunk, stale_put)
{
    stale_put(0);
    stale_put(LEAT_POOL_EXACT);
}

Test(chunk, foreign_put)
{
    struct leat_chunk none = {0}, ours, theirs, wild;
    struct pool_fixture f, other;

    open_static(&f, 4, (struct leat_pool_config){0});
    open_static(&other, 4, (struct leat_pool_config){0});
    ours = get(f.pool, 1);
    theirs = get(other.pool, 1);
    FAILS(LEAT_E_FOREIGN, leat_pool_put(f.pool, theirs));
    FAILS(LEAT_E_FOREIGN, leat_pool_put(other.pool, ours));
    cr_assert_eq(stats_of(f.pool).stale, 1);
    cr_assert_eq(stats_of(other.pool).stale, 1);
    FAILS(LEAT_E_FOREIGN, leat_pool_put(f.pool, none));
    FAILS(LEAT_E_FOREIGN, leat_chunk_check(none));
    cr_assert_null(leat_chunk_view(none).data);

    /* No page has such a number. */
    wild.pool = f.pool;
    wild.id = ours.id | UINT32_MAX;
    refused_everywhere(f.pool, wild, LEAT_E_FOREIGN);
    wild.id = UINT64_MAX;
    refused_everywhere(f.pool, wild, LEAT_E_FOREIGN);
    MUST(leat_pool_put(f.pool, ours));
    MUST(leat_pool_put(other.pool, theirs));
    close_pool(&f);
    close_pool(&other);
}

/* Handles that nobody was given, over pages in every state. */
Test(chunk, forged)
{
    struct leat_chunk c, forged;
    struct pool_fixture f;

    open_static(&f, 8, (struct leat_pool_config){.threads = 2});
    forged.pool = f.pool;
    forged.id = 0;
    cr_assert_lt(leat_chunk_check(forged), 0);
    c = get(f.pool, 2);
    for (unsigned bit = 32; bit < 64; bit++) {
        forged.id = c.id ^ (uint64_t)1 << bit;
        cr_assert_lt(leat_pool_put(f.pool, forged), 0, "bit %u", bit);
        cr_assert_null(leat_chunk_view(forged).data);
    }
    MUST(leat_chunk_check(c));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(chunk, interior_put)
{
    struct leat_chunk c, inside;
    struct pool_fixture f;

    open_static(&f, 8, (struct leat_pool_config){0});
    c = get(f.pool, 4);
    inside = c;
    for (size_t i = 1; i < 4; i++) {
        inside.id = c.id + i;
        refused_everywhere(f.pool, inside, LEAT_E_INTERIOR);
        inside.id = i | (c.id & UINT32_MAX);
        cr_assert_lt(leat_chunk_check(inside), 0);
    }
    MUST(leat_chunk_check(c));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

/* The void view says its error where bytes are asked of it. */
Test(chunk, stale_view_is_void)
{
    struct leat_view v, part = {NULL, 4};
    struct pool_fixture f;
    struct leat_chunk c;

    open_static(&f, 2, (struct leat_pool_config){0});
    c = get(f.pool, 2);
    MUST(leat_pool_put(f.pool, c));
    v = leat_chunk_view(c);
    cr_assert_null(v.data);
    cr_assert_eq(v.len, 0);
    FAILS(LEAT_E_STALE, leat_view_slice(v, 0, 1, &part));
    cr_assert_eq(part.len, 4);
    close_pool(&f);
}

/* A page changes hands many times; a handle of any life is found in another. */
static void many_lives(uint32_t flags)
{
    enum {
        LIVES = (1 << 17) + 3,
        KEPT = 64
    };
    static struct leat_chunk kept[KEPT];
    struct leat_chunk c, first;
    struct pool_fixture f;
    size_t nkept = 0;

    open_static(&f, 1,
                (struct leat_pool_config){
                    .flags = flags, .zero = LEAT_ZERO_NEVER, .threads = 1});
    first = get(f.pool, 1);
    MUST(leat_pool_put(f.pool, first));
    for (size_t i = 0; i < LIVES; i++) {
        if (leat_pool_get(f.pool, 1, &c) || leat_chunk_check(c) ||
            leat_pool_put(f.pool, first) != LEAT_E_STALE ||
            leat_pool_put(f.pool, c))
            cr_assert(false, "life %zu", i);
        if (i % (LIVES / KEPT + 1) == 0)
            kept[nkept++] = c;
    }
    c = get(f.pool, 1);
    for (size_t i = 0; i < nkept; i++)
        FAILS(LEAT_E_STALE, leat_chunk_check(kept[i]));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(chunk, many_lives_with_magazines)
{
    many_lives(0);
}

Test(chunk, many_lives_exact)
{
    many_lives(LEAT_POOL_EXACT);
}
