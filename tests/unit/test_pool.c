/* SPDX-License-Identifier: ISC */

/* Getting and putting: sizes, runs, alignment, zeroing, bulk, limits. */

#include "pool_fixture.h"

#define EXACT .flags = LEAT_POOL_EXACT

Test(pool, one_page)
{
    struct pool_fixture f;
    struct leat_chunk c;
    size_t pages;

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    cr_assert_eq(c.pool, f.pool);
    MUST(leat_chunk_pages(c, &pages));
    cr_assert_eq(pages, 1);
    cr_assert_eq(leat_chunk_view(c).len, PAGE);
    cr_assert_eq((uintptr_t)bytes_of(c) % PAGE, 0);
    cr_assert_eq((void *)bytes_of(c), leat_chunk_addr(c));
    cr_assert(bytes_of(c) >= f.base && bytes_of(c) < f.base + 4 * PAGE);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(pool, no_slab_before_the_first_get)
{
    struct pool_fixture f;

    open_mmap(&f, 0, (struct leat_pool_config){0});
    cr_assert_eq(stats_of(f.pool).slabs_got, 0);
    cr_assert_eq(stats_of(f.pool).pages_slabs, 0);
    MUST(leat_pool_put(f.pool, get(f.pool, 1)));
    cr_assert_eq(stats_of(f.pool).slabs_got, 1);
    close_pool(&f);
}

Test(pool, sizes_that_cannot_be)
{
    static const size_t huge[] = {(size_t)1 << 19,
                                  SIZE_MAX,
                                  SIZE_MAX / PAGE + 1,
                                  SIZE_MAX / PAGE,
                                  (size_t)1 << 32,
                                  ((size_t)1 << 32) + 1,
                                  5};
    struct leat_chunk c = {NULL, 77};
    struct pool_fixture f, limited;

    open_static(&f, 4, (struct leat_pool_config){0});
    open_static(&limited, 64, (struct leat_pool_config){.limit_pages = 4});
    FAILS(LEAT_E_INVALID, leat_pool_get(f.pool, 0, &c));
    FAILS(LEAT_E_INVALID, leat_pool_get_zeroed(f.pool, 0, &c));
    for (size_t i = 0; i < COUNT(huge); i++) {
        struct leat_chunk v = leat_pool_get_value(f.pool, huge[i]);

        FAILS(LEAT_E_NOMEM, leat_pool_get(f.pool, huge[i], &c));
        FAILS(LEAT_E_NOMEM, leat_pool_get_bulk(f.pool, &c, huge[i]));
        FAILS(LEAT_E_LIMIT, leat_pool_get(limited.pool, huge[i], &c));
        FAILS(LEAT_E_LIMIT, leat_pool_get_bulk(limited.pool, &c, huge[i]));
        cr_assert_null(v.pool);
        FAILS(LEAT_E_NOMEM, leat_chunk_error(v));
    }
    cr_assert_null(c.pool, "outputs stay on failure");
    cr_assert_eq(c.id, 77, "outputs stay on failure");
    close_pool(&f);
    close_pool(&limited);
}

/* 2^19 pages, 2 GiB: right where the machine has it, or an error. */
Test(pool, two_gibibytes)
{
    struct pool_fixture f;
    struct leat_chunk c;
    size_t pages = (size_t)1 << 19;
    int err;

    open_mmap(&f, 0,
              (struct leat_pool_config){.limit_pages = 2 * pages,
                                        .zero = LEAT_ZERO_NEVER});
    err = leat_pool_get(f.pool, pages, &c);
    if (err) {
        FAILS(LEAT_E_NOMEM, err);
    } else {
        cr_assert_eq(leat_chunk_view(c).len, pages * PAGE);
        bytes_of(c)[0] = 1;
        bytes_of(c)[pages * PAGE - 1] = 1;
        MUST(leat_pool_put(f.pool, c));
    }
    MUST(leat_pool_put(f.pool, get(f.pool, 1)));
    close_pool(&f);
}

Test(pool, runs_of_any_length)
{
    struct pool_fixture f;

    open_mmap(&f, 0, (struct leat_pool_config){.limit_pages = 2048, EXACT});
    for (size_t n = 1; n <= 1500; n += n < 70 ? 1 : 61) {
        struct leat_chunk c = get(f.pool, n);
        size_t pages;

        MUST(leat_chunk_pages(c, &pages));
        cr_assert_eq(pages, n);
        cr_assert_eq(leat_chunk_view(c).len, n * PAGE);
        cr_assert_eq((uintptr_t)bytes_of(c) % PAGE, 0);
        cr_assert(all_bytes(bytes_of(c), n * PAGE, 0), "%zu pages", n);
        memset(bytes_of(c), 0xee, n * PAGE);
        MUST(leat_pool_put(f.pool, c));
    }
    close_pool(&f);
}

/* What a pool has can all be had as one run, also after singles. */
Test(pool, runs_come_together_again)
{
    struct pool_fixture f;
    struct leat_chunk c[64];

    open_static(&f, 64, (struct leat_pool_config){.threads = 2, .magazine = 8});
    MUST(leat_pool_get_bulk(f.pool, c, 64));
    for (size_t i = 0; i < 64; i++)
        MUST(leat_pool_put(f.pool, c[i * 37 % 64]));
    c[0] = get(f.pool, 64);
    cr_assert_eq(bytes_of(c[0]), f.base);
    MUST(leat_pool_put(f.pool, c[0]));
    close_pool(&f);
}

Test(pool, natural_alignment)
{
    struct pool_fixture f;

    open_mmap(&f, 0,
              (struct leat_pool_config){.limit_pages = 4096,
                                        .flags = LEAT_POOL_NATURAL |
                                                 LEAT_POOL_EXACT});
    for (size_t n = 1; n <= 700; n += n < 40 ? 1 : 29) {
        struct leat_chunk odd = get(f.pool, 1), c = get(f.pool, n);
        size_t align = 1;

        while (align < n)
            align *= 2;
        if (n > (size_t)1 << LEAT_ORDER_MAX)
            align = 1;
        cr_assert_eq((uintptr_t)bytes_of(c) % (align * PAGE), 0, "%zu", n);
        MUST(leat_pool_put(f.pool, c));
        MUST(leat_pool_put(f.pool, odd));
    }
    close_pool(&f);
}

/* Natural alignment is of the address, whatever the arena's own. */
Test(pool, natural_alignment_in_an_arena)
{
    struct leat_pool_config config = {.flags = LEAT_POOL_NATURAL,
                                      .limit_pages = 16};
    struct leat_static_arena arena = {0};
    struct leat_pool *pool;
    struct leat_chunk c;
    void *base = NULL;

    cr_assert_eq(posix_memalign(&base, SLAB, 600 * PAGE), 0);
    arena.base = (unsigned char *)base + 3 * PAGE;
    arena.bytes = 590 * PAGE;
    config.backend = leat_static(&arena);
    MUST(leat_pool_create(&pool, &config));
    for (size_t n = 2; n <= 16; n *= 2) {
        MUST(leat_pool_get(pool, n, &c));
        cr_assert_eq((uintptr_t)bytes_of(c) % (n * PAGE), 0);
        MUST(leat_pool_put(pool, c));
    }
    assert_sound(pool);
    MUST(leat_pool_destroy(pool));
    free(base);
}

Test(pool, limit_is_exact)
{
    struct leat_chunk c[8], more;
    struct pool_fixture f;

    open_static(&f, 64, (struct leat_pool_config){.limit_pages = 8, EXACT});
    for (size_t i = 0; i < 8; i++)
        c[i] = get(f.pool, 1);
    cr_assert_eq(stats_of(f.pool).pages_limit, 8);
    FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 1, &more));
    MUST(leat_pool_put(f.pool, c[0]));
    FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 2, &more));
    c[0] = get(f.pool, 1);
    cr_assert_eq(stats_of(f.pool).refused, 2);
    MUST(leat_pool_put_bulk(f.pool, c, 8, NULL));
    MUST(leat_pool_put(f.pool, get(f.pool, 8)));
    close_pool(&f);
}

/* A limit above what the backend has is no promise: it is out of memory. */
Test(pool, backend_runs_dry)
{
    struct leat_chunk c[8], more = {NULL, 5};
    struct pool_fixture f;

    open_static(&f, 8, (struct leat_pool_config){.limit_pages = SIZE_MAX});
    MUST(leat_pool_get_bulk(f.pool, c, 8));
    FAILS(LEAT_E_NOMEM, leat_pool_get(f.pool, 1, &more));
    cr_assert_eq(more.id, 5);
    MUST(leat_pool_put_bulk(f.pool, c, 8, NULL));
    close_pool(&f);
}

/* The thread's own magazine and the depot are emptied before a get fails. */
Test(pool, own_magazine_does_not_eat_the_limit)
{
    struct leat_chunk c[32];
    struct pool_fixture f;

    open_static(&f, 128,
                (struct leat_pool_config){
                    .limit_pages = 32, .threads = 4, .magazine = 4});
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 32; i++)
            c[i] = get(f.pool, 1);
        FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 1, &c[0]));
        for (size_t i = 0; i < 32; i++)
            MUST(leat_pool_put(f.pool, c[i]));
        c[0] = get(f.pool, 32);
        MUST(leat_pool_put(f.pool, c[0]));
    }
    close_pool(&f);
}
