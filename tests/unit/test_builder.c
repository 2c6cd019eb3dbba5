/* SPDX-License-Identifier: ISC */

#include "pool_fixture.h"

static unsigned char mark[1];
#define UNTOUCHED(v) cr_assert((v).data == mark && (v).len == 77)
#define MARKED   \
    {            \
        mark, 77 \
    }

static void assert_rooms(const struct leat_builder *b, size_t head, size_t len,
                         size_t tail)
{
    struct leat_view v = leat_builder_view(b);

    cr_assert_eq(leat_builder_headroom(b), head);
    cr_assert_eq(leat_builder_len(b), len);
    cr_assert_eq(leat_builder_tailroom(b), tail);
    cr_assert_eq(v.data, b->room.data + head);
    cr_assert_eq(v.len, len);
}

Test(builder, starts_empty)
{
    unsigned char mem[100];
    struct leat_view room = {mem, 100};
    struct leat_builder b;

    MUST(leat_builder_init(&b, room, 0));
    assert_rooms(&b, 0, 0, 100);
    MUST(leat_builder_init(&b, room, 64));
    assert_rooms(&b, 64, 0, 36);
    MUST(leat_builder_init(&b, room, 100));
    assert_rooms(&b, 100, 0, 0);
    room.len = 0;
    MUST(leat_builder_init(&b, room, 0));
    assert_rooms(&b, 0, 0, 0);
}

Test(builder, init_refuses)
{
    unsigned char mem[100];
    struct leat_view room = {mem, 100}, nothing = {NULL, 0};
    struct leat_builder b, was;

    memset(&b, 0xa5, sizeof(b));
    was = b;
    FAILS(LEAT_E_RANGE, leat_builder_init(&b, room, 101));
    FAILS(LEAT_E_RANGE, leat_builder_init(&b, room, SIZE_MAX));
    FAILS(LEAT_E_STALE, leat_builder_init(&b, nothing, 0));
    FAILS(LEAT_E_STALE, leat_builder_init(&b, nothing, 1));
    FAILS(LEAT_E_INVALID, leat_builder_init(NULL, room, 0));
    cr_assert_eq(memcmp(&b, &was, sizeof(b)), 0);
}

Test(builder, a_frame_is_built_in_place)
{
    unsigned char mem[100] = {0};
    struct leat_view room = {mem, 100}, part;
    struct leat_builder b;

    MUST(leat_builder_init(&b, room, 14));
    MUST(leat_builder_append(&b, 7, &part));
    cr_assert(part.data == mem + 14 && part.len == 7);
    memcpy(part.data, "payload", 7);
    MUST(leat_builder_append(&b, 3, &part));
    cr_assert(part.data == mem + 21 && part.len == 3);
    memcpy(part.data, "end", 3);
    MUST(leat_builder_prepend(&b, 4, &part));
    cr_assert(part.data == mem + 10 && part.len == 4);
    memcpy(part.data, "head", 4);
    assert_rooms(&b, 10, 14, 76);
    cr_assert_eq(memcmp(leat_builder_view(&b).data, "headpayloadend", 14), 0);
}

Test(builder, grows_up_to_both_ends)
{
    unsigned char mem[10];
    struct leat_view room = {mem, 10}, part = MARKED;
    struct leat_builder b;

    MUST(leat_builder_init(&b, room, 4));
    FAILS(LEAT_E_RANGE, leat_builder_prepend(&b, 5, &part));
    FAILS(LEAT_E_RANGE, leat_builder_prepend(&b, SIZE_MAX, &part));
    FAILS(LEAT_E_RANGE, leat_builder_append(&b, 7, &part));
    FAILS(LEAT_E_RANGE, leat_builder_append(&b, SIZE_MAX, &part));
    UNTOUCHED(part);
    assert_rooms(&b, 4, 0, 6);
    MUST(leat_builder_prepend(&b, 4, &part));
    cr_assert(part.data == mem && part.len == 4);
    MUST(leat_builder_append(&b, 6, &part));
    cr_assert(part.data == mem + 4 && part.len == 6);
    assert_rooms(&b, 0, 10, 0);
    FAILS(LEAT_E_RANGE, leat_builder_prepend(&b, 1, &part));
    FAILS(LEAT_E_RANGE, leat_builder_append(&b, 1, &part));
    MUST(leat_builder_prepend(&b, 0, &part));
    cr_assert(part.data == mem && part.len == 0);
    MUST(leat_builder_append(&b, 0, &part));
    cr_assert(part.data == mem + 10 && part.len == 0);
}

Test(builder, trims_both_ends)
{
    unsigned char mem[10];
    struct leat_view room = {mem, 10}, part;
    struct leat_builder b;

    MUST(leat_builder_init(&b, room, 2));
    MUST(leat_builder_append(&b, 6, &part));
    FAILS(LEAT_E_RANGE, leat_builder_trim_front(&b, 7));
    FAILS(LEAT_E_RANGE, leat_builder_trim_end(&b, 7));
    FAILS(LEAT_E_RANGE, leat_builder_trim_front(&b, SIZE_MAX));
    FAILS(LEAT_E_RANGE, leat_builder_trim_end(&b, SIZE_MAX));
    assert_rooms(&b, 2, 6, 2);
    MUST(leat_builder_trim_front(&b, 1));
    assert_rooms(&b, 3, 5, 2);
    MUST(leat_builder_trim_end(&b, 2));
    assert_rooms(&b, 3, 3, 4);
    MUST(leat_builder_trim_end(&b, 0));
    MUST(leat_builder_trim_front(&b, 3));
    assert_rooms(&b, 6, 0, 4);

    /* What was trimmed can be built anew. */
    MUST(leat_builder_prepend(&b, 6, &part));
    cr_assert(part.data == mem && part.len == 6);
}

Test(builder, null_is_refused)
{
    unsigned char mem[10];
    struct leat_view room = {mem, 10}, part = MARKED;
    struct leat_builder b;

    MUST(leat_builder_init(&b, room, 5));
    FAILS(LEAT_E_INVALID, leat_builder_prepend(&b, 1, NULL));
    FAILS(LEAT_E_INVALID, leat_builder_append(&b, 1, NULL));
    FAILS(LEAT_E_INVALID, leat_builder_prepend(NULL, 1, &part));
    FAILS(LEAT_E_INVALID, leat_builder_append(NULL, 1, &part));
    FAILS(LEAT_E_INVALID, leat_builder_trim_front(NULL, 0));
    FAILS(LEAT_E_INVALID, leat_builder_trim_end(NULL, 0));
    UNTOUCHED(part);
    assert_rooms(&b, 5, 0, 5);
}
