/* SPDX-License-Identifier: ISC */

/*
 * Bulks of eight-byte handles go round between threads, each with a magazine of
 * its own, while another counts what is out. Each page carries its owner's mark.
 */

#include "stress.h"

enum {
    THREADS = 3,
    SLOTS = 16,
    BULK = 48
};

struct parcel {
    struct leat_page pages[BULK];
    size_t n;
    uint64_t mark;
};

struct queue {
    pthread_mutex_t lock;
    struct parcel parcel[SLOTS];
    size_t head, tail; /* (l) */
};

struct worker {
    struct stress *s;
    struct queue *in, *out;
    uint64_t random;
    struct leat_magazine *m;
};

static bool push(struct queue *q, const struct parcel *p)
{
    bool room;

    pthread_mutex_lock(&q->lock);
    room = q->tail - q->head < SLOTS;
    if (room)
        q->parcel[q->tail++ % SLOTS] = *p;
    pthread_mutex_unlock(&q->lock);
    return room;
}

static bool pop(struct queue *q, struct parcel *p)
{
    bool some;

    pthread_mutex_lock(&q->lock);
    some = q->tail != q->head;
    if (some)
        *p = q->parcel[q->head++ % SLOTS];
    pthread_mutex_unlock(&q->lock);
    return some;
}

static void make(struct worker *w, struct parcel *p)
{
    p->n = 1 + stress_random(&w->random) % BULK;
    p->mark = __atomic_add_fetch(&w->s->mark, 1, __ATOMIC_RELAXED);
    HOLDS(w->s, leat_page_get_bulk(w->m, p->pages, p->n) == 0);
    for (size_t i = 0; i < p->n; i++)
        memcpy(leat_page_addr(w->m, p->pages[i]), &p->mark, sizeof(p->mark));
}

static void take_apart(struct worker *w, const struct parcel *p)
{
    size_t done = 0;

    for (size_t i = 0; i < p->n; i++)
        HOLDS(w->s, !memcmp(leat_page_addr(w->m, p->pages[i]), &p->mark,
                            sizeof(p->mark)));
    HOLDS(w->s, leat_page_put_bulk(w->m, p->pages, p->n, &done) == 0);
    HOLDS(w->s, done == p->n);
    /* Another may have them by now: they are stale for this one. */
    HOLDS(w->s, leat_page_put(w->m, p->pages[p->n / 2]) == LEAT_E_STALE);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct parcel p;

    HOLDS(w->s, leat_magazine_create(w->s->pool, &w->m) == 0);
    while (stress_goes_on(w->s))
        for (int i = 0; i < 100; i++) {
            make(w, &p);
            if (!push(w->out, &p))
                take_apart(w, &p);
            if (pop(w->in, &p))
                take_apart(w, &p);
        }
    HOLDS(w->s, leat_magazine_destroy(w->m) == 0);
    return NULL;
}

static void *look(void *arg)
{
    struct stress *s = arg;
    struct leat_stats stats;
    uint64_t out;

    while (stress_goes_on(s)) {
        out = 0;
        HOLDS(s, leat_pool_each_out(s->pool, stress_count, &out) == 0);
        HOLDS(s, out <= (THREADS * (SLOTS + 2)) * (uint64_t)BULK);
        HOLDS(s, leat_pool_stats(s->pool, &stats) == 0);
        HOLDS(s, stats.gets >= stats.puts);
    }
    return NULL;
}

int main(void)
{
    static struct queue queue[THREADS];
    struct worker w[THREADS];
    pthread_t thread[THREADS], looker;
    struct parcel p;
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){.limit_pages = 8192,
                                          .zero = LEAT_ZERO_NEVER,
                                          .threads = THREADS + 1,
                                          .magazine = 64},
                1000);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_mutex_init(&queue[i].lock, NULL);
        w[i] =
            (struct worker){&s, &queue[i], &queue[(i + 1) % THREADS], i, NULL};
    }
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_start(&looker, 1, look, &s, 0);
    stress_join(thread, THREADS);
    stress_join(&looker, 1);
    HOLDS(&s, leat_magazine_create(s.pool, &w[0].m) == 0);
    for (size_t i = 0; i < THREADS; i++)
        while (pop(&queue[i], &p))
            take_apart(&w[0], &p);
    HOLDS(&s, leat_magazine_destroy(w[0].m) == 0);
    stress_close(&s, "bulks of pages got on one thread and put on another");
    return 0;
}
