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
    FAILS(LEAT_E_PEER,
          leat_grant_share(f.a->table, c, 2, LEAT_READ_ONLY, &g));
    FAILS(LEAT_E_PEER,
          leat_grant_share_view(f.a->table, c, leat_chunk_view(c), 2,
                                LEAT_READ_ONLY, LEAT_SHARE_VOUCH, &g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_share, the_peer_may_only_read_what_is_read_only)
{
    struct leat_chunk c = get(f.a->pool, 1);
    struct leat_gref gref = {.domain = 1};
    struct leat_mapping m;
    struct leat_shared s;
    struct leat_grant g;
    int status = 1;

    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_ONLY, &g));
    gref.ref = ref_of(g);
    FAILS(LEAT_E_ACCESS,
          leat_grant_map(f.b->table, &gref, 1, LEAT_READ_WRITE, &status, &m));
    cr_assert_eq(status, LEAT_E_ACCESS);
    MUST(leat_grant_map(f.b->table, &gref, 1, LEAT_READ_ONLY, &status, &m));
    FAILS(LEAT_E_ACCESS, leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    MUST(leat_mapping_shared(m, LEAT_READ_ONLY, &s));
    MUST(leat_grant_unmap(m));
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_share, a_view_must_be_whole_pages_of_the_chunk)
{
    struct leat_chunk c = get(f.a->pool, 3), other = get(f.a->pool, 1);
    struct leat_view all = leat_chunk_view(c), v;
    struct leat_grant g;

#define SHARE(view) \
    leat_grant_share_view(f.a->table, c, view, 2, LEAT_READ_WRITE, 0, &g)
    MUST(leat_view_slice(all, 1, PAGE, &v));
    FAILS(LEAT_E_ALIGN, SHARE(v));
    MUST(leat_view_slice(all, PAGE, PAGE + 1, &v));
    FAILS(LEAT_E_LENGTH, SHARE(v));
    MUST(leat_view_slice(all, PAGE, 0, &v));
    FAILS(LEAT_E_RANGE, SHARE(v));
    FAILS(LEAT_E_RANGE, SHARE(leat_chunk_view(other)));
    FAILS(LEAT_E_STALE, SHARE(((struct leat_view){NULL, 0})));
    MUST(leat_view_slice(all, PAGE, 2 * PAGE, &v));
    MUST(SHARE(v));
#undef SHARE
    cr_assert_eq(plain_page(f.a, ref_of(g)), all.data + PAGE);
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
    MUST(leat_pool_put(f.a->pool, other));
}

Test(grant_share, a_page_is_shown_to_one_peer)
{
    struct leat_grant g, again, none;
    struct leat_chunk c;
    size_t owners;

    g = shared_page(f.a, 2, &c);
    FAILS(LEAT_E_PEER,
          leat_grant_share(f.a->table, c, 3, LEAT_READ_WRITE, &none));
    FAILS(LEAT_E_ACCESS,
          leat_grant_share(f.a->table, c, 2, LEAT_READ_ONLY, &none));
    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &again));
    cr_assert_neq(ref_of(g), ref_of(again));
    MUST(leat_chunk_owners(c, &owners));
    cr_assert_eq(owners, 3);
    bytes_of(c)[7] = 7;
    MUST(leat_grant_revoke(g));
    cr_assert_eq(bytes_of(c)[7], 7, "the peer has the other");
    FAILS(LEAT_E_PEER,
          leat_grant_share(f.a->table, c, 3, LEAT_READ_WRITE, &none));
    MUST(leat_grant_revoke(again));
    cr_assert_eq(bytes_of(c)[7], 0);
    MUST(leat_grant_share(f.a->table, c, 3, LEAT_READ_WRITE, &g));
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_share, shares_overlap_as_a_whole_or_not_at_all)
{
    struct leat_chunk c = get(f.a->pool, 4);
    struct leat_view all = leat_chunk_view(c), v;
    struct leat_grant g, none;

    MUST(leat_view_slice(all, PAGE, 2 * PAGE, &v));
    MUST(leat_grant_share_view(f.a->table, c, v, 2, LEAT_READ_WRITE, 0, &g));
    for (size_t at = 0; at < 4; at++) {
        for (size_t n = 1; at + n <= 4; n++) {
            if ((at == 1 && n == 2) || at + n <= 1 || at >= 3)
                continue;
            MUST(leat_view_slice(all, at * PAGE, n * PAGE, &v));
            FAILS(LEAT_E_BUSY,
                  leat_grant_share_view(f.a->table, c, v, 2, LEAT_READ_WRITE, 0,
                                        &none));
            FAILS(LEAT_E_PEER,
                  leat_grant_share_view(f.a->table, c, v, 3, LEAT_READ_WRITE, 0,
                                        &none));
        }
    }
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

/* Whether a page of a pool with (config) may be shown to domain 2. */
static int may_show(struct leat_pool_config config, uint32_t flags)
{
    struct spare spare;
    struct leat_grant g;
    struct leat_chunk c;
    int err;

    open_spare(&spare, f.a, 0, config);
    c = get(spare.pool, 1);
    memset(bytes_of(c), 0xee, PAGE);
    err = leat_grant_share_view(f.a->table, c, leat_chunk_view(c), 2,
                                LEAT_READ_WRITE, flags, &g);
    if (!err) {
        cr_assert(
            all_bytes(bytes_of(c), PAGE, flags & LEAT_SHARE_ZERO ? 0 : 0xee));
        MUST(leat_grant_revoke(g));
    }
    MUST(leat_pool_put(spare.pool, c));
    close_spare(&spare);
    return err;
}

Test(grant_share, only_what_is_that_peers_is_shown)
{
    struct leat_pool_config none = {0}, its = {.peer = 2 + 1},
                            others = {.peer = 3 + 1},
                            dirty = {.zero = LEAT_ZERO_NEVER},
                            asked = {.zero = LEAT_ZERO_ON_REQUEST,
                                     .peer = 2 + 1};

    MUST(may_show(none, 0));
    MUST(may_show(its, 0));
    FAILS(LEAT_E_PEER, may_show(others, 0));
    FAILS(LEAT_E_PEER, may_show(others, LEAT_SHARE_VOUCH));
    FAILS(LEAT_E_PEER, may_show(others, LEAT_SHARE_ZERO));
    FAILS(LEAT_E_PEER, may_show(dirty, 0));
    FAILS(LEAT_E_PEER, may_show(asked, 0));
    MUST(may_show(dirty, LEAT_SHARE_VOUCH));
    MUST(may_show(dirty, LEAT_SHARE_ZERO));
    MUST(may_show(asked, LEAT_SHARE_VOUCH));
    FAILS(LEAT_E_INVALID, may_show(none, 4));
}

static void released(void *arg, void *base, size_t pages)
{
    (void)base;
    *(size_t *)arg += pages;
}

Test(grant_share, adopted_memory_is_shown_when_somebody_vouches)
{
    unsigned char *mine = f.a->memory + (PLAIN_PAGES - 1) * PAGE;
    struct spare spare;
    struct leat_grant g;
    struct leat_chunk c;
    size_t n = 0;

    open_spare(&spare, f.a, 0, (struct leat_pool_config){.adopt_pages = 1});
    MUST(leat_pool_adopt(spare.pool, mine, 1, released, &n, &c));
    FAILS(LEAT_E_PEER, leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    MUST(leat_grant_share_view(f.a->table, c, leat_chunk_view(c), 2,
                               LEAT_READ_WRITE, LEAT_SHARE_VOUCH, &g));
    MUST(leat_pool_put(spare.pool, c));
    cr_assert_eq(n, 0, "the peer has it");
    MUST(leat_grant_revoke(g));
    cr_assert_eq(n, 1);
    close_spare(&spare);
}

Test(grant_share, ten_thousand_rounds_leave_everything_as_it_was)
{
    struct leat_chunk c = get(f.a->pool, 1), d = get(f.a->pool, 1);
    struct leat_grant g, h;
    uint32_t last = 0;

    for (size_t i = 0; i < 10001; i++) {
        MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
        MUST(leat_grant_share(f.a->table, d, 2, LEAT_READ_ONLY, &h));
        cr_assert_neq(ref_of(g), last, "what was revoked is given last");
        last = ref_of(h);
        MUST(leat_grant_revoke(g));
        MUST(leat_grant_revoke(h));
    }
    cr_assert_eq(grants_stats(f.a->table).revokes, 20002);
    MUST(leat_pool_put(f.a->pool, c));
    MUST(leat_pool_put(f.a->pool, d));
    assert_idle(f.a);
}

Test(grant_share, references_are_used_to_the_last)
{
    size_t n = leat_grant_refs_free(f.a->table), i;
    struct leat_grant *g = calloc(n, sizeof(*g)), none;
    struct leat_chunk *c = calloc(n + 1, sizeof(*c));

    cr_assert_eq(n, PLAIN_FRAMES * 512 - 8);
    for (i = 0; i < n; i++) {
        g[i] = shared_page(f.a, 2, &c[i]);
        cr_assert_geq(ref_of(g[i]), 8);
    }
    c[n] = get(f.a->pool, 1);
    FAILS(LEAT_E_LIMIT,
          leat_grant_share(f.a->table, c[n], 2, LEAT_READ_WRITE, &none));
    MUST(leat_grant_revoke(g[5]));
    MUST(leat_grant_share(f.a->table, c[n], 2, LEAT_READ_WRITE, &g[5]));
    for (i = 0; i < n; i++)
        MUST(leat_grant_revoke(g[i]));
    for (i = 0; i <= n; i++)
        MUST(leat_pool_put(f.a->pool, c[i]));
    assert_idle(f.a);
    free(g);
    free(c);
}

Test(grant_share, quotas_bound_what_a_peer_costs)
{
    struct leat_quota quota = {.refs = 3, .pages = 2}, cost;
    struct leat_grant g, h, none;
    struct leat_chunk c, d;

    MUST(leat_grants_quota(f.a->table, 2, &quota));
    g = shared_page(f.a, 2, &c);
    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &h));
    MUST(leat_grants_cost(f.a->table, 2, &cost));
    cr_assert(cost.refs == 2 && cost.pages == 1 && cost.mapped_bytes == 0);
    d = get(f.a->pool, 2);
    FAILS(LEAT_E_LIMIT,
          leat_grant_share(f.a->table, d, 2, LEAT_READ_WRITE, &none));
    MUST(leat_grant_share(f.a->table, d, 3, LEAT_READ_WRITE, &none));
    MUST(leat_grant_revoke(none));
    MUST(leat_grant_revoke(g));
    MUST(leat_grant_revoke(h));
    MUST(leat_grant_share(f.a->table, d, 2, LEAT_READ_WRITE, &g));
    FAILS(LEAT_E_LIMIT,
          leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &none));
    MUST(leat_grant_revoke(g));
    MUST(leat_grants_cost(f.a->table, 2, &cost));
    cr_assert(cost.refs == 0 && cost.pages == 0);
    MUST(leat_pool_put(f.a->pool, c));
    MUST(leat_pool_put(f.a->pool, d));
}

Test(grant_share, more_peers_than_there_is_room_for_are_refused)
{
    struct leat_chunk c[65];
    struct leat_grant g[65];

    for (uint32_t i = 0; i < 65; i++)
        c[i] = get(f.a->pool, 1);
    for (uint32_t i = 0; i < 64; i++)
        MUST(leat_grant_share(f.a->table, c[i], 100 + i, LEAT_READ_WRITE,
                              &g[i]));
    FAILS(LEAT_E_LIMIT,
          leat_grant_share(f.a->table, c[64], 1, LEAT_READ_WRITE, &g[64]));
    MUST(leat_grant_revoke(g[3]));
    MUST(leat_grant_share(f.a->table, c[64], 1, LEAT_READ_WRITE, &g[3]));
    for (uint32_t i = 0; i < 64; i++)
        MUST(leat_grant_revoke(g[i]));
    for (uint32_t i = 0; i < 65; i++)
        MUST(leat_pool_put(f.a->pool, c[i]));
}
