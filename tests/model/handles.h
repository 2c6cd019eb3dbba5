/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_HANDLES_H
#define LEAT_TESTS_HANDLES_H

/* Operations of the model on chunks that are out, and with wrong handles. */

#include "operations.h"

static inline void op_ref(struct world *w)
{
    struct holding *h = world_any(w);
    struct leat_view v;
    size_t off;

    if (!h || h->nrefs == REFS)
        return;
    off = world_below(w, h->pages * PAGE + 1);
    if (h->handle) {
        GIVES(w, 0,
              leat_view_slice(leat_chunk_view(h->c), off,
                              world_below(w, h->pages * PAGE - off + 1), &v));
        GIVES(w, 0, leat_ref_take(h->c, v, &h->refs[h->nrefs]));
    } else {
        off %= leat_ref_view(&h->refs[0]).len + 1;
        GIVES(w, 0, leat_ref_slice(&h->refs[0], off, 0, &h->refs[h->nrefs]));
    }
    h->nrefs++;
}

static inline void world_drop(struct world *w, struct holding *h)
{
    struct leat_ref ref = h->refs[--h->nrefs];

    if (!h->handle && !h->nrefs)
        world_let_go(w, h);
    GIVES(w, 0, leat_ref_drop(&ref));
    GIVES(w, LEAT_E_STALE, leat_ref_drop(&ref));
}

static inline void op_unref(struct world *w)
{
    struct holding *h = world_any(w);

    if (h && h->nrefs)
        world_drop(w, h);
}

static inline void op_split(struct world *w)
{
    struct holding *h = world_any(w), old;
    struct leat_chunk pages[40] = {{0}};

    if (!h || !h->handle || h->pages > COUNT(pages) || world_full(w))
        return;
    if (h->nrefs) {
        GIVES(w, LEAT_E_BUSY, leat_chunk_split(h->c, pages, COUNT(pages)));
        return;
    }
    GIVES(w, LEAT_E_RANGE, leat_chunk_split(h->c, pages, h->pages - 1));
    old = *h;
    GIVES(w, 0, leat_chunk_split(old.c, pages, COUNT(pages)));
    world_was_put(w, old.c);
    world_let_go(w, h);
    if (old.region >= 0)
        w->region_pages[old.region] += old.pages;
    for (size_t i = 0; i < old.pages; i++) {
        unsigned char *at = leat_chunk_view(pages[i]).data;

        HOLDS(w, at == old.at + i * PAGE);
        world_hold(w, pages[i], 1, false, old.region);
    }
}

static inline void world_release(void *arg, void *base, size_t pages)
{
    struct world *w = arg;

    for (size_t i = 0; i < REGIONS; i++)
        if (base == world_region[i]) {
            HOLDS(w, w->region_pages[i] == 0 && pages == REGION);
            w->released++;
            return;
        }
    FAIL(w, "released what was never adopted");
}

static inline void op_adopt(struct world *w)
{
    size_t i = world_below(w, REGIONS), live = 0;
    struct leat_chunk c = {NULL, 6};
    int err;

    if (world_full(w))
        return;
    for (size_t k = 0; k < REGIONS; k++)
        live += w->region_pages[k] > 0;
    err =
        leat_pool_adopt(w->pool, world_region[i], REGION, world_release, w, &c);
    if (w->region_pages[i]) {
        HOLDS(w,
              err == LEAT_E_BUSY || (live == ADOPTABLE && err == LEAT_E_LIMIT));
        return;
    }
    GIVES(w, live == ADOPTABLE ? LEAT_E_LIMIT : 0, err);
    if (!err) {
        w->region_pages[i] = REGION;
        world_hold(w, c, REGION, false, (int)i);
    }
}

/* A handle that was put is found by whatever it is given to (rule R11). */
static inline void op_stale(struct world *w)
{
    size_t kept = w->nstale < STALE ? w->nstale : STALE;
    struct leat_chunk c, pages[40];
    struct leat_ref ref = {0};
    int err;

    if (!kept)
        return;
    c = w->stale[world_below(w, kept)];
    switch (world_below(w, 4)) {
    case 0:
        err = leat_pool_put(w->pool, c);
        break;
    case 1:
        err = leat_chunk_split(c, pages, COUNT(pages));
        break;
    case 2:
        err = leat_ref_take(c, (struct leat_view){w->held[0].at, 1}, &ref);
        break;
    default:
        err = w->m ? leat_magazine_put(w->m, c) : leat_chunk_check(c);
        break;
    }
    HOLDS(w, err == LEAT_E_STALE || err == LEAT_E_INTERIOR ||
                 err == LEAT_E_FOREIGN);
    HOLDS(w, !leat_chunk_view(c).data);
}

static inline void op_wrong(struct world *w)
{
    struct holding *h = world_any(w);
    struct leat_chunk c;

    if (!h || !h->handle)
        return;
    c = h->c;
    if (h->pages > 1) {
        c.id += 1 + world_below(w, h->pages - 1);
        GIVES(w, LEAT_E_INTERIOR, leat_pool_put(w->pool, c));
    }
    c = h->c;
    c.id ^= (uint64_t)1 << (35 + world_below(w, 29));
    HOLDS(w, leat_pool_put(w->pool, c) < 0);
    c.id = h->c.id | UINT32_MAX;
    GIVES(w, LEAT_E_FOREIGN, leat_pool_put(w->pool, c));
}

static inline void op_find(struct world *w)
{
    struct holding *h = world_any(w);
    struct leat_chunk c = {0};
    size_t owners;

    if (!h || !h->handle)
        return;
    GIVES(w, 0, leat_chunk_find(w->pool, h->at, &c));
    HOLDS(w, c.pool == h->c.pool && c.id == h->c.id);
    GIVES(w, LEAT_E_INTERIOR,
          leat_chunk_find(w->pool,
                          h->at + 1 + world_below(w, h->pages * PAGE - 1), &c));
    GIVES(w, 0, leat_chunk_owners(h->c, &owners));
    HOLDS(w, owners == h->nrefs + 1);
}

#endif
