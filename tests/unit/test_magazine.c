/* SPDX-License-Identifier: ISC */

/* The explicit handle: a magazine that the caller holds. */

#include "pool_fixture.h"

static void open_magazines(struct pool_fixture *f, size_t threads,
                           uint32_t flags)
{
    open_static(f, 256,
                (struct leat_pool_config){
                    .flags = flags, .threads = threads, .magazine = 8});
}

static void gets_and_puts(uint32_t flags)
{
    struct leat_chunk c[64];
    struct leat_magazine *m;
    struct pool_fixture f;

    open_magazines(&f, 2, flags);
    MUST(leat_magazine_create(f.pool, &m));
    cr_assert_eq(stats_of(f.pool).magazines, 1);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 64; i++) {
            MUST(leat_magazine_get(m, &c[i]));
            MUST(leat_chunk_check(c[i]));
            cr_assert_eq(leat_chunk_addr(c[i]), bytes_of(c[i]));
            cr_assert(all_bytes(bytes_of(c[i]), PAGE, 0));
            memset(bytes_of(c[i]), (int)i, PAGE);
        }
        cr_assert_eq(stats_of(f.pool).pages_out, 64);
        assert_sound(f.pool);
        for (size_t i = 0; i < 64; i++) {
            cr_assert(all_bytes(bytes_of(c[i]), PAGE, (unsigned char)i));
            MUST(leat_magazine_put(m, c[i]));
            FAILS(LEAT_E_STALE, leat_magazine_put(m, c[i]));
        }
        assert_sound(f.pool);
    }
    cr_assert_eq(stats_of(f.pool).gets, 192);
    cr_assert_eq(stats_of(f.pool).puts, 192);
    MUST(leat_magazine_destroy(m));
    cr_assert_eq(stats_of(f.pool).magazines, 0);
    cr_assert_eq(stats_of(f.pool).pages_magazines, 0);
    close_pool(&f);
}

Test(magazine, gets_and_puts)
{
    gets_and_puts(0);
    gets_and_puts(LEAT_POOL_TRACK);
}

Test(magazine, gets_and_puts_exact)
{
    gets_and_puts(LEAT_POOL_EXACT);
}

/* Chunks of any size, and of any origin, go back through a magazine. */
Test(magazine, puts_any_size)
{
    struct leat_magazine *m;
    struct leat_chunk c;
    struct pool_fixture f;

    open_magazines(&f, 3, 0);
    MUST(leat_magazine_create(f.pool, &m));
    for (size_t n = 1; n <= 100; n += 9)
        MUST(leat_magazine_put(m, get(f.pool, n)));
    MUST(leat_magazine_get(m, &c));
    MUST(leat_pool_put(f.pool, c));
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
}

Test(magazine, refuses_as_the_pool_does)
{
    struct leat_chunk c, d, inside, none = {0};
    struct pool_fixture f, other;
    struct leat_magazine *m;

    open_magazines(&f, 2, 0);
    open_magazines(&other, 2, 0);
    MUST(leat_magazine_create(f.pool, &m));
    c = get(f.pool, 3);
    d = get(other.pool, 1);
    inside = c;
    inside.id++;
    FAILS(LEAT_E_INTERIOR, leat_magazine_put(m, inside));
    FAILS(LEAT_E_FOREIGN, leat_magazine_put(m, d));
    FAILS(LEAT_E_FOREIGN, leat_magazine_put(m, none));
    MUST(leat_magazine_put(m, c));
    FAILS(LEAT_E_STALE, leat_magazine_put(m, c));
    MUST(leat_pool_put(other.pool, d));
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
    close_pool(&other);
}

Test(magazine, flush)
{
    struct leat_chunk c[20], all;
    struct leat_magazine *m;
    struct pool_fixture f;

    open_magazines(&f, 2, 0);
    MUST(leat_magazine_create(f.pool, &m));
    MUST(leat_magazine_flush(m));
    for (int round = 0; round < 3; round++) {
        MUST(leat_magazine_get_bulk(m, c, 20));
        for (size_t i = 0; i < 20; i++)
            MUST(leat_magazine_put(m, c[i]));
        cr_assert_gt(stats_of(f.pool).pages_magazines, 0);
        cr_assert_leq(stats_of(f.pool).pages_magazines, 2 * 8);
        MUST(leat_magazine_flush(m));
        cr_assert_eq(stats_of(f.pool).pages_magazines, 0);
        all = get(f.pool, 256);
        MUST(leat_pool_put(f.pool, all));
    }
    MUST(leat_magazine_get(m, &c[0]));
    MUST(leat_magazine_put(m, c[0]));
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
}

Test(magazine, bulk)
{
    struct leat_chunk c[257], kept;
    struct leat_magazine *m;
    struct pool_fixture f;
    size_t done;

    open_magazines(&f, 2, 0);
    MUST(leat_magazine_create(f.pool, &m));
    memset(c, 0x44, sizeof(c));
    FAILS(LEAT_E_NOMEM, leat_magazine_get_bulk(m, c, 257));
    cr_assert(all_bytes((unsigned char *)c, sizeof(c), 0x44));
    cr_assert_eq(stats_of(f.pool).pages_out, 0);
    MUST(leat_magazine_get_bulk(m, c, 256));
    assert_sound(f.pool);
    FAILS(LEAT_E_NOMEM, leat_magazine_get(m, &c[256]));
    MUST(leat_magazine_put_bulk(m, c, 100, &done));
    cr_assert_eq(done, 100);

    /* The first refused stops it. */
    kept = c[102];
    c[102] = c[7];
    FAILS(LEAT_E_STALE, leat_magazine_put_bulk(m, c + 100, 156, &done));
    cr_assert_eq(done, 2);
    c[102] = kept;
    MUST(leat_magazine_put_bulk(m, c + 102, 154, NULL));
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
}

Test(magazine, as_many_as_there_are_threads)
{
    struct leat_magazine *m[5] = {NULL}, *more = NULL;
    struct pool_fixture f;

    open_magazines(&f, 5, 0);
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 5; i++) {
            MUST(leat_magazine_create(f.pool, &m[i]));
            for (size_t k = 0; k < i; k++)
                cr_assert_neq(m[i], m[k]);
        }
        FAILS(LEAT_E_LIMIT, leat_magazine_create(f.pool, &more));
        cr_assert_null(more);
        cr_assert_eq(stats_of(f.pool).magazines, 5);
        for (size_t i = 0; i < 5; i++)
            MUST(leat_magazine_destroy(m[(i * 2 + 1) % 5]));
    }
    close_pool(&f);
}

/* Pages in one magazine do not keep another, or the pool, from its own. */
Test(magazine, another_magazines_pages_count)
{
    struct leat_magazine *m[2];
    struct leat_chunk c[32];
    struct pool_fixture f;

    open_static(&f, 64,
                (struct leat_pool_config){
                    .limit_pages = 32, .threads = 3, .magazine = 4});
    MUST(leat_magazine_create(f.pool, &m[0]));
    MUST(leat_magazine_create(f.pool, &m[1]));
    MUST(leat_magazine_get_bulk(m[0], c, 32));
    for (size_t i = 0; i < 32; i++)
        MUST(leat_magazine_put(m[0], c[i]));

    /* At most twice config.magazine can lie in m[0]. */
    for (size_t i = 0; i < 32 - 2 * 4; i++)
        MUST(leat_magazine_get(m[1], &c[i]));
    MUST(leat_magazine_flush(m[0]));
    for (size_t i = 32 - 2 * 4; i < 32; i++)
        MUST(leat_magazine_get(m[1], &c[i]));
    FAILS(LEAT_E_LIMIT, leat_magazine_get(m[1], &c[0]));
    MUST(leat_magazine_put_bulk(m[1], c, 32, NULL));
    MUST(leat_magazine_destroy(m[0]));
    MUST(leat_magazine_destroy(m[1]));
    close_pool(&f);
}

/* A pool's first pages: what the magazine knows of them is up to date at once. */
Test(magazine, first_pages_of_a_cold_pool)
{
    struct pool_fixture f;
    struct leat_magazine *m;
    struct leat_batch b;
    struct leat_chunk c;

    open_mmap(&f, 0,
              (struct leat_pool_config){.zero = LEAT_ZERO_NEVER,
                                        .limit_pages = 4096,
                                        .magazine = 64});
    MUST(leat_magazine_create(f.pool, &m));
    for (int i = 0; i < 3; i++) {
        MUST(leat_magazine_get(m, &c));
        MUST(leat_magazine_put(m, c));
    }
    cr_assert_lt((uint32_t)c.id - m->base, m->numbers);
    MUST(leat_magazine_take(m, &b));
    cr_assert_eq(leat_batch_pages(b), 64, "a full magazine");
    MUST(leat_magazine_give(m, b));
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
}

/* The one that the plain calls go through. */
Test(magazine, of_the_calling_thread)
{
    struct leat_magazine *m, *own;
    struct pool_fixture f, g;
    struct leat_chunk c;

    cr_assert_null(leat_pool_magazine(NULL));
    cr_assert_null(leat_pool_magazine_value(NULL));
    open_magazines(&f, 2, 0);
    own = leat_pool_magazine(f.pool);
    cr_assert_not_null(own);
    cr_assert_eq(leat_pool_magazine(f.pool), own);
    cr_assert_eq(leat_pool_magazine_value(f.pool), own);
    FAILS(LEAT_E_STATE, leat_magazine_destroy(own));
    cr_assert_eq(stats_of(f.pool).magazines, 1);
    MUST(leat_magazine_get(own, &c));
    MUST(leat_pool_put(f.pool, c));
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, c));
    FAILS(LEAT_E_STALE, leat_pool_put_value(f.pool, c));
    MUST(leat_pool_get(f.pool, 1, &c));
    MUST(leat_pool_put_value(f.pool, c));
    cr_assert_eq(stats_of(f.pool).magazines, 1);

    /* Another takes the only one: the plain calls go on without. */
    open_magazines(&g, 1, 0);
    MUST(leat_magazine_create(g.pool, &m));
    cr_assert_null(leat_pool_magazine(g.pool));
    MUST(leat_pool_get(g.pool, 1, &c));
    FAILS(LEAT_E_FOREIGN, leat_pool_put(f.pool, c));
    MUST(leat_pool_put(g.pool, c));
    FAILS(LEAT_E_STALE, leat_pool_put(g.pool, c));
    MUST(leat_magazine_destroy(m));
    close_pool(&g);
    close_pool(&f);
}
