/* SPDX-License-Identifier: ISC */

/* Watermarks: told exactly when they are crossed, each way once. */

#include "pool_fixture.h"

enum {
    LIMIT = 16,
    LOW = 4,
    HIGH = 8
};

struct tide {
    struct leat_pool *pool;
    size_t lows, highs;
    enum leat_water last;
    bool calls; /* the callback uses the pool */
};

static void on_water(void *arg, struct leat_pool *pool, enum leat_water what)
{
    struct tide *t = arg;
    struct leat_chunk c;

    cr_assert_eq(pool, t->pool);
    what == LEAT_WATER_LOW ? t->lows++ : t->highs++;
    t->last = what;
    if (t->calls && !leat_pool_get(pool, 1, &c))
        MUST(leat_pool_put(pool, c));
}

static void open_water(struct pool_fixture *f, struct tide *t, size_t low,
                       size_t high)
{
    memset(t, 0, sizeof(*t));
    open_static(f, 64,
                (struct leat_pool_config){.limit_pages = LIMIT,
                                          .low_pages = low,
                                          .high_pages = high,
                                          .threads = 2,
                                          .on_water = on_water,
                                          .arg = t});
    t->pool = f->pool;
}

Test(water, exactly_at_the_marks)
{
    struct leat_chunk c[LIMIT];
    struct pool_fixture f;
    struct tide t;

    open_water(&f, &t, LOW, HIGH);
    for (size_t round = 1; round <= 3; round++) {
        for (size_t left = LIMIT; left > 0; left--) {
            cr_assert_eq(t.lows, left < LOW ? round : round - 1, "%zu", left);
            c[left - 1] = get(f.pool, 1);
        }
        cr_assert_eq(t.lows, round);
        for (size_t left = 0; left < LIMIT; left++) {
            cr_assert_eq(t.highs, left < HIGH ? round - 1 : round, "%zu", left);
            MUST(leat_pool_put(f.pool, c[left]));
        }
        cr_assert_eq(t.highs, round);
        cr_assert_eq(stats_of(f.pool).water_low, round);
        cr_assert_eq(stats_of(f.pool).water_high, round);
    }
    close_pool(&f);
}

/* Between the marks nothing is told, however often they are neared. */
Test(water, hysteresis)
{
    struct pool_fixture f;
    struct leat_chunk c, d;
    struct tide t;

    open_water(&f, &t, LOW, HIGH);
    c = get(f.pool, LIMIT - LOW);
    for (int i = 0; i < 10; i++) {
        d = get(f.pool, 1); /* below low, once */
        cr_assert_eq(t.lows, 1);
        MUST(leat_pool_put(f.pool, d));
        cr_assert_eq(t.highs, 0);
    }
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(t.highs, 1);
    for (int i = 0; i < 10; i++) {
        c = get(f.pool, LIMIT - LOW); /* at low, not below */
        MUST(leat_pool_put(f.pool, c));
    }
    cr_assert_eq(t.lows, 1);
    cr_assert_eq(t.highs, 1);
    close_pool(&f);
}

/* Runs and bulks cross a mark in one step. */
Test(water, crossed_by_many)
{
    struct leat_chunk c[LIMIT];
    struct pool_fixture f;
    struct tide t;

    open_water(&f, &t, LOW, HIGH);
    c[0] = get(f.pool, LIMIT);
    cr_assert_eq(t.lows, 1);
    MUST(leat_pool_put(f.pool, c[0]));
    cr_assert_eq(t.highs, 1);
    MUST(leat_pool_get_bulk(f.pool, c, LIMIT));
    cr_assert_eq(t.lows, 2);
    MUST(leat_pool_put_bulk(f.pool, c, LIMIT, NULL));
    cr_assert_eq(t.lows, 2);
    cr_assert_eq(t.highs, 2);
    close_pool(&f);
}

Test(water, marks_may_be_equal)
{
    struct pool_fixture f;
    struct leat_chunk c, d;
    struct tide t;

    open_water(&f, &t, 1, 1);
    c = get(f.pool, LIMIT - 1);
    cr_assert_eq(t.lows, 0);
    for (size_t i = 1; i <= 5; i++) {
        d = get(f.pool, 1);
        cr_assert_eq(t.lows, i);
        cr_assert_eq(t.highs, i - 1);
        MUST(leat_pool_put(f.pool, d));
        cr_assert_eq(t.highs, i);
    }
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(water, marks_at_the_limit)
{
    struct pool_fixture f;
    struct tide t;

    open_water(&f, &t, LIMIT, LIMIT);
    for (size_t i = 1; i <= 3; i++) {
        struct leat_chunk c = get(f.pool, 1);

        cr_assert_eq(t.lows, i);
        MUST(leat_pool_put(f.pool, c));
        cr_assert_eq(t.highs, i);
    }
    close_pool(&f);
}

/* No lock is held in the callback. */
Test(water, callback_uses_the_pool)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct tide t;

    open_water(&f, &t, LOW, HIGH);
    t.calls = true;
    c = get(f.pool, LIMIT - LOW + 1);
    cr_assert_geq(t.lows, 1);
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(t.last, LEAT_WATER_HIGH);
    close_pool(&f);
}

/* What is owned by a ref is not back. */
Test(water, last_owner_raises_it)
{
    struct leat_ref ref = {0};
    struct pool_fixture f;
    struct leat_chunk c;
    struct tide t;

    open_water(&f, &t, LOW, HIGH);
    c = get(f.pool, LIMIT);
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(t.highs, 0);
    MUST(leat_ref_drop(&ref));
    cr_assert_eq(t.highs, 1);
    close_pool(&f);
}

/* Such a pool is exact: no magazine keeps a page from a mark. */
Test(water, explicit_magazines_hold_nothing)
{
    struct leat_chunk c[LIMIT];
    struct leat_magazine *m;
    struct pool_fixture f;
    struct tide t;

    open_water(&f, &t, LOW, HIGH);
    MUST(leat_magazine_create(f.pool, &m));
    for (size_t i = 0; i < LIMIT; i++) {
        MUST(leat_magazine_get(m, &c[i]));
        cr_assert_eq(t.lows, LIMIT - 1 - i < LOW);
    }
    for (size_t i = 0; i < LIMIT; i++) {
        MUST(leat_magazine_put(m, c[i]));
        cr_assert_eq(t.highs, i + 1 >= HIGH);
    }
    cr_assert_eq(stats_of(f.pool).pages_magazines, 0);
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
}
