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
 * of one does not come here each time. A block goes over whole: the lock is held
 * for a few pointers, once in rounds_max pages.
 *
 *     get, loaded empty:  spare has pages -> swap; depot has a full one -> take
 *                         it; else fill from the free set
 *     put, loaded full:   spare is empty -> swap; else loaded goes to the depot
 */

#include "internal.h"

void leat_magazine_window(struct leat_magazine *m, struct leat_rounds *r,
                          uint32_t n)
{
    struct leat_pool *pool = m->pool;

    m->loaded = r;
    m->ceil = r->ids + pool->rounds_max;
    /* Where each get has more to do, no get is fast. */
    m->floor = pool->slow_get ? m->ceil : r->ids;
    m->numbers = __atomic_load_n(&pool->ready, __ATOMIC_ACQUIRE);
    __atomic_store_n(&m->top, r->ids + n, __ATOMIC_RELAXED);
}

size_t leat_magazine_pages(const struct leat_magazine *m)
{
    const struct leat_rounds *spare =
        __atomic_load_n(&m->spare, __ATOMIC_RELAXED);
    size_t n = 0;

    if (m->loaded)
        n = (size_t)(__atomic_load_n(&m->top, __ATOMIC_RELAXED) -
                     m->loaded->ids);
    return spare ? n + spare->n : n;
}

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
        leat_slab_give(pool, id_page(r->ids[--r->n]), 1);
}

bool leat_depot_spill(struct leat_pool *pool)
{
    bool any = pool->depot_full != NULL;
    struct leat_rounds *r;

    while ((r = pool->depot_full)) {
        pool->depot_full = r->next;
        pool->in_depot -= r->n;
        leat_block_spill(pool, r);
        leat_block_retire(pool, r);
    }
    return any;
}

static void swap(struct leat_magazine *m, uint32_t n)
{
    struct leat_rounds *spare = m->spare;

    m->loaded->n = n;
    __atomic_store_n(&m->spare, m->loaded, __ATOMIC_RELAXED);
    leat_magazine_window(m, spare, spare->n);
}

int leat_magazine_load(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *r = pool->depot_full;
    uint32_t page, n;
    int err = 0;

    if (m->spare && m->spare->n) {
        swap(m, 0);
        return 0;
    }
    pool->stats.exchanges++;
    if (r) {
        pool->depot_full = r->next;
        pool->in_depot -= r->n;
        leat_block_retire(pool, m->loaded);
        leat_magazine_window(m, r, r->n);
        return 0;
    }
    r = m->loaded;
    for (n = 0; n < pool->rounds_max; n++) {
        err = leat_slab_take(pool, 1, &page);
        if (err)
            break;
        r->ids[n] = make_id(page, state_load(pool, page));
    }
    /* The lowest number last in, so that it is first out. */
    for (page = 0; page < n / 2; page++) {
        uint64_t id = r->ids[page];

        r->ids[page] = r->ids[n - 1 - page];
        r->ids[n - 1 - page] = id;
    }
    leat_magazine_window(m, r, n);
    return n ? 0 : err;
}

void leat_magazine_unload(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *empty;

    if (m->spare && !m->spare->n) {
        swap(m, pool->rounds_max);
        return;
    }
    pool->stats.exchanges++;
    m->loaded->n = pool->rounds_max;
    empty = leat_block_empty(pool);
    if (empty) {
        m->loaded->next = pool->depot_full;
        pool->depot_full = m->loaded;
        pool->in_depot += pool->rounds_max;
        empty->n = 0;
        leat_magazine_window(m, empty, 0);
    } else {
        /* All blocks are out as batches: the free set takes the pages. */
        leat_block_spill(pool, m->loaded);
        leat_magazine_window(m, m->loaded, 0);
    }
}

void leat_magazine_spill(struct leat_magazine *m)
{
    if (!m->loaded)
        return;
    m->loaded->n = (uint32_t)(m->top - m->loaded->ids);
    leat_block_spill(m->pool, m->loaded);
    leat_magazine_window(m, m->loaded, 0);
    if (m->spare)
        leat_block_spill(m->pool, m->spare);
}
