/* SPDX-License-Identifier: ISC */

/*
 * Watermarks and the reclaim hook under threads: the marks are told in turns,
 * and the pages that can still be got are what each says, give or take those
 * who work meanwhile.
 */

#include "stress.h"

enum {
    THREADS = 4,
    LIMIT = 64,
    LOW = 8,
    HIGH = 32,
    MOST = 30
};

struct tide {
    struct stress *s;
    uint64_t lows, highs, reclaims; /* (a) */
};

struct worker {
    struct stress *s;
    uint64_t random, refused;
};

static void on_water(void *arg, struct leat_pool *pool, enum leat_water what)
{
    struct tide *t = arg;
    struct leat_chunk c = {0};

    (void)pool;
    __atomic_add_fetch(what == LEAT_WATER_LOW ? &t->lows : &t->highs, 1,
                       __ATOMIC_RELAXED);
    if (what == LEAT_WATER_HIGH && !leat_pool_get(pool, 1, &c))
        HOLDS(t->s, leat_pool_put(pool, c) == 0);
}

static void reclaim(void *arg, struct leat_pool *pool, size_t pages)
{
    struct tide *t = arg;
    struct leat_stats stats;

    HOLDS(t->s, leat_pool_stats(pool, &stats) == 0);
    HOLDS(t->s, pages > 0 && pages <= MOST);
    __atomic_add_fetch(&t->reclaims, 1, __ATOMIC_RELAXED);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct leat_chunk c[MOST];

    while (stress_goes_on(w->s)) {
        size_t n = 1 + stress_random(&w->random) % MOST;
        int err = leat_pool_get_bulk(w->s->pool, c, n);

        HOLDS(w->s, err == 0 || err == LEAT_E_LIMIT);
        if (err) {
            w->refused++;
            continue;
        }
        for (size_t i = 0; i < n; i++)
            HOLDS(w->s, leat_pool_put(w->s->pool, c[i]) == 0);
    }
    return NULL;
}

int main(void)
{
    struct tide t = {0};
    struct worker w[THREADS];
    pthread_t thread[THREADS];
    struct leat_stats stats;
    uint64_t refused = 0;
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){.limit_pages = LIMIT,
                                          .low_pages = LOW,
                                          .high_pages = HIGH,
                                          .on_water = on_water,
                                          .reclaim = reclaim,
                                          .arg = &t},
                1200);
    t.s = &s;
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){.s = &s, .random = i};
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_join(thread, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        refused += w[i].refused;
    HOLDS(&s, leat_pool_stats(s.pool, &stats) == 0);
    HOLDS(&s, stats.water_low == t.lows && stats.water_high == t.highs);
    HOLDS(&s, t.lows == t.highs && t.lows > 0);
    HOLDS(&s, stats.reclaims == t.reclaims);
    HOLDS(&s, stats.refused >= refused && t.reclaims >= refused);
    stress_close(&s, "watermarks and reclaim beside workers");
    return 0;
}
