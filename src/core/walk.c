/* SPDX-License-Identifier: ISC */

/*
 * The walk of a plan: from views to fragments. What E1 to E6 are is in plan.c.
 */

#include "plan.h"

#define OFFSET_IN_PAGE ((uintptr_t)LEAT_PAGE_SIZE - 1)

/* Beyond this, offsets in bounce memory are not reckoned with. */
#define OFFSET_MAX (SIZE_MAX / 4)

int leat_plan_refusal(enum leat_reason why)
{
    switch (why) {
    case LEAT_WHY_ADDRESS:
        return LEAT_E_ALIGN;
    case LEAT_WHY_LENGTH:
        return LEAT_E_LENGTH;
    case LEAT_WHY_BOUNDARY:
        return LEAT_E_BOUNDARY;
    case LEAT_WHY_PEER:
    case LEAT_WHY_NEIGHBOURS:
        return LEAT_E_PEER;
    case LEAT_WHY_REGISTERED:
        return LEAT_E_FOREIGN;
    default:
        return LEAT_E_ACCESS;
    }
}

/* Why view (i) begins a run, or goes on with one that is even so far. */
static enum leat_reason joins(const struct leat_plan *p, size_t i,
                              struct leat_view v)
{
    enum leat_reason why = leat_plan_offence(p, v);

    if (why == LEAT_WHY_NONE && i >= p->from)
        why = LEAT_WHY_SEGMENTS;
    return why;
}

/* (odd + len) modulo the multiple, where the sum may overflow. */
static size_t add_odd(const struct leat_plan *p, size_t odd, size_t len)
{
    size_t m = p->need.multiple;

    len %= m;
    return odd >= m - len ? odd - (m - len) : odd + len;
}

/* Looks ahead from view w->i, which begins a run: how many bytes are in it? */
static int begin_run(const struct leat_plan *p, struct leat_walk *w)
{
    size_t i, odd = 0, bytes = 0, group = w->i;

    for (i = w->i; i < p->n; i++) {
        struct leat_view v = leat_plan_view(p, i);

        if (!v.len)
            continue;
        if (!odd) { /* E2 */
            if (i != w->i && joins(p, i, v) == LEAT_WHY_NONE)
                break;
            group = i;
        }
        bytes += v.len;
        odd = add_odd(p, odd, v.len);
    }
    if (odd) { /* E3 */
        w->i = group;
        w->why = LEAT_WHY_LENGTH;
        return LEAT_E_LENGTH;
    }
    w->run = bytes;
    w->segment = 0;
    w->odd = 0;
    return 0;
}

/* (x) rounded up to the alignment. It is far from overflow: OFFSET_MAX. */
static size_t aligned(const struct leat_plan *p, size_t x)
{
    return (x + p->need.align - 1) & ~(p->need.align - 1);
}

/* The segments of (bytes) of a run: E4. */
static size_t fewest(const struct leat_plan *p, size_t bytes)
{
    return bytes / p->longest + (bytes % p->longest != 0);
}

/*
 * Copies whose destination lies 1 to 31 bytes after the source, modulo a page,
 * make `rep movsb` 25 times slower on Zen 4 (copy.h). Tells whether a copy between
 * (src) and (at), in the directions of this export, is such a one.
 */
static bool is_slow(const struct leat_plan *p, uintptr_t src, size_t at)
{
    uintptr_t out = (at - src) & OFFSET_IN_PAGE;
    uintptr_t home = (src - at) & OFFSET_IN_PAGE;

    if (p->dir != LEAT_FROM_DEVICE && out >= 1 && out <= 31)
        return true;
    return p->dir != LEAT_TO_DEVICE && home >= 1 && home <= 31;
}

static size_t pages_to(size_t at)
{
    return (at + LEAT_PAGE_SIZE - 1) / LEAT_PAGE_SIZE;
}

/*
 * Begins a bounce segment for the (w->run) bytes that are left of a run, of
 * which the first come from (src): sets w->at and w->segment.
 *
 * The segment is as long as can be. Where it does not fit before the next
 * boundary it is cut there if that makes no more segments (E4), else it begins
 * after the boundary.
 */
static int begin_segment(const struct leat_plan *p, struct leat_walk *w,
                         uintptr_t src)
{
    size_t want = w->run < p->longest ? w->run : p->longest;
    size_t at, room, step;

    if (w->at > OFFSET_MAX || want > OFFSET_MAX)
        return LEAT_E_OVERFLOW;
    at = aligned(p, w->at);
    room = leat_plan_to_boundary(p, at);
    if (want > room) {
        size_t less = room - room % p->need.multiple;

        if (less && fewest(p, w->run - less) < fewest(p, w->run)) {
            want = less;
        } else {
            at = aligned(p, at + room);
            room = leat_plan_to_boundary(p, at);
        }
    }
    /*
     * One step away is never slow, unless a step is a page. Where it would take
     * another page, which costs more, copy.h makes the best of it.
     */
    step = p->need.align > 64 ? p->need.align : 64;
    if (is_slow(p, src, at) && !is_slow(p, src, at + step) && room > step &&
        want <= room - step &&
        pages_to(at + want) == pages_to(at + step + want))
        at += step;
    w->at = at;
    w->segment = want;
    return 0;
}

/* Comes to view (i), (v): leaves it as it is, or puts it in a run. */
static int begin_view(const struct leat_plan *p, struct leat_walk *w,
                      struct leat_view v)
{
    enum leat_reason why = joins(p, w->i, v);
    int err;

    if (why != LEAT_WHY_NONE && p->mode == LEAT_REFUSE) {
        w->why = why;
        return leat_plan_refusal(why);
    }
    if (why != LEAT_WHY_NONE && !w->run) {
        err = begin_run(p, w);
        if (err)
            return err;
    }
    if (w->run &&
        (why == LEAT_WHY_NONE || (why == LEAT_WHY_SEGMENTS && w->odd)))
        why = LEAT_WHY_LENGTH; /* it fills the multiple */
    if (w->run)
        w->odd = add_odd(p, w->odd, v.len);
    w->why = why;
    return 0;
}

/* The bounced part of (f), whose view and length are set. */
static int bounce(const struct leat_plan *p, struct leat_walk *w,
                  struct leat_fragment *f)
{
    int err = 0;

    if (!w->segment) {
        err = begin_segment(p, w, (uintptr_t)f->data);
        if (err)
            return err;
        f->segment = w->segment;
    }
    if (f->len > w->segment)
        f->len = w->segment;
    if (f->len > p->room || w->at > p->room - f->len)
        return LEAT_E_STATE; /* what was planned is no longer so */
    f->at = w->at;
    w->at += f->len;
    w->segment -= f->len;
    w->run -= f->len;
    return 0;
}

int leat_plan_next(const struct leat_plan *p, struct leat_walk *w,
                   struct leat_fragment *f)
{
    struct leat_view v = {NULL, 0};
    int err = 0;

    for (; w->i < p->n; w->i++, w->off = 0) {
        v = leat_plan_view(p, w->i);
        if (w->off < v.len)
            break;
    }
    if (w->i >= p->n)
        return 0;
    if (!w->off)
        err = begin_view(p, w, v);
    if (err)
        return err;
    f->data = v.data + w->off;
    f->len = v.len - w->off;
    f->segment = 0;
    f->at = 0;
    f->why = w->run ? w->why : LEAT_WHY_NONE;
    f->index = w->i;
    f->first = !w->off;
    if (w->run) {
        err = bounce(p, w, f);
    } else {
        f->len = leat_plan_piece(p, (uintptr_t)f->data, f->len);
        f->segment = f->len;
        if (!f->len)
            err = LEAT_E_STATE; /* the view is no longer what it was */
    }
    if (f->segment && w->nsegs++ == p->max_segs) { /* E6 */
        w->why = LEAT_WHY_SEGMENTS;
        err = LEAT_E_SEGMENTS;
    }
    w->off += f->len;
    return err ? err : 1;
}
