/* SPDX-License-Identifier: ISC */

/*
 * Many threads want more than a tiny pool has: each stands in line, is served,
 * and comes again. All of them finish, and wishes are granted in the order in
 * which they were made.
 *
 *     waiters [--rounds N]
 */

#include "stress.h"

#include <semaphore.h>

enum {
    THREADS = 8,
    PAGES = 4,
    ROUNDS = 1500
};

struct shared {
    struct stress *s;
    pthread_mutex_t lock; /* holds the line and (tickets) together */
    uint64_t tickets;     /* (l) wishes made                       */
    uint64_t granted[THREADS * ROUNDS + 1]; /* by ticket: its order */
    uint64_t order; /* (a) chunks that were seen             */
    int rounds;     /* (c) of each thread, at most ROUNDS    */
};

struct worker {
    struct shared *sh;
    uint64_t random, ticket;
    struct leat_waiter w;
    struct leat_chunk c;
    sem_t served;
};

static void served(void *arg, struct leat_chunk c)
{
    struct worker *w = arg;

    w->c = c;
    sem_post(&w->served);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct shared *sh = w->sh;

    for (int i = 0; i < sh->rounds; i++) {
        size_t pages = 1 + stress_random(&w->random) % PAGES;
        struct leat_chunk c;
        uint64_t mark;
        int err;

        pthread_mutex_lock(&sh->lock);
        w->ticket = ++sh->tickets;
        err = leat_pool_wait(sh->s->pool, &w->w, pages, served, w);
        pthread_mutex_unlock(&sh->lock);
        HOLDS(sh->s, err == 0);
        sem_wait(&w->served);
        HOLDS(sh->s, leat_chunk_view(w->c).len == pages * PAGE);
        sh->granted[w->ticket] =
            __atomic_add_fetch(&sh->order, 1, __ATOMIC_SEQ_CST);
        mark = stress_mark(sh->s, w->c);
        if (i % 16 == 0)
            sched_yield();
        HOLDS(sh->s, stress_marked(w->c, mark));
        HOLDS(sh->s, leat_pool_put(sh->s->pool, w->c) == 0);
        err = leat_pool_get(sh->s->pool, 1, &c);
        HOLDS(sh->s, err == 0 || err == LEAT_E_BUSY || err == LEAT_E_LIMIT);
        if (!err)
            HOLDS(sh->s, leat_pool_put(sh->s->pool, c) == 0);
    }
    return NULL;
}

/*
 * Who is seen with a chunk is preceded by all who asked before, but for those
 * who were granted theirs and have not run yet: each of these has a page.
 */
static void order(struct shared *sh)
{
    for (uint64_t t = 1; t <= sh->tickets; t++)
        HOLDS(sh->s, sh->granted[t] + PAGES > t);
}

int main(int argc, char **argv)
{
    static struct worker w[THREADS];
    static struct shared sh;
    pthread_t thread[THREADS];
    struct leat_stats stats;
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){.limit_pages = PAGES,
                                          .flags = LEAT_POOL_EXACT},
                0);
    sh.s = &s;
    sh.rounds =
        argc == 3 && !strcmp(argv[1], "--rounds") ? atoi(argv[2]) : ROUNDS;
    HOLDS(&s, sh.rounds > 0 && sh.rounds <= ROUNDS);
    pthread_mutex_init(&sh.lock, NULL);
    for (size_t i = 0; i < THREADS; i++) {
        w[i].sh = &sh;
        w[i].random = i;
        sem_init(&w[i].served, 0, 0);
    }
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_join(thread, THREADS);
    HOLDS(&s, sh.tickets == (uint64_t)THREADS * (uint64_t)sh.rounds &&
                  sh.order == sh.tickets);
    order(&sh);
    HOLDS(&s, leat_pool_stats(s.pool, &stats) == 0);
    HOLDS(&s, stats.waits >= stats.served);
    stress_close(&s, "everybody in line is served, in order");
    return 0;
}
