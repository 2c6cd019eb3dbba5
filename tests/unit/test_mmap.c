/* SPDX-License-Identifier: ISC */

/* The mmap backend: slabs, and what it refuses by itself. */

#include "pool_fixture.h"

#include <sys/mman.h>

Test(mmap, slabs_of_two_mebibytes)
{
    struct leat_slab slab;
    struct pool_fixture f;
    struct leat_chunk c[2];

    open_mmap(&f, 0, (struct leat_pool_config){0});
    c[0] = get(f.pool, 1);
    MUST(leat_pool_slab(f.pool, 0, &slab));
    cr_assert_eq(slab.pages, SLAB / PAGE);
    cr_assert_eq((uintptr_t)slab.base % SLAB, 0);
    c[1] = get(f.pool, SLAB / PAGE);
    MUST(leat_pool_slab(f.pool, 1, &slab));
    cr_assert_eq(slab.base, bytes_of(c[1]));
    cr_assert_eq((uintptr_t)slab.base % SLAB, 0);
    MUST(leat_pool_put_bulk(f.pool, c, 2, NULL));
    close_pool(&f);
}

Test(mmap, larger_slabs)
{
    struct leat_mmap mmap = {.slab_bytes = 3 * SLAB};
    struct leat_pool_config config = {.limit_pages = 4096};
    struct leat_pool *pool;
    struct leat_slab slab;

    MUST(leat_mmap_init(&mmap));
    config.backend = leat_mmap(&mmap);
    MUST(leat_pool_create(&pool, &config));
    MUST(leat_pool_put(pool, get(pool, 1)));
    MUST(leat_pool_slab(pool, 0, &slab));
    cr_assert_eq(slab.pages, 3 * SLAB / PAGE);
    cr_assert_eq((uintptr_t)slab.base % SLAB, 0);
    MUST(leat_pool_destroy(pool));
}

Test(mmap, invalid)
{
    static const struct leat_mmap wrong[] = {
        {.slab_bytes = 1},
        {.slab_bytes = SLAB / 2},
        {.slab_bytes = SLAB + 4096},
        {.flags = 64},
        {.flags = 1u << 31},
        {.flags = LEAT_MMAP_THP | LEAT_MMAP_HUGETLB},
    };

    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct leat_mmap mmap = wrong[i];

        FAILS(LEAT_E_INVALID, leat_mmap_init(&mmap));
    }
    FAILS(LEAT_E_INVALID, leat_mmap_init(NULL));
}

/* The limit of the backend is what all pools of it have together, at most. */
Test(mmap, limit_bytes)
{
    struct leat_mmap mmap = {.limit_bytes = 2 * SLAB};
    struct leat_pool_config config = {.flags = LEAT_POOL_EXACT};
    struct leat_chunk c[2], more;
    struct leat_pool *pool;

    MUST(leat_mmap_init(&mmap));
    config.backend = leat_mmap(&mmap);
    MUST(leat_pool_create(&pool, &config));
    c[0] = get(pool, SLAB / PAGE);
    c[1] = get(pool, SLAB / PAGE);
    FAILS(LEAT_E_NOMEM, leat_pool_get(pool, 1, &more));
    MUST(leat_pool_put_bulk(pool, c, 2, NULL));
    MUST(leat_pool_put(pool, get(pool, 1)));
    assert_sound(pool);
    MUST(leat_pool_destroy(pool));
}

/* Of all slabs, also where free pages are too scattered for what is wanted. */
Test(mmap, limit_bytes_of_scattered_slabs)
{
    struct leat_mmap mmap = {.limit_bytes = 2 * SLAB};
    struct leat_pool_config config = {.flags = LEAT_POOL_EXACT};
    struct leat_chunk c[2], more;
    struct leat_pool *pool;

    MUST(leat_mmap_init(&mmap));
    config.backend = leat_mmap(&mmap);
    MUST(leat_pool_create(&pool, &config));
    c[0] = get(pool, 300);
    c[1] = get(pool, 300);
    FAILS(LEAT_E_NOMEM, leat_pool_get(pool, 400, &more));
    cr_assert_leq(stats_of(pool).pages_slabs, 2 * SLAB / PAGE);
    MUST(leat_pool_put_bulk(pool, c, 2, NULL));
    MUST(leat_pool_destroy(pool));
}

/* And of all pools that use it. */
Test(mmap, limit_bytes_of_many_pools)
{
    struct leat_mmap mmap = {.limit_bytes = 2 * SLAB};
    struct leat_pool_config config = {.flags = LEAT_POOL_EXACT};
    struct leat_pool *pool[2];
    struct leat_chunk c, more;

    MUST(leat_mmap_init(&mmap));
    config.backend = leat_mmap(&mmap);
    MUST(leat_pool_create(&pool[0], &config));
    MUST(leat_pool_create(&pool[1], &config));
    c = get(pool[0], 2 * SLAB / PAGE);
    FAILS(LEAT_E_NOMEM, leat_pool_get(pool[1], 1, &more));
    MUST(leat_pool_put(pool[0], c));
    MUST(leat_pool_trim(pool[0], 0, NULL));
    MUST(leat_pool_put(pool[1], get(pool[1], 2 * SLAB / PAGE)));
    MUST(leat_pool_destroy(pool[0]));
    MUST(leat_pool_destroy(pool[1]));
}

Test(mmap, no_limit_is_the_machine)
{
    struct leat_mmap mmap = {0};
    struct leat_pool_config config = {0};
    struct leat_pool *pool;
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES);
    struct leat_stats s;

    MUST(leat_mmap_init(&mmap));
    config.backend = leat_mmap(&mmap);
    MUST(leat_pool_create(&pool, &config));
    MUST(leat_pool_put(pool, get(pool, 700)));
    s = stats_of(pool);
    cr_assert_gt(s.pages_limit, 700);
    cr_assert_leq(s.pages_limit, machine + LEAT_UNIT_PAGES);
    assert_sound(pool);
    MUST(leat_pool_destroy(pool));
}

/* Destroying a pool unmaps its slabs. */
Test(mmap, destroy_unmaps)
{
    unsigned char resident[1], *page;
    struct pool_fixture f;

    open_mmap(&f, 0, (struct leat_pool_config){0});
    page = bytes_of(get(f.pool, 1));
    cr_assert_eq(mincore(page, PAGE, resident), 0);
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    cr_assert_eq(mincore(page, PAGE, resident), 0);
    {
        struct leat_chunk c;

        MUST(leat_chunk_find(f.pool, page, &c));
        MUST(leat_pool_put(f.pool, c));
    }
    close_pool(&f);
    cr_assert_eq(mincore(page, PAGE, resident), -1);
}

Test(mmap, many_pools_of_one_backend)
{
    struct leat_pool_config config = {.limit_pages = 64};
    struct leat_mmap mmap = {0};
    struct leat_pool *pool[20];
    struct leat_chunk c[20];

    MUST(leat_mmap_init(&mmap));
    config.backend = leat_mmap(&mmap);
    for (size_t i = 0; i < 20; i++) {
        MUST(leat_pool_create(&pool[i], &config));
        c[i] = get(pool[i], 3);
        memset(bytes_of(c[i]), (int)i, 3 * PAGE);
    }
    for (size_t i = 0; i < 20; i++) {
        cr_assert(all_bytes(bytes_of(c[i]), 3 * PAGE, (unsigned char)i));
        FAILS(LEAT_E_FOREIGN, leat_pool_put(pool[(i + 1) % 20], c[i]));
    }
    for (size_t i = 0; i < 20; i++) {
        MUST(leat_pool_put(pool[i], c[i]));
        MUST(leat_pool_destroy(pool[i]));
    }
}
