/* SPDX-License-Identifier: ISC */

/*
 * Builder: two ends that move inside a view.
 *
 *   B1  head <= tail <= room.len
 *   B2  what was built lies in [head, tail) and is never moved
 */

#include <leat/builder.h>

int leat_builder_init(struct leat_builder *b, struct leat_view room,
                      size_t headroom)
{
    if (!b)
        return LEAT_E_INVALID;
    if (!room.data)
        return LEAT_E_STALE;
    if (headroom > room.len)
        return LEAT_E_RANGE;
    b->room = room;
    b->head = headroom;
    b->tail = headroom;
    return 0;
}

size_t leat_builder_headroom(const struct leat_builder *b)
{
    return b->head;
}

size_t leat_builder_tailroom(const struct leat_builder *b)
{
    return b->room.len - b->tail;
}

size_t leat_builder_len(const struct leat_builder *b)
{
    return b->tail - b->head;
}

int leat_builder_prepend(struct leat_builder *b, size_t len,
                         struct leat_view *out)
{
    if (!b || !out)
        return LEAT_E_INVALID;
    if (len > leat_builder_headroom(b))
        return LEAT_E_RANGE;
    b->head -= len;
    return leat_view_slice(b->room, b->head, len, out);
}

int leat_builder_append(struct leat_builder *b, size_t len,
                        struct leat_view *out)
{
    if (!b || !out)
        return LEAT_E_INVALID;
    if (len > leat_builder_tailroom(b))
        return LEAT_E_RANGE;
    b->tail += len;
    return leat_view_slice(b->room, b->tail - len, len, out);
}

int leat_builder_trim_front(struct leat_builder *b, size_t len)
{
    if (!b)
        return LEAT_E_INVALID;
    if (len > leat_builder_len(b))
        return LEAT_E_RANGE;
    b->head += len;
    return 0;
}

int leat_builder_trim_end(struct leat_builder *b, size_t len)
{
    if (!b)
        return LEAT_E_INVALID;
    if (len > leat_builder_len(b))
        return LEAT_E_RANGE;
    b->tail -= len;
    return 0;
}

struct leat_view leat_builder_view(const struct leat_builder *b)
{
    struct leat_view v = b->room; /* B1: what follows cannot fail */

    (void)leat_view_slice(b->room, b->head, leat_builder_len(b), &v);
    return v;
}
