/* SPDX-License-Identifier: ISC */

/* Waiting in line (rule R10): who is served, when, and in which order. */

#include "waiter_fixture.h"

Test(waiter, served_at_once_when_there_is_room)
{
    struct pool_fixture f;
    struct line line;
    struct wish wish;

    open_line(&f, &line, 4);
    stand(&line, &wish, 3);
    cr_assert_eq(wish.turn, 1);
    cr_assert_eq(leat_chunk_view(wish.chunk).len, 3 * PAGE);
    cr_assert(all_bytes(bytes_of(wish.chunk), 3 * PAGE, 0));
    FAILS(LEAT_E_STATE, leat_pool_cancel(f.pool, &wish.w));
    MUST(leat_pool_put(f.pool, wish.chunk));
    close_pool(&f);
}

Test(waiter, oldest_first)
{
    struct leat_chunk c[4];
    struct wish wish[6];
    struct pool_fixture f;
    struct line line;

    open_line(&f, &line, 4);
    for (size_t i = 0; i < 4; i++) {
        c[i] = get(f.pool, 1);
        memset(bytes_of(c[i]), 0xbb, PAGE);
    }
    for (size_t i = 0; i < 6; i++)
        stand(&line, &wish[i], 1);
    cr_assert_eq(line.served, 0);
    cr_assert_eq(stats_of(f.pool).waiting, 6);
    for (size_t i = 0; i < 6; i++) {
        MUST(leat_pool_put(f.pool, i < 4 ? c[i] : wish[i - 4].chunk));
        cr_assert_eq(line.served, i + 1);
        cr_assert_eq(wish[i].turn, i + 1);
        cr_assert(all_bytes(bytes_of(wish[i].chunk), PAGE, 0));
        assert_sound(f.pool);
    }
    cr_assert_eq(stats_of(f.pool).waits, 6);
    cr_assert_eq(stats_of(f.pool).served, 6);
    cr_assert_eq(stats_of(f.pool).waiting, 0);
    for (size_t i = 2; i < 6; i++)
        MUST(leat_pool_put(f.pool, wish[i].chunk));
    close_pool(&f);
}

/* One put can serve many; what is left over stays for the next. */
Test(waiter, one_put_serves_many)
{
    struct wish wish[4];
    struct pool_fixture f;
    struct leat_chunk c;
    struct line line;

    open_line(&f, &line, 8);
    c = get(f.pool, 8);
    for (size_t i = 0; i < 4; i++)
        stand(&line, &wish[i], 3);
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(line.served, 2);
    cr_assert_eq(wish[0].turn, 1);
    cr_assert_eq(wish[1].turn, 2);
    FAILS(LEAT_E_BUSY, leat_pool_get(f.pool, 1, &c));
    for (size_t i = 0; i < 4; i++)
        MUST(leat_pool_put(f.pool, wish[i].chunk));
    cr_assert_eq(line.served, 4);
    close_pool(&f);
}

/* A big wish is not starved by small ones, nor by plain gets. */
Test(waiter, big_wish_is_not_overtaken)
{
    struct leat_chunk c[4], more = {NULL, 4};
    struct wish big, small;
    struct pool_fixture f;
    struct line line;

    open_line(&f, &line, 4);
    MUST(leat_pool_get_bulk(f.pool, c, 4));
    stand(&line, &big, 4);
    stand(&line, &small, 1);
    for (size_t i = 0; i < 3; i++) {
        MUST(leat_pool_put(f.pool, c[i]));
        cr_assert_eq(line.served, 0);
        FAILS(LEAT_E_BUSY, leat_pool_get(f.pool, 1, &more));
        FAILS(LEAT_E_BUSY, leat_pool_get_zeroed(f.pool, 1, &more));
        FAILS(LEAT_E_BUSY, leat_pool_get_bulk(f.pool, &more, 1));
    }
    cr_assert_eq(more.id, 4);
    MUST(leat_pool_put(f.pool, c[3]));
    cr_assert_eq(line.served, 1);
    cr_assert_eq(big.turn, 1);
    MUST(leat_pool_put(f.pool, big.chunk));
    cr_assert_eq(small.turn, 2);
    MUST(leat_pool_put(f.pool, small.chunk));
    close_pool(&f);
}

/* A run needs pages that lie together: it waits until they do. */
Test(waiter, waits_for_a_run)
{
    struct pool_fixture f;
    struct leat_chunk c[4];
    struct line line;
    struct wish wish;

    open_line(&f, &line, 4);
    MUST(leat_chunk_split(get(f.pool, 4), c, 4));
    stand(&line, &wish, 2);
    MUST(leat_pool_put(f.pool, c[0]));
    MUST(leat_pool_put(f.pool, c[2]));
    cr_assert_eq(line.served, 0);
    MUST(leat_pool_put(f.pool, c[3]));
    cr_assert_eq(line.served, 1);
    cr_assert_eq(bytes_of(wish.chunk), f.base + 2 * PAGE);
    MUST(leat_pool_put(f.pool, c[1]));
    MUST(leat_pool_put(f.pool, wish.chunk));
    close_pool(&f);
}

/* Every way in which pages come back serves the line. */
Test(waiter, all_ways_back)
{
    struct leat_ref ref = {0};
    struct leat_chunk c, both[2];
    struct leat_magazine *m;
    struct pool_fixture f;
    struct wish wish[3];
    struct line line;

    open_static(&f, 2,
                (struct leat_pool_config){
                    .limit_pages = 2, .threads = 1, .flags = LEAT_POOL_EXACT});
    line = (struct line){f.pool, 0};
    MUST(leat_magazine_create(f.pool, &m));

    c = get(f.pool, 2);
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    stand(&line, &wish[0], 1);
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(line.served, 0, "a ref is held");
    MUST(leat_ref_drop(&ref));
    cr_assert_eq(line.served, 1);

    c = get(f.pool, 1);
    stand(&line, &wish[1], 1);
    FAILS(LEAT_E_BUSY, leat_magazine_get(m, &both[0]));
    FAILS(LEAT_E_BUSY, leat_magazine_get_bulk(m, both, 1));
    MUST(leat_magazine_put(m, c));
    cr_assert_eq(line.served, 2);

    stand(&line, &wish[2], 2);
    both[0] = wish[0].chunk;
    both[1] = wish[1].chunk;
    MUST(leat_magazine_put_bulk(m, both, 2, NULL));
    cr_assert_eq(line.served, 3);
    MUST(leat_pool_put_bulk(f.pool, &wish[2].chunk, 1, NULL));
    MUST(leat_magazine_destroy(m));
    close_pool(&f);
}

Test(waiter, refused)
{
    struct leat_waiter w = {0};
    struct pool_fixture f, loose;
    struct leat_chunk c;
    struct line line;
    struct wish wish;

    open_static(&loose, 4, (struct leat_pool_config){0});
    FAILS(LEAT_E_UNSUPPORTED, leat_pool_wait(loose.pool, &w, 1, served, &wish));
    close_pool(&loose);

    open_line(&f, &line, 4);
    FAILS(LEAT_E_LIMIT, leat_pool_wait(f.pool, &w, 5, served, &wish));
    FAILS(LEAT_E_LIMIT, leat_pool_wait(f.pool, &w, SIZE_MAX, served, &wish));
    FAILS(LEAT_E_INVALID, leat_pool_wait(f.pool, &w, 0, served, &wish));
    FAILS(LEAT_E_INVALID, leat_pool_wait(f.pool, NULL, 1, served, &wish));
    FAILS(LEAT_E_INVALID, leat_pool_wait(f.pool, &w, 1, NULL, &wish));
    FAILS(LEAT_E_STATE, leat_pool_cancel(f.pool, &w));
    c = get(f.pool, 4);
    stand(&line, &wish, 1);
    FAILS(LEAT_E_BUSY, leat_pool_wait(f.pool, &wish.w, 1, served, &wish));
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(line.served, 1);
    MUST(leat_pool_put(f.pool, wish.chunk));
    close_pool(&f);
}

static void on_water(void *arg, struct leat_pool *pool, enum leat_water what)
{
    (void)arg;
    (void)pool;
    (void)what;
}

/* A watermark implies that the pool is exact, so its callers may wait. */
Test(waiter, pool_with_a_watermark)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct line line;
    struct wish wish;

    open_static(&f, 4,
                (struct leat_pool_config){
                    .low_pages = 1, .high_pages = 2, .on_water = on_water});
    line = (struct line){f.pool, 0};
    c = get(f.pool, 4);
    stand(&line, &wish, 4);
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(line.served, 1);
    MUST(leat_pool_put(f.pool, wish.chunk));
    close_pool(&f);
}
