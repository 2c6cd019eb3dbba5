/* SPDX-License-Identifier: ISC */

/* A device that takes only what was registered with it: memory of one pool. */

#include "export_fixture.h"

static const struct leat_constraint known = {.flags = LEAT_NEED_REGISTERED};

Test(export_registered, memory_of_the_pool_leaves_as_it_is)
{
    struct leat_view views[2];
    struct leat_chunk c;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    c = get(d.f.pool, 2);
    views[0] = leat_chunk_view(c);
    MUST(leat_view_slice(views[0], 4095, 3, &views[1]));
    d.ex.owner = d.f.pool;
    for (int mode = LEAT_REFUSE; mode <= LEAT_BOUNCE; mode++) {
        MUST(leat_export(views, 2, &known, (enum leat_export_mode)mode, &d.ex));
        cr_assert_eq(d.ex.nsegs, 2);
        assert_seg(&d, 0, views[0].data, 8192);
        assert_seg(&d, 1, views[1].data, 3);
        MUST(leat_export_end(&d.ex, SIZE_MAX));
    }
    cr_assert_eq(all_copied(&d), 0);
    MUST(leat_pool_put(d.f.pool, c));
    close_dock(&d);
}

Test(export_registered, other_memory_is_refused_or_bounced_and_counted)
{
    struct leat_view views[3];
    struct leat_chunk c;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    c = get(d.f.pool, 1);
    views[0] = leat_chunk_view(c);
    views[1] = at(3, 4096);
    views[2] = views[0];
    d.ex.owner = d.f.pool;
    FAILS(LEAT_E_FOREIGN, leat_export(views, 3, &known, LEAT_REFUSE, &d.ex));
    cr_assert(d.ex.why == LEAT_WHY_REGISTERED && d.ex.index == 1);

    MUST(leat_export(views, 3, &known, LEAT_BOUNCE, &d.ex));
    cr_assert(d.ex.why == LEAT_WHY_REGISTERED && d.ex.index == 1);
    cr_assert_eq(d.ex.nsegs, 3);
    assert_seg(&d, 0, views[0].data, 4096);
    cr_assert(bounced(&d, 1) && d.ex.bounced_views == 1);
    assert_seg(&d, 2, views[0].data, 4096);
    cr_assert_eq(memcmp(d.segs[1].data, views[1].data, 4096), 0);
    cr_assert_eq(count(&d, LEAT_WHY_REGISTERED), 1);
    cr_assert_eq(bytes(&d, LEAT_WHY_REGISTERED), 4096);
    cr_assert_eq(leat_copies_bounces(leat_pool_copies(d.f.pool), NULL), 1);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert_eq(all_copied(&d), 4096);

    /* What the device writes comes home. */
    d.ex.dir = LEAT_FROM_DEVICE;
    MUST(leat_export(views + 1, 1, &known, LEAT_BOUNCE, &d.ex));
    memset(d.segs[0].data, 0x5a, 4096);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    cr_assert(all_bytes(views[1].data, 4096, 0x5a));
    cr_assert_eq(bytes(&d, LEAT_WHY_RETURN), 4096);
    MUST(leat_pool_put(d.f.pool, c));
    close_dock(&d);
}

Test(export_registered, memory_that_may_only_be_read_is_held_to_it_too)
{
    static const unsigned char text[512] = "text";
    struct leat_cview view = {text, sizeof(text)};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    d.ex.owner = d.f.pool;
    FAILS(LEAT_E_FOREIGN,
          leat_export_const(&view, 1, &known, LEAT_REFUSE, &d.ex));
    MUST(leat_export_const(&view, 1, &known, LEAT_BOUNCE, &d.ex));
    cr_assert(bounced(&d, 0) && d.ex.why == LEAT_WHY_REGISTERED);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    close_dock(&d);
}

Test(export_registered, the_pool_must_be_named_and_bounce_to_itself)
{
    static struct pool_fixture other;
    struct leat_view views[] = {at(0, 4096)};
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    open_static(&other, 4, (struct leat_pool_config){0});
    for (int mode = LEAT_REFUSE; mode <= LEAT_COPY; mode++)
        fails(&d, LEAT_E_INVALID, LEAT_WHY_NONE, 0, views, 1, &known,
              (enum leat_export_mode)mode);
    d.ex.owner = other.pool;
    fails(&d, LEAT_E_FOREIGN, LEAT_WHY_REGISTERED, 0, views, 1, &known,
          LEAT_BOUNCE);
    fails(&d, LEAT_E_FOREIGN, LEAT_WHY_REGISTERED, 0, views, 1, &known,
          LEAT_COPY);
    fails(&d, LEAT_E_FOREIGN, LEAT_WHY_REGISTERED, 0, views, 1, &known,
          LEAT_REFUSE);
    close_pool(&other);
    close_dock(&d);
}

Test(export_registered, others_bytes_in_its_pages_do_not_matter)
{
    struct leat_chunk c;
    struct leat_view v;
    struct dock d;

    open_dock(&d, (struct leat_pool_config){0});
    c = get(d.f.pool, 1);
    v = leat_chunk_view(c);
    MUST(leat_chunk_mix(c));
    d.ex.owner = d.f.pool;
    FAILS(LEAT_E_PEER, leat_export(&v, 1, &anything, LEAT_REFUSE, &d.ex));
    MUST(leat_export(&v, 1, &known, LEAT_REFUSE, &d.ex));
    assert_seg(&d, 0, v.data, 4096);
    MUST(leat_export_end(&d.ex, SIZE_MAX));
    MUST(leat_pool_put(d.f.pool, c));
    close_dock(&d);
}
