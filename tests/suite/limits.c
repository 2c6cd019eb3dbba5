/* SPDX-License-Identifier: ISC */

/* Cases: quotas, references, and the table's end. */

#include "suite.h"

/* ------------------------------------------------------------------ quotas */

static void quotas(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    struct leat_quota quota = {.refs = 3, .pages = 3}, cost;
    struct leat_grant more = {0};
    struct leat_chunk c;
    struct given g, one;

    MUST(leat_grants_quota(w->own.table, w->own.with, &quota));
    MUST(leat_pool_get(pool, 4, &c));
    GIVES(LEAT_E_LIMIT, leat_grant_share(w->own.table, c, w->own.with,
                                         LEAT_READ_WRITE, &more));
    CHECK(!more.table);
    MUST(leat_pool_put(pool, c));
    give(w, &g, 2);
    give(w, &one, 1);
    MUST(leat_pool_get(pool, 1, &c));
    GIVES(LEAT_E_LIMIT, leat_grant_share(w->own.table, c, w->own.with,
                                         LEAT_READ_WRITE, &more));
    /* What is in quarantine costs, too. */
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g.grant));
    MUST(leat_pool_put(pool, g.chunk));
    GIVES(LEAT_E_LIMIT, leat_grant_share(w->own.table, c, w->own.with,
                                         LEAT_READ_WRITE, &more));
    MUST(leat_grants_cost(w->own.table, w->own.with, &cost));
    CHECK(cost.refs == 3 && cost.pages == 3);
    MUST(ask_unmap(w, 1, 0));
    settle(w);
    MUST(
        leat_grant_share(w->own.table, c, w->own.with, LEAT_READ_WRITE, &more));
    MUST(leat_pool_put(pool, c));
    MUST(end_share(w, more));
    take(w, &one);
    MUST(leat_grants_cost(w->own.table, w->own.with, &cost));
    CHECK(cost.refs == 0 && cost.pages == 0);
}

static void quota_of_mappings(struct world *w)
{
    struct leat_quota quota = {.mapped_bytes = 3 * PAGE}, cost;
    struct leat_gref grefs[4];
    struct leat_mapping a, b = {0};

    MUST(ask_share(w, 1, 0, 4, LEAT_READ_WRITE, 1, grefs));
    MUST(leat_grants_quota(w->own.table, w->peer_id[1], &quota));
    GIVES(LEAT_E_LIMIT,
          leat_grant_map(w->own.table, grefs, 4, LEAT_READ_ONLY, NULL, &b));
    MUST(leat_grant_map(w->own.table, grefs, 2, LEAT_READ_ONLY, NULL, &a));
    GIVES(LEAT_E_LIMIT,
          leat_grant_map(w->own.table, grefs, 2, LEAT_READ_ONLY, NULL, &b));
    CHECK(!b.table);
    MUST(leat_grant_map(w->own.table, grefs + 2, 1, LEAT_READ_ONLY, NULL, &b));
    MUST(leat_grants_cost(w->own.table, w->peer_id[1], &cost));
    CHECK(cost.mapped_bytes == 3 * PAGE);
    MUST(leat_grant_unmap(a));
    MUST(leat_grant_map(w->own.table, grefs, 2, LEAT_READ_ONLY, NULL, &a));
    MUST(leat_grant_unmap(a));
    MUST(leat_grant_unmap(b));
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

/* A peer that never lets go costs what its quota says, and another nothing. */
static void never_lets_go(struct world *w)
{
    struct leat_pool *theirs = party_pool(&w->own, MEMORY_PEER_2);
    struct leat_quota quota = {.pages = 20};
    struct leat_grant grant;
    struct leat_chunk c;
    uint32_t ref;
    unsigned kept = 0, refused = 0;

    MUST(leat_grants_quota(w->own.table, w->peer_id[1], &quota));
    for (unsigned i = 0; i < 200; i++) {
        MUST(leat_pool_get(party_pool(&w->own, MEMORY_PEER_1), 1, &c));
        if (leat_grant_share(w->own.table, c, w->peer_id[1], LEAT_READ_WRITE,
                             &grant)) {
            refused++;
        } else {
            MUST(leat_grant_ref(grant, &ref));
            if (kept < PEER_SLOTS) /* all the slots that it has */
                MUST(ask_map(w, 1, kept++, &ref, 1, LEAT_READ_WRITE));
            else
                kept++;
            leat_grant_revoke(grant);
        }
        MUST(leat_pool_put(c.pool, c));
        MUST(leat_pool_get(theirs, 1, &c));
        MUST(leat_grant_share(w->own.table, c, w->peer_id[2], LEAT_READ_WRITE,
                              &grant));
        MUST(leat_grant_revoke(grant));
        MUST(leat_pool_put(theirs, c));
    }
    CHECK(stats(w).pages_held == PEER_SLOTS);
    CHECK(pages_out(w, MEMORY_PEER_1) == PEER_SLOTS);
    CHECK(refused == 0);
    quota.pages = PEER_SLOTS;
    MUST(leat_grants_quota(w->own.table, w->peer_id[1], &quota));
    MUST(leat_pool_get(party_pool(&w->own, MEMORY_PEER_1), 1, &c));
    GIVES(LEAT_E_LIMIT, leat_grant_share(w->own.table, c, w->peer_id[1],
                                         LEAT_READ_WRITE, &grant));
    MUST(leat_pool_put(c.pool, c));
    for (unsigned i = 0; i < PEER_SLOTS; i++)
        MUST(ask_unmap(w, 1, i));
    settle(w);
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
}

/* -------------------------------------------------------------- references */

static void references(struct world *w)
{
    uint32_t all[64], refs[64], last;
    size_t n = leat_grant_refs_free(w->own.table), i, k;
    struct given g;

    CHECK(n == 56); /* 64, of which 8 are reserved */
    GIVES(LEAT_E_LIMIT, leat_grant_refs_get(w->own.table, all, n + 1));
    CHECK(leat_grant_refs_free(w->own.table) == n);
    MUST(leat_grant_refs_get(w->own.table, all, n));
    for (i = 0; i < n; i++) {
        CHECK(all[i] >= LEAT_GRANT_RESERVED && all[i] < 64);
        for (k = 0; k < i; k++)
            CHECK(all[k] != all[i]);
    }
    GIVES(LEAT_E_LIMIT, leat_grant_refs_get(w->own.table, refs, 1));
    refs[0] = all[0];
    refs[1] = 3;
    GIVES(LEAT_E_REFERENCE, leat_grant_refs_put(w->own.table, refs, 2));
    MUST(leat_grant_refs_put(w->own.table, all, n));
    GIVES(LEAT_E_REFERENCE, leat_grant_refs_put(w->own.table, all, 1));
    /* What was revoked last is given out last. */
    give(w, &g, 1);
    last = g.refs[0];
    take(w, &g);
    for (i = 0; i + 1 < n; i++) {
        MUST(leat_grant_refs_get(w->own.table, &all[i], 1));
        CHECK(all[i] != last);
    }
    MUST(leat_grant_refs_get(w->own.table, &all[i], 1));
    CHECK(all[i] == last);
    MUST(leat_grant_refs_put(w->own.table, all, n));
}

static unsigned served[3], serving;

static void serve(void *arg, uint32_t *refs, size_t n)
{
    struct world *w = arg;

    served[serving++ % 3] = (unsigned)n;
    GIVES(0, leat_grant_refs_put(w->own.table, refs, n));
}

/* Two that want over half each both finish, in turn; one leaves the line. */
static void waiters(struct world *w)
{
    struct leat_refs_waiter a = {0}, b = {0}, c = {0};
    uint32_t held[20], ra[40], rb[41], rc[2];
    struct leat_grant none = {0};
    struct given g;
    struct leat_chunk chunk;

    serving = 0;
    give(w, &g, 1);
    MUST(leat_grant_refs_get(w->own.table, held, 20));
    MUST(leat_grant_refs_wait(w->own.table, &a, ra, 40, serve, w));
    MUST(leat_grant_refs_wait(w->own.table, &c, rc, 2, serve, w));
    MUST(leat_grant_refs_wait(w->own.table, &b, rb, 41, serve, w));
    CHECK(serving == 0 && stats(w).waiting == 3);
    GIVES(LEAT_E_BUSY, leat_grant_refs_wait(w->own.table, &a, ra, 1, serve, w));
    GIVES(LEAT_E_BUSY, leat_grant_refs_get(w->own.table, rc, 1));
    MUST(leat_pool_get(g.chunk.pool, 1, &chunk));
    GIVES(LEAT_E_BUSY, leat_grant_share(w->own.table, chunk, w->own.with,
                                        LEAT_READ_WRITE, &none));
    MUST(leat_pool_put(chunk.pool, chunk));
    MUST(leat_grant_refs_cancel(w->own.table, &c));
    GIVES(LEAT_E_STATE, leat_grant_refs_cancel(w->own.table, &c));
    /* The last reference that is missing comes by a revoke. */
    MUST(leat_grant_refs_put(w->own.table, held, 4));
    CHECK(serving == 0);
    take(w, &g);
    CHECK(serving == 1); /* whose callback put them back: one is missing */
    MUST(leat_grant_refs_put(w->own.table, held + 4, 1));
    MUST(leat_grant_refs_put(w->own.table, held + 5, 15));
    CHECK(serving == 2 && served[0] == 40 && served[1] == 41);
    GIVES(LEAT_E_STATE, leat_grant_refs_cancel(w->own.table, &a));
    GIVES(LEAT_E_LIMIT,
          leat_grant_refs_wait(w->own.table, &a, ra, 57, serve, w));
    CHECK(stats(w).waiting == 0 && leat_grant_refs_free(w->own.table) == 56);
}

static void reference_in_use(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    struct leat_grant g, none = {0};
    struct leat_chunk c, d;
    uint32_t refs[3], bad[2];

    MUST(leat_grant_refs_get(w->own.table, refs, 3));
    MUST(leat_pool_get(pool, 2, &c));
    MUST(leat_pool_get(pool, 2, &d));
#define BY(chunk, refs, n, out)                                      \
    leat_grant_share_by(w->own.table, chunk, leat_chunk_view(chunk), \
                        w->own.with, LEAT_READ_WRITE, 0, refs, n, out)
    GIVES(LEAT_E_LENGTH, BY(c, refs, 3, &none));
    MUST(BY(c, refs, 2, &g));
    GIVES(LEAT_E_BUSY, BY(d, refs, 2, &none));
    bad[0] = bad[1] = refs[2];
    GIVES(LEAT_E_BUSY, BY(d, bad, 2, &none));
    bad[1] = 5;
    GIVES(LEAT_E_REFERENCE, BY(d, bad, 2, &none));
    bad[1] = refs[2] == 60 ? 61 : 60;
    GIVES(LEAT_E_REFERENCE, BY(d, bad, 2, &none));
#undef BY
    GIVES(LEAT_E_BUSY, leat_grant_refs_put(w->own.table, refs, 1));
    CHECK(!none.table);
    MUST(ask_map(w, 1, 0, refs, 2, LEAT_READ_WRITE));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g));
    GIVES(LEAT_E_BUSY, leat_grant_refs_put(w->own.table, refs, 1));
    MUST(ask_unmap(w, 1, 0));
    MUST(leat_grant_revoke(g));
    GIVES(LEAT_E_REFERENCE, leat_grant_refs_put(w->own.table, refs, 1));
    MUST(leat_grant_refs_put(w->own.table, &refs[2], 1));
    MUST(leat_pool_put(pool, c));
    MUST(leat_pool_put(pool, d));
}

/* ------------------------------------------------------- the table is full */

/* Each reference of a whole table shows a page, and each comes back. */
static void all_references(struct world *w)
{
    static struct given g[33];
    struct leat_grants_stats before = stats(w), s;
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    struct leat_grant none = {0};
    struct leat_chunk c;
    size_t left = 32760, n = 0, some;

    CHECK(before.refs == 32760 && before.refs_free == 32760);
    for (; left; left -= some, n++) {
        some = left < 1000 ? left : 1000;
        give(w, &g[n], some);
    }
    MUST(leat_pool_get(pool, 1, &c));
    GIVES(LEAT_E_LIMIT, leat_grant_share(w->own.table, c, w->own.with,
                                         LEAT_READ_WRITE, &none));
    MUST(leat_pool_put(pool, c));
    s = stats(w);
    CHECK(!none.table && s.refs_free == 0 && s.pages_shared == 32760);
    MUST(ask_map(w, 1, 0, g[n - 1].refs, g[n - 1].n, LEAT_READ_WRITE));
    MUST(ask_fill(w, 1, 0, 1));
    CHECK(filled(g[n - 1].view, 1));
    MUST(ask_unmap(w, 1, 0));
    while (n--)
        take(w, &g[n]);
    s = stats(w);
    CHECK(same(&before, &s));
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
    give(w, &g[0], 1);
    take(w, &g[0]);
}

/* ------------------------------------------------------------ what is out */

struct names {
    unsigned n;
    uint64_t tags;
    uint32_t refs[3];
};

static int name(void *arg, const struct leat_grant_info *info)
{
    struct names *all = arg;

    if (all->n < 3)
        all->refs[all->n] = info->ref;
    all->n++;
    all->tags |= info->tag;
    return 0;
}

static void closed_too_early(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    struct names all = {0};
    struct given live, held;

    give(w, &live, 2);
    give(w, &held, 1);
    MUST(leat_grant_tag(live.grant, 1));
    MUST(leat_grant_tag(held.grant, 2));
    MUST(ask_map(w, 1, 0, held.refs, 1, LEAT_READ_WRITE));
    MUST(leat_pool_put(pool, held.chunk));
    MUST(leat_pool_put(pool, live.chunk));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(held.grant));
    GIVES(LEAT_E_BUSY, leat_grants_destroy(w->own.table));
    GIVES(LEAT_E_BUSY, leat_pool_destroy(pool));
    MUST(leat_grants_each(w->own.table, name, &all));
    CHECK(all.n == 2 && all.tags == 3 && all.refs[0] < all.refs[1]);
    CHECK(all.refs[0] == live.refs[0] || all.refs[0] == held.refs[0]);
    MUST(ask_unmap(w, 1, 0));
    settle(w);
    MUST(end_share(w, live.grant));
}

static void budget(struct world *w)
{
    struct given g[10];
    size_t drained;

    for (unsigned i = 0; i < COUNT(g); i++) {
        give(w, &g[i], 1);
        MUST(ask_map(w, 1, i, g[i].refs, 1, LEAT_READ_WRITE));
        MUST(leat_pool_put(g[i].chunk.pool, g[i].chunk));
        GIVES(LEAT_E_BUSY, leat_grant_revoke(g[i].grant));
    }
    for (unsigned i = 0; i < 4; i++) {
        uint64_t before = stats(w).ends;

        MUST(leat_grant_poll(w->own.table, 3, &drained));
        CHECK(drained == 0 && stats(w).ends == before + 3);
    }
    for (unsigned i = 0; i < COUNT(g); i++)
        MUST(ask_unmap(w, 1, i));
    for (unsigned left = COUNT(g); left;) {
        MUST(leat_grant_poll(w->own.table, 3, &drained));
        CHECK(drained == (left < 3 ? left : 3));
        if (test_failed)
            return;
        left -= (unsigned)drained;
    }
    CHECK(w->own.events.drained == COUNT(g));
}

const struct suite_case cases_limits[] = {
    {"what is out is named when it is in the way",
     closed_too_early,
     0,
     {0},
     false},
    {"a poll keeps its budget", budget, CAN_KNOW_LETGO, {0}, false},
    {"quotas of references and pages", quotas, 0, {0}, false},
    {"a quota of mapped bytes", quota_of_mappings, 0, {0}, false},
    {"a peer that never lets go costs its quota, and no other peer",
     never_lets_go,
     CAN_TWO_PEERS | CAN_KNOW_LETGO,
     {.peers = 2},
     false},
    {"references: all or none, none reserved, the last revoked last",
     references,
     CAN_SHARE_ON_DEMAND,
     {.refs_max = 64},
     false},
    {"who waits for references",
     waiters,
     CAN_SHARE_ON_DEMAND,
     {.refs_max = 64},
     false},
    {"a reference in use is not granted again",
     reference_in_use,
     CAN_SHARE_ON_DEMAND,
     {.refs_max = 64},
     false},
    {"32,768 references, to the last and back",
     all_references,
     CAN_32768,
     {0},
     false},
    {0},
};
