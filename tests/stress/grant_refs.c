/* SPDX-License-Identifier: ISC */

/*
 * Threads that wait for references, cancel, and put them, each wanting up to all
 * of them: no reference has two owners, and everyone is served in the end.
 */

#include <sched.h>

#include "grant/plain.h"
#include "stress.h"

enum {
    THREADS = 4,
    REFS = 16
};

struct worker {
    struct stress *s;
    struct leat_grants *t;
    unsigned *owners;
    uint64_t random, served, cancelled, got;
    uint32_t refs[REFS];
    int ready; /* (a) */
};

static void served(void *arg, uint32_t *refs, size_t n)
{
    struct worker *w = arg;

    HOLDS(w->s, refs == w->refs && n > 0);
    __atomic_store_n(&w->ready, 1, __ATOMIC_RELEASE);
}

/* Owns them for a moment: nobody else does. */
static void own(struct worker *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        HOLDS(w->s, w->refs[i] >= LEAT_GRANT_RESERVED &&
                        w->refs[i] < LEAT_GRANT_RESERVED + REFS);
        HOLDS(w->s, __atomic_exchange_n(&w->owners[w->refs[i]], 1,
                                        __ATOMIC_ACQ_REL) == 0);
    }
    for (size_t i = 0; i < n; i++)
        __atomic_store_n(&w->owners[w->refs[i]], 0, __ATOMIC_RELEASE);
    HOLDS(w->s, leat_grant_refs_put(w->t, w->refs, n) == 0);
}

static void *work(void *arg)
{
    struct leat_refs_waiter waiter = {0};
    struct worker *w = arg;

    while (stress_goes_on(w->s)) {
        size_t n = 1 + stress_random(&w->random) % REFS;
        bool impatient = stress_random(&w->random) % 4 == 0;

        if (stress_random(&w->random) % 4 == 0) {
            if (!leat_grant_refs_get(w->t, w->refs, n)) {
                w->got++;
                own(w, n);
            }
            continue;
        }
        __atomic_store_n(&w->ready, 0, __ATOMIC_RELAXED);
        HOLDS(w->s,
              leat_grant_refs_wait(w->t, &waiter, w->refs, n, served, w) == 0);
        if (impatient && !leat_grant_refs_cancel(w->t, &waiter)) {
            w->cancelled++;
            continue;
        }
        while (!__atomic_load_n(&w->ready, __ATOMIC_ACQUIRE))
            sched_yield();
        w->served++;
        own(w, n);
    }
    return NULL;
}

int main(void)
{
    static struct plain_world world;
    static unsigned owners[LEAT_GRANT_RESERVED + REFS];
    struct plain_domain *d = &world.domain[0];
    struct leat_grants_stats stats;
    struct worker w[THREADS];
    pthread_t thread[THREADS];
    uint64_t served_all = 0, cancelled = 0;
    struct stress s;

    plain_world_open(&world);
    plain_open(
        d, (struct leat_grants_config){.refs_max = LEAT_GRANT_RESERVED + REFS},
        (struct leat_pool_config){0});
    memset(&s, 0, sizeof(s));
    alarm(60);
    s.end_ns = stress_ns() + 1000 * (uint64_t)1000000;
    for (size_t i = 0; i < THREADS; i++)
        w[i] = (struct worker){
            .s = &s, .t = d->table, .owners = owners, .random = i};
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_join(thread, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        HOLDS(&s, w[i].served > 0);
        served_all += w[i].served;
        cancelled += w[i].cancelled;
    }
    HOLDS(&s, leat_grants_stats(d->table, &stats) == 0);
    HOLDS(&s, stats.served == served_all && stats.waiting == 0);
    HOLDS(&s, stats.waits == served_all + cancelled);
    HOLDS(&s, stats.refs_free == REFS);
    plain_close(d);
    plain_world_close(&world);
    alarm(0);
    printf("1..1\n%sok 1 - waiters for references\n", s.failed ? "not " : "");
    return 0;
}
