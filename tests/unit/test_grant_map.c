/* SPDX-License-Identifier: ISC */

#include "grant_fixture.h"

static struct grant_fixture f;

static void open_plain(void)
{
    open_grants(&f, (struct leat_grants_config){0});
}

static void shut(void)
{
    close_grants(&f);
}

TestSuite(grant_map, .init = open_plain, .fini = shut);

Test(grant_map, a_bad_third_reference_maps_nothing)
{
    struct leat_gref grefs[5];
    int status[5] = {9, 9, 9, 9, 9};
    struct leat_mapping m = {NULL, 77};
    struct leat_chunk c = get(f.a->pool, 5);
    struct leat_grant g;
    uint32_t refs[5];

    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    MUST(leat_grant_refs(g, refs, 5));
    for (size_t i = 0; i < 5; i++)
        grefs[i] = (struct leat_gref){1, refs[i]};
    grefs[2].ref = 1999;
    FAILS(LEAT_E_REFERENCE,
          leat_grant_map(f.b->table, grefs, 5, LEAT_READ_WRITE, status, &m));
    cr_assert(status[0] == 0 && status[2] == LEAT_E_REFERENCE);
    cr_assert_eq(m.id, 77);
    cr_assert_eq(f.world.mapped, 0);
    MUST(leat_grant_revoke(g)); /* nothing is in use */
    MUST(leat_pool_put(f.a->pool, c));
    assert_idle(f.a);
    assert_idle(f.b);
}

Test(grant_map, what_was_not_granted_to_this_domain_is_not_mapped)
{
    struct leat_gref gref = {1, 0};
    struct leat_mapping m;
    struct leat_grant g;
    struct leat_chunk c;

#define MAP(err) \
    FAILS(err, leat_grant_map(f.b->table, &gref, 1, LEAT_READ_ONLY, NULL, &m))
    MAP(LEAT_E_REFERENCE);
    gref.ref = UINT32_MAX;
    MAP(LEAT_E_REFERENCE);
    g = shared_page(f.a, 3, &c); /* another's */
    gref.ref = ref_of(g);
    MAP(LEAT_E_REFERENCE);
    MUST(leat_grant_revoke(g));
    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    gref.ref = ref_of(g);
    MUST(leat_grant_revoke(g)); /* revoked already */
    MAP(LEAT_E_REFERENCE);
    gref.domain = 99;
    MAP(LEAT_E_DOMAIN);
    gref.domain = LEAT_DOMAIN_MAX + 1;
    MAP(LEAT_E_DOMAIN);
#undef MAP
    cr_assert_eq(grants_stats(f.b->table).refused, 6);
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_map, pages_of_several_domains_lie_one_after_the_other)
{
    struct plain_domain *third = &f.world.domain[2];
    struct leat_gref grefs[4];
    struct leat_quota cost;
    struct leat_grant g[4];
    struct leat_chunk c[4];
    struct leat_mapping m;
    struct leat_shared s;
    uint8_t byte;

    plain_open(third, (struct leat_grants_config){0},
               (struct leat_pool_config){0});
    for (size_t i = 0; i < 4; i++) {
        struct plain_domain *d = i % 2 ? third : f.a;

        g[i] = shared_page(d, 2, &c[i]);
        bytes_of(c[i])[5] = (unsigned char)(i + 1);
        grefs[i] = (struct leat_gref){d->id, ref_of(g[i])};
    }
    MUST(leat_grant_map(f.b->table, grefs, 4, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    for (size_t i = 0; i < 4; i++) {
        MUST(leat_shared_read_u8(s, i * PAGE + 5, &byte));
        cr_assert_eq(byte, i + 1);
    }
    MUST(leat_grants_cost(f.b->table, 1, &cost));
    cr_assert_eq(cost.mapped_bytes, 2 * PAGE);
    MUST(leat_grants_cost(f.b->table, 3, &cost));
    cr_assert_eq(cost.mapped_bytes, 2 * PAGE);
    (void)grants_stats(f.b->table);
    MUST(leat_grant_unmap(m));
    for (size_t i = 0; i < 4; i++) {
        MUST(leat_grant_revoke(g[i]));
        MUST(leat_pool_put(i % 2 ? third->pool : f.a->pool, c[i]));
    }
    plain_close(third);
}

Test(grant_map, a_second_mapping_holds_the_page_by_itself)
{
    struct leat_mapping m, n;
    struct leat_gref gref = {1, 0};
    struct leat_grant g;
    struct leat_chunk c;

    g = shared_page(f.a, 2, &c);
    gref.ref = ref_of(g);
    MUST(leat_grant_map(f.b->table, &gref, 1, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_grant_map(f.b->table, &gref, 1, LEAT_READ_ONLY, NULL, &n));
    MUST(leat_grant_unmap(m));
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g));
    MUST(leat_grant_unmap(n));
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_map, quotas_bound_what_is_mapped_of_a_peer)
{
    struct leat_quota quota = {.mapped_bytes = 2 * PAGE};
    struct leat_gref grefs[3];
    struct leat_mapping m, n;
    struct leat_chunk c = get(f.a->pool, 3);
    struct leat_grant g;
    uint32_t refs[3];

    MUST(leat_grants_quota(f.b->table, 1, &quota));
    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    MUST(leat_grant_refs(g, refs, 3));
    for (size_t i = 0; i < 3; i++)
        grefs[i] = (struct leat_gref){1, refs[i]};
    FAILS(LEAT_E_LIMIT,
          leat_grant_map(f.b->table, grefs, 3, LEAT_READ_ONLY, NULL, &m));
    MUST(leat_grant_map(f.b->table, grefs, 2, LEAT_READ_ONLY, NULL, &m));
    FAILS(LEAT_E_LIMIT,
          leat_grant_map(f.b->table, grefs + 2, 1, LEAT_READ_ONLY, NULL, &n));
    MUST(leat_grant_unmap(m));
    MUST(leat_grant_map(f.b->table, grefs + 2, 1, LEAT_READ_ONLY, NULL, &n));
    MUST(leat_grant_unmap(n));
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_map, slots_are_bounded_and_come_back)
{
    struct leat_mapping m[257];
    struct leat_gref gref = {1, 0};
    struct leat_grant g;
    struct leat_chunk c;

    g = shared_page(f.a, 2, &c);
    gref.ref = ref_of(g);
    for (size_t i = 0; i < 256; i++)
        MUST(leat_grant_map(f.b->table, &gref, 1, LEAT_READ_ONLY, NULL, &m[i]));
    FAILS(LEAT_E_LIMIT,
          leat_grant_map(f.b->table, &gref, 1, LEAT_READ_ONLY, NULL, &m[256]));
    FAILS(LEAT_E_BUSY, leat_grants_destroy(f.b->table));
    MUST(leat_grant_unmap(m[9]));
    MUST(leat_grant_map(f.b->table, &gref, 1, LEAT_READ_ONLY, NULL, &m[256]));
    FAILS(LEAT_E_STALE, leat_grant_unmap(m[9]));
    m[9] = m[256];
    for (size_t i = 0; i < 256; i++)
        MUST(leat_grant_unmap(m[i]));
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_map, a_table_that_maps_nothing_says_so)
{
    struct leat_grants_config config = {.share = {&f.a->ops, f.a}};
    struct leat_gref gref = {1, 9};
    struct leat_grants *t;
    struct leat_mapping m;

    MUST(leat_grants_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_grants_create(&t, &config));
    FAILS(LEAT_E_UNSUPPORTED,
          leat_grant_map(t, &gref, 1, LEAT_READ_ONLY, NULL, &m));
    MUST(leat_grants_destroy(t));
    free(config.meta);
}
