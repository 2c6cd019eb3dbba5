/* SPDX-License-Identifier: ISC */

#include "grant_fixture.h"

static struct grant_fixture f;

static void open_small(void)
{
    open_grants(&f, (struct leat_grants_config){.refs_max = 8 + 10});
}

static void shut(void)
{
    close_grants(&f);
}

TestSuite(grant_ref, .init = open_small, .fini = shut);

Test(grant_ref, all_or_none_never_reserved_never_twice)
{
    uint32_t refs[11] = {0}, more[11] = {0};

    cr_assert_eq(leat_grant_refs_free(f.a->table), 10);
    FAILS(LEAT_E_LIMIT, leat_grant_refs_get(f.a->table, refs, 11));
    MUST(leat_grant_refs_get(f.a->table, refs, 7));
    FAILS(LEAT_E_LIMIT, leat_grant_refs_get(f.a->table, more, 4));
    cr_assert_eq(more[0], 0);
    MUST(leat_grant_refs_get(f.a->table, more, 3));
    MUST(leat_grant_refs_get(f.a->table, more, 0));
    cr_assert_eq(leat_grant_refs_free(f.a->table), 0);
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 3; j++)
            cr_assert(refs[i] >= 8 && refs[i] < 18 && refs[i] != more[j]);
    MUST(leat_grant_refs_put(f.a->table, refs, 7));
    MUST(leat_grant_refs_put(f.a->table, more, 3));
    cr_assert_eq(grants_stats(f.a->table).refs_free, 10);
}

Test(grant_ref, what_comes_back_is_given_last)
{
    uint32_t first, r;

    MUST(leat_grant_refs_get(f.a->table, &first, 1));
    MUST(leat_grant_refs_put(f.a->table, &first, 1));
    for (size_t i = 0; i < 9; i++) {
        MUST(leat_grant_refs_get(f.a->table, &r, 1));
        cr_assert_neq(r, first);
        MUST(leat_grant_refs_put(f.a->table, &r, 1));
    }
    MUST(leat_grant_refs_get(f.a->table, &r, 1));
    cr_assert_eq(r, first);
    MUST(leat_grant_refs_put(f.a->table, &r, 1));
}

Test(grant_ref, a_put_is_all_or_none)
{
    uint32_t refs[3], bad[3];

    MUST(leat_grant_refs_get(f.a->table, refs, 3));
    memcpy(bad, refs, sizeof(bad));
    bad[2] = bad[0];
    FAILS(LEAT_E_REFERENCE, leat_grant_refs_put(f.a->table, bad, 3));
    bad[2] = 3;
    FAILS(LEAT_E_REFERENCE, leat_grant_refs_put(f.a->table, bad, 3));
    bad[2] = 1u << 20;
    FAILS(LEAT_E_REFERENCE, leat_grant_refs_put(f.a->table, bad, 3));
    cr_assert_eq(grants_stats(f.a->table).refs_held, 3);
    MUST(leat_grant_refs_put(f.a->table, refs, 3));
    FAILS(LEAT_E_REFERENCE, leat_grant_refs_put(f.a->table, refs, 1));
}

Test(grant_ref, a_share_by_them_takes_them)
{
    struct leat_chunk c = get(f.a->pool, 3);
    struct leat_view all = leat_chunk_view(c);
    uint32_t refs[3], bad[3], got[3];
    struct leat_grant g;

#define BY(which, n) \
    leat_grant_share_by(f.a->table, c, all, 2, LEAT_READ_WRITE, 0, which, n, &g)
    MUST(leat_grant_refs_get(f.a->table, refs, 3));
    memcpy(bad, refs, sizeof(bad));
    FAILS(LEAT_E_LENGTH, BY(refs, 2));
    bad[1] = bad[0];
    FAILS(LEAT_E_BUSY, BY(bad, 3));
    bad[1] = 2;
    FAILS(LEAT_E_REFERENCE, BY(bad, 3));
    cr_assert_eq(grants_stats(f.a->table).refs_held, 3);
    bad[0] = refs[2], bad[1] = refs[0], bad[2] = refs[1];
    MUST(BY(bad, 3));
    MUST(leat_grant_refs(g, got, 3));
    cr_assert_eq(memcmp(got, bad, sizeof(got)), 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(plain_page(f.a, got[i]), all.data + i * PAGE);
    FAILS(LEAT_E_BUSY, leat_grant_refs_put(f.a->table, refs, 3));
    FAILS(LEAT_E_BUSY, BY(refs, 3));
    MUST(leat_grant_revoke(g));
    FAILS(LEAT_E_REFERENCE, BY(refs, 3));
#undef BY
    MUST(leat_pool_put(f.a->pool, c));
    assert_idle(f.a);
}

struct wait {
    struct leat_refs_waiter w;
    uint32_t refs[10];
    unsigned served;
    bool put;          /* gives them back inside */
    struct wait *next; /* waits inside           */
    size_t n;
};

static void served(void *arg, uint32_t *refs, size_t n)
{
    struct wait *w = arg;

    cr_assert_eq(refs, w->refs);
    w->n = n;
    w->served++;
    if (w->put)
        MUST(leat_grant_refs_put(f.a->table, refs, n));
    if (w->next)
        MUST(leat_grant_refs_wait(f.a->table, &w->next->w, w->next->refs, n,
                                  served, w->next));
}

static void wait_for(struct wait *w, size_t n)
{
    MUST(leat_grant_refs_wait(f.a->table, &w->w, w->refs, n, served, w));
}

Test(grant_ref, two_that_want_over_half_both_finish)
{
    static struct wait a, b;

    wait_for(&a, 6);
    cr_assert_eq(a.served, 1);
    wait_for(&b, 6);
    cr_assert_eq(b.served, 0);
    MUST(leat_grant_refs_put(f.a->table, a.refs, 6));
    cr_assert_eq(b.served, 1);
    MUST(leat_grant_refs_put(f.a->table, b.refs, 6));
}

Test(grant_ref, the_line_is_served_in_order_and_nobody_overtakes)
{
    static struct wait w[4];
    struct leat_chunk c = get(f.a->pool, 1);
    struct leat_grant g;
    uint32_t all[10], r;

    MUST(leat_grant_refs_get(f.a->table, all, 10));
    wait_for(&w[0], 5);
    wait_for(&w[1], 1);
    wait_for(&w[2], 2);
    FAILS(LEAT_E_BUSY, leat_grant_refs_wait(f.a->table, &w[0].w, w[0].refs, 1,
                                            served, &w[0]));
    MUST(leat_grant_refs_put(f.a->table, all, 4));
    cr_assert_eq(w[0].served + w[1].served + w[2].served, 0);
    FAILS(LEAT_E_BUSY, leat_grant_refs_get(f.a->table, &r, 1));
    FAILS(LEAT_E_BUSY, leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    FAILS(LEAT_E_BUSY, leat_grants_destroy(f.a->table));
    MUST(leat_grant_refs_put(f.a->table, all + 4, 2));
    cr_assert(w[0].served == 1 && w[1].served == 1 && w[2].served == 0);
    MUST(leat_grant_refs_cancel(f.a->table, &w[2].w));
    FAILS(LEAT_E_STATE, leat_grant_refs_cancel(f.a->table, &w[2].w));
    FAILS(LEAT_E_STATE, leat_grant_refs_cancel(f.a->table, &w[0].w));
    wait_for(&w[2], 6);
    wait_for(&w[3], 1);
    MUST(leat_grant_refs_put(f.a->table, all + 6, 1));
    cr_assert_eq(w[2].served + w[3].served, 0);
    MUST(leat_grant_refs_cancel(f.a->table, &w[2].w)); /* those behind fit */
    cr_assert_eq(w[3].served, 1);
    MUST(leat_grant_refs_put(f.a->table, all + 7, 3));
    MUST(leat_grant_refs_put(f.a->table, w[0].refs, 5));
    MUST(leat_grant_refs_put(f.a->table, w[1].refs, 1));
    MUST(leat_grant_refs_put(f.a->table, w[3].refs, 1));
    FAILS(LEAT_E_LIMIT, leat_grant_refs_wait(f.a->table, &w[0].w, w[0].refs, 11,
                                             served, &w[0]));
    cr_assert_eq(grants_stats(f.a->table).served, 3);
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_ref, a_revoke_serves_the_line)
{
    static struct wait w;
    uint32_t nine[9];
    struct leat_grant g;
    struct leat_chunk c;

    g = shared_page(f.a, 2, &c);
    MUST(leat_grant_refs_get(f.a->table, nine, 9));
    wait_for(&w, 1);
    MUST(leat_grant_revoke(g));
    cr_assert_eq(w.served, 1);
    MUST(leat_grant_refs_put(f.a->table, nine, 9));
    MUST(leat_grant_refs_put(f.a->table, w.refs, 1));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_ref, a_callback_may_put_and_wait)
{
    enum {
        LINE = 20000
    };
    struct wait *w = calloc(LINE, sizeof(*w));
    uint32_t all[10];

    MUST(leat_grant_refs_get(f.a->table, all, 10));
    for (size_t i = 0; i < LINE; i++) {
        w[i].put = true;
        if (i < LINE / 2)
            wait_for(&w[i], 10);
    }
    for (size_t i = 0; i < LINE / 2; i++)
        w[i].next = &w[i + LINE / 2];
    MUST(leat_grant_refs_put(f.a->table, all, 10));
    for (size_t i = 0; i < LINE; i++)
        cr_assert_eq(w[i].served, 1);
    free(w);
}
