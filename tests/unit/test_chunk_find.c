/* SPDX-License-Identifier: ISC */

/* From an address back to its chunk, and whose memory it is. */

#include "pool_fixture.h"

static void finds(uint32_t flags)
{
    struct leat_chunk c[3], found = {NULL, 6};
    struct pool_fixture f;

    open_static(&f, 16,
                (struct leat_pool_config){.flags = flags, .threads = 2});
    c[0] = get(f.pool, 1);
    c[1] = get(f.pool, 5);
    c[2] = get(f.pool, 2);
    for (size_t i = 0; i < 3; i++) {
        unsigned char *at = bytes_of(c[i]);
        size_t len = leat_chunk_view(c[i]).len;

        MUST(leat_chunk_find(f.pool, at, &found));
        cr_assert_eq(found.pool, c[i].pool);
        cr_assert_eq(found.id, c[i].id);
        for (size_t off = 1; off < len; off += off < 3 ? 1 : 1021)
            FAILS(LEAT_E_INTERIOR, leat_chunk_find(f.pool, at + off, &found));
        FAILS(LEAT_E_INTERIOR, leat_chunk_find(f.pool, at + len - 1, &found));
        if (len > PAGE)
            FAILS(LEAT_E_INTERIOR, leat_chunk_find(f.pool, at + PAGE, &found));
        cr_assert_eq(found.id, c[i].id);
        for (size_t off = 0; off < len; off += 1021) {
            found.id = 6;
            MUST(leat_chunk_around(f.pool, at + off, &found));
            cr_assert_eq(found.pool, c[i].pool);
            cr_assert_eq(found.id, c[i].id);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        unsigned char *at = bytes_of(c[i]);
        size_t len = leat_chunk_view(c[i]).len;

        MUST(leat_pool_put(f.pool, c[i]));
        FAILS(LEAT_E_FOREIGN, leat_chunk_find(f.pool, at, &found));
        for (size_t off = 0; off < len; off += 1021)
            FAILS(LEAT_E_FOREIGN,
                  leat_chunk_around(f.pool, at + off, &found));
    }
    close_pool(&f);
}

Test(chunk_find, exact)
{
    finds(LEAT_POOL_EXACT);
}

/* A page that lies in a magazine is not out. */
Test(chunk_find, with_magazines)
{
    finds(0);
}

Test(chunk_find, no_page_of_this_pool)
{
    struct leat_chunk c, found = {NULL, 6};
    struct pool_fixture f;
    int local;

    open_static(&f, 4, (struct leat_pool_config){0});
    FAILS(LEAT_E_FOREIGN, leat_chunk_find(f.pool, f.base, &found));
    FAILS(LEAT_E_FOREIGN, leat_chunk_around(f.pool, f.base, &found));
    c = get(f.pool, 4);
    FAILS(LEAT_E_FOREIGN, leat_chunk_find(f.pool, f.base - 1, &found));
    FAILS(LEAT_E_FOREIGN, leat_chunk_find(f.pool, f.base + 4 * PAGE, &found));
    FAILS(LEAT_E_FOREIGN, leat_chunk_find(f.pool, &local, &found));
    FAILS(LEAT_E_FOREIGN, leat_chunk_find(f.pool, (void *)UINTPTR_MAX, &found));
    cr_assert_eq(found.id, 6);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

/* Among many slabs, each at an address of its own. */
Test(chunk_find, many_slabs)
{
    struct leat_chunk c[12], found;
    struct pool_fixture f;

    open_mmap(&f, 0, (struct leat_pool_config){.limit_pages = 12 * 512});
    for (size_t i = 0; i < 12; i++)
        c[i] = get(f.pool, 400);
    for (size_t i = 0; i < 12; i++) {
        MUST(leat_chunk_find(f.pool, bytes_of(c[i]), &found));
        cr_assert_eq(found.id, c[i].id);
        FAILS(LEAT_E_INTERIOR,
              leat_chunk_find(f.pool, bytes_of(c[i]) + 399 * PAGE, &found));
    }
    for (size_t i = 0; i < 12; i += 2)
        MUST(leat_pool_put(f.pool, c[i]));
    MUST(leat_pool_trim(f.pool, 0, NULL));
    for (size_t i = 1; i < 12; i += 2) {
        MUST(leat_chunk_find(f.pool, bytes_of(c[i]), &found));
        cr_assert_eq(found.id, c[i].id);
        MUST(leat_pool_put(f.pool, c[i]));
    }
    close_pool(&f);
}

Test(chunk_find, contains)
{
    struct leat_cview v, crossing;
    struct pool_fixture f;
    struct leat_chunk c;
    char local[2];

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 4);
    v = leat_view_const(leat_chunk_view(c));
    cr_assert(leat_pool_contains(f.pool, v));
    MUST(leat_cview_slice(v, 4095, 2, &crossing));
    cr_assert(leat_pool_contains(f.pool, crossing));
    crossing.data = f.base - 1;
    cr_assert_not(leat_pool_contains(f.pool, crossing));
    crossing.data = f.base + 4 * PAGE - 1;
    cr_assert_not(leat_pool_contains(f.pool, crossing));
    v.len++;
    cr_assert_not(leat_pool_contains(f.pool, v));
    v.len = SIZE_MAX;
    cr_assert_not(leat_pool_contains(f.pool, v), "the end wraps around");
    MUST(leat_cview_of(local, sizeof(local), &v));
    cr_assert_not(leat_pool_contains(f.pool, v));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

/* Memory between two slabs, or of another pool, is not this pool's. */
Test(chunk_find, contains_all_or_nothing)
{
    struct pool_fixture f, other;
    struct leat_chunk c, d;

    open_mmap(&f, 0, (struct leat_pool_config){0});
    open_mmap(&other, 0, (struct leat_pool_config){0});
    c = get(f.pool, 3);
    d = get(other.pool, 3);
    cr_assert(leat_pool_contains(f.pool, leat_view_const(leat_chunk_view(c))));
    cr_assert_not(
        leat_pool_contains(f.pool, leat_view_const(leat_chunk_view(d))));
    MUST(leat_pool_put(f.pool, c));
    MUST(leat_pool_put(other.pool, d));
    close_pool(&f);
    close_pool(&other);
}
