/* SPDX-License-Identifier: ISC */

/*
 * Persistent pools: units that stay shared, and the blocks in them.
 *
 *   B1  a block is free or out; the free list has the free ones, each once
 *   B2  free + out == blocks of the units there are
 *   B3  no unit is revoked while a block is out
 *
 * A unit comes when a block is wanted and none is free. The backend and the pool
 * are asked without the lock; the slot is reserved meanwhile.
 */

#include <string.h>

#include "persist.h"

static size_t round_up(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

/* What follows from (config): how it is laid out. */
static int plan(struct leat_persist *p,
                const struct leat_persist_config *config, size_t *bytes)
{
    size_t pages, units;

    if (!config || !config->grants || !config->pool || !config->units_max ||
        (config->access != LEAT_READ_WRITE &&
         config->access != LEAT_READ_ONLY) ||
        (config->reuse != LEAT_REUSE_LIFO &&
         config->reuse != LEAT_REUSE_ROTATE))
        return LEAT_E_INVALID;
    memset(p, 0, sizeof(*p));
    p->config = *config;
    if (!p->config.unit_pages)
        p->config.unit_pages = 1;
    p->per_page = config->halves ? 2 : 1;
    p->block_bytes = (uint32_t)LEAT_PAGE_SIZE / p->per_page;
    units = config->units_max;
    if (__builtin_mul_overflow(units, p->config.unit_pages, &pages) ||
        pages > 1u << 24)
        return LEAT_E_OVERFLOW;
    p->per_unit = (uint32_t)p->config.unit_pages * p->per_page;
    *bytes = round_up(sizeof(*p)) + round_up(units * sizeof(*p->units)) +
             round_up(pages * p->per_page * sizeof(*p->blocks)) +
             round_up(pages * sizeof(*p->refs));
    return leat_peer_check(config->domain);
}

int leat_persist_meta_size(const struct leat_persist_config *config,
                           size_t *bytes)
{
    struct leat_persist p;
    size_t need;
    int err = bytes ? plan(&p, config, &need) : LEAT_E_INVALID;

    if (!err)
        *bytes = need + 63; /* at any alignment */
    return err;
}

int leat_persist_create(struct leat_persist **out,
                        const struct leat_persist_config *config)
{
    struct leat_persist planned, *p;
    unsigned char *at;
    size_t need, skip;
    uint32_t peer, i;
    int err = out ? plan(&planned, config, &need) : LEAT_E_INVALID;

    if (err)
        return err;
    peer = leat_pool_peer(config->pool);
    if (peer != LEAT_NO_PEER && peer != config->domain)
        return LEAT_E_PEER;
    skip = (64 - ((uintptr_t)config->meta & 63)) & 63;
    if (!config->meta || config->meta_bytes < skip ||
        config->meta_bytes - skip < need)
        return LEAT_E_NOMEM;
    at = (unsigned char *)config->meta + skip;
    memset(at, 0, need);
    p = (struct leat_persist *)at;
    *p = planned;
    at += round_up(sizeof(*p));
    p->units = (struct unit *)at;
    at += round_up(p->config.units_max * sizeof(*p->units));
    p->blocks = (struct block *)at;
    at += round_up(p->config.units_max * p->per_unit * sizeof(*p->blocks));
    p->refs = (uint32_t *)at;
    p->free_first = p->free_last = NONE;
    for (i = 0; i < p->config.units_max * p->per_unit; i++)
        p->blocks[i].life = 1;
    leat_layer_lock_init(&p->lock, LEAT_LAYER_PERSIST, config->port);
    leat_persist_join(p);
    *out = p;
    return 0;
}

int leat_persist_share(struct leat_persist *p, uint32_t unit)
{
    struct unit *u = &p->units[unit];
    uint32_t flags = LEAT_SHARE_VOUCH; /* again: it was this peer's before */
    struct leat_origin from;
    struct leat_grant g;
    int err = leat_chunk_origin(u->chunk, &from);

    /* The first time, the pool zeroes or the share does. */
    if (!err && !u->base)
        flags = from.zero == LEAT_ZERO_ALWAYS ? 0 : LEAT_SHARE_ZERO;
    if (!err)
        err = leat_grant_share_view(p->config.grants, u->chunk,
                                    leat_chunk_view(u->chunk), p->config.domain,
                                    p->config.access, flags, &g);
    if (!err)
        leat_share_quiet(g, p->config.tag);
    leat_layer_lock_take(&p->lock);
    if (!err) {
        leat_share_refs(g, &p->refs[unit * p->config.unit_pages]);
        u->grant = g;
        p->stats.shares++;
    }
    u->sharing = !u->base; /* a new one is grow()'s until it has its base */
    leat_layer_lock_drop(&p->lock);
    return err;
}

/* A block becomes free: the next to be given, or the last. Under the lock. */
static void add_free(struct leat_persist *p, uint32_t i, bool first)
{
    struct block *b = &p->blocks[i];

    b->out = false;
    if (p->free_first == NONE) {
        b->next = NONE;
        p->free_first = p->free_last = i;
    } else if (first) {
        b->next = p->free_first;
        p->free_first = i;
    } else {
        b->next = NONE;
        p->blocks[p->free_last].next = i;
        p->free_last = i;
    }
    p->stats.blocks_free++;
}

void leat_block_take(struct leat_persist *p, struct leat_block *out)
{
    uint32_t i = p->free_first;
    struct block *b = &p->blocks[i];

    p->free_first = b->next;
    if (p->free_first == NONE)
        p->free_last = NONE;
    b->out = true;
    p->out++;
    p->stats.blocks_free--;
    p->stats.gets++;
    out->from = p;
    out->id = (uint64_t)b->life << 32 | i;
}

int leat_persist_grow(struct leat_persist *p)
{
    uint32_t slot = 0, i;
    struct unit *u;
    int err;

    if (p->nunits + p->growing == p->config.units_max)
        return LEAT_E_LIMIT;
    while (p->units[slot].base || p->units[slot].sharing)
        slot++;
    u = &p->units[slot];
    u->sharing = true;
    p->growing++;
    leat_layer_lock_drop(&p->lock);

    err = leat_pool_get(p->config.pool, p->config.unit_pages, &u->chunk);
    if (!err) {
        err = leat_persist_share(p, slot);
        if (err)
            leat_pool_put(p->config.pool, u->chunk);
    }
    leat_layer_lock_take(&p->lock);
    u->sharing = false;
    p->growing--;
    if (err) {
        memset(u, 0, sizeof(*u));
        return err;
    }
    u->base = leat_chunk_view(u->chunk).data;
    p->nunits++;
    for (i = 0; i < p->per_unit; i++)
        add_free(p, slot * p->per_unit + i, false);
    return 0;
}

int leat_persist_get(struct leat_persist *p, struct leat_block *out)
{
    int err = 0;

    if (!p || !out)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    p->calls++;
    for (;;) {
        if (p->closing)
            err = LEAT_E_CLOSED;
        else if (p->oldest)
            err = LEAT_E_BUSY;
        if (err || p->free_first != NONE)
            break;
        err = leat_persist_grow(p);
        if (err)
            break;
    }
    if (!err)
        leat_block_take(p, out);
    leat_layer_lock_drop(&p->lock);
    leat_persist_end(p);
    return err;
}

/* The block of (b), under the lock. */
static int find(struct leat_block b, uint32_t *number)
{
    struct leat_persist *p = b.from;
    uint32_t i = (uint32_t)b.id;

    if (i >= p->config.units_max * p->per_unit || !p->blocks[i].out ||
        p->blocks[i].life != (uint32_t)(b.id >> 32))
        return LEAT_E_STALE;
    *number = i;
    return 0;
}

int leat_persist_put(struct leat_block b)
{
    struct leat_persist *p = b.from;
    uint32_t i;
    int err;

    if (!p)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    p->calls++;
    err = find(b, &i);
    if (!err) {
        p->blocks[i].life++;
        p->out--;
        p->stats.puts++;
        add_free(p, i, p->config.reuse == LEAT_REUSE_LIFO);
        leat_block_serve(p);
    }
    leat_layer_lock_drop(&p->lock);
    leat_persist_end(p);
    return err;
}

int leat_block_ref(struct leat_block b, uint32_t *ref, uint32_t *off)
{
    struct leat_persist *p = b.from;
    struct leat_grant g = {NULL, 0};
    uint32_t i = 0, unit = 0, first;
    bool again = false;
    int err;

    if (!p || !ref || !off)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    err = find(b, &i);
    if (!err) {
        unit = i / p->per_unit;
        g = p->units[unit].grant;
    }
    leat_layer_lock_drop(&p->lock);
    if (err)
        return err;
    err = g.table ? leat_grant_ref(g, &first) : LEAT_E_STALE;
    if (err == LEAT_E_STALE) {
        leat_layer_lock_take(&p->lock);
        again = !p->units[unit].sharing && p->units[unit].grant.id == g.id;
        if (again)
            p->units[unit].sharing = true;
        leat_layer_lock_drop(&p->lock);
        err = again ? leat_persist_share(p, unit) : LEAT_E_STATE;
    }
    if (err)
        return err;
    leat_layer_lock_take(&p->lock);
    *ref = p->refs[i / p->per_page];
    *off = i % p->per_page * p->block_bytes;
    leat_layer_lock_drop(&p->lock);
    return 0;
}

/* Where the bytes of (b) are. */
static int bytes(struct leat_block b, unsigned char **out)
{
    struct leat_persist *p = b.from;
    uint32_t i;
    int err;

    if (!p)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    err = find(b, &i);
    if (!err)
        *out = p->units[i / p->per_unit].base +
               (size_t)(i % p->per_unit) * p->block_bytes;
    leat_layer_lock_drop(&p->lock);
    return err;
}

int leat_block_shared(struct leat_block b, struct leat_shared *out)
{
    unsigned char *at = NULL;
    int err = out ? bytes(b, &at) : LEAT_E_INVALID;

    return err ? err : leat_shared_of(at, b.from->block_bytes, out);
}

int leat_block_view(struct leat_block b, struct leat_view *out)
{
    unsigned char *at = NULL;
    int err = out ? bytes(b, &at) : LEAT_E_INVALID;

    if (!err && b.from->config.access != LEAT_READ_ONLY)
        err = LEAT_E_ACCESS;
    return err ? err : leat_view_of(at, b.from->block_bytes, out);
}

int leat_persist_stats(struct leat_persist *p, struct leat_persist_stats *out)
{
    if (!p || !out)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    *out = p->stats;
    out->units = p->nunits;
    out->blocks_out = p->out;
    leat_layer_lock_drop(&p->lock);
    return 0;
}

const char *leat_persist_check(struct leat_persist *p)
{
    uint32_t i, n = 0, out = 0, last = NONE;
    const char *broken = NULL;

    if (!p)
        return "no pool";
    leat_layer_lock_take(&p->lock);
    for (i = p->free_first; i != NONE && !broken; i = p->blocks[i].next) {
        if (p->blocks[i].out || n++ == p->stats.blocks_free)
            broken = "B1 the free list has what is not free";
        last = i;
    }
    for (i = 0; i < p->config.units_max * p->per_unit; i++) {
        out += p->blocks[i].out;
        if (p->blocks[i].out && !p->units[i / p->per_unit].base)
            broken = "B3 a block is out of a unit that is not there";
    }
    if (!broken && (last != p->free_last || n != p->stats.blocks_free))
        broken = "B1 a free block is not in the list";
    if (!broken && (out != p->out || n + out != p->nunits * p->per_unit))
        broken = "B2 free + out == blocks";
    leat_layer_lock_drop(&p->lock);
    return broken;
}
