/* SPDX-License-Identifier: ISC */

/*
 * More threads than magazines get and put through the plain calls: singles,
 * runs, bulks, each with stale puts in between.
 */

#include "stress.h"

enum {
    THREADS = 6,
    HELD = 40
};

struct worker {
    struct stress *s;
    uint64_t random;
    struct leat_chunk c[HELD], last;
    uint64_t mark[HELD];
};

static void get(struct worker *w, size_t i)
{
    uint64_t r = stress_random(&w->random);
    size_t pages = r % 16 ? 1 : 1 + r / 16 % 20;

    HOLDS(w->s, leat_pool_get(w->s->pool, pages, &w->c[i]) == 0);
    w->mark[i] = stress_mark(w->s, w->c[i]);
}

static void put(struct worker *w, size_t i)
{
    HOLDS(w->s, stress_marked(w->c[i], w->mark[i]));
    HOLDS(w->s, leat_pool_put(w->s->pool, w->c[i]) == 0);
    w->last = w->c[i];
    w->c[i].pool = NULL;
}

static void *work(void *arg)
{
    struct leat_chunk bulk[70];
    struct worker *w = arg;

    while (stress_goes_on(w->s)) {
        for (int k = 0; k < 200; k++) {
            size_t i = stress_random(&w->random) % HELD;

            w->c[i].pool ? put(w, i) : get(w, i);
        }
        HOLDS(w->s, leat_pool_get_bulk(w->s->pool, bulk, COUNT(bulk)) == 0);
        HOLDS(w->s,
              leat_pool_put_bulk(w->s->pool, bulk, COUNT(bulk), NULL) == 0);
        HOLDS(w->s, leat_pool_put(w->s->pool, w->last) < 0);
    }
    for (size_t i = 0; i < HELD; i++)
        if (w->c[i].pool)
            put(w, i);
    return NULL;
}

int main(void)
{
    static struct worker w[THREADS];
    pthread_t thread[THREADS];
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){.limit_pages = 16384,
                                          .threads = 4,
                                          .magazine = 16,
                                          .zero = LEAT_ZERO_ON_REQUEST},
                1500);
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){.s = &s, .random = i};
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_join(thread, THREADS);
    stress_close(&s, "plain calls of many threads");
    return 0;
}
