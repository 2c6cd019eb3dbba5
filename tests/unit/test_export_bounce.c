/* SPDX-License-Identifier: ISC */

/* What is bounced, why, and where to. */

#include "export_fixture.h"

/* ------------------------------------------------------------------- bounces */

Test(export_bounce, one_offender_is_one_copy)
{
    struct leat_view views[] = {at(0, 512), at(4097, 1024), at(8192, 512)};
    struct leat_constraint need = {.align = 512, .multiple = 512};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    MUST(leat_export(views, 3, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 3);
    assert_seg(&d, 0, mem, 512);
    assert_seg(&d, 2, mem + 8192, 512);
    cr_assert(bounced(&d, 1) && d.segs[1].len == 1024);
    cr_assert_eq((uintptr_t)d.segs[1].data % 512, 0);
    cr_assert_eq(memcmp(d.segs[1].data, mem + 4097, 1024), 0);
    cr_assert(d.ex.why == LEAT_WHY_ADDRESS && d.ex.index == 1);
    cr_assert(d.ex.bounced_views == 1 && d.ex.bounced_bytes == 1024);
    cr_assert_eq(count(&d, LEAT_WHY_ADDRESS), 1);
    cr_assert_eq(bytes(&d, LEAT_WHY_ADDRESS), 1024);
    cr_assert_eq(all_copied(&d), 1024);
    cr_assert_eq(pages_out(&d), 1);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert_eq(all_copied(&d), 1024, "nothing comes home");
    close_dock(&d);
}

Test(export_bounce, lengths_are_filled_up)
{
    struct leat_view views[] = {at(0, 2047), at(4096, 2049)};
    struct leat_constraint need;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    leat_constraint_page(&need);
    MUST(leat_export(views, 2, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 1);
    cr_assert(bounced(&d, 0) && d.segs[0].len == 4096);
    cr_assert_eq((uintptr_t)d.segs[0].data % 4096, 0);
    cr_assert_eq(memcmp(d.segs[0].data, mem, 2047), 0);
    cr_assert_eq(memcmp(d.segs[0].data + 2047, mem + 4096, 2049), 0);
    cr_assert_eq(count(&d, LEAT_WHY_LENGTH), 2);
    cr_assert_eq(bytes(&d, LEAT_WHY_LENGTH), 4096);
    cr_assert(d.ex.bounced_views == 2 && d.ex.bounced_bytes == 4096);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export_bounce, as_few_views_as_do_are_bounced)
{
    struct leat_view views[] = {
        at(0, 512),    at(512, 100),   at(1024, 412), /* 1 and 2 fill up */
        at(2048, 512), at(4096, 1000), at(8192, 512), /* 4, 5 and 6 do   */
        at(9216, 24),  at(9728, 512),
    };
    struct leat_constraint need = {.align = 512, .multiple = 512};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    MUST(leat_export(views, 8, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 5);
    assert_seg(&d, 0, mem, 512);
    cr_assert(bounced(&d, 1) && d.segs[1].len == 512);
    assert_seg(&d, 2, mem + 2048, 512);
    cr_assert(bounced(&d, 3) && d.segs[3].len == 1536);
    assert_seg(&d, 4, mem + 9728, 512);
    cr_assert_eq(memcmp(d.segs[3].data + 1000, mem + 8192, 512), 0);
    cr_assert_eq(count(&d, LEAT_WHY_LENGTH), 5);
    cr_assert_eq(all_copied(&d), 512 + 1536);
    cr_assert(d.ex.why == LEAT_WHY_LENGTH && d.ex.index == 1);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export_bounce, each_view_has_its_own_reason)
{
    /* ADDRESS, then LENGTH, which 2 fills though its address is bad as well. */
    struct leat_view views[] = {at(1, 512), at(4096, 500), at(8193, 12),
                                at(12288, 512)};
    struct leat_constraint need = {.align = 512, .multiple = 512};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    MUST(leat_export(views, 4, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 2, "bounces in a row are one segment");
    cr_assert_eq(count(&d, LEAT_WHY_ADDRESS), 2);
    cr_assert_eq(bytes(&d, LEAT_WHY_ADDRESS), 524);
    cr_assert_eq(count(&d, LEAT_WHY_LENGTH), 1);
    cr_assert_eq(bytes(&d, LEAT_WHY_LENGTH), 500);
    cr_assert(d.ex.why == LEAT_WHY_ADDRESS && d.ex.index == 0);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export_bounce, a_total_that_does_not_add_up)
{
    struct leat_view views[] = {at(0, 100),    at(512, 412), at(1024, 512),
                                at(2048, 100), at(3072, 0),  at(4096, 411)};
    struct leat_constraint need = {.multiple = 512};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    fails(&d, LEAT_E_LENGTH, LEAT_WHY_LENGTH, 3, views, 6, &need, LEAT_BOUNCE);
    fails(&d, LEAT_E_LENGTH, LEAT_WHY_LENGTH, 3, views, 6, &need, LEAT_COPY);
    fails(&d, LEAT_E_LENGTH, LEAT_WHY_LENGTH, 3, views, 4, &need, LEAT_BOUNCE);
    fails(&d, LEAT_E_LENGTH, LEAT_WHY_LENGTH, 0, views, 1, &need, LEAT_BOUNCE);
    views[5].len = 412;
    MUST(leat_export(views, 6, &need, LEAT_BOUNCE, &d.ex));
    MUST(leat_export_end(&d.ex, 0));
    close_dock(&d);
}

Test(export_bounce, the_last_views_are_copied_when_there_are_too_many)
{
    struct leat_view views[10];
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    for (size_t i = 0; i < 10; i++)
        views[i] = at(i * 1024, 100 + i);
    for (size_t limit = 1; limit <= 10; limit++) {
        struct leat_constraint need = {.segments = limit};
        uint64_t n = count(&d, LEAT_WHY_SEGMENTS);

        MUST(leat_export(views, 10, &need, LEAT_BOUNCE, &d.ex));
        cr_assert_eq(d.ex.nsegs, limit);
        for (size_t i = 0; i + 1 < limit; i++)
            assert_seg(&d, i, views[i].data, views[i].len);
        if (limit < 10) {
            cr_assert(bounced(&d, limit - 1));
            cr_assert_eq(d.ex.bounced_views, 11 - limit);
            cr_assert_eq(d.ex.why, LEAT_WHY_SEGMENTS);
            cr_assert_eq(d.ex.index, limit - 1);
        }
        cr_assert_eq(count(&d, LEAT_WHY_SEGMENTS) - n,
                     limit < 10 ? 11 - limit : 0);
        MUST(leat_export_end(&d.ex, SIZE_MAX));
    }
    close_dock(&d);
}

Test(export_bounce, other_reasons_stay_when_there_are_too_many)
{
    struct leat_view views[] = {at(0, 512), at(1025, 512), at(2048, 512),
                                at(3072, 512)};
    struct leat_constraint need = {.align = 512, .segments = 3};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    /* To copy only the last one would not do; to copy 2 and 3 joins them to 1. */
    MUST(leat_export(views, 4, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 2);
    assert_seg(&d, 0, mem, 512);
    cr_assert_eq(d.ex.index, 1);
    cr_assert_eq(d.ex.why, LEAT_WHY_ADDRESS);
    cr_assert_eq(count(&d, LEAT_WHY_ADDRESS), 1);
    cr_assert_eq(count(&d, LEAT_WHY_SEGMENTS), 2);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export_bounce, copy_copies_all)
{
    struct leat_view views[] = {at(0, 4096), at(4097, 100)};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    MUST(leat_export(views, 2, &anything, LEAT_COPY, &d.ex));
    cr_assert_eq(d.ex.nsegs, 1);
    cr_assert(bounced(&d, 0) && d.segs[0].len == 4196);
    cr_assert_eq(memcmp(d.segs[0].data, mem, 4096), 0);
    cr_assert_eq(memcmp(d.segs[0].data + 4096, mem + 4097, 100), 0);
    memset(mem, 0, 8192);
    cr_assert_neq(d.segs[0].data[1], 0);
    cr_assert_eq(count(&d, LEAT_WHY_POLICY), 2);
    cr_assert_eq(bytes(&d, LEAT_WHY_POLICY), 4196);
    cr_assert_eq(all_copied(&d), 4196);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export_bounce, a_view_over_two_segments_is_one_copy)
{
    struct leat_view views[] = {at(1, 8192)};
    struct leat_constraint need;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    leat_constraint_page(&need);
    MUST(leat_export(views, 1, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 2);
    cr_assert_eq(count(&d, LEAT_WHY_ADDRESS), 1);
    cr_assert_eq(bytes(&d, LEAT_WHY_ADDRESS), 8192);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

/* -------------------------------------------------------- peers and directions */

Test(export_bounce, memory_of_another_pool_is_bounced_or_refused)
{
    struct leat_view views[3];
    struct leat_chunk c;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){.peer = 8});
    c = get(d.f.pool, 1);
    views[0] = leat_chunk_view(c);
    views[1] = at(0, 4096);
    views[2] = views[0];
    d.ex.owner = d.f.pool;
    FAILS(LEAT_E_PEER, leat_export(views, 3, &anything, LEAT_REFUSE, &d.ex));
    cr_assert(d.ex.why == LEAT_WHY_PEER && d.ex.index == 1);
    MUST(leat_export(views, 3, &anything, LEAT_BOUNCE, &d.ex));
    assert_seg(&d, 0, views[0].data, 4096);
    cr_assert(bounced(&d, 1));
    cr_assert_eq(count(&d, LEAT_WHY_PEER), 1);
    cr_assert_eq(bytes(&d, LEAT_WHY_PEER), 4096);
    cr_assert_eq(all_copied(&d), 4096);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    MUST(leat_pool_put(d.f.pool, c));
    close_dock(&d);
}

Test(export_bounce, a_bounce_pool_that_the_peer_may_not_see)
{
    static struct pool_fixture other;
    struct leat_view views[] = {at(0, 4096)};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){.peer = 8});
    open_static(&other, 4, (struct leat_pool_config){.peer = 9});
    d.ex.owner = other.pool;
    fails(&d, LEAT_E_PEER, LEAT_WHY_PEER, 0, views, 1, &anything, LEAT_BOUNCE);
    fails(&d, LEAT_E_PEER, LEAT_WHY_PEER, 0, views, 1, &anything, LEAT_COPY);
    close_pool(&other);
    close_dock(&d);
}

Test(export_bounce, bounce_pages_show_a_peer_nothing_else)
{
    static const enum leat_zero zeros[] = {
        LEAT_ZERO_ALWAYS, LEAT_ZERO_ON_REQUEST, LEAT_ZERO_NEVER};
    struct leat_view views[] = {at(1, 100), at(300, 100), at(1001, 50)};
    struct leat_constraint need = {.align = 1024, .segment_bytes = 100};

    for (size_t i = 0; i < COUNT(zeros); i++) {
        for (int dir = LEAT_TO_DEVICE; dir <= LEAT_BOTH_WAYS; dir++) {
            struct dock d;
            size_t used = 0;

            open_dock(&d,
                      (struct leat_pool_config){.peer = 1, .zero = zeros[i]});
            memset(mem, 0, sizeof(mem));
            d.ex.dir = (enum leat_direction)dir;
            MUST(leat_export(views, 3, &need, LEAT_BOUNCE, &d.ex));
            cr_assert_eq(d.ex.nsegs, 3);
            for (size_t s = 0; s < 3; s++)
                used += d.segs[s].len;
            cr_assert_eq(used, 250);
            cr_assert(all_bytes(
                d.segs[0].data - (uintptr_t)d.segs[0].data % 4096, 4096, 0));
            MUST(leat_export_end(&d.ex, 0));
            close_dock(&d);
        }
    }
}

Test(export_bounce, no_bounce_pages)
{
    struct leat_view views[] = {at(0, 512), at(1025, 512)};
    struct leat_constraint need = {.align = 512};
    struct leat_chunk c;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){.limit_pages = 8});
    c = get(d.f.pool, 8);
    FAILS(leat_pool_get(d.f.pool, 1, &(struct leat_chunk){0}),
          leat_export(views, 2, &need, LEAT_BOUNCE, &d.ex));
    cr_assert(d.ex.why == LEAT_WHY_ADDRESS && d.ex.index == 1);
    cr_assert_eq(all_copied(&d), 0);
    FAILS(LEAT_E_STATE, leat_export_end(&d.ex, 0));
    MUST(leat_pool_put(d.f.pool, c));
    fails(&d, LEAT_E_LIMIT, LEAT_WHY_POLICY, 0,
          &(struct leat_view){mem, 9 * PAGE}, 1, &anything, LEAT_COPY);
    close_dock(&d);
}

/* -------------------------------------------------------------- where it lands */

/* Boundaries of more than a page, with pages that begin anywhere to them. */
Test(export_bounce, boundaries_are_met_wherever_the_pages_are)
{
    for (size_t skip = 0; skip < 16; skip++) {
        for (size_t boundary = 4096; boundary <= 65536; boundary *= 2) {
            struct leat_constraint need = {.boundary = boundary};
            struct leat_view views[] = {at(7, 3 * 4096)};
            struct leat_chunk c = {NULL, 0};
            struct dock d;
            size_t n = 0;

            open_dock(&d, (struct leat_pool_config){0});
            if (skip)
                c = get(d.f.pool, skip);
            MUST(leat_export(views, 1, &need, LEAT_COPY, &d.ex));
            cr_assert_eq(d.ex.nsegs, (3 * 4096 + boundary - 1) / boundary);
            for (size_t i = 0; i < d.ex.nsegs; i++) {
                uintptr_t first = (uintptr_t)d.segs[i].data;
                uintptr_t last = first + d.segs[i].len - 1;

                cr_assert_eq(first / boundary, last / boundary);
                cr_assert_eq(memcmp(d.segs[i].data, mem + 7 + n, d.segs[i].len),
                             0);
                n += d.segs[i].len;
            }
            MUST(leat_export_end(&d.ex, 0));
            if (skip)
                MUST(leat_pool_put(d.f.pool, c));
            close_dock(&d);
        }
    }
}

/* But not for the price of another page: test_copy.c has what is done then. */
Test(export_bounce, copies_avoid_slow_offsets)
{
    static const size_t aligns[] = {0, 64, 512, 2048};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){.zero = LEAT_ZERO_NEVER});
    for (int dir = LEAT_TO_DEVICE; dir <= LEAT_BOTH_WAYS; dir++) {
        for (size_t a = 0; a < COUNT(aligns); a++) {
            struct leat_constraint need = {.align = aligns[a]};

            d.ex.dir = (enum leat_direction)dir;
            for (size_t off = 0; off < 4096; off++) {
                struct leat_view views[] = {at(off, 2048)};
                uintptr_t out, home;

                if (off % 2) {
                    views[0].len = 4096;
                    MUST(leat_export(views, 1, &need, LEAT_COPY, &d.ex));
                    cr_assert_eq((uintptr_t)d.segs[0].data % 4096, 0);
                    MUST(leat_export_end(&d.ex, SIZE_MAX));
                    views[0].len = 2048;
                }
                MUST(leat_export(views, 1, &need, LEAT_COPY, &d.ex));
                cr_assert_eq(d.ex.nsegs, 1);
                out = ((uintptr_t)d.segs[0].data - off) % 4096;
                home = (off - (uintptr_t)d.segs[0].data) % 4096;
                if (dir != LEAT_FROM_DEVICE)
                    cr_assert(out < 1 || out > 31, "%zu", off);
                if (dir != LEAT_TO_DEVICE)
                    cr_assert(home < 1 || home > 31, "%zu", off);
                MUST(leat_export_end(&d.ex, SIZE_MAX));
            }
        }
    }
    close_dock(&d);
}
