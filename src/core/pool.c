/* SPDX-License-Identifier: ISC */

/*
 * A pool's birth and death.
 *
 *     nothing --create--> alive --destroy--> nothing
 *                           |
 *                         fork()
 *                           v
 *                 dead in the child: every call gives LEAT_E_FORKED
 *
 * Destroying is refused while anything is out: what is known of the pages is
 * exact, so there is no need to guess.
 */

#include <string.h>

#include "internal.h"

int leat_pool_create(struct leat_pool **out,
                     const struct leat_pool_config *config)
{
    const struct leat_backend_ops *ops;
    struct leat_pool plan;
    struct leat_pool *pool;
    unsigned char *meta;
    size_t bytes, left;
    uint32_t i;
    void *mem;
    int err;

    if (!out)
        return LEAT_E_INVALID;
    err = leat_layout_plan(&plan, config, &bytes);
    if (err)
        return err;
    ops = config->backend.ops;
    if (config->meta) {
        size_t skip = (64 - ((uintptr_t)config->meta & 63)) & 63;

        /* As leat_pool_meta_size() says, wherever the memory begins. */
        if (config->meta_bytes < 63 || config->meta_bytes - 63 < bytes)
            return LEAT_E_NOMEM;
        meta = (unsigned char *)config->meta + skip;
        memset(meta, 0, bytes);
    } else if (!ops->meta_get || !ops->meta_put) {
        return LEAT_E_NOMEM;
    } else {
        err = ops->meta_get(config->backend.self, bytes, &mem);
        if (err)
            return err;
        meta = mem;
        plan.meta_ours = true;
    }

    pool = (struct leat_pool *)(meta + LAYOUT_POOL_AT);
    *pool = plan;
    pool->meta_bytes = bytes;
    leat_layout_carve(pool, meta);
    /* A backend whose metadata comes from its pages has fewer of them now. */
    left = ops->pages_max(config->backend.self);
    if (left && left < pool->limit) {
        pool->limit = left;
        pool->limit_err = LEAT_E_NOMEM;
    }
    if (!pool->limit || config->high_pages > pool->limit) {
        err = pool->limit ? LEAT_E_INVALID : LEAT_E_NOMEM;
        if (pool->meta_ours)
            ops->meta_put(config->backend.self, meta, bytes);
        return err;
    }
    if (!pool->config.name)
        pool->config.name = ops->name;
    pool->config.meta = meta;
    pool->first_slab = NO_SLAB;
    pool->last_slab = NO_SLAB;
    leat_lock_init(&pool->lock, LEAT_RANK_POOL, config->port);
    for (i = 0; i < pool->nunits; i++)
        pool->unit_slab[i] = NO_SLAB;
    err = leat_seam_pool_created(pool);
    if (err) {
        leat_lock_fini(&pool->lock);
        if (pool->meta_ours)
            ops->meta_put(config->backend.self, meta, bytes);
        return err;
    }
    /* Found by number, the first of which is not 0. */
    pool->head.units =
        (uintptr_t *)((uintptr_t)pool->head.units -
                      pool->head.base / UNIT_PAGES * sizeof(uintptr_t));
    *out = pool;
    return 0;
}

int leat_pool_destroy(struct leat_pool *pool)
{
    struct leat_backend backend;
    int err = pool_alive(pool);
    uint32_t i, next;

    if (err)
        return err;
    leat_lock_take(&pool->lock);
    if (leat_pool_pages_out(pool) || pool->in_adopted || pool->waiting)
        err = LEAT_E_BUSY;
    leat_lock_drop(&pool->lock);
    if (err)
        return err;

    leat_seam_pool_gone(pool);
    backend = pool->config.backend;
    for (i = pool->first_slab; i != NO_SLAB; i = next) {
        next = pool->slabs[i].next;
        leat_debug_unpoison(pool->slabs[i].mem.base,
                            (size_t)pool->slabs[i].pages * LEAT_PAGE_SIZE);
        if (backend.ops->slab_put)
            backend.ops->slab_put(backend.self, &pool->slabs[i].mem);
    }
    leat_lock_fini(&pool->lock);
    if (pool->meta_ours)
        backend.ops->meta_put(backend.self, pool->config.meta,
                              pool->meta_bytes);
    return 0;
}

struct leat_copies *leat_pool_copies(struct leat_pool *pool)
{
    return pool ? &pool->copies : NULL;
}

uint32_t leat_pool_peer(const struct leat_pool *pool)
{
    if (!pool || !pool->config.peer)
        return LEAT_NO_PEER;
    return pool->config.peer - 1;
}

int leat_pool_slab(struct leat_pool *pool, size_t index, struct leat_slab *out)
{
    int err = pool_alive(pool);
    uint32_t i;

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    err = LEAT_E_RANGE;
    leat_lock_take(&pool->lock);
    for (i = pool->first_slab; i != NO_SLAB; i = pool->slabs[i].next) {
        if (pool->slabs[i].adopted)
            continue;
        if (index-- == 0) {
            *out = pool->slabs[i].mem;
            err = 0;
            break;
        }
    }
    leat_lock_drop(&pool->lock);
    return err;
}
