/* SPDX-License-Identifier: ISC */
#ifndef LEAT_MAGAZINE_H
#define LEAT_MAGAZINE_H

/*
 * Magazine: a thread's own small stack of free pages in front of a pool.
 *
 * The explicit handle: no look-up of any kind, no lock while the magazine has
 * what is asked. It is the only way to a magazine in a freestanding build; in
 * libleat the plain calls keep one for each thread by themselves.
 *
 * Threads: one thread at a time per magazine. Different magazines of one pool
 *          never wait for each other but at the depot, once in many pages.
 * A pool with LEAT_POOL_EXACT takes these calls too, and its lock at each.
 */

#include <leat/pool.h>

LEAT_BEGIN_DECLS

struct leat_rounds;

/*
 * A magazine: two lines of cache. Its fields are the library's own; they are laid
 * out here for leat_magazine_get() and _put(), which are inlined because a call
 * would be most of what they cost.
 */
struct leat_magazine {
    uint64_t *top;          /* (o, a) one past the page to give next         */
    uint64_t *floor;        /* (o) a get is fast above this                  */
    uint64_t *ceil;         /* (o) a put is fast below this                  */
    struct leat_pool *pool; /* (c) */
    uint32_t *state;        /* (c) the pool's words, by page number          */
    uint32_t base;          /* (c) the pool's first number                   */
    uint32_t numbers;       /* (o) how many of them are set up               */
    uint64_t gets;          /* (o, a) how many were got                      */
    uintptr_t *units;       /* (c) the pool's, for addresses                 */

    struct leat_rounds *loaded; /* (o, a) what top points into              */
    struct leat_rounds *spare;  /* (o, a) full, empty, between, or NULL     */
    struct leat_magazine *next; /* (l) of the pool's                        */
    struct leat_magazine *thread_next; /* of the thread's, in libleat        */
    struct leat_magazine **thread_prev;
    uint32_t changing; /* (o, a) odd while blocks change places */
    uint32_t taken;    /* (l) it is in use                      */
    uint64_t unused[2];
};

/*
 * Creates a magazine of (pool).
 *
 * Owner:   the caller's, to destroy before the pool, from any one thread.
 * Errors:  LEAT_E_LIMIT  leat_pool_config.threads of them exist
 *          LEAT_E_INVALID, LEAT_E_FORKED
 */
LEAT_API int leat_magazine_create(struct leat_pool *pool,
                                  struct leat_magazine **out);

/*
 * Gives its pages back to the pool, and the magazine with them.
 *
 * Errors:  LEAT_E_STATE  it is a thread's own, of leat_pool_magazine()
 */
LEAT_API int leat_magazine_destroy(struct leat_magazine *m);

/* Gives its pages back to the pool. It can go on afterwards. */
LEAT_API int leat_magazine_flush(struct leat_magazine *m);

/*
 * The whole of leat_magazine_get() and leat_magazine_put(), not inlined: for
 * other languages, and where the inlines lead when the fast way does not do. The
 * void chunk is a failure, and leat_chunk_error() says which.
 */
LEAT_API struct leat_chunk leat_magazine_get_value(struct leat_magazine *m);
LEAT_API int leat_magazine_put_value(struct leat_magazine *m,
                                     struct leat_chunk c);

/*
 * Gets one page; puts a chunk of any size. As leat_pool_get() with 1 page, and
 * leat_pool_put(), with their errors and callbacks.
 *
 * The put raises the generation in the page's word and in the id that it keeps
 * for the next get: so a get touches nothing but the magazine, and one comparison
 * finds every handle that is not to be put.
 */
LEAT_INLINE int leat_magazine_get(struct leat_magazine *m,
                                  struct leat_chunk *out)
{
    uint64_t *top = m->top;
    struct leat_chunk c;

    if (LEAT_LIKELY(top > m->floor)) {
        out->pool = m->pool;
        out->id = top[-1];
        __atomic_store_n(&m->top, top - 1, __ATOMIC_RELAXED);
        __atomic_store_n(&m->gets, m->gets + 1, __ATOMIC_RELEASE);
        return 0;
    }
    c = leat_magazine_get_value(m);
    if (LEAT_UNLIKELY(!c.pool))
        return leat_chunk_error(c);
    *out = c;
    return 0;
}

LEAT_INLINE int leat_magazine_put(struct leat_magazine *m, struct leat_chunk c)
{
    uint64_t *top = m->top;
    uint32_t page = (uint32_t)c.id - m->base;
    uint32_t word = (uint32_t)(c.id >> 32);

    if (LEAT_UNLIKELY(
            c.pool != m->pool || page >= m->numbers || top == m->ceil ||
            __atomic_load_n(&m->state[page], __ATOMIC_RELAXED) != word))
        return leat_magazine_put_value(m, c);
    __atomic_store_n(&m->state[page], word + LEAT_STATE_LIFE, __ATOMIC_RELAXED);
    __atomic_store_n(top, c.id + LEAT_ID_LIFE, __ATOMIC_RELAXED);
    __atomic_store_n(&m->top, top + 1, __ATOMIC_RELAXED);
    return 0;
}

/*
 * Finds the calling thread's own magazine of (pool), or makes it: the one that
 * the plain calls go through, for those who do many things in a row.
 *
 * Owner:   borrowed: the library destroys it with the thread or the pool.
 * Gives NULL where there is none: in a freestanding build, or where too many
 * threads have one; the plain calls then take the pool's lock.
 */
LEAT_INLINE struct leat_magazine *leat_pool_magazine(struct leat_pool *pool);

/* The same, not inlined. */
LEAT_API struct leat_magazine *leat_pool_magazine_value(struct leat_pool *pool);

/* Where the compiler tells where a thread's own storage is. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_thread_pointer)
#define LEAT_THREAD_POINTER() ((unsigned char *)__builtin_thread_pointer())
#endif
#endif

LEAT_INLINE struct leat_magazine *leat_pool_magazine(struct leat_pool *pool)
{
#ifdef LEAT_THREAD_POINTER
    const struct leat_pool_head *h = (const struct leat_pool_head *)pool;
    const struct leat_slot *slot;

    if (LEAT_LIKELY(h && h->slot)) {
        slot = (const struct leat_slot *)(LEAT_THREAD_POINTER() + h->slot);
        if (LEAT_LIKELY(slot->serial == h->serial)) {
            if (!slot->m)
                __builtin_unreachable();
            return slot->m;
        }
    }
#endif
    return leat_pool_magazine_value(pool);
}

LEAT_INLINE int leat_pool_get(struct leat_pool *pool, size_t pages,
                              struct leat_chunk *out)
{
    struct leat_magazine *m = leat_pool_magazine(pool);
    struct leat_chunk c;

    if (LEAT_LIKELY(m && pages == 1))
        return leat_magazine_get(m, out);
    c = leat_pool_get_value(pool, pages);
    if (LEAT_UNLIKELY(!c.pool))
        return leat_chunk_error(c);
    *out = c;
    return 0;
}

LEAT_INLINE int leat_pool_put(struct leat_pool *pool, struct leat_chunk c)
{
    struct leat_magazine *m = leat_pool_magazine(pool);

    return LEAT_LIKELY(m) ? leat_magazine_put(m, c)
                          : leat_pool_put_value(pool, c);
}

/*
 * Gets (n) pages, all or none; puts (n) chunks, as leat_pool_put_bulk() does.
 */
LEAT_API int leat_magazine_get_bulk(struct leat_magazine *m,
                                    struct leat_chunk *out, size_t n);
LEAT_API int leat_magazine_put_bulk(struct leat_magazine *m,
                                    const struct leat_chunk *c, size_t n,
                                    size_t *done);

/*
 * Gives the address of a chunk's first byte, without the check that
 * leat_chunk_view() makes: for its owner, who has just got it.
 */
LEAT_INLINE void *leat_chunk_addr(struct leat_chunk c)
{
    const struct leat_pool_head *head = (const struct leat_pool_head *)c.pool;

    return LEAT_NUMBER_ADDR(head->units, (uint32_t)c.id);
}

/*
 * Batch: a whole magazine handed over, at the cost of one exchange. Its pages
 * have no handles of their own: they are reached as views of the batch, and can
 * only go back with it, all at once.
 */
struct leat_batch {
    struct leat_pool *pool; /* NULL: the void batch */
    uint64_t id;
};

/*
 * Takes a full magazine's pages; as many as leat_batch_pages() says.
 *
 * Owner:   the caller's, to give back, to any magazine of the same pool.
 * Errors:  LEAT_E_UNSUPPORTED  the pool is exact, or zeroes always
 *          those of leat_pool_get()
 */
LEAT_API int leat_magazine_take(struct leat_magazine *m,
                                struct leat_batch *out);

/*
 * Gives a batch back.
 *
 * Errors:  LEAT_E_STALE, LEAT_E_FOREIGN: it was given back, is another pool's
 */
LEAT_API int leat_magazine_give(struct leat_magazine *m, struct leat_batch b);

/* Gives how many pages (b) has; 0 when it is stale. */
LEAT_API size_t leat_batch_pages(struct leat_batch b);

/* Gives page (index) of (b). Errors: LEAT_E_RANGE, LEAT_E_STALE. */
LEAT_API int leat_batch_view(struct leat_batch b, size_t index,
                             struct leat_view *out);

LEAT_END_DECLS

#endif
