/* SPDX-License-Identifier: ISC */

/*
 * Doing an export: what plan.c has decided.
 *
 *   closed --leat_export()--> open --leat_export_end()--> closed
 *
 *   O1  an export that is open and has bounced anything holds one chunk, and no
 *       other export does
 *   O2  nothing is written to the caller's struct, but why and index, before all
 *       that can fail has succeeded
 *   O3  the segments are the views' bytes, each once and in their order; one was
 *       bounced if it lies in the bounce memory. The end goes by that alone: what
 *       is the owner's memory may have changed since it was judged
 */

#include <leat/pool.h>

#include "copy.h"
#include "pages.h"
#include "plan.h"

/* Of ex->open. A number that does not lie about in memory by accident. */
#define OPEN 0x6c656174u

/*
 * Where bounce memory of (bytes) may begin in the pages at (addr), so that it
 * lies to the boundary as the plan has it: E5.
 */
static size_t origin(size_t boundary, const void *addr, size_t bytes)
{
    size_t past = boundary ? (uintptr_t)addr & (boundary - 1) : 0;

    if (boundary <= LEAT_PAGE_SIZE || !past || bytes <= boundary - past)
        return 0;
    return boundary - past;
}

/*
 * Gets the bounce memory: one run of pages. Pages begin anywhere with respect to
 * a boundary of more than a page. Mostly that does not matter; where it does,
 * they are changed for as many more as are sure to have a place in them.
 */
static int get_bounce(struct leat_export *ex, const struct leat_plan *p,
                      struct leat_chunk *c, unsigned char **at)
{
    size_t bytes = p->bounce_bytes, boundary = p->need.boundary, off;
    struct leat_view v;
    int err = leat_pages_get(ex->pool, bytes, c, &v);

    if (err)
        return err;
    off = origin(boundary, v.data, bytes);
    if (off) {
        (void)leat_pool_put(ex->pool, *c);
        c->pool = NULL;
        err = leat_pages_get(
            ex->pool, bytes + (bytes < boundary ? bytes : boundary), c, &v);
        if (err)
            return err;
        off = origin(boundary, v.data, bytes);
    }
    *at = v.data + off;
    return 0;
}

/*
 * Writes the segments where nothing is bounced: the plan has found that each view
 * can be cut, so nothing is asked of it again.
 */
static void leave_as_is(struct leat_view *segs, const struct leat_plan *p)
{
    size_t i, n = 0;

    for (i = 0; n < p->nsegs && i < p->n; i++) {
        struct leat_view v = leat_plan_view(p, i);

        for (; n < p->nsegs && v.len; n++) {
            segs[n].data = v.data;
            segs[n].len = leat_plan_piece(p, (uintptr_t)v.data, v.len);
            v.data += segs[n].len;
            v.len -= segs[n].len;
        }
    }
}

/* Writes the segments, and copies what is bounced if the device will read it. */
static int carry_out(struct leat_export *ex, const struct leat_plan *p,
                     unsigned char *bounce)
{
    struct leat_copies *copies = leat_pool_copies(ex->pool);
    struct leat_walk w = {0};
    struct leat_fragment f;
    size_t n = 0;
    int err;

    while ((err = leat_plan_next(p, &w, &f)) > 0) {
        unsigned char *to = f.data;

        if (f.why != LEAT_WHY_NONE) {
            to = bounce + f.at;
            if (p->dir != LEAT_FROM_DEVICE)
                leat_copy_part(to, f.data, f.len, copies, f.why, f.first);
        }
        if (f.segment) {
            ex->segs[n].data = to;
            ex->segs[n].len = f.segment;
            n++;
        }
    }
    /* What was planned is no longer so: memory came or went. */
    if (!err && (n != p->nsegs || w.at != p->bounce_bytes))
        err = LEAT_E_STATE;
    return err;
}

/* Void views, ends beyond the end of memory, and a sum that does not fit. */
static int check_views(struct leat_plan *p)
{
    const struct leat_view *views = p->views;
    const struct leat_cview *cviews = p->views;
    size_t total = 0;

    for (p->index = 0; p->index < p->n; p->index++) {
        struct leat_cview v =
            p->read_only ? cviews[p->index] : leat_view_const(views[p->index]);

        if (!v.data)
            return LEAT_E_STALE;
        if (v.len > UINTPTR_MAX - (uintptr_t)v.data || v.len > SIZE_MAX - total)
            return LEAT_E_OVERFLOW;
        total += v.len;
    }
    return 0;
}

static int check_arguments(const struct leat_export *ex, struct leat_plan *p)
{
    if ((!p->views && p->n) || (!ex->segs && ex->max_segs))
        return LEAT_E_INVALID;
    if (leat_constraint_check(&p->need))
        return LEAT_E_INVALID;
    if (p->need.flags & LEAT_NEED_REGISTERED && !p->owner)
        return LEAT_E_INVALID;
    switch (p->dir) {
    case LEAT_TO_DEVICE:
    case LEAT_FROM_DEVICE:
    case LEAT_BOTH_WAYS:
        break;
    default:
        return LEAT_E_INVALID;
    }
    switch (p->mode) {
    case LEAT_REFUSE:
        break;
    case LEAT_BOUNCE:
    case LEAT_COPY:
        if (!ex->pool)
            return LEAT_E_INVALID;
        if (!p->owner || p->owner == ex->pool)
            break;
        p->why = leat_plan_foreign(p);
        return leat_plan_refusal(p->why);
    default:
        return LEAT_E_INVALID;
    }
    if (p->read_only && p->dir != LEAT_TO_DEVICE) {
        p->why = LEAT_WHY_ACCESS;
        return LEAT_E_ACCESS;
    }
    return check_views(p);
}

/* The same for both kinds of views. */
static int begin(struct leat_export *ex, const void *views, size_t n,
                 bool read_only, const struct leat_constraint *need,
                 enum leat_export_mode mode)
{
    struct leat_plan p = {.views = views, .n = n, .read_only = read_only};
    struct leat_chunk bounce = {NULL, 0};
    unsigned char *bounce_at = NULL;
    int err;

    if (!ex || !need)
        return LEAT_E_INVALID;
    if (ex->open == OPEN)
        return LEAT_E_STATE;
    p.need = *need;
    p.mode = mode;
    p.dir = ex->dir;
    p.owner = ex->owner;
    p.max_segs = ex->max_segs;
    if (need->segments && need->segments < p.max_segs)
        p.max_segs = need->segments;

    err = check_arguments(ex, &p);
    if (err)
        goto fail;
    leat_plan_init(&p);
    err = leat_plan_make(&p);
    if (err)
        goto fail;
    p.room = p.bounce_bytes;
    if (p.room) {
        err = get_bounce(ex, &p, &bounce, &bounce_at);
        if (!err)
            err = carry_out(ex, &p, bounce_at);
        if (err)
            goto fail;
    } else {
        leave_as_is(ex->segs, &p);
    }

    ex->nsegs = p.nsegs;
    ex->bounced_views = p.bounced_views;
    ex->bounced_bytes = p.bounced_bytes;
    ex->why = p.why;
    ex->index = p.index;
    ex->bounce = bounce;
    ex->bounce_at = bounce_at;
    ex->plan = p;
    ex->open = OPEN;
    return 0;

fail:
    if (bounce.pool)
        (void)leat_pool_put(ex->pool, bounce);
    ex->why = p.why;
    ex->index = p.index;
    return err;
}

int leat_export(const struct leat_view *views, size_t n,
                const struct leat_constraint *need, enum leat_export_mode mode,
                struct leat_export *ex)
{
    return begin(ex, views, n, false, need, mode);
}

int leat_export_const(const struct leat_cview *views, size_t n,
                      const struct leat_constraint *need,
                      enum leat_export_mode mode, struct leat_export *ex)
{
    return begin(ex, views, n, true, need, mode);
}

int leat_iov_export(const struct leat_iov *iov,
                    const struct leat_constraint *need,
                    enum leat_export_mode mode, struct leat_export *ex)
{
    return iov ? begin(ex, iov->views, iov->n, false, need, mode)
               : LEAT_E_INVALID;
}

/* Tells whether (v) is of the bounce memory. */
static bool is_bounced(const struct leat_export *ex, struct leat_view v)
{
    uintptr_t at = (uintptr_t)v.data - (uintptr_t)ex->bounce_at;

    return at <= ex->plan.room && v.len <= ex->plan.room - at;
}

/* Tells whether the segments are as long as the views, as they were: O3. */
static bool same_length(const struct leat_export *ex)
{
    size_t left = 0, i;

    for (i = 0; i < ex->plan.n; i++)
        left += leat_plan_view(&ex->plan, i).len;
    for (i = 0; i < ex->nsegs && ex->segs[i].len <= left; i++)
        left -= ex->segs[i].len;
    return i == ex->nsegs && !left;
}

/* Copies what was bounced of the transfer's (done) first bytes to its views. */
static void bring_home(const struct leat_export *ex, size_t done)
{
    struct leat_copies *copies = leat_pool_copies(ex->bounce.pool);
    struct leat_view seg = {NULL, 0};
    size_t i, n = 0;
    bool bounced = false;

    for (i = 0; i < ex->plan.n && done; i++) {
        struct leat_view v = leat_plan_view(&ex->plan, i);
        bool first = true;

        while (v.len && done) {
            size_t len = v.len < done ? v.len : done;

            while (!seg.len) {
                seg = ex->segs[n++];
                bounced = is_bounced(ex, seg);
            }
            len = len < seg.len ? len : seg.len;
            if (bounced) {
                leat_copy_part(v.data, seg.data, len, copies, LEAT_WHY_RETURN,
                               first);
                first = false;
            }
            v.data += len;
            v.len -= len;
            seg.data += len;
            seg.len -= len;
            done -= len;
        }
    }
}

int leat_export_end(struct leat_export *ex, size_t done)
{
    int err, put;

    if (!ex)
        return LEAT_E_INVALID;
    if (ex->open != OPEN)
        return LEAT_E_STATE;
    ex->open = 0;
    if (!ex->bounce.pool)
        return 0;
    err = leat_chunk_check(ex->bounce);
    if (err)
        return err;
    if (ex->plan.dir != LEAT_TO_DEVICE) {
        if (same_length(ex))
            bring_home(ex, done);
        else
            err = LEAT_E_STATE;
    }
    put = leat_pool_put(ex->bounce.pool, ex->bounce);
    return err ? err : put;
}
