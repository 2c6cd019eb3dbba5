/* SPDX-License-Identifier: ISC */

/*
 * One view and one constraint: does it leave as it is, and in which pieces?
 */

#include "internal.h"
#include "plan.h"

void leat_plan_init(struct leat_plan *p)
{
    struct leat_constraint *need = &p->need;
    size_t m, a;

    if (!need->align)
        need->align = 1;
    if (!need->multiple)
        need->multiple = 1;

    /* P of E4. Not 0: leat_constraint_check() saw to that. */
    p->longest = need->segment_bytes ? need->segment_bytes : SIZE_MAX;
    if (need->boundary && need->boundary < p->longest)
        p->longest = need->boundary;
    p->longest -= p->longest % need->multiple;

    /*
     * The piece before a cut must be a good length, and the piece after it at a
     * good address: the least common multiple. The alignment is a power of two,
     * so all that it has in common with the multiple are factors of two.
     */
    m = need->multiple;
    for (a = need->align; a > 1 && !(m & 1); a >>= 1)
        m >>= 1;
    m = need->multiple;
    p->step = m > SIZE_MAX / a ? SIZE_MAX : m * a;
}

struct leat_view leat_plan_view(const struct leat_plan *p, size_t i)
{
    struct leat_view v;

    if (p->read_only) {
        const struct leat_cview *c = (const struct leat_cview *)p->views + i;

        /* Where the segments may only be read, nobody writes through this. */
        v.data = (unsigned char *)(uintptr_t)c->data;
        v.len = c->len;
    } else {
        v = ((const struct leat_view *)p->views)[i];
    }
    return v;
}

size_t leat_plan_piece(const struct leat_plan *p, uintptr_t addr, size_t len)
{
    size_t most = leat_plan_to_boundary(p, addr);

    if (p->need.segment_bytes && p->need.segment_bytes < most)
        most = p->need.segment_bytes;
    if (len <= most)
        return len;
    return most - most % p->step;
}

/*
 * Tells whether (v) can be cut into good pieces. All cuts are a multiple of
 * p->step from its beginning, so that the longest piece first is as good as
 * any way to cut. After max_segs pieces it no longer matters: E6.
 */
static bool can_be_cut(const struct leat_plan *p, struct leat_view v)
{
    uintptr_t addr = (uintptr_t)v.data;
    size_t n, len;

    /* The usual constraints, where a cut can be at every step. */
    if (!((addr | p->step) & (p->step - 1)) && p->step <= p->longest)
        return true;
    for (n = 0; v.len && n <= p->max_segs; n++) {
        len = leat_plan_piece(p, addr, v.len);
        if (!len)
            return false;
        addr += len;
        v.len -= len;
    }
    return true;
}

enum leat_reason leat_plan_foreign(const struct leat_plan *p)
{
    return p->need.flags & LEAT_NEED_REGISTERED ? LEAT_WHY_REGISTERED
                                                : LEAT_WHY_PEER;
}

/*
 * What keeps (v) from whom the owner's memory is for: a peer, from whom the bytes
 * of others are kept; or a device, which only has to know the pages.
 */
static enum leat_reason stranger(const struct leat_plan *p, struct leat_cview v)
{
    enum leat_reason why = leat_peer_offence(p->owner, v);

    if (why == LEAT_WHY_PEER)
        return leat_plan_foreign(p);
    return p->need.flags & LEAT_NEED_REGISTERED ? LEAT_WHY_NONE : why;
}

enum leat_reason leat_plan_offence(const struct leat_plan *p,
                                   struct leat_view v)
{
    if (p->mode == LEAT_COPY)
        return LEAT_WHY_POLICY;
    if (p->owner) {
        enum leat_reason why = stranger(p, leat_view_const(v));

        if (why != LEAT_WHY_NONE)
            return why;
    }
    if (p->read_only && p->need.flags & LEAT_NEED_WRITABLE)
        return LEAT_WHY_ACCESS;
    if ((uintptr_t)v.data & (p->need.align - 1))
        return LEAT_WHY_ADDRESS;
    if (v.len % p->need.multiple)
        return LEAT_WHY_LENGTH;
    if (!can_be_cut(p, v))
        return LEAT_WHY_BOUNDARY;
    return LEAT_WHY_NONE;
}
