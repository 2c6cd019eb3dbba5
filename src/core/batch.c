/* SPDX-License-Identifier: ISC */

/*
 * Batches: whole blocks that leave a magazine and come back.
 *
 *   B1  block.batch is odd  <=>  it is out as a batch; each way adds one, so an
 *       old batch's number is never met again before 2^31 rounds
 *   B2  the handles of a batch's pages are nobody's: they cannot be put one by
 *       one, so the batch need not be looked through when it comes back
 *
 * Where the spare block is full it is the one that goes, and where its place is
 * free it is the one that comes: neither takes the lock.
 */

#include "internal.h"

static struct leat_rounds *block_of(struct leat_batch b)
{
    struct leat_pool *pool = b.pool;
    uint32_t index = (uint32_t)b.id;
    struct leat_rounds *r;

    if (!pool || pool_alive(pool) || index >= pool->nblocks)
        return NULL;
    r = (struct leat_rounds *)(pool->blocks + index * pool->block_bytes);
    return __atomic_load_n(&r->batch, __ATOMIC_RELAXED) ==
                       (uint32_t)(b.id >> 32) &&
                   r->batch & 1
               ? r
               : NULL;
}

bool leat_batch_has(const struct leat_pool *pool, uint32_t page)
{
    uint32_t i, k;

    for (i = 0; i < pool->blocks_used; i++) {
        const struct leat_rounds *r =
            (const struct leat_rounds *)(pool->blocks + i * pool->block_bytes);

        if (!(__atomic_load_n(&r->batch, __ATOMIC_RELAXED) & 1))
            continue;
        for (k = 0; k < r->n; k++) {
            if (id_page(pool, r->ids[k]) == page)
                return true;
        }
    }
    return false;
}

/*
 * Makes the spare a block with pages: a page got in the ordinary way, and put
 * back, leaves the loaded block full or as full as can be; then they swap.
 */
static int fill_spare(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *spare = m->spare;
    struct leat_chunk c;
    int err;

    if (!spare) {
        leat_lock_take(&pool->lock);
        spare = leat_block_empty(pool);
        leat_lock_drop(&pool->lock);
        if (!spare)
            return LEAT_E_LIMIT;
        spare->n = 0;
        __atomic_store_n(&m->spare, spare, __ATOMIC_RELAXED);
    }
    if (m->top == m->loaded->ids && !spare->n) {
        err = leat_magazine_get(m, &c);
        if (err)
            return err;
        err = leat_magazine_put(m, c);
        if (err)
            return err;
    }
    if (!m->spare->n)
        leat_magazine_swap(m, false);
    return 0;
}

/* What a single get would do, but that its handle is nobody's. */
static void batch_page(struct leat_pool *pool, uint32_t page)
{
    uint32_t word = state_load(pool, page);

    leat_chunk_prepare(pool, page, 1, false);
    state_store(pool, page, word);
}

int leat_magazine_take(struct leat_magazine *m, struct leat_batch *out)
{
    struct leat_pool *pool;
    struct leat_rounds *r;
    uint32_t i;
    int err;

    if (!m || !out)
        return LEAT_E_INVALID;
    pool = m->pool;
    err = pool_alive(pool);
    if (err)
        return err;
    if (!m->loaded || pool->config.zero == LEAT_ZERO_ALWAYS)
        return LEAT_E_UNSUPPORTED;
    r = m->spare;
    if (!r || r->n != pool->rounds_max) {
        err = fill_spare(m);
        if (err)
            return err;
        r = m->spare;
    }
    __atomic_store_n(&m->spare, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&m->gets, m->gets + r->n, __ATOMIC_RELEASE);
    __atomic_store_n(&r->batch, r->batch + 1, __ATOMIC_RELAXED);
    for (i = 0; (LEAT_DEBUG || pool->track) && i < r->n; i++)
        batch_page(pool, id_page(pool, r->ids[i]));
    out->pool = pool;
    out->id = (uint64_t)r->batch << 32 |
              (uint64_t)(((unsigned char *)r - pool->blocks) /
                         (ptrdiff_t)pool->block_bytes);
    return 0;
}

int leat_magazine_give(struct leat_magazine *m, struct leat_batch b)
{
    struct leat_pool *pool;
    struct leat_rounds *r;
    uint32_t i;
    int err;

    if (!m)
        return LEAT_E_INVALID;
    pool = m->pool;
    err = pool_alive(pool);
    if (err)
        return err;
    if (b.pool != pool)
        return LEAT_E_FOREIGN;
    r = block_of(b);
    if (!r)
        return LEAT_E_STALE;
    __atomic_store_n(&r->batch, r->batch + 1, __ATOMIC_RELAXED);
    for (i = 0; LEAT_DEBUG && i < r->n; i++)
        leat_debug_poison(page_addr(pool, id_page(pool, r->ids[i])),
                          LEAT_PAGE_SIZE);
    if (!m->spare) {
        __atomic_store_n(&m->spare, r, __ATOMIC_RELEASE);
        return 0;
    }
    leat_lock_take(&pool->lock);
    if (r->n == pool->rounds_max) {
        leat_block_store(pool, r);
    } else {
        leat_block_spill(pool, r);
        leat_block_retire(pool, r);
    }
    leat_lock_drop(&pool->lock);
    return 0;
}

size_t leat_batch_pages(struct leat_batch b)
{
    const struct leat_rounds *r = block_of(b);

    return r ? r->n : 0;
}

int leat_batch_view(struct leat_batch b, size_t index, struct leat_view *out)
{
    const struct leat_rounds *r = block_of(b);

    if (!out)
        return LEAT_E_INVALID;
    if (!r)
        return LEAT_E_STALE;
    if (index >= r->n)
        return LEAT_E_RANGE;
    out->data = page_addr(b.pool, id_page(b.pool, r->ids[index]));
    out->len = LEAT_PAGE_SIZE;
    return 0;
}
