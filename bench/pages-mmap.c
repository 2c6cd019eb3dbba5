/* SPDX-License-Identifier: ISC */

/*
 * No allocator at all: a page from the kernel by mmap(), back by munmap(). It
 * is not touched, but for "fresh4k".
 */

#include <sys/mman.h>

#define PEER_ITEM void *

struct peer {
    char none;
};

#include "duo.h"

static void peer_open(int variant, size_t pages, unsigned flags)
{
    (void)variant;
    (void)pages;
    (void)flags;
}

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
    *out = mmap(NULL, BENCH_PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return *out != MAP_FAILED;
}

BENCH_INLINE int peer_put(struct peer *p, void *item, const int variant)
{
    (void)p;
    (void)variant;
    return munmap(item, BENCH_PAGE);
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
    int bad = 0;

    for (i = 0; i < n; i++)
        bad |= peer_put(p, items[i], variant);
    return bad;
}

WORK_LOOPS(default, 0)
DUO_LOOPS(default, 0)

/* clang-format off */
static const struct bench_case cases[] = {
    WORK_CASE(lifo, default, 0, 0, 1),
    WORK_CASE(bulk32, default, 0, 0, WORK_BULK),
    WORK_CASE(batch256, default, 0, 0, WORK_BATCH),
    WORK_LIVE_CASE("random4096", random4096, default, 0, 0, 0, 4096),
    WORK_CASES_FRESH(default, 0),
    DUO_CASES(default, 0),
};

const struct bench_variant bench_variants[] = {
    {"default", cases, sizeof cases / sizeof *cases},
    {NULL, NULL, 0},
};
/* clang-format on */
