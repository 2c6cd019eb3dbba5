/* SPDX-License-Identifier: ISC */

/*
 * The plain calls of the freestanding core: under the pool's lock, for there is
 * no thread-local storage to keep a magazine in. libleat has its own instead
 * (src/hosted/plain.c).
 */

#include "internal.h"

extern inline int leat_pool_get(struct leat_pool *pool, size_t pages,
                                struct leat_chunk *out);
extern inline int leat_chunk_error(struct leat_chunk c);

struct leat_chunk leat_pool_get_value(struct leat_pool *pool, size_t pages)
{
    return leat_pool_get_locked(pool, NULL, pages, false);
}

int leat_pool_put(struct leat_pool *pool, struct leat_chunk c)
{
    return leat_pool_put_locked(pool, NULL, c);
}

int leat_pool_get_bulk(struct leat_pool *pool, struct leat_chunk *out, size_t n)
{
    return leat_pool_get_bulk_locked(pool, NULL, out, n);
}

void leat_seam_pool_created(struct leat_pool *pool)
{
    (void)pool;
}

void leat_seam_pool_gone(struct leat_pool *pool)
{
    (void)pool;
}

struct leat_magazine *leat_seam_magazine(struct leat_pool *pool)
{
    (void)pool;
    return NULL;
}
