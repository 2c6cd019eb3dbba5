/* SPDX-License-Identifier: ISC */

/*
 * A table's birth and death.
 *
 * Destroying is refused while anything is out, and what is out is known: a page
 * that a peer can still reach never loses who remembers it.
 */

#include <string.h>

#include "internal.h"

static void fill(struct leat_grants *t)
{
    uint32_t i;

    t->free_first = t->free_last = NONE;
    t->quarantine_first = t->quarantine_last = NONE;
    t->map_free = t->debit_free = NONE;
    for (i = 0; i < t->nbuckets; i++)
        t->buckets[i] = NONE;
    for (i = 0; i < t->nrefs; i++) {
        t->shares[i].life = 1; /* so that no handle is 0 */
        if (i >= LEAT_GRANT_RESERVED)
            leat_refs_give(t, i);
    }
    t->stats.refs = t->stats.refs_free;
    for (i = t->nmaps; i--;) {
        t->mappings[i].life = 1;
        t->mappings[i].next = t->map_free;
        t->map_free = i;
    }
    for (i = t->ndebits; i--;) {
        t->debits[i].next = t->debit_free;
        t->debit_free = i;
    }
    for (i = 0; i < t->npeers; i++)
        t->peers[i].domain = NONE;
}

/* Metadata for a table: the caller's, or the backend's. */
static int meta_get(struct leat_grants *plan, unsigned char **out)
{
    const struct leat_grants_config *c = &plan->config;
    const struct leat_backend_ops *ops = c->backend.ops;
    void *mem;
    int err;

    if (c->meta) {
        size_t skip = (64 - ((uintptr_t)c->meta & 63)) & 63;

        if (c->meta_bytes < skip || c->meta_bytes - skip < plan->meta_bytes)
            return LEAT_E_NOMEM;
        *out = (unsigned char *)c->meta + skip;
        memset(*out, 0, plan->meta_bytes);
        return 0;
    }
    if (!ops || !ops->meta_get || !ops->meta_put)
        return LEAT_E_NOMEM;
    err = ops->meta_get(c->backend.self, plan->meta_bytes, &mem);
    if (err)
        return err;
    plan->meta_theirs = mem;
    *out = mem;
    return 0;
}

static void meta_put(struct leat_backend backend, void *mem, size_t bytes)
{
    if (mem)
        backend.ops->meta_put(backend.self, mem, bytes);
}

int leat_grants_create(struct leat_grants **out,
                       const struct leat_grants_config *config)
{
    struct leat_grants plan;
    struct leat_grants *t;
    unsigned char *meta;
    int err;

    if (!out)
        return LEAT_E_INVALID;
    err = leat_grants_plan(&plan, config, &plan.meta_bytes);
    if (err)
        return err;
    err = meta_get(&plan, &meta);
    if (err)
        return err;
    t = (struct leat_grants *)meta;
    *t = plan;
    leat_grants_carve(t, meta);
    fill(t);
    t->stats.meta_bytes = t->meta_bytes;
    leat_layer_lock_init(&t->lock, LEAT_LAYER_GRANTS, config->port);
    t->hook.suspend = leat_grants_suspend;
    t->hook.resume = leat_grants_resume;
    t->hook.arg = t;
    if (config->lifecycle) {
        err = leat_lifecycle_add(config->lifecycle, &t->hook);
        if (err) {
            leat_layer_lock_fini(&t->lock);
            meta_put(config->backend, plan.meta_theirs, plan.meta_bytes);
            return err;
        }
    }
    *out = t;
    return 0;
}

int leat_grants_destroy(struct leat_grants *t)
{
    bool busy;
    int err;

    if (!t)
        return LEAT_E_INVALID;
    lock(t);
    busy = t->stats.refs_free != t->stats.refs || t->stats.mappings ||
           t->stats.waiting || t->serving || t->persists;
    unlock(t);
    if (busy)
        return LEAT_E_BUSY;
    if (t->config.lifecycle) {
        err = leat_lifecycle_remove(t->config.lifecycle, &t->hook);
        if (err)
            return err;
    }
    leat_layer_lock_fini(&t->lock);
    meta_put(t->config.backend, t->meta_theirs, t->meta_bytes);
    return 0;
}
