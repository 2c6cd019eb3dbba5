/* SPDX-License-Identifier: ISC */

/*
 * Where memory meets a device. Tests of plan.c, fit.c and walk.c are here too: an
 * export is how they are reached.
 */

#include "pool_fixture.h"

#define SEGS 64

static _Alignas(65536) unsigned char mem[2 * 65536];
static const struct leat_constraint anything;

struct dock {
    struct pool_fixture f;
    struct leat_view segs[SEGS];
    struct leat_export ex;
    struct leat_export was;
};

static void open_dock(struct dock *d, struct leat_pool_config config)
{
    memset(d, 0, sizeof(*d));
    open_static(&d->f, 64, config);
    for (size_t i = 0; i < sizeof(mem); i++)
        mem[i] = (unsigned char)(i * 31 + i / 256);
    d->ex.segs = d->segs;
    d->ex.max_segs = SEGS;
    d->ex.pool = d->f.pool;
}

static void close_dock(struct dock *d)
{
    close_pool(&d->f);
}

static struct leat_view at(size_t off, size_t len)
{
    return (struct leat_view){mem + off, len};
}

static uint64_t count(const struct dock *d, enum leat_reason why)
{
    return leat_pool_copies(d->f.pool)->count[why];
}

static uint64_t bytes(const struct dock *d, enum leat_reason why)
{
    return leat_pool_copies(d->f.pool)->bytes[why];
}

static uint64_t all_copied(const struct dock *d)
{
    return leat_copies_bytes(leat_pool_copies(d->f.pool));
}

static uint64_t pages_out(const struct dock *d)
{
    return stats_of(d->f.pool).pages_out;
}

/* A failure that names view (index), for (why), and leaves all else. */
static void fails(struct dock *d, int err, enum leat_reason why, size_t index,
                  const struct leat_view *views, size_t n,
                  const struct leat_constraint *need,
                  enum leat_export_mode mode)
{
    uint64_t copied = all_copied(d);

    memset(d->segs, 0xa5, sizeof(d->segs));
    d->ex.nsegs = 77;
    d->ex.bounced_views = 78;
    d->ex.bounced_bytes = 79;
    d->was = d->ex;
    FAILS(err, leat_export(views, n, need, mode, &d->ex));
    cr_assert_eq(d->ex.why, why, "%s", leat_reason_name(d->ex.why));
    cr_assert_eq(d->ex.index, index, "index %zu", d->ex.index);
    d->was.why = why;
    d->was.index = index;
    cr_assert_eq(memcmp(&d->ex, &d->was, sizeof(d->ex)), 0);
    cr_assert(all_bytes((unsigned char *)d->segs, sizeof(d->segs), 0xa5));
    cr_assert_eq(all_copied(d), copied);
    cr_assert_eq(pages_out(d), 0);
    FAILS(LEAT_E_STATE, leat_export_end(&d->ex, 0));
}

static void assert_seg(const struct dock *d, size_t i, const void *data,
                       size_t len)
{
    cr_assert_lt(i, d->ex.nsegs);
    cr_assert_eq(d->segs[i].data, data, "segment %zu", i);
    cr_assert_eq(d->segs[i].len, len, "segment %zu: %zu", i, d->segs[i].len);
}

static bool bounced(const struct dock *d, size_t i)
{
    return leat_pool_contains(d->f.pool, leat_view_const(d->segs[i]));
}

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

/* ------------------------------------------------------------------- bounces */

Test(export, one_offender_is_one_copy)
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

Test(export, lengths_are_filled_up)
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

Test(export, as_few_views_as_do_are_bounced)
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

Test(export, each_view_has_its_own_reason)
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

Test(export, a_total_that_does_not_add_up)
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

Test(export, the_last_views_are_copied_when_there_are_too_many)
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

Test(export, other_reasons_stay_when_there_are_too_many)
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

Test(export, copy_copies_all)
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

Test(export, a_view_over_two_segments_is_one_copy)
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

Test(export, memory_of_another_pool_is_bounced_or_refused)
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

Test(export, a_bounce_pool_that_the_peer_may_not_see)
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

Test(export, bounce_pages_show_a_peer_nothing_else)
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

Test(export, from_the_device_nothing_is_copied_in)
{
    struct leat_view views[] = {at(1, 512), at(1024, 512), at(2049, 512)};
    struct leat_constraint need = {.align = 512};
    static unsigned char before[4096];
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    memcpy(before, mem, sizeof(before));
    d.ex.dir = LEAT_FROM_DEVICE;
    MUST(leat_export(views, 3, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(all_copied(&d), 0);
    cr_assert_eq(count(&d, LEAT_WHY_ADDRESS), 0);
    cr_assert(d.ex.why == LEAT_WHY_ADDRESS && d.ex.bounced_views == 2);
    for (size_t i = 0; i < 3; i++)
        memset(d.segs[i].data, 0xe0 + (int)i, d.segs[i].len);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert_eq(mem[0], before[0]);
    cr_assert(all_bytes(mem + 1, 512, 0xe0));
    cr_assert_eq(mem[513], before[513]);
    cr_assert(all_bytes(mem + 1024, 512, 0xe1));
    cr_assert(all_bytes(mem + 2049, 512, 0xe2));
    cr_assert_eq(count(&d, LEAT_WHY_RETURN), 2);
    cr_assert_eq(bytes(&d, LEAT_WHY_RETURN), 1024);
    cr_assert_eq(all_copied(&d), 1024);
    close_dock(&d);
}

Test(export, only_what_the_device_did_comes_home)
{
    struct leat_view views[] = {at(1, 512), at(1024, 512), at(2049, 512)};
    static const size_t dones[] = {0,    1,    511,  512,  513, 1023,
                                   1024, 1025, 1535, 1536, 1537};
    struct leat_constraint need = {.align = 512};

    for (size_t k = 0; k < COUNT(dones); k++) {
        size_t done = dones[k];
        size_t first = done < 512 ? done : 512;
        size_t last = done < 1024 ? 0 : done < 1536 ? done - 1024 : 512;
        struct dock d;

        open_dock(&d, (struct leat_pool_config){0});
        memset(mem, 0, sizeof(mem));
        d.ex.dir = LEAT_FROM_DEVICE;
        MUST(leat_export(views, 3, &need, LEAT_BOUNCE, &d.ex));
        for (size_t i = 0; i < 3; i++)
            memset(d.segs[i].data, 0xee, d.segs[i].len);
        memset(mem + 1024, 0, 512);
        MUST(leat_export_end(&d.ex, done));
        cr_assert(all_bytes(mem + 1, first, 0xee));
        cr_assert(all_bytes(mem + 1 + first, 2048 - first, 0));
        cr_assert(all_bytes(mem + 2049, last, 0xee));
        cr_assert(all_bytes(mem + 2049 + last, 2000, 0));
        cr_assert_eq(count(&d, LEAT_WHY_RETURN), (first > 0) + (last > 0));
        cr_assert_eq(bytes(&d, LEAT_WHY_RETURN), first + last);
        close_dock(&d);
    }
}

Test(export, both_ways)
{
    struct leat_view views[] = {at(1, 512)};
    struct leat_constraint need = {.align = 512};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    d.ex.dir = LEAT_BOTH_WAYS;
    MUST(leat_export(views, 1, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(memcmp(d.segs[0].data, mem + 1, 512), 0);
    memset(d.segs[0].data, 0xee, 512);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert(all_bytes(mem + 1, 512, 0xee));
    cr_assert_eq(count(&d, LEAT_WHY_ADDRESS), 1);
    cr_assert_eq(count(&d, LEAT_WHY_RETURN), 1);
    cr_assert_eq(all_copied(&d), 1024);
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

/* ----------------------------------------------------------------- open, closed */

Test(export, is_open_until_its_end)
{
    struct leat_view views[] = {at(1, 512)};
    struct leat_constraint need = {.align = 512};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    FAILS(LEAT_E_INVALID, leat_export_end(NULL, 0));
    FAILS(LEAT_E_STATE, leat_export_end(&d.ex, 0));
    MUST(leat_export(views, 1, &need, LEAT_BOUNCE, &d.ex));
    d.was = d.ex;
    FAILS(LEAT_E_STATE, leat_export(views, 1, &need, LEAT_BOUNCE, &d.ex));
    cr_assert_eq(memcmp(&d.ex, &d.was, sizeof(d.ex)), 0);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    FAILS(LEAT_E_STATE, leat_export_end(&d.ex, SIZE_MAX));
    cr_assert_eq(pages_out(&d), 0);
    MUST(leat_export(views, 1, &need, LEAT_BOUNCE, &d.ex));
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export, bounce_pages_that_somebody_put)
{
    struct leat_view views[] = {at(1, 512)};
    struct leat_constraint need = {.align = 512};
    struct leat_chunk c;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    d.ex.dir = LEAT_FROM_DEVICE;
    MUST(leat_export(views, 1, &need, LEAT_BOUNCE, &d.ex));
    MUST(leat_chunk_find(
        d.f.pool, d.segs[0].data - (uintptr_t)d.segs[0].data % 4096, &c));
    MUST(leat_pool_put(d.f.pool, c));
    memset(mem, 0xee, 1024);
    FAILS(LEAT_E_STALE, leat_export_end(&d.ex, SIZE_MAX));
    cr_assert(all_bytes(mem, 1024, 0xee), "nothing was brought home");
    FAILS(LEAT_E_STATE, leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export, no_bounce_pages)
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
Test(export, boundaries_are_met_wherever_the_pages_are)
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
Test(export, copies_avoid_slow_offsets)
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

/* ---------------------------------------------------------------------- random */

static uint64_t state = 0x1eaf;

static size_t draw(size_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % below);
}

static size_t ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* E1, and that the segments are the views' bytes in order. */
static void assert_good(const struct dock *d, const struct leat_constraint *c,
                        const struct leat_view *views, size_t n)
{
    size_t i = 0, off = 0, at_mem = 0, pages = pages_out(d);

    for (size_t s = 0; s < d->ex.nsegs; s++) {
        struct leat_view seg = d->segs[s];
        uintptr_t a = (uintptr_t)seg.data;

        cr_assert_gt(seg.len, 0);
        cr_assert(!c->align || a % c->align == 0);
        cr_assert(!c->multiple || seg.len % c->multiple == 0);
        cr_assert(!c->segment_bytes || seg.len <= c->segment_bytes);
        cr_assert(!c->boundary ||
                  a / c->boundary == (a + seg.len - 1) / c->boundary);
        if (bounced(d, s)) {
            cr_assert_geq(a, at_mem, "in order");
            at_mem = a + seg.len;
        }
        for (size_t k = 0; k < seg.len;) {
            size_t m;

            while (i < n && off == views[i].len)
                i++, off = 0;
            cr_assert_lt(i, n);
            m = views[i].len - off;
            if (m > seg.len - k)
                m = seg.len - k;
            if (!bounced(d, s))
                cr_assert_eq(seg.data + k, views[i].data + off);
            else if (d->ex.dir != LEAT_FROM_DEVICE)
                cr_assert_eq(memcmp(seg.data + k, views[i].data + off, m), 0);
            k += m;
            off += m;
        }
    }
    while (i < n && off == views[i].len)
        i++, off = 0;
    cr_assert_eq(i, n, "all of it");
    cr_assert_leq(d->ex.nsegs, c->segments ? c->segments : SEGS);
    cr_assert_eq(pages > 0, d->ex.bounced_bytes > 0);
}

Test(export, random_views_under_random_constraints)
{
    static const size_t aligns[] = {0, 1, 8, 64, 512, 4096};
    static const size_t multiples[] = {0, 1, 3, 12, 100, 512, 1000, 4096};
    static const size_t boundaries[] = {0, 0, 4096, 8192, 16384, 1 << 20};
    static const size_t longest[] = {0, 0, 4096, 5000, 10000};
    size_t made = 0, lengths = 0, segments = 0;
    struct dock d;

    open_dock(&d,
              (struct leat_pool_config){.peer = 1, .zero = LEAT_ZERO_NEVER});
    for (int round = 0; round < 30000; round++) {
        struct leat_constraint c = {
            .align = aligns[draw(COUNT(aligns))],
            .multiple = multiples[draw(COUNT(multiples))],
            .boundary = boundaries[draw(COUNT(boundaries))],
            .segment_bytes = longest[draw(COUNT(longest))],
            .segments = draw(3) ? 0 : 1 + draw(6),
        };
        size_t m = c.multiple ? c.multiple : 1, most = SIZE_MAX;
        size_t n = draw(8), total = 0, min, done, pos = 0;
        size_t limit = c.segments ? c.segments : SEGS;
        struct leat_view views[8];
        bool even = draw(2);
        int err;

        for (size_t i = 0; i < n; i++) {
            size_t off = i * 16384 + (draw(2) ? draw(4096) : 512 * draw(8));
            size_t len = draw(2) ? draw(9000) : m * draw(9000 / m + 1);

            if (even && i + 1 == n)
                len += (m - (total + len) % m) % m;
            views[i] = at(off, len);
            total += len;
        }
        if (c.segment_bytes)
            most = c.segment_bytes;
        if (c.boundary && c.boundary < most)
            most = c.boundary;
        most -= most % m;
        min = ceil_div(total, most);
        d.ex.dir = (enum leat_direction)draw(3);
        err =
            leat_export(views, n, &c, draw(4) ? LEAT_BOUNCE : LEAT_COPY, &d.ex);
        if (total % m) {
            /* Either may be told first, when it is both. */
            cr_assert(err == LEAT_E_LENGTH ||
                      (err == LEAT_E_SEGMENTS && min > limit));
            lengths++;
        } else if (min > limit) {
            cr_assert_eq(err, LEAT_E_SEGMENTS);
            segments++;
        } else {
            cr_assert_eq(err, 0, "%s", leat_strerror(err));
        }
        if (err) {
            cr_assert_eq(pages_out(&d), 0);
            continue;
        }
        made++;
        assert_good(&d, &c, views, n);

        /* The device writes; then the views have it, as far as it came. */
        done = draw(2) ? SIZE_MAX : draw(total + 2);
        if (d.ex.dir != LEAT_TO_DEVICE) {
            unsigned char mark = (unsigned char)(1 + draw(255));

            for (size_t s = 0; s < d.ex.nsegs; s++)
                for (size_t k = 0; k < d.segs[s].len; k++, pos++)
                    if (pos < done)
                        d.segs[s].data[k] = mark;
            MUST(leat_export_end(&d.ex, done));
            pos = 0;
            for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < views[i].len; k++, pos++)
                    cr_assert(pos >= done || views[i].data[k] == mark);
        } else {
            uint64_t copied = all_copied(&d);

            MUST(leat_export_end(&d.ex, done));
            cr_assert_eq(all_copied(&d), copied);
        }
        cr_assert_eq(pages_out(&d), 0);
    }
    cr_assert(made > 1000 && lengths > 100 && segments > 100,
              "%zu made, %zu with bad lengths, %zu with too many segments",
              made, lengths, segments);
    close_dock(&d);
}
