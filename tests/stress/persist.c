/* SPDX-License-Identifier: ISC */

/*
 * Threads that use blocks of a persistent pool, and wait for them, while the
 * table is suspended and resumed again and again; then a close beside them.
 */

#include <sched.h>

#include <leat/persist.h>

#include "grant/plain.h"
#include "stress.h"

enum {
    THREADS = 4,
    BLOCKS = 6
};

struct worker {
    struct stress *s;
    struct leat_persist *p;
    uint64_t random, used, refs, waited;
    struct leat_block block;
    int ready; /* (a) */
    int *go;   /* (a) */
};

static void served(void *arg, struct leat_block b)
{
    struct worker *w = arg;

    w->block = b;
    __atomic_store_n(&w->ready, 1, __ATOMIC_RELEASE);
}

/* One block's use: it is nobody else's. */
static void use(struct worker *w, struct leat_block b)
{
    struct leat_shared bytes;
    uint32_t ref, off;
    uint64_t mark = __atomic_add_fetch(&w->s->mark, 1, __ATOMIC_RELAXED), seen;
    int err;

    HOLDS(w->s, leat_block_shared(b, &bytes) == 0);
    HOLDS(w->s, leat_shared_write_u64(bytes, 8, mark) == 0);
    err = leat_block_ref(b, &ref, &off);
    /* Suspended, or another block's owner is sharing the unit again. */
    HOLDS(w->s, err == 0 || err == LEAT_E_STATE);
    w->refs += !err;
    HOLDS(w->s, leat_shared_read_u64(bytes, 8, &seen) == 0 && seen == mark);
    w->used++;
    HOLDS(w->s, leat_persist_put(b) == 0);
}

static void *work(void *arg)
{
    struct leat_block_waiter waiter = {0};
    struct worker *w = arg;

    while (__atomic_load_n(w->go, __ATOMIC_RELAXED)) {
        struct leat_block b;
        int err;

        if (stress_random(&w->random) % 2) {
            err = leat_persist_get(w->p, &b);
            HOLDS(w->s, err == 0 || err == LEAT_E_LIMIT || err == LEAT_E_BUSY ||
                            err == LEAT_E_STATE);
            if (!err)
                use(w, b);
            continue;
        }
        __atomic_store_n(&w->ready, 0, __ATOMIC_RELAXED);
        err = leat_persist_wait(w->p, &waiter, served, w);
        HOLDS(w->s, err == 0 || err == LEAT_E_STATE);
        if (err)
            continue;
        while (!__atomic_load_n(&w->ready, __ATOMIC_ACQUIRE)) {
            /* While suspended there may be no unit to wait for. */
            if (!leat_persist_cancel(w->p, &waiter))
                break;
            sched_yield();
        }
        if (__atomic_load_n(&w->ready, __ATOMIC_ACQUIRE)) {
            w->waited++;
            use(w, w->block);
        }
    }
    return NULL;
}

static void closed(void *arg, size_t held)
{
    *(size_t *)arg = 100 + held;
}

int main(void)
{
    static struct plain_world world;
    struct plain_domain *d = &world.domain[0];
    struct leat_persist_config config = {
        .domain = 2, .units_max = BLOCKS / 2, .unit_pages = 1, .halves = true};
    struct leat_lifecycle life;
    struct leat_grants_stats stats;
    struct worker w[THREADS];
    pthread_t thread[THREADS];
    uint64_t resumes = 0, refused = 0, used = 0;
    const char *broken;
    size_t end = 0;
    struct stress s;
    int go = 1;

    leat_lifecycle_init(&life);
    plain_world_open(&world);
    plain_open(d, (struct leat_grants_config){.lifecycle = &life},
               (struct leat_pool_config){0});
    config.grants = d->table;
    config.pool = d->pool;
    leat_persist_meta_size(&config, &config.meta_bytes);
    config.meta = malloc(config.meta_bytes);
    memset(&s, 0, sizeof(s));
    alarm(60);
    s.end_ns = stress_ns() + 1000 * (uint64_t)1000000;
    for (size_t i = 0; i < THREADS; i++) {
        w[i] = (struct worker){.s = &s, .random = i, .go = &go};
        if (!i)
            HOLDS(&s, leat_persist_create(&w[0].p, &config) == 0);
        w[i].p = w[0].p;
    }
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    while (stress_goes_on(&s)) {
        if (leat_lifecycle_suspend(&life, NULL)) {
            refused++; /* somebody was sharing */
            continue;
        }
        sched_yield();
        HOLDS(&s,
              leat_lifecycle_resume(&life, resumes++ % 2 ? LEAT_CANCELLED
                                                         : LEAT_RESUMED) == 0);
        for (unsigned i = 0; i < 20; i++)
            sched_yield();
    }
    __atomic_store_n(&go, 0, __ATOMIC_RELAXED);
    stress_join(thread, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        used += w[i].used;
    broken = leat_persist_check(w[0].p);
    HOLDS(&s, !broken);
    HOLDS(&s, leat_persist_close(w[0].p, closed, &end) == 0);
    HOLDS(&s, end == 100);
    HOLDS(&s, leat_grants_stats(d->table, &stats) == 0);
    HOLDS(&s, stats.refs_free == stats.refs && stats.quarantined == 0);
    HOLDS(&s, resumes > 0 && used > 0);
    printf("# %ju uses, %ju resumes, %ju suspends refused\n", (uintmax_t)used,
           (uintmax_t)resumes, (uintmax_t)refused);
    plain_close(d);
    plain_world_close(&world);
    free(config.meta);
    alarm(0);
    printf("1..1\n%sok 1 - blocks beside suspend and resume\n",
           s.failed ? "not " : "");
    return 0;
}
