/* SPDX-License-Identifier: ISC */
#ifndef LEAT_REF_H
#define LEAT_REF_H

/*
 * Ref: an owned, counted reference to a window of a chunk.
 *
 * A chunk lives as long as its handle or any ref to it: the last to go gives it
 * back. A ref is a value that *moves*: one variable owns it at a time, and
 * dropping or moving it makes that variable void, so that a second drop of it is
 * LEAT_E_STALE. (A copy made with `=` is a ref that nobody counted; it is found
 * once the chunk has gone back.)
 *
 * Threads: any thread may take, clone and drop refs of one chunk at the same
 *          time; one variable belongs to one thread at a time.
 */

#include <leat/chunk.h>
#include <leat/error.h>

LEAT_BEGIN_DECLS

struct leat_ref {
    struct leat_chunk chunk; /* what it keeps; void: owns nothing */
    struct leat_view view;   /* its window                        */
};

/* The most refs of one chunk. */
#define LEAT_REFS_MAX 0x3fffffffu

/*
 * Takes a ref to (view), a window of (c).
 *
 * Owner:   (*out) is owned: drop it. The handle stays the caller's.
 * Errors:  LEAT_E_RANGE  (view) is not inside the chunk
 *          LEAT_E_LIMIT  LEAT_REFS_MAX refs are held
 *          those of leat_chunk_check()
 */
LEAT_INLINE int leat_ref_take(struct leat_chunk c, struct leat_view view,
                              struct leat_ref *out);

/*
 * Takes another ref to bytes [off, off + len) of (ref)'s window.
 *
 * Errors:  LEAT_E_RANGE, LEAT_E_LIMIT; LEAT_E_STALE: (ref) owns nothing
 */
LEAT_API int leat_ref_slice(const struct leat_ref *ref, size_t off, size_t len,
                            struct leat_ref *out);

/*
 * Moves what (*from) owns to (*to), which must own nothing.
 *
 * Errors:  LEAT_E_STALE  (*from) owns nothing
 *          LEAT_E_STATE  (*to) owns something
 */
LEAT_API int leat_ref_move(struct leat_ref *from, struct leat_ref *to);

/*
 * Drops what (*ref) owns; the last one gives the chunk back to its pool, as
 * leat_pool_put() does, with all of its effects.
 *
 * Errors:  LEAT_E_STALE  it owns nothing, or its chunk has gone back
 */
LEAT_INLINE int leat_ref_drop(struct leat_ref *ref);

/*
 * Where the two lead when the fast way does not do: the whole of them, and, for
 * leat_ref_last(), what follows when the count of page (page) has come to 0.
 * They are not to be called but by these inlines.
 */
LEAT_API int leat_ref_take_slow(struct leat_chunk c, struct leat_view view,
                                struct leat_ref *out);
LEAT_API int leat_ref_drop_slow(struct leat_ref *ref);
LEAT_API void leat_ref_last(struct leat_pool *pool, uint32_t page);

/* What a ref uses, and what it keeps from being used. */
struct leat_pin {
    size_t used;     /* bytes of its window                                  */
    size_t pinned;   /* bytes that come back only when it goes               */
    bool tracked;    /* the age is known: LEAT_POOL_TRACK                    */
    uint64_t age_ns; /* since the memory was got                             */
};

/*
 * Tells what (ref) pins: a small window keeps all of its chunk.
 *
 * Errors:  LEAT_E_STALE  it owns nothing, or its chunk has gone back
 */
LEAT_API int leat_ref_pin(const struct leat_ref *ref, struct leat_pin *out);

/* Gives the window: borrowed, valid while the ref is. */
LEAT_INLINE struct leat_view leat_ref_view(const struct leat_ref *ref)
{
    return ref->view;
}

/*
 * Tells how many own (c)'s chunk: its handle, unless put, and its refs. At once
 * out of date where other threads work on it.
 */
LEAT_API int leat_chunk_owners(struct leat_chunk c, size_t *owners);

LEAT_INLINE int leat_ref_take(struct leat_chunk c, struct leat_view view,
                              struct leat_ref *out)
{
    const struct leat_pool_head *h = (const struct leat_pool_head *)c.pool;
    struct leat_page_desc *desc;
    size_t bytes, off;
    uint32_t page;

    if (LEAT_UNLIKELY(!h || !out))
        return leat_ref_take_slow(c, view, out);
    page = (uint32_t)c.id - h->base;
    if (LEAT_UNLIKELY(page >= __atomic_load_n(&h->fast, __ATOMIC_ACQUIRE) ||
                      __atomic_load_n(&h->state[page], __ATOMIC_ACQUIRE) !=
                          ((uint32_t)(c.id >> 32) | LEAT_STATE_SLOW)))
        return leat_ref_take_slow(c, view, out);
    desc = &h->desc[page];
    bytes = __atomic_load_n(&desc->pages, __ATOMIC_RELAXED) * LEAT_PAGE_SIZE;
    off = (uintptr_t)view.data -
          (uintptr_t)LEAT_NUMBER_ADDR(h->units, (uint32_t)c.id);
    if (LEAT_UNLIKELY(off > bytes || view.len > bytes - off))
        return leat_ref_take_slow(c, view, out);
    if (LEAT_UNLIKELY(__atomic_fetch_add(&desc->refs, 1, __ATOMIC_RELAXED) >=
                      LEAT_REFS_MAX)) {
        __atomic_fetch_sub(&desc->refs, 1, __ATOMIC_RELAXED);
        return LEAT_E_LIMIT;
    }
    out->chunk = c;
    out->view = view;
    return 0;
}

LEAT_INLINE int leat_ref_drop(struct leat_ref *ref)
{
    const struct leat_pool_head *h;
    struct leat_pool *pool;
    uint32_t page;

    if (LEAT_UNLIKELY(!ref || !ref->chunk.pool))
        return leat_ref_drop_slow(ref);
    pool = ref->chunk.pool;
    h = (const struct leat_pool_head *)pool;
    page = (uint32_t)ref->chunk.id - h->base;
    if (LEAT_UNLIKELY(page >= __atomic_load_n(&h->fast, __ATOMIC_ACQUIRE) ||
                      (__atomic_load_n(&h->state[page], __ATOMIC_RELAXED) &
                       ~(LEAT_STATE_SLOW | LEAT_STATE_ORPHAN)) !=
                          (uint32_t)(ref->chunk.id >> 32)))
        return leat_ref_drop_slow(ref);
    ref->chunk.pool = NULL;
    ref->chunk.id = 0;
    ref->view.data = NULL;
    ref->view.len = 0;
    if (LEAT_UNLIKELY(
            __atomic_fetch_sub(&h->desc[page].refs, 1, __ATOMIC_ACQ_REL) == 1))
        leat_ref_last(pool, page);
    return 0;
}

LEAT_END_DECLS

#endif
