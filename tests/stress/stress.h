/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_STRESS_H
#define LEAT_TESTS_STRESS_H

/*
 * Threads that work on pools for a bounded time, and what must be true when
 * they are done. Each page that is out carries its owner's mark at both ends, so
 * that a page with two owners is seen by one of them.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <leat/leat.h>

#define PAGE     LEAT_PAGE_SIZE
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct stress {
    struct leat_pool *pool;
    struct leat_mmap mmap;
    uint64_t end_ns;
    int failed;    /* (a) how often something was not as it must be */
    uint64_t mark; /* (a) the last mark that was given              */
};

static inline uint64_t stress_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#define HOLDS(s, cond)                                                         \
    do {                                                                       \
        if (!(cond) && !__atomic_fetch_add(&(s)->failed, 1, __ATOMIC_RELAXED)) \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #cond);        \
    } while (0)

/* Opens a pool of mmap; the threads work for (ms). It hangs for no longer than
 * a minute, whatever happens. */
static inline void stress_open(struct stress *s, struct leat_pool_config config,
                               unsigned ms)
{
    memset(s, 0, sizeof(*s));
    alarm(60);
    HOLDS(s, leat_mmap_init(&s->mmap) == 0);
    config.backend = leat_mmap(&s->mmap);
    HOLDS(s, leat_pool_create(&s->pool, &config) == 0);
    s->end_ns = stress_ns() + ms * (uint64_t)1000000;
}

static inline bool stress_goes_on(const struct stress *s)
{
    return stress_ns() < s->end_ns;
}

static inline int stress_count(void *arg, const struct leat_out *out)
{
    (void)out;
    ++*(uint64_t *)arg;
    return 0;
}

/* Nobody works any more: the pool is sound, empty, and goes. */
static inline void stress_close(struct stress *s, const char *text)
{
    const char *broken = leat_pool_check(s->pool);
    struct leat_stats stats;
    uint64_t out = 0;

    if (broken)
        printf("# %s\n", broken);
    HOLDS(s, !broken);
    HOLDS(s, leat_pool_stats(s->pool, &stats) == 0);
    HOLDS(s, stats.pages_slabs == stats.pages_free + stats.pages_depot +
                                      stats.pages_magazines + stats.pages_out);
    HOLDS(s, leat_pool_each_out(s->pool, stress_count, &out) == 0);
    HOLDS(s, out == 0 && stats.pages_out == 0 && stats.waiting == 0);
    HOLDS(s, stats.gets == stats.puts && stats.gets > 0);
    HOLDS(s, leat_pool_destroy(s->pool) == 0);
    alarm(0);
    printf("1..1\n%sok 1 - %s\n", s->failed ? "not " : "", text);
}

/* Marks all pages of (c) as one owner's; tells whether they are still. */
static inline uint64_t stress_mark(struct stress *s, struct leat_chunk c)
{
    struct leat_view v = leat_chunk_view(c);
    uint64_t mark = __atomic_add_fetch(&s->mark, 1, __ATOMIC_RELAXED);

    HOLDS(s, v.data && v.len >= PAGE);
    for (size_t at = 0; at < v.len; at += PAGE) {
        memcpy(v.data + at, &mark, sizeof(mark));
        memcpy(v.data + at + PAGE - sizeof(mark), &mark, sizeof(mark));
    }
    return mark;
}

static inline bool stress_marked(struct leat_chunk c, uint64_t mark)
{
    struct leat_view v = leat_chunk_view(c);
    bool same = v.data != NULL;

    for (size_t at = 0; at < v.len; at += PAGE)
        same &= !memcmp(v.data + at, &mark, sizeof(mark)) &&
                !memcmp(v.data + at + PAGE - sizeof(mark), &mark, sizeof(mark));
    return same;
}

/* Starts (n) threads of (fn), each with its own of the (size) bytes at (arg). */
static inline void stress_start(pthread_t *thread, size_t n,
                                void *(*fn)(void *arg), void *arg, size_t size)
{
    for (size_t i = 0; i < n; i++)
        if (pthread_create(&thread[i], NULL, fn, (char *)arg + i * size))
            abort();
}

static inline void stress_join(pthread_t *thread, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

static inline uint64_t stress_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

#endif
