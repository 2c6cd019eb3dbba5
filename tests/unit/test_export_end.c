/* SPDX-License-Identifier: ISC */

/* What comes home at the end of an export, and what an export is until then. */

#include "export_fixture.h"

Test(export_end, from_the_device_nothing_is_copied_in)
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

Test(export_end, only_what_the_device_did_comes_home)
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

Test(export_end, both_ways)
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

/* ----------------------------------------------------------------- open, closed */

Test(export_end, is_open_until_its_end)
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

Test(export_end, bounce_pages_that_somebody_put)
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

static void release(void *arg, void *base, size_t pages)
{
    (void)base;
    *(size_t *)arg += pages;
}

/* Foreign when it was judged, the owner's own when it ends: it comes home. */
Test(export_end, memory_that_came_to_the_owner_meanwhile)
{
    struct leat_view views[3] = {at(4096, 4096), {NULL, 0}, at(0, 100)};
    struct leat_chunk own, c;
    size_t released = 0;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){.peer = 8, .adopt_pages = 8});
    own = get(d.f.pool, 1);
    views[1] = leat_chunk_view(own);
    d.ex.owner = d.f.pool;
    d.ex.dir = LEAT_FROM_DEVICE;
    MUST(leat_export(views, 3, &anything, LEAT_BOUNCE, &d.ex));
    cr_assert(d.ex.nsegs == 3 && d.ex.bounced_views == 2);
    for (size_t i = 0; i < 3; i++)
        memset(d.segs[i].data, 0xe0 + (int)i, d.segs[i].len);
    MUST(leat_pool_adopt(d.f.pool, mem, 2, release, &released, &c));
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert(all_bytes(mem + 4096, 4096, 0xe0), "the first view");
    cr_assert(all_bytes(views[1].data, 4096, 0xe1));
    cr_assert(all_bytes(mem, 100, 0xe2), "the last view");
    cr_assert_neq(mem[100], 0xe2);
    cr_assert_eq(count(&d, LEAT_WHY_RETURN), 2);
    cr_assert_eq(bytes(&d, LEAT_WHY_RETURN), 4196);
    MUST(leat_pool_put(d.f.pool, c));
    MUST(leat_pool_put(d.f.pool, own));
    cr_assert_eq(released, 2);
    close_dock(&d);
}

/* The other way about: what left as it is has no bounce memory to come from. */
Test(export_end, memory_that_left_the_owner_meanwhile)
{
    struct leat_view views[2];
    size_t released = 0;
    struct leat_chunk c;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){.peer = 8, .adopt_pages = 8});
    MUST(leat_pool_adopt(d.f.pool, mem, 1, release, &released, &c));
    views[0] = leat_chunk_view(c);
    views[1] = at(8192, 512);
    d.ex.owner = d.f.pool;
    d.ex.dir = LEAT_FROM_DEVICE;
    MUST(leat_export(views, 2, &anything, LEAT_BOUNCE, &d.ex));
    cr_assert(d.ex.nsegs == 2 && d.ex.bounced_views == 1);
    memset(d.segs[0].data, 0xe0, 4096);
    memset(d.segs[1].data, 0xe1, 512);
    MUST(leat_pool_put(d.f.pool, c));
    cr_assert_eq(released, 1);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert(all_bytes(mem, 4096, 0xe0), "as the device left it");
    cr_assert(all_bytes(mem + 8192, 512, 0xe1));
    cr_assert_eq(bytes(&d, LEAT_WHY_RETURN), 512);
    cr_assert_eq(pages_out(&d), 0);
    close_dock(&d);
}

/* Segments that are not what they were lead nowhere. */
Test(export_end, segments_that_somebody_changed)
{
    struct leat_view views[] = {at(1, 512), at(1024, 512), at(2049, 512)};
    struct leat_constraint need = {.align = 512};
    static unsigned char before[8192];
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    memcpy(before, mem, sizeof(before));
    d.ex.dir = LEAT_FROM_DEVICE;
    for (int how = 0; how < 4; how++) {
        MUST(leat_export(views, 3, &need, LEAT_BOUNCE, &d.ex));
        memset(d.segs[0].data, 0xdd, 512);
        switch (how) {
        case 0:
            d.segs[0].len--;
            break;
        case 1:
            d.segs[2].len = SIZE_MAX;
            break;
        case 2:
            d.ex.nsegs--;
            break;
        default:
            d.segs[1].len += 64;
            break;
        }
        FAILS(LEAT_E_STATE, leat_export_end(&d.ex, SIZE_MAX));
        cr_assert_eq(memcmp(mem, before, sizeof(before)), 0);
        cr_assert_eq(pages_out(&d), 0);
        cr_assert_eq(all_copied(&d), 0);
        FAILS(LEAT_E_STATE, leat_export_end(&d.ex, SIZE_MAX));
    }
    close_dock(&d);
}
