/* SPDX-License-Identifier: ISC */

/*
 * Handles: what one proves, and what is wrong with one that proves nothing.
 *
 *   H1  id's upper half == state without flags, and neither TAIL nor ORPHAN
 *         <=>  the handle names its chunk
 *   H2  no handle names a page that is free, in a magazine or in the depot: its
 *       word holds the generation of the handle to come
 */

#include "internal.h"

/*
 * A page inside a chunk: is the handle that of the chunk, moved inside it by
 * arithmetic, or an old one of a page that has since become part of a run?
 */
static int tail_error(const struct leat_pool *pool, uint64_t id)
{
    uint32_t page = id_page(pool, id);

    while (page && state_load(pool, page) & STATE_TAIL)
        page--;
    if ((state_load(pool, page) & ~STATE_FLAGS) == id_state(id))
        return LEAT_E_INTERIOR;
    return LEAT_E_STALE;
}

int leat_chunk_refuse(struct leat_pool *pool, struct leat_chunk c)
{
    uint32_t page;
    int err = pool_alive(pool);

    if (err)
        return err;
    page = id_page(pool, c.id);
    __atomic_fetch_add(&pool->stats.stale, 1, __ATOMIC_RELAXED);
    if (c.pool != pool ||
        page >= __atomic_load_n(&pool->head.ready, __ATOMIC_ACQUIRE))
        return LEAT_E_FOREIGN;
    leat_debug_event(pool, page, LEAT_EVENT_STALE);
    return state_load(pool, page) & STATE_TAIL ? tail_error(pool, c.id)
                                               : LEAT_E_STALE;
}

/* chunk_valid() for a handle alone. */
static int valid(struct leat_chunk c, uint32_t *word)
{
    return c.pool ? chunk_valid(c.pool, c, word) : LEAT_E_FOREIGN;
}

int leat_chunk_check(struct leat_chunk c)
{
    uint32_t word;

    return valid(c, &word);
}

int leat_chunk_pages(struct leat_chunk c, size_t *pages)
{
    uint32_t word;
    int err = valid(c, &word);

    if (err)
        return err;
    if (!pages)
        return LEAT_E_INVALID;
    *pages = word & STATE_SLOW ? desc_pages(c.pool, id_page(c.pool, c.id)) : 1;
    return 0;
}

struct leat_view leat_chunk_view(struct leat_chunk c)
{
    struct leat_view v = {NULL, 0};
    size_t pages;

    if (!leat_chunk_pages(c, &pages)) {
        v.data = page_addr(c.pool, id_page(c.pool, c.id));
        v.len = pages * LEAT_PAGE_SIZE;
    }
    return v;
}

/* A line of the first-level cache, and how many of them a page has. */
#define COLOUR_BYTES 64u
#define COLOURS      (LEAT_PAGE_SIZE / COLOUR_BYTES)

int leat_chunk_view_coloured(struct leat_chunk c, size_t len,
                             struct leat_view *out)
{
    size_t bytes, colours;
    uint32_t page, word;
    int err = valid(c, &word);

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    page = id_page(c.pool, c.id);
    bytes = (word & STATE_SLOW ? desc_pages(c.pool, page) : 1) * LEAT_PAGE_SIZE;
    if (len > bytes)
        return LEAT_E_RANGE;
    colours = (bytes - len) / COLOUR_BYTES + 1;
    if (colours > COLOURS)
        colours = COLOURS;
    /* As even as a remainder of colours, without the division. */
    out->data = page_addr(c.pool, page) +
                page % COLOURS * colours / COLOURS * COLOUR_BYTES;
    out->len = len;
    return 0;
}

int leat_chunk_split(struct leat_chunk c, struct leat_chunk *pages, size_t max)
{
    struct leat_pool *pool = c.pool;
    uint32_t head, word, n, i, flags;
    bool adopted;
    int err = valid(c, &word);

    if (err)
        return err;
    head = id_page(pool, c.id);
    if (!pages)
        return LEAT_E_INVALID;
    n = word & STATE_SLOW ? desc_pages(pool, head) : 1;
    if (max < n)
        return LEAT_E_RANGE;
    if (__atomic_load_n(&pool->head.desc[head].refs, __ATOMIC_ACQUIRE) != 1 ||
        leat_chunk_mixed(pool, head))
        return LEAT_E_BUSY;

    leat_lock_take(&pool->lock);
    adopted = page_slab(pool, head)->adopted;
    flags = adopted || pool->track || LEAT_DEBUG ? STATE_SLOW : 0;
    for (i = 0; i < n; i++) {
        uint32_t life = state_load(pool, head + i) & ~STATE_FLAGS;

        if (i == 0)
            life += STATE_LIFE; /* (c) is stale from here on */
        else if (pool->track)
            pool->track[head + i] = pool->track[head];
        pages[i].pool = pool;
        pages[i].id = make_id(pool, head + i, life);
        state_store(pool, head + i, life | flags);
        leat_debug_event(pool, head + i, LEAT_EVENT_SPLIT);
    }
    desc_pages_set(pool, head, 1);
    if (adopted) {
        pool->adopted_chunks += n - 1;
    } else if (n > 1) {
        pool->run_chunks--;
        pool->run_pages -= n;
    }
    pool->stats.gets += n - 1;
    leat_lock_drop(&pool->lock);
    return 0;
}

int leat_chunk_frame(struct leat_chunk c, size_t index, uint64_t *out)
{
    const struct leat_backend *b;
    struct slab *s;
    size_t pages;
    int err = leat_chunk_pages(c, &pages);

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    if (index >= pages)
        return LEAT_E_RANGE;
    b = &c.pool->config.backend;
    s = page_slab(c.pool, id_page(c.pool, c.id));
    if (!b->ops->frame || s->adopted)
        return LEAT_E_UNSUPPORTED;
    return b->ops->frame(
        b->self, &s->mem,
        page_addr(c.pool, id_page(c.pool, c.id) + (uint32_t)index), out);
}

int leat_chunk_origin(struct leat_chunk c, struct leat_origin *out)
{
    uint32_t word;
    int err = valid(c, &word);

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    out->peer = leat_pool_peer(c.pool);
    out->zero = c.pool->config.zero;
    out->adopted = page_slab(c.pool, id_page(c.pool, c.id))->adopted;
    out->mixed = leat_chunk_mixed(c.pool, id_page(c.pool, c.id));
    return 0;
}

int leat_chunk_tag(struct leat_chunk c, uint64_t tag)
{
    uint32_t word;
    int err = valid(c, &word);

    if (err)
        return err;
    if (!c.pool->track)
        return LEAT_E_UNSUPPORTED;
    __atomic_store_n(&c.pool->track[id_page(c.pool, c.id)].tag, tag,
                     __ATOMIC_RELAXED);
    return 0;
}

/* The chunk at (addr), or, (inside), around it. */
static int find(struct leat_pool *pool, const void *addr, bool inside,
                struct leat_chunk *out)
{
    int err = pool_alive(pool);
    uint32_t slot, at, page, word;

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    leat_lock_take(&pool->lock);
    slot = leat_slab_find(pool, addr);
    if (slot == NO_SLAB) {
        err = LEAT_E_FOREIGN;
        goto out;
    }
    page = at = addr_page(pool, slot, addr);
    word = state_load(pool, page);
    while (inside && page && word & STATE_TAIL)
        word = state_load(pool, --page);
    leat_pool_mark_idle(pool);
    if (bit_get(pool->mark_bits, at) || leat_batch_has(pool, page))
        err = LEAT_E_FOREIGN;
    else if (word & STATE_TAIL || (!inside && (uintptr_t)addr % LEAT_PAGE_SIZE))
        err = LEAT_E_INTERIOR;
    else if (word & STATE_ORPHAN)
        err = LEAT_E_STALE; /* refs hold it; nobody holds a handle */
    if (!err) {
        out->pool = pool;
        out->id = make_id(pool, page, word);
    }
out:
    leat_lock_drop(&pool->lock);
    return err;
}

int leat_chunk_find(struct leat_pool *pool, const void *addr,
                    struct leat_chunk *out)
{
    return find(pool, addr, false, out);
}

int leat_chunk_around(struct leat_pool *pool, const void *addr,
                      struct leat_chunk *out)
{
    return find(pool, addr, true, out);
}
