/* SPDX-License-Identifier: ISC */

/*
 * The segments of a request: where its bytes lie, and by which references the
 * back reaches them.
 *
 *              laid             shown            ended
 *     COPY     pages taken,     their            copied out, given back
 *              copied in        references
 *     REVOKE   exported, by     runs granted     revoked, brought home
 *              submit
 *     SHARED   by submit        their            nothing
 *                               references
 *
 * What was laid stays through the death of a back; what was shown, through all
 * but a resume, which ends every grant.
 */

#include "blkfront.h"

static bool to_device(const struct leat_blk *u)
{
    return u->op != LEAT_BLK_READ;
}

/* ------------------------------------------------------------------- submit */

static void segment(struct front_request *r, uint32_t off, uint32_t len)
{
    r->seg[r->nsegs++] = (struct leat_blkif_segment){
        .first = (uint8_t)(off / BLKIF_SECTOR),
        .last = (uint8_t)((off + len) / BLKIF_SECTOR - 1),
    };
}

static void lay_parts(struct front_request *r)
{
    size_t i;

    for (i = 0; i < r->user->n; i++) {
        const struct leat_blk_part *p = &r->user->parts[i];

        r->own[r->nsegs] = p->page->number;
        segment(r, p->off, p->len);
    }
}

static int export(struct leat_blkfront *f, struct front_request *r)
{
    const bool strict = f->config.flags & LEAT_BLKFRONT_STRICT;
    struct leat_blk *u = r->user;
    struct leat_constraint need;
    size_t i;
    int err = leat_constraint_blkif(f->info.sector_bytes, f->segs_max, &need);

    if (err)
        return err;
    r->ex = (struct leat_export){
        .segs = r->views,
        .max_segs = f->segs_max,
        .dir = to_device(u) ? LEAT_TO_DEVICE : LEAT_FROM_DEVICE,
        .pool = f->config.pool,
        .owner = f->config.pool,
    };
    err = leat_export(u->views, u->n, &need, strict ? LEAT_REFUSE : LEAT_BOUNCE,
                      &r->ex);
    u->why = r->ex.why;
    u->index = r->ex.index;
    if (err)
        return err;
    u->bounced = r->ex.bounced_bytes;
    for (i = 0; i < r->ex.nsegs; i++)
        segment(r, (uintptr_t)r->views[i].data % LEAT_PAGE_SIZE,
                (uint32_t)r->views[i].len);
    return 0;
}

int leat_front_lay_views(struct leat_blkfront *f, struct front_request *r,
                         uint64_t bytes)
{
    int err = 0;

    r->nsegs = 0;
    r->laid = f->mode != LEAT_RECEIVE_COPY;
    r->user->bounced = r->user->held = 0;
    r->user->why = LEAT_WHY_NONE;
    r->user->index = 0;
    if (!bytes) {
        r->laid = true;
        return 0;
    }
    if (f->mode == LEAT_RECEIVE_SHARED) {
        lay_parts(r);
    } else if (f->mode == LEAT_RECEIVE_REVOKE) {
        err = export(f, r);
    } else {
        for (; bytes > LEAT_PAGE_SIZE; bytes -= LEAT_PAGE_SIZE)
            segment(r, 0, LEAT_PAGE_SIZE);
        segment(r, 0, (uint32_t)bytes);
    }
    if (err)
        return err;
    err = leat_front_fits(f, r);
    if (err && f->mode == LEAT_RECEIVE_REVOKE)
        (void)leat_export_end(&r->ex, 0);
    return err;
}

int leat_front_fits(const struct leat_blkfront *f,
                    const struct front_request *r)
{
    const uint32_t unit = f->info.sector_bytes / BLKIF_SECTOR;
    uint32_t i;

    for (i = 0; i < r->nsegs; i++) {
        if (r->seg[i].first % unit || (r->seg[i].last + 1u) % unit)
            return LEAT_E_ALIGN;
    }
    return r->user->op == LEAT_BLK_BARRIER && r->nsegs > f->info.segments
               ? LEAT_E_SEGMENTS
               : 0;
}

/* --------------------------------------------------------------------- COPY */

static uint32_t bytes_of(const struct leat_blkif_segment *s)
{
    return ((uint32_t)s->last - s->first + 1) * BLKIF_SECTOR;
}

/* Copies between the caller's views and the device's pages, view by view. */
static void copy(struct leat_blkfront *f, struct front_request *r, bool in)
{
    const struct leat_view *v = r->user->views;
    uint32_t i = 0, off = 0;
    size_t k, at, n;

    for (k = 0; k < r->user->n; k++) {
        for (at = 0; at < v[k].len; at += n) {
            struct leat_shared page = f->own[r->own[i]].bytes;

            n = bytes_of(&r->seg[i]) - off;
            if (n > v[k].len - at)
                n = v[k].len - at;
            if (in)
                (void)leat_shared_copy_in(page, off, v[k].data + at, n,
                                          &f->copies);
            else
                (void)leat_shared_copy_out(page, off, v[k].data + at, n,
                                           &f->copies);
            f->stats.copied_bytes += n;
            off += (uint32_t)n;
            if (off == bytes_of(&r->seg[i])) {
                off = 0;
                i++;
            }
        }
    }
    f->stats.copied++;
}

static void give(struct leat_blkfront *f, struct front_request *r, uint32_t n)
{
    while (n--) /* so that the first is the next to be taken */
        leat_front_own_give(f, r->own[n]);
}

/* The device's pages for its bytes, all or none. */
static int lay_pages(struct leat_blkfront *f, struct front_request *r)
{
    uint32_t i;
    int err;

    for (i = 0; i < r->nsegs; i++) {
        err = leat_front_own_take(f, &r->own[i]);
        if (err) {
            give(f, r, i);
            return err;
        }
    }
    if (to_device(r->user))
        copy(f, r, true);
    r->laid = true;
    return 0;
}

/* ------------------------------------------------------------------- REVOKE */

/* The run that begins with segment (first): its pages, and how many segments. */
static uint32_t run_of(const struct front_request *r, uint32_t first,
                       struct leat_view *pages)
{
    const uintptr_t mask = LEAT_PAGE_SIZE - 1;
    uintptr_t begin = (uintptr_t)r->views[first].data & ~mask;
    uintptr_t last = begin;
    uint32_t n = 1;

    for (; first + n < r->nsegs; n++) {
        uintptr_t page = (uintptr_t)r->views[first + n].data & ~mask;

        if (page != last && page != last + LEAT_PAGE_SIZE)
            break;
        last = page;
    }
    pages->data =
        r->views[first].data - ((uintptr_t)r->views[first].data & mask);
    pages->len = last - begin + LEAT_PAGE_SIZE;
    return n;
}

/* As much of (pages) as is of one chunk. */
static int chunk_of(struct leat_blkfront *f, struct leat_view *pages,
                    struct leat_chunk *chunk)
{
    struct leat_view all;
    size_t left;
    int err = leat_chunk_around(f->config.pool, pages->data, chunk);

    if (err)
        return err;
    all = leat_chunk_view(*chunk);
    left = all.len - (size_t)(pages->data - all.data);
    if (pages->len > left)
        pages->len = left;
    return 0;
}

static bool in_bounce(const struct front_request *r, struct leat_view pages)
{
    return r->ex.bounce_at && pages.data >= r->ex.bounce_at &&
           pages.data < r->ex.bounce_at + leat_chunk_view(r->ex.bounce).len;
}

/* Grants the pages from segment (*at) on that are of one chunk. */
static int show_run(struct leat_blkfront *f, struct front_request *r,
                    uint32_t *at)
{
    const uintptr_t mask = LEAT_PAGE_SIZE - 1;
    struct front_run *run = &r->runs[r->nruns];
    struct leat_view pages;
    struct leat_chunk chunk;
    uint32_t n = run_of(r, *at, &pages), i, refs[64];
    int err;

    if (pages.len > sizeof(refs) / sizeof(refs[0]) * LEAT_PAGE_SIZE)
        pages.len = sizeof(refs) / sizeof(refs[0]) * LEAT_PAGE_SIZE;
    err = chunk_of(f, &pages, &chunk);
    if (!err)
        err = leat_grant_share_view(
            f->config.grants, chunk, pages, leat_bus_peer(&f->end),
            to_device(r->user) ? LEAT_READ_ONLY : LEAT_READ_WRITE, 0,
            &run->grant);
    if (err)
        return err;
    run->bounce = in_bounce(r, pages);
    run->pages = (uint32_t)(pages.len / LEAT_PAGE_SIZE);
    r->nruns++;
    f->stats.shares++;
    f->stats.pages_shared += pages.len / LEAT_PAGE_SIZE;
    (void)leat_grant_refs(run->grant, refs, sizeof(refs) / sizeof(refs[0]));
    for (i = *at; i < *at + n; i++) {
        size_t page =
            (((uintptr_t)r->views[i].data & ~mask) - (uintptr_t)pages.data) /
            LEAT_PAGE_SIZE;

        if (page >= pages.len / LEAT_PAGE_SIZE)
            break;
        r->seg[i].ref = refs[page];
    }
    *at = i;
    return 0;
}

/* 0, or LEAT_E_BUSY: the back holds a page of the caller's. */
static int revoke(struct leat_blkfront *f, struct front_request *r)
{
    uint32_t i;

    for (i = 0; i < r->nruns; i++) {
        bool held = leat_grant_revoke_keep(r->runs[i].grant) != 0;

        f->stats.revokes++;
        f->stats.held += held;
        if (held && !r->runs[i].bounce)
            r->user->held += r->runs[i].pages;
    }
    r->nruns = 0;
    return r->user->held ? LEAT_E_BUSY : 0;
}

static int show_runs(struct leat_blkfront *f, struct front_request *r)
{
    uint32_t at = 0;
    int err = 0;

    r->nruns = 0; /* those of before a resume have ended by it */
    while (at < r->nsegs && !err)
        err = show_run(f, r, &at);
    if (err)
        (void)revoke(f, r); /* the back was not told of them */
    return err;
}

/* ----------------------------------------------------------------- all three */

int leat_front_show(struct leat_blkfront *f, struct front_request *r)
{
    uint32_t i;
    int err = r->laid ? 0 : lay_pages(f, r);

    if (err || r->shown == f->generation)
        return err;
    if (f->mode == LEAT_RECEIVE_REVOKE) {
        err = show_runs(f, r);
        if (err)
            return err;
    } else {
        for (i = 0; i < r->nsegs; i++)
            r->seg[i].ref = f->own[r->own[i]].ref;
    }
    r->shown = f->generation;
    return 0;
}

int leat_front_end(struct leat_blkfront *f, struct front_request *r, bool moved)
{
    int err = 0;

    if (!r->nsegs)
        return 0;
    if (f->mode == LEAT_RECEIVE_COPY && r->laid) {
        if (moved && !to_device(r->user))
            copy(f, r, false);
        give(f, r, r->nsegs);
    }
    if (f->mode == LEAT_RECEIVE_REVOKE) {
        int end;

        if (r->shown == f->generation)
            err = revoke(f, r);
        end = leat_export_end(&r->ex, moved ? SIZE_MAX : 0);
        if (!err)
            err = end;
    }
    return err;
}
