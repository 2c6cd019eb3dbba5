/* SPDX-License-Identifier: ISC */

/* Many at once: all or none in, in order and up to the first refused out. */

#include "pool_fixture.h"

static void all_or_nothing(uint32_t flags)
{
    struct leat_chunk c[10];
    struct pool_fixture f;

    open_static(&f, 64,
                (struct leat_pool_config){
                    .limit_pages = 8, .flags = flags, .threads = 2});
    memset(c, 0x5a, sizeof(c));
    FAILS(LEAT_E_LIMIT, leat_pool_get_bulk(f.pool, c, 9));
    cr_assert(all_bytes((unsigned char *)c, sizeof(c), 0x5a));
    cr_assert_eq(stats_of(f.pool).pages_out, 0);
    assert_sound(f.pool);
    MUST(leat_pool_get_bulk(f.pool, c, 8));
    cr_assert(all_bytes((unsigned char *)&c[8], 2 * sizeof(c[0]), 0x5a));
    cr_assert_eq(stats_of(f.pool).pages_out, 8);
    for (size_t i = 0; i < 8; i++) {
        MUST(leat_chunk_check(c[i]));
        for (size_t k = 0; k < i; k++)
            cr_assert_neq(bytes_of(c[i]), bytes_of(c[k]));
    }
    MUST(leat_pool_put_bulk(f.pool, c, 8, NULL));
    close_pool(&f);
}

Test(bulk, all_or_nothing_exact)
{
    all_or_nothing(LEAT_POOL_EXACT);
}

Test(bulk, all_or_nothing_with_magazines)
{
    all_or_nothing(0);
}

Test(bulk, backend_dry_takes_nothing)
{
    struct leat_chunk c[40];
    struct pool_fixture f;

    open_static(&f, 20, (struct leat_pool_config){.threads = 2});
    memset(c, 0x11, sizeof(c));
    FAILS(LEAT_E_NOMEM, leat_pool_get_bulk(f.pool, c, 21));
    cr_assert(all_bytes((unsigned char *)c, sizeof(c), 0x11));
    cr_assert_eq(stats_of(f.pool).pages_out, 0);
    MUST(leat_pool_get_bulk(f.pool, c, 20));
    MUST(leat_pool_put_bulk(f.pool, c, 20, NULL));
    close_pool(&f);
}

Test(bulk, more_than_magazines_hold)
{
    static struct leat_chunk c[3000];
    struct pool_fixture f;

    open_mmap(&f, 0, (struct leat_pool_config){.threads = 2, .magazine = 16});
    MUST(leat_pool_get_bulk(f.pool, c, COUNT(c)));
    for (size_t i = 0; i < COUNT(c); i++) {
        cr_assert(all_bytes(bytes_of(c[i]), PAGE, 0));
        memset(bytes_of(c[i]), (int)i, PAGE);
    }
    for (size_t i = 0; i < COUNT(c); i++)
        cr_assert(all_bytes(bytes_of(c[i]), PAGE, (unsigned char)i));
    MUST(leat_pool_put_bulk(f.pool, c, COUNT(c), NULL));
    close_pool(&f);
}

/* Chunks of any sizes go back; the first that is refused stops it. */
Test(bulk, put_stops_at_the_first_refused)
{
    struct leat_chunk c[6];
    struct pool_fixture f;
    size_t done = 99;

    open_static(&f, 64, (struct leat_pool_config){0});
    for (size_t i = 0; i < 6; i++)
        c[i] = get(f.pool, i + 1);
    MUST(leat_pool_put(f.pool, c[3]));
    FAILS(LEAT_E_STALE, leat_pool_put_bulk(f.pool, c, 6, &done));
    cr_assert_eq(done, 3);
    for (size_t i = 0; i < 4; i++)
        FAILS(LEAT_E_STALE, leat_chunk_check(c[i]));
    MUST(leat_chunk_check(c[4]));
    MUST(leat_chunk_check(c[5]));
    cr_assert_eq(stats_of(f.pool).pages_out, 5 + 6);
    MUST(leat_pool_put_bulk(f.pool, c + 4, 2, &done));
    cr_assert_eq(done, 2);
    close_pool(&f);
}

Test(bulk, put_refuses_the_same_twice)
{
    struct leat_chunk c[3];
    struct pool_fixture f;
    size_t done;

    open_static(&f, 8, (struct leat_pool_config){0});
    c[0] = c[2] = get(f.pool, 1);
    c[1] = get(f.pool, 1);
    FAILS(LEAT_E_STALE, leat_pool_put_bulk(f.pool, c, 3, &done));
    cr_assert_eq(done, 2);
    close_pool(&f);
}
