/* SPDX-License-Identifier: ISC */

/*
 * Views that may only be read: the same rules as in view.c, V1 and V2, and what
 * reads.
 */

#include <string.h>

#include <leat/view.h>

#include "copy.h"
#include "window.h"
#include "word.h"

extern inline int leat_cview_slice(struct leat_cview v, size_t off, size_t len,
                                   struct leat_cview *out);

int leat_cview_of(const void *data, size_t len, struct leat_cview *out)
{
    int err = out ? leat_window_of(data, len) : LEAT_E_INVALID;

    if (err)
        return err;
    out->data = data;
    out->len = len;
    return 0;
}

int leat_cview_shift(struct leat_cview *v, size_t n)
{
    if (!v)
        return LEAT_E_INVALID;
    return leat_cview_slice(*v, n, n > v->len ? 0 : v->len - n, v);
}

int leat_cview_split(struct leat_cview v, size_t at, struct leat_cview *head,
                     struct leat_cview *tail)
{
    struct leat_cview rest = v;
    int err = leat_cview_shift(&rest, at);

    if (err)
        return err;
    v.len = at;
    if (head)
        *head = v;
    if (tail)
        *tail = rest;
    return 0;
}

int leat_cview_join(struct leat_cview a, struct leat_cview b,
                    struct leat_cview *out)
{
    int err =
        out ? leat_window_join(a.data, a.len, b.data, b.len) : LEAT_E_INVALID;

    if (err)
        return err;
    out->data = a.data;
    out->len = a.len + b.len;
    return 0;
}

int leat_cview_copy_out(struct leat_cview v, size_t off, void *dst, size_t len,
                        struct leat_copies *copies)
{
    struct leat_cview from;
    int err;

    if (!copies || (!dst && len))
        return LEAT_E_INVALID;
    err = leat_cview_slice(v, off, len, &from);
    if (err)
        return err;
    leat_copy_counted(dst, from.data, len, copies, LEAT_WHY_OUT);
    return 0;
}

int leat_cview_compare(struct leat_cview a, struct leat_cview b, int *order)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int x;

    if (!order)
        return LEAT_E_INVALID;
    if (!a.data || !b.data)
        return LEAT_E_STALE;
    x = memcmp(a.data, b.data, n);
    if (!x)
        *order = (a.len > b.len) - (a.len < b.len);
    else
        *order = x < 0 ? -1 : 1;
    return 0;
}

#define READ(name, bits, order)                                                \
    int leat_cview_read_##name(struct leat_cview v, size_t off,                \
                               uint##bits##_t *out)                            \
    {                                                                          \
        int err = out ? leat_window_check(v.data, v.len, off, bits / 8)        \
                      : LEAT_E_INVALID;                                        \
                                                                               \
        if (!err)                                                              \
            *out = order(bits,                                                 \
                         ((const struct leat_word##bits *)(v.data + off))->x); \
        return err;                                                            \
    }

READ(u8, 8, LEAT_AS_IS)
READ(le16, 16, LEAT_LE)
READ(le32, 32, LEAT_LE)
READ(le64, 64, LEAT_LE)
READ(be16, 16, LEAT_BE)
READ(be32, 32, LEAT_BE)
READ(be64, 64, LEAT_BE)
