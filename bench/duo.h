/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_DUO_H
#define LEAT_BENCH_DUO_H

/*
 * The loops of two threads, each pinned to a processor of its own: side by
 * side, and one that gets what the other puts.
 *
 * The pages go from one to the other through a small ring for one producer and
 * one consumer, which is the bench's own and the same for every peer. Each side
 * remembers where it last saw the other, and looks again only when that is used
 * up; 32 pages are made visible at once.
 */

#include <pthread.h>
#include <time.h>

#include "workload.h"

#define DUO_SLOTS 1024u

/* What a slot of the ring holds: a peer's item, or less if that will do. */
#ifndef PEER_SLOT
#define PEER_SLOT            PEER_ITEM
#define PEER_TO_SLOT(item)   (item)
#define PEER_FROM_SLOT(slot) (slot)
#endif

/* A line of the cache, and the one that is fetched along with it. */
#define DUO_ALIGN _Alignas(128)

static struct {
    DUO_ALIGN uint64_t head; /* (a) by the producer */
    uint64_t tail_seen;
    DUO_ALIGN uint64_t tail; /* (a) by the consumer */
    uint64_t head_seen;
    DUO_ALIGN unsigned met; /* (a) how often a thread came to a meeting */
    const struct bench_case *what;
    uint64_t n;  /* of the next round; 0: there is none */
    uint64_t ns; /* of the second thread, in the last round */
    DUO_ALIGN PEER_SLOT slots[DUO_SLOTS];
} duo;

static inline void duo_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Both threads leave here together. */
static void duo_meet(void)
{
    unsigned last = __atomic_add_fetch(&duo.met, 1, __ATOMIC_ACQ_REL);

    while (__atomic_load_n(&duo.met, __ATOMIC_ACQUIRE) < last + (last & 1))
        duo_relax();
}

static void *duo_second(void *unused)
{
    struct peer p;

    (void)unused;
    cpu_pin(1);
    __builtin_memset(&p, 0, sizeof p);
    peer_enter(&p);
    for (duo_meet(); duo.n; duo_meet()) {
        duo.ns = duo.what->other(&p, duo.n);
        duo_meet();
    }
    peer_leave(&p);
    return NULL;
}

/* One round of both; the time is that of who needed longer. */
static uint64_t duo_both(struct peer *p, uint64_t n)
{
    uint64_t ns;

    duo.n = n;
    duo_meet();
    ns = duo.what->work(p, n);
    duo_meet();
    return ns > duo.ns ? ns : duo.ns;
}

/* Gives nanoseconds per repetition, with both threads at work. */
static double duo_measure(const struct bench *b)
{
    pthread_t thread;
    double ns;

    if (cpu_nth(0) == cpu_nth(1))
        bench_die("two threads need two processors");
    duo.what = b->what;
    if (pthread_create(&thread, NULL, duo_second, NULL))
        bench_die("no second thread");
    ns = bench_measure(b, duo_both, &work_peer);
    duo.n = 0;
    duo_meet();
    pthread_join(thread, NULL);
    return ns;
}

static void duo_run_threads(const struct bench *b)
{
    const struct bench_case *c = b->what;
    double one, two, pages = (double)c->per;

    cpu_pin(0);
    peer_open(c->variant, c->pages, c->flags);
    peer_enter(&work_peer);
    one = pages * 1000 / bench_measure(b, c->work, &work_peer);
    two = 2 * pages * 1000 / duo_measure(b);
    bench_report(b, "one", one);
    bench_report(b, "two", two);
    bench_report(b, "scaling", two / one);
    peer_leave(&work_peer);
}

__attribute__((unused)) static void duo_run_pass(const struct bench *b)
{
    const struct bench_case *c = b->what;

    cpu_pin(0);
    peer_open(c->variant, c->pages, c->flags);
    peer_enter(&work_peer);
    bench_report(b, "mpps", (double)c->per * 1000 / duo_measure(b));
    peer_leave(&work_peer);
}

/* ------------------------------------- more threads than there are processors */

#define CROWD 16u

static struct {
    const struct bench_case *what;
    pthread_barrier_t ready;
    pthread_mutex_t enter; /* one at a time: each warms up as if alone */
    DUO_ALIGN int stop;    /* (a) */
    uint64_t done[CROWD];  /* repetitions */
} crowd = {.enter = PTHREAD_MUTEX_INITIALIZER};

static void *crowd_one(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    struct peer p;
    uint64_t done = 0;

    cpu_pin(me & 1);
    __builtin_memset(&p, 0, sizeof p);
    pthread_mutex_lock(&crowd.enter);
    peer_enter(&p);
    pthread_mutex_unlock(&crowd.enter);
    pthread_barrier_wait(&crowd.ready);
    while (!__atomic_load_n(&crowd.stop, __ATOMIC_RELAXED)) {
        crowd.what->work(&p, 8);
        done += 8;
    }
    crowd.done[me] = done;
    pthread_barrier_wait(&crowd.ready);
    peer_leave(&p);
    return NULL;
}

/* Million pages per second by (n) threads; the main one sleeps meanwhile. */
static double crowd_measure(const struct bench *b, unsigned n)
{
    struct timespec time = {
        .tv_sec = (time_t)(b->ns / 1000000000u),
        .tv_nsec = (long)(b->ns % 1000000000u),
    };
    pthread_t threads[CROWD];
    uint64_t from, ns, sum = 0;
    unsigned i;

    crowd.what = b->what;
    crowd.stop = 0;
    pthread_barrier_init(&crowd.ready, NULL, n + 1);
    for (i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, crowd_one, (void *)(uintptr_t)i))
            bench_die("not enough threads");
    }
    /* None begins before this one comes, however late it is woken after. */
    from = bench_now();
    pthread_barrier_wait(&crowd.ready);
    nanosleep(&time, NULL);
    __atomic_store_n(&crowd.stop, 1, __ATOMIC_RELAXED);
    pthread_barrier_wait(&crowd.ready);
    ns = bench_now() - from;
    for (i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        sum += crowd.done[i];
    }
    pthread_barrier_destroy(&crowd.ready);
    return (double)sum * (double)b->what->per * 1000 / (double)ns;
}

__attribute__((unused)) static void duo_run_crowd(const struct bench *b)
{
    const struct bench_case *c = b->what;
    double two, all;

    if (cpu_nth(0) == cpu_nth(1))
        bench_die("two threads need two processors");
    cpu_pin(0);
    peer_open(c->variant, c->pages, c->flags);
    two = crowd_measure(b, 2);
    all = crowd_measure(b, CROWD);
    bench_report(b, "two", two);
    bench_report(b, "sixteen", all);
    bench_report(b, "kept", all / two);
}

/* ------------------------------------------------- one gets, the other puts */

BENCH_INLINE void duo_wait_room(uint64_t head, uint64_t want)
{
    while (head + want - duo.tail_seen > DUO_SLOTS) {
        duo.tail_seen = __atomic_load_n(&duo.tail, __ATOMIC_ACQUIRE);
        duo_relax();
    }
}

BENCH_INLINE void duo_wait_items(uint64_t tail, uint64_t want)
{
    while (duo.head_seen - tail < want) {
        duo.head_seen = __atomic_load_n(&duo.head, __ATOMIC_ACQUIRE);
        duo_relax();
    }
}

BENCH_INLINE uint64_t duo_give(struct peer *p, uint64_t n, const int variant)
{
    uint64_t from = bench_now(), head = duo.head, end = head + n;

    for (; head < end; head++) {
        PEER_ITEM item;

        work_get(p, &item, variant);
        duo_wait_room(head, 1);
        duo.slots[head % DUO_SLOTS] = PEER_TO_SLOT(item);
        __atomic_store_n(&duo.head, head + 1, __ATOMIC_RELEASE);
    }
    return work_end(from, 0);
}

BENCH_INLINE uint64_t duo_take(struct peer *p, uint64_t n, const int variant)
{
    uint64_t from = bench_now(), tail = duo.tail, end = tail + n;
    int bad = 0;

    for (; tail < end; tail++) {
        PEER_ITEM item;

        duo_wait_items(tail, 1);
        item = PEER_FROM_SLOT(duo.slots[tail % DUO_SLOTS]);
        __atomic_store_n(&duo.tail, tail + 1, __ATOMIC_RELEASE);
        bad |= peer_put(p, item, variant);
    }
    return work_end(from, bad);
}

/* The same in 32s, the first byte of each page written and read. */
BENCH_INLINE uint64_t duo_give32(struct peer *p, uint64_t n, const int variant)
{
    uint64_t from = bench_now(), head = duo.head, i;
    PEER_ITEM items[WORK_BULK];
    unsigned j;

    for (i = 0; i < n; i++, head += WORK_BULK) {
        if (!peer_get_bulk(p, items, WORK_BULK, variant))
            bench_die("a bulk get failed");
        duo_wait_room(head, WORK_BULK);
        for (j = 0; j < WORK_BULK; j++) {
            *(volatile unsigned char *)peer_addr(items[j]) = 1;
            duo.slots[(head + j) % DUO_SLOTS] = PEER_TO_SLOT(items[j]);
        }
        __atomic_store_n(&duo.head, head + WORK_BULK, __ATOMIC_RELEASE);
    }
    return work_end(from, 0);
}

BENCH_INLINE uint64_t duo_take32(struct peer *p, uint64_t n, const int variant)
{
    uint64_t from = bench_now(), tail = duo.tail, i;
    PEER_ITEM items[WORK_BULK];
    int bad = 0;
    unsigned j;

    for (i = 0; i < n; i++, tail += WORK_BULK) {
        duo_wait_items(tail, WORK_BULK);
        for (j = 0; j < WORK_BULK; j++) {
            items[j] = PEER_FROM_SLOT(duo.slots[(tail + j) % DUO_SLOTS]);
            bad |= *(volatile unsigned char *)peer_addr(items[j]) != 1;
        }
        __atomic_store_n(&duo.tail, tail + WORK_BULK, __ATOMIC_RELEASE);
        bad |= peer_put_bulk(p, items, WORK_BULK, variant);
    }
    return work_end(from, bad);
}

/* clang-format off */
#define DUO_LOOP(loop, label, variant)                                         \
    static uint64_t duo_##loop##_##label(struct peer *p, uint64_t n)           \
    {                                                                          \
        return duo_##loop(p, n, variant);                                      \
    }

#define DUO_LOOPS(label, variant)                                              \
    DUO_LOOP(give, label, variant)                                             \
    DUO_LOOP(take, label, variant)                                             \
    DUO_LOOP(give32, label, variant)                                           \
    DUO_LOOP(take32, label, variant)

#define DUO_THREADS(label, variant_)                                           \
    {                                                                          \
        .name = "threads", .variant = variant_, .pages = 8191,                 \
        .flags = WORK_TOUCHED, .per = WORK_BATCH,                              \
        .work = work_batch256_##label, .other = work_batch256_##label,         \
        .run = duo_run_threads                                                 \
    }

#define DUO_CASES(label, variant_)                                             \
    DUO_THREADS(label, variant_),                                              \
    {                                                                          \
        .name = "threads16", .variant = variant_, .pages = 32767,              \
        .flags = WORK_TOUCHED, .per = WORK_BATCH,                              \
        .work = work_batch256_##label, .run = duo_run_crowd                    \
    },                                                                         \
    {                                                                          \
        .name = "pass", .variant = variant_, .pages = 8191,                    \
        .flags = WORK_TOUCHED, .per = 1, .work = duo_give_##label,             \
        .other = duo_take_##label, .run = duo_run_pass                         \
    },                                                                         \
    {                                                                          \
        .name = "pass32", .variant = variant_, .pages = 8191,                  \
        .flags = WORK_TOUCHED, .per = WORK_BULK, .work = duo_give32_##label,   \
        .other = duo_take32_##label, .run = duo_run_pass                       \
    }
/* clang-format on */

#endif
