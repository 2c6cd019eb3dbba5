/* SPDX-License-Identifier: ISC */

/*
 * Views that may be written.
 *
 * A view is a value without state, so what holds of it is short:
 *
 *   V1  a view made from a view lies inside it
 *   V2  data is NULL  <=>  the void view, which has no bytes
 *
 * Each call asks leat_window_check() first, and touches an address only when
 * that agreed and there are bytes: the void view's is never reckoned with.
 */

#include <string.h>

#include <leat/view.h>

#include "copy.h"
#include "window.h"
#include "word.h"

extern inline struct leat_cview leat_view_const(struct leat_view v);
extern inline int leat_view_slice(struct leat_view v, size_t off, size_t len,
                                  struct leat_view *out);

int leat_view_of(void *data, size_t len, struct leat_view *out)
{
    int err = out ? leat_window_of(data, len) : LEAT_E_INVALID;

    if (err)
        return err;
    out->data = data;
    out->len = len;
    return 0;
}

int leat_view_shift(struct leat_view *v, size_t n)
{
    if (!v)
        return LEAT_E_INVALID;
    return leat_view_slice(*v, n, n > v->len ? 0 : v->len - n, v);
}

int leat_view_split(struct leat_view v, size_t at, struct leat_view *head,
                    struct leat_view *tail)
{
    struct leat_view rest = v;
    int err = leat_view_shift(&rest, at);

    if (err)
        return err;
    v.len = at;
    if (head)
        *head = v;
    if (tail)
        *tail = rest;
    return 0;
}

int leat_view_join(struct leat_view a, struct leat_view b,
                   struct leat_view *out)
{
    int err =
        out ? leat_window_join(a.data, a.len, b.data, b.len) : LEAT_E_INVALID;

    if (err)
        return err;
    out->data = a.data;
    out->len = a.len + b.len;
    return 0;
}

int leat_view_copy_in(struct leat_view v, size_t off, const void *src,
                      size_t len, struct leat_copies *copies)
{
    struct leat_view to;
    int err;

    if (!copies || (!src && len))
        return LEAT_E_INVALID;
    err = leat_view_slice(v, off, len, &to);
    if (err)
        return err;
    leat_copy_counted(to.data, src, len, copies, LEAT_WHY_IN);
    return 0;
}

int leat_view_copy(struct leat_view to, size_t off, struct leat_cview from,
                   struct leat_copies *copies)
{
    if (copies && !from.data)
        return LEAT_E_STALE; /* its error must not be lost in 0 bytes */
    return leat_view_copy_in(to, off, from.data, from.len, copies);
}

int leat_view_fill(struct leat_view v, size_t off, size_t len,
                   unsigned char byte)
{
    int err = leat_window_check(v.data, v.len, off, len);

    if (!err && len)
        memset(v.data + off, byte, len);
    return err;
}

#define WRITE(name, bits, order)                                            \
    int leat_view_write_##name(struct leat_view v, size_t off,              \
                               uint##bits##_t x)                            \
    {                                                                       \
        int err = leat_window_check(v.data, v.len, off, bits / 8);          \
                                                                            \
        if (!err)                                                           \
            ((struct leat_word##bits *)(v.data + off))->x = order(bits, x); \
        return err;                                                         \
    }

WRITE(u8, 8, LEAT_AS_IS)
WRITE(le16, 16, LEAT_LE)
WRITE(le32, 32, LEAT_LE)
WRITE(le64, 64, LEAT_LE)
WRITE(be16, 16, LEAT_BE)
WRITE(be32, 32, LEAT_BE)
WRITE(be64, 64, LEAT_BE)

int leat_view_pages(struct leat_view v, struct leat_pages *out)
{
    if (!out)
        return LEAT_E_INVALID;
    if (!v.data)
        return LEAT_E_STALE;
    if ((uintptr_t)v.data % LEAT_PAGE_SIZE)
        return LEAT_E_ALIGN;
    if (v.len % LEAT_PAGE_SIZE)
        return LEAT_E_LENGTH;
    out->base = v.data;
    out->pages = v.len / LEAT_PAGE_SIZE;
    return 0;
}
