/* SPDX-License-Identifier: ISC */

/* Batches: a whole magazine handed over. */

#include "pool_fixture.h"

static void open_batches(struct pool_fixture *f, struct leat_magazine **m,
                         size_t limit)
{
    open_static(f, 128,
                (struct leat_pool_config){.zero = LEAT_ZERO_NEVER,
                                          .limit_pages = limit,
                                          .threads = 3,
                                          .magazine = 8});
    MUST(leat_magazine_create(f->pool, m));
}

static void close_batches(struct pool_fixture *f, struct leat_magazine *m)
{
    MUST(leat_magazine_destroy(m));
    close_pool(f);
}

Test(batch, taken_and_given)
{
    struct leat_magazine *m;
    struct leat_batch b[4];
    struct leat_view v;
    struct pool_fixture f;
    size_t taken = 0;

    open_batches(&f, &m, 0);
    for (int round = 0; round < 5; round++) {
        taken = 0;
        for (size_t i = 0; i < 4; i++) {
            MUST(leat_magazine_take(m, &b[i]));
            cr_assert_eq(b[i].pool, f.pool);
            cr_assert_geq(leat_batch_pages(b[i]), 1);
            for (size_t k = 0; k < leat_batch_pages(b[i]); k++) {
                MUST(leat_batch_view(b[i], k, &v));
                cr_assert_eq((uintptr_t)v.data % PAGE, 0);
                cr_assert_eq(v.len, PAGE);
                memset(v.data, (int)taken++, PAGE);
            }
        }
        cr_assert_eq(stats_of(f.pool).pages_out, taken);
        cr_assert_null(leat_pool_check(f.pool));
        taken = 0;
        for (size_t i = 0; i < 4; i++)
            for (size_t k = 0; k < leat_batch_pages(b[i]); k++) {
                MUST(leat_batch_view(b[i], k, &v));
                cr_assert(all_bytes(v.data, PAGE, (unsigned char)taken++));
            }
        for (size_t i = 0; i < 4; i++)
            MUST(leat_magazine_give(m, b[3 - i]));
        cr_assert_eq(stats_of(f.pool).pages_out, 0);
        assert_sound(f.pool);
    }
    close_batches(&f, m);
}

/* A batch and chunks that are out beside it never share a page. */
Test(batch, beside_chunks)
{
    struct leat_chunk c[16];
    struct leat_magazine *m;
    struct leat_batch b;
    struct leat_view v;
    struct pool_fixture f;

    open_batches(&f, &m, 0);
    MUST(leat_magazine_get_bulk(m, c, 8));
    MUST(leat_magazine_take(m, &b));
    MUST(leat_magazine_get_bulk(m, c + 8, 8));
    for (size_t k = 0; k < leat_batch_pages(b); k++) {
        MUST(leat_batch_view(b, k, &v));
        for (size_t i = 0; i < 16; i++)
            cr_assert_neq(v.data, bytes_of(c[i]));
    }
    for (size_t i = 0; i < 16; i++)
        MUST(leat_magazine_put(m, c[i]));
    MUST(leat_magazine_give(m, b));
    close_batches(&f, m);
}

Test(batch, stale)
{
    struct leat_batch b, next, none = {0};
    struct leat_view v = {NULL, 9};
    struct leat_magazine *m;
    struct pool_fixture f;

    open_batches(&f, &m, 0);
    MUST(leat_magazine_take(m, &b));
    FAILS(LEAT_E_RANGE, leat_batch_view(b, leat_batch_pages(b), &v));
    FAILS(LEAT_E_RANGE, leat_batch_view(b, SIZE_MAX, &v));
    MUST(leat_magazine_give(m, b));
    for (int i = 0; i < 70000; i++) {
        if (leat_magazine_give(m, b) != LEAT_E_STALE ||
            leat_batch_pages(b) != 0 ||
            leat_batch_view(b, 0, &v) != LEAT_E_STALE)
            cr_assert(false, "after %d batches", i);
        if (leat_magazine_take(m, &next) || leat_magazine_give(m, b) == 0 ||
            leat_magazine_give(m, next))
            cr_assert(false, "after %d batches", i);
    }
    cr_assert_lt(leat_magazine_give(m, none), 0);
    cr_assert_eq(leat_batch_pages(none), 0);
    cr_assert_lt(leat_batch_view(none, 0, &v), 0);
    cr_assert_eq(v.len, 9);
    close_batches(&f, m);
}

Test(batch, foreign)
{
    struct leat_magazine *m, *theirs;
    struct pool_fixture f, other;
    struct leat_batch b, wild;

    open_batches(&f, &m, 0);
    open_batches(&other, &theirs, 0);
    MUST(leat_magazine_take(m, &b));
    FAILS(LEAT_E_FOREIGN, leat_magazine_give(theirs, b));
    wild = b;
    wild.id = UINT64_MAX;
    cr_assert_lt(leat_magazine_give(m, wild), 0);
    cr_assert_eq(leat_batch_pages(wild), 0);
    cr_assert_gt(leat_batch_pages(b), 0);
    MUST(leat_magazine_give(m, b));
    close_batches(&f, m);
    close_batches(&other, theirs);
}

/* To any magazine of the same pool. */
Test(batch, given_elsewhere)
{
    struct leat_magazine *m, *second;
    struct pool_fixture f;
    struct leat_batch b;

    open_batches(&f, &m, 0);
    MUST(leat_magazine_create(f.pool, &second));
    for (int i = 0; i < 100; i++) {
        MUST(leat_magazine_take(m, &b));
        MUST(leat_magazine_give(second, b));
    }
    assert_sound(f.pool);
    MUST(leat_magazine_destroy(second));
    close_batches(&f, m);
}

Test(batch, unsupported)
{
    static const struct leat_pool_config kinds[] = {
        {.flags = LEAT_POOL_EXACT, .zero = LEAT_ZERO_NEVER, .threads = 1},
        {.zero = LEAT_ZERO_ALWAYS, .threads = 1},
    };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct leat_batch b = {NULL, 3};
        struct leat_magazine *m;
        struct pool_fixture f;

        open_static(&f, 64, kinds[i]);
        MUST(leat_magazine_create(f.pool, &m));
        FAILS(LEAT_E_UNSUPPORTED, leat_magazine_take(m, &b));
        cr_assert_eq(b.id, 3);
        close_batches(&f, m);
    }
}

/* Owners are tracked by handle, and a batch has none: it goes all the same. */
Test(batch, of_a_pool_that_tracks)
{
    struct leat_magazine *m;
    struct pool_fixture f;
    struct leat_batch b;

    open_static(&f, 64,
                (struct leat_pool_config){.flags = LEAT_POOL_TRACK,
                                          .zero = LEAT_ZERO_NEVER,
                                          .threads = 1});
    MUST(leat_magazine_create(f.pool, &m));
    MUST(leat_magazine_take(m, &b));
    MUST(leat_magazine_give(m, b));
    close_batches(&f, m);
}

/* It counts against the limit, and keeps the pool from being destroyed. */
Test(batch, counts)
{
    struct leat_batch b[32], more;
    struct leat_magazine *m;
    struct pool_fixture f;
    size_t n = 0;
    int err;

    open_batches(&f, &m, 32);
    while (!(err = leat_magazine_take(m, &more))) {
        cr_assert_lt(n, COUNT(b));
        b[n++] = more;
    }
    FAILS(LEAT_E_LIMIT, err);
    cr_assert_geq(n, 1);
    cr_assert_leq(stats_of(f.pool).pages_out, 32);
    cr_assert_null(leat_pool_check(f.pool));
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    while (n)
        MUST(leat_magazine_give(m, b[--n]));
    close_batches(&f, m);
}
