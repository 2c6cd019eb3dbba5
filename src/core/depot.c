/* SPDX-License-Identifier: ISC */

/*
 * The depot: blocks of free pages between the threads' magazines and the free
 * set. All of this is under the pool's lock.
 *
 *   D1  a block is in one place: a magazine (loaded or spare), depot_full,
 *       depot_empty, out as a batch, or never used
 *   D2  a block in depot_full has rounds_max pages, in depot_empty none
 *   D3  pool.in_depot == rounds_max * blocks in depot_full
 *   D4  used == pages out + pages in magazines + in_depot
 *
 * A magazine has two blocks, so that a thread which gets and puts around the end
 * of one swaps them and does not come here. A block goes over whole: the lock is
 * held for a few pointers, once in rounds_max pages. Blocks go round, the oldest
 * first: where one thread gets what another puts, the pages put last are still
 * in the other processor's cache.
 *
 *     get, both blocks empty:  a full one of the depot's for the loaded one; else
 *                              the loaded one is filled from the free set
 *     put, both blocks full:   the loaded one goes to the depot
 */

#include "internal.h"

#define LINE_IDS (64 / sizeof(uint64_t)) /* in a line of the cache */

struct leat_rounds *leat_block_empty(struct leat_pool *pool)
{
    struct leat_rounds *r = pool->depot_empty;

    if (r)
        pool->depot_empty = r->next;
    else if (pool->blocks_used < pool->nblocks)
        r = (struct leat_rounds *)(pool->blocks +
                                   pool->blocks_used++ * pool->block_bytes);
    return r;
}

void leat_block_retire(struct leat_pool *pool, struct leat_rounds *r)
{
    r->n = 0;
    r->next = pool->depot_empty;
    pool->depot_empty = r;
}

void leat_block_spill(struct leat_pool *pool, struct leat_rounds *r)
{
    while (r->n)
        leat_slab_give(pool, id_page(pool, r->ids[--r->n]), 1);
}

/* A full block goes to the depot, and the one that is longest there comes. */
void leat_block_store(struct leat_pool *pool, struct leat_rounds *r)
{
    r->next = NULL;
    if (pool->depot_full)
        pool->depot_last->next = r;
    else
        pool->depot_full = r;
    pool->depot_last = r;
    pool->in_depot += r->n;
}

static struct leat_rounds *fetch(struct leat_pool *pool)
{
    struct leat_rounds *r = pool->depot_full;

    if (r) {
        pool->depot_full = r->next;
        pool->in_depot -= r->n;
    }
    return r;
}

bool leat_depot_spill(struct leat_pool *pool)
{
    bool any = pool->depot_full != NULL;
    struct leat_rounds *r;

    while ((r = fetch(pool))) {
        leat_block_spill(pool, r);
        leat_block_retire(pool, r);
    }
    return any;
}

/* Another thread wrote it: have its lines come all at once. */
static void prefetch(const struct leat_rounds *r)
{
    uint32_t n;

    for (n = 0; n < r->n; n += LINE_IDS)
        __builtin_prefetch(&r->ids[n]);
}

int leat_magazine_load(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *r = fetch(pool);
    uint32_t page, n;
    int err = 0;

    pool->stats.exchanges++;
    if (r) {
        leat_block_retire(pool, m->loaded);
        leat_magazine_blocks(m, r, r->n, m->spare);
        prefetch(r);
        return 0;
    }
    r = m->loaded;
    for (n = 0; n < pool->rounds_max; n++) {
        err = leat_slab_take(pool, 1, &page);
        if (err)
            break;
        r->ids[n] = make_id(pool, page, state_load(pool, page));
    }
    /* The lowest number last in, so that it is first out. */
    for (page = 0; page < n / 2; page++) {
        uint64_t id = r->ids[page];

        r->ids[page] = r->ids[n - 1 - page];
        r->ids[n - 1 - page] = id;
    }
    leat_magazine_blocks(m, r, n, m->spare);
    return n ? 0 : err;
}

/* The spare becomes a full block, if it is none and there is one. */
void leat_magazine_restock(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *r = pool->waiting ? NULL : fetch(pool);

    if (!r)
        return;
    pool->stats.exchanges++;
    if (m->spare)
        leat_block_retire(pool, m->spare);
    leat_magazine_blocks(m, m->loaded, (size_t)(m->top - m->loaded->ids), r);
    prefetch(r);
}

void leat_magazine_unload(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *full = m->loaded;
    struct leat_rounds *empty = leat_block_empty(pool);

    pool->stats.exchanges++;
    full->n = pool->rounds_max;
    if (empty) {
        leat_block_store(pool, full);
        empty->n = 0;
        leat_magazine_blocks(m, empty, 0, m->spare);
    } else {
        /* All blocks are out as batches: the free set takes the pages. */
        leat_magazine_blocks(m, full, 0, m->spare);
        leat_block_spill(pool, full);
    }
}
