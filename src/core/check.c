/* SPDX-License-Identifier: ISC */

/*
 * The pool's invariants, executable. The numbers are those of the files that
 * state them: S slab.c, D depot.c, M magazine.c, C put.c, W waiter.c.
 */

#include "internal.h"

static const char *check_slabs(struct leat_pool *pool)
{
    size_t free = 0, in_slabs = 0;
    uint32_t i, k, n = 0;

    for (i = pool->first_slab; i != NO_SLAB; i = pool->slabs[i].next, n++) {
        const struct slab *s = &pool->slabs[i];
        uint32_t here = 0;

        if (n > pool->nslabs || !s->pages || s->first % UNIT_PAGES)
            return "S1 the list of slabs is broken";
        for (k = 0; k < s->pages; k += UNIT_PAGES) {
            if (pool->unit_slab[(s->first + k) / UNIT_PAGES] != i)
                return "S1 a unit is not its slab's";
        }
        for (k = s->first; k < s->first + s->pages; k++) {
            if (!bit_get(pool->free_bits, k))
                continue;
            here++;
            if (k < s->hint || (i < pool->slab_hint && !s->adopted))
                return "S4 a page before the hint is free";
            if (state_load(pool, k) & STATE_FLAGS)
                return "C2 a free page has flags";
            if (pool->head.desc[k].refs != 1 || desc_pages(pool, k) != 1)
                return "C2 a free page has owners or a run";
        }
        if (here != s->free || (s->adopted && here))
            return "S3 a slab's count of free pages is wrong";
        free += here;
        in_slabs += s->adopted ? 0 : s->pages;
    }
    if (n != pool->nslabs)
        return "S1 the number of slabs is wrong";
    if (free != pool->in_free || in_slabs != pool->in_slabs)
        return "S3 the pool's count of pages is wrong";
    if (pool->used + pool->in_free != pool->in_slabs)
        return "S3 used and free pages do not make up the slabs";
    for (i = 1; i < pool->nslabs; i++) {
        if (pool->slabs[pool->by_addr[i - 1]].mem.base >=
            pool->slabs[pool->by_addr[i]].mem.base)
            return "S1 the order of addresses is broken";
    }
    return NULL;
}

/* A block's pages: in use, private, of the generation to come, nowhere else. */
static const char *check_block(struct leat_pool *pool,
                               const struct leat_rounds *r, size_t n)
{
    while (n--) {
        uint32_t page = id_page(pool, r->ids[n]);

        if (page >= pool->head.ready || bit_get(pool->mark_bits, page))
            return "D1 a page is in two places";
        pool->mark_bits[page / 64] |= (uint64_t)1 << (page % 64);
        if (state_load(pool, page) != id_state(r->ids[n]))
            return "M2 a page in a block is of another generation";
        if (pool->head.desc[page].refs != 1 || desc_pages(pool, page) != 1)
            return "C2 a page in a block has owners or a run";
    }
    return NULL;
}

static const char *check_blocks(struct leat_pool *pool)
{
    const char *bad = NULL;
    const struct leat_magazine *m;
    const struct leat_rounds *r;
    size_t in_depot = 0;
    uint32_t i;

    for (i = 0; i < (pool->head.ready + 63) / 64; i++)
        pool->mark_bits[i] = pool->free_bits[i];
    for (r = pool->depot_full; r && !bad; r = r->next) {
        if (r->n != pool->rounds_max)
            return "D2 a full block is not full";
        in_depot += r->n;
        bad = check_block(pool, r, r->n);
    }
    if (!bad && in_depot != pool->in_depot)
        bad = "D3 the depot's count is wrong";
    for (r = pool->depot_empty; r && !bad; r = r->next)
        bad = r->n ? "D2 an empty block is not empty" : NULL;
    for (m = pool->in_use; m && !bad; m = m->next) {
        if (!m->loaded) {
            bad = m->top || m->ceil ? "M4 a window without a block" : NULL;
            continue;
        }
        if (m->top < m->loaded->ids || m->top > m->ceil ||
            m->ceil != m->loaded->ids + pool->rounds_max)
            return "M1 a magazine's window is broken";
        bad = check_block(pool, m->loaded, (size_t)(m->top - m->loaded->ids));
        if (!bad && m->spare)
            bad = check_block(pool, m->spare, m->spare->n);
    }
    return bad;
}

/* Whatever is marked neither free nor idle is out, head by head. */
static const char *check_out(struct leat_pool *pool)
{
    size_t pages = 0, run_pages = 0, run_chunks = 0, adopted = 0;
    uint32_t page, n;

    for (page = 0; page < pool->head.ready; page++) {
        uint32_t word = state_load(pool, page);

        if (bit_get(pool->mark_bits, page) && leat_chunk_mixed(pool, page))
            return "B1 a page that is not out is mixed";
        if (bit_get(pool->mark_bits, page) || word & STATE_TAIL)
            continue;
        n = desc_pages(pool, page);
        if (!pool->head.desc[page].refs)
            return "C1 a chunk that is out has no owner";
        if (word & STATE_ORPHAN && !(word & STATE_SLOW))
            return "C4 an orphan is not marked slow";
        if (n > 1 && !(word & STATE_SLOW))
            return "C1 a run is not marked slow";
        if (page_slab(pool, page)->adopted) {
            adopted++;
            continue;
        }
        pages += n;
        run_chunks += n > 1;
        run_pages += n > 1 ? n : 0;
    }
    if (pages != leat_pool_pages_out(pool))
        return "D4 the pages out do not add up";
    if (run_pages != pool->run_pages || run_chunks != pool->run_chunks)
        return "C1 the runs out do not add up";
    if (adopted != pool->adopted_chunks)
        return "C1 the adopted chunks do not add up";
    return NULL;
}

static const char *check_line(const struct leat_pool *pool)
{
    const struct leat_waiter *w, *last = NULL;
    size_t n = 0;

    for (w = pool->oldest; w; last = w, w = w->next, n++) {
        if (w->prev != last || n > pool->waiting)
            return "W1 the line of waiters is broken";
        if (w->pool != pool)
            return "W3 a waiter in line does not know it";
    }
    if (n != pool->waiting || pool->newest != last)
        return "W1 the number of waiters is wrong";
    if (pool->used > pool->limit)
        return "D4 more pages are in use than the limit";
    return NULL;
}

const char *leat_pool_check(struct leat_pool *pool)
{
    const char *bad;

    if (pool_alive(pool))
        return NULL;
    leat_lock_take(&pool->lock);
    bad = check_slabs(pool);
    if (!bad)
        bad = check_blocks(pool);
    if (!bad)
        bad = check_out(pool);
    if (!bad)
        bad = check_line(pool);
    leat_lock_drop(&pool->lock);
    return bad;
}
