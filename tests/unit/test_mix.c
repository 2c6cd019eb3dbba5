/* SPDX-License-Identifier: ISC */

/* Pages that hold bytes of several owners are not shown to a peer. */

#include "pool_fixture.h"

static int ship(struct pool_fixture *f, struct leat_view v, bool peer,
                enum leat_export_mode mode, struct leat_export *ex)
{
    static struct leat_view segs[4];
    static const struct leat_constraint any = {0};

    memset(ex, 0, sizeof(*ex));
    ex->segs = segs;
    ex->max_segs = COUNT(segs);
    ex->pool = f->pool;
    ex->owner = peer ? f->pool : NULL;
    return leat_export(&v, 1, &any, mode, ex);
}

Test(mix, a_peer_gets_a_copy_and_a_file_does_not)
{
    struct pool_fixture f;
    struct leat_export ex;
    struct leat_chunk c;
    struct leat_view v, in;

    open_static(&f, 64, (struct leat_pool_config){.peer = 8});
    c = get(f.pool, 3);
    v = leat_chunk_view(c);
    MUST(leat_view_slice(v, 4090, 5000, &in));

    MUST(ship(&f, in, true, LEAT_REFUSE, &ex));
    MUST(leat_export_end(&ex, 0));

    MUST(leat_chunk_mix(c));
    MUST(ship(&f, in, false, LEAT_REFUSE, &ex));
    cr_assert_eq(ex.segs[0].data, in.data);
    MUST(leat_export_end(&ex, 0));

    FAILS(LEAT_E_PEER, ship(&f, in, true, LEAT_REFUSE, &ex));
    cr_assert_eq(ex.why, LEAT_WHY_NEIGHBOURS);
    cr_assert_eq(ex.index, 0);

    memset(in.data, 0x3c, in.len);
    MUST(ship(&f, in, true, LEAT_BOUNCE, &ex));
    cr_assert_eq(ex.why, LEAT_WHY_NEIGHBOURS);
    cr_assert_eq(ex.nsegs, 1);
    cr_assert_neq(ex.segs[0].data, in.data);
    cr_assert(all_bytes(ex.segs[0].data, in.len, 0x3c));
    cr_assert_eq(stats_of(f.pool).copies.count[LEAT_WHY_NEIGHBOURS], 1);
    cr_assert_eq(stats_of(f.pool).copies.bytes[LEAT_WHY_NEIGHBOURS], 5000);
    MUST(leat_export_end(&ex, 0));

    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(mix, it_ends_with_the_last_owner)
{
    struct pool_fixture f;
    struct leat_export ex;
    struct leat_chunk c;
    struct leat_view v;
    struct leat_ref ref;

    open_static(&f, 1, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    v = leat_chunk_view(c);
    MUST(leat_chunk_mix(c));
    MUST(leat_chunk_mix(c));
    MUST(leat_ref_take(c, v, &ref));
    MUST(leat_pool_put(f.pool, c));
    FAILS(LEAT_E_STALE, leat_chunk_mix(c));
    FAILS(LEAT_E_PEER, ship(&f, v, true, LEAT_REFUSE, &ex));
    MUST(leat_ref_drop(&ref));
    assert_sound(f.pool);

    c = get(f.pool, 1);
    cr_assert_eq(bytes_of(c), v.data);
    MUST(ship(&f, v, true, LEAT_REFUSE, &ex));
    MUST(leat_export_end(&ex, 0));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(mix, such_a_chunk_is_not_split)
{
    struct pool_fixture f;
    struct leat_chunk c, pages[2];

    open_static(&f, 8, (struct leat_pool_config){0});
    c = get(f.pool, 2);
    MUST(leat_chunk_mix(c));
    FAILS(LEAT_E_BUSY, leat_chunk_split(c, pages, 2));
    MUST(leat_chunk_check(c));
    MUST(leat_pool_put(f.pool, c));
    FAILS(LEAT_E_FOREIGN, leat_chunk_mix((struct leat_chunk){0}));
    close_pool(&f);
}

Test(mix, a_ref_tells_what_it_pins)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct leat_view v;
    struct leat_ref ref, none = {0};
    struct leat_pin pin;

    open_static(&f, 64, (struct leat_pool_config){.flags = LEAT_POOL_TRACK});
    c = get(f.pool, 16);
    MUST(leat_view_slice(leat_chunk_view(c), 9000, 40, &v));
    MUST(leat_ref_take(c, v, &ref));
    MUST(leat_pool_put(f.pool, c));
    usleep(2000);
    MUST(leat_ref_pin(&ref, &pin));
    cr_assert_eq(pin.used, 40);
    cr_assert_eq(pin.pinned, 16 * PAGE);
    cr_assert(pin.tracked);
    cr_assert_geq(pin.age_ns, 2000000);
    FAILS(LEAT_E_INVALID, leat_ref_pin(&ref, NULL));
    FAILS(LEAT_E_INVALID, leat_ref_pin(NULL, &pin));
    FAILS(LEAT_E_STALE, leat_ref_pin(&none, &pin));
    MUST(leat_ref_drop(&ref));
    close_pool(&f);

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    MUST(leat_ref_pin(&ref, &pin));
    cr_assert_eq(pin.pinned, PAGE);
    cr_assert(!pin.tracked);
    MUST(leat_ref_drop(&ref));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(mix, a_grant_layer_is_told)
{
    struct leat_origin from;
    struct pool_fixture f;
    struct leat_chunk c;

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    MUST(leat_chunk_origin(c, &from));
    cr_assert(!from.mixed);
    MUST(leat_chunk_mix(c));
    MUST(leat_chunk_origin(c, &from));
    cr_assert(from.mixed);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}
