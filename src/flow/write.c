/* SPDX-License-Identifier: ISC */

/*
 * Writing and giving. Buffers are got without the flow's lock, so what was found
 * before is looked at again: another writer may have been quicker.
 */

#include "internal.h"

/* How many of (len) bytes go in now; or why none do. */
static int admit(const struct leat_flow *flow, size_t len, bool some, size_t *n)
{
    size_t room = flow->capacity - flow_held(flow);
    int err = flow_write_state(flow);

    if (err)
        return err;
    if (!some && len > flow->capacity)
        return LEAT_E_LIMIT;
    if (len > room && (!some || !room))
        return LEAT_E_AGAIN;
    *n = len < room ? len : room;
    return 0;
}

static size_t room_in(const struct piece *list)
{
    size_t room = 0;

    for (; list; list = list->next)
        room += list->room;
    return room;
}

/* Copies (n) bytes to the last piece and to (*fresh), which has room for them. */
static void copy_in(struct leat_flow *flow, struct piece **fresh,
                    const unsigned char *src, size_t n)
{
    bool begins = true;
    size_t part = 0;

    if (n && flow->last && flow->last->room) {
        part = flow_piece_fill(flow, flow->last, src, n, begins);
        begins = false;
    }
    for (src += part, n -= part; n; src += part, n -= part) {
        struct piece *p = *fresh;

        *fresh = p->next;
        flow_piece_append(flow, p);
        part = flow_piece_fill(flow, p, src, n, begins);
        begins = false;
    }
}

static int write_in(struct leat_flow *flow, const void *data, size_t len,
                    bool some, size_t *taken)
{
    struct piece *fresh = NULL;
    size_t n = 0, have, need;
    int err;

    if ((!data && len) || (some && !taken))
        return LEAT_E_INVALID;
    err = flow_enter(flow);
    if (err)
        return err;
    for (;;) {
        err = admit(flow, len, some, &n);
        if (err)
            break;
        have = flow->last ? flow->last->room : 0;
        need = n > have ? n - have : 0;
        if (need <= room_in(fresh)) {
            if (n)
                copy_in(flow, &fresh, data, n);
            break;
        }
        flow_leave(flow, fresh);
        fresh = NULL;
        err = flow_pieces_get(flow, need, &fresh);
        if (err)
            return err;
        err = flow_enter(flow);
        if (err)
            return err;
    }
    flow_leave(flow, fresh);
    if (!err && some)
        *taken = n;
    return err;
}

int leat_flow_write(struct leat_flow *flow, const void *data, size_t len)
{
    return write_in(flow, data, len, false, NULL);
}

int leat_flow_write_some(struct leat_flow *flow, const void *data, size_t len,
                         size_t *taken)
{
    return write_in(flow, data, len, true, taken);
}

/* A piece for a ref that is given. No lock is held. */
static struct piece *piece_for(struct leat_flow *flow)
{
    struct piece *p;

    flow_lock(flow->fp);
    p = flow_cell_get(flow->fp, CELL_PIECE);
    flow_unlock(flow->fp);
    if (!p)
        return NULL;
    p->next = NULL;
    p->room = 0;
    p->own = false;
    flow_ref_void(&p->ref);
    return p;
}

int leat_flow_give(struct leat_flow *flow, struct leat_flow_ref *ref)
{
    struct piece *p;
    size_t n;
    int err = flow ? flow_ref_owned(ref) : LEAT_E_INVALID;

    if (err)
        return err;
    err = flow_enter(flow);
    if (err)
        return err;
    err = admit(flow, ref->view.len, false, &n);
    flow_leave(flow, NULL);
    if (err)
        return err;
    if (!ref->view.len)
        return leat_flow_ref_drop(ref);

    p = piece_for(flow);
    if (!p)
        return LEAT_E_NOMEM;
    if (flow->fp->config.retain_ratio) /* without memory it goes as it is */
        (void)leat_flow_ref_compact(ref, flow->fp->config.retain_ratio, NULL);
    err = flow_enter(flow);
    if (err)
        return err;
    err = admit(flow, ref->view.len, false, &n);
    if (!err) {
        p->ref = *ref;
        flow_ref_void(ref);
        flow_ref_keep(&p->ref, true);
        flow_piece_append(flow, p);
        p = NULL;
    }
    flow_leave(flow, p);
    return err;
}
