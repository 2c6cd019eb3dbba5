/* SPDX-License-Identifier: ISC */

/*
 * Putting chunks back, where it is more than a push on a magazine.
 *
 *   C1  desc.refs == handles + refs (a chunk without SLOW: its handle, 1)
 *   C2  a page is free, in a magazine or in the depot
 *         =>  desc.refs == 1, desc.pages == 1, no flags in its state, not mixed
 *   C3  who moves the state word from a handle's generation to another has put
 *       that handle: it is one compare-and-swap, so one of two puts fails
 *   C4  ORPHAN  =>  the handle was put and desc.refs >= 1
 *
 * Life of a chunk with more than one owner:
 *
 *     private --ref--> SLOW --put handle--> SLOW | ORPHAN --last unref--> free
 *        ^               |
 *        |               +--last unref (the handle stays)--+
 *        +------- put: as a private one ------------------+
 */

#include "internal.h"

/* A run goes back to the free set. Under the lock. */
static void run_free(struct leat_pool *pool, uint32_t first, uint32_t pages)
{
    uint32_t i;

    if (pages > 1) {
        for (i = 1; i < pages; i++)
            state_store(pool, first + i,
                        state_load(pool, first + i) & ~STATE_TAIL);
        desc_pages_set(pool, first, 1);
        pool->run_chunks--;
        pool->run_pages -= pages;
    }
    leat_slab_give(pool, first, pages);
}

/* Adopted pages go; the caller gets its memory when none is left. */
static void adopted_free(struct leat_pool *pool, uint32_t first, uint32_t pages)
{
    struct slab *s = page_slab(pool, first);
    void (*release)(void *, void *, size_t) = NULL;
    struct leat_slab mem;
    void *arg = NULL;

    leat_lock_take(&pool->lock);
    s->live -= pages;
    pool->adopted_chunks--;
    if (!s->live) {
        release = s->release;
        arg = s->arg;
        mem = s->mem;
        pool->in_adopted -= s->pages;
        pool->adopt_units -= (s->pages + UNIT_PAGES - 1) / UNIT_PAGES;
        leat_debug_unpoison(mem.base, mem.pages * LEAT_PAGE_SIZE);
        leat_slab_remove(pool, (uint32_t)(s - pool->slabs));
    }
    leat_lock_drop(&pool->lock);
    if (release)
        release(arg, mem.base, mem.pages);
}

void leat_chunk_last_owner(struct leat_pool *pool, struct leat_magazine *m,
                           uint32_t page)
{
    uint32_t word = (state_load(pool, page) & ~STATE_FLAGS) + STATE_LIFE;
    uint32_t pages = desc_pages(pool, page);
    bool adopted = page_slab(pool, page)->adopted;
    struct calls calls;

    leat_debug_poison(page_addr(pool, page), (size_t)pages * LEAT_PAGE_SIZE);
    leat_chunk_unmix(pool, page, pages);
    __atomic_store_n(&pool->head.desc[page].refs, 1, __ATOMIC_RELAXED);
    /* An adopted page that waits for the others is nobody's: no handle fits. */
    state_store(pool, page, adopted ? word | STATE_TAIL : word);
    if (adopted) {
        adopted_free(pool, page, pages);
    } else if (pages == 1 && m && m->loaded) {
        leat_magazine_push(m, make_id(pool, page, word));
    } else {
        leat_lock_take(&pool->lock);
        run_free(pool, page, pages);
        leat_calls_gather(pool, &calls);
        leat_lock_drop(&pool->lock);
        leat_calls_make(pool, &calls);
    }
}

int leat_pool_put_locked(struct leat_pool *pool, struct leat_magazine *m,
                         struct leat_chunk c)
{
    uint32_t page, word;
    int err = pool_alive(pool);

    if (err)
        return err;
    page = id_page(pool, c.id);
    do {
        err = chunk_valid(pool, c, &word);
        if (err)
            return err;
    } while (!__atomic_compare_exchange_n(
        &pool->head.state[page], &word, word | STATE_SLOW | STATE_ORPHAN, false,
        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)); /* C3 */
    leat_debug_event(pool, page, LEAT_EVENT_PUT);
    if (__atomic_fetch_sub(&pool->head.desc[page].refs, 1, __ATOMIC_ACQ_REL) ==
        1)
        leat_chunk_last_owner(pool, m, page);
    return 0;
}

int leat_pool_put_bulk(struct leat_pool *pool, const struct leat_chunk *c,
                       size_t n, size_t *done)
{
    struct leat_magazine *m;
    size_t i;
    int err = pool_alive(pool);

    if (err)
        return err;
    if (!c && n)
        return LEAT_E_INVALID;
    m = leat_pool_magazine(pool);
    if (m)
        return leat_magazine_put_bulk(m, c, n, done);
    for (i = 0; i < n; i++) {
        err = leat_pool_put(pool, c[i]);
        if (err)
            break;
    }
    if (done)
        *done = i;
    return err;
}
