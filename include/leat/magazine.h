/* SPDX-License-Identifier: ISC */
#ifndef LEAT_MAGAZINE_H
#define LEAT_MAGAZINE_H

/*
 * Magazine: a thread's own small stack of free pages in front of a pool.
 *
 * The explicit handle: no look-up of any kind, no lock while the magazine has
 * what is asked. It is the only way to a magazine in a freestanding build; in
 * libleat the plain calls keep one for each thread by themselves.
 *
 * Threads: one thread at a time per magazine. Different magazines of one pool
 *          never wait for each other but at the depot, once in many pages.
 * A pool with LEAT_POOL_EXACT takes these calls too, and its lock at each.
 */

#include <leat/pool.h>

LEAT_BEGIN_DECLS

struct leat_magazine;

/*
 * Creates a magazine of (pool).
 *
 * Owner:   the caller's, to destroy before the pool, from any one thread.
 * Errors:  LEAT_E_LIMIT  leat_pool_config.threads of them exist
 *          LEAT_E_INVALID, LEAT_E_FORKED
 */
LEAT_API int leat_magazine_create(struct leat_pool *pool,
                                  struct leat_magazine **out);

/* Gives its pages back to the pool, and the magazine with them. */
LEAT_API int leat_magazine_destroy(struct leat_magazine *m);

/* Gives its pages back to the pool. It can go on afterwards. */
LEAT_API int leat_magazine_flush(struct leat_magazine *m);

/*
 * Gets one page; puts a chunk of any size. As leat_pool_get() with 1 page, and
 * leat_pool_put(), with their errors and callbacks.
 */
LEAT_API struct leat_chunk leat_magazine_get_value(struct leat_magazine *m);
LEAT_API int leat_magazine_put(struct leat_magazine *m, struct leat_chunk c);

LEAT_INLINE int leat_magazine_get(struct leat_magazine *m,
                                  struct leat_chunk *out)
{
    struct leat_chunk c = leat_magazine_get_value(m);

    if (LEAT_UNLIKELY(!c.pool))
        return leat_chunk_error(c);
    *out = c;
    return 0;
}

/*
 * Gets (n) pages, all or none; puts (n) chunks, as leat_pool_put_bulk() does.
 */
LEAT_API int leat_magazine_get_bulk(struct leat_magazine *m,
                                    struct leat_chunk *out, size_t n);
LEAT_API int leat_magazine_put_bulk(struct leat_magazine *m,
                                    const struct leat_chunk *c, size_t n,
                                    size_t *done);

/*
 * Gives the address of a chunk's first byte, without the check that
 * leat_chunk_view() makes: for its owner, who has just got it.
 */
LEAT_INLINE void *leat_chunk_addr(struct leat_chunk c)
{
    /* A pool begins with the table of where its units are. */
    unsigned char *const *units = *(unsigned char *const *const *)c.pool;
    uint32_t page = (uint32_t)c.id;

    return units[page / LEAT_UNIT_PAGES] +
           (size_t)(page % LEAT_UNIT_PAGES) * LEAT_PAGE_SIZE;
}

/*
 * Batch: a whole magazine handed over, at the cost of one exchange. Its pages
 * have no handles of their own: they are reached as views of the batch, and can
 * only go back with it, all at once.
 */
struct leat_batch {
    struct leat_pool *pool; /* NULL: the void batch */
    uint64_t id;
};

/*
 * Takes a full magazine's pages; as many as leat_batch_pages() says.
 *
 * Owner:   the caller's, to give back, to any magazine of the same pool.
 * Errors:  LEAT_E_UNSUPPORTED  the pool is exact, or zeroes always
 *          those of leat_pool_get()
 */
LEAT_API int leat_magazine_take(struct leat_magazine *m,
                                struct leat_batch *out);

/*
 * Gives a batch back.
 *
 * Errors:  LEAT_E_STALE, LEAT_E_FOREIGN: it was given back, is another pool's
 */
LEAT_API int leat_magazine_give(struct leat_magazine *m, struct leat_batch b);

/* Gives how many pages (b) has; 0 when it is stale. */
LEAT_API size_t leat_batch_pages(struct leat_batch b);

/* Gives page (index) of (b). Errors: LEAT_E_RANGE, LEAT_E_STALE. */
LEAT_API int leat_batch_view(struct leat_batch b, size_t index,
                             struct leat_view *out);

LEAT_END_DECLS

#endif
