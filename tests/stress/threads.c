/* SPDX-License-Identifier: ISC */

/*
 * Lots of short-lived threads, each of which uses two pools a little and leaves:
 * its magazines come back. Meanwhile a third pool is made and destroyed over and
 * over, at the same address.
 */

#include "stress.h"

enum {
    THREADS = 6
};

struct worker {
    struct stress *s, *other;
    struct leat_chunk keep; /* for the next one to put */
};

static void *short_life(void *arg)
{
    struct worker *w = arg;
    struct leat_chunk c[20];
    uint64_t mark[20];

    if (w->keep.pool)
        HOLDS(w->s, leat_pool_put(w->s->pool, w->keep) == 0);
    for (size_t i = 0; i < COUNT(c); i++) {
        HOLDS(w->s, leat_pool_get(i % 2 ? w->s->pool : w->other->pool, 1,
                                  &c[i]) == 0);
        mark[i] = stress_mark(w->s, c[i]);
    }
    for (size_t i = 0; i < COUNT(c); i++) {
        HOLDS(w->s, stress_marked(c[i], mark[i]));
        HOLDS(w->s, leat_pool_put(c[i].pool, c[i]) == 0);
    }
    HOLDS(w->s, leat_pool_get(w->s->pool, 1, &w->keep) == 0);
    return NULL;
}

static void *start_them(void *arg)
{
    struct worker *w = arg;
    pthread_t thread;

    while (stress_goes_on(w->s)) {
        stress_start(&thread, 1, short_life, w, 0);
        stress_join(&thread, 1);
    }
    HOLDS(w->s, leat_pool_put(w->s->pool, w->keep) == 0);
    return NULL;
}

static void *make_pools(void *arg)
{
    static _Alignas(4096) unsigned char memory[64 * 4096];
    static unsigned char meta[1 << 16];
    struct stress *s = arg;

    while (stress_goes_on(s)) {
        struct leat_static_arena arena = {.base = memory,
                                          .bytes = sizeof(memory)};
        struct leat_pool_config config = {.backend = leat_static(&arena),
                                          .meta = meta,
                                          .meta_bytes = sizeof(meta),
                                          .threads = 2};
        struct leat_pool *pool;
        struct leat_chunk c = {0};

        HOLDS(s, leat_pool_create(&pool, &config) == 0);
        HOLDS(s, leat_pool_get(pool, 1, &c) == 0);
        HOLDS(s, leat_pool_put(pool, c) == 0);
        HOLDS(s, leat_pool_destroy(pool) == 0);
    }
    return NULL;
}

int main(void)
{
    struct leat_pool_config config = {
        .limit_pages = 1024, .threads = THREADS - 2, .magazine = 4};
    struct worker w[THREADS];
    pthread_t thread[THREADS], maker;
    struct stress s, other;
    struct leat_stats stats;

    stress_open(&other, config, 0);
    stress_open(&s, config, 1500);
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){.s = &s, .other = &other};
    stress_start(thread, THREADS, start_them, w, sizeof(w[0]));
    stress_start(&maker, 1, make_pools, &s, 0);
    stress_join(thread, THREADS);
    stress_join(&maker, 1);
    HOLDS(&s, leat_pool_stats(other.pool, &stats) == 0);
    HOLDS(&s, stats.magazines == 0 && stats.pages_magazines == 0);
    HOLDS(&s, stats.gets == stats.puts && stats.gets > 0);
    HOLDS(&s, leat_pool_check(other.pool) == NULL && !other.failed);
    HOLDS(&s, leat_pool_destroy(other.pool) == 0);
    stress_close(&s, "short-lived threads leave nothing behind");
    return 0;
}
