/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_WORKLOAD_H
#define LEAT_BENCH_WORKLOAD_H

/*
 * The loops, the same for every peer, whose calls are inlined into them.
 *
 * A peer says what it keeps of a page (PEER_ITEM), and defines struct peer and
 * the functions below. Puts give 0, or an error.
 *
 * (variant) is a constant in every loop, so that a peer with two ways has two
 * loops. Every get is checked and its address goes through a barrier; the
 * errors of puts are summed up, and held to be none at the end.
 */

#include "bench.h"

/* peer_open(): the pages lie in huge ones; they have been touched. */
#define PEER_HUGE    1u
#define PEER_TOUCHED 2u

static void peer_open(int variant, size_t pages, unsigned flags);
static void peer_enter(struct peer *p); /* a thread begins */
static void peer_leave(struct peer *p); /* and ends        */
BENCH_INLINE bool peer_get(struct peer *p, PEER_ITEM *out, const int variant);
BENCH_INLINE int peer_put(struct peer *p, PEER_ITEM item, const int variant);
BENCH_INLINE bool peer_get_bulk(struct peer *p, PEER_ITEM *out, size_t n,
                                const int variant);
BENCH_INLINE int peer_put_bulk(struct peer *p, PEER_ITEM *items, size_t n,
                               const int variant);
BENCH_INLINE void *peer_addr(PEER_ITEM item);

#define WORK_BULK      32
#define WORK_BATCH     256
#define WORK_BATCH_MAX 4096u
#define WORK_LIVE      (1u << 20)
#define WORK_RSS       65536

/* The bench's own; no peer pays for it. */
static PEER_ITEM work_live[WORK_LIVE + 8192];

BENCH_INLINE void work_get(struct peer *p, PEER_ITEM *out, const int variant)
{
    if (__builtin_expect(!peer_get(p, out, variant), 0))
        bench_die("a get failed");
    BENCH_USE(peer_addr(*out));
}

/* The end of a loop: the time it took, if all puts went well. */
BENCH_INLINE uint64_t work_end(uint64_t from, int bad)
{
    uint64_t ns = bench_now() - from;

    if (bad)
        bench_die("a put failed");
    return ns;
}

BENCH_INLINE uint64_t work_lifo(struct peer *p, uint64_t n, const int variant)
{
    uint64_t from = bench_now(), i;
    int bad = 0;

    for (i = 0; i < n; i++) {
        PEER_ITEM item;

        work_get(p, &item, variant);
        bad |= peer_put(p, item, variant);
    }
    return work_end(from, bad);
}

BENCH_INLINE uint64_t work_bulk32(struct peer *p, uint64_t n, const int variant)
{
    uint64_t from = bench_now(), i;
    int bad = 0, j;

    for (i = 0; i < n; i++) {
        if (!peer_get_bulk(p, work_live, WORK_BULK, variant))
            bench_die("a bulk get failed");
        for (j = 0; j < WORK_BULK; j++)
            BENCH_USE(peer_addr(work_live[j]));
        bad |= peer_put_bulk(p, work_live, WORK_BULK, variant);
    }
    return work_end(from, bad);
}

BENCH_INLINE uint64_t work_batch256(struct peer *p, uint64_t n,
                                    const int variant)
{
    PEER_ITEM items[WORK_BATCH];
    uint64_t from = bench_now(), i;
    int bad = 0, j;

    for (i = 0; i < n; i++) {
        for (j = 0; j < WORK_BATCH; j++)
            work_get(p, &items[j], variant);
        for (j = 0; j < WORK_BATCH; j++)
            bad |= peer_put(p, items[j], variant);
    }
    return work_end(from, bad);
}

/* As many as are asked for, for the loops that want them live: not timed. */
BENCH_INLINE uint64_t work_fill(struct peer *p, uint64_t n, const int variant)
{
    uint64_t i;

    for (i = 0; i < n; i++)
        work_get(p, &work_live[i], variant);
    return 0;
}

/* Of (live) pages one, at random, goes and is got anew (trap 5). */
BENCH_INLINE uint64_t work_random(struct peer *p, uint64_t n, size_t live,
                                  bool touch, const int variant)
{
    static uint32_t seed = 1;
    uint64_t from = bench_now(), i;
    uint32_t r = seed; /* in a register: no peer waits for it */
    int bad = 0;

    for (i = 0; i < n; i++) {
        PEER_ITEM *item;

        r = r * 1664525u + 1013904223u;
        item = &work_live[(r >> 8) & (live - 1)];
        bad |= peer_put(p, *item, variant);
        work_get(p, item, variant);
        if (touch)
            *(volatile unsigned char *)peer_addr(*item) = 1;
    }
    seed = r;
    return work_end(from, bad);
}

BENCH_INLINE uint64_t work_random4096(struct peer *p, uint64_t n,
                                      const int variant)
{
    return work_random(p, n, 4096, false, variant);
}

BENCH_INLINE uint64_t work_random32768u(struct peer *p, uint64_t n,
                                        const int variant)
{
    return work_random(p, n, 32768, false, variant);
}

BENCH_INLINE uint64_t work_random32768(struct peer *p, uint64_t n,
                                       const int variant)
{
    return work_random(p, n, 32768, true, variant);
}

BENCH_INLINE uint64_t work_random1m(struct peer *p, uint64_t n,
                                    const int variant)
{
    return work_random(p, n, 1u << 20, false, variant);
}

/* Batches of any size: with --batch. */
BENCH_INLINE uint64_t work_batch(struct peer *p, uint64_t n, const int variant)
{
    static PEER_ITEM items[WORK_BATCH_MAX];
    uint64_t from = bench_now(), i, j, batch = bench_param;
    int bad = 0;

    if (batch > WORK_BATCH_MAX)
        bench_die("a batch is too large");
    for (i = 0; i < n; i++) {
        for (j = 0; j < batch; j++)
            work_get(p, &items[j], variant);
        for (j = 0; j < batch; j++)
            bad |= peer_put(p, items[j], variant);
    }
    return work_end(from, bad);
}

/* Pages that nobody had before, each written to. Once only: n is what is. */
BENCH_INLINE uint64_t work_fresh(struct peer *p, uint64_t n, const int variant)
{
    uint64_t from = bench_now(), i;

    for (i = 0; i < n; i++) {
        work_get(p, &work_live[i], variant);
        *(volatile unsigned char *)peer_addr(work_live[i]) = 1;
    }
    return bench_now() - from;
}

/* ---------------------------------------------------------- what runs them */

static struct peer work_peer; /* of the main thread */

static void work_run(const struct bench *b)
{
    const struct bench_case *c = b->what;
    double per = c->per ? (double)c->per : (double)bench_param;

    cpu_pin(0);
    peer_open(c->variant, c->pages, c->flags);
    peer_enter(&work_peer);
    if (c->live)
        c->fill(&work_peer, c->live);
    bench_report(b, "ns", bench_measure(b, c->work, &work_peer) / per);
}

__attribute__((unused)) static void work_run_fresh(const struct bench *b)
{
    const struct bench_case *c = b->what;
    uint64_t n = c->pages;

    cpu_pin(0);
    peer_open(c->variant, n, c->flags);
    peer_enter(&work_peer);
    __builtin_memset(work_live, 1, n * sizeof *work_live);
    bench_report(b, "ns", (double)c->work(&work_peer, n) / (double)n);
}

__attribute__((unused)) static void work_run_rss(const struct bench *b)
{
    const struct bench_case *c = b->what;
    uint64_t n = c->pages, before, after;

    cpu_pin(0);
    __builtin_memset(work_live, 1, n * sizeof *work_live);
    bench_resident(); /* has what it needs for itself */
    before = bench_resident();
    peer_open(c->variant, n, c->flags);
    peer_enter(&work_peer);
    c->work(&work_peer, n);
    after = bench_resident();
    bench_report(b, "x", (double)(after - before) / (double)(n * BENCH_PAGE));
}

/* ------------------------------------------------------- a peer's own table */

#define WORK_TOUCHED (PEER_HUGE | PEER_TOUCHED)

/* Names the loops of one variant: work_lifo_LABEL() and so on. */
#define WORK_LOOP(loop, label, variant)                            \
    __attribute__((unused)) static uint64_t work_##loop##_##label( \
        struct peer *p, uint64_t n)                                \
    {                                                              \
        return work_##loop(p, n, variant);                         \
    }

#define WORK_LOOPS(label, variant)          \
    WORK_LOOP(lifo, label, variant)         \
    WORK_LOOP(bulk32, label, variant)       \
    WORK_LOOP(batch256, label, variant)     \
    WORK_LOOP(random4096, label, variant)   \
    WORK_LOOP(random32768, label, variant)  \
    WORK_LOOP(random32768u, label, variant) \
    WORK_LOOP(random1m, label, variant)     \
    WORK_LOOP(batch, label, variant)        \
    WORK_LOOP(fill, label, variant)         \
    WORK_LOOP(fresh, label, variant)

/* clang-format off */
#define WORK_CASE(loop, label, variant_, pages_, per_)                          \
    {                                                                          \
        .name = #loop, .variant = variant_, .pages = pages_,                    \
        .flags = WORK_TOUCHED, .per = per_, .work = work_##loop##_##label,     \
        .run = work_run                                                        \
    }

/* (loop), beside so many that are live. */
#define WORK_LIVE_CASE(name_, loop, label, variant_, pages_, flags_, live_)     \
    {                                                                          \
        .name = name_, .variant = variant_, .pages = pages_, .flags = flags_,   \
        .per = 1, .work = work_##loop##_##label, .live = live_,                \
        .fill = work_fill_##label, .run = work_run                             \
    }

/* The cases of one thread that every peer has. */
#define WORK_CASES(label, variant_)                                             \
    WORK_CASE(lifo, label, variant_, 8191, 1),                                  \
    WORK_CASE(bulk32, label, variant_, 8191, WORK_BULK),                        \
    WORK_CASE(batch256, label, variant_, 8191, WORK_BATCH),                     \
    {                                                                          \
        .name = "batch", .variant = variant_, .pages = 8191,                    \
        .flags = WORK_TOUCHED, .work = work_batch_##label, .run = work_run,    \
        .numbers = BENCH_MUST                                                       \
    },                                                                         \
    WORK_LIVE_CASE("random4096", random4096, label, variant_, 16383,            \
                   WORK_TOUCHED, 4096),                                        \
    WORK_LIVE_CASE("random32768", random32768, label, variant_, 65535,          \
                   WORK_TOUCHED, 32768)

/* Of a peer that writes nothing into its pages: they are not in memory. */
#define WORK_CASES_UNTOUCHED(label, variant_)                                   \
    WORK_LIVE_CASE("random32768u", random32768u, label, variant_, 65535, 0,     \
                   32768),                                                     \
    WORK_LIVE_CASE("live4096", lifo, label, variant_, 16383, 0, 4096),          \
    WORK_LIVE_CASE("live1m", lifo, label, variant_, (1u << 20) + 8191, 0,       \
                   1u << 20),                                                  \
    WORK_LIVE_CASE("random1m", random1m, label, variant_, (1u << 20) + 8191, 0, \
                   1u << 20)

/* Those of an allocator that makes its pages as they are asked for. */
#define WORK_CASES_FRESH(label, variant_)                                       \
    {                                                                          \
        .name = "fresh4k", .variant = variant_, .pages = 16384, .per = 1,       \
        .work = work_fresh_##label, .run = work_run_fresh                      \
    },                                                                         \
    {                                                                          \
        .name = "rss", .variant = variant_, .pages = WORK_RSS, .per = 1,        \
        .work = work_fresh_##label, .run = work_run_rss                        \
    }

/* Of one that can have them in transparent huge pages. */
#define WORK_CASES_THP(label, variant_)                                         \
    {                                                                          \
        .name = "fresh", .variant = variant_, .pages = 16384,                   \
        .flags = PEER_HUGE, .per = 1, .work = work_fresh_##label,              \
        .run = work_run_fresh                                                  \
    }
/* clang-format on */

#endif
