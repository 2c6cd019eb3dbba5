/* SPDX-License-Identifier: ISC */

/* A chunk of n pages becomes n chunks that share its bytes. */

#include "pool_fixture.h"

static void splits(size_t n, uint32_t flags)
{
    struct leat_chunk c, pages[64], whole;
    struct pool_fixture f;
    unsigned char *at;

    open_static(&f, 64,
                (struct leat_pool_config){.flags = flags, .threads = 2});
    c = get(f.pool, n);
    at = bytes_of(c);
    for (size_t i = 0; i < n; i++)
        memset(at + i * PAGE, (int)i + 1, PAGE);
    MUST(leat_chunk_split(c, pages, 64));
    cr_assert_eq(stats_of(f.pool).pages_out, n);
    assert_sound(f.pool);
    FAILS(LEAT_E_STALE, leat_chunk_check(c));
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, c));
    for (size_t i = 0; i < n; i++) {
        size_t one;

        MUST(leat_chunk_pages(pages[i], &one));
        cr_assert_eq(one, 1);
        cr_assert_eq(bytes_of(pages[i]), at + i * PAGE, "in order");
        cr_assert(all_bytes(bytes_of(pages[i]), PAGE, (unsigned char)(i + 1)));
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = (i * 7 + 3) % n;

        while (leat_chunk_check(pages[k]))
            k = (k + 1) % n;
        MUST(leat_pool_put(f.pool, pages[k]));
        FAILS(LEAT_E_STALE, leat_pool_put(f.pool, pages[k]));
        cr_assert_eq(stats_of(f.pool).pages_out, n - 1 - i);
    }
    whole = get(f.pool, 64);
    MUST(leat_pool_put(f.pool, whole));
    close_pool(&f);
}

Test(split, all_sizes)
{
    static const size_t sizes[] = {1, 2, 3, 7, 32, 63, 64};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        splits(sizes[i], 0);
        splits(sizes[i], LEAT_POOL_EXACT);
        splits(sizes[i], LEAT_POOL_TRACK | LEAT_POOL_NATURAL);
    }
}

Test(split, refused_changes_nothing)
{
    struct leat_chunk c, pages[4];
    struct leat_ref ref = {0};
    struct pool_fixture f;

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 4);
    memset(pages, 0x21, sizeof(pages));
    FAILS(LEAT_E_RANGE, leat_chunk_split(c, pages, 3));
    FAILS(LEAT_E_RANGE, leat_chunk_split(c, pages, 0));
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    FAILS(LEAT_E_BUSY, leat_chunk_split(c, pages, 4));
    cr_assert(all_bytes((unsigned char *)pages, sizeof(pages), 0x21));
    MUST(leat_chunk_check(c));
    MUST(leat_ref_drop(&ref));
    MUST(leat_chunk_split(c, pages, 4));
    MUST(leat_pool_put_bulk(f.pool, pages, 4, NULL));
    close_pool(&f);
}

/* The pages are chunks like any other: refs, find, and splitting again. */
Test(split, pages_are_chunks)
{
    struct leat_chunk c, pages[3], found;
    struct leat_ref ref = {0};
    struct pool_fixture f;

    open_static(&f, 3, (struct leat_pool_config){0});
    c = get(f.pool, 3);
    MUST(leat_chunk_split(c, pages, 3));
    MUST(leat_chunk_find(f.pool, bytes_of(pages[1]), &found));
    cr_assert_eq(found.id, pages[1].id);
    FAILS(LEAT_E_RANGE,
          leat_ref_take(pages[1], leat_chunk_view(pages[2]), &ref));
    MUST(leat_ref_take(pages[1], leat_chunk_view(pages[1]), &ref));
    MUST(leat_pool_put(f.pool, pages[1]));
    MUST(leat_ref_drop(&ref));
    MUST(leat_chunk_split(pages[0], &found, 1));
    cr_assert_neq(found.id, pages[0].id);
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, pages[0]));
    MUST(leat_pool_put(f.pool, found));
    MUST(leat_pool_put(f.pool, pages[2]));
    close_pool(&f);
}

/* Splitting takes nothing from the limit. */
Test(split, at_the_limit)
{
    struct leat_chunk c, pages[8], more;
    struct pool_fixture f;

    open_static(
        &f, 16,
        (struct leat_pool_config){.limit_pages = 8, .flags = LEAT_POOL_EXACT});
    c = get(f.pool, 8);
    MUST(leat_chunk_split(c, pages, 8));
    FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 1, &more));
    MUST(leat_pool_put(f.pool, pages[5]));
    MUST(leat_pool_get(f.pool, 1, &more));
    pages[5] = more;
    MUST(leat_pool_put_bulk(f.pool, pages, 8, NULL));
    close_pool(&f);
}
