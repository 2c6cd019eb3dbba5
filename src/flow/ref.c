/* SPDX-License-Identifier: ISC */

/*
 * Refs: the owners of a buffer, each with its window. U1 is in buffer.c.
 */

#include <string.h>

#include "internal.h"

extern inline struct leat_view leat_flow_ref_view(
    const struct leat_flow_ref *ref);

int flow_ref_owned(const struct leat_flow_ref *ref)
{
    const struct leat_flow_buffer *b;
    int err;

    if (!ref)
        return LEAT_E_INVALID;
    b = ref->buffer;
    if (!b)
        return LEAT_E_STALE;
    if (__atomic_load_n(&b->cell.life, __ATOMIC_ACQUIRE) != ref->life)
        return LEAT_E_STALE;
    err = flow_alive(b->fp);
    if (err)
        return err;
    return __atomic_load_n(&b->refs, __ATOMIC_RELAXED) ? 0 : LEAT_E_STALE;
}

void flow_ref_void(struct leat_flow_ref *ref)
{
    memset(ref, 0, sizeof(*ref));
}

void flow_ref_grow(struct leat_flow_ref *ref, size_t bytes)
{
    ref->view.len += bytes;
    __atomic_fetch_add(&ref->buffer->used, bytes, __ATOMIC_RELAXED);
}

void flow_ref_keep(struct leat_flow_ref *ref, bool kept)
{
    __atomic_fetch_add(&ref->buffer->kept, kept ? 1u : -1u, __ATOMIC_RELEASE);
}

size_t flow_room_after(const struct leat_flow_ref *ref)
{
    const struct leat_flow_buffer *b = ref->buffer;

    return (size_t)(b->base + b->bytes - ref->view.data) - ref->view.len;
}

int leat_flow_ref_slice(const struct leat_flow_ref *ref, size_t off, size_t len,
                        struct leat_flow_ref *out)
{
    struct leat_flow_buffer *b;
    struct leat_view view;
    int err = flow_ref_owned(ref);

    if (err)
        return err;
    err = leat_view_slice(ref->view, off, len, &view);
    if (err || !out)
        return err ? err : LEAT_E_INVALID;
    b = ref->buffer;
    if (__atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED) >= LEAT_REFS_MAX) {
        __atomic_fetch_sub(&b->refs, 1, __ATOMIC_RELAXED);
        return LEAT_E_LIMIT;
    }
    __atomic_fetch_add(&b->used, len, __ATOMIC_RELAXED);
    out->buffer = b;
    out->life = ref->life;
    out->view = view;
    return 0;
}

int leat_flow_ref_move(struct leat_flow_ref *from, struct leat_flow_ref *to)
{
    if (!from || !to)
        return LEAT_E_INVALID;
    if (!from->buffer)
        return LEAT_E_STALE;
    if (to->buffer)
        return LEAT_E_STATE;
    *to = *from;
    flow_ref_void(from);
    return 0;
}

int leat_flow_ref_drop(struct leat_flow_ref *ref)
{
    struct leat_flow_buffer *b;
    int err = flow_ref_owned(ref);

    if (err)
        return err;
    b = ref->buffer;
    __atomic_fetch_sub(&b->used, ref->view.len, __ATOMIC_RELAXED);
    flow_ref_void(ref);
    if (__atomic_fetch_sub(&b->refs, 1, __ATOMIC_ACQ_REL) == 1)
        flow_buffer_gone(b);
    return 0;
}

int leat_flow_ref_builder(const struct leat_flow_ref *ref,
                          struct leat_builder *out)
{
    const struct leat_flow_buffer *b;
    struct leat_view room;
    uint32_t refs, kept;
    int err = flow_ref_owned(ref);

    if (err || !out)
        return err ? err : LEAT_E_INVALID;
    b = ref->buffer;
    if (b->cell.kind == CELL_REF)
        return LEAT_E_UNSUPPORTED;
    kept = __atomic_load_n(&b->kept, __ATOMIC_ACQUIRE);
    refs = __atomic_load_n(&b->refs, __ATOMIC_ACQUIRE);
    if (refs > 1 && !(b->segment && refs - kept == 1))
        return LEAT_E_BUSY;
    room.data = b->base;
    room.len = b->bytes;
    out->room = room;
    out->head = (size_t)(ref->view.data - b->base);
    out->tail = out->head + ref->view.len;
    return 0;
}
