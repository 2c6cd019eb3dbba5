/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_COPY_H
#define LEAT_SRC_COPY_H

/*
 * The only way in which payload moves inside the library: what copies, counts
 * (rule R5). Shared memory alone is read word by word instead, in shared.c, and
 * is counted here too.
 */

#include <string.h>

#include <leat/copies.h>

/* Counts (n) copies of (bytes) together; the caller has checked (why). */
static inline void leat_copies_count(struct leat_copies *copies,
                                     enum leat_reason why, uint64_t n,
                                     size_t bytes)
{
    __atomic_fetch_add(&copies->count[why], n, __ATOMIC_RELAXED);
    __atomic_fetch_add(&copies->bytes[why], bytes, __ATOMIC_RELAXED);
}

/*
 * Moves (n) bytes, which may overlap, and counts them as one copy, or as the
 * continuation of one. With no bytes to move the addresses do not matter, not
 * even to memmove(), which must not be given NULL.
 */
static inline void leat_copy_part(void *dst, const void *src, size_t n,
                                  struct leat_copies *copies,
                                  enum leat_reason why, bool begins)
{
    if (n)
        memmove(dst, src, n);
    leat_copies_count(copies, why, begins, n);
}

static inline void leat_copy_counted(void *dst, const void *src, size_t n,
                                     struct leat_copies *copies,
                                     enum leat_reason why)
{
    leat_copy_part(dst, src, n, copies, why, true);
}

#endif
