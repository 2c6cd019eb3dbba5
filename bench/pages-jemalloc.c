/* SPDX-License-Identifier: ISC */

/*
 * jemalloc, linked in the place of malloc.
 *
 * A thread's cache keeps 20 pages of this size, unless it is told otherwise, so
 * the batches of the bench go past it: "tuned" lets it keep 512, and gives no
 * memory back meanwhile. It reads its options when a process starts, so the
 * tuned one starts itself again with them.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jemalloc/jemalloc.h>

#define MEMALIGN_TUNED
#include "memalign.h"

#define SLOTS 512u

#define OPTIONS                                                \
    "tcache_nslots_small_min:512,tcache_nslots_small_max:512," \
    "dirty_decay_ms:-1,muzzy_decay_ms:-1"

static void peer_open(int variant, size_t pages, unsigned flags)
{
    unsigned slots = 0;
    size_t len = sizeof slots;

    if (mallctl("opt.tcache_nslots_small_min", &slots, &len, NULL, 0) ||
        (slots == SLOTS) != (variant == TUNED))
        bench_die("jemalloc is not as it was asked to be");
    if (flags & PEER_TOUCHED)
        memalign_touch(pages);
}

/* Runs before main(), where the arguments still are as they came. */
__attribute__((constructor)) static void again(int argc, char **argv)
{
    const char *now = getenv("MALLOC_CONF");

    if (argc < 3 || strcmp(argv[argc - 2], "tuned") ||
        (now && !strcmp(now, OPTIONS)))
        return;
    if (setenv("MALLOC_CONF", OPTIONS, 1))
        bench_die("cannot set MALLOC_CONF");
    execv("/proc/self/exe", argv);
    bench_die("cannot start again with MALLOC_CONF");
}
