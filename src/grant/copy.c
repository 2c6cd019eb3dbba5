/* SPDX-License-Identifier: ISC */

/*
 * Grant copy: cutting at pages' edges, and statuses that cannot go unread.
 *
 *   G13  a batch that ran takes no segment and is not reset before each of its
 *        failures has been told
 */

#include <string.h>

#include <leat/grant_copy.h>

#include "internal.h"

int leat_copy_init(struct leat_copy_batch *b, struct leat_grants *t,
                   struct leat_copy_seg *segs, size_t max,
                   struct leat_copies *copies)
{
    const struct leat_map_ops *ops;

    if (!b || !t || !segs || !max || !copies)
        return LEAT_E_INVALID;
    ops = t->config.map.ops;
    if (!ops || !(ops->caps & LEAT_MAP_COPY))
        return LEAT_E_UNSUPPORTED;
    memset(b, 0, sizeof(*b));
    b->table = t;
    b->segs = segs;
    b->max = max;
    b->copies = copies;
    lock(t);
    b->generation = t->stats.generation;
    unlock(t);
    return 0;
}

/* One side of a copy that is added: pages of peers', or memory. */
struct side {
    const struct leat_gref *pages;
    size_t n;
    size_t off;
    void *local; /* used where (pages) is NULL */
};

static int check(const struct side *s, size_t len)
{
    if (!s->pages)
        return s->local || !len ? 0 : LEAT_E_INVALID;
    if (s->n > LEAT_PAGES_MAX || s->off > s->n * LEAT_PAGE_SIZE ||
        len > s->n * LEAT_PAGE_SIZE - s->off)
        return LEAT_E_RANGE;
    return 0;
}

/* How much of (s) from (at) on lies in one page; all of it, where it is memory. */
static size_t whole(const struct side *s, size_t at, size_t len)
{
    size_t left = LEAT_PAGE_SIZE - (s->off + at) % LEAT_PAGE_SIZE;

    return !s->pages || len - at < left ? len - at : left;
}

static void set(struct leat_copy_side *out, const struct side *s, size_t at)
{
    if (s->pages) {
        out->gref = s->pages[(s->off + at) / LEAT_PAGE_SIZE];
        out->off = (uint32_t)((s->off + at) % LEAT_PAGE_SIZE);
    } else {
        out->local = (unsigned char *)s->local + at;
    }
}

static int add(struct leat_copy_batch *b, const struct side *from,
               const struct side *to, size_t len)
{
    size_t at, part, n = b->n;
    int err = b->ran ? LEAT_E_STATE : check(from, len);

    if (!err)
        err = check(to, len);
    if (err)
        return err;
    for (at = 0; at < len; at += part) {
        struct leat_copy_seg *s = &b->segs[n];

        if (n++ == b->max)
            return LEAT_E_SEGMENTS; /* those before it are not counted */
        part = whole(from, at, len);
        if (whole(to, at, len) < part)
            part = whole(to, at, len);
        memset(s, 0, sizeof(*s));
        set(&s->from, from, at);
        set(&s->to, to, at);
        s->len = (uint32_t)part;
        s->status = LEAT_E_STATE;
    }
    b->n = n;
    return 0;
}

int leat_copy_from(struct leat_copy_batch *b, const struct leat_gref *pages,
                   size_t n, size_t off, struct leat_view to)
{
    const struct side peer = {.pages = pages, .n = n, .off = off};
    const struct side mine = {.local = to.data};

    if (!b || !pages)
        return LEAT_E_INVALID;
    return to.data ? add(b, &peer, &mine, to.len) : LEAT_E_STALE;
}

int leat_copy_to(struct leat_copy_batch *b, const struct leat_gref *pages,
                 size_t n, size_t off, struct leat_cview from)
{
    const struct side peer = {.pages = pages, .n = n, .off = off};
    const struct side mine = {.local = (void *)(uintptr_t)from.data};

    if (!b || !pages)
        return LEAT_E_INVALID;
    return from.data ? add(b, &mine, &peer, from.len) : LEAT_E_STALE;
}

int leat_copy_between(struct leat_copy_batch *b, const struct leat_gref *from,
                      size_t nfrom, size_t from_off, const struct leat_gref *to,
                      size_t nto, size_t to_off, size_t len)
{
    const struct side a = {.pages = from, .n = nfrom, .off = from_off};
    const struct side z = {.pages = to, .n = nto, .off = to_off};

    if (!b || !from || !to)
        return LEAT_E_INVALID;
    return add(b, &a, &z, len);
}

int leat_copy_run(struct leat_copy_batch *b)
{
    const struct leat_map *map;
    struct leat_grants *t;
    size_t i, failed = 0;
    int err = 0;

    if (!b)
        return LEAT_E_INVALID;
    if (b->ran)
        return LEAT_E_STATE;
    t = b->table;
    map = &t->config.map;
    lock(t);
    if (t->suspended)
        err = LEAT_E_STATE;
    else if (b->generation != t->stats.generation)
        err = LEAT_E_STALE;
    unlock(t);
    if (err == LEAT_E_STATE)
        return err; /* it may run when the table has resumed */
    b->ran = true;
    if (!err && b->n)
        err = map->ops->copy(map->self, b->segs, b->n);
    for (i = 0; i < b->n; i++) {
        const struct leat_copy_seg *s = &b->segs[i];

        if (!s->status)
            leat_copies_add(b->copies, LEAT_WHY_SHARED, s->len);
        else if (!err)
            err = s->status;
        failed += s->status != 0;
    }
    lock(t);
    t->stats.copies += b->n != 0;
    t->stats.copy_segs += b->n;
    t->stats.copy_failed += failed;
    unlock(t);
    return err;
}

int leat_copy_failed(struct leat_copy_batch *b, size_t *seg, int *status)
{
    if (!b || !seg || !status)
        return LEAT_E_INVALID;
    if (!b->ran)
        return LEAT_E_STATE;
    while (b->read < b->n) {
        size_t i = b->read++;

        if (b->segs[i].status) {
            *seg = i;
            *status = b->segs[i].status;
            return 0;
        }
    }
    return LEAT_E_END;
}

int leat_copy_reset(struct leat_copy_batch *b)
{
    size_t i;

    if (!b)
        return LEAT_E_INVALID;
    for (i = b->read; b->ran && i < b->n; i++) {
        if (b->segs[i].status)
            return LEAT_E_STATE; /* G13 */
    }
    b->n = 0;
    b->read = 0;
    b->ran = false;
    lock(b->table);
    b->generation = b->table->stats.generation;
    unlock(b->table);
    return 0;
}
