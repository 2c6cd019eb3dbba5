/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_OPERATIONS_H
#define LEAT_TESTS_OPERATIONS_H

/* The operations of the model: each does one thing and knows what it gives. */

#include "world.h"

static inline struct holding *world_any(struct world *w)
{
    return w->nheld ? &w->held[world_below(w, w->nheld)] : NULL;
}

static inline size_t world_size(struct world *w)
{
    switch (world_below(w, 8)) {
    case 0:
        return 1 + world_below(w, 40);
    case 1:
    case 2:
        return 1 + world_below(w, 9);
    default:
        return 1;
    }
}

static inline bool world_full(const struct world *w)
{
    return w->nheld + 40 >= HELD;
}

/*
 * A get gave (err). Where that is for want of room, pages may lie in the
 * explicit magazine: once that is flushed, the plain call must do as the
 * reference says, for it empties the thread's own.
 */
static inline int world_settle(struct world *w, int err, size_t pages,
                               struct leat_chunk *c)
{
    size_t reclaims;
    int expect = world_expect(w, pages);

    if (err && err != LEAT_E_BUSY) {
        if (w->m)
            GIVES(w, 0, leat_magazine_flush(w->m));
        reclaims = w->reclaims;
        err = leat_pool_get(w->pool, pages, c);
        HOLDS(w, w->reclaims - reclaims == (err != 0));
    }
    /* Runs of pages in slabs of mmap may be scattered, which is no error. */
    if (!w->kind->arena && pages > 1 && err == LEAT_E_NOMEM && !expect)
        return err;
    if (err != expect)
        FAIL(w, "a get of %zu pages gave %s, not %s; %zu of %zu are out", pages,
             leat_error_name(err), leat_error_name(expect), w->out, w->limit);
    return err;
}

static inline void op_get(struct world *w)
{
    enum leat_zero zero = w->kind->config.zero;
    bool request = world_below(w, 3) == 0;
    size_t pages = world_size(w);
    struct leat_chunk c = {NULL, 1};
    int err;

    if (world_full(w))
        return;
    if (request && zero == LEAT_ZERO_NEVER) {
        GIVES(w, LEAT_E_UNSUPPORTED, leat_pool_get_zeroed(w->pool, pages, &c));
        return;
    }
    err = request ? leat_pool_get_zeroed(w->pool, pages, &c)
                  : leat_pool_get(w->pool, pages, &c);
    if (err)
        request = false;
    if (!world_settle(w, err, pages, &c))
        world_hold(w, c, pages, request || zero == LEAT_ZERO_ALWAYS, -1);
    else
        HOLDS(w, !c.pool && c.id == 1);
}

static inline void op_magazine_get(struct world *w)
{
    struct leat_chunk c = {NULL, 1};

    if (!w->m || world_full(w))
        return;
    if (!world_settle(w, leat_magazine_get(w->m, &c), 1, &c))
        world_hold(w, c, 1, w->kind->config.zero == LEAT_ZERO_ALWAYS, -1);
}

static inline void op_get_bulk(struct world *w)
{
    bool zeroed = w->kind->config.zero == LEAT_ZERO_ALWAYS;
    size_t n = 1 + world_below(w, 30);
    struct leat_chunk c[30];
    int err, expect;

    if (world_full(w))
        return;
    memset(c, 0x77, sizeof(c));
    expect = w->nline ? LEAT_E_BUSY : 0;
    if (!expect && n > w->limit - w->out)
        expect = world_expect(w, n);
    err = w->m && world_below(w, 2) ? leat_magazine_get_bulk(w->m, c, n)
                                    : leat_pool_get_bulk(w->pool, c, n);
    if (err && err != expect && w->m) {
        GIVES(w, 0, leat_magazine_flush(w->m));
        err = leat_pool_get_bulk(w->pool, c, n);
    }
    GIVES(w, expect, err);
    for (size_t i = 0; !err && i < n; i++)
        world_hold(w, c[i], 1, zeroed, -1);
    for (size_t i = 0; err && i < sizeof(c); i++)
        HOLDS(w, ((unsigned char *)c)[i] == 0x77);
}

/* Puts the handle of (h); the holding goes when no ref is left. */
static inline void world_put(struct world *w, struct holding *h)
{
    bool magazine = w->m && world_below(w, 2);
    struct leat_chunk c = h->c;

    h->handle = false;
    if (!h->nrefs)
        world_let_go(w, h);
    GIVES(w, 0,
          magazine ? leat_magazine_put(w->m, c) : leat_pool_put(w->pool, c));
    world_was_put(w, c);
}

static inline void op_put(struct world *w)
{
    struct holding *h = world_any(w);

    if (h && h->handle)
        world_put(w, h);
}

static inline void op_put_bulk(struct world *w)
{
    size_t n = 0, done = 99, bad = world_below(w, 12);
    struct leat_chunk c[8];

    for (size_t i = 0; i < w->nheld && n < COUNT(c); i++)
        if (w->held[i].handle && !w->held[i].nrefs)
            c[n++] = w->held[i].c;
    if (!n)
        return;
    for (size_t k = 0; k < n && k < bad; k++)
        for (size_t i = 0; i < w->nheld; i++)
            if (w->held[i].handle && w->held[i].c.id == c[k].id) {
                world_let_go(w, &w->held[i]);
                break;
            }
    if (bad < n)
        c[bad].pool = NULL;
    GIVES(w, bad < n ? LEAT_E_FOREIGN : 0,
          leat_pool_put_bulk(w->pool, c, n, &done));
    HOLDS(w, done == (bad < n ? bad : n));
    for (size_t k = 0; k < done; k++)
        world_was_put(w, c[k]);
}

static inline void op_flush(struct world *w)
{
    if (w->m)
        GIVES(w, 0, leat_magazine_flush(w->m));
}

static inline void op_trim(struct world *w)
{
    size_t keep = world_below(w, 1200), trimmed = 0;
    int err = leat_pool_trim(w->pool, keep, &trimmed);

    HOLDS(w, !err || (w->kind->arena && err == LEAT_E_UNSUPPORTED));
}

static inline void op_take(struct world *w)
{
    bool can = w->m &&
               !(w->kind->config.flags & (LEAT_POOL_EXACT | LEAT_POOL_TRACK)) &&
               w->kind->config.zero != LEAT_ZERO_ALWAYS;
    struct leat_batch b = {0};
    struct leat_view v;
    int err;

    if (!can || w->nbatches == BATCHES)
        return;
    err = leat_magazine_take(w->m, &b);
    HOLDS(w, !err || err == LEAT_E_LIMIT || err == LEAT_E_NOMEM);
    if (err)
        return;
    HOLDS(w, leat_batch_pages(b) > 0);
    for (size_t k = 0; k < leat_batch_pages(b); k++) {
        GIVES(w, 0, leat_batch_view(b, k, &v));
        HOLDS(w, v.len == PAGE && !world_taken(w, v.data, 1));
        world_fill(v.data, 1, w->owners + 1 + k);
    }
    w->batches[w->nbatches] = b;
    w->batch_owner[w->nbatches++] = w->owners + 1;
    w->owners += leat_batch_pages(b);
    w->out += leat_batch_pages(b);
}

static inline void op_give(struct world *w)
{
    struct leat_batch b;
    struct leat_view v;

    if (!w->nbatches)
        return;
    b = w->batches[--w->nbatches];
    w->out -= leat_batch_pages(b);
    for (size_t k = 0; k < leat_batch_pages(b); k++) {
        GIVES(w, 0, leat_batch_view(b, k, &v));
        HOLDS(w, world_filled(v.data, 1, w->batch_owner[w->nbatches] + k));
    }
    GIVES(w, 0, leat_magazine_give(w->m, b));
    GIVES(w, LEAT_E_STALE, leat_magazine_give(w->m, b));
}

/* The oldest wish, and no other, is granted. */
static inline void world_served(void *arg, struct leat_chunk c)
{
    struct wish *wish = arg;
    struct world *w = wish->world;

    HOLDS(w, w->nline && w->line[0] == wish);
    memmove(w->line, w->line + 1, --w->nline * sizeof(w->line[0]));
    wish->used = false;
    world_hold(w, c, wish->pages, w->kind->config.zero == LEAT_ZERO_ALWAYS, -1);
}

static inline void op_wait(struct world *w)
{
    struct wish *wish = w->wishes;

    if (!(w->kind->config.flags & LEAT_POOL_EXACT) || w->nline == LINE ||
        world_full(w))
        return;
    while (wish->used)
        wish++;
    wish->world = w;
    wish->pages = world_size(w);
    if (wish->pages > w->limit) {
        GIVES(
            w, LEAT_E_LIMIT,
            leat_pool_wait(w->pool, &wish->w, wish->pages, world_served, wish));
        return;
    }
    wish->used = true;
    w->line[w->nline++] = wish;
    GIVES(w, 0,
          leat_pool_wait(w->pool, &wish->w, wish->pages, world_served, wish));
}

static inline void op_cancel(struct world *w)
{
    struct wish *wish;
    size_t i;

    if (!w->nline)
        return;
    i = world_below(w, w->nline);
    wish = w->line[i];
    wish->used = false;
    memmove(w->line + i, w->line + i + 1,
            (--w->nline - i) * sizeof(w->line[0]));
    GIVES(w, 0, leat_pool_cancel(w->pool, &wish->w));
    if (!wish->used)
        GIVES(w, LEAT_E_STATE, leat_pool_cancel(w->pool, &wish->w));
}

static inline void op_impossible(struct world *w)
{
    static const size_t sizes[] = {0, SIZE_MAX, SIZE_MAX / PAGE + 1, 1 << 30};
    size_t pages = sizes[world_below(w, COUNT(sizes))];
    struct leat_chunk c = {NULL, 4};
    int err = leat_pool_get(w->pool, pages, &c);

    HOLDS(w, pages ? err == world_expect(w, pages) : err == LEAT_E_INVALID);
    HOLDS(w, !c.pool && c.id == 4);
}

#endif
