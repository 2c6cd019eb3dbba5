/* SPDX-License-Identifier: ISC */

/*
 * Whose bytes a page holds: what a peer may see of a pool's memory (rule R2).
 *
 *   B1  a page's bit is set  <=>  it is of a chunk that was mixed and has not
 *       gone back; the chunk is SLOW, so that its put comes to where they are
 *       cleared
 */

#include "internal.h"

/* Sets or clears the bits of (pages) from (first). */
static void mark(struct leat_pool *pool, uint32_t first, uint32_t pages,
                 bool mixed)
{
    uint32_t i;

    for (i = first; i < first + pages; i++) {
        uint64_t *word = &pool->mixed_bits[i / 64];
        uint64_t bit = (uint64_t)1 << (i % 64);

        if (mixed)
            __atomic_fetch_or(word, bit, __ATOMIC_ACQ_REL);
        else
            __atomic_fetch_and(word, ~bit, __ATOMIC_ACQ_REL);
    }
}

int leat_chunk_mix(struct leat_chunk c)
{
    uint32_t page, word;
    int err = c.pool ? chunk_valid(c.pool, c, &word) : LEAT_E_FOREIGN;

    if (err)
        return err;
    page = id_page(c.pool, c.id);
    __atomic_fetch_or(&c.pool->head.state[page], STATE_SLOW, __ATOMIC_ACQ_REL);
    mark(c.pool, page, desc_pages(c.pool, page), true);
    return 0;
}

void leat_chunk_unmix(struct leat_pool *pool, uint32_t page, uint32_t pages)
{
    if (leat_chunk_mixed(pool, page))
        mark(pool, page, pages, false);
}

enum leat_reason leat_peer_offence(struct leat_pool *pool, struct leat_cview v)
{
    enum leat_reason why = LEAT_WHY_PEER;
    const struct slab *s;
    uint32_t slot, page, end;

    if (pool_alive(pool) || !v.data)
        return LEAT_WHY_PEER;
    leat_lock_take(&pool->lock);
    slot = leat_slab_find(pool, v.data);
    if (slot == NO_SLAB)
        goto out;
    s = &pool->slabs[slot];
    if (v.len >
        (size_t)s->pages * LEAT_PAGE_SIZE - (size_t)(v.data - s->mem.base))
        goto out;
    why = LEAT_WHY_NONE;
    if (!v.len)
        goto out;
    page = addr_page(pool, slot, v.data);
    end = addr_page(pool, slot, v.data + v.len - 1);
    while (page <= end && why == LEAT_WHY_NONE)
        if (leat_chunk_mixed(pool, page++))
            why = LEAT_WHY_NEIGHBOURS;
out:
    leat_lock_drop(&pool->lock);
    return why;
}

bool leat_pool_contains(struct leat_pool *pool, struct leat_cview v)
{
    return leat_peer_offence(pool, v) != LEAT_WHY_PEER;
}
