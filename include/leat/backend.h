/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BACKEND_H
#define LEAT_BACKEND_H

/*
 * Backend: what gives slabs.
 *
 * A pool is created with one `struct leat_backend`: a constant table of
 * operations and the object that they work on. Nothing registers itself, and no
 * global state selects one. Every operation may refuse; those marked optional
 * may be NULL, and what a backend has it announces in its capabilities.
 *
 * A pool calls its backend without holding any lock, from whichever thread needs
 * pages, so calls may come from several threads at once: a backend locks for
 * itself. Only discard is called under the pool's lock, so that nobody gets the
 * pages meanwhile; it must not call anything on the pool.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

/* Capabilities. */
#define LEAT_CAP_GROW    1u  /* gives more than one slab                      */
#define LEAT_CAP_RETURN  2u  /* takes slabs back                              */
#define LEAT_CAP_META    4u  /* gives memory for the pool's metadata          */
#define LEAT_CAP_FRAME   8u  /* knows a frame or bus address per page         */
#define LEAT_CAP_DISCARD 16u /* can drop the memory of free pages in a slab  */
#define LEAT_CAP_ZEROED  32u /* slabs come zeroed                             */

/* A slab, as a backend gives it. */
struct leat_slab {
    unsigned char *base; /* a multiple of LEAT_PAGE_SIZE                     */
    size_t pages;        /* at least what was asked                          */
    void *cookie;        /* the backend's own                                */
};

struct leat_backend_ops {
    const char *name; /* one lower-case word, static */
    uint32_t caps;    /* LEAT_CAP_*                  */

    /*
     * Gives a slab of at least (pages) contiguous pages.
     * Errors: LEAT_E_NOMEM, or another that tells more.
     */
    int (*slab_get)(void *self, size_t pages, struct leat_slab *out);

    /* Takes a slab back, all of whose pages are free. Optional. */
    void (*slab_put)(void *self, const struct leat_slab *slab);

    /*
     * Drops the memory of (pages) free pages; they read as anything later.
     * Optional.
     */
    int (*discard)(void *self, const struct leat_slab *slab, size_t first,
                   size_t pages);

    /*
     * The most pages that it can ever give: the pool sizes its metadata by it.
     * 0: it does not know, and the pool's limit must say.
     */
    size_t (*pages_max)(void *self);

    /* The pages that it gives at once when one is asked. Optional: 1. */
    size_t (*slab_pages)(void *self);

    /*
     * Gives (bytes) of zeroed memory, aligned to 64, that no peer can see, and
     * takes it back. Optional.
     */
    int (*meta_get)(void *self, size_t bytes, void **out);
    void (*meta_put)(void *self, void *mem, size_t bytes);

    /*
     * Tells the frame or bus address of the page at (page). Optional.
     * Errors: LEAT_E_UNSUPPORTED, LEAT_E_FOREIGN.
     */
    int (*frame)(void *self, const struct leat_slab *slab, const void *page,
                 uint64_t *out);
};

struct leat_backend {
    const struct leat_backend_ops *ops;
    void *self;
};

LEAT_END_DECLS

#endif
