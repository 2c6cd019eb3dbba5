/* SPDX-License-Identifier: ISC */

/*
 * Chunks and refs handed from one thread to the next by a queue: got on one,
 * put on another, so that pages drift from magazine to magazine.
 */

#include "stress.h"

enum {
    THREADS = 4,
    SLOTS = 128
};

/* What one thread gives the next: its chunk, and a ref to it. */
struct parcel {
    struct leat_chunk c;
    struct leat_ref ref;
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
};

static bool push(struct queue *q, struct parcel p)
{
    bool room;

    pthread_mutex_lock(&q->lock);
    room = q->tail - q->head < SLOTS;
    if (room)
        q->parcel[q->tail++ % SLOTS] = p;
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
    size_t pages = stress_random(&w->random) % 8 ? 1 : 3;

    memset(p, 0, sizeof(*p));
    HOLDS(w->s, leat_pool_get(w->s->pool, pages, &p->c) == 0);
    p->mark = stress_mark(w->s, p->c);
    HOLDS(w->s, leat_ref_take(p->c, leat_chunk_view(p->c), &p->ref) == 0);
}

/* The handle and the ref go in either order. */
static void take_apart(struct worker *w, struct parcel *p)
{
    HOLDS(w->s, stress_marked(p->c, p->mark));
    if (stress_random(&w->random) % 2)
        HOLDS(w->s, leat_ref_drop(&p->ref) == 0);
    HOLDS(w->s, leat_pool_put(w->s->pool, p->c) == 0);
    HOLDS(w->s, leat_pool_put(w->s->pool, p->c) < 0);
    if (p->ref.chunk.pool)
        HOLDS(w->s, leat_ref_drop(&p->ref) == 0);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct parcel p;

    while (stress_goes_on(w->s))
        for (int i = 0; i < 100; i++) {
            make(w, &p);
            if (!push(w->out, p))
                take_apart(w, &p);
            for (int k = 0; k < 2 && pop(w->in, &p); k++)
                take_apart(w, &p);
        }
    return NULL;
}

int main(void)
{
    static struct queue queue[THREADS];
    struct worker w[THREADS];
    pthread_t thread[THREADS];
    struct parcel p;
    struct stress s;

    stress_open(&s,
                (struct leat_pool_config){
                    .limit_pages = 8192, .threads = THREADS + 1, .magazine = 8},
                1500);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_mutex_init(&queue[i].lock, NULL);
        w[i] = (struct worker){&s, &queue[i], &queue[(i + 1) % THREADS], i};
    }
    stress_start(thread, THREADS, work, w, sizeof(w[0]));
    stress_join(thread, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        while (pop(&queue[i], &p))
            take_apart(&w[0], &p);
    stress_close(&s, "chunks got on one thread and put on another");
    return 0;
}
