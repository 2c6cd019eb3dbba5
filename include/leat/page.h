/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PAGE_H
#define LEAT_PAGE_H

/*
 * Page: one page's handle in eight bytes, for those who keep many of them.
 *
 * It is the half of a chunk's handle that is not the same for all of a pool's.
 * Page numbers are unique over the pools of a program, so nothing is lost: a
 * page of another pool, a second put and an old handle are found all the same,
 * in every build (leat/chunk.h). leat_page_chunk() makes a chunk of it, and
 * leat_chunk_page() a page of a chunk.
 *
 * In a freestanding build numbers are unique until 2^32 of them have been given
 * to pools (that is, for 16 TiB of limits); from then on a page of another pool
 * is found by its generation alone.
 *
 * Threads: as leat/magazine.h.
 */

#include <leat/magazine.h>

LEAT_BEGIN_DECLS

struct leat_page {
    uint64_t id; /* generation << 35 | page number; 0: no page */
};

/* Gives the chunk that (page), of (pool), is; whether it is, that chunk tells. */
LEAT_INLINE struct leat_chunk leat_page_chunk(struct leat_pool *pool,
                                              struct leat_page page)
{
    struct leat_chunk c;

    c.pool = pool;
    c.id = page.id;
    return c;
}

/* Gives the page that (c) begins with: all of (c), where that has one page. */
LEAT_INLINE struct leat_page leat_chunk_page(struct leat_chunk c)
{
    struct leat_page page;

    page.id = c.id;
    return page;
}

/*
 * Gets one page; puts one, or a chunk of any size. As leat_magazine_get() and
 * leat_magazine_put().
 */
LEAT_INLINE int leat_page_get(struct leat_magazine *m, struct leat_page *out)
{
    uint64_t *top = m->top;
    struct leat_chunk c;

    if (LEAT_LIKELY(top > m->floor)) {
        out->id = top[-1];
        __atomic_store_n(&m->top, top - 1, __ATOMIC_RELAXED);
        __atomic_store_n(&m->gets, m->gets + 1, __ATOMIC_RELEASE);
        return 0;
    }
    c = leat_magazine_get_value(m);
    if (LEAT_UNLIKELY(!c.pool))
        return leat_chunk_error(c);
    out->id = c.id;
    return 0;
}

LEAT_INLINE int leat_page_put(struct leat_magazine *m, struct leat_page page)
{
    return leat_magazine_put(m, leat_page_chunk(m->pool, page));
}

/* Gets (n) pages, all or none; puts (n), as leat_pool_put_bulk() does. */
LEAT_API int leat_page_get_bulk(struct leat_magazine *m, struct leat_page *out,
                                size_t n);
LEAT_API int leat_page_put_bulk(struct leat_magazine *m,
                                const struct leat_page *pages, size_t n,
                                size_t *done);

/*
 * Gives the address of the page's first byte, without a check, as
 * leat_chunk_addr() does.
 */
LEAT_INLINE void *leat_page_addr(const struct leat_magazine *m,
                                 struct leat_page page)
{
    return LEAT_NUMBER_ADDR(m->units, (uint32_t)page.id);
}

LEAT_END_DECLS

#endif
