/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_WINDOW_H
#define LEAT_SRC_WINDOW_H

/*
 * What leat_view and leat_cview have in common: the rules of an address and a
 * length, without the type of the bytes.
 */

#include <leat/error.h>

/* Makes one: (data) is the caller's memory. */
static inline int leat_window_of(const void *data, size_t len)
{
    if (!data)
        return LEAT_E_INVALID;
    if (len > UINTPTR_MAX - (uintptr_t)data)
        return LEAT_E_OVERFLOW;
    return 0;
}

/* Tells whether [off, off + len) lies in the (have) bytes at (data). */
static inline int leat_window_check(const volatile void *data, size_t have,
                                    size_t off, size_t len)
{
    if (LEAT_UNLIKELY(off > have || len > have - off))
        return data ? LEAT_E_RANGE : LEAT_E_STALE;
    return 0;
}

/* Tells whether the second window begins where the first ends. */
static inline int leat_window_join(const void *a, size_t a_len, const void *b,
                                   size_t b_len)
{
    if (!a || !b)
        return LEAT_E_STALE;
    if ((uintptr_t)a + a_len != (uintptr_t)b)
        return LEAT_E_ADJACENT;
    if (b_len > SIZE_MAX - a_len)
        return LEAT_E_OVERFLOW;
    return 0;
}

#endif
