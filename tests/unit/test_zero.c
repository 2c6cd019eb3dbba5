/* SPDX-License-Identifier: ISC */

/* The three policies of zeroing. */

#include "pool_fixture.h"

#define PAGES 24

/* Makes every page of the pool dirty. */
static void soil(struct leat_pool *pool)
{
    struct leat_chunk c[PAGES];

    MUST(leat_pool_get_bulk(pool, c, PAGES));
    for (size_t i = 0; i < PAGES; i++)
        memset(bytes_of(c[i]), 0xd1, PAGE);
    MUST(leat_pool_put_bulk(pool, c, PAGES, NULL));
}

static void open_zero(struct pool_fixture *f, enum leat_zero zero,
                      uint32_t flags)
{
    open_static(
        f, PAGES,
        (struct leat_pool_config){.zero = zero, .flags = flags, .threads = 3});
}

static void always(uint32_t flags)
{
    struct leat_chunk c[PAGES];
    struct leat_magazine *m;
    struct pool_fixture f;

    open_zero(&f, LEAT_ZERO_ALWAYS, flags);
    for (int round = 0; round < 2; round++) {
        soil(f.pool);
        for (size_t i = 0; i < PAGES; i++) {
            c[i] = get(f.pool, 1);
            cr_assert(all_bytes(bytes_of(c[i]), PAGE, 0), "page %zu", i);
        }
        MUST(leat_pool_put_bulk(f.pool, c, PAGES, NULL));
        soil(f.pool);
        MUST(leat_pool_get_bulk(f.pool, c, PAGES));
        for (size_t i = 0; i < PAGES; i++)
            cr_assert(all_bytes(bytes_of(c[i]), PAGE, 0), "bulk %zu", i);
        MUST(leat_pool_put_bulk(f.pool, c, PAGES, NULL));
        soil(f.pool);
        c[0] = get(f.pool, PAGES);
        cr_assert(all_bytes(bytes_of(c[0]), PAGES * PAGE, 0));
        MUST(leat_pool_put(f.pool, c[0]));
    }
    MUST(leat_magazine_create(f.pool, &m));
    soil(f.pool);
    MUST(leat_magazine_get(m, &c[0]));
    MUST(leat_magazine_get_bulk(m, c + 1, 2));
    for (size_t i = 0; i < 3; i++) {
        cr_assert(all_bytes(bytes_of(c[i]), PAGE, 0), "magazine %zu", i);
        memset(bytes_of(c[i]), 1, PAGE);
        MUST(leat_magazine_put(m, c[i]));
    }
    MUST(leat_magazine_get(m, &c[0]));
    cr_assert(all_bytes(bytes_of(c[0]), PAGE, 0));
    MUST(leat_magazine_put(m, c[0]));
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
}

Test(zero, always_with_magazines)
{
    always(0);
}

Test(zero, always_exact)
{
    always(LEAT_POOL_EXACT);
}

Test(zero, always_tracked)
{
    always(LEAT_POOL_TRACK);
}

static void on_request(uint32_t flags)
{
    struct pool_fixture f;
    struct leat_chunk c;

    open_zero(&f, LEAT_ZERO_ON_REQUEST, flags);
    for (size_t n = 1; n <= PAGES; n += 3) {
        soil(f.pool);
        MUST(leat_pool_get_zeroed(f.pool, n, &c));
        cr_assert(all_bytes(bytes_of(c), n * PAGE, 0), "%zu pages", n);
        MUST(leat_pool_put(f.pool, c));
    }
    close_pool(&f);
}

Test(zero, on_request_with_magazines)
{
    on_request(0);
}

Test(zero, on_request_exact)
{
    on_request(LEAT_POOL_EXACT);
}

Test(zero, never)
{
    struct leat_chunk c = {NULL, 8};
    struct pool_fixture f;

    open_zero(&f, LEAT_ZERO_NEVER, 0);
    FAILS(LEAT_E_UNSUPPORTED, leat_pool_get_zeroed(f.pool, 1, &c));
    FAILS(LEAT_E_UNSUPPORTED, leat_pool_get_zeroed(f.pool, 4, &c));
    cr_assert_eq(c.id, 8);
    cr_assert_eq(stats_of(f.pool).pages_out, 0);
    c = get(f.pool, PAGES);
    cr_assert(all_bytes(bytes_of(c), PAGES * PAGE, 0xa5), "untouched");
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

/* Only what is got is zeroed, not its neighbours. */
Test(zero, not_the_neighbours)
{
    struct leat_chunk c[PAGES];
    struct pool_fixture f;

    open_zero(&f, LEAT_ZERO_ALWAYS, 0);
    for (size_t i = 0; i < PAGES; i++) {
        c[i] = get(f.pool, 1);
        memset(bytes_of(c[i]), (int)i + 1, PAGE);
    }
    for (size_t i = 0; i < PAGES; i += 2) {
        MUST(leat_pool_put(f.pool, c[i]));
        c[i] = get(f.pool, 1);
        cr_assert(all_bytes(bytes_of(c[i]), PAGE, 0));
    }
    for (size_t i = 1; i < PAGES; i += 2)
        cr_assert(all_bytes(bytes_of(c[i]), PAGE, (unsigned char)(i + 1)));
    MUST(leat_pool_put_bulk(f.pool, c, PAGES, NULL));
    close_pool(&f);
}
