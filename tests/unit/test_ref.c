/* SPDX-License-Identifier: ISC */

/* Refs: the last owner to go gives the chunk back. */

#include "pool_fixture.h"

static size_t owners(struct leat_chunk c)
{
    size_t n = 0;

    MUST(leat_chunk_owners(c, &n));
    return n;
}

static void last_owner(size_t pages, uint32_t flags)
{
    struct leat_ref ref[5] = {{{0}, {0}}};
    struct pool_fixture f;
    struct leat_chunk c;
    struct leat_view v;

    open_static(&f, 8, (struct leat_pool_config){.flags = flags, .threads = 2});
    c = get(f.pool, pages);
    v = leat_chunk_view(c);
    memset(v.data, 0x6b, v.len);
    cr_assert_eq(owners(c), 1);
    for (size_t i = 0; i < 5; i++) {
        MUST(leat_ref_take(c, v, &ref[i]));
        cr_assert_eq(owners(c), i + 2);
    }
    MUST(leat_ref_drop(&ref[4]));
    cr_assert_eq(owners(c), 5);
    MUST(leat_pool_put(f.pool, c));

    /* The handle is used up; the bytes are the refs'. */
    FAILS(LEAT_E_STALE, leat_chunk_check(c));
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, c));
    FAILS(LEAT_E_STALE, leat_ref_take(c, v, &ref[4]));
    cr_assert_null(leat_chunk_view(c).data);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(stats_of(f.pool).pages_out, pages);
        assert_sound(f.pool);
        cr_assert(all_bytes(leat_ref_view(&ref[i]).data, v.len, 0x6b));
        MUST(leat_ref_drop(&ref[i]));
        FAILS(LEAT_E_STALE, leat_ref_drop(&ref[i]));
    }
    cr_assert_eq(stats_of(f.pool).pages_out, 0);
    cr_assert_eq(stats_of(f.pool).puts, stats_of(f.pool).gets);
    MUST(leat_pool_put(f.pool, get(f.pool, 8)));
    close_pool(&f);
}

Test(ref, last_owner)
{
    static const uint32_t flags[] = {0, LEAT_POOL_EXACT, LEAT_POOL_TRACK};

    for (size_t i = 0; i < COUNT(flags); i++) {
        last_owner(1, flags[i]);
        last_owner(2, flags[i]);
        last_owner(8, flags[i]);
    }
}

/* The other order: refs go first, then the handle. */
Test(ref, handle_last)
{
    struct leat_ref ref = {0};
    struct pool_fixture f;
    struct leat_chunk c;

    open_static(&f, 1, (struct leat_pool_config){0});
    for (int i = 0; i < 100; i++) {
        c = get(f.pool, 1);
        MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
        MUST(leat_ref_drop(&ref));
        cr_assert_eq(owners(c), 1);
        MUST(leat_chunk_check(c));
        MUST(leat_pool_put(f.pool, c));
    }
    close_pool(&f);
}

/* A ref's window is inside the chunk, and a slice's inside the window. */
Test(ref, windows)
{
    struct leat_ref ref = {0}, part = {0}, none = {0};
    struct leat_view v, out;
    struct pool_fixture f;
    struct leat_chunk c, next;

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 2);
    next = get(f.pool, 2);
    v = leat_chunk_view(c);
    FAILS(LEAT_E_RANGE, leat_ref_take(c, leat_chunk_view(next), &ref));
    out = (struct leat_view){v.data, v.len + 1};
    FAILS(LEAT_E_RANGE, leat_ref_take(c, out, &ref));
    out = (struct leat_view){v.data + 5, v.len};
    FAILS(LEAT_E_RANGE, leat_ref_take(c, out, &ref));
    out = (struct leat_view){v.data - 1, 2};
    FAILS(LEAT_E_RANGE, leat_ref_take(c, out, &ref));
    out = (struct leat_view){v.data + 1, SIZE_MAX};
    FAILS(LEAT_E_RANGE, leat_ref_take(c, out, &ref));
    cr_assert_null(ref.chunk.pool);
    cr_assert_eq(owners(c), 1, "a failed take counts nothing");

    MUST(leat_view_slice(v, 100, 200, &out));
    MUST(leat_ref_take(c, out, &ref));
    cr_assert_eq(leat_ref_view(&ref).data, v.data + 100);
    cr_assert_eq(leat_ref_view(&ref).len, 200);
    FAILS(LEAT_E_RANGE, leat_ref_slice(&ref, 0, 201, &part));
    FAILS(LEAT_E_RANGE, leat_ref_slice(&ref, 201, 0, &part));
    FAILS(LEAT_E_RANGE, leat_ref_slice(&ref, 100, SIZE_MAX - 50, &part));
    FAILS(LEAT_E_STALE, leat_ref_slice(&none, 0, 0, &part));
    MUST(leat_ref_slice(&ref, 199, 1, &part));
    cr_assert_eq(leat_ref_view(&part).data, v.data + 299);
    cr_assert_eq(owners(c), 3);
    MUST(leat_ref_drop(&ref));
    MUST(leat_ref_drop(&part));
    MUST(leat_pool_put(f.pool, c));
    MUST(leat_pool_put(f.pool, next));
    close_pool(&f);
}

Test(ref, moves)
{
    struct leat_ref a = {0}, b = {0}, other = {0};
    struct pool_fixture f;
    struct leat_chunk c;

    open_static(&f, 2, (struct leat_pool_config){0});
    FAILS(LEAT_E_STALE, leat_ref_move(&a, &b));
    FAILS(LEAT_E_STALE, leat_ref_drop(&a));
    c = get(f.pool, 1);
    MUST(leat_ref_take(c, leat_chunk_view(c), &a));
    MUST(leat_ref_take(c, leat_chunk_view(c), &other));
    FAILS(LEAT_E_STATE, leat_ref_move(&a, &other));
    MUST(leat_ref_move(&a, &b));
    cr_assert_eq(owners(c), 3, "a move counts nothing");
    cr_assert_null(a.chunk.pool);
    FAILS(LEAT_E_STALE, leat_ref_drop(&a));
    FAILS(LEAT_E_STALE, leat_ref_move(&a, &b));
    cr_assert_eq(leat_ref_view(&b).data, bytes_of(c));
    MUST(leat_ref_drop(&b));
    MUST(leat_ref_drop(&other));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

/* A copy that nobody counted is found once the chunk has gone back. */
Test(ref, uncounted_copy_is_found)
{
    struct leat_ref ref = {0}, copy, more = {0};
    struct pool_fixture f;
    struct leat_chunk c;

    open_static(&f, 1, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    MUST(leat_pool_put(f.pool, c));
    copy = ref;
    MUST(leat_ref_drop(&ref));
    FAILS(LEAT_E_STALE, leat_ref_slice(&copy, 0, 1, &more));
    FAILS(LEAT_E_STALE, leat_ref_drop(&copy));
    c = get(f.pool, 1);
    FAILS(LEAT_E_STALE, leat_ref_drop(&copy));
    MUST(leat_chunk_check(c));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}
