/* SPDX-License-Identifier: ISC */

/*
 * Magazines: a thread's own stack of free pages.
 *
 *   M1  loaded->ids <= top <= ceil == loaded->ids + rounds_max
 *   M2  ids below top, and in spare below spare->n, are of pages that are out
 *       to nobody, each with the generation of its next handle
 *   M3  what another thread sees of a magazine is read between two equal and even
 *       values of `changing`: blocks only change places while it is odd
 *   M4  a pool without rounds (exact, or told so) has magazines without blocks:
 *       top == floor == ceil == NULL, and every call takes the slow path
 */

#include "internal.h"

/* C99 inlines of the header: their external definitions. */
extern inline int leat_magazine_get(struct leat_magazine *m,
                                    struct leat_chunk *out);
extern inline int leat_magazine_put(struct leat_magazine *m,
                                    struct leat_chunk c);
extern inline void *leat_chunk_addr(struct leat_chunk c);

void leat_magazine_blocks(struct leat_magazine *m, struct leat_rounds *loaded,
                          size_t n, struct leat_rounds *spare)
{
    struct leat_pool *pool = m->pool;
    uint64_t *first = loaded->ids;

    __atomic_store_n(&m->changing, m->changing + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&m->loaded, loaded, __ATOMIC_RELEASE);
    __atomic_store_n(&m->spare, spare, __ATOMIC_RELEASE);
    __atomic_store_n(&m->top, first + n, __ATOMIC_RELEASE);
    __atomic_store_n(&m->changing, m->changing + 1, __ATOMIC_RELEASE);
    m->ceil = first + pool->rounds_max;
    /* Where each get has more to do, no get is fast. */
    m->floor = pool->slow_get ? m->ceil : first;
    m->numbers = __atomic_load_n(&pool->head.ready, __ATOMIC_ACQUIRE);
}

void leat_magazine_see(const struct leat_magazine *m,
                       struct magazine_seen *seen)
{
    const struct leat_rounds *loaded, *spare;
    const uint64_t *top;
    uint32_t before, after;

    do {
        before = __atomic_load_n(&m->changing, __ATOMIC_ACQUIRE);
        loaded = __atomic_load_n(&m->loaded, __ATOMIC_ACQUIRE);
        spare = __atomic_load_n(&m->spare, __ATOMIC_ACQUIRE);
        top = __atomic_load_n(&m->top, __ATOMIC_ACQUIRE);
        seen->block[0] = loaded;
        seen->pages[0] = loaded ? (size_t)(top - loaded->ids) : 0;
        seen->block[1] = spare;
        seen->pages[1] =
            spare ? __atomic_load_n(&spare->n, __ATOMIC_ACQUIRE) : 0;
        after = __atomic_load_n(&m->changing, __ATOMIC_RELAXED);
        /*
         * Its thread is between a few stores: it will not be for long. A get or
         * a put moves top without more, so top alone may be ahead.
         */
    } while (before != after || before & 1 ||
             seen->pages[0] > m->pool->rounds_max);
}

size_t leat_magazine_pages(const struct leat_magazine *m)
{
    struct magazine_seen seen;

    leat_magazine_see(m, &seen);
    return seen.pages[0] + seen.pages[1];
}

bool leat_magazine_swap(struct leat_magazine *m, bool full)
{
    struct leat_rounds *loaded = m->loaded, *spare = m->spare;

    if (!spare || full != (spare->n != 0))
        return false;
    __atomic_store_n(&loaded->n, (uint32_t)(m->top - loaded->ids),
                     __ATOMIC_RELAXED);
    leat_magazine_blocks(m, spare, spare->n, loaded);
    return true;
}

void leat_magazine_spill(struct leat_magazine *m)
{
    struct leat_rounds *loaded = m->loaded;

    if (!loaded)
        return;
    loaded->n = (uint32_t)(m->top - loaded->ids);
    leat_magazine_blocks(m, loaded, 0, m->spare);
    leat_block_spill(m->pool, loaded);
    if (m->spare)
        leat_block_spill(m->pool, m->spare);
}

struct leat_chunk leat_magazine_get_slow(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    int err = pool_alive(pool);
    struct leat_chunk c;

    if (err)
        return chunk_error(err);
    if (!m->loaded)
        return leat_pool_get_locked(pool, m, 1, false);
    if (m->top == m->loaded->ids && !leat_magazine_swap(m, true)) {
        err = leat_pool_get_bulk_locked(pool, m, (struct handles){&c, true}, 1);
        return err ? chunk_error(err) : c;
    }
    c.pool = pool;
    c.id = m->top[-1];
    __atomic_store_n(&m->top, m->top - 1, __ATOMIC_RELAXED);
    __atomic_store_n(&m->gets, m->gets + 1, __ATOMIC_RELEASE);
    leat_chunk_prepare(pool, id_page(pool, c.id), 1, false);
    return c;
}

struct leat_chunk leat_magazine_get_value(struct leat_magazine *m)
{
    return magazine_pop(m);
}

int leat_magazine_put_value(struct leat_magazine *m, struct leat_chunk c)
{
    struct leat_pool *pool = m->pool;

    /* Slabs may have come since the magazine's blocks last changed. */
    m->numbers = __atomic_load_n(&pool->head.ready, __ATOMIC_ACQUIRE);
    return leat_pool_put_locked(pool, m, c);
}

void leat_magazine_push(struct leat_magazine *m, uint64_t id)
{
    if (m->top == m->ceil && !leat_magazine_swap(m, false)) {
        leat_lock_take(&m->pool->lock);
        leat_magazine_unload(m);
        leat_lock_drop(&m->pool->lock);
    }
    __atomic_store_n(m->top, id, __ATOMIC_RELAXED);
    __atomic_store_n(&m->top, m->top + 1, __ATOMIC_RELAXED);
}

int leat_magazine_create(struct leat_pool *pool, struct leat_magazine **out)
{
    int err = pool_alive(pool);
    struct leat_magazine *m = NULL;
    uint32_t i;

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    leat_lock_take(&pool->lock);
    for (i = 0; i < pool->threads && !m; i++) {
        if (!pool->magazines[i].taken)
            m = &pool->magazines[i];
    }
    if (!m)
        goto out;
    m->pool = pool;
    m->state = pool->head.state;
    m->base = pool->head.base;
    m->units = pool->head.units;
    m->gets = 0;
    m->top = m->floor = m->ceil = NULL;
    m->loaded = m->spare = NULL;
    m->numbers = 0;
    if (pool->rounds_max) {
        struct leat_rounds *loaded = leat_block_empty(pool);
        struct leat_rounds *spare;

        if (!loaded) {
            m = NULL;
            goto out;
        }
        loaded->n = 0;
        spare = leat_block_empty(pool);
        if (spare)
            spare->n = 0;
        leat_magazine_blocks(m, loaded, 0, spare);
    }
    m->taken = 1;
    m->next = pool->in_use;
    pool->in_use = m;
    pool->nmagazines++;
    *out = m;
out:
    leat_lock_drop(&pool->lock);
    return m ? 0 : LEAT_E_LIMIT;
}

int leat_magazine_flush(struct leat_magazine *m)
{
    int err = m ? pool_alive(m->pool) : LEAT_E_INVALID;

    if (err)
        return err;
    leat_lock_take(&m->pool->lock);
    leat_magazine_spill(m);
    leat_lock_drop(&m->pool->lock);
    return 0;
}

int leat_magazine_destroy(struct leat_magazine *m)
{
    int err = m ? pool_alive(m->pool) : LEAT_E_INVALID;
    struct leat_magazine **p;
    struct leat_pool *pool;

    if (err)
        return err;
    if (m->thread_prev) /* a thread's own: the library destroys it */
        return LEAT_E_STATE;
    pool = m->pool;
    leat_lock_take(&pool->lock);
    leat_magazine_spill(m);
    if (m->loaded)
        leat_block_retire(pool, m->loaded);
    if (m->spare)
        leat_block_retire(pool, m->spare);
    m->loaded = m->spare = NULL;
    m->top = m->floor = m->ceil = NULL;
    pool->stats.gets += m->gets;
    m->taken = 0;
    for (p = &pool->in_use; *p != m; p = &(*p)->next)
        ;
    *p = m->next;
    pool->nmagazines--;
    leat_lock_drop(&pool->lock);
    return 0;
}
