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
 * A long copy whose destination lies 1 to 31 bytes after its source, modulo a
 * page, is up to 25 times slower on Zen 4, where the C library makes it by
 * `rep movsb`; and one of several pages that are not aligned alike still 1.3
 * times. Tells whether this is one; memory that overlaps is none.
 */
#define LEAT_COPY_BLOCK 512u

static inline bool leat_copy_is_slow(const void *dst, const void *src, size_t n)
{
    uintptr_t ahead = (uintptr_t)dst - (uintptr_t)src;

    if (n <= 2 * LEAT_COPY_BLOCK || ahead < n || -ahead < n)
        return false;
    return ahead % LEAT_PAGE_SIZE - 1 < 31 ||
           (ahead % 64 && n > LEAT_PAGE_SIZE);
}

/*
 * Such a copy in blocks, too small for `rep movsb`, the second of each two first:
 * so that none follows at once on stores to where, modulo a page, it loads from.
 */
static inline void leat_copy_in_blocks(unsigned char *dst,
                                       const unsigned char *src, size_t n)
{
    size_t block = LEAT_COPY_BLOCK, head = -(uintptr_t)dst & 63;

    /* A line of the cache is stored whole, if it can be. */
    memcpy(dst, src, head);
    dst += head;
    src += head;
    n -= head;
    /* Or the compiler would copy a block of known size by `rep movsq`. */
    __asm__("" : "+r"(block));
    for (; n >= 2 * block; n -= 2 * block) {
        memcpy(dst + block, src + block, block);
        memcpy(dst, src, block);
        dst += 2 * block;
        src += 2 * block;
    }
    memcpy(dst, src, n);
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
    if (leat_copy_is_slow(dst, src, n))
        leat_copy_in_blocks((unsigned char *)dst, (const unsigned char *)src,
                            n);
    else if (n)
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
