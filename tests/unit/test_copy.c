/* SPDX-License-Identifier: ISC */

/*
 * Copies that the library makes, at the offsets where it makes them its own way:
 * what comes of them, and of which moves they are made.
 */

#include "pool_fixture.h"

#undef memcpy
#undef memmove
#define memcpy  note_move
#define memmove note_move
static void *note_move(void *dst, const void *src, size_t n);
#include "../../src/core/copy.h"
#undef memcpy
#undef memmove

#define ROOM ((size_t)32 << 10)

static _Alignas(4096) unsigned char from[ROOM], to[ROOM];

static struct leat_copies copies;

static void copy(unsigned char *dst, const unsigned char *src, size_t n)
{
    struct leat_view v = {dst, n};

    MUST(leat_view_copy_in(v, 0, src, n, &copies));
}

static void fill(unsigned char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (unsigned char)(i * 167 + (i >> 8));
}

Test(copy, every_offset_and_length)
{
    static const size_t lens[] = {0,    1,    31,   512,  1023, 1024,
                                  1025, 1536, 2047, 2048, 2049, 4095,
                                  4096, 4097, 5000, 6144, 9999, 16384};

    fill(from, sizeof(from));
    for (size_t ahead = 0; ahead < 40; ahead++) {
        for (size_t i = 0; i < COUNT(lens); i++) {
            size_t n = lens[i];
            size_t at = (ahead + 4093) % 4096;

            memset(to, 0, sizeof(to));
            copy(to + at, from + 4093, n);
            cr_assert(all_bytes(to, at, 0));
            cr_assert_eq(memcmp(to + at, from + 4093, n), 0, "%zu bytes", n);
            cr_assert(all_bytes(to + at + n, sizeof(to) - at - n, 0));
        }
    }
}

/* Memory that overlaps is moved as by memmove(). */
Test(copy, what_overlaps)
{
    static unsigned char expect[ROOM];

    for (size_t ahead = 0; ahead < 9000; ahead += ahead < 40 ? 1 : 1019) {
        fill(to, sizeof(to));
        fill(expect, sizeof(expect));
        memmove(expect + ahead, expect, 8192);
        copy(to + ahead, to, 8192);
        cr_assert_eq(memcmp(to, expect, sizeof(to)), 0, "%zu ahead", ahead);
        fill(to, sizeof(to));
        fill(expect, sizeof(expect));
        memmove(expect, expect + ahead, 8192);
        copy(to, to + ahead, 8192);
        cr_assert_eq(memcmp(to, expect, sizeof(to)), 0, "%zu behind", ahead);
    }
}

/* ------------------------------------------------------------------- moves */

#define MOVES 256

static struct move {
    uintptr_t dst, src;
    size_t n;
} moves[MOVES];
static size_t nmoves;

static void *note_move(void *dst, const void *src, size_t n)
{
    cr_assert_lt(nmoves, MOVES);
    moves[nmoves++] = (struct move){(uintptr_t)dst, (uintptr_t)src, n};
    return memmove(dst, src, n);
}

/* The moves of one copy, which are together that copy. */
static void note_copy(unsigned char *dst, const unsigned char *src, size_t n)
{
    size_t sum = 0;

    nmoves = 0;
    leat_copy_counted(dst, src, n, &copies, LEAT_WHY_IN);
    for (size_t i = 0; i < nmoves; i++) {
        cr_assert_eq(moves[i].dst - (uintptr_t)dst,
                     moves[i].src - (uintptr_t)src);
        sum += moves[i].n;
    }
    cr_assert_eq(sum, n);
    cr_assert_eq(memcmp(dst, src, n), 0);
}

/* Tells whether bytes at (a) and (b) share a place in a page. */
static bool meet(uintptr_t a, size_t na, uintptr_t b, size_t nb)
{
    return (b - a) % PAGE < na || (a - b) % PAGE < nb;
}

/* From so many bytes on a C library may take `rep movsb`; glibc from 2048. */
#define SHORT 1024

/*
 * Where the destination is 1 to 31 bytes ahead, no move is long, and none loads
 * from where, modulo a page, the one before has just stored a line or more.
 */
Test(copy, slow_offsets_are_copied_in_short_moves)
{
    for (size_t ahead = 1; ahead < 32; ahead++) {
        for (size_t n = SHORT + 1; n <= 16384; n += 509) {
            fill(from, sizeof(from));
            note_copy(to + 4000 + ahead, from + 4000, n);
            for (size_t i = 0; i < nmoves; i++) {
                cr_assert_leq(moves[i].n, SHORT, "%zu ahead: %zu bytes", ahead,
                              moves[i].n);
                if (i && moves[i - 1].n >= 64)
                    cr_assert_not(meet(moves[i].src, moves[i].n,
                                       moves[i - 1].dst, moves[i - 1].n),
                                  "%zu ahead: move %zu", ahead, i);
            }
        }
    }
}

/* All others, and short ones, are left to the C library in one go. */
Test(copy, other_offsets_are_one_move)
{
    fill(from, sizeof(from));
    for (size_t ahead = 0; ahead < 4096; ahead++) {
        size_t n = ahead && ahead < 32 ? SHORT : 4096;

        note_copy(to + ahead, from, n);
        cr_assert_eq(nmoves, 1, "%zu ahead", ahead);
    }
    note_copy(to + 64, from, 16384);
    cr_assert_eq(nmoves, 1);
    note_copy(to, from, 0);
    cr_assert_eq(nmoves, 0);
}
