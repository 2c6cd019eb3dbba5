/* SPDX-License-Identifier: ISC */
#ifndef LEAT_STATIC_H
#define LEAT_STATIC_H

/*
 * The static backend: one arena that the caller gives. For unikernels,
 * firmware, and whoever has memory already.
 *
 * Any arena will do, also one that begins at an odd address or ends in the
 * middle of a page: what is not a whole page serves the pool's metadata, or
 * nothing. An arena serves one pool at a time.
 *
 * Where the pool is given no memory for its metadata, it takes whole pages for
 * it from the front of the arena: pages that it never hands out (rule R1).
 */

#include <leat/backend.h>

LEAT_BEGIN_DECLS

struct leat_static_arena {
    void *base;          /* (c) the caller's memory, at any address          */
    size_t bytes;        /* (c) its length                                   */
    uint64_t frame;      /* (c) frame or bus address of the arena's first
                            whole page, if has_frames                        */
    uint64_t frame_step; /* (c) from one page to the next: 1 for frame
                            numbers, 4096 for bus addresses                  */
    bool has_frames;     /* (c) */

    /* Private; zero at first. */
    size_t meta_pages;
    bool meta_out;
    bool slab_out;
};

/*
 * Names (*arena) as a backend.
 *
 * Owner:   borrowed: (*arena) and its memory must outlive the pool.
 * Errors:  none here; leat_pool_create() tells LEAT_E_NOMEM of an arena without
 *          a whole page left.
 */
LEAT_API struct leat_backend leat_static(struct leat_static_arena *arena);

LEAT_END_DECLS

#endif
