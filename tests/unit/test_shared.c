/* SPDX-License-Identifier: ISC */

#include <pthread.h>

#include "pool_fixture.h"

static unsigned char mark[1];
#define UNTOUCHED(s) cr_assert((s).peer_bytes == mark && (s).len == 77)
#define MARKED   \
    {            \
        mark, 77 \
    }

static struct leat_shared shared_of(volatile void *addr, size_t len)
{
    struct leat_shared s;

    MUST(leat_shared_of(addr, len, &s));
    return s;
}

Test(shared, of_names_memory)
{
    unsigned char mem[8];
    struct leat_shared s = MARKED;

    FAILS(LEAT_E_INVALID, leat_shared_of(NULL, 0, &s));
    FAILS(LEAT_E_INVALID, leat_shared_of(mem, 8, NULL));
    FAILS(LEAT_E_OVERFLOW, leat_shared_of(mem, SIZE_MAX, &s));
    UNTOUCHED(s);
    MUST(leat_shared_of(mem, 8, &s));
    cr_assert(s.peer_bytes == mem && s.len == 8);
}

Test(shared, slice_narrows_and_never_widens)
{
    unsigned char mem[8];
    struct leat_shared s = shared_of(mem, 8), out = MARKED;

    FAILS(LEAT_E_RANGE, leat_shared_slice(s, 0, 9, &out));
    FAILS(LEAT_E_RANGE, leat_shared_slice(s, 9, 0, &out));
    FAILS(LEAT_E_RANGE, leat_shared_slice(s, 4, 5, &out));
    FAILS(LEAT_E_RANGE, leat_shared_slice(s, 1, SIZE_MAX, &out));
    FAILS(LEAT_E_RANGE, leat_shared_slice(s, SIZE_MAX, 2, &out));
    FAILS(LEAT_E_INVALID, leat_shared_slice(s, 0, 1, NULL));
    UNTOUCHED(out);
    MUST(leat_shared_slice(s, 3, 5, &out));
    cr_assert(out.peer_bytes == mem + 3 && out.len == 5);
    MUST(leat_shared_slice(s, 8, 0, &out));
    cr_assert(out.peer_bytes == mem + 8 && out.len == 0);
}

/* All offsets and lengths around a few words and vectors, on both sides. */
Test(shared, copies_every_byte_and_no_other)
{
    struct leat_copies copies = {0};
    _Alignas(16) unsigned char mem[200], priv[200];
    struct leat_shared s = shared_of(mem, sizeof(mem));
    uint64_t n = 0, bytes = 0;

    for (size_t off = 0; off < 18; off++) {
        for (size_t at = 0; at < 17; at++) {
            for (size_t len = 0; len <= 160; n += 2, bytes += 2 * len, len++) {
                for (size_t i = 0; i < sizeof(mem); i++)
                    mem[i] = (unsigned char)(i + 1);
                memset(priv, 0, sizeof(priv));
                MUST(leat_shared_copy_out(s, off, priv + at, len, &copies));
                cr_assert(all_bytes(priv, at, 0));
                cr_assert_eq(memcmp(priv + at, mem + off, len), 0);
                cr_assert(all_bytes(priv + at + len, 200 - at - len, 0));

                memset(mem, 0, sizeof(mem));
                MUST(leat_shared_copy_in(s, off, priv + at, len, &copies));
                cr_assert(all_bytes(mem, off, 0));
                cr_assert_eq(memcmp(mem + off, priv + at, len), 0);
                cr_assert(all_bytes(mem + off + len, 200 - off - len, 0));
            }
        }
    }
    cr_assert_eq(copies.count[LEAT_WHY_SHARED], n);
    cr_assert_eq(copies.bytes[LEAT_WHY_SHARED], bytes);
    cr_assert_eq(leat_copies_bytes(&copies), bytes);
}

Test(shared, copies_refuse_and_count_nothing)
{
    struct leat_copies copies = {0}, zero = {0};
    unsigned char mem[8] = {0}, priv[16] = {1};
    struct leat_shared s = shared_of(mem, 8);

    FAILS(LEAT_E_RANGE, leat_shared_copy_in(s, 0, priv, 9, &copies));
    FAILS(LEAT_E_RANGE, leat_shared_copy_in(s, 8, priv, 1, &copies));
    FAILS(LEAT_E_RANGE, leat_shared_copy_in(s, 9, priv, 0, &copies));
    FAILS(LEAT_E_RANGE, leat_shared_copy_in(s, 2, priv, SIZE_MAX, &copies));
    FAILS(LEAT_E_INVALID, leat_shared_copy_in(s, 0, NULL, 1, &copies));
    FAILS(LEAT_E_INVALID, leat_shared_copy_in(s, 0, priv, 1, NULL));
    FAILS(LEAT_E_RANGE, leat_shared_copy_out(s, 0, priv, 9, &copies));
    FAILS(LEAT_E_RANGE, leat_shared_copy_out(s, 7, priv, 2, &copies));
    FAILS(LEAT_E_RANGE, leat_shared_copy_out(s, SIZE_MAX, priv, 1, &copies));
    FAILS(LEAT_E_INVALID, leat_shared_copy_out(s, 0, NULL, 1, &copies));
    FAILS(LEAT_E_INVALID, leat_shared_copy_out(s, 0, priv, 1, NULL));
    cr_assert_eq(memcmp(&copies, &zero, sizeof(copies)), 0);
    cr_assert(all_bytes(mem, 8, 0));
    cr_assert(priv[0] == 1 && all_bytes(priv + 1, 15, 0));
    MUST(leat_shared_copy_in(s, 8, NULL, 0, &copies));
    MUST(leat_shared_copy_out(s, 8, NULL, 0, &copies));
    cr_assert_eq(copies.count[LEAT_WHY_SHARED], 2);
}

#define WORDS(bits)                                                           \
    do {                                                                      \
        size_t size_ = (bits) / 8;                                            \
        uint##bits##_t x_ = 77, mine_;                                        \
                                                                              \
        for (size_t off_ = 0; off_ < 32; off_++) {                            \
            bool in_ = off_ + size_ <= 24;                                    \
            int err_ = !in_ ? LEAT_E_RANGE : off_ % size_ ? LEAT_E_ALIGN : 0; \
                                                                              \
            FAILS(err_, leat_shared_write_u##bits(                            \
                            s, off_, (uint##bits##_t)(0x1122334455667788u))); \
            FAILS(err_, leat_shared_read_u##bits(s, off_, &x_));              \
            if (err_) {                                                       \
                cr_assert_eq(x_, 77);                                         \
                continue;                                                     \
            }                                                                 \
            memcpy(&mine_, mem + off_, size_);                                \
            cr_assert_eq(mine_, (uint##bits##_t)(0x1122334455667788u));       \
            cr_assert_eq(x_, mine_);                                          \
            x_ = 77;                                                          \
        }                                                                     \
        FAILS(LEAT_E_RANGE, leat_shared_read_u##bits(s, SIZE_MAX, &x_));      \
        FAILS(LEAT_E_RANGE, leat_shared_write_u##bits(s, SIZE_MAX, 0));       \
        FAILS(LEAT_E_INVALID, leat_shared_read_u##bits(s, 0, NULL));          \
        cr_assert(all_bytes(mem + 24, 8, 0));                                 \
    } while (0)

Test(shared, words_are_aligned_and_inside)
{
    _Alignas(8) unsigned char mem[32] = {0};
    struct leat_shared s = shared_of(mem, 24);

    WORDS(8);
    WORDS(16);
    WORDS(32);
    WORDS(64);
}

Test(shared, alignment_is_of_the_address)
{
    _Alignas(8) unsigned char mem[32] = {0};
    struct leat_shared s = shared_of(mem + 2, 24);
    uint16_t x16;
    uint32_t x32 = 77;
    uint64_t x64;

    MUST(leat_shared_read_u16(s, 0, &x16));
    FAILS(LEAT_E_ALIGN, leat_shared_read_u32(s, 0, &x32));
    FAILS(LEAT_E_ALIGN, leat_shared_read_u64(s, 0, &x64));
    cr_assert_eq(x32, 77);
    MUST(leat_shared_read_u32(s, 2, &x32));
    MUST(leat_shared_read_u64(s, 6, &x64));
}

/* A peer writes words whose halves agree; a copy never sees them disagree. */
struct peer {
    _Alignas(8) uint64_t words[64];
    int stop;
};

static void *write_words(void *arg)
{
    struct peer *p = arg;

    for (uint64_t x = 0; !__atomic_load_n(&p->stop, __ATOMIC_RELAXED); x++)
        for (size_t i = 0; i < 64; i++)
            __atomic_store_n(&p->words[i], (x << 32) | (x & UINT32_MAX),
                             __ATOMIC_RELAXED);
    return NULL;
}

Test(shared, a_word_is_never_torn)
{
    static struct peer peer;
    static unsigned char priv[sizeof(peer.words) + 1];
    struct leat_copies copies = {0};
    struct leat_shared s = shared_of(peer.words, sizeof(peer.words));
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, write_words, &peer), 0);
    for (int round = 0; round < 20000; round++) {
        size_t off = (size_t)round % 8; /* the words after it are whole */

        MUST(leat_shared_copy_out(s, off, priv + 1, s.len - off, &copies));
        for (size_t at = (8 - off) % 8; at + 8 <= s.len - off; at += 8) {
            uint64_t x;

            memcpy(&x, priv + 1 + at, 8);
            cr_assert_eq(x >> 32, x & UINT32_MAX);
        }
    }
    __atomic_store_n(&peer.stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}
