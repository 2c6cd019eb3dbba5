/* SPDX-License-Identifier: ISC */

/*
 * Threads stand in line and leave it again while others put: each wish is
 * either granted or cancelled, never both and never neither.
 */

#include "stress.h"

enum {
    THREADS = 6,
    PAGES = 3
};

struct worker {
    struct stress *s;
    uint64_t random;
    struct leat_waiter w;
    struct leat_chunk c;
    int served; /* (a) */
};

static void served(void *arg, struct leat_chunk c)
{
    struct worker *w = arg;

    w->c = c;
    __atomic_store_n(&w->served, 1, __ATOMIC_RELEASE);
}

static void *work(void *arg)
{
    struct worker *w = arg;

    while (stress_goes_on(w->s)) {
        size_t pages = 1 + stress_random(&w->random) % PAGES;
        unsigned patience = stress_random(&w->random) % 50;
        int err;

        __atomic_store_n(&w->served, 0, __ATOMIC_RELAXED);
        HOLDS(w->s, leat_pool_wait(w->s->pool, &w->w, pages, served, w) == 0);
        while (patience-- && !__atomic_load_n(&w->served, __ATOMIC_ACQUIRE))
            sched_yield();
        err = leat_pool_cancel(w->s->pool, &w->w);
        HOLDS(w->s, err == 0 || err == LEAT_E_STATE);
        if (!err) {
            HOLDS(w->s, !__atomic_load_n(&w->served, __ATOMIC_ACQUIRE));
            continue;
        }
        /* Its callback has run, or is about to. */
        while (!__atomic_load_n(&w->served, __ATOMIC_ACQUIRE))
            sched_yield();
        HOLDS(w->s, leat_chunk_view(w->c).len == pages * PAGE);
        HOLDS(w->s, leat_pool_put(w->s->pool, w->c) == 0);
    }
    return NULL;
}

int main(void)
{
    static struct worker w[THREADS];
    pthread_t thread[THREADS];
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){.limit_pages = PAGES,
                                          .flags = LEAT_POOL_EXACT},
                1500);
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){.s = &s, .random = i};
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_join(thread, THREADS);
    stress_close(&s, "a wish is granted or cancelled");
    return 0;
}
