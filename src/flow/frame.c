/* SPDX-License-Identifier: ISC */

/*
 * Frames and flows. A frame of one private piece is handed over: the flow gets a
 * ref to its chunk, which is then owned by both until the device puts its handle.
 * Any other is gathered in one buffer, so that it goes into the flow as one.
 */

#include <leat/flow_frame.h>

#include "internal.h"

/* Hands bytes [skip, len) of a private piece over. */
static int hand_over(struct leat_flow *flow, struct leat_flow_pool *fp,
                     const struct leat_netfront_piece *p, size_t skip)
{
    struct leat_flow_ref given = {.buffer = NULL};
    struct leat_ref ref;
    struct leat_view v;
    int err = leat_view_slice(p->view, skip, p->view.len - skip, &v);

    if (!err)
        err = leat_ref_take(p->chunk, v, &ref);
    if (err)
        return err;
    err = leat_flow_ref_adopt(fp, &ref, &given);
    if (err) {
        leat_ref_drop(&ref);
        return err;
    }
    err = leat_flow_give(flow, &given);
    if (err)
        leat_flow_ref_drop(&given);
    return err;
}

/* Copies what of a piece lies behind the first (*skip) bytes to (*at). */
static int gather_one(const struct leat_netfront_piece *p, size_t *skip,
                      struct leat_view *to, struct leat_copies *copies)
{
    const size_t all = p->shared.peer_bytes ? p->shared.len : p->view.len;
    const size_t from = *skip < all ? *skip : all, n = all - from;
    int err = 0;

    *skip -= from;
    if (!n)
        return 0;
    if (p->shared.peer_bytes)
        err = leat_shared_copy_out(p->shared, from, to->data, n, copies);
    else
        err = leat_cview_copy_out(leat_view_const(p->view), from, to->data, n,
                                  copies);
    return err ? err : leat_view_shift(to, n);
}

static int gather(struct leat_flow *flow, struct leat_flow_pool *fp,
                  const struct leat_netfront_frame *frame, size_t skip)
{
    struct leat_flow_ref buffer = {.buffer = NULL};
    struct leat_view to;
    uint32_t i;
    int err = leat_flow_buffer_get(fp, frame->len - skip, &buffer);

    if (err)
        return err;
    to = leat_flow_ref_view(&buffer);
    for (i = 0; i < frame->n && !err; i++)
        err = gather_one(&frame->pieces[i], &skip, &to,
                         leat_flow_pool_copies(fp));
    if (!err)
        err = leat_flow_give(flow, &buffer);
    if (err)
        leat_flow_ref_drop(&buffer);
    return err;
}

int leat_flow_take_frame(struct leat_flow *flow, struct leat_flow_pool *fp,
                         struct leat_netfront_frame *frame, size_t skip)
{
    if (!flow || !fp || !frame || !frame->pieces)
        return LEAT_E_INVALID;
    if (skip > frame->len)
        return LEAT_E_RANGE;
    if (skip == frame->len)
        return 0;
    if (frame->n == 1 && frame->pieces[0].chunk.pool)
        return hand_over(flow, fp, &frame->pieces[0], skip);
    return gather(flow, fp, frame, skip);
}

/* Writes the head to where nothing of the flow was read to. */
static void put_head(const struct leat_flow_fill *f,
                     const struct leat_view *views)
{
    struct leat_cview head = {f->head, f->head_bytes};

    for (; head.len; views++) {
        size_t part = head.len < views->len ? head.len : views->len;

        (void)leat_view_copy_in(*views, 0, head.data, part,
                                leat_flow_pool_copies(f->flow->fp));
        (void)leat_cview_shift(&head, part);
    }
}

int leat_flow_fill(void *arg, const struct leat_view *views, size_t n,
                   size_t *len)
{
    const struct leat_flow_fill *f = arg;
    size_t i, at = 0, got = 0, end = 0;
    int err = LEAT_E_LENGTH;

    if (!f || !f->flow || !views || !len || (f->head_bytes && !f->head))
        return LEAT_E_INVALID;
    for (i = 0; i < n; i++) {
        struct leat_view v = views[i];
        const size_t before = at < f->head_bytes ? f->head_bytes - at : 0;

        at += v.len;
        if (before >= v.len)
            continue; /* of the head alone */
        (void)leat_view_shift(&v, before);
        err = leat_flow_read_into(f->flow, v.data, v.len, &got);
        if (err)
            break;
        end = at - v.len + got;
        if (got < v.len)
            break;
    }
    if (!end)
        return err;
    put_head(f, views);
    *len = end;
    return 0;
}
