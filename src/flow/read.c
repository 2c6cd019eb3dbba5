/* SPDX-License-Identifier: ISC */

/*
 * Reading: to the caller's buffer, to a fresh one, or as an owned ref.
 */

#include "internal.h"

/* 0, or why nothing can be read. */
static int can_read(const struct leat_flow *flow)
{
    int err = flow_read_state(flow);

    if (err)
        return err;
    return flow_unread(flow) ? 0 : LEAT_E_AGAIN;
}

/* Copies (n) bytes, which are there, from at.read on. One copy. */
static void copy_out(struct leat_flow *flow, unsigned char *dst, size_t n)
{
    const struct piece *p = flow->here;
    size_t off = (size_t)(flow->at.read - p->pos), part;
    bool begins = true;

    for (; n; p = p->next, off = 0) {
        part = p->ref.view.len - off;
        if (part > n)
            part = n;
        leat_copy_part(dst, p->ref.view.data + off, part, &flow->fp->copies,
                       LEAT_WHY_OUT, begins);
        begins = false;
        dst += part;
        n -= part;
    }
}

/* Goes on behind what was read; the lock is dropped. */
static void done(struct leat_flow *flow, size_t n)
{
    struct piece *drop = NULL;

    flow_advance(flow, flow->at.read + n);
    if (!(flow->flags & LEAT_FLOW_RETAIN))
        drop = flow_pieces_trim(flow);
    flow_leave(flow, drop);
    if (!(flow->flags & LEAT_FLOW_RETAIN))
        flow_compact_first(flow);
}

int leat_flow_read_into(struct leat_flow *flow, void *dst, size_t len,
                        size_t *got)
{
    size_t n;
    int err;

    if (!got || (!dst && len))
        return LEAT_E_INVALID;
    err = flow_enter(flow);
    if (err)
        return err;
    err = can_read(flow);
    if (err == LEAT_E_AGAIN && !len)
        err = 0;
    if (err || !len) {
        flow_leave(flow, NULL);
        if (!err)
            *got = 0;
        return err;
    }
    n = flow_unread(flow) < len ? flow_unread(flow) : len;
    copy_out(flow, dst, n);
    *got = n;
    done(flow, n);
    return 0;
}

/* A read that finds its bytes gone, to another reader, begins anew. */
static int read_fresh(struct leat_flow *flow, size_t max,
                      struct leat_flow_ref *out)
{
    struct flow_ask ask = {0};
    struct leat_flow_ref fresh;
    size_t n;
    int err = flow_enter(flow);

    if (err)
        return err;
    err = can_read(flow);
    n = flow_unread(flow) < max ? flow_unread(flow) : max;
    flow_leave(flow, NULL);
    if (err)
        return err;
    if (flow->segments) {
        if (n > flow->segments->bytes)
            n = flow->segments->bytes;
        flow_segments_ask(flow->segments, n, &ask);
    } else {
        ask.bytes = ask.window = n;
    }
    err = flow_buffer_get(flow->fp, &ask, &fresh);
    if (err)
        return err;
    err = flow_enter(flow);
    if (err)
        return err;
    err = can_read(flow);
    if (err) {
        flow_leave(flow, NULL);
        (void)leat_flow_ref_drop(&fresh);
        return err;
    }
    if (flow_unread(flow) < n) {
        n = flow_unread(flow);
        __atomic_fetch_sub(&fresh.buffer->used, fresh.view.len - n,
                           __ATOMIC_RELAXED);
        fresh.view.len = n;
    }
    copy_out(flow, fresh.view.data, n);
    *out = fresh;
    done(flow, n);
    return 0;
}

int leat_flow_read(struct leat_flow *flow, size_t max,
                   struct leat_flow_ref *out)
{
    return out && max ? read_fresh(flow, max, out) : LEAT_E_INVALID;
}

/* Tells whether the piece can leave as one segment, as it is. */
static bool whole_segment(const struct leat_flow *flow, const struct piece *p,
                          size_t max)
{
    const struct leat_flow_buffer *b = p->ref.buffer;

    return p->own && flow->at.read == p->pos && p->ref.view.len <= max &&
           p->ref.view.data == b->base + flow->segments->headroom;
}

int leat_flow_take(struct leat_flow *flow, size_t max,
                   struct leat_flow_ref *out)
{
    struct leat_flow_ref ref = {0};
    struct piece *p;
    size_t off, n;
    int err;

    if (!out || !max)
        return LEAT_E_INVALID;
    err = flow_enter(flow);
    if (err)
        return err;
    err = can_read(flow);
    if (err)
        goto out;
    p = flow->here;
    if (flow->segments && !whole_segment(flow, p, max)) {
        flow_leave(flow, NULL);
        return read_fresh(flow, max, out);
    }
    off = (size_t)(flow->at.read - p->pos);
    n = p->ref.view.len - off;
    if (n > max)
        n = max;
    err = leat_flow_ref_slice(&p->ref, off, n, &ref);
    if (err)
        goto out;
    if (flow->segments)
        p->room = 0; /* what is written next begins a segment of its own */
    *out = ref;
    done(flow, n);
    return 0;
out:
    flow_leave(flow, NULL);
    return err;
}
