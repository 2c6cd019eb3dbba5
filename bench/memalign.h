/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_MEMALIGN_H
#define LEAT_BENCH_MEMALIGN_H

/*
 * The side of a peer that is an allocator of any sizes: posix_memalign() and
 * free(). It has no bulk calls, so 32 are 32 single ones.
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

/* Touched beforehand as the others' are: all that a case uses at a time. */
__attribute__((unused)) static void memalign_touch(size_t pages)
{
    size_t i;

    if (pages > WORK_LIVE / 2 + 1024)
        pages = WORK_LIVE / 2 + 1024;
    for (i = 0; i < pages; i++) {
        struct peer p;

        if (!peer_get(&p, &work_live[i], 0))
            bench_die("out of memory");
        *(volatile unsigned char *)work_live[i] = 1;
    }
    while (i--)
        free(work_live[i]);
}

enum {
    DEFAULT,
    TUNED
};

WORK_LOOPS(default, DEFAULT)
WORK_LOOPS(tuned, TUNED)
DUO_LOOPS(default, DEFAULT)
DUO_LOOPS(tuned, TUNED)

/* clang-format off */
static const struct bench_case default_cases[] = {
    WORK_CASES(default, DEFAULT),
    WORK_CASES_FRESH(default, DEFAULT),
    DUO_CASES(default, DEFAULT),
};

static const struct bench_case tuned_cases[] = {
    WORK_CASES(tuned, TUNED),
    WORK_CASES_FRESH(tuned, TUNED),
    DUO_CASES(tuned, TUNED),
};

const struct bench_variant bench_variants[] = {
    {"default", default_cases, sizeof default_cases / sizeof *default_cases},
    {"tuned", tuned_cases, sizeof tuned_cases / sizeof *tuned_cases},
    {NULL, NULL, 0},
};
/* clang-format on */

#endif
