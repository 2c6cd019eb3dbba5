/* SPDX-License-Identifier: ISC */

/* Trim gives memory back to the backend. */

#include "fake_backend.h"

/* A pool that has four slabs, all of them free. */
static struct leat_pool *four_free_slabs(struct fake *b, uint32_t flags)
{
    struct leat_pool_config config = {.limit_pages = 4096, .flags = flags};
    struct leat_chunk c[4];
    struct leat_pool *pool;

    config.backend = fake_backend(b);
    b->ops.discard = NULL; /* so that slabs are all that is given back */
    b->ops.caps &= ~LEAT_CAP_DISCARD;
    config.threads = 2;
    MUST(leat_pool_create(&pool, &config));
    for (size_t i = 0; i < 4; i++)
        c[i] = get(pool, LEAT_UNIT_PAGES);
    for (size_t i = 0; i < 4; i++)
        MUST(leat_pool_put(pool, c[i]));
    cr_assert_eq(stats_of(pool).pages_slabs, 4 * LEAT_UNIT_PAGES);
    return pool;
}

Test(trim, everything)
{
    struct leat_pool *pool;
    size_t trimmed = 0;
    struct fake b;

    pool = four_free_slabs(&b, LEAT_POOL_EXACT);
    MUST(leat_pool_trim(pool, 0, &trimmed));
    cr_assert_eq(trimmed, 4 * LEAT_UNIT_PAGES);
    cr_assert_eq(b.puts, 4);
    cr_assert_eq(stats_of(pool).pages_slabs, 0);
    cr_assert_eq(stats_of(pool).slabs_put, 4);
    MUST(leat_pool_trim(pool, 0, &trimmed));
    cr_assert_eq(trimmed, 0);

    /* It goes on afterwards. */
    MUST(leat_pool_put(pool, get(pool, 1)));
    cr_assert_eq(stats_of(pool).pages_slabs, LEAT_UNIT_PAGES);
    fake_close(&b, pool);
}

Test(trim, keeps_what_it_is_told)
{
    struct leat_pool *pool;
    size_t trimmed = 0;
    struct fake b;

    pool = four_free_slabs(&b, LEAT_POOL_EXACT);
    MUST(leat_pool_trim(pool, SIZE_MAX, &trimmed));
    cr_assert_eq(trimmed, 0);
    MUST(leat_pool_trim(pool, 4 * LEAT_UNIT_PAGES, &trimmed));
    cr_assert_eq(trimmed, 0);
    MUST(leat_pool_trim(pool, 3 * LEAT_UNIT_PAGES, &trimmed));
    cr_assert_eq(trimmed, LEAT_UNIT_PAGES);
    MUST(leat_pool_trim(pool, 2 * LEAT_UNIT_PAGES - 1, &trimmed));
    cr_assert_eq(trimmed, 2 * LEAT_UNIT_PAGES);
    cr_assert_eq(stats_of(pool).pages_free, LEAT_UNIT_PAGES);
    fake_close(&b, pool);
}

Test(trim, leaves_slabs_that_are_in_use)
{
    struct leat_pool *pool;
    struct leat_chunk c;
    size_t trimmed;
    struct fake b;

    pool = four_free_slabs(&b, LEAT_POOL_EXACT);
    c = get(pool, 3);
    memset(bytes_of(c), 0x3c, 3 * PAGE);
    MUST(leat_pool_trim(pool, 0, &trimmed));
    cr_assert_eq(trimmed, 3 * LEAT_UNIT_PAGES);
    cr_assert(all_bytes(bytes_of(c), 3 * PAGE, 0x3c));
    cr_assert_eq(stats_of(pool).pages_slabs, LEAT_UNIT_PAGES);
    MUST(leat_pool_put(pool, c));
    fake_close(&b, pool);
}

/* A handle of a slab that went, and came again elsewhere, stays stale. */
Test(trim, handles_stay_stale)
{
    struct leat_pool *pool;
    struct leat_chunk old, c;
    struct fake b;

    pool = four_free_slabs(&b, LEAT_POOL_EXACT);
    old = get(pool, 1);
    MUST(leat_pool_put(pool, old));
    for (int i = 0; i < 20; i++) {
        MUST(leat_pool_trim(pool, 0, NULL));
        cr_assert_lt(leat_chunk_check(old), 0);
        cr_assert_null(leat_chunk_view(old).data);
        cr_assert_lt(leat_pool_put(pool, old), 0);
        c = get(pool, 1);
        FAILS(LEAT_E_STALE, leat_pool_put(pool, old));
        MUST(leat_pool_put(pool, c));
    }
    fake_close(&b, pool);
}

/* The depot is emptied; a magazine's pages stay where they are. */
Test(trim, empties_the_depot)
{
    struct leat_magazine *m;
    struct leat_pool *pool;
    struct leat_chunk c[600];
    struct fake b;

    pool = four_free_slabs(&b, 0);
    MUST(leat_magazine_create(pool, &m));
    MUST(leat_magazine_get_bulk(m, c, COUNT(c)));
    for (size_t i = 0; i < COUNT(c); i++)
        MUST(leat_magazine_put(m, c[i]));
    MUST(leat_pool_trim(pool, 0, NULL));
    cr_assert_eq(stats_of(pool).pages_depot, 0);
    MUST(leat_magazine_flush(m));
    MUST(leat_magazine_destroy(m));
    MUST(leat_pool_trim(pool, 0, NULL));
    cr_assert_eq(stats_of(pool).pages_depot, 0);
    cr_assert_leq(stats_of(pool).pages_slabs, LEAT_UNIT_PAGES,
                  "only what this thread's magazine may hold");
    fake_close(&b, pool);
}

Test(trim, mmap_gives_address_space_back)
{
    struct leat_chunk c[4];
    struct pool_fixture f;
    size_t trimmed;

    open_mmap(&f, 0, (struct leat_pool_config){.flags = LEAT_POOL_EXACT});
    for (size_t i = 0; i < 4; i++)
        c[i] = get(f.pool, LEAT_UNIT_PAGES);
    for (size_t i = 1; i < 4; i++)
        MUST(leat_pool_put(f.pool, c[i]));
    MUST(leat_pool_trim(f.pool, 0, &trimmed));
    cr_assert_eq(trimmed, 3 * LEAT_UNIT_PAGES);
    MUST(leat_pool_put(f.pool, c[0]));
    close_pool(&f);
}

/* An arena is not the backend's to take in parts. */
Test(trim, static_arena)
{
    struct pool_fixture f;
    size_t trimmed = 9;
    int err;

    open_static(&f, 8, (struct leat_pool_config){0});
    MUST(leat_pool_put(f.pool, get(f.pool, 8)));
    err = leat_pool_trim(f.pool, 0, &trimmed);
    if (leat_static(&f.arena).ops->caps & LEAT_CAP_RETURN) {
        MUST(err);
        cr_assert_eq(trimmed, 8);
    } else {
        FAILS(LEAT_E_UNSUPPORTED, err);
        cr_assert_eq(trimmed, 9);
    }
    MUST(leat_pool_put(f.pool, get(f.pool, 8)));
    close_pool(&f);
}
