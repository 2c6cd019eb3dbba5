/* SPDX-License-Identifier: ISC */
#ifndef LEAT_VIEW_H
#define LEAT_VIEW_H

/*
 * Views: borrowed windows of bytes, at no alignment.
 *
 * A view is an address and a length: two registers, passed by value. It does
 * not own its bytes and does not keep them: it is valid while the chunk, ref or
 * buffer under it is. A view can be narrowed and never widened: no call gives
 * more bytes than went in, and joining takes two views that the caller has.
 *
 *   leat_view    bytes that may be read and written
 *   leat_cview   bytes that may only be read: a type of its own, which no call
 *                turns back into a leat_view
 *
 * The *void view* is what leat_chunk_view() gives for a stale handle: no
 * address and no bytes. It can be passed on; a call that wants bytes of it
 * fails with LEAT_E_STALE, so the error is not lost on the way.
 *
 * Threads: views are values. Any call is safe beside any other, as long as no
 * two touch the same bytes with one of them writing.
 *
 * Errors that all of these calls share:
 *   LEAT_E_RANGE    [off, off + len) leaves the view, or overflows
 *   LEAT_E_STALE    the same, where the view is the void view
 *   LEAT_E_INVALID  a needed pointer is NULL; told first
 */

#include <leat/copies.h>
#include <leat/error.h>

LEAT_BEGIN_DECLS

struct leat_view {
    unsigned char *data;
    size_t len;
};

struct leat_cview {
    const unsigned char *data;
    size_t len;
};

/*
 * Makes a view of (len) bytes at (data), memory of the caller's own.
 *
 * Errors:  LEAT_E_INVALID   (data) is NULL
 *          LEAT_E_OVERFLOW  data + len wraps around
 */
LEAT_API int leat_view_of(void *data, size_t len, struct leat_view *out);
LEAT_API int leat_cview_of(const void *data, size_t len,
                           struct leat_cview *out);

/* Gives the same window, for reading only. */
LEAT_INLINE struct leat_cview leat_view_const(struct leat_view v)
{
    struct leat_cview c;

    c.data = v.data;
    c.len = v.len;
    return c;
}

/*
 * Takes a view of bytes [off, off + len) of (v), without copying. len may be 0,
 * and off may then be v.len.
 *
 * Owner:   borrowed: valid while (v) is; leat_ref_take() makes an owned one.
 */
LEAT_INLINE int leat_view_slice(struct leat_view v, size_t off, size_t len,
                                struct leat_view *out)
{
    if (LEAT_UNLIKELY(!out))
        return LEAT_E_INVALID;
    if (LEAT_UNLIKELY(off > v.len || len > v.len - off))
        return v.data ? LEAT_E_RANGE : LEAT_E_STALE;
    out->data = off ? v.data + off : v.data; /* C adds no 0 to NULL */
    out->len = len;
    return 0;
}

LEAT_INLINE int leat_cview_slice(struct leat_cview v, size_t off, size_t len,
                                 struct leat_cview *out)
{
    if (LEAT_UNLIKELY(!out))
        return LEAT_E_INVALID;
    if (LEAT_UNLIKELY(off > v.len || len > v.len - off))
        return v.data ? LEAT_E_RANGE : LEAT_E_STALE;
    out->data = off ? v.data + off : v.data; /* C adds no 0 to NULL */
    out->len = len;
    return 0;
}

/* Drops the first (n) bytes of (*v). */
LEAT_API int leat_view_shift(struct leat_view *v, size_t n);
LEAT_API int leat_cview_shift(struct leat_cview *v, size_t n);

/*
 * Cuts (v) in two at (at): [0, at) and [at, len). Each output may be NULL.
 */
LEAT_API int leat_view_split(struct leat_view v, size_t at,
                             struct leat_view *head, struct leat_view *tail);
LEAT_API int leat_cview_split(struct leat_cview v, size_t at,
                              struct leat_cview *head, struct leat_cview *tail);

/*
 * Joins two neighbours: (b) begins where (a) ends.
 *
 * Errors:  LEAT_E_ADJACENT  it does not
 *          LEAT_E_STALE     one of them is the void view
 *          LEAT_E_OVERFLOW  the sum of the lengths does not fit
 */
LEAT_API int leat_view_join(struct leat_view a, struct leat_view b,
                            struct leat_view *out);
LEAT_API int leat_cview_join(struct leat_cview a, struct leat_cview b,
                             struct leat_cview *out);

/*
 * Copies (len) bytes from (src) to (v) at (off), counted as LEAT_WHY_IN; and
 * from (v) at (off) to (dst), counted as LEAT_WHY_OUT. Source and destination
 * may overlap. A copy of 0 bytes is made and counted as one of 0 bytes.
 *
 * Errors:  LEAT_E_INVALID  (copies) is NULL, or (src) or (dst) is and len > 0
 */
LEAT_API int leat_view_copy_in(struct leat_view v, size_t off, const void *src,
                               size_t len, struct leat_copies *copies);
LEAT_API int leat_cview_copy_out(struct leat_cview v, size_t off, void *dst,
                                 size_t len, struct leat_copies *copies);

/*
 * Copies all of (from) to (to) at (off): one copy, counted as LEAT_WHY_IN.
 *
 * Errors:  LEAT_E_STALE  also where (from) is the void view, though it has no
 *                        bytes
 */
LEAT_API int leat_view_copy(struct leat_view to, size_t off,
                            struct leat_cview from, struct leat_copies *copies);

/* Sets bytes [off, off + len) to (byte). */
LEAT_API int leat_view_fill(struct leat_view v, size_t off, size_t len,
                            unsigned char byte);

/*
 * Compares as memcmp() does over the shorter length, then by length:
 * (*order) becomes -1, 0 or 1.
 *
 * Errors:  LEAT_E_STALE  one of them is the void view
 */
LEAT_API int leat_cview_compare(struct leat_cview a, struct leat_cview b,
                                int *order);

/*
 * Typed reads and writes at any offset, in little or big endian order whatever
 * the host's. They are no copies: up to eight bytes through a register.
 */
LEAT_API int leat_cview_read_u8(struct leat_cview v, size_t off, uint8_t *out);
LEAT_API int leat_cview_read_le16(struct leat_cview v, size_t off,
                                  uint16_t *out);
LEAT_API int leat_cview_read_le32(struct leat_cview v, size_t off,
                                  uint32_t *out);
LEAT_API int leat_cview_read_le64(struct leat_cview v, size_t off,
                                  uint64_t *out);
LEAT_API int leat_cview_read_be16(struct leat_cview v, size_t off,
                                  uint16_t *out);
LEAT_API int leat_cview_read_be32(struct leat_cview v, size_t off,
                                  uint32_t *out);
LEAT_API int leat_cview_read_be64(struct leat_cview v, size_t off,
                                  uint64_t *out);

LEAT_API int leat_view_write_u8(struct leat_view v, size_t off, uint8_t x);
LEAT_API int leat_view_write_le16(struct leat_view v, size_t off, uint16_t x);
LEAT_API int leat_view_write_le32(struct leat_view v, size_t off, uint32_t x);
LEAT_API int leat_view_write_le64(struct leat_view v, size_t off, uint64_t x);
LEAT_API int leat_view_write_be16(struct leat_view v, size_t off, uint16_t x);
LEAT_API int leat_view_write_be32(struct leat_view v, size_t off, uint32_t x);
LEAT_API int leat_view_write_be64(struct leat_view v, size_t off, uint64_t x);

/* Whole pages that a view turned out to be. */
struct leat_pages {
    unsigned char *base; /* a multiple of LEAT_PAGE_SIZE */
    size_t pages;
};

/*
 * Casts a view back to the whole pages that it is. A view of 0 bytes at a page
 * boundary is 0 pages.
 *
 * Errors:  LEAT_E_ALIGN   (v) does not begin at a page; told first
 *          LEAT_E_LENGTH  (v) is no whole number of pages
 *          LEAT_E_STALE   (v) is the void view
 */
LEAT_API int leat_view_pages(struct leat_view v, struct leat_pages *out);

LEAT_END_DECLS

#endif
