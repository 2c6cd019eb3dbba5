/* SPDX-License-Identifier: ISC */

/*
 * The line of waiters, and the watermarks: what pages that come and go owe to
 * callbacks.
 *
 *   W1  waiters are linked oldest to newest, and each points back: leaving is
 *       a matter of two pointers
 *   W2  while the line is not empty, nobody gets pages but its oldest
 *   W3  a waiter is in the line  <=>  waiter.pool is set
 *   W4  LOW is told when fewer than low_pages can still be got, HIGH when after
 *       that high_pages can: never one of them twice in a row
 *
 * Both are for pools without magazines, so that every page which comes or goes
 * passes here, with the lock held.
 */

#include <string.h>

#include "internal.h"

static void unlink_waiter(struct leat_pool *pool, struct leat_waiter *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        pool->oldest = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        pool->newest = w->prev;
    w->pool = NULL;
    pool->waiting--;
}

void calls_gather(struct leat_pool *pool, struct calls *calls)
{
    struct leat_waiter **end = &calls->served;
    struct leat_waiter *w;
    size_t left;

    memset(calls, 0, sizeof(*calls));
    if (!pool->exact)
        return;
    while ((w = pool->oldest) && !chunk_form(pool, w->pages, &w->chunk.id)) {
        unlink_waiter(pool, w);
        w->chunk.pool = pool;
        w->next = NULL;
        *end = w;
        end = &w->next;
        pool->stats.served++;
        pool->stats.gets++;
    }
    if (!pool->config.low_pages)
        return;
    left = pool->limit - pool->used;
    if (!pool->low && left < pool->config.low_pages) {
        pool->low = true;
        calls->water_low = true;
        pool->stats.water_low++;
    } else if (pool->low && left >= pool->config.high_pages) {
        pool->low = false;
        calls->water_high = true;
        pool->stats.water_high++;
    }
}

void calls_make(struct leat_pool *pool, struct calls *calls)
{
    struct leat_waiter *w, *next;

    for (w = calls->served; w; w = next) {
        struct leat_chunk c = w->chunk;

        next = w->next; /* (w) is its owner's again once it is called */
        w->next = NULL;
        w->prev = NULL;
        chunk_prepare(pool, id_page(c.id), desc_pages(pool, id_page(c.id)),
                      false);
        w->served(w->arg, c);
    }
    if (calls->water_low)
        pool->config.on_water(pool->config.arg, pool, LEAT_WATER_LOW);
    if (calls->water_high)
        pool->config.on_water(pool->config.arg, pool, LEAT_WATER_HIGH);
}

static void enqueue(struct leat_pool *pool, struct leat_waiter *w)
{
    w->next = NULL;
    w->prev = pool->newest;
    w->pool = pool;
    if (pool->newest)
        pool->newest->next = w;
    else
        pool->oldest = w;
    pool->newest = w;
    pool->waiting++;
    pool->stats.waits++;
}

int leat_pool_wait(struct leat_pool *pool, struct leat_waiter *w, size_t pages,
                   void (*served)(void *arg, struct leat_chunk c), void *arg)
{
    int err = pool_alive(pool);
    struct calls calls;
    bool stands;

    if (err)
        return err;
    if (!w || !served || !pages)
        return LEAT_E_INVALID;
    if (!pool->exact)
        return LEAT_E_UNSUPPORTED;
    if (pages > pool->limit)
        return LEAT_E_LIMIT;

    leat_lock_take(&pool->lock);
    if (w->pool) {
        leat_lock_drop(&pool->lock);
        return LEAT_E_BUSY;
    }
    w->pages = pages;
    w->served = served;
    w->arg = arg;
    enqueue(pool, w);
    calls_gather(pool, &calls);
    stands = w->pool != NULL;
    leat_lock_drop(&pool->lock);
    calls_make(pool, &calls);
    if (!stands)
        return 0;

    /* It may be that only a slab is missing. (w) may be gone by now. */
    if (pool_grow(pool, pages))
        return 0;
    leat_lock_take(&pool->lock);
    calls_gather(pool, &calls);
    leat_lock_drop(&pool->lock);
    calls_make(pool, &calls);
    return 0;
}

int leat_pool_cancel(struct leat_pool *pool, struct leat_waiter *w)
{
    int err = pool_alive(pool);
    struct calls calls;

    if (err)
        return err;
    if (!w)
        return LEAT_E_INVALID;
    leat_lock_take(&pool->lock);
    if (w->pool == pool) {
        unlink_waiter(pool, w);
        w->next = NULL;
        w->prev = NULL;
    } else {
        err = LEAT_E_STATE;
    }
    calls_gather(pool, &calls); /* those behind it may fit */
    leat_lock_drop(&pool->lock);
    calls_make(pool, &calls);
    return err;
}
