/* SPDX-License-Identifier: ISC */

/*
 * mimalloc, linked in the place of malloc. Its free lists go through the blocks
 * themselves.
 */

#include <mimalloc.h>

#define MEMALIGN_IN_BAND
#include "memalign.h"

static void peer_open(int variant, size_t pages, unsigned flags)
{
    void *page;

    (void)variant;
    if (posix_memalign(&page, BENCH_PAGE, BENCH_PAGE))
        bench_die("out of memory");
    if (!mi_is_in_heap_region(page))
        bench_die("malloc is not mimalloc");
    free(page);
    if (flags & PEER_TOUCHED)
        memalign_touch(pages);
}
