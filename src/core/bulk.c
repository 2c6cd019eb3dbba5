/* SPDX-License-Identifier: ISC */

/*
 * Many pages at once, as chunks or as pages: the same but for what a handle is.
 *
 * A get takes the ids off the loaded block, which is a copy of them; where it has
 * too few, off the spare one too, which is changed for a full one of the depot's
 * first if it is empty. A put looks at each page as a single one does: a handle
 * that is twice in one call is found the second time.
 *
 *   B3  nothing is taken before it is sure that all is there
 */

#include "internal.h"
#include <string.h>

extern inline struct leat_chunk leat_page_chunk(struct leat_pool *pool,
                                                struct leat_page page);
extern inline struct leat_page leat_chunk_page(struct leat_chunk c);
extern inline int leat_page_get(struct leat_magazine *m, struct leat_page *out);
extern inline int leat_page_put(struct leat_magazine *m, struct leat_page page);
extern inline void *leat_page_addr(const struct leat_magazine *m,
                                   struct leat_page page);

/* Hands out the ids at (from) as handles (at) and on. */
static LEAT_ALWAYS void hand_out(struct leat_pool *pool, struct handles out,
                                 size_t at, const uint64_t *from, size_t n)
{
    size_t i;

    if (!out.chunks) {
        memcpy((struct leat_page *)out.at + at, from, n * sizeof(*from));
        return;
    }
#pragma GCC unroll 4
    for (i = 0; i < n; i++)
        handle_set(pool, out, at + i, from[i]);
}

static inline void took(struct leat_magazine *m, uint64_t *top, size_t n)
{
    __atomic_store_n(&m->top, top, __ATOMIC_RELAXED);
    __atomic_store_n(&m->gets, m->gets + n, __ATOMIC_RELEASE);
}

/* Makes the spare a full block of the depot's, if there is need and one. */
static void fill_spare(struct leat_magazine *m)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *spare = m->spare;

    if (spare && spare->n)
        return;
    leat_lock_take(&pool->lock);
    leat_magazine_restock(m);
    leat_lock_drop(&pool->lock);
}

/* (n) pages of both blocks, or none. */
static bool get_of_both(struct leat_magazine *m, struct handles out, size_t n)
{
    struct leat_pool *pool = m->pool;
    struct leat_rounds *loaded = m->loaded;
    size_t have;

    if (pool->slow_get || !loaded)
        return false;
    have = (size_t)(m->top - loaded->ids);
    if (have >= n || n - have > pool->rounds_max)
        return false;
    fill_spare(m);
    if (!m->spare || m->spare->n < n - have) /* B3 */
        return false;
    hand_out(pool, out, 0, loaded->ids, have);
    took(m, loaded->ids, have);
    leat_magazine_swap(m, true);
    n -= have;
    hand_out(pool, out, have, m->top - n, n);
    took(m, m->top - n, n);
    return true;
}

static LEAT_COLD int get_slow(struct leat_magazine *m, struct handles out,
                              size_t n)
{
    int err = pool_alive(m->pool);

    if (err || get_of_both(m, out, n))
        return err;
    return leat_pool_get_bulk_locked(m->pool, m, out, n);
}

static LEAT_ALWAYS int get_bulk(struct leat_magazine *m, struct handles out,
                                size_t n)
{
    uint64_t *top = m->top;

    if (LEAT_UNLIKELY(top <= m->floor || (size_t)(top - m->floor) < n))
        return get_slow(m, out, n);
    top -= n;
    hand_out(m->pool, out, 0, top, n);
    took(m, top, n);
    return 0;
}

int leat_magazine_get_bulk(struct leat_magazine *m, struct leat_chunk *out,
                           size_t n)
{
    if (!m || (!out && n))
        return LEAT_E_INVALID;
    return get_bulk(m, (struct handles){out, true}, n);
}

int leat_page_get_bulk(struct leat_magazine *m, struct leat_page *out, size_t n)
{
    if (!m || (!out && n))
        return LEAT_E_INVALID;
    return get_bulk(m, (struct handles){out, false}, n);
}

/* How many of (in) the loaded block takes, as far as all is usual. */
static LEAT_ALWAYS size_t put_some(struct leat_magazine *m, struct handles in,
                                   size_t n)
{
    struct leat_pool *pool = m->pool;
    uint32_t *state = m->state;
    uint32_t numbers = m->numbers, base = m->base;
    uint64_t *top = m->top;
    size_t i;

    if (n > (size_t)(m->ceil - top))
        n = (size_t)(m->ceil - top);
#pragma GCC unroll 4
    for (i = 0; i < n; i++) {
        struct leat_chunk c = handle_chunk(pool, in, i);
        uint32_t page = (uint32_t)c.id - base;
        uint32_t word = id_state(c.id);

        if (LEAT_UNLIKELY(c.pool != pool || page >= numbers))
            break;
        if (LEAT_UNLIKELY(__atomic_load_n(&state[page], __ATOMIC_RELAXED) !=
                          word))
            break;
        __atomic_store_n(&state[page], word + STATE_LIFE, __ATOMIC_RELAXED);
        __atomic_store_n(&top[i], c.id + LEAT_ID_LIFE, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&m->top, top + i, __ATOMIC_RELAXED);
    return i;
}

/* Out of line, each with all registers for its loop. The handles are only read. */
static LEAT_NOINLINE size_t put_chunks(struct leat_magazine *m,
                                       const struct leat_chunk *c, size_t n)
{
    return put_some(m, (struct handles){(void *)c, true}, n);
}

static LEAT_NOINLINE size_t put_pages(struct leat_magazine *m,
                                      const struct leat_page *pages, size_t n)
{
    return put_some(m, (struct handles){(void *)pages, false}, n);
}

int leat_magazine_put_bulk(struct leat_magazine *m, const struct leat_chunk *c,
                           size_t n, size_t *done)
{
    size_t i = 0;
    int err = 0;

    if (!m || (!c && n))
        return LEAT_E_INVALID;
    while ((i += put_chunks(m, c + i, n - i)) < n) {
        /* It is not usual, or found no room; after it there is room. */
        err = leat_magazine_put_value(m, c[i]);
        if (err)
            break;
        i++;
    }
    if (done)
        *done = i;
    return err;
}

int leat_page_put_bulk(struct leat_magazine *m, const struct leat_page *pages,
                       size_t n, size_t *done)
{
    size_t i = 0;
    int err = 0;

    if (!m || (!pages && n))
        return LEAT_E_INVALID;
    while ((i += put_pages(m, pages + i, n - i)) < n) {
        err = leat_magazine_put_value(m, leat_page_chunk(m->pool, pages[i]));
        if (err)
            break;
        i++;
    }
    if (done)
        *done = i;
    return err;
}
