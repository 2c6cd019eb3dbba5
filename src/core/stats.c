/* SPDX-License-Identifier: ISC */

/*
 * Statistics. The fast path keeps one counter, the magazine's gets; puts follow
 * from what is out:
 *
 *     puts == gets - chunks out
 *
 * A magazine counts a get after it has taken the page off, and its counter is
 * read before its pages are counted: so while it is at work, puts can come out
 * too low and never too high, and keeping the highest value seen makes the
 * counter grow only. At rest it is exact.
 */

#include <string.h>

#include "internal.h"

static uint64_t chunks_out(const struct leat_pool *pool, size_t pages_out)
{
    return pages_out - pool->run_pages + pool->run_chunks +
           pool->adopted_chunks;
}

int leat_pool_stats(struct leat_pool *pool, struct leat_stats *out)
{
    const struct leat_magazine *m;
    int err = pool_alive(pool);
    uint64_t gets, puts;
    size_t pages_out;

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    leat_lock_take(&pool->lock);
    gets = pool->stats.gets;
    for (m = pool->in_use; m; m = m->next)
        gets += __atomic_load_n(&m->gets, __ATOMIC_ACQUIRE);
    pages_out = leat_pool_pages_out(pool);
    puts = gets - chunks_out(pool, pages_out);
    if (puts > gets || puts < pool->puts_seen)
        puts = pool->puts_seen;
    pool->puts_seen = puts;

    out->gets = gets;
    out->puts = puts;
    out->slabs_got = pool->stats.slabs_got;
    out->slabs_put = pool->stats.slabs_put;
    out->exchanges = pool->stats.exchanges;
    out->waits = pool->stats.waits;
    out->served = pool->stats.served;
    out->water_low = pool->stats.water_low;
    out->water_high = pool->stats.water_high;
    /* These are counted without the lock. */
    out->refused = __atomic_load_n(&pool->stats.refused, __ATOMIC_RELAXED);
    out->reclaims = __atomic_load_n(&pool->stats.reclaims, __ATOMIC_RELAXED);
    out->stale = __atomic_load_n(&pool->stats.stale, __ATOMIC_RELAXED);
    leat_copies_read(&pool->copies, &out->copies);
    out->pages_limit = pool->limit;
    out->pages_slabs = pool->in_slabs;
    out->pages_free = pool->in_free;
    out->pages_depot = pool->in_depot;
    out->pages_out = pages_out;
    out->pages_magazines = pool->used - pool->in_depot - pages_out;
    out->pages_adopted = pool->in_adopted;
    out->magazines = pool->nmagazines;
    out->waiting = pool->waiting;
    out->meta_bytes = pool->meta_bytes;
    leat_lock_drop(&pool->lock);
    return 0;
}
