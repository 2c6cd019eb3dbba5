/* SPDX-License-Identifier: ISC */

/* Owner tags and ages, and colours. */

#include "pool_fixture.h"

static uint64_t clock_now;

static uint64_t now_ns(void *self)
{
    cr_assert_eq(self, &clock_now);
    return clock_now;
}

static const struct leat_port port = {.now_ns = now_ns, .self = &clock_now};

static int last(void *arg, const struct leat_out *out)
{
    *(struct leat_out *)arg = *out;
    return 0;
}

static void tags_and_ages(uint32_t flags)
{
    struct leat_out out;
    struct pool_fixture f;
    struct leat_chunk c;

    clock_now = 1000;
    open_static(
        &f, 8,
        (struct leat_pool_config){.flags = flags, .port = &port, .threads = 2});
    for (uint64_t life = 1; life < 4; life++) {
        c = get(f.pool, 4);
        clock_now += 50;
        MUST(leat_pool_each_out(f.pool, last, &out));
        cr_assert(out.tracked);
        cr_assert_eq(out.tag, 0, "a new owner has no tag");
        cr_assert_eq(out.age_ns, 50);
        MUST(leat_chunk_tag(c, UINT64_MAX - life));
        clock_now += life;
        MUST(leat_pool_each_out(f.pool, last, &out));
        cr_assert_eq(out.tag, UINT64_MAX - life);
        cr_assert_eq(out.age_ns, 50 + life);
        MUST(leat_pool_put(f.pool, c));
        FAILS(LEAT_E_STALE, leat_chunk_tag(c, 1));
        clock_now += 1000000;
    }

    /* One page, by the fast way where there is one. */
    c = get(f.pool, 1);
    clock_now += 3;
    MUST(leat_chunk_tag(c, 42));
    MUST(leat_pool_put(f.pool, c));
    clock_now += 4;
    c = get(f.pool, 1);
    clock_now += 5;
    MUST(leat_pool_each_out(f.pool, last, &out));
    cr_assert_eq(out.tag, 0);
    cr_assert_eq(out.age_ns, 5);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(track, tags_and_ages)
{
    tags_and_ages(LEAT_POOL_TRACK);
}

Test(track, tags_and_ages_exact)
{
    tags_and_ages(LEAT_POOL_TRACK | LEAT_POOL_EXACT);
}

Test(track, the_library_has_a_clock)
{
    struct leat_out out = {.age_ns = UINT64_MAX};
    struct pool_fixture f;
    struct leat_chunk c;

    open_static(&f, 2, (struct leat_pool_config){.flags = LEAT_POOL_TRACK});
    c = get(f.pool, 1);
    usleep(2000);
    MUST(leat_pool_each_out(f.pool, last, &out));
    cr_assert_geq(out.age_ns, 2000000);
    cr_assert_lt(out.age_ns, 600000000000u);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(track, not_asked_for)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct leat_out out;

    open_static(&f, 2, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    FAILS(LEAT_E_UNSUPPORTED, leat_chunk_tag(c, 5));
    MUST(leat_pool_each_out(f.pool, last, &out));
    cr_assert_not(out.tracked);
    cr_assert_eq(out.tag, 0);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

/*
 * What tracking costs: 16 more bytes a page number, of which there are up to
 * twice as many as pages, and a slab's more.
 */
Test(track, sixteen_bytes_a_page)
{
    /* Only the size is asked for: nothing looks into the arena. */
    struct leat_static_arena arena = {.base = &clock_now,
                                      .bytes = (PAGE << 16) + PAGE};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    size_t plain, tracked;

    MUST(leat_pool_meta_size(&config, &plain));
    config.flags = LEAT_POOL_TRACK;
    MUST(leat_pool_meta_size(&config, &tracked));
    cr_assert_geq(tracked - plain, 16u << 16);
    cr_assert_leq(tracked - plain, 2 * (16u << 16) + 16 * 1024);
}

Test(colour, differs_from_page_to_page)
{
    bool seen[64] = {false};
    struct leat_chunk c[64];
    struct pool_fixture f;
    size_t colours = 0, before = SIZE_MAX;

    open_static(&f, 64, (struct leat_pool_config){0});
    MUST(leat_pool_get_bulk(f.pool, c, 64));
    for (size_t page = 0; page < 64; page++) {
        struct leat_chunk found;
        struct leat_view v, again;
        size_t off;

        MUST(leat_chunk_find(f.pool, f.base + page * PAGE, &found));
        MUST(leat_chunk_view_coloured(found, 64, &v));
        MUST(leat_chunk_view_coloured(found, 64, &again));
        cr_assert_eq(v.data, again.data);
        cr_assert_eq(v.len, 64);
        off = (size_t)(v.data - bytes_of(found));
        cr_assert_eq(off % 64, 0);
        cr_assert_leq(off, PAGE - 64);
        cr_assert_neq(off, before, "pages %zu and %zu", page - 1, page);
        before = off;
        colours += !seen[off / 64];
        seen[off / 64] = true;
    }
    cr_assert_geq(colours, 8);
    MUST(leat_pool_put_bulk(f.pool, c, 64, NULL));
    close_pool(&f);
}

Test(colour, every_length_stays_inside)
{
    struct leat_view v = {NULL, 1};
    struct leat_chunk c[4];
    struct pool_fixture f;

    open_static(&f, 8, (struct leat_pool_config){0});
    MUST(leat_pool_get_bulk(f.pool, c, 3));
    c[3] = get(f.pool, 2);
    for (size_t i = 0; i < 4; i++) {
        size_t len = leat_chunk_view(c[i]).len;

        for (size_t n = 0; n <= len; n += n + 70 < len ? 61 : 1) {
            MUST(leat_chunk_view_coloured(c[i], n, &v));
            cr_assert_eq(v.len, n);
            cr_assert_eq((uintptr_t)v.data % 64, 0);
            cr_assert(v.data >= bytes_of(c[i]) &&
                      v.data + n <= bytes_of(c[i]) + len);
            if (n > len - 64)
                cr_assert_eq(v.data, bytes_of(c[i]));
        }
        FAILS(LEAT_E_RANGE, leat_chunk_view_coloured(c[i], len + 1, &v));
        FAILS(LEAT_E_RANGE, leat_chunk_view_coloured(c[i], SIZE_MAX, &v));
    }
    MUST(leat_pool_put_bulk(f.pool, c, 4, NULL));
    close_pool(&f);
}
