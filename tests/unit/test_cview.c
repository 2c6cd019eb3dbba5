/* SPDX-License-Identifier: ISC */

#include "pool_fixture.h"

static const struct leat_cview nothing = {NULL, 0};

static struct leat_cview view_of(const void *data, size_t len)
{
    struct leat_cview v;

    MUST(leat_cview_of(data, len, &v));
    return v;
}

static const unsigned char mark[1];
#define UNTOUCHED(v) cr_assert((v).data == mark && (v).len == 77)
#define MARKED   \
    {            \
        mark, 77 \
    }

static const char text[] = "0123456789";

Test(cview, of_names_memory)
{
    struct leat_cview v = MARKED;

    FAILS(LEAT_E_INVALID, leat_cview_of(NULL, 0, &v));
    FAILS(LEAT_E_INVALID, leat_cview_of(text, 1, NULL));
    FAILS(LEAT_E_OVERFLOW, leat_cview_of(text, SIZE_MAX, &v));
    UNTOUCHED(v);
    MUST(leat_cview_of(text, 10, &v));
    cr_assert(v.data == (const unsigned char *)text && v.len == 10);
}

Test(cview, slice_narrows_and_never_widens)
{
    struct leat_cview v = view_of(text, 10), out = MARKED;

    FAILS(LEAT_E_RANGE, leat_cview_slice(v, 0, 11, &out));
    FAILS(LEAT_E_RANGE, leat_cview_slice(v, 11, 0, &out));
    FAILS(LEAT_E_RANGE, leat_cview_slice(v, 1, SIZE_MAX, &out));
    FAILS(LEAT_E_RANGE, leat_cview_slice(v, SIZE_MAX, 2, &out));
    FAILS(LEAT_E_STALE, leat_cview_slice(nothing, 0, 1, &out));
    FAILS(LEAT_E_INVALID, leat_cview_slice(v, 0, 1, NULL));
    UNTOUCHED(out);
    MUST(leat_cview_slice(v, 3, 4, &out));
    cr_assert(out.data == v.data + 3 && out.len == 4);
    MUST(leat_cview_slice(v, 10, 0, &out));
    cr_assert(out.data == v.data + 10 && out.len == 0);
    MUST(leat_cview_slice(nothing, 0, 0, &out));
    cr_assert(!out.data && !out.len);
}

Test(cview, shift_drops_the_first_bytes)
{
    struct leat_cview v = view_of(text, 10);

    MUST(leat_cview_shift(&v, 4));
    cr_assert(*v.data == '4' && v.len == 6);
    FAILS(LEAT_E_RANGE, leat_cview_shift(&v, 7));
    FAILS(LEAT_E_RANGE, leat_cview_shift(&v, SIZE_MAX));
    FAILS(LEAT_E_INVALID, leat_cview_shift(NULL, 0));
    cr_assert(*v.data == '4' && v.len == 6);
    MUST(leat_cview_shift(&v, 6));
    cr_assert_eq(v.len, 0);
    v = nothing;
    FAILS(LEAT_E_STALE, leat_cview_shift(&v, 1));
}

Test(cview, split_and_join_are_inverse)
{
    struct leat_cview v = view_of(text, 10), head, tail, out;

    for (size_t at = 0; at <= 10; at++) {
        MUST(leat_cview_split(v, at, &head, &tail));
        cr_assert(head.data == v.data && head.len == at);
        cr_assert(tail.data == v.data + at && tail.len == 10 - at);
        MUST(leat_cview_join(head, tail, &out));
        cr_assert(out.data == v.data && out.len == 10);
    }
    MUST(leat_cview_split(v, 4, NULL, NULL));
}

Test(cview, split_and_join_refuse)
{
    struct leat_cview v = view_of(text, 4), w = view_of(text + 5, 5);
    struct leat_cview head = MARKED, tail = MARKED, top;

    FAILS(LEAT_E_RANGE, leat_cview_split(v, 5, &head, &tail));
    FAILS(LEAT_E_STALE, leat_cview_split(nothing, 5, &head, &tail));
    FAILS(LEAT_E_ADJACENT, leat_cview_join(v, w, &head));
    FAILS(LEAT_E_ADJACENT, leat_cview_join(w, v, &head));
    FAILS(LEAT_E_STALE, leat_cview_join(v, nothing, &head));
    FAILS(LEAT_E_STALE, leat_cview_join(nothing, v, &head));
    FAILS(LEAT_E_INVALID, leat_cview_join(v, w, NULL));
    top.data = v.data + 4;
    top.len = SIZE_MAX - 3;
    FAILS(LEAT_E_OVERFLOW, leat_cview_join(v, top, &head));
    UNTOUCHED(head);
    UNTOUCHED(tail);
}

Test(cview, copy_out_copies_and_counts)
{
    struct leat_copies copies = {0};
    unsigned char out[10] = {0};

    MUST(leat_cview_copy_out(view_of(text, 10), 4, out, 3, &copies));
    cr_assert_eq(memcmp(out, "456\0", 4), 0);
    MUST(leat_cview_copy_out(view_of(text, 10), 10, NULL, 0, &copies));
    MUST(leat_cview_copy_out(nothing, 0, out, 0, &copies));
    cr_assert_eq(copies.count[LEAT_WHY_OUT], 3);
    cr_assert_eq(copies.bytes[LEAT_WHY_OUT], 3);
    cr_assert_eq(leat_copies_bytes(&copies), 3);
}

Test(cview, copy_out_may_overlap)
{
    struct leat_copies copies = {0};
    unsigned char mem[] = "0123456789";

    MUST(leat_cview_copy_out(view_of(mem, 10), 0, mem + 2, 8, &copies));
    cr_assert_eq(memcmp(mem, "0101234567", 10), 0);
}

Test(cview, copy_out_refuses_and_counts_nothing)
{
    struct leat_copies copies = {0}, zero = {0};
    struct leat_cview v = view_of(text, 10);
    unsigned char out[20] = {0};

    FAILS(LEAT_E_RANGE, leat_cview_copy_out(v, 0, out, 11, &copies));
    FAILS(LEAT_E_RANGE, leat_cview_copy_out(v, 11, out, 0, &copies));
    FAILS(LEAT_E_RANGE, leat_cview_copy_out(v, 9, out, SIZE_MAX, &copies));
    FAILS(LEAT_E_STALE, leat_cview_copy_out(nothing, 0, out, 1, &copies));
    FAILS(LEAT_E_INVALID, leat_cview_copy_out(v, 0, NULL, 1, &copies));
    FAILS(LEAT_E_INVALID, leat_cview_copy_out(v, 0, out, 1, NULL));
    cr_assert_eq(memcmp(&copies, &zero, sizeof(copies)), 0);
    cr_assert(all_bytes(out, sizeof(out), 0));
}

static int compare(const char *a, const char *b)
{
    int order = 77;

    MUST(leat_cview_compare(view_of(a, strlen(a)), view_of(b, strlen(b)),
                            &order));
    return order;
}

Test(cview, compare_orders)
{
    cr_assert_eq(compare("", ""), 0);
    cr_assert_eq(compare("abc", "abc"), 0);
    cr_assert_eq(compare("abc", "abd"), -1);
    cr_assert_eq(compare("abd", "abc"), 1);
    cr_assert_eq(compare("ab", "abc"), -1);
    cr_assert_eq(compare("abc", "ab"), 1);
    cr_assert_eq(compare("b", "abc"), 1);
    cr_assert_eq(compare("", "a"), -1);
    cr_assert_eq(compare("\xff", "\x01"), 1, "bytes have no sign");
}

Test(cview, compare_refuses_the_void_view)
{
    int order = 77;

    FAILS(LEAT_E_STALE, leat_cview_compare(nothing, view_of(text, 1), &order));
    FAILS(LEAT_E_STALE, leat_cview_compare(view_of(text, 1), nothing, &order));
    FAILS(LEAT_E_STALE, leat_cview_compare(nothing, nothing, &order));
    FAILS(LEAT_E_INVALID,
          leat_cview_compare(view_of(text, 1), view_of(text, 1), NULL));
    cr_assert_eq(order, 77);
}

static const unsigned char bytes[] = {0xf1, 0xe2, 0xd3, 0xc4, 0xb5,
                                      0xa6, 0x97, 0x88, 0x79};

#define READS(type, name, off, value)                              \
    do {                                                           \
        type x_ = 0;                                               \
        MUST(leat_cview_read_##name(view_of(bytes, 9), off, &x_)); \
        cr_assert_eq(x_, value);                                   \
    } while (0)

Test(cview, reads_have_their_order)
{
    for (size_t i = 0; i < sizeof(bytes); i++)
        READS(uint8_t, u8, i, bytes[i]);
    READS(uint16_t, le16, 1, 0xd3e2);
    READS(uint16_t, be16, 1, 0xe2d3);
    READS(uint32_t, le32, 1, 0xb5c4d3e2);
    READS(uint32_t, be32, 1, 0xe2d3c4b5);
    READS(uint64_t, le64, 0, 0x8897a6b5c4d3e2f1);
    READS(uint64_t, be64, 0, 0xf1e2d3c4b5a69788);
    READS(uint64_t, le64, 1, 0x798897a6b5c4d3e2);
    READS(uint64_t, be64, 1, 0xe2d3c4b5a6978879);
}

#define READ_ENDS(type, name)                                          \
    do {                                                               \
        type x_ = 77;                                                  \
        size_t end_ = 9 - sizeof(x_);                                  \
        FAILS(LEAT_E_RANGE, leat_cview_read_##name(v, end_ + 1, &x_)); \
        FAILS(LEAT_E_RANGE, leat_cview_read_##name(v, 9, &x_));        \
        FAILS(LEAT_E_RANGE, leat_cview_read_##name(v, 10, &x_));       \
        FAILS(LEAT_E_RANGE, leat_cview_read_##name(v, SIZE_MAX, &x_)); \
        FAILS(LEAT_E_STALE, leat_cview_read_##name(nothing, 0, &x_));  \
        FAILS(LEAT_E_INVALID, leat_cview_read_##name(v, 0, NULL));     \
        cr_assert_eq(x_, 77);                                          \
        MUST(leat_cview_read_##name(v, end_, &x_));                    \
    } while (0)

Test(cview, reads_stay_inside)
{
    struct leat_cview v = view_of(bytes, 9);

    READ_ENDS(uint8_t, u8);
    READ_ENDS(uint16_t, le16);
    READ_ENDS(uint16_t, be16);
    READ_ENDS(uint32_t, le32);
    READ_ENDS(uint32_t, be32);
    READ_ENDS(uint64_t, le64);
    READ_ENDS(uint64_t, be64);
}

Test(cview, reads_give_what_was_written)
{
    unsigned char mem[9];
    struct leat_view w = {mem, sizeof(mem)};
    struct leat_cview v = leat_view_const(w);
    uint16_t x16;
    uint32_t x32;
    uint64_t x64;

    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t x = (uint64_t)1 << bit;

        MUST(leat_view_write_le64(w, 1, x));
        MUST(leat_cview_read_le64(v, 1, &x64));
        cr_assert_eq(x64, x);
        MUST(leat_view_write_be64(w, 1, x));
        MUST(leat_cview_read_be64(v, 1, &x64));
        cr_assert_eq(x64, x);
        MUST(leat_view_write_be32(w, 3, (uint32_t)x));
        MUST(leat_cview_read_be32(v, 3, &x32));
        cr_assert_eq(x32, (uint32_t)x);
        MUST(leat_view_write_be16(w, 5, (uint16_t)x));
        MUST(leat_cview_read_be16(v, 5, &x16));
        cr_assert_eq(x16, (uint16_t)x);
    }
}
