/* SPDX-License-Identifier: ISC */

/*
 * The k-th operation of a backend fails, for every k: afterwards the counts are
 * where they were, or what is missing is in quarantine and counted there.
 */

#include <leat/grant_copy.h>
#include <leat/persist.h>

#include "grant_fixture.h"

static struct grant_fixture f;

static void open_units(void)
{
    plain_world_open(&f.world);
    f.a = &f.world.domain[0];
    f.b = &f.world.domain[1];
    f.a->units = true;
    plain_open(f.a, (struct leat_grants_config){0},
               (struct leat_pool_config){0});
    plain_open(f.b, (struct leat_grants_config){0},
               (struct leat_pool_config){0});
}

static void shut(void)
{
    close_grants(&f);
}

TestSuite(grant_fail, .init = open_units, .fini = shut);

/* A whole life: 70 pages shared, mapped, copied, revoked. */
static void live(void)
{
    static struct leat_copy_seg segs[2];
    struct leat_copies copies = {0};
    struct leat_copy_batch batch;
    struct leat_gref grefs[70];
    struct leat_mapping m;
    struct leat_chunk c;
    struct leat_grant g;
    uint32_t refs[70];
    unsigned char byte;
    struct leat_view v;
    int err;

    MUST(leat_view_of(&byte, 1, &v));
    c = get(f.a->pool, 70);
    err = leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g);
    if (!err) {
        MUST(leat_grant_refs(g, refs, 70));
        for (size_t i = 0; i < 70; i++)
            grefs[i] = (struct leat_gref){1, refs[i]};
        if (!leat_grant_map(f.b->table, grefs, 70, LEAT_READ_WRITE, NULL, &m))
            (void)leat_grant_unmap(m);
        MUST(leat_copy_init(&batch, f.b->table, segs, 2, &copies));
        MUST(leat_copy_from(&batch, grefs, 1, 0, v));
        (void)leat_copy_run(&batch);
        (void)leat_grant_revoke(g);
    }
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_fail, every_operation_of_a_life)
{
    long before = f.world.operations, all;

    live();
    all = f.world.operations - before;
    cr_assert_gt(all, 140);
    for (long k = 1; k <= all + 3; k++) {
        struct leat_grants_stats s;

        f.world.fail_at = k;
        f.world.fail_with = k % 2 ? LEAT_E_NOMEM : LEAT_E_GONE;
        live();
        f.world.fail_at = 0;
        s = grants_stats(f.a->table);
        assert_idle(f.b);
        if (s.quarantined) {
            cr_assert_eq(stats_of(f.a->pool).pages_out, 70);
            MUST(leat_grant_poll(f.a->table, 1000, NULL));
        }
        assert_idle(f.a);
    }
}

Test(grant_fail, a_share_that_fails_leaves_the_bytes)
{
    struct leat_chunk c = get(f.a->pool, 70);
    struct leat_grant g = {NULL, 3};

    memset(bytes_of(c), 0x5c, 70 * PAGE);
    for (long k = 1; k <= 70 + 3; k++) {
        f.world.fail_at = k;
        f.world.fail_with = LEAT_E_FOREIGN;
        FAILS(LEAT_E_FOREIGN,
              leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
        cr_assert_eq(g.id, 3);
        cr_assert_eq(grants_stats(f.a->table).refs_granted, 0);
        cr_assert(all_bytes(bytes_of(c), 70 * PAGE, 0x5c));
    }
    MUST(leat_pool_put(f.a->pool, c));
    assert_idle(f.a);
}

/* The peer maps a page of a share that then fails. */
static uint32_t seen;

static void seize(void *arg, struct plain_domain *d, const char *what)
{
    (void)arg;
    if (strcmp(what, "granted") || seen)
        return;
    for (uint32_t r = 8; r < 2048 && !seen; r++)
        if (!plain_use(d, r, 2, LEAT_READ_ONLY))
            seen = r;
    /* After the first 64 comes another call, which fails. */
    d->world->fail_at = 1;
    d->world->fail_with = LEAT_E_NOMEM;
}

Test(grant_fail, a_share_that_fails_half_way_is_kept_from_the_peer_that_has_it)
{
    struct leat_chunk c = get(f.a->pool, 70);
    struct leat_grants_stats s;
    struct leat_grant g;
    size_t drained;

    f.world.step = seize;
    FAILS(LEAT_E_NOMEM,
          leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    f.world.step = NULL;
    cr_assert_neq(seen, 0);
    s = grants_stats(f.a->table);
    cr_assert(s.quarantined == 1 && s.pages_held == 1);
    MUST(leat_pool_put(f.a->pool, c));
    cr_assert_eq(stats_of(f.a->pool).pages_out, 70);
    plain_unuse(f.a, seen, LEAT_READ_ONLY);
    MUST(leat_grant_poll(f.a->table, 1, &drained));
    cr_assert_eq(drained, 1);
    assert_idle(f.a);
}
