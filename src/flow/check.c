/* SPDX-License-Identifier: ISC */

/* Walks a flow pool and its flows: N1, U1, T2, and Q, Y for each flow. */

#include "internal.h"

struct sums {
    struct leat_flow_stats s;
    uint64_t unread;
    uint64_t retained;
    const char *broken;
};

static const char *check_flow(struct leat_flow *flow, struct sums *sums)
{
    bool retain = flow->flags & LEAT_FLOW_RETAIN;
    const struct leat_flow_position *at = &flow->at;
    const struct piece *p = flow->first, *here = NULL;
    uint64_t pos = p ? p->pos : at->written;

    if (at->acked > at->read || at->read > at->sent || at->sent > at->written)
        return "Y1 the places of a flow are out of order";
    if (!retain && (at->acked != at->read || at->sent != at->read))
        return "Y1 a flow retains that should not";
    if (flow_held(flow) > flow->capacity)
        return "Y2 a flow holds more than its capacity";
    if (p && (pos > at->acked || piece_end(p) <= at->acked))
        return "Q2 the first piece is not kept";
    if (!p && at->acked != at->written)
        return "Q2 kept bytes are in no piece";
    for (; p; pos = piece_end(p), p = p->next) {
        if (p->pos != pos || !p->ref.view.len)
            return "Q1 there is a gap between pieces";
        if (!here && piece_end(p) > at->read)
            here = p;
        if (p->next ? p->room != 0 : p != flow->last)
            return "Q3 a piece that is not the last has room";
        if (flow_ref_owned(&p->ref) || !p->ref.buffer->kept)
            return "U1 a piece owns nothing";
    }
    if (pos != at->written)
        return "Q1 the last piece does not end the stream";
    if (here != flow->here)
        return "Q2 the place to read at is another";
    sums->unread += flow_unread(flow);
    sums->retained += at->read - at->acked;
    return NULL;
}

static int add(void *arg, struct cell *cell)
{
    const struct leat_flow_buffer *b = (const struct leat_flow_buffer *)cell;
    struct sums *sums = arg;

    switch (cell->kind) {
    case CELL_FLOW:
        sums->s.flows++;
        sums->broken = check_flow((struct leat_flow *)(void *)cell, sums);
        return sums->broken != NULL;
    case CELL_PAGES:
        sums->s.bytes_pages += b->pinned; /* fall through */
    case CELL_SLOT:
        sums->s.bytes_buffers += b->pinned;
        break;
    case CELL_REF:
        sums->s.bytes_adopted += b->pinned;
        break;
    default:
        return 0;
    }
    sums->s.buffers++;
    if (!b->refs || b->kept > b->refs)
        sums->broken = "U1 a buffer has no owner";
    return sums->broken != NULL;
}

const char *leat_flow_pool_check(struct leat_flow_pool *fp)
{
    const struct leat_flow_stats *s;
    struct sums sums = {0};
    const struct extent *e;
    size_t i;

    if (flow_alive(fp))
        return NULL;
    s = &fp->stats;
    flow_lock(fp);
    (void)flow_cells_each(fp, add, &sums);
    for (i = 0; i < fp->buckets; i++)
        for (e = fp->table[i]; e; e = e->next) {
            sums.s.extents++;
            sums.s.bytes_extents += e->bytes;
        }
    if (sums.broken)
        goto out;
    if (sums.s.buffers != s->buffers || s->gets - s->puts != s->buffers ||
        sums.s.bytes_buffers != s->bytes_buffers ||
        sums.s.bytes_pages != s->bytes_pages ||
        sums.s.bytes_adopted != s->bytes_adopted || sums.s.flows != s->flows)
        sums.broken = "U1 the buffers do not add up";
    else if (sums.s.extents != s->extents ||
             sums.s.bytes_extents != s->bytes_extents)
        sums.broken = "T2 the extents do not add up";
    else if (s->bytes_held != s->bytes_extents + s->bytes_pages)
        sums.broken = "N1 the bytes held do not add up";
    else if (sums.unread != fp->unread || sums.retained != fp->retained)
        sums.broken = "Y1 the bytes of the flows do not add up";
out:
    flow_unlock(fp);
    return sums.broken;
}
