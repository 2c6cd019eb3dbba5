/* SPDX-License-Identifier: ISC */

/*
 * Shared memory: bytes that change under the reader.
 *
 *   X1  each byte of it is loaded or stored once by a call, and is then judged
 *       in private memory
 *   X2  an aligned word that lies wholly in a copy is moved whole: it comes out
 *       as the peer wrote it, or as it was before
 *
 * memcpy() promises neither: it may read a byte twice where two of its vectors
 * overlap, and cut words anywhere. So copies go word by word, with relaxed atomic
 * loads and stores, which a compiler neither repeats nor splits and which
 * ThreadSanitizer takes for what they are.
 */

#include <leat/shared.h>

#include "copy.h"
#include "window.h"

/* Words of memory of any type. */
#define WORD(bits) typedef uint##bits##_t word##bits __attribute__((may_alias))

WORD(8);
WORD(16);
WORD(32);
WORD(64);

/* The words in which a copy goes: those that the machine moves in one go. */
#if UINTPTR_MAX > UINT32_MAX
typedef word64 word_long;
#else
typedef word32 word_long;
#endif

int leat_shared_of(volatile void *addr, size_t len, struct leat_shared *out)
{
    if (!addr || !out)
        return LEAT_E_INVALID;
    if (len > UINTPTR_MAX - (uintptr_t)addr)
        return LEAT_E_OVERFLOW;
    out->peer_bytes = addr;
    out->len = len;
    return 0;
}

/* 0, or why [off, off + len) cannot be had. There is no void shared memory. */
static int check(struct leat_shared s, size_t off, size_t len)
{
    return leat_window_check(&s, s.len, off, len);
}

int leat_shared_slice(struct leat_shared s, size_t off, size_t len,
                      struct leat_shared *out)
{
    int err = out ? check(s, off, len) : LEAT_E_INVALID;

    if (err)
        return err;
    out->peer_bytes = off ? s.peer_bytes + off : s.peer_bytes;
    out->len = len;
    return 0;
}

/* Tells whether the next word of a copy may be of (type). */
#define FITS(type, at, n) \
    (n >= sizeof(type) && (uintptr_t)at % sizeof(type) == 0)

/*
 * One word out of shared memory, and one into it. The private side has no
 * alignment, so it is reached by memcpy() of a word: one load or store.
 */
#define TAKE(type)                                                          \
    do {                                                                    \
        type x_ = __atomic_load_n((volatile type *)from, __ATOMIC_RELAXED); \
                                                                            \
        memcpy(to, &x_, sizeof(x_));                                        \
        from += sizeof(x_);                                                 \
        to += sizeof(x_);                                                   \
        n -= sizeof(x_);                                                    \
    } while (0)

#define GIVE(type)                                                   \
    do {                                                             \
        type x_;                                                     \
                                                                     \
        memcpy(&x_, from, sizeof(x_));                               \
        __atomic_store_n((volatile type *)to, x_, __ATOMIC_RELAXED); \
        from += sizeof(x_);                                          \
        to += sizeof(x_);                                            \
        n -= sizeof(x_);                                             \
    } while (0)

/* The widest word that fits, again and again: X2. (at): the shared side. */
#define BY_WORDS(move, at)                  \
    while (n) {                             \
        if (FITS(word_long, at, n)) {       \
            do                              \
                move(word_long);            \
            while (n >= sizeof(word_long)); \
        } else if (FITS(word32, at, n)) {   \
            move(word32);                   \
        } else if (FITS(word16, at, n)) {   \
            move(word16);                   \
        } else {                            \
            move(word8);                    \
        }                                   \
    }

static void take(unsigned char *to, volatile unsigned char *from, size_t n)
{
    BY_WORDS(TAKE, from)
}

static void give(volatile unsigned char *to, const unsigned char *from,
                 size_t n)
{
    BY_WORDS(GIVE, to)
}

int leat_shared_copy_out(struct leat_shared s, size_t off, void *dst,
                         size_t len, struct leat_copies *copies)
{
    int err;

    if (!copies || (!dst && len))
        return LEAT_E_INVALID;
    err = check(s, off, len);
    if (err)
        return err;
    if (len)
        take(dst, s.peer_bytes + off, len);
    leat_copies_count(copies, LEAT_WHY_SHARED, 1, len);
    return 0;
}

int leat_shared_copy_in(struct leat_shared s, size_t off, const void *src,
                        size_t len, struct leat_copies *copies)
{
    int err;

    if (!copies || (!src && len))
        return LEAT_E_INVALID;
    err = check(s, off, len);
    if (err)
        return err;
    if (len)
        give(s.peer_bytes + off, src, len);
    leat_copies_count(copies, LEAT_WHY_SHARED, 1, len);
    return 0;
}

/* 0, or why there is no word of (bytes) at (off). */
static int check_word(struct leat_shared s, size_t off, size_t bytes)
{
    int err = check(s, off, bytes);

    if (!err && ((uintptr_t)s.peer_bytes + off) % bytes)
        err = LEAT_E_ALIGN;
    return err;
}

#define ACCESS(bits)                                                         \
    int leat_shared_read_u##bits(struct leat_shared s, size_t off,           \
                                 uint##bits##_t *out)                        \
    {                                                                        \
        int err = out ? check_word(s, off, bits / 8) : LEAT_E_INVALID;       \
                                                                             \
        if (!err)                                                            \
            *out =                                                           \
                __atomic_load_n((volatile word##bits *)(s.peer_bytes + off), \
                                __ATOMIC_RELAXED);                           \
        return err;                                                          \
    }                                                                        \
                                                                             \
    int leat_shared_write_u##bits(struct leat_shared s, size_t off,          \
                                  uint##bits##_t x)                          \
    {                                                                        \
        int err = check_word(s, off, bits / 8);                              \
                                                                             \
        if (!err)                                                            \
            __atomic_store_n((volatile word##bits *)(s.peer_bytes + off), x, \
                             __ATOMIC_RELAXED);                              \
        return err;                                                          \
    }

ACCESS(8)
ACCESS(16)
ACCESS(32)
ACCESS(64)
