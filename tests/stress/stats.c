/* SPDX-License-Identifier: ISC */

/*
 * A reader of statistics, a trimmer and a walker of what is out, beside threads
 * that work: no counter goes back, no gauge leaves its bounds.
 */

#include "stress.h"

enum {
    THREADS = 3,
    LIMIT = 8 * 512
};

struct worker {
    struct stress *s;
    uint64_t random;
};

static void *work(void *arg)
{
    struct leat_chunk c[300];
    struct worker *w = arg;

    while (stress_goes_on(w->s)) {
        size_t n = 1 + stress_random(&w->random) % COUNT(c);

        HOLDS(w->s, leat_pool_get_bulk(w->s->pool, c, n) == 0);
        HOLDS(w->s, leat_pool_put_bulk(w->s->pool, c, n, NULL) == 0);
        HOLDS(w->s, leat_pool_get(w->s->pool, n, &c[0]) == 0);
        HOLDS(w->s, leat_pool_put(w->s->pool, c[0]) == 0);
        HOLDS(w->s, leat_pool_put(w->s->pool, c[0]) < 0);
    }
    return NULL;
}

static void *read_stats(void *arg)
{
    struct leat_stats was = {0}, is;
    struct stress *s = arg;

    while (stress_goes_on(s)) {
        HOLDS(s, leat_pool_stats(s->pool, &is) == 0);
        HOLDS(s, is.gets >= was.gets && is.puts >= was.puts);
        HOLDS(s, is.slabs_got >= was.slabs_got);
        HOLDS(s, is.slabs_put >= was.slabs_put);
        HOLDS(s, is.slabs_got >= is.slabs_put);
        HOLDS(s, is.exchanges >= was.exchanges && is.stale >= was.stale);
        HOLDS(s, is.refused >= was.refused);
        HOLDS(s, is.pages_out <= is.pages_slabs);
        HOLDS(s, is.pages_free <= is.pages_slabs);
        HOLDS(s, is.pages_depot <= is.pages_slabs);
        HOLDS(s, is.pages_magazines <= is.pages_slabs);
        HOLDS(s, is.pages_limit == LIMIT);
        was = is;
    }
    return NULL;
}

static void *trim(void *arg)
{
    struct stress *s = arg;
    uint64_t random = 99;
    size_t trimmed;

    while (stress_goes_on(s)) {
        HOLDS(s, leat_pool_trim(s->pool, stress_random(&random) % 1024,
                                &trimmed) == 0);
        usleep(300);
    }
    return NULL;
}

static void *walk(void *arg)
{
    struct leat_slab slab;
    struct stress *s = arg;
    struct leat_cview v;
    uint64_t out = 0;

    while (stress_goes_on(s)) {
        HOLDS(s, leat_pool_each_out(s->pool, stress_count, &out) == 0);
        for (size_t i = 0; !leat_pool_slab(s->pool, i, &slab); i++) {
            v = (struct leat_cview){slab.base, PAGE};
            (void)leat_pool_contains(s->pool, v);
            HOLDS(s, slab.pages >= 512 && (uintptr_t)slab.base % PAGE == 0);
        }
        usleep(500);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS], reader, trimmer, walker;
    struct worker w[THREADS];
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){.limit_pages = LIMIT,
                                          .threads = THREADS + 3,
                                          .magazine = 16,
                                          .zero = LEAT_ZERO_NEVER},
                1800);
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){&s, i};
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_start(&reader, 1, read_stats, &s, 0);
    stress_start(&trimmer, 1, trim, &s, 0);
    stress_start(&walker, 1, walk, &s, 0);
    stress_join(thread, THREADS);
    stress_join(&reader, 1);
    stress_join(&trimmer, 1);
    stress_join(&walker, 1);
    stress_close(&s, "statistics and trim beside workers");
    return 0;
}
