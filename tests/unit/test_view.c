/* SPDX-License-Identifier: ISC */

#include "pool_fixture.h"

static const struct leat_view nothing = {NULL, 0};

static struct leat_view view_of(void *data, size_t len)
{
    struct leat_view v;

    MUST(leat_view_of(data, len, &v));
    return v;
}

/* What an output must still be after a failure. */
static unsigned char mark[1];
#define UNTOUCHED(v) cr_assert((v).data == mark && (v).len == 77)
#define MARKED   \
    {            \
        mark, 77 \
    }

Test(view, of_names_memory)
{
    unsigned char mem[16];
    struct leat_view v;

    MUST(leat_view_of(mem + 3, 13, &v));
    cr_assert_eq(v.data, mem + 3);
    cr_assert_eq(v.len, 13);
    MUST(leat_view_of(mem, 0, &v));
    cr_assert_eq(v.data, mem);
    cr_assert_eq(v.len, 0);
}

Test(view, of_refuses_null_and_what_wraps)
{
    unsigned char mem[1];
    struct leat_view v = MARKED;

    FAILS(LEAT_E_INVALID, leat_view_of(NULL, 0, &v));
    FAILS(LEAT_E_INVALID, leat_view_of(mem, 1, NULL));
    FAILS(LEAT_E_OVERFLOW, leat_view_of(mem, SIZE_MAX, &v));
    FAILS(LEAT_E_OVERFLOW,
          leat_view_of(mem, UINTPTR_MAX - (uintptr_t)mem + 1, &v));
    UNTOUCHED(v);
    MUST(leat_view_of(mem, UINTPTR_MAX - (uintptr_t)mem, &v));
}

Test(view, const_is_the_same_window)
{
    unsigned char mem[4];
    struct leat_cview c = leat_view_const(view_of(mem, 4));

    cr_assert_eq(c.data, mem);
    cr_assert_eq(c.len, 4);
    cr_assert_null(leat_view_const(nothing).data);
}

Test(view, slice_narrows)
{
    unsigned char mem[100];
    struct leat_view v = view_of(mem, 100), out;

    MUST(leat_view_slice(v, 0, 100, &out));
    cr_assert(out.data == mem && out.len == 100);
    MUST(leat_view_slice(v, 14, 61, &out));
    cr_assert(out.data == mem + 14 && out.len == 61);
    MUST(leat_view_slice(v, 99, 1, &out));
    cr_assert(out.data == mem + 99 && out.len == 1);
    MUST(leat_view_slice(v, 100, 0, &out));
    cr_assert(out.data == mem + 100 && out.len == 0);
    MUST(leat_view_slice(v, 0, 0, &out));
    cr_assert(out.data == mem && out.len == 0);
}

Test(view, slice_never_widens)
{
    unsigned char mem[100];
    struct leat_view v = view_of(mem, 100), out = MARKED;

    FAILS(LEAT_E_RANGE, leat_view_slice(v, 0, 101, &out));
    FAILS(LEAT_E_RANGE, leat_view_slice(v, 101, 0, &out));
    FAILS(LEAT_E_RANGE, leat_view_slice(v, 100, 1, &out));
    FAILS(LEAT_E_RANGE, leat_view_slice(v, 1, SIZE_MAX, &out));
    FAILS(LEAT_E_RANGE, leat_view_slice(v, SIZE_MAX, 1, &out));
    FAILS(LEAT_E_RANGE, leat_view_slice(v, SIZE_MAX, SIZE_MAX, &out));
    FAILS(LEAT_E_INVALID, leat_view_slice(v, 0, 1, NULL));
    UNTOUCHED(out);
}

Test(view, the_void_view_fails_where_bytes_are_wanted)
{
    struct leat_copies copies = {0};
    struct leat_view v = nothing, out = MARKED;
    unsigned char byte = 0;

    FAILS(LEAT_E_STALE, leat_view_slice(v, 0, 1, &out));
    FAILS(LEAT_E_STALE, leat_view_slice(v, 1, 0, &out));
    FAILS(LEAT_E_STALE, leat_view_shift(&v, 1));
    FAILS(LEAT_E_STALE, leat_view_split(v, 1, &out, &out));
    FAILS(LEAT_E_STALE, leat_view_copy_in(v, 0, &byte, 1, &copies));
    FAILS(LEAT_E_STALE, leat_view_fill(v, 0, 1, 0));
    FAILS(LEAT_E_STALE, leat_view_write_u8(v, 0, 1));
    FAILS(LEAT_E_STALE, leat_view_write_be64(v, 0, 1));
    UNTOUCHED(out);
    cr_assert_eq(leat_copies_bytes(&copies), 0);
    cr_assert_eq(copies.count[LEAT_WHY_IN], 0);
}

Test(view, the_void_view_can_be_passed_on)
{
    struct leat_view v = nothing, out = MARKED;

    MUST(leat_view_slice(v, 0, 0, &out));
    cr_assert(!out.data && !out.len);
    MUST(leat_view_shift(&v, 0));
    MUST(leat_view_fill(v, 0, 0, 1));
    cr_assert(!v.data && !v.len);
}

Test(view, a_stale_handle_gives_the_void_view)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct leat_view out = MARKED;

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    MUST(leat_pool_put(f.pool, c));
    FAILS(LEAT_E_STALE, leat_view_slice(leat_chunk_view(c), 0, 1, &out));
    UNTOUCHED(out);
    close_pool(&f);
}

Test(view, shift_drops_the_first_bytes)
{
    unsigned char mem[10];
    struct leat_view v = view_of(mem, 10);

    MUST(leat_view_shift(&v, 0));
    cr_assert(v.data == mem && v.len == 10);
    MUST(leat_view_shift(&v, 3));
    cr_assert(v.data == mem + 3 && v.len == 7);
    FAILS(LEAT_E_RANGE, leat_view_shift(&v, 8));
    FAILS(LEAT_E_RANGE, leat_view_shift(&v, SIZE_MAX));
    FAILS(LEAT_E_INVALID, leat_view_shift(NULL, 0));
    cr_assert(v.data == mem + 3 && v.len == 7);
    MUST(leat_view_shift(&v, 7));
    cr_assert(v.data == mem + 10 && v.len == 0);
}

Test(view, split_cuts_in_two)
{
    unsigned char mem[10];
    struct leat_view v = view_of(mem, 10), head, tail;

    for (size_t at = 0; at <= 10; at++) {
        MUST(leat_view_split(v, at, &head, &tail));
        cr_assert(head.data == mem && head.len == at);
        cr_assert(tail.data == mem + at && tail.len == 10 - at);
    }
    MUST(leat_view_split(v, 4, NULL, &tail));
    cr_assert_eq(tail.len, 6);
    MUST(leat_view_split(v, 4, &head, NULL));
    cr_assert_eq(head.len, 4);
    MUST(leat_view_split(v, 4, NULL, NULL));
}

Test(view, split_refuses_a_cut_outside)
{
    unsigned char mem[10];
    struct leat_view v = view_of(mem, 10), head = MARKED, tail = MARKED;

    FAILS(LEAT_E_RANGE, leat_view_split(v, 11, &head, &tail));
    FAILS(LEAT_E_RANGE, leat_view_split(v, SIZE_MAX, &head, &tail));
    FAILS(LEAT_E_RANGE, leat_view_split(v, 11, NULL, NULL));
    UNTOUCHED(head);
    UNTOUCHED(tail);
}

Test(view, join_takes_neighbours)
{
    unsigned char mem[10];
    struct leat_view v = view_of(mem, 10), head, tail, out;

    for (size_t at = 0; at <= 10; at++) {
        MUST(leat_view_split(v, at, &head, &tail));
        MUST(leat_view_join(head, tail, &out));
        cr_assert(out.data == mem && out.len == 10);
    }
}

Test(view, join_refuses_others)
{
    unsigned char mem[10];
    struct leat_view a = view_of(mem, 4), b = view_of(mem + 5, 5);
    struct leat_view top, out = MARKED;

    FAILS(LEAT_E_ADJACENT, leat_view_join(a, b, &out));
    FAILS(LEAT_E_ADJACENT, leat_view_join(b, a, &out));
    FAILS(LEAT_E_ADJACENT, leat_view_join(a, a, &out));
    FAILS(LEAT_E_STALE, leat_view_join(nothing, b, &out));
    FAILS(LEAT_E_STALE, leat_view_join(a, nothing, &out));
    FAILS(LEAT_E_STALE, leat_view_join(nothing, nothing, &out));
    FAILS(LEAT_E_INVALID, leat_view_join(a, b, NULL));

    /* Neighbours around the end of memory, by hand. */
    top.data = mem + 4;
    top.len = SIZE_MAX - 2;
    FAILS(LEAT_E_OVERFLOW, leat_view_join(a, top, &out));
    UNTOUCHED(out);
}

Test(view, copy_in_copies_and_counts)
{
    struct leat_copies copies = {0};
    unsigned char mem[10] = {0};
    struct leat_view v = view_of(mem, 10);

    MUST(leat_view_copy_in(v, 2, "abcdef", 6, &copies));
    cr_assert_eq(memcmp(mem, "\0\0abcdef\0", 10), 0);
    MUST(leat_view_copy_in(v, 10, NULL, 0, &copies));
    MUST(leat_view_copy_in(v, 0, "0123456789", 10, &copies));
    cr_assert_eq(memcmp(mem, "0123456789", 10), 0);
    cr_assert_eq(copies.count[LEAT_WHY_IN], 3);
    cr_assert_eq(copies.bytes[LEAT_WHY_IN], 16);
    cr_assert_eq(leat_copies_bytes(&copies), 16);
}

Test(view, copy_in_may_overlap)
{
    struct leat_copies copies = {0};
    unsigned char mem[] = "0123456789";
    struct leat_view v = view_of(mem, 10);

    MUST(leat_view_copy_in(v, 2, mem, 8, &copies));
    cr_assert_eq(memcmp(mem, "0101234567", 10), 0);
    MUST(leat_view_copy_in(v, 0, mem + 2, 8, &copies));
    cr_assert_eq(memcmp(mem, "0123456767", 10), 0);
}

Test(view, copy_in_refuses_and_counts_nothing)
{
    struct leat_copies copies = {0}, zero = {0};
    unsigned char mem[10] = {0}, src[20] = {1};
    struct leat_view v = view_of(mem, 10);

    FAILS(LEAT_E_RANGE, leat_view_copy_in(v, 0, src, 11, &copies));
    FAILS(LEAT_E_RANGE, leat_view_copy_in(v, 5, src, 6, &copies));
    FAILS(LEAT_E_RANGE, leat_view_copy_in(v, 11, src, 0, &copies));
    FAILS(LEAT_E_RANGE, leat_view_copy_in(v, 1, src, SIZE_MAX, &copies));
    FAILS(LEAT_E_INVALID, leat_view_copy_in(v, 0, NULL, 1, &copies));
    FAILS(LEAT_E_INVALID, leat_view_copy_in(v, 0, src, 1, NULL));
    FAILS(LEAT_E_INVALID, leat_view_copy_in(v, 0, src, 0, NULL));
    cr_assert_eq(memcmp(&copies, &zero, sizeof(copies)), 0);
    cr_assert(all_bytes(mem, 10, 0));
}

Test(view, copy_takes_a_whole_view)
{
    struct leat_copies copies = {0};
    unsigned char mem[10] = {0}, src[] = "abc";
    struct leat_view v = view_of(mem, 10);

    MUST(leat_view_copy(v, 7, leat_view_const(view_of(src, 3)), &copies));
    cr_assert_eq(memcmp(mem + 7, "abc", 3), 0);
    MUST(leat_view_copy(v, 10, leat_view_const(view_of(src, 0)), &copies));
    cr_assert_eq(copies.count[LEAT_WHY_IN], 2);
    cr_assert_eq(copies.bytes[LEAT_WHY_IN], 3);
}

Test(view, copy_refuses)
{
    struct leat_copies copies = {0}, zero = {0};
    unsigned char mem[10] = {0}, src[] = "abc";
    struct leat_view v = view_of(mem, 10);
    struct leat_cview from = leat_view_const(view_of(src, 3));

    FAILS(LEAT_E_RANGE, leat_view_copy(v, 8, from, &copies));
    FAILS(LEAT_E_STALE, leat_view_copy(nothing, 0, from, &copies));
    FAILS(LEAT_E_STALE,
          leat_view_copy(v, 0, leat_view_const(nothing), &copies));
    FAILS(LEAT_E_INVALID, leat_view_copy(v, 0, from, NULL));
    FAILS(LEAT_E_INVALID, leat_view_copy(v, 0, leat_view_const(nothing), NULL));
    cr_assert_eq(memcmp(&copies, &zero, sizeof(copies)), 0);
    cr_assert(all_bytes(mem, 10, 0));
}

Test(view, fill_sets_bytes)
{
    unsigned char mem[10] = {0};
    struct leat_view v = view_of(mem, 10);

    MUST(leat_view_fill(v, 3, 4, 0xee));
    cr_assert(all_bytes(mem, 3, 0) && all_bytes(mem + 3, 4, 0xee) &&
              all_bytes(mem + 7, 3, 0));
    MUST(leat_view_fill(v, 10, 0, 1));
    FAILS(LEAT_E_RANGE, leat_view_fill(v, 0, 11, 1));
    FAILS(LEAT_E_RANGE, leat_view_fill(v, 11, 0, 1));
    FAILS(LEAT_E_RANGE, leat_view_fill(v, 1, SIZE_MAX, 1));
    cr_assert(all_bytes(mem, 3, 0));
}

Test(view, writes_have_their_order)
{
    unsigned char mem[32];
    struct leat_view v = view_of(mem, 32);

    memset(mem, 0xa5, sizeof(mem));
    MUST(leat_view_write_u8(v, 1, 0x12));
    MUST(leat_view_write_le16(v, 2, 0x1234));
    MUST(leat_view_write_be16(v, 4, 0x1234));
    MUST(leat_view_write_le32(v, 7, 0x12345678));
    MUST(leat_view_write_be32(v, 11, 0x12345678));
    MUST(leat_view_write_le64(v, 15, 0x123456789abcdef0));
    MUST(leat_view_write_be64(v, 23, 0x123456789abcdef0));
    cr_assert_eq(memcmp(mem,
                        "\xa5\x12\x34\x12\x12\x34\xa5"
                        "\x78\x56\x34\x12\x12\x34\x56\x78"
                        "\xf0\xde\xbc\x9a\x78\x56\x34\x12"
                        "\x12\x34\x56\x78\x9a\xbc\xde\xf0\xa5",
                        32),
                 0);
}

#define WRITE_ENDS(name, bytes, value)                                       \
    do {                                                                     \
        memset(mem, 0, sizeof(mem));                                         \
        MUST(leat_view_write_##name(v, 16 - (bytes), value));                \
        FAILS(LEAT_E_RANGE, leat_view_write_##name(v, 17 - (bytes), value)); \
        FAILS(LEAT_E_RANGE, leat_view_write_##name(v, 16, value));           \
        FAILS(LEAT_E_RANGE, leat_view_write_##name(v, 17, value));           \
        FAILS(LEAT_E_RANGE, leat_view_write_##name(v, SIZE_MAX, value));     \
        cr_assert(all_bytes(mem, 16 - (bytes), 0) && mem[16] == 0);          \
        cr_assert(all_bytes(mem + 16 - (bytes), bytes, 0xff));               \
    } while (0)

Test(view, writes_stay_inside)
{
    unsigned char mem[17];
    struct leat_view v = view_of(mem, 16);

    WRITE_ENDS(u8, 1, 0xff);
    WRITE_ENDS(le16, 2, 0xffff);
    WRITE_ENDS(be16, 2, 0xffff);
    WRITE_ENDS(le32, 4, 0xffffffff);
    WRITE_ENDS(be32, 4, 0xffffffff);
    WRITE_ENDS(le64, 8, UINT64_MAX);
    WRITE_ENDS(be64, 8, UINT64_MAX);
}

Test(view, pages_casts_back)
{
    static _Alignas(4096) unsigned char mem[3 * 4096];
    struct leat_pages p;

    MUST(leat_view_pages(view_of(mem, sizeof(mem)), &p));
    cr_assert(p.base == mem && p.pages == 3);
    MUST(leat_view_pages(view_of(mem + 4096, 4096), &p));
    cr_assert(p.base == mem + 4096 && p.pages == 1);
    MUST(leat_view_pages(view_of(mem, 0), &p));
    cr_assert(p.base == mem && p.pages == 0);
}

Test(view, pages_refuses_what_is_none)
{
    static _Alignas(4096) unsigned char mem[2 * 4096];
    struct leat_pages p = {mark, 77};

    FAILS(LEAT_E_ALIGN, leat_view_pages(view_of(mem + 1, 4096), &p));
    FAILS(LEAT_E_ALIGN, leat_view_pages(view_of(mem + 1, 7), &p));
    FAILS(LEAT_E_ALIGN, leat_view_pages(view_of(mem + 2048, 0), &p));
    FAILS(LEAT_E_LENGTH, leat_view_pages(view_of(mem, 4095), &p));
    FAILS(LEAT_E_LENGTH, leat_view_pages(view_of(mem, 4097), &p));
    FAILS(LEAT_E_STALE, leat_view_pages(nothing, &p));
    FAILS(LEAT_E_INVALID, leat_view_pages(view_of(mem, 4096), NULL));
    cr_assert(p.base == mark && p.pages == 77);
}
