/* SPDX-License-Identifier: ISC */

/*
 * Cases: the k-th operation fails, for each k. The call that needed it says so,
 * its outputs are untouched, and counts return to where they were.
 */

#include <errno.h>

#include "suite.h"

/* A life of grants. What is left undone by a failure is undone. */
struct life {
    struct leat_gref theirs[3];
    unsigned errors; /* calls that failed */
    int error;       /* how the last did  */
};

static bool went(struct life *l, int err)
{
    if (err) {
        l->errors++;
        l->error = err;
    }
    return !err;
}

/* Ends it, one way or the other: what does not end now is settled later. */
static void end(struct world *w, struct life *l, struct leat_grant g)
{
    if (!g.table)
        return;
    if (!(w->f->can & CAN_KNOW_LETGO))
        GIVES(0, leat_grant_told(g));
    went(l, leat_grant_revoke(g));
}

static void live(struct world *w, struct life *l)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    bool by = w->f->can & CAN_SHARE_ON_DEMAND;
    struct leat_grant a = {0}, b = {0};
    struct leat_mapping m = {0}, n = {0};
    struct leat_copy_batch batch;
    struct leat_copy_seg segs[3];
    struct leat_copies copies = {0};
    unsigned char buf[5000];
    struct leat_view v = {buf, sizeof(buf)};
    struct leat_chunk c, d;
    uint32_t refs[2];
    size_t seg;
    int status;

    MUST(leat_pool_get(pool, 70, &c));
    MUST(leat_pool_get(pool, 2, &d));
    CHECK(went(l, leat_grant_share(w->own.table, c, w->own.with,
                                   LEAT_READ_WRITE, &a)) == (a.table != NULL));
    if (by) {
        MUST(leat_grant_refs_get(w->own.table, refs, 2));
        if (!went(l, leat_grant_share_by(w->own.table, d, leat_chunk_view(d),
                                         w->own.with, LEAT_READ_WRITE, 0, refs,
                                         2, &b))) {
            CHECK(!b.table);
            /* They are the share's, or held still. */
            leat_grant_refs_put(w->own.table, refs, 2);
        }
    }
    if (!went(l, leat_grant_map(w->own.table, l->theirs, 3, LEAT_READ_WRITE,
                                NULL, &m)))
        CHECK(!m.table);
    if (!went(l, leat_grant_map(w->own.table, l->theirs, 1, LEAT_READ_ONLY,
                                NULL, &n)))
        CHECK(!n.table);
    MUST(leat_copy_init(&batch, w->own.table, segs, COUNT(segs), &copies));
    MUST(leat_copy_from(&batch, l->theirs, 3, 4000, v));
    if (went(l, leat_copy_run(&batch)))
        CHECK(buf[0] == pattern(1, 4000));
    while (!leat_copy_failed(&batch, &seg, &status))
        CHECK(status);
    if (m.table)
        went(l, leat_grant_unmap(m));
    if (n.table)
        went(l, leat_grant_unmap(n));
    CHECK(leat_grant_unmap(m) && leat_grant_unmap(n)); /* used up */
    end(w, l, a);
    end(w, l, b);
    MUST(leat_pool_put(pool, c));
    MUST(leat_pool_put(pool, d));
}

/* Nothing is left of a life. */
static void settled(struct world *w, const struct leat_grants_stats *before)
{
    struct leat_grants_stats after;

    settle(w);
    after = stats(w);
    CHECK(same(before, &after));
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
}

static void each_operation(struct world *w)
{
    struct leat_grants_stats before = stats(w);
    struct life l = {.errors = 0};
    unsigned long k;

    MUST(ask_share(w, 1, 0, 3, LEAT_READ_WRITE, 1, l.theirs));
    for (k = 1;; k++) {
        l.errors = 0;
        w->own.seam.failed = false;
        w->own.seam.fail_at = k;
        live(w, &l);
        w->own.seam.fail_at = 0;
        CHECK(l.errors == (w->own.seam.failed ? 1 : 0));
        settled(w, &before);
        if (!w->own.seam.failed || test_failed)
            break;
    }
    CHECK(k > 12);
    printf("# %lu operations, each failed once\n", k - 1);
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

/* The same one floor down: each request of the hypervisor's, in each way. */
static void each_request(struct world *w)
{
    static const int ways[] = {ENOMEM, ENOSPC, EAGAIN};
    struct leat_grants_stats before = stats(w);
    struct life l = {.errors = 0};
    unsigned k, told;
    bool struck;

    MUST(ask_share(w, 1, 0, 3, LEAT_READ_WRITE, 1, l.theirs));
    for (size_t i = 0; i < COUNT(ways) && !test_failed; i++) {
        told = 0;
        for (k = 1;; k++) {
            l.errors = 0;
            w->f->fail_below(w, k, ways[i]);
            live(w, &l);
            struck = w->f->fail_below(w, 0, 0);
            CHECK(l.errors <= (struck ? 1u : 0u));
            told += l.errors;
            settled(w, &before);
            if (!struck || test_failed)
                break;
        }
        CHECK(k > 6 && told > 3);
    }
    l.errors = 0;
    live(w, &l);
    CHECK(l.errors == 0);
    settled(w, &before);
    printf("# %u requests, each failed in %zu ways\n", k - 1, COUNT(ways));
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

/* A failed share shows nothing, and leaves the bytes as they were. */
static void failed_share(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    struct leat_grant g = {0};
    struct leat_chunk c;
    bool failed;

    MUST(leat_pool_get(pool, 3, &c));
    fill(leat_chunk_view(c), 5);
    for (unsigned long k = 1;; k++) {
        w->own.seam.failed = false;
        w->own.seam.fail_at = k;
        if (leat_grant_share(w->own.table, c, w->own.with, LEAT_READ_WRITE, &g))
            CHECK(!g.table);
        w->own.seam.fail_at = 0;
        failed = w->own.seam.failed;
        CHECK(filled(leat_chunk_view(c), 5));
        if (!failed || test_failed)
            break;
        CHECK(!g.table && stats(w).refs_granted == 0);
        CHECK(stats(w).pages_shared == 0);
    }
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(pool, c));
}

/* A persistent pool whose new unit fails, and one that cannot be revoked. */
static void persistent(struct world *w)
{
    struct leat_grants_stats before = stats(w), after;
    unsigned char *meta = NULL;
    bool failed = true;

    for (unsigned long k = 1; failed && !test_failed; k++) {
        struct leat_persist *p;
        struct leat_block b = {0};
        size_t held = 99;

        p = persist_open(
            w, &(struct leat_persist_config){.units_max = 1, .unit_pages = 3},
            &meta);
        w->own.seam.failed = false;
        w->own.seam.fail_at = k;
        if (leat_persist_get(p, &b))
            CHECK(!b.from);
        else
            MUST(leat_persist_put(b));
        MUST(leat_persist_close(p, persist_closed, &held));
        w->own.seam.fail_at = 0;
        failed = w->own.seam.failed;
        CHECK(held <= 1);
        settle(w);
        after = stats(w);
        CHECK(same(&before, &after));
        CHECK(pages_out(w, MEMORY_PEER_1) == 0);
        free(meta);
    }
}

const struct suite_case cases_fail[] = {
    {"the k-th operation fails, for each k", each_operation, 0, {0}, false},
    {"the k-th request below fails, for each k",
     each_request,
     CAN_FAIL_BELOW,
     {0},
     false},
    {"a share that fails shows nothing",
     failed_share,
     CAN_SHARE_ON_DEMAND,
     {0},
     false},
    {"a persistent pool's operations fail", persistent, 0, {0}, false},
    {0},
};
