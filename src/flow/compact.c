/* SPDX-License-Identifier: ISC */

/*
 * The retention policy, for what is left of a flow's oldest piece: when most of it
 * was acknowledged, or read, a few bytes keep all of its memory.
 */

#include "internal.h"

/* What is left of the oldest piece. Under the lock. */
static size_t left(const struct leat_flow *flow, size_t *off)
{
    const struct piece *p = flow->first;

    /* A piece that is still written to, or is a segment, stays as it is. */
    if (!p || p->room || p->ref.buffer->segment || flow->at.acked <= p->pos)
        return 0;
    *off = (size_t)(flow->at.acked - p->pos);
    return p->ref.view.len > *off ? p->ref.view.len - *off : 0;
}

void flow_compact_first(struct leat_flow *flow)
{
    size_t ratio = flow->fp->config.retain_ratio, off = 0, n;
    struct leat_flow_ref ref = {0};
    uint64_t pos = 0, end = 0;
    struct piece *p;
    bool copied;

    if (!ratio || flow_enter(flow))
        return;
    n = left(flow, &off);
    p = flow->first;
    if (n) {
        pos = p->pos;
        end = piece_end(p);
    }
    if (!n || flow->first->ref.buffer->pinned / n < ratio ||
        leat_flow_ref_slice(&p->ref, off, n, &ref))
        n = 0;
    flow_leave(flow, NULL);
    if (!n)
        return;
    if (leat_flow_ref_compact(&ref, ratio, &copied) || !copied)
        goto out;
    if (flow_enter(flow))
        goto out;
    /* It is the same piece if it is in the same place of the stream. */
    p = flow->first;
    if (p && p->pos == pos && piece_end(p) == end) {
        struct leat_flow_ref old = p->ref;

        flow_ref_keep(&old, false);
        p->pos = end - n;
        p->ref = ref;
        flow_ref_keep(&p->ref, true);
        ref = old;
    }
    flow_leave(flow, NULL);
out:
    (void)leat_flow_ref_drop(&ref);
}
