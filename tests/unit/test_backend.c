/* SPDX-License-Identifier: ISC */

/* What a pool asks of its backend, and what it does with what it is told. */

#include "fake_backend.h"

static struct leat_pool *open_fake(struct fake *b,
                                   struct leat_pool_config config)
{
    struct leat_pool *pool;

    config.backend = fake_backend(b);
    MUST(leat_pool_create(&pool, &config));
    cr_assert_eq(b->gets, 0, "no slab before the first get");
    cr_assert_eq(b->metas, 1);
    return pool;
}

Test(backend, knows_no_limit_and_none_is_given)
{
    struct leat_pool_config config = {0};
    struct leat_pool *pool;
    struct fake b;

    config.backend = fake_backend(&b);
    FAILS(LEAT_E_INVALID, leat_pool_create(&pool, &config));
    cr_assert_eq(b.metas, 0);
}

Test(backend, gives_no_metadata)
{
    struct leat_pool_config config = {.limit_pages = 64};
    struct leat_pool *pool;
    struct fake b;

    config.backend = fake_backend(&b);
    b.ops.meta_get = NULL;
    b.ops.meta_put = NULL;
    b.ops.caps &= ~LEAT_CAP_META;
    FAILS(LEAT_E_NOMEM, leat_pool_create(&pool, &config));

    /* With metadata of the caller's it does without. */
    MUST(leat_pool_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_pool_create(&pool, &config));
    MUST(leat_pool_put(pool, get(pool, 3)));
    fake_close(&b, pool);
    free(config.meta);
}

/* A slab has whole units of page numbers, however short it is: there are enough
 * of them for all the slabs that make up the limit. */
Test(backend, many_short_slabs)
{
    struct leat_pool_config config = {.limit_pages = 64,
                                      .flags = LEAT_POOL_EXACT};
    struct leat_pool *pool;
    struct leat_chunk c[64];
    struct fake b;

    config.backend = fake_backend(&b);
    b.slab_pages = 4;
    MUST(leat_pool_create(&pool, &config));
    for (size_t i = 0; i < COUNT(c); i++)
        MUST(leat_pool_get(pool, 1, &c[i]));
    cr_assert_eq(b.gets, 16);
    for (size_t i = 0; i < COUNT(c); i++)
        MUST(leat_pool_put(pool, c[i]));
    fake_close(&b, pool);
}

Test(backend, slabs_in_the_order_in_which_they_came)
{
    struct leat_pool *pool;
    struct leat_chunk c[3];
    struct leat_slab slab = {.pages = 7};
    struct fake b;

    pool = open_fake(&b, (struct leat_pool_config){.limit_pages = 4096,
                                                   .flags = LEAT_POOL_EXACT});
    FAILS(LEAT_E_RANGE, leat_pool_slab(pool, 0, &slab));
    for (size_t i = 0; i < 3; i++) {
        c[i] = get(pool, LEAT_UNIT_PAGES);
        MUST(leat_pool_slab(pool, i, &slab));
        cr_assert_eq(slab.base, bytes_of(c[i]));
        cr_assert_geq(slab.pages, LEAT_UNIT_PAGES);
        FAILS(LEAT_E_RANGE, leat_pool_slab(pool, i + 1, &slab));
    }
    FAILS(LEAT_E_RANGE, leat_pool_slab(pool, SIZE_MAX, &slab));

    /* The middle one goes; the others keep their order. */
    MUST(leat_pool_put(pool, c[1]));
    MUST(leat_pool_trim(pool, 0, NULL));
    MUST(leat_pool_slab(pool, 1, &slab));
    cr_assert_eq(slab.base, bytes_of(c[2]));
    FAILS(LEAT_E_RANGE, leat_pool_slab(pool, 2, &slab));
    MUST(leat_pool_put(pool, c[0]));
    MUST(leat_pool_put(pool, c[2]));
    fake_close(&b, pool);
}

/* A run longer than a slab is asked of the backend as it is. */
Test(backend, longer_run_than_a_slab)
{
    struct leat_pool *pool;
    struct leat_chunk c;
    struct fake b;

    pool = open_fake(&b, (struct leat_pool_config){.limit_pages = 4096});
    c = get(pool, 1300);
    cr_assert_eq(b.gets, 1);
    cr_assert(all_bytes(bytes_of(c), 1300 * PAGE, 0));
    MUST(leat_pool_put(pool, c));
    fake_close(&b, pool);
}

/* What a backend says comes out of the get. */
Test(backend, its_errors_are_told)
{
    struct leat_chunk c = {NULL, 3};
    struct leat_pool *pool;
    struct fake b;

    pool = open_fake(&b, (struct leat_pool_config){.limit_pages = 2048});
    b.refuse = LEAT_E_NOMEM;
    FAILS(LEAT_E_NOMEM, leat_pool_get(pool, 1, &c));
    b.refuse = LEAT_E_REFUSED;
    FAILS(LEAT_E_REFUSED, leat_pool_get(pool, 1, &c));
    cr_assert_eq(c.id, 3);
    assert_sound(pool);
    b.refuse = 0;
    MUST(leat_pool_put(pool, get(pool, 1)));
    b.most = b.gets;
    FAILS(LEAT_E_NOMEM, leat_pool_get(pool, 513, &c));
    fake_close(&b, pool);
}

/* One that takes nothing back keeps its slabs, and trim says so. */
Test(backend, takes_nothing_back)
{
    struct leat_pool *pool;
    size_t trimmed = 42;
    struct fake b;

    pool = open_fake(&b, (struct leat_pool_config){.limit_pages = 1024});
    b.ops.slab_put = NULL;
    b.ops.discard = NULL;
    b.ops.caps = LEAT_CAP_GROW | LEAT_CAP_META;
    MUST(leat_pool_put(pool, get(pool, 1)));
    FAILS(LEAT_E_UNSUPPORTED, leat_pool_trim(pool, 0, &trimmed));
    cr_assert_eq(trimmed, 42);
    fake_close(&b, pool);
    for (size_t i = 0; i < FAKE_SLABS; i++)
        free(b.slabs[i].base);
}

/* Pages whose memory was dropped "read as anything": a pool zeroes them. */
Test(backend, discarded_pages_are_zeroed)
{
    struct leat_pool *pool;
    struct leat_chunk keep, c;
    struct fake b;

    pool = open_fake(&b, (struct leat_pool_config){.limit_pages = 1024,
                                                   .flags = LEAT_POOL_EXACT});
    keep = get(pool, 1);
    MUST(leat_pool_put(pool, get(pool, 100)));
    MUST(leat_pool_trim(pool, 0, NULL));
    cr_assert_gt(b.discards, 0);
    cr_assert_eq(b.discarded_pages, LEAT_UNIT_PAGES - 1);
    cr_assert(all_bytes(bytes_of(keep), PAGE, 0), "a page that is out stays");
    c = get(pool, 511);
    cr_assert(all_bytes(bytes_of(c), 511 * PAGE, 0));
    MUST(leat_pool_put(pool, keep));
    MUST(leat_pool_put(pool, c));
    fake_close(&b, pool);
}

/* Dirty slabs are no excuse: chunks are zero unless the policy says otherwise. */
Test(backend, dirty_slabs)
{
    static const enum leat_zero policies[] = {LEAT_ZERO_ALWAYS,
                                              LEAT_ZERO_ON_REQUEST};
    struct leat_chunk c;

    for (size_t i = 0; i < COUNT(policies); i++) {
        struct leat_pool *pool;
        struct fake b;

        pool = open_fake(&b, (struct leat_pool_config){.limit_pages = 1024,
                                                       .zero = policies[i]});
        MUST(leat_pool_get_zeroed(pool, 9, &c));
        cr_assert(all_bytes(bytes_of(c), 9 * PAGE, 0));
        MUST(leat_pool_put(pool, c));
        fake_close(&b, pool);
    }
}
