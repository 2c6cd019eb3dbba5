/* SPDX-License-Identifier: ISC */

/*
 * tcmalloc of gperftools, linked in the place of malloc.
 */

#include <gperftools/malloc_extension_c.h>

#include "memalign.h"

static void peer_open(int variant, size_t pages, unsigned flags)
{
    size_t before = 0, after = 0;
    void *page;

    (void)variant;
    /* It is asked something, or a linker may leave it out. */
    MallocExtension_GetNumericProperty("generic.current_allocated_bytes",
                                       &before);
    if (posix_memalign(&page, BENCH_PAGE, BENCH_PAGE))
        bench_die("out of memory");
    MallocExtension_GetNumericProperty("generic.current_allocated_bytes",
                                       &after);
    if (after < before + BENCH_PAGE)
        bench_die("malloc is not tcmalloc");
    free(page);
    if (flags & PEER_TOUCHED)
        memalign_touch(pages);
}
