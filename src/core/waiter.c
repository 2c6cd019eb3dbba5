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

/* Where this thread gathers waiters that it has to call. */
static struct calls *gathering(struct leat_pool *pool, struct calls *fresh)
{
    const void *self = leat_thread_self();
    struct calls *c;

    for (c = pool->serving; c; c = c->next) {
        if (c->self == self)
            return c;
    }
    fresh->self = self;
    fresh->next = pool->serving;
    pool->serving = fresh;
    return fresh;
}

static void stop_serving(struct leat_pool *pool, struct calls *calls)
{
    struct calls **p;

    for (p = &pool->serving; *p != calls; p = &(*p)->next)
        ;
    *p = calls->next;
    calls->self = NULL;
}

/* LOW or HIGH, whichever is to be told. W4 */
static void gather_water(struct leat_pool *pool, struct calls *calls)
{
    size_t left = pool->limit - pool->used;

    if (!pool->config.low_pages)
        return;
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

void leat_calls_gather(struct leat_pool *pool, struct calls *calls)
{
    struct leat_waiter *w;
    struct calls *to;
    uint64_t id;

    calls->served = NULL;
    calls->end = &calls->served;
    calls->self = NULL;
    calls->water_low = false;
    calls->water_high = false;
    if (!pool->exact)
        return;
    while ((w = pool->oldest) && !leat_chunk_form(pool, w->pages, &id)) {
        to = gathering(pool, calls);
        unlink_waiter(pool, w);
        w->chunk.pool = pool;
        w->chunk.id = id;
        w->next = NULL;
        *to->end = w;
        to->end = &w->next;
        pool->stats.served++;
        pool->stats.gets++;
    }
    gather_water(pool, calls);
}

/* Takes the next waiter to call; the last time, nobody is served any more. */
static struct leat_waiter *next_served(struct leat_pool *pool,
                                       struct calls *calls)
{
    struct leat_waiter *w;

    leat_lock_take(&pool->lock);
    w = calls->served;
    if (w) {
        calls->served = w->next;
        if (!w->next)
            calls->end = &calls->served;
        w->next = NULL;
        w->prev = NULL;
    } else {
        stop_serving(pool, calls);
    }
    leat_lock_drop(&pool->lock);
    return w;
}

void leat_calls_make(struct leat_pool *pool, struct calls *calls)
{
    struct leat_waiter *w;

    while (calls->self && (w = next_served(pool, calls))) {
        struct leat_chunk c = w->chunk;

        leat_chunk_prepare(pool, id_page(pool, c.id),
                           desc_pages(pool, id_page(pool, c.id)), false);
        w->served(w->arg, c); /* from here on (w) is its owner's again */
    }
    if (!pool->config.on_water)
        return;
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
    leat_calls_gather(pool, &calls);
    stands = w->pool != NULL;
    leat_lock_drop(&pool->lock);
    leat_calls_make(pool, &calls);
    if (!stands)
        return 0;

    /* It may be that only a slab is missing. (w) may be gone by now. */
    if (leat_pool_grow(pool, pages))
        return 0;
    leat_lock_take(&pool->lock);
    leat_calls_gather(pool, &calls);
    leat_lock_drop(&pool->lock);
    leat_calls_make(pool, &calls);
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
    leat_calls_gather(pool, &calls); /* those behind it may fit */
    leat_lock_drop(&pool->lock);
    leat_calls_make(pool, &calls);
    return err;
}
