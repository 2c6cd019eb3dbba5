/* SPDX-License-Identifier: ISC */

/*
 * Explicit magazines beside each other: single gets and puts, bulks, batches,
 * flushes; and now and then a magazine is destroyed and another made, so that
 * slots change hands.
 */

#include "stress.h"

enum {
    THREADS = 4,
    HELD = 64
};

struct worker {
    struct stress *s;
    uint64_t random;
};

static void batch(struct stress *s, struct leat_magazine *m)
{
    struct leat_batch b;
    struct leat_view v;

    HOLDS(s, leat_magazine_take(m, &b) == 0);
    for (size_t i = 0; i < leat_batch_pages(b); i++) {
        HOLDS(s, leat_batch_view(b, i, &v) == 0);
        memset(v.data, (int)i, 64);
    }
    for (size_t i = 0; i < leat_batch_pages(b); i++) {
        HOLDS(s, leat_batch_view(b, i, &v) == 0);
        HOLDS(s, v.data[0] == (unsigned char)i && v.data[63] == v.data[0]);
    }
    HOLDS(s, leat_magazine_give(m, b) == 0);
    HOLDS(s, leat_magazine_give(m, b) == LEAT_E_STALE);
}

static void one_life(struct worker *w)
{
    struct leat_chunk c[HELD];
    uint64_t mark[HELD];
    struct leat_magazine *m;
    size_t n, done;

    HOLDS(w->s, leat_magazine_create(w->s->pool, &m) == 0);
    for (int round = 0; round < 50; round++) {
        n = 1 + stress_random(&w->random) % HELD;
        if (round % 2) {
            HOLDS(w->s, leat_magazine_get_bulk(m, c, n) == 0);
        } else {
            for (size_t i = 0; i < n; i++)
                HOLDS(w->s, leat_magazine_get(m, &c[i]) == 0);
        }
        for (size_t i = 0; i < n; i++)
            mark[i] = stress_mark(w->s, c[i]);
        for (size_t i = 0; i < n; i++)
            HOLDS(w->s, stress_marked(c[i], mark[i]));
        if (round % 3) {
            for (size_t i = 0; i < n; i++)
                HOLDS(w->s, leat_magazine_put(m, c[n - 1 - i]) == 0);
        } else {
            HOLDS(w->s, leat_magazine_put_bulk(m, c, n, &done) == 0);
            HOLDS(w->s, done == n);
        }
        HOLDS(w->s, leat_magazine_put(m, c[0]) == LEAT_E_STALE);
        batch(w->s, m);
    }
    if (stress_random(&w->random) % 2)
        HOLDS(w->s, leat_magazine_flush(m) == 0);
    HOLDS(w->s, leat_magazine_destroy(m) == 0);
}

static void *work(void *arg)
{
    struct worker *w = arg;

    while (stress_goes_on(w->s))
        one_life(w);
    return NULL;
}

int main(void)
{
    struct worker w[THREADS];
    pthread_t thread[THREADS];
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){.limit_pages = 4096,
                                          .threads = THREADS + 1,
                                          .magazine = 16,
                                          .zero = LEAT_ZERO_NEVER},
                1500);
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){&s, i};
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_join(thread, THREADS);
    stress_close(&s, "explicit magazines made and destroyed beside each other");
    return 0;
}
