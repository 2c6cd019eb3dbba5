/* SPDX-License-Identifier: ISC */

/*
 * Slabs from the backend and back to it, and memory of the caller's own.
 *
 * The backend is called without the lock. A slab that came while another thread
 * brought one too is simply a slab more. A backend that refuses one thread may
 * have its last slab under way to another, who wants but little of it:
 *
 *   W1  who is refused looks again after those that were at the backend by then
 *       are back. It waits for no other, nor for itself
 *
 * (A freestanding core knows no threads: there each is itself.)
 */

#include "internal.h"

static uint32_t units_of(size_t pages)
{
    return (uint32_t)((pages + UNIT_PAGES - 1) / UNIT_PAGES);
}

static void leave_backend(struct leat_pool *pool, const struct growing *here)
{
    struct growing **g;

    for (g = &pool->growing; *g != here; g = &(*g)->next)
        ;
    *g = here->next;
}

/* Whether another thread than this was at the backend before turn (turns). */
bool leat_pool_grows_beside(struct leat_pool *pool, uint64_t turns)
{
    const void *self = leat_thread_self();
    const struct growing *g;
    bool beside = false;

    leat_lock_take(&pool->lock);
    for (g = pool->growing; g && !beside; g = g->next)
        beside = g->self != self && g->turn < turns;
    leat_lock_drop(&pool->lock);
    return beside;
}

int leat_pool_grow(struct leat_pool *pool, size_t pages)
{
    struct growing here = {.self = leat_thread_self()};
    struct leat_backend backend = pool->config.backend;
    struct leat_slab mem;
    size_t ask = pages, room;
    uint32_t slot;
    int err = 0;

    if (backend.ops->slab_pages && backend.ops->slab_pages(backend.self) > ask)
        ask = backend.ops->slab_pages(backend.self);
    leat_lock_take(&pool->lock);
    room = (size_t)(pool->slab_units_max - pool->slab_units) * UNIT_PAGES;
    if (pages > pool->limit || pool->used > pool->limit - pages)
        err = pool->limit_err;
    else if (pages > room)
        err = LEAT_E_NOMEM;
    if (!err) {
        here.turn = pool->turns++;
        here.next = pool->growing;
        pool->growing = &here;
    }
    leat_lock_drop(&pool->lock);
    if (err)
        return err;
    err = backend.ops->slab_get(backend.self, ask > room ? pages : ask, &mem);

    leat_lock_take(&pool->lock);
    leave_backend(pool, &here);
    if (err) {
        leat_lock_drop(&pool->lock);
        return err;
    }
    room = (size_t)(pool->slab_units_max - pool->slab_units) * UNIT_PAGES;
    if (units_of(mem.pages) <= pool->slab_units_max - pool->slab_units)
        err = leat_slab_add(pool, &mem, &slot);
    else
        err = LEAT_E_NOMEM;
    if (!err) {
        struct slab *s = &pool->slabs[slot];

        pool->slab_units += units_of(s->pages);
        pool->in_slabs += s->pages;
        pool->stats.slabs_got++;
        pool->used += s->pages; /* as leat_slab_give() takes them off again */
        leat_slab_give(pool, s->first, s->pages);
        leat_debug_poison(mem.base, mem.pages * LEAT_PAGE_SIZE);
    }
    leat_lock_drop(&pool->lock);
    if (err && backend.ops->slab_put)
        backend.ops->slab_put(backend.self, &mem);
    return err;
}

/* Takes one wholly free slab off the pool, the newest first. */
static bool slab_unhook(struct leat_pool *pool, struct leat_slab *out)
{
    uint32_t i, found = NO_SLAB;

    for (i = pool->first_slab; i != NO_SLAB; i = pool->slabs[i].next) {
        if (!pool->slabs[i].adopted &&
            pool->slabs[i].free == pool->slabs[i].pages)
            found = i;
    }
    if (found == NO_SLAB)
        return false;
    *out = pool->slabs[found].mem;
    pool->in_free -= pool->slabs[found].pages;
    pool->in_slabs -= pool->slabs[found].pages;
    pool->slab_units -= units_of(pool->slabs[found].pages);
    pool->stats.slabs_put++;
    leat_slab_remove(pool, found);
    return true;
}

/* Drops the memory of the free pages of slab (s), run by run. */
static size_t discard(struct leat_pool *pool, struct slab *s, size_t most)
{
    struct leat_backend backend = pool->config.backend;
    uint32_t i = 0, run;
    size_t dropped = 0;

    for (; i < s->pages && dropped < most; i += run + 1) {
        for (run = 0; i + run < s->pages && dropped + run < most; run++) {
            if (!bit_get(pool->free_bits, s->first + i + run))
                break;
        }
        if (run && !backend.ops->discard(backend.self, &s->mem, i, run))
            dropped += run;
    }
    return dropped;
}

int leat_pool_trim(struct leat_pool *pool, size_t keep_pages, size_t *trimmed)
{
    int err = pool_alive(pool);
    struct leat_backend backend;
    struct leat_slab mem;
    size_t gone = 0, excess;
    uint32_t i;

    if (err)
        return err;
    backend = pool->config.backend;
    if (!backend.ops->slab_put && !backend.ops->discard)
        return LEAT_E_UNSUPPORTED;
    leat_lock_take(&pool->lock);
    leat_depot_spill(pool);
    while (backend.ops->slab_put && pool->in_free > keep_pages &&
           slab_unhook(pool, &mem)) {
        leat_lock_drop(&pool->lock);
        gone += mem.pages;
        leat_debug_unpoison(mem.base, mem.pages * LEAT_PAGE_SIZE);
        backend.ops->slab_put(backend.self, &mem);
        leat_lock_take(&pool->lock);
    }
    /*
     * Under the lock, so that no page is got while its memory is dropped: a
     * system call for each run of free pages.
     */
    excess = pool->in_free > keep_pages ? pool->in_free - keep_pages : 0;
    for (i = pool->first_slab; backend.ops->discard && i != NO_SLAB;
         i = pool->slabs[i].next) {
        size_t dropped = 0;

        if (!pool->slabs[i].adopted)
            dropped = discard(pool, &pool->slabs[i], excess);
        excess -= dropped;
        gone += dropped;
    }
    leat_lock_drop(&pool->lock);
    if (trimmed)
        *trimmed = gone;
    return 0;
}

/* Tells whether any of [base, base + bytes) is the pool's already. */
static bool overlaps(const struct leat_pool *pool, const unsigned char *base,
                     size_t bytes)
{
    uint32_t i;

    for (i = pool->first_slab; i != NO_SLAB; i = pool->slabs[i].next) {
        const struct slab *s = &pool->slabs[i];

        if (base < s->mem.base + (size_t)s->pages * LEAT_PAGE_SIZE &&
            s->mem.base < base + bytes)
            return true;
    }
    return false;
}

int leat_pool_adopt(struct leat_pool *pool, void *base, size_t pages,
                    void (*release)(void *arg, void *base, size_t pages),
                    void *arg, struct leat_chunk *out)
{
    struct leat_slab mem = {.base = base, .pages = pages, .cookie = NULL};
    int err = pool_alive(pool);
    uint32_t slot, i;
    struct slab *s;

    if (err)
        return err;
    if (!base || !pages || !release || !out)
        return LEAT_E_INVALID;
    if ((uintptr_t)base % LEAT_PAGE_SIZE)
        return LEAT_E_ALIGN;
    if (pages > LEAT_PAGES_MAX ||
        (uintptr_t)base + pages * LEAT_PAGE_SIZE - 1 < (uintptr_t)base)
        return LEAT_E_OVERFLOW;

    leat_lock_take(&pool->lock);
    if (pages > (size_t)pool->adopt_units_max * UNIT_PAGES ||
        units_of(pages) > pool->adopt_units_max - pool->adopt_units)
        err = LEAT_E_LIMIT;
    else if (overlaps(pool, base, pages * LEAT_PAGE_SIZE))
        err = LEAT_E_BUSY;
    else
        err = leat_slab_add(pool, &mem, &slot);
    if (!err) {
        s = &pool->slabs[slot];
        s->adopted = true;
        s->release = release;
        s->arg = arg;
        s->live = s->pages;
        pool->adopt_units += units_of(pages);
        pool->in_adopted += pages;
        pool->adopted_chunks++;
        pool->stats.gets++;
        desc_pages_set(pool, s->first, s->pages);
        out->id = make_id(pool, s->first, state_load(pool, s->first));
        out->pool = pool;
        state_store(pool, s->first, state_load(pool, s->first) | STATE_SLOW);
        for (i = 1; i < s->pages; i++)
            state_store(pool, s->first + i,
                        state_load(pool, s->first + i) | STATE_TAIL);
        leat_debug_event(pool, s->first, LEAT_EVENT_GET);
    }
    leat_lock_drop(&pool->lock);
    return err;
}
