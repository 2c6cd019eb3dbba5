/* SPDX-License-Identifier: ISC */

/*
 * Segments: bytes laid out as they are sent, each with room around it.
 *
 *     |<- headroom ->|<- payload ->|<- tailroom ->|
 *     align                                        crosses no boundary
 *
 *   Z1  a segment lies in a block of the power of two that holds it, at a
 *       multiple of that: so it crosses no boundary that it fits in
 */

#include "internal.h"

int flow_segments_check(const struct leat_flow_segments *how)
{
    const struct leat_constraint *need;
    size_t all;

    if (!how || !how->bytes || leat_constraint_check(&how->need))
        return LEAT_E_INVALID;
    need = &how->need;
    if (how->headroom > SIZE_MAX / 8 || how->tailroom > SIZE_MAX / 8 ||
        how->bytes > SIZE_MAX / 8)
        return LEAT_E_OVERFLOW;
    all = how->headroom + how->bytes + how->tailroom;
    if (need->segment_bytes && all > need->segment_bytes)
        return LEAT_E_INVALID;
    if (need->boundary && all > need->boundary)
        return LEAT_E_BOUNDARY;
    return 0;
}

void flow_segments_ask(const struct leat_flow_segments *how, size_t window,
                       struct flow_ask *ask)
{
    ask->bytes = how->headroom + how->bytes + how->tailroom;
    ask->align = how->need.align;
    ask->boundary = how->need.boundary;
    ask->headroom = how->headroom;
    ask->window = window;
    ask->segment = true;
    if (ask->boundary) { /* Z1 */
        if (!ask->align)
            ask->align = 1;
        while (ask->align < ask->bytes)
            ask->align *= 2;
    }
}

int leat_flow_segment(struct leat_flow_pool *fp,
                      const struct leat_flow_segments *how,
                      struct leat_cview from, struct leat_flow_ref *out,
                      size_t max, size_t *n)
{
    size_t count, i, part, off = 0;
    struct flow_ask ask = {0};
    int err = flow_alive(fp);

    if (err)
        return err;
    if (!n || (!out && max))
        return LEAT_E_INVALID;
    err = flow_segments_check(how);
    if (err)
        return err;
    if (!from.data)
        return LEAT_E_STALE;
    count = from.len / how->bytes + (from.len % how->bytes != 0);
    if (count > max)
        return LEAT_E_SEGMENTS;
    for (i = 0; i < count; i++) {
        part = from.len - off < how->bytes ? from.len - off : how->bytes;
        flow_segments_ask(how, part, &ask);
        err = flow_buffer_get(fp, &ask, &out[i]);
        if (err)
            goto fail;
        off += part;
    }
    for (i = 0, off = 0; i < count; off += out[i++].view.len)
        leat_copy_part(out[i].view.data, from.data + off, out[i].view.len,
                       &fp->copies, LEAT_WHY_IN, i == 0);
    *n = count;
    return 0;

fail:
    while (i--)
        (void)leat_flow_ref_drop(&out[i]);
    return err;
}
