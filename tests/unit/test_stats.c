/* SPDX-License-Identifier: ISC */

/* Statistics: exact when nobody works, monotonic while others do. */

#include "pool_fixture.h"

#include <pthread.h>

Test(stats, fresh_pool)
{
    struct leat_stats s;
    struct pool_fixture f;

    open_static(&f, 8, (struct leat_pool_config){.limit_pages = 6});
    s = stats_of(f.pool);
    cr_assert_eq(s.gets + s.puts + s.slabs_got + s.slabs_put + s.refused, 0);
    cr_assert_eq(s.reclaims + s.waits + s.served + s.stale, 0);
    cr_assert_eq(s.pages_out + s.pages_adopted + s.waiting, 0);
    cr_assert_eq(s.pages_limit, 6);
    cr_assert_eq(leat_copies_bytes(&s.copies), 0);
    close_pool(&f);
}

Test(stats, invalid)
{
    struct leat_stats s;
    struct pool_fixture f;

    open_static(&f, 1, (struct leat_pool_config){0});
    FAILS(LEAT_E_INVALID, leat_pool_stats(NULL, &s));
    FAILS(LEAT_E_INVALID, leat_pool_stats(f.pool, NULL));
    close_pool(&f);
}

static void counts(uint32_t flags)
{
    struct leat_chunk c[10], more;
    struct pool_fixture f;
    struct leat_stats s;

    open_static(&f, 64,
                (struct leat_pool_config){
                    .limit_pages = 32, .flags = flags, .threads = 2});
    MUST(leat_pool_get_bulk(f.pool, c, 8));
    c[8] = get(f.pool, 7);
    MUST(leat_pool_get_zeroed(f.pool, 2, &c[9]));
    FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 30, &more));
    s = stats_of(f.pool);
    cr_assert_eq(s.gets, 10);
    cr_assert_eq(s.puts, 0);
    cr_assert_eq(s.pages_out, 8 + 7 + 2);
    cr_assert_eq(s.refused, 1);
    cr_assert_eq(s.slabs_got, 1);
    assert_sound(f.pool);
    MUST(leat_pool_put(f.pool, c[9]));
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, c[9]));
    s = stats_of(f.pool);
    cr_assert_eq(s.gets, 10);
    cr_assert_eq(s.puts, 1);
    cr_assert_eq(s.pages_out, 8 + 7);
    cr_assert_eq(s.stale, 1);
    assert_sound(f.pool);
    MUST(leat_pool_put_bulk(f.pool, c, 9, NULL));
    s = stats_of(f.pool);
    cr_assert_eq(s.puts, 10);
    cr_assert_eq(s.pages_out, 0);
    close_pool(&f);
}

Test(stats, counts_with_magazines)
{
    counts(0);
}

Test(stats, counts_exact)
{
    counts(LEAT_POOL_EXACT);
}

Test(stats, copies_of_the_pool)
{
    struct leat_copies *copies;
    struct pool_fixture f;
    struct leat_chunk c;
    char bytes[300] = {1};

    open_static(&f, 2, (struct leat_pool_config){0});
    copies = leat_pool_copies(f.pool);
    cr_assert_not_null(copies);
    c = get(f.pool, 1);
    MUST(leat_view_copy_in(leat_chunk_view(c), 17, bytes, 300, copies));
    cr_assert_eq(stats_of(f.pool).copies.bytes[LEAT_WHY_IN], 300);
    cr_assert_eq(stats_of(f.pool).copies.count[LEAT_WHY_IN], 1);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

struct worker {
    struct leat_pool *pool;
    int stop, failed;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct leat_chunk c[40];

    for (size_t n = 1; !__atomic_load_n(&w->stop, __ATOMIC_RELAXED);
         n = n % 40 + 1) {
        if (leat_pool_get_bulk(w->pool, c, n) ||
            leat_pool_put_bulk(w->pool, c, n, NULL) ||
            leat_pool_get(w->pool, n, c) || leat_pool_put(w->pool, c[0]))
            w->failed = 1;
    }
    return NULL;
}

static void monotonic(uint32_t flags)
{
    struct leat_stats before = {0}, s;
    struct pool_fixture f;
    pthread_t thread[3];
    struct worker w;

    open_mmap(&f, 0, (struct leat_pool_config){.flags = flags, .threads = 8});
    w = (struct worker){f.pool, 0, 0};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, work, &w), 0);
    for (int i = 0; i < 20000; i++) {
        s = stats_of(f.pool);
        cr_assert(s.gets >= before.gets && s.puts >= before.puts);
        cr_assert_geq(s.exchanges, before.exchanges);
        cr_assert_geq(s.slabs_got, before.slabs_got);
        cr_assert_leq(s.pages_out, s.pages_slabs);
        cr_assert_leq(s.pages_free, s.pages_slabs);
        before = s;
    }
    __atomic_store_n(&w.stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(w.failed, 0);
    s = stats_of(f.pool);
    cr_assert_geq(s.gets, before.gets);
    cr_assert_eq(s.gets, s.puts);
    close_pool(&f);
}

Test(stats, monotonic_with_magazines)
{
    monotonic(0);
}

Test(stats, monotonic_exact)
{
    monotonic(LEAT_POOL_EXACT);
}
