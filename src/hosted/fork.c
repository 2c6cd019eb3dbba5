/* SPDX-License-Identifier: ISC */

/*
 * The process's pools, and what fork() does to them.
 *
 * The parent notices nothing. The child has a copy of what other threads may
 * have been in the middle of changing, so it touches none of it: each pool is
 * marked dead, which every call looks at before it takes a lock. Each magazine's
 * window is closed and no page number is ready any more, so that the fast paths
 * lead to where that is looked at.
 */

#include "host.h"

static struct leat_lock lock = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                .rank = LEAT_RANK_HOST};
static struct leat_pool *pools;
static uint64_t last_serial;
static uint32_t next_number = UNIT_PAGES; /* unit 0 is nobody's */
static pthread_once_t once = PTHREAD_ONCE_INIT;

void leat_host_lock(void)
{
    leat_lock_take(&lock);
}

void leat_host_unlock(void)
{
    leat_lock_drop(&lock);
}

static void in_child(void)
{
    struct leat_pool *pool;
    uint32_t i;

    for (pool = pools; pool; pool = pool->host_next) {
        __atomic_store_n(&pool->dead, LEAT_E_FORKED, __ATOMIC_RELAXED);
        __atomic_store_n(&pool->head.ready, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&pool->head.fast, 0, __ATOMIC_RELAXED);
        for (i = 0; i < pool->threads; i++) {
            struct leat_magazine *m = &pool->magazines[i];

            m->floor = m->top;
            m->ceil = m->top;
        }
    }
    pools = NULL;
    leat_host_thread_forget();
    leat_host_unlock();
}

static void register_fork(void)
{
    pthread_atfork(leat_host_lock, leat_host_unlock, in_child);
}

static uint32_t numbers_of(const struct leat_pool *pool)
{
    return (pool->numbers + UNIT_PAGES - 1) & ~(UNIT_PAGES - 1);
}

/* The pool whose numbers are in the way of (n) from (base) on, or NULL. */
static const struct leat_pool *in_the_way(uint32_t base, uint32_t n)
{
    const struct leat_pool *p = pools;

    while (p &&
           (base + n <= p->head.base || p->head.base + numbers_of(p) <= base))
        p = p->host_next;
    return p;
}

/*
 * Finds numbers that no pool has, after those that were found last: so those of
 * a pool that is gone stay nobody's for as long as can be. 0: there are none.
 */
static uint32_t find_numbers(uint32_t n)
{
    const struct leat_pool *p;
    uint32_t base = next_number;
    bool again = false;

    for (;;) {
        if (n > UINT32_MAX - base) {
            if (again)
                return 0;
            again = true;
            base = UNIT_PAGES;
            continue;
        }
        p = in_the_way(base, n);
        if (!p)
            return base;
        base = p->head.base + numbers_of(p);
    }
}

int leat_host_pool_add(struct leat_pool *pool)
{
    pthread_once(&once, register_fork);
    leat_host_lock();
    pool->head.base = find_numbers(numbers_of(pool));
    if (!pool->head.base) {
        leat_host_unlock();
        return LEAT_E_LIMIT;
    }
    next_number = pool->head.base + numbers_of(pool);
    pool->head.serial = ++last_serial;
    pool->host_next = pools;
    pool->host_prev = &pools;
    if (pools)
        pools->host_prev = &pool->host_next;
    pools = pool;
    leat_host_unlock();
    return 0;
}

void leat_host_pool_remove(struct leat_pool *pool)
{
    leat_host_lock();
    *pool->host_prev = pool->host_next;
    if (pool->host_next)
        pool->host_next->host_prev = pool->host_prev;
    leat_host_unlock();
}
