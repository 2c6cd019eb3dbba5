/* SPDX-License-Identifier: ISC */

/*
 * Planning an export.
 *
 * Each view either *leaves as it is*, cut into pieces where the boundary or the
 * longest segment asks for it, or is *copied*. Views copied in a row are a *run*:
 * their bytes are one stream, cut anew into the fewest segments that hold it.
 *
 *   views     | a        | b    | c        | d     | e            |
 *               as it is   ADDRESS LENGTH    (fills) as it is
 *   segments  | a1 | a2  | b + c + d              | e            |
 *                          bounce memory
 *
 *   E1  a segment meets the constraint: align, multiple, segment_bytes, boundary
 *   E2  a run is a whole multiple long: a view of an odd length is followed in it
 *       by as many views as are needed to fill the multiple
 *   E3  a view that leaves as it is has an even length, so that E2 can fail only
 *       where the total is odd
 *   E4  a run of T bytes makes ceil(T / P) segments, P being the longest good
 *       segment; a view that leaves as it is makes at least as many. So copying
 *       more views never makes more segments, and the place from which all are
 *       copied can be searched for by halves
 *   E5  bounce memory begins where a boundary may be: at a multiple of it, or so
 *       that none is crossed. export.c sees to that
 *   E6  the walk ends after max_segs segments, however long the views are
 */

#include "plan.h"

/* Walks once, with p->from as it is. */
static int try_plan(struct leat_plan *p)
{
    struct leat_walk w = {0};
    struct leat_fragment f;
    int err;

    p->bounce_bytes = 0;
    p->bounced_views = 0;
    p->bounced_bytes = 0;
    p->why = LEAT_WHY_NONE;
    p->index = 0;
    while ((err = leat_plan_next(p, &w, &f)) > 0) {
        if (f.why == LEAT_WHY_NONE)
            continue;
        if (p->why == LEAT_WHY_NONE) {
            p->why = f.why;
            p->index = f.index;
        }
        p->bounced_views += f.first;
        p->bounced_bytes += f.len;
        p->bounce_bytes = w.at;
    }
    p->nsegs = w.nsegs;
    if (err) {
        p->why = w.why;
        p->index = w.i;
    }
    return err;
}

int leat_plan_make(struct leat_plan *p)
{
    size_t good = 0, bad = p->n, first_too_many;
    int err;

    p->from = p->n;
    p->room = SIZE_MAX;
    err = try_plan(p);
    if (err != LEAT_E_SEGMENTS || p->mode != LEAT_BOUNCE)
        return err;

    /* Too many segments: the fewest of the last views that help are copied. */
    first_too_many = p->index;
    p->from = 0;
    err = try_plan(p);
    if (err == LEAT_E_SEGMENTS)
        p->index = first_too_many;
    if (err)
        return err;
    while (bad - good > 1) {
        p->from = good + (bad - good) / 2;
        if (try_plan(p))
            bad = p->from;
        else
            good = p->from;
    }
    p->from = good;
    return try_plan(p);
}
