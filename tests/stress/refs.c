/* SPDX-License-Identifier: ISC */

/*
 * Many threads take, slice and drop refs of the same chunks, and the handle is
 * put while they do: the last of them gives the chunk back, once.
 */

#include "stress.h"

enum {
    THREADS = 4,
    REFS = 8
};

struct shared {
    struct stress *s;
    pthread_barrier_t start, end;
    struct leat_ref root[THREADS]; /* one for each thread */
    struct leat_chunk c;
    uint64_t mark;
    bool over;
};

struct worker {
    struct shared *sh;
    size_t self;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct shared *sh = w->sh;

    while (pthread_barrier_wait(&sh->start), !sh->over) {
        struct leat_ref ref[REFS] = {{{0}, {0}}}, moved = {{0}, {0}};
        struct leat_ref *root = &sh->root[w->self];

        for (size_t i = 0; i < REFS; i++)
            HOLDS(sh->s, leat_ref_slice(root, i * 8, 8, &ref[i]) == 0);
        HOLDS(sh->s, !memcmp(leat_ref_view(&ref[0]).data, &sh->mark, 8));
        if (w->self == 0)
            HOLDS(sh->s, leat_pool_put(sh->s->pool, sh->c) == 0);
        HOLDS(sh->s, leat_ref_drop(root) == 0);
        HOLDS(sh->s, leat_ref_move(&ref[3], &moved) == 0);
        for (size_t i = 0; i < REFS; i++)
            HOLDS(sh->s, leat_ref_drop(&ref[i]) == (i == 3 ? LEAT_E_STALE : 0));
        HOLDS(sh->s, !memcmp(leat_ref_view(&moved).data - 24, &sh->mark, 8));
        HOLDS(sh->s, leat_ref_drop(&moved) == 0);
        pthread_barrier_wait(&sh->end);
    }
    return NULL;
}

int main(void)
{
    struct worker w[THREADS];
    pthread_t thread[THREADS];
    struct shared sh = {0};
    struct leat_stats stats;
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){
                    .limit_pages = 1024, .threads = THREADS + 1, .magazine = 4},
                1500);
    sh.s = &s;
    pthread_barrier_init(&sh.start, NULL, THREADS + 1);
    pthread_barrier_init(&sh.end, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){&sh, i};
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    for (uint64_t i = 0; stress_goes_on(&s); i++) {
        HOLDS(&s, leat_pool_get(s.pool, 1 + i % 3, &sh.c) == 0);
        sh.mark = stress_mark(&s, sh.c);
        for (size_t k = 0; k < THREADS; k++)
            HOLDS(&s,
                  leat_ref_take(sh.c, leat_chunk_view(sh.c), &sh.root[k]) == 0);
        pthread_barrier_wait(&sh.start);
        pthread_barrier_wait(&sh.end);
        HOLDS(&s, leat_chunk_check(sh.c) < 0);
        HOLDS(&s, leat_pool_stats(s.pool, &stats) == 0);
        HOLDS(&s, stats.pages_out == 0 && stats.puts == stats.gets);
    }
    sh.over = true;
    pthread_barrier_wait(&sh.start);
    stress_join(thread, THREADS);
    stress_close(&s, "refs of one chunk dropped by many threads");
    return 0;
}
