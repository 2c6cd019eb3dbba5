/* SPDX-License-Identifier: ISC */

/*
 * What is out: all that is not free, not in a magazine and not in the depot.
 *
 * Nothing is written when a page is got, so it is found by what it is not. The
 * scratch bits are marked with all idle pages, under the lock.
 */

#include <string.h>

#include "internal.h"

size_t leat_pool_pages_out(const struct leat_pool *pool)
{
    size_t idle = pool->in_depot;
    const struct leat_magazine *m;

    for (m = pool->in_use; m; m = m->next)
        idle += leat_magazine_pages(m);
    return pool->used - idle;
}

static void mark(struct leat_pool *pool, uint64_t id)
{
    uint32_t page = id_page(pool, id);

    if (page < pool->head.ready)
        pool->mark_bits[page / 64] |= (uint64_t)1 << (page % 64);
}

static void mark_block(struct leat_pool *pool, const struct leat_rounds *r,
                       size_t n)
{
    while (n--)
        mark(pool, __atomic_load_n(&r->ids[n], __ATOMIC_RELAXED));
}

void leat_pool_mark_idle(struct leat_pool *pool)
{
    const struct leat_magazine *m;
    const struct leat_rounds *r;
    struct magazine_seen seen;
    unsigned i;

    memcpy(pool->mark_bits, pool->free_bits, (pool->head.ready + 63) / 64 * 8);
    for (r = pool->depot_full; r; r = r->next)
        mark_block(pool, r, r->n);
    for (m = pool->in_use; m; m = m->next) {
        leat_magazine_see(m, &seen);
        for (i = 0; i < 2; i++)
            mark_block(pool, seen.block[i], seen.pages[i]);
    }
}

static void describe(struct leat_pool *pool, uint32_t page,
                     struct leat_out *out)
{
    memset(out, 0, sizeof(*out));
    out->bytes.data = page_addr(pool, page);
    out->bytes.len = (size_t)desc_pages(pool, page) * LEAT_PAGE_SIZE;
    out->owners =
        __atomic_load_n(&pool->head.desc[page].refs, __ATOMIC_RELAXED);
    out->adopted = page_slab(pool, page)->adopted;
    if (pool->track) {
        const struct page_track *t = &pool->track[page];
        uint64_t now = leat_clock_ns(pool->config.port);

        out->tracked = true;
        out->tag = __atomic_load_n(&t->tag, __ATOMIC_RELAXED);
        out->age_ns = now - __atomic_load_n(&t->since_ns, __ATOMIC_RELAXED);
    }
}

int leat_pool_each_out(struct leat_pool *pool,
                       int (*fn)(void *arg, const struct leat_out *out),
                       void *arg)
{
    int err = pool_alive(pool);
    struct leat_out out;
    uint32_t page;

    if (err)
        return err;
    if (!fn)
        return LEAT_E_INVALID;
    leat_lock_take(&pool->lock);
    leat_pool_mark_idle(pool);
    for (page = 0; page < pool->head.ready && !err; page++) {
        if (bit_get(pool->mark_bits, page) ||
            state_load(pool, page) & STATE_TAIL)
            continue;
        describe(pool, page, &out);
        err = fn(arg, &out);
    }
    leat_lock_drop(&pool->lock);
    return err;
}
