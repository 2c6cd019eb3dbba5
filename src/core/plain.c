/* SPDX-License-Identifier: ISC */

/*
 * The plain calls of the freestanding core: under the pool's lock, for there is
 * no thread-local storage to keep a magazine in. libleat has its own instead
 * (src/hosted/plain.c).
 */

#include "internal.h"

extern inline int leat_pool_get(struct leat_pool *pool, size_t pages,
                                struct leat_chunk *out);
extern inline int leat_pool_put(struct leat_pool *pool, struct leat_chunk c);
extern inline struct leat_magazine *leat_pool_magazine(struct leat_pool *pool);
extern inline int leat_chunk_error(struct leat_chunk c);

struct leat_chunk leat_pool_get_value(struct leat_pool *pool, size_t pages)
{
    return leat_pool_get_locked(pool, NULL, pages, false);
}

int leat_pool_put_value(struct leat_pool *pool, struct leat_chunk c)
{
    return leat_pool_put_locked(pool, NULL, c);
}

int leat_pool_get_bulk(struct leat_pool *pool, struct leat_chunk *out, size_t n)
{
    return leat_pool_get_bulk_locked(pool, NULL, (struct handles){out, true},
                                     n);
}

/* The number after the last that a pool was given. Unit 0 is nobody's. */
static uint32_t given = UNIT_PAGES;

/*
 * There is no list of pools here, so numbers only go up, and come again after
 * 2^32 of them: leat/page.h says so.
 */
int leat_seam_pool_created(struct leat_pool *pool)
{
    uint32_t n = (pool->numbers + UNIT_PAGES - 1) & ~(UNIT_PAGES - 1);
    uint32_t at = __atomic_load_n(&given, __ATOMIC_RELAXED), base;

    do {
        base = n > UINT32_MAX - at ? UNIT_PAGES : at;
    } while (!__atomic_compare_exchange_n(&given, &at, base + n, false,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    pool->head.base = base;
    return 0;
}

void leat_seam_pool_gone(struct leat_pool *pool)
{
    (void)pool;
}

struct leat_magazine *leat_pool_magazine_value(struct leat_pool *pool)
{
    (void)pool;
    return NULL;
}
