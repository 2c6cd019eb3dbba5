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

TestSuite(grant_share, .init = open_plain, .fini = shut);

/* Shares n pages, maps them as the peer, writes both ways. */
static void both_ways(size_t n)
{
    struct leat_chunk c = get(f.a->pool, n);
    struct leat_gref *grefs = calloc(n, sizeof(*grefs));
    uint32_t *refs = calloc(n, sizeof(*refs));
    struct leat_mapping m;
    struct leat_shared s;
    struct leat_grant g;
    uint32_t word;

    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    MUST(leat_grant_refs(g, refs, n));
    for (size_t i = 0; i < n; i++)
        grefs[i] = (struct leat_gref){1, refs[i]};
    MUST(leat_grant_map(f.b->table, grefs, n, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    cr_assert_eq(s.len, n * PAGE);
    for (size_t i = 0; i < n; i++) {
        memset(bytes_of(c) + i * PAGE, (int)i, 4);
        MUST(leat_shared_read_u32(s, i * PAGE, &word));
        cr_assert_eq(word, (i & 0xff) * 0x01010101u);
        MUST(leat_shared_write_u32(s, i * PAGE + 4092, (uint32_t)i + 7));
        memcpy(&word, bytes_of(c) + i * PAGE + 4092, 4);
        cr_assert_eq(word, i + 7);
    }
    cr_assert_eq(grants_stats(f.b->table).pages_mapped, n);
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g));
    cr_assert_eq(grants_stats(f.a->table).pages_held, n);
    MUST(leat_grant_unmap(m));
    FAILS(LEAT_E_STALE, leat_grant_unmap(m));
    FAILS(LEAT_E_STALE, leat_mapping_shared(m, LEAT_READ_ONLY, &s));
    MUST(leat_grant_revoke(g));
    cr_assert(all_bytes(bytes_of(c), n * PAGE, 0));
    FAILS(LEAT_E_STALE, leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
    free(refs);
    free(grefs);
}

Test(grant_share, one_page_both_ways)
{
    both_ways(1);
}

Test(grant_share, ten_pages_both_ways)
{
    both_ways(10);
}

Test(grant_share, a_thousand_pages_both_ways)
{
    both_ways(1000);
}

Test(grant_share, pages_of_several_owners_are_not_shown)
{
    struct leat_chunk c = get(f.a->pool, 1);
    struct leat_grant g;

    MUST(leat_chunk_mix(c));
    FAILS(LEAT_E_PEER, leat_grant_share(f.a->table, c, 2, LEAT_READ_ONLY, &g));
    FAILS(LEAT_E_PEER, leat_grant_share(f.a->table, c, 2,
                                        LEAT_READ_ONLY | LEAT_SHARE_VOUCH, &g));
    MUST(leat_pool_put(f.a->pool, c));
}
