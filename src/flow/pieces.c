/* SPDX-License-Identifier: ISC */

/*
 * The pieces of a flow: what lies between its oldest byte and its newest.
 *
 *     first              here                 last
 *     [acked ....)[..... read .....)[....... written) room
 *
 *   Q1  pieces follow each other without a gap: each begins where the one before
 *       ends, the last ends at at.written
 *   Q2  the first one has bytes that are kept; here has the byte at at.read, and
 *       is NULL where that is at.written
 *   Q3  only the last piece has room, and its buffer is the flow's alone beyond
 *       its window
 */

#include "internal.h"

/* Buffers of writes without segments: not less, not more at once. */
#define PIECE_MIN ((size_t)1024)
#define PIECE_MAX ((size_t)65536)

static void ask_for(const struct leat_flow *flow, size_t bytes,
                    struct flow_ask *ask)
{
    if (flow->segments) {
        flow_segments_ask(flow->segments, 0, ask);
        return;
    }
    ask->bytes = bytes < PIECE_MIN   ? PIECE_MIN
                 : bytes > PIECE_MAX ? PIECE_MAX
                                     : bytes;
}

/* Gets empty pieces for (bytes). No lock is held. */
int flow_pieces_get(struct leat_flow *flow, size_t bytes, struct piece **list)
{
    struct leat_flow_pool *fp = flow->fp;
    struct piece *all = NULL, **end = &all, *p;
    struct flow_ask ask = {0};
    int err = 0;

    while (bytes && !err) {
        flow_lock(fp);
        p = flow_cell_get(fp, CELL_PIECE);
        flow_unlock(fp);
        err = LEAT_E_NOMEM;
        if (!p)
            break;
        p->next = NULL;
        ask_for(flow, bytes, &ask);
        err = flow_buffer_get(fp, &ask, &p->ref);
        if (err) {
            flow_lock(fp);
            flow_cell_put(fp, p);
            flow_unlock(fp);
            break;
        }
        p->own = true;
        p->room =
            flow->segments ? flow->segments->bytes : flow_room_after(&p->ref);
        flow_ref_keep(&p->ref, true);
        bytes -= p->room < bytes ? p->room : bytes;
        *end = p;
        end = &p->next;
    }
    if (err) {
        flow_pieces_drop(flow, all);
        return err;
    }
    *list = all;
    return 0;
}

/* No lock is held. A piece whose ref was moved out is void. */
void flow_pieces_drop(struct leat_flow *flow, struct piece *list)
{
    struct piece *p;

    while ((p = list)) {
        list = p->next;
        if (p->ref.buffer) {
            flow_ref_keep(&p->ref, false);
            (void)leat_flow_ref_drop(&p->ref);
        }
        flow_lock(flow->fp);
        flow_cell_put(flow->fp, p);
        flow_unlock(flow->fp);
    }
}

static void count(uint64_t *gauge, uint64_t plus)
{
    __atomic_fetch_add(gauge, plus, __ATOMIC_RELAXED);
}

/* Q1. A piece that is given has its bytes; one of a write has none yet. */
void flow_piece_append(struct leat_flow *flow, struct piece *p)
{
    p->next = NULL;
    p->pos = flow->at.written;
    if (flow->last) {
        flow->last->room = 0; /* Q3 */
        flow->last->next = p;
    } else {
        flow->first = p;
    }
    flow->last = p;
    flow->at.written += p->ref.view.len;
    count(&flow->fp->unread, p->ref.view.len);
    if (!flow->here && p->ref.view.len)
        flow->here = p;
}

/* Copies as many of (len) bytes as the last piece has room for. */
size_t flow_piece_fill(struct leat_flow *flow, struct piece *p,
                       const unsigned char *src, size_t len, bool begins)
{
    size_t n = p->room < len ? p->room : len;

    leat_copy_part(p->ref.view.data + p->ref.view.len, src, n,
                   &flow->fp->copies, LEAT_WHY_IN, begins);
    flow_ref_grow(&p->ref, n);
    p->room -= n;
    flow->at.written += n;
    count(&flow->fp->unread, n);
    if (!flow->here && n)
        flow->here = p;
    return n;
}

/* Goes on reading at (to), which is at or after at.read. Q2 */
void flow_advance(struct leat_flow *flow, uint64_t to)
{
    uint64_t n = to - flow->at.read;
    bool retain = flow->flags & LEAT_FLOW_RETAIN;

    count(&flow->fp->unread, -n);
    if (retain)
        count(&flow->fp->retained, n);
    flow->at.read = to;
    if (!retain)
        flow->at.acked = to;
    if (to > flow->at.sent)
        flow->at.sent = to;
    while (flow->here && piece_end(flow->here) <= to)
        flow->here = flow->here->next;
}

/* Unlinks the pieces before at.acked, and gives them to be dropped. */
struct piece *flow_pieces_trim(struct leat_flow *flow)
{
    struct piece *list = NULL, **end = &list, *p;

    while ((p = flow->first) && piece_end(p) <= flow->at.acked) {
        flow->first = p->next;
        if (!flow->first)
            flow->last = NULL;
        p->next = NULL;
        *end = p;
        end = &p->next;
    }
    return list;
}
