/* SPDX-License-Identifier: ISC */

/*
 * Refs: counted owners of a chunk beside its handle.
 *
 * The count lies in the page's descriptor and is 1 at rest, for the handle. The
 * first ref marks the chunk SLOW, so that a put looks at the count; nothing is
 * written for chunks that never have a ref.
 *
 *   F1  a ref's generation is its chunk's, whether or not the handle was put
 *   F2  who holds an owner may add one: the count is then at least 1, and no
 *       other thread can end the chunk meanwhile
 */

#include "internal.h"

extern inline struct leat_view leat_ref_view(const struct leat_ref *ref);
extern inline int leat_ref_take(struct leat_chunk c, struct leat_view view,
                                struct leat_ref *out);
extern inline int leat_ref_drop(struct leat_ref *ref);

/* Why a ref owns nothing. */
static LEAT_COLD int not_owned(struct leat_pool *pool)
{
    int err = pool ? pool_alive(pool) : LEAT_E_STALE;

    if (err)
        return err;
    __atomic_fetch_add(&pool->stats.stale, 1, __ATOMIC_RELAXED);
    return LEAT_E_STALE;
}

/* 0, or why (ref) owns nothing. F1 */
static inline int owned(const struct leat_ref *ref)
{
    struct leat_pool *pool = ref->chunk.pool;

    if (LEAT_LIKELY(pool &&
                    id_page(pool, ref->chunk.id) <
                        __atomic_load_n(&pool->head.ready, __ATOMIC_ACQUIRE) &&
                    (state_load(pool, id_page(pool, ref->chunk.id)) &
                     ~(STATE_SLOW | STATE_ORPHAN)) == id_state(ref->chunk.id)))
        return 0;
    return not_owned(pool);
}

/* Too many: the one that was added goes again. */
static LEAT_COLD int too_many(uint32_t *refs)
{
    __atomic_fetch_sub(refs, 1, __ATOMIC_RELAXED);
    return LEAT_E_LIMIT;
}

/* Adds an owner to a chunk that has one. F2 */
static inline int add_owner(struct leat_pool *pool, uint32_t page)
{
    uint32_t *refs = &pool->head.desc[page].refs;

    if (LEAT_UNLIKELY(__atomic_fetch_add(refs, 1, __ATOMIC_RELAXED) >=
                      LEAT_REFS_MAX))
        return too_many(refs);
    leat_debug_event(pool, page, LEAT_EVENT_REF);
    return 0;
}

int leat_ref_take_slow(struct leat_chunk c, struct leat_view view,
                       struct leat_ref *out)
{
    struct leat_pool *pool = c.pool;
    size_t bytes, off;
    uint32_t page, word;
    int err;

    if (LEAT_UNLIKELY(!pool || !out))
        return pool ? LEAT_E_INVALID : LEAT_E_FOREIGN;
    err = chunk_valid(pool, c, &word);
    if (err)
        return err;
    page = id_page(pool, c.id);
    bytes = (size_t)desc_pages(pool, page) * LEAT_PAGE_SIZE;
    off = (uintptr_t)view.data - (uintptr_t)page_addr(pool, page);
    if (LEAT_UNLIKELY(off > bytes || view.len > bytes - off))
        return LEAT_E_RANGE;
    if (LEAT_UNLIKELY(!(word & STATE_SLOW)))
        __atomic_fetch_or(&pool->head.state[page], STATE_SLOW,
                          __ATOMIC_ACQ_REL);
    err = add_owner(pool, page);
    if (LEAT_UNLIKELY(err))
        return err;
    out->chunk = c;
    out->view = view;
    return 0;
}

int leat_ref_slice(const struct leat_ref *ref, size_t off, size_t len,
                   struct leat_ref *out)
{
    struct leat_view view;
    int err;

    if (!ref || !out)
        return LEAT_E_INVALID;
    err = owned(ref);
    if (!err)
        err = leat_view_slice(ref->view, off, len, &view);
    if (!err)
        err =
            add_owner(ref->chunk.pool, id_page(ref->chunk.pool, ref->chunk.id));
    if (err)
        return err;
    out->chunk = ref->chunk;
    out->view = view;
    return 0;
}

void leat_ref_last(struct leat_pool *pool, uint32_t page)
{
    leat_chunk_last_owner(pool, leat_pool_magazine(pool), page);
}

static void make_void(struct leat_ref *ref)
{
    ref->chunk.pool = NULL;
    ref->chunk.id = 0;
    ref->view.data = NULL;
    ref->view.len = 0;
}

int leat_ref_move(struct leat_ref *from, struct leat_ref *to)
{
    if (!from || !to)
        return LEAT_E_INVALID;
    if (!from->chunk.pool)
        return LEAT_E_STALE;
    if (to->chunk.pool)
        return LEAT_E_STATE;
    *to = *from;
    make_void(from);
    return 0;
}

int leat_ref_drop_slow(struct leat_ref *ref)
{
    struct leat_pool *pool;
    uint32_t page;
    int err;

    if (LEAT_UNLIKELY(!ref))
        return LEAT_E_INVALID;
    err = owned(ref);
    if (LEAT_UNLIKELY(err))
        return err;
    pool = ref->chunk.pool;
    page = id_page(pool, ref->chunk.id);
    make_void(ref);
    leat_debug_event(pool, page, LEAT_EVENT_UNREF);
    if (LEAT_UNLIKELY(__atomic_fetch_sub(&pool->head.desc[page].refs, 1,
                                         __ATOMIC_ACQ_REL) == 1))
        leat_ref_last(pool, page);
    return 0;
}

int leat_ref_pin(const struct leat_ref *ref, struct leat_pin *out)
{
    const struct leat_pool *pool;
    uint32_t page;
    int err;

    if (!ref || !out)
        return LEAT_E_INVALID;
    err = owned(ref);
    if (err)
        return err;
    pool = ref->chunk.pool;
    page = id_page(pool, ref->chunk.id);
    out->used = ref->view.len;
    out->pinned = (size_t)desc_pages(pool, page) * LEAT_PAGE_SIZE;
    out->tracked = pool->track != NULL;
    out->age_ns = 0;
    if (pool->track)
        out->age_ns =
            leat_clock_ns(pool->config.port) -
            __atomic_load_n(&pool->track[page].since_ns, __ATOMIC_RELAXED);
    return 0;
}

int leat_chunk_owners(struct leat_chunk c, size_t *owners)
{
    uint32_t word;
    int err = c.pool ? chunk_valid(c.pool, c, &word) : LEAT_E_FOREIGN;

    if (err)
        return err;
    if (!owners)
        return LEAT_E_INVALID;
    *owners = __atomic_load_n(&c.pool->head.desc[id_page(c.pool, c.id)].refs,
                              __ATOMIC_RELAXED);
    return 0;
}
