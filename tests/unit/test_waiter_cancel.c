/* SPDX-License-Identifier: ISC */

/* Leaving the line, and what a served callback may do. */

#include "waiter_fixture.h"

Test(waiter_cancel, from_every_place)
{
    for (size_t out = 0; out < 5; out++) {
        struct wish wish[5];
        struct pool_fixture f;
        struct leat_chunk c[5];
        struct line line;
        size_t turn = 0;

        open_line(&f, &line, 5);
        MUST(leat_pool_get_bulk(f.pool, c, 5));
        for (size_t i = 0; i < 5; i++)
            stand(&line, &wish[i], 1);
        MUST(leat_pool_cancel(f.pool, &wish[out].w));
        FAILS(LEAT_E_STATE, leat_pool_cancel(f.pool, &wish[out].w));
        cr_assert_eq(stats_of(f.pool).waiting, 4);
        MUST(leat_pool_put_bulk(f.pool, c, 5, NULL));
        cr_assert_eq(line.served, 4);
        for (size_t i = 0; i < 5; i++) {
            cr_assert_eq(wish[i].turn, i == out ? 0 : ++turn);
            if (i != out)
                MUST(leat_pool_put(f.pool, wish[i].chunk));
        }
        close_pool(&f);
    }
}

/* Who leaves can come again, at the end. */
Test(waiter_cancel, and_again)
{
    struct pool_fixture f;
    struct leat_chunk c[2];
    struct wish wish[2];
    struct line line;

    open_line(&f, &line, 2);
    MUST(leat_pool_get_bulk(f.pool, c, 2));
    stand(&line, &wish[0], 1);
    stand(&line, &wish[1], 1);
    MUST(leat_pool_cancel(f.pool, &wish[0].w));
    MUST(leat_pool_wait(f.pool, &wish[0].w, 1, served, &wish[0]));
    MUST(leat_pool_put(f.pool, c[0]));
    cr_assert_eq(wish[1].turn, 1);
    cr_assert_eq(wish[0].turn, 0);
    MUST(leat_pool_put(f.pool, c[1]));
    cr_assert_eq(wish[0].turn, 2);
    MUST(leat_pool_put(f.pool, wish[0].chunk));
    MUST(leat_pool_put(f.pool, wish[1].chunk));
    close_pool(&f);
}

/* A big wish that leaves must not hold up those whose pages are there. */
Test(waiter_cancel, lets_the_next_go_on)
{
    struct wish big, small[2];
    struct pool_fixture f;
    struct leat_chunk c[4];
    struct line line;

    open_line(&f, &line, 4);
    MUST(leat_pool_get_bulk(f.pool, c, 4));
    stand(&line, &big, 4);
    stand(&line, &small[0], 1);
    stand(&line, &small[1], 1);
    MUST(leat_pool_put(f.pool, c[0]));
    MUST(leat_pool_put(f.pool, c[1]));
    cr_assert_eq(line.served, 0);
    MUST(leat_pool_cancel(f.pool, &big.w));
    cr_assert_eq(line.served, 2, "two pages are free, and two wait for one");
    cr_assert_eq(small[0].turn, 1);
    MUST(leat_pool_put(f.pool, small[0].chunk));
    MUST(leat_pool_put(f.pool, small[1].chunk));
    MUST(leat_pool_put_bulk(f.pool, c + 2, 2, NULL));
    close_pool(&f);
}

/* The only one leaves: plain gets work again. */
Test(waiter_cancel, empties_the_line)
{
    struct pool_fixture f;
    struct leat_chunk c[2];
    struct line line;
    struct wish wish;

    open_line(&f, &line, 2);
    MUST(leat_pool_get_bulk(f.pool, c, 2));
    stand(&line, &wish, 2);
    MUST(leat_pool_put(f.pool, c[0]));
    FAILS(LEAT_E_BUSY, leat_pool_get(f.pool, 1, &c[0]));
    MUST(leat_pool_cancel(f.pool, &wish.w));
    c[0] = get(f.pool, 1);
    MUST(leat_pool_put_bulk(f.pool, c, 2, NULL));
    close_pool(&f);
}

/* A callback that puts at once. */
static void served_puts(void *arg, struct leat_chunk c)
{
    struct wish *wish = arg;

    wish->turn = ++wish->line->served;
    MUST(leat_pool_put(wish->line->pool, c));
}

/* Served in order also where the first of two puts, and so serves a third. */
Test(waiter_cancel, callback_that_puts_keeps_the_order)
{
    struct wish wish[3] = {{.line = NULL}};
    struct pool_fixture f;
    struct leat_chunk c;
    struct line line;

    open_line(&f, &line, 2);
    c = get(f.pool, 2);
    for (size_t i = 0; i < 3; i++) {
        wish[i].line = &line;
        MUST(leat_pool_wait(f.pool, &wish[i].w, 1, served_puts, &wish[i]));
    }
    MUST(leat_pool_put(f.pool, c));
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(wish[i].turn, i + 1, "waiter %zu had turn %zu", i,
                     wish[i].turn);
    close_pool(&f);
}

/* A line so long that no stack holds a call for each in it. */
Test(waiter_cancel, long_line_that_serves_itself)
{
    enum {
        LINE = 50000
    };
    static struct wish wish[LINE];
    struct pool_fixture f;
    struct leat_chunk c;
    struct line line;

    open_line(&f, &line, 1);
    c = get(f.pool, 1);
    for (size_t i = 0; i < LINE; i++) {
        wish[i].line = &line;
        MUST(leat_pool_wait(f.pool, &wish[i].w, 1, served_puts, &wish[i]));
    }
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(line.served, LINE);
    for (size_t i = 0; i < LINE; i++)
        cr_assert_eq(wish[i].turn, i + 1);
    close_pool(&f);
}

/* A callback that uses its waiter again, and everything else on the pool. */
struct regular {
    struct leat_waiter w;
    struct leat_pool *pool;
    size_t times;
};

static void comes_again(void *arg, struct leat_chunk c)
{
    struct regular *r = arg;
    struct leat_stats s;

    MUST(leat_pool_stats(r->pool, &s));
    cr_assert_null(leat_pool_check(r->pool));
    if (++r->times < 100)
        MUST(leat_pool_wait(r->pool, &r->w, 1, comes_again, r));
    MUST(leat_pool_put(r->pool, c));
}

Test(waiter_cancel, callback_uses_its_waiter_again)
{
    struct regular r = {0};
    struct pool_fixture f;
    struct leat_chunk c;
    struct line line;

    open_line(&f, &line, 1);
    r.pool = f.pool;
    c = get(f.pool, 1);
    MUST(leat_pool_wait(f.pool, &r.w, 1, comes_again, &r));
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(r.times, 100);
    close_pool(&f);
}

/* A callback that makes another leave. */
struct envious {
    struct leat_waiter w;
    struct leat_pool *pool;
    struct wish *other;
    struct leat_chunk chunk;
    int err;
};

static void cancels(void *arg, struct leat_chunk c)
{
    struct envious *e = arg;

    e->chunk = c;
    e->err = leat_pool_cancel(e->pool, &e->other->w);
}

Test(waiter_cancel, callback_cancels_another)
{
    struct envious e = {0};
    struct pool_fixture f;
    struct leat_chunk c;
    struct line line;
    struct wish wish;

    open_line(&f, &line, 1);
    c = get(f.pool, 1);
    e.pool = f.pool;
    e.other = &wish;
    e.err = 1;
    MUST(leat_pool_wait(f.pool, &e.w, 1, cancels, &e));
    stand(&line, &wish, 1);
    MUST(leat_pool_put(f.pool, c));
    MUST(e.err);
    cr_assert_eq(line.served, 0);
    MUST(leat_pool_put(f.pool, e.chunk));
    cr_assert_eq(line.served, 0);
    close_pool(&f);
}
