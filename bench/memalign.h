/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_MEMALIGN_H
#define LEAT_BENCH_MEMALIGN_H

/*
 * The side of a peer that is an allocator of any sizes: posix_memalign() and
 * free(). It has no bulk calls, so 32 are 32 single ones.
 *
 * Who includes it defines MEMALIGN_TUNED where there is a second variant, and
 * MEMALIGN_IN_BAND where the allocator writes into pages of its own accord: a
 * million of those would be 4 to 8 GiB of memory.
 */

#include <stdlib.h>

#define PEER_ITEM void *

struct peer {
    char none;
};

#include "duo.h"

static void peer_enter(struct peer *p)
{
    (void)p;
}

static void peer_leave(struct peer *p)
{
    (void)p;
}

BENCH_INLINE void *peer_addr(void *item)
{
    return item;
}

BENCH_INLINE bool peer_get(struct peer *p, void **out, const int variant)
{
    (void)p;
    (void)variant;
    return !posix_memalign(out, BENCH_PAGE, BENCH_PAGE);
}

BENCH_INLINE int peer_put(struct peer *p, void *item, const int variant)
{
    (void)p;
    (void)variant;
    free(item);
    return 0;
}

BENCH_INLINE bool peer_get_bulk(struct peer *p, void **out, size_t n,
                                const int variant)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (!peer_get(p, &out[i], variant))
            return false;
    }
    return true;
}

BENCH_INLINE int peer_put_bulk(struct peer *p, void **items, size_t n,
                               const int variant)
{
    size_t i;

    for (i = 0; i < n; i++)
        peer_put(p, items[i], variant);
    return 0;
}

#define MEMALIGN_LIVE (32768 + 1024)

/* Touched beforehand as the others' are: all that a case uses at a time. */
__attribute__((unused)) static void memalign_touch(size_t pages)
{
    size_t i;

    if (pages > MEMALIGN_LIVE)
        pages = MEMALIGN_LIVE;
    for (i = 0; i < pages; i++) {
        struct peer p;

        if (!peer_get(&p, &work_live[i], 0))
            bench_die("out of memory");
        *(volatile unsigned char *)work_live[i] = 1;
    }
    while (i--)
        free(work_live[i]);
}

/* Of any size, with --sizes. */
__attribute__((unused)) static uint64_t memalign_sized(struct peer *p,
                                                       uint64_t n)
{
    uint64_t from = bench_now(), i;

    (void)p;
    for (i = 0; i < n; i++) {
        void *item;

        if (posix_memalign(&item, BENCH_PAGE, bench_param))
            bench_die("a get failed");
        BENCH_USE(item);
        free(item);
    }
    return work_end(from, 0);
}

#define MEMALIGN_SIZED(variant_)                                       \
    {                                                                  \
        .name = "sized", .variant = variant_, .per = 1,                \
        .work = memalign_sized, .run = work_run, .numbers = BENCH_MUST \
    }

enum {
    DEFAULT,
    TUNED
};

/* One that needs the pages in memory has no business with a million. */
#ifdef MEMALIGN_IN_BAND
#define MEMALIGN_MORE(label, variant) MEMALIGN_SIZED(variant)
#else
#define MEMALIGN_MORE(label, variant) \
    MEMALIGN_SIZED(variant), WORK_CASES_UNTOUCHED(label, variant)
#endif

WORK_LOOPS(default, DEFAULT)
DUO_LOOPS(default, DEFAULT)

/* clang-format off */
static const struct bench_case default_cases[] = {
    WORK_CASES(default, DEFAULT),
    MEMALIGN_MORE(default, DEFAULT),
    WORK_CASES_FRESH(default, DEFAULT),
    DUO_CASES(default, DEFAULT),
};

#ifdef MEMALIGN_TUNED
WORK_LOOPS(tuned, TUNED)
DUO_LOOPS(tuned, TUNED)

static const struct bench_case tuned_cases[] = {
    WORK_CASES(tuned, TUNED),
    MEMALIGN_MORE(tuned, TUNED),
    WORK_CASES_FRESH(tuned, TUNED),
    DUO_CASES(tuned, TUNED),
};
#endif

const struct bench_variant bench_variants[] = {
    {"default", default_cases, sizeof default_cases / sizeof *default_cases},
#ifdef MEMALIGN_TUNED
    {"tuned", tuned_cases, sizeof tuned_cases / sizeof *tuned_cases},
#endif
    {NULL, NULL, 0},
};
/* clang-format on */

#endif
