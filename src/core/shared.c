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
 * ThreadSanitizer takes for what they are; the bulk of a long one goes by pairs
 * of words, aligned as pairs, through volatile vectors.
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

/*
 * Two of them at once, where the machine has vectors (else the compiler makes two
 * of it): no word in it is cut, and what is volatile is accessed once.
 * ThreadSanitizer would take it for a race, which atomic words are not.
 */
#if defined(__SANITIZE_THREAD__)
#define WIDE 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WIDE 0
#endif
#endif
#ifndef WIDE
#define WIDE 1
#endif

typedef word_long wide
    __attribute__((vector_size(2 * sizeof(word_long)), may_alias));

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

/* Four in a row, all of them loaded before the first is stored. */
#define TAKE_WIDE()                                          \
    do {                                                     \
        const volatile wide *p_ = (volatile wide *)from;     \
        wide a_ = p_[0], b_ = p_[1], c_ = p_[2], d_ = p_[3]; \
                                                             \
        memcpy(to, &a_, sizeof(a_));                         \
        memcpy(to + sizeof(a_), &b_, sizeof(b_));            \
        memcpy(to + 2 * sizeof(a_), &c_, sizeof(c_));        \
        memcpy(to + 3 * sizeof(a_), &d_, sizeof(d_));        \
        from += 4 * sizeof(a_);                              \
        to += 4 * sizeof(a_);                                \
        n -= 4 * sizeof(a_);                                 \
    } while (0)

#define GIVE_WIDE()                                     \
    do {                                                \
        volatile wide *p_ = (volatile wide *)to;        \
        wide a_, b_, c_, d_;                            \
                                                        \
        memcpy(&a_, from, sizeof(a_));                  \
        memcpy(&b_, from + sizeof(a_), sizeof(b_));     \
        memcpy(&c_, from + 2 * sizeof(a_), sizeof(c_)); \
        memcpy(&d_, from + 3 * sizeof(a_), sizeof(d_)); \
        p_[0] = a_;                                     \
        p_[1] = b_;                                     \
        p_[2] = c_;                                     \
        p_[3] = d_;                                     \
        from += 4 * sizeof(a_);                         \
        to += 4 * sizeof(a_);                           \
        n -= 4 * sizeof(a_);                            \
    } while (0)

#define FITS_WIDE(at, n) (WIDE && FITS(wide, at, n) && n >= 4 * sizeof(wide))

/* The widest word that fits, again and again: X2. (at): the shared side. */
#define BY_WORDS(move, at)                                       \
    while (n) {                                                  \
        if (FITS_WIDE(at, n)) {                                  \
            do                                                   \
                move##_WIDE();                                   \
            while (n >= 4 * sizeof(wide));                       \
        } else if (FITS(word_long, at, n)) {                     \
            do                                                   \
                move(word_long);                                 \
            while (n >= sizeof(word_long) && !FITS_WIDE(at, n)); \
        } else if (FITS(word32, at, n)) {                        \
            move(word32);                                        \
        } else if (FITS(word16, at, n)) {                        \
            move(word16);                                        \
        } else {                                                 \
            move(word8);                                         \
        }                                                        \
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
