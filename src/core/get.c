/* SPDX-License-Identifier: ISC */

/*
 * Getting chunks, where the lock is taken.
 *
 * A get tries in this order, and stops at the first that helps:
 *
 *   1  the free set
 *   2  the free set, with the depot and the caller's own magazine spilled to it
 *   3  a slab from the backend
 *   4  the reclaim hook, once, and all of this again
 *
 * The lock is dropped for 3 and 4, so another thread may take what they brought;
 * then it goes round once more. Each round, somebody got something.
 */

#include <string.h>

#include "internal.h"

/* What is wanted: one run, or a number of single pages. */
struct want {
    struct leat_magazine *m; /* the caller's own, or NULL */
    size_t pages;
    bool singles;
    struct handles out; /* of the singles */
    uint64_t id;        /* of the run     */
};

int leat_chunk_form(struct leat_pool *pool, size_t pages, uint64_t *id)
{
    uint32_t first, i;
    int err = leat_slab_take(pool, pages, &first);

    if (err)
        return err;
    *id = make_id(pool, first, state_load(pool, first));
    if (pages > 1) {
        desc_pages_set(pool, first, (uint32_t)pages);
        state_store(pool, first, state_load(pool, first) | STATE_SLOW);
        for (i = 1; i < pages; i++)
            state_store(pool, first + i,
                        state_load(pool, first + i) | STATE_TAIL);
        pool->run_chunks++;
        pool->run_pages += pages;
    }
    return 0;
}

void leat_chunk_prepare(struct leat_pool *pool, uint32_t page, size_t pages,
                        bool zero)
{
    unsigned char *addr = page_addr(pool, page);

    leat_debug_unpoison(addr, pages * LEAT_PAGE_SIZE);
    if (zero || pool->config.zero == LEAT_ZERO_ALWAYS)
        memset(addr, 0, pages * LEAT_PAGE_SIZE);
    if (pool->track) {
        struct page_track *t = &pool->track[page];

        __atomic_store_n(&t->tag, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&t->since_ns, leat_clock_ns(pool->config.port),
                         __ATOMIC_RELAXED);
    }
    if (pool->track || LEAT_DEBUG)
        state_store(pool, page, state_load(pool, page) | STATE_SLOW);
    leat_debug_event(pool, page, LEAT_EVENT_GET);
}

/* Takes single pages, all or none, from wherever they lie. */
static int take_singles(struct leat_pool *pool, struct want *want)
{
    struct leat_magazine *m = want->m && want->m->loaded ? want->m : NULL;
    size_t own = 0, room, i;

    if (m)
        own = leat_magazine_pages(m) + pool->in_depot;
    else
        leat_depot_spill(pool);
    room = pool->limit - pool->used;
    if (room + own < want->pages)
        return pool->limit_err;
    if (pool->in_free < room)
        room = pool->in_free;
    if (room + own < want->pages)
        return LEAT_E_NOMEM;
    for (i = 0; i < want->pages; i++) {
        uint64_t id;

        if (m) {
            if (m->top == m->loaded->ids && !leat_magazine_swap(m, true))
                leat_magazine_load(m);
            id = m->top[-1];
            __atomic_store_n(&m->top, m->top - 1, __ATOMIC_RELAXED);
            __atomic_store_n(&m->gets, m->gets + 1, __ATOMIC_RELEASE);
        } else {
            leat_chunk_form(pool, 1, &id);
        }
        handle_set(pool, want->out, i, id);
    }
    return 0;
}

static int try_once(struct leat_pool *pool, struct want *want)
{
    int err;

    if (pool->waiting)
        return LEAT_E_BUSY;
    if (want->singles)
        return take_singles(pool, want);
    err = leat_chunk_form(pool, want->pages, &want->id);
    if (err && leat_depot_spill(pool))
        err = leat_chunk_form(pool, want->pages, &want->id);
    if (err && want->m && leat_magazine_pages(want->m)) {
        leat_magazine_spill(want->m);
        err = leat_chunk_form(pool, want->pages, &want->id);
    }
    return err;
}

/* Calls the reclaim hook, unless this thread is in it already. */
static bool reclaim(struct leat_pool *pool, size_t pages)
{
    struct reclaiming here = {.self = leat_thread_self()};
    struct reclaiming **r;
    bool inside = false;

    if (!pool->config.reclaim)
        return false;
    leat_lock_take(&pool->lock);
    for (r = &pool->reclaiming; *r && !inside; r = &(*r)->next)
        inside = (*r)->self == here.self;
    if (!inside) {
        here.next = pool->reclaiming;
        pool->reclaiming = &here;
    }
    leat_lock_drop(&pool->lock);
    if (inside)
        return false;

    __atomic_fetch_add(&pool->stats.reclaims, 1, __ATOMIC_RELAXED);
    pool->config.reclaim(pool->config.arg, pool, pages);

    leat_lock_take(&pool->lock);
    for (r = &pool->reclaiming; *r != &here; r = &(*r)->next)
        ;
    *r = here.next;
    leat_lock_drop(&pool->lock);
    return true;
}

/* Asks the backend for what the free set did not have. */
static int grow(struct leat_pool *pool, const struct want *want, bool again)
{
    size_t ask = want->singles ? 1 : want->pages;

    /* A slab came, and no aligned run was in it: ask for one that must have. */
    if (again && !want->singles)
        ask += leat_run_align(pool, ask) - 1;
    return leat_pool_grow(pool, ask);
}

/* Waits for those who are at the backend: W1. */
static void wait_for_others(struct leat_pool *pool)
{
    uint64_t turns;

    leat_lock_take(&pool->lock);
    turns = pool->turns;
    leat_lock_drop(&pool->lock);
    while (leat_pool_grows_beside(pool, turns))
        leat_thread_yield(pool->config.port);
}

/* A run is missed by others' luck so often at the most, then it is given up. */
#define GROW_ROUNDS 16

static int get_loop(struct leat_pool *pool, struct want *want)
{
    size_t rounds = GROW_ROUNDS + (want->singles ? want->pages : 0);
    bool reclaimed = false;
    size_t grown = 0;
    int refused = 0;
    struct calls calls;
    int err;

    for (;;) {
        leat_lock_take(&pool->lock);
        err = try_once(pool, want);
        if (!err && (!want->singles || !want->m || !want->m->loaded))
            pool->stats.gets += want->singles ? want->pages : 1;
        leat_calls_gather(pool, &calls);
        leat_lock_drop(&pool->lock);
        leat_calls_make(pool, &calls);
        if (!err || err == LEAT_E_BUSY)
            break;
        if (err == LEAT_E_NOMEM && !refused && grown < rounds) {
            refused = grow(pool, want, grown > 0);
            if (refused)
                wait_for_others(pool);
            grown++;
            continue;
        }
        if (refused)
            err = refused; /* what the backend said tells more */
        if (reclaimed || !reclaim(pool, want->pages))
            break;
        reclaimed = true;
        refused = 0;
        grown = 0;
    }
    if (err)
        __atomic_fetch_add(&pool->stats.refused, 1, __ATOMIC_RELAXED);
    return err;
}

struct leat_chunk leat_pool_get_locked(struct leat_pool *pool,
                                       struct leat_magazine *m, size_t pages,
                                       bool zero)
{
    struct want want = {.m = m, .pages = pages};
    struct leat_chunk c;
    int err = pool_alive(pool);

    if (!err && !pages)
        err = LEAT_E_INVALID;
    if (!err)
        err = get_loop(pool, &want);
    if (err)
        return chunk_error(err);
    c.pool = pool;
    c.id = want.id;
    leat_chunk_prepare(pool, id_page(pool, c.id), pages, zero);
    return c;
}

int leat_pool_get_bulk_locked(struct leat_pool *pool, struct leat_magazine *m,
                              struct handles out, size_t n)
{
    struct want want = {.m = m, .pages = n, .singles = true, .out = out};
    int err = pool_alive(pool);
    size_t i;

    if (err || !n)
        return err;
    if (!out.at)
        return LEAT_E_INVALID;
    err = get_loop(pool, &want);
    if (err)
        return err;
    for (i = 0; pool->slow_get && i < n; i++)
        leat_chunk_prepare(pool, id_page(pool, handle_chunk(pool, out, i).id),
                           1, false);
    return 0;
}

int leat_pool_get_zeroed(struct leat_pool *pool, size_t pages,
                         struct leat_chunk *out)
{
    struct leat_chunk c;
    int err = pool_alive(pool);

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    if (pool->config.zero == LEAT_ZERO_NEVER)
        return LEAT_E_UNSUPPORTED;
    if (pool->config.zero == LEAT_ZERO_ALWAYS)
        return leat_pool_get(pool, pages, out);
    c = leat_pool_get_value(pool, pages);
    if (!c.pool)
        return leat_chunk_error(c);
    memset(leat_chunk_addr(c), 0, pages * LEAT_PAGE_SIZE);
    *out = c;
    return 0;
}
