/* SPDX-License-Identifier: ISC */

/*
 * The allocator of the C library. Untuned, it is the kernel's trimming that is
 * measured: "tuned" keeps what it has, and asks for much at a time.
 */

#include <malloc.h>

#define MEMALIGN_TUNED
#define MEMALIGN_IN_BAND
#include "memalign.h"

static void peer_open(int variant, size_t pages, unsigned flags)
{
    if (variant == TUNED &&
        (!mallopt(M_TRIM_THRESHOLD, -1) || !mallopt(M_TOP_PAD, 64 << 20) ||
         !mallopt(M_MMAP_THRESHOLD, 1 << 30)))
        bench_die("mallopt() refused");
    if (flags & PEER_TOUCHED)
        memalign_touch(pages);
}
