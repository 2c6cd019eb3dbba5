/* SPDX-License-Identifier: ISC */

/*
 * Where memory meets a device: what leaves as it is, and what is refused. Tests of
 * plan.c, fit.c and walk.c are here too, and in the other test_export_*.c: an
 * export is how they are reached.
 */

#include "export_fixture.h"

/* ------------------------------------------------------------------ as it is */

Test(export, what_fits_leaves_as_it_is)
{
    struct leat_view views[] = {at(0, 4096), at(4096, 512), at(8192, 1024)};
    struct leat_constraint need;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    MUST(leat_constraint_blkif(512, 0, &need));
    for (int mode = LEAT_REFUSE; mode <= LEAT_BOUNCE; mode++) {
        MUST(leat_export(views, 3, &need, (enum leat_export_mode)mode, &d.ex));
        cr_assert_eq(d.ex.nsegs, 3);
        for (size_t i = 0; i < 3; i++)
            assert_seg(&d, i, views[i].data, views[i].len);
        cr_assert(d.ex.why == LEAT_WHY_NONE && d.ex.index == 0);
        cr_assert(d.ex.bounced_views == 0 && d.ex.bounced_bytes == 0);
        MUST(leat_export_end(&d.ex, SIZE_MAX));
    }
    cr_assert_eq(all_copied(&d), 0);
    cr_assert_eq(stats_of(d.f.pool).gets, 0);
    close_dock(&d);
}

Test(export, refusing_needs_no_pool)
{
    struct leat_view views[] = {at(1, 10)};
    struct leat_view seg;
    struct leat_export ex = {.segs = &seg, .max_segs = 1};

    MUST(leat_export(views, 1, &anything, LEAT_REFUSE, &ex));
    cr_assert(ex.nsegs == 1 && seg.data == mem + 1 && seg.len == 10);
    MUST(leat_export_end(&ex, SIZE_MAX));
}

Test(export, empty_views_give_no_segment)
{
    struct leat_view views[] = {at(1, 0), at(0, 512), at(3, 0), at(512, 512),
                                at(7, 0)};
    struct leat_constraint need = {.align = 512, .multiple = 512};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    for (int mode = LEAT_REFUSE; mode <= LEAT_COPY; mode++) {
        MUST(leat_export(views, 5, &need, (enum leat_export_mode)mode, &d.ex));
        cr_assert_eq(d.ex.nsegs, mode == LEAT_COPY ? 1 : 2);
        cr_assert_eq(d.ex.bounced_views, mode == LEAT_COPY ? 2 : 0);
        MUST(leat_export_end(&d.ex, SIZE_MAX));
        MUST(leat_export(views, 1, &need, (enum leat_export_mode)mode, &d.ex));
        cr_assert_eq(d.ex.nsegs, 0);
        MUST(leat_export_end(&d.ex, SIZE_MAX));
        MUST(leat_export(NULL, 0, &need, (enum leat_export_mode)mode, &d.ex));
        cr_assert_eq(d.ex.nsegs, 0);
        MUST(leat_export_end(&d.ex, SIZE_MAX));
    }
    cr_assert_eq(stats_of(d.f.pool).gets, 1);
    close_dock(&d);
}

Test(export, splitting_is_no_copy)
{
    struct leat_constraint boundary = {.boundary = 4096};
    struct leat_constraint longest = {.segment_bytes = 1000};
    struct leat_constraint step = {
        .segment_bytes = 1000, .multiple = 3, .align = 4};
    struct leat_view views[] = {at(4000, 5000)};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    MUST(leat_export(views, 1, &boundary, LEAT_REFUSE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 3);
    assert_seg(&d, 0, mem + 4000, 96);
    assert_seg(&d, 1, mem + 4096, 4096);
    assert_seg(&d, 2, mem + 8192, 808);
    MUST(leat_export_end(&d.ex, SIZE_MAX));

    views[0] = at(0, 2001);
    MUST(leat_export(views, 1, &longest, LEAT_REFUSE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 3);
    assert_seg(&d, 0, mem, 1000);
    assert_seg(&d, 1, mem + 1000, 1000);
    assert_seg(&d, 2, mem + 2000, 1);
    MUST(leat_export_end(&d.ex, SIZE_MAX));

    /* Cut at multiples of 12. */
    MUST(leat_export(views, 1, &step, LEAT_REFUSE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 3);
    assert_seg(&d, 0, mem, 996);
    assert_seg(&d, 1, mem + 996, 996);
    assert_seg(&d, 2, mem + 1992, 9);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert_eq(all_copied(&d), 0);
    close_dock(&d);
}

/* ------------------------------------------------------------------ refusals */

Test(export, refusals_name_the_offender)
{
    struct leat_view views[] = {at(0, 512), at(512, 512), at(4096 - 256, 512)};
    struct leat_constraint align = {.align = 512};
    struct leat_constraint multiple = {.multiple = 512};
    struct leat_constraint boundary = {.multiple = 512, .boundary = 4096};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    fails(&d, LEAT_E_ALIGN, LEAT_WHY_ADDRESS, 2, views, 3, &align, LEAT_REFUSE);
    fails(&d, LEAT_E_BOUNDARY, LEAT_WHY_BOUNDARY, 2, views, 3, &boundary,
          LEAT_REFUSE);
    views[1].len = 511;
    fails(&d, LEAT_E_LENGTH, LEAT_WHY_LENGTH, 1, views, 3, &multiple,
          LEAT_REFUSE);
    fails(&d, LEAT_E_ALIGN, LEAT_WHY_ADDRESS, 2, views, 3, &align, LEAT_REFUSE);
    close_dock(&d);
}

Test(export, a_view_too_long_to_be_cut_well)
{
    /* Pieces of at most 1000 bytes that begin at pages. */
    struct leat_constraint need = {.align = 4096, .segment_bytes = 1000};
    struct leat_view views[] = {at(0, 1000), at(4096, 1001)};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    fails(&d, LEAT_E_BOUNDARY, LEAT_WHY_BOUNDARY, 1, views, 2, &need,
          LEAT_REFUSE);
    MUST(leat_export(views, 2, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 3);
    assert_seg(&d, 0, mem, 1000);
    cr_assert(bounced(&d, 1) && bounced(&d, 2));
    cr_assert(d.segs[1].len == 1000 && d.segs[2].len == 1);
    cr_assert_eq(d.segs[2].data - d.segs[1].data, 4096);
    cr_assert_eq(count(&d, LEAT_WHY_BOUNDARY), 1);
    cr_assert_eq(bytes(&d, LEAT_WHY_BOUNDARY), 1001);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export, too_many_segments)
{
    struct leat_view views[] = {at(0, 512), at(1024, 512), at(2048, 512)};
    struct leat_constraint two = {.segments = 2};
    struct leat_constraint pieces = {.segment_bytes = 100};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    fails(&d, LEAT_E_SEGMENTS, LEAT_WHY_SEGMENTS, 2, views, 3, &two,
          LEAT_REFUSE);
    d.ex.max_segs = 1;
    fails(&d, LEAT_E_SEGMENTS, LEAT_WHY_SEGMENTS, 1, views, 3, &two,
          LEAT_REFUSE);
    d.ex.max_segs = 0;
    d.ex.segs = NULL;
    FAILS(LEAT_E_SEGMENTS, leat_export(views, 3, &two, LEAT_REFUSE, &d.ex));
    cr_assert_eq(d.ex.index, 0);
    d.ex.segs = d.segs;
    d.ex.max_segs = 15; /* 16 are needed, 18 without copying */
    fails(&d, LEAT_E_SEGMENTS, LEAT_WHY_SEGMENTS, 2, views, 3, &pieces,
          LEAT_BOUNCE);
    fails(&d, LEAT_E_SEGMENTS, LEAT_WHY_SEGMENTS, 2, views, 3, &pieces,
          LEAT_COPY);
    close_dock(&d);
}

Test(export, a_huge_view_is_looked_at_no_longer_than_needed)
{
    struct leat_view views[] = {at(1, SIZE_MAX / 2)};
    struct leat_constraint need = {
        .segment_bytes = 2, .align = 1, .boundary = 8, .multiple = 1};
    struct leat_constraint odd = {.segment_bytes = 4, .multiple = 3};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    fails(&d, LEAT_E_SEGMENTS, LEAT_WHY_SEGMENTS, 0, views, 1, &need,
          LEAT_REFUSE);
    views[0].len -= views[0].len % 3;
    fails(&d, LEAT_E_SEGMENTS, LEAT_WHY_SEGMENTS, 0, views, 1, &odd,
          LEAT_REFUSE);
    fails(&d, LEAT_E_SEGMENTS, LEAT_WHY_SEGMENTS, 0, views, 1, &odd,
          LEAT_BOUNCE);
    fails(&d, LEAT_E_OVERFLOW, LEAT_WHY_POLICY, 0, views, 1, &anything,
          LEAT_COPY);
    close_dock(&d);
}

Test(export, views_that_are_none)
{
    struct leat_view views[] = {
        at(0, 512), {NULL, 0}, at(0, SIZE_MAX), at(0, UINTPTR_MAX / 2)};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    for (int mode = LEAT_REFUSE; mode <= LEAT_COPY; mode++) {
        enum leat_export_mode m = (enum leat_export_mode)mode;
        struct leat_view wraps[] = {views[0], views[2]};
        struct leat_view sum[] = {views[3], views[3], views[3]};

        fails(&d, LEAT_E_STALE, LEAT_WHY_NONE, 1, views, 2, &anything, m);
        fails(&d, LEAT_E_OVERFLOW, LEAT_WHY_NONE, 1, wraps, 2, &anything, m);
        fails(&d, LEAT_E_OVERFLOW, LEAT_WHY_NONE, 2, sum, 3, &anything, m);
    }
    close_dock(&d);
}

Test(export, arguments)
{
    struct leat_view views[] = {at(0, 512)};
    struct leat_constraint bad = {.align = 3};
    struct leat_iov iov = {views, 1, 1};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    FAILS(LEAT_E_INVALID, leat_export(views, 1, &anything, LEAT_REFUSE, NULL));
    FAILS(LEAT_E_INVALID, leat_export(views, 1, NULL, LEAT_REFUSE, &d.ex));
    fails(&d, LEAT_E_INVALID, 0, 0, NULL, 1, &anything, LEAT_REFUSE);
    fails(&d, LEAT_E_INVALID, 0, 0, views, 1, &bad, LEAT_REFUSE);
    fails(&d, LEAT_E_INVALID, 0, 0, views, 1, &anything,
          (enum leat_export_mode)3);
    fails(&d, LEAT_E_INVALID, 0, 0, views, 1, &anything,
          (enum leat_export_mode)(-1));
    FAILS(LEAT_E_INVALID, leat_iov_export(NULL, &anything, LEAT_REFUSE, &d.ex));
    d.ex.dir = (enum leat_direction)3;
    fails(&d, LEAT_E_INVALID, 0, 0, views, 1, &anything, LEAT_REFUSE);
    d.ex.dir = LEAT_TO_DEVICE;
    d.ex.segs = NULL;
    FAILS(LEAT_E_INVALID, leat_export(views, 1, &anything, LEAT_REFUSE, &d.ex));
    d.ex.segs = d.segs;
    d.ex.pool = NULL;
    FAILS(LEAT_E_INVALID, leat_export(views, 1, &anything, LEAT_BOUNCE, &d.ex));
    FAILS(LEAT_E_INVALID, leat_export(views, 1, &anything, LEAT_COPY, &d.ex));
    MUST(leat_iov_export(&iov, &anything, LEAT_REFUSE, &d.ex));
    assert_seg(&d, 0, mem, 512);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export, memory_that_may_only_be_read)
{
    static const unsigned char text[512] = "text";
    struct leat_cview views[] = {{text, 4}, {text + 1, 0}, {text + 4, 4}};
    struct leat_constraint need = {.flags = LEAT_NEED_WRITABLE};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    MUST(leat_export_const(views, 3, &anything, LEAT_REFUSE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 2);
    assert_seg(&d, 0, text, 4);
    MUST(leat_export_end(&d.ex, SIZE_MAX));

    FAILS(LEAT_E_ACCESS,
          leat_export_const(views, 3, &need, LEAT_REFUSE, &d.ex));
    cr_assert(d.ex.why == LEAT_WHY_ACCESS && d.ex.index == 0);
    MUST(leat_export_const(views, 3, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(d.ex.nsegs, 1);
    cr_assert(bounced(&d, 0) && d.segs[0].len == 8);
    cr_assert_eq(memcmp(d.segs[0].data, text, 8), 0);
    cr_assert_eq(count(&d, LEAT_WHY_ACCESS), 2);
    cr_assert_eq(bytes(&d, LEAT_WHY_ACCESS), 8);
    MUST(leat_export_end(&d.ex, SIZE_MAX));

    for (int dir = LEAT_FROM_DEVICE; dir <= LEAT_BOTH_WAYS; dir++) {
        d.ex.dir = (enum leat_direction)dir;
        for (int mode = LEAT_REFUSE; mode <= LEAT_COPY; mode++)
            FAILS(LEAT_E_ACCESS,
                  leat_export_const(views, 3, &anything,
                                    (enum leat_export_mode)mode, &d.ex));
    }
    d.ex.dir = LEAT_TO_DEVICE;
    views[1].data = NULL;
    FAILS(LEAT_E_STALE,
          leat_export_const(views, 3, &anything, LEAT_REFUSE, &d.ex));
    cr_assert_eq(d.ex.index, 1);
    close_dock(&d);
}
