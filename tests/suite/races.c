/* SPDX-License-Identifier: ISC */

/*
 * Cases: a peer that acts between any two steps, and beside them. Whatever it
 * does, a page is either its, and quarantined, or nobody else's to see.
 */

#include "suite.h"

/*
 * The peer maps one of three pages at each step of a revoke: either it has the
 * page and the revoke says so, or it does not get it. The page never gets out.
 */
static void map_at_each_step(struct world *w)
{
    static struct given g;
    struct intrusion in = {.w = w, .g = &g};
    unsigned got = 0, refused = 0;
    size_t drained;

    for (in.page = 0; in.page < 3; in.page++) {
        for (in.at = 0;; in.at++) {
            int err;

            in.access = in.at % 2 ? LEAT_READ_ONLY : LEAT_READ_WRITE;
            in.steps = 0;
            in.tried = in.got = false;
            give(w, &g, 3);
            MUST(leat_pool_put(g.chunk.pool, g.chunk));
            w->own.seam.step = intrude;
            w->own.seam.arg = &in;
            err = leat_grant_revoke(g.grant);
            w->own.seam.step = NULL;
            GIVES(in.got ? LEAT_E_BUSY : 0, err);
            got += in.got;
            refused += in.tried && !in.got;
            if (in.got) {
                CHECK(stats(w).pages_held == 1 && stats(w).quarantined == 1);
                CHECK(pages_out(w, MEMORY_PEER_1) == 3);
                MUST(leat_grant_poll(w->own.table, 10, &drained));
                CHECK(drained == 0);
                MUST(ask_unmap(w, 1, 0));
                MUST(leat_grant_poll(w->own.table, 10, &drained));
                CHECK(drained == 1);
            }
            CHECK(stats(w).pages_held == 0);
            CHECK(pages_out(w, MEMORY_PEER_1) == 0);
            if (!in.tried || test_failed)
                break;
        }
        CHECK(in.at >= 6);
    }
    CHECK(got >= 3 && refused >= 3); /* both came to pass */
}

/*
 * The control: over a kernel that looks and then acts, the case above would find
 * a page that is free while the peer has it. The peer's own mapping is still the
 * hypervisor's, which lets nobody else have it.
 */
static void look_then_act(struct world *w)
{
    static struct given g;
    struct intrusion in = {.w = w, .g = &g, .access = LEAT_READ_WRITE};
    bool found = false;

    w->own.seam.looks_then_acts = true;
    for (in.at = 0; !found && !test_failed; in.at++) {
        int err;

        in.steps = 0;
        in.tried = in.got = false;
        give(w, &g, 1);
        w->own.seam.step = intrude;
        w->own.seam.arg = &in;
        err = leat_grant_revoke(g.grant);
        w->own.seam.step = NULL;
        found = in.got && w->own.seam.taken == g.refs[0];
        if (found) /* a page that is said to be private, and is not */
            MUST(ask_fill(w, 1, 0, 3));
        if (in.got)
            MUST(ask_unmap(w, 1, 0));
        w->own.seam.looks_then_acts = !found;
        if (found) /* ended in truth, for the rest of this world */
            MUST(w->own.seam.share.ops->end(w->own.seam.share.self, g.refs[0],
                                            g.view.data));
        if (err)
            MUST(leat_grant_revoke(g.grant));
        MUST(leat_pool_put(g.chunk.pool, g.chunk));
        if (!in.tried)
            break;
    }
    CHECK(found);
}

/* The same, at the same time: by each schedule. */
static void map_beside_revoke(struct world *w)
{
    static struct given g;
    struct leat_chunk c;
    size_t drained;

    for (unsigned i = 0; i < 4; i++) {
        enum leat_access access = i % 2 ? LEAT_READ_ONLY : LEAT_READ_WRITE;
        int err, got;

        give(w, &g, 2);
        MUST(leat_pool_put(g.chunk.pool, g.chunk));
        post_map(w, 1, 0, &g.refs[i / 2], 1, access);
        err = leat_grant_revoke(g.grant);
        got = await(w, 1);
        CHECK(err ? err == LEAT_E_BUSY && (!got || got == LEAT_E_REFERENCE)
                  : got == LEAT_E_REFERENCE);
        if (err && !got) {
            /* Nobody else has what the peer writes to. */
            if (access == LEAT_READ_WRITE)
                MUST(ask_fill(w, 1, 0, i));
            for (int k = 0; k < 8; k++) {
                MUST(leat_pool_get(g.chunk.pool, 1, &c));
                CHECK(all_are(leat_chunk_view(c), 0));
                MUST(leat_pool_put(g.chunk.pool, c));
            }
            CHECK(stats(w).pages_held == 1);
            MUST(ask_unmap(w, 1, 0));
        }
        MUST(leat_grant_poll(w->own.table, 10, &drained));
        CHECK(drained == (err ? 1 : 0));
        CHECK(pages_out(w, MEMORY_PEER_1) == 0);
    }
}

/* The peer maps and unmaps while the same pages are revoked and polled. */
static void churn_beside_revoke(struct world *w)
{
    static struct given g[4];
    size_t drained, all = 0;

    for (unsigned i = 0; i < COUNT(g); i++)
        give(w, &g[i], 1 + i);
    for (unsigned i = 0; i < COUNT(g); i++) {
        int got;

        post_map(w, 1, i, g[i].refs, g[i].n, LEAT_READ_WRITE);
        MUST(leat_pool_put(g[i].chunk.pool, g[i].chunk));
        leat_grant_revoke(g[i].grant);
        got = await(w, 1);
        if (!got) {
            post(w, 1, PEER_UNMAP, i);
            MUST(leat_grant_poll(w->own.table, 10, &drained));
            all += drained;
            GIVES(0, await(w, 1));
        }
    }
    MUST(leat_grant_poll(w->own.table, 10, &drained));
    all += drained;
    CHECK(w->own.events.drained == all);
    CHECK(stats(w).quarantined == 0 && stats(w).refs_granted == 0);
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
}

/* Copies hold a page for their time: it is taken from them, or they from it. */
static void copy_beside_revoke(struct world *w)
{
    static struct given g;

    for (unsigned i = 0; i < 3; i++) {
        int got, err;

        give(w, &g, 2);
        fill(g.view, i);
        MUST(leat_pool_put(g.chunk.pool, g.chunk));
        w->ask.domain = w->own.id;
        w->ask.n = 2;
        memcpy(w->ask.refs, g.refs, 2 * sizeof(g.refs[0]));
        w->ask.off = 4000;
        w->ask.len = 1000;
        post(w, 1, PEER_COPY_FROM, 0);
        err = leat_grant_revoke(g.grant);
        got = await(w, 1);
        CHECK(!got || got == LEAT_E_REFERENCE);
        CHECK(!err || err == LEAT_E_BUSY);
        for (size_t k = 0; !got && k < 1000; k++)
            /* What was taken meanwhile is zero; never another's. */
            if (w->answer.data[k] && w->answer.data[k] != pattern(i, 4000 + k))
                CHECK(!"a copy has these bytes or none");
        MUST(leat_grant_poll(w->own.table, 10, NULL));
        CHECK(stats(w).quarantined == 0);
        CHECK(pages_out(w, MEMORY_PEER_1) == 0);
    }
}

/* A suspend beside a peer that maps: refused, or it does not get the page. */
static void suspend_at_each_step(struct world *w)
{
    static struct given g;
    struct intrusion in = {.w = w, .g = &g};
    unsigned got = 0, lost = 0;

    for (in.page = 0; in.page < 2; in.page++) {
        for (in.at = 0;; in.at++) {
            unsigned before = w->own.events.lost;
            uint32_t refs[2];
            int err;

            in.access = in.at % 2 ? LEAT_READ_ONLY : LEAT_READ_WRITE;
            in.steps = 0;
            in.tried = in.got = false;
            give(w, &g, 2);
            fill(g.view, 5);
            w->own.seam.step = intrude;
            w->own.seam.arg = &in;
            err = w->f->suspend(w, LEAT_RESUMED);
            w->own.seam.step = NULL;
            GIVES(in.got ? LEAT_E_BUSY : 0, err);
            if (in.got) { /* all is as it was, by the same references */
                got++;
                MUST(leat_grant_refs(g.grant, refs, 2));
                CHECK(!memcmp(refs, g.refs, sizeof(refs)));
                CHECK(filled(g.view, 5));
                MUST(ask_unmap(w, 1, 0));
                MUST(ask_map(w, 1, 1, g.refs, 2, LEAT_READ_WRITE));
                CHECK(ask_filled(w, 1, 1, 5));
                MUST(ask_unmap(w, 1, 1));
                take(w, &g);
            } else {
                lost += w->own.events.lost - before;
                CHECK(w->own.events.lost == before + 1);
                GIVES(LEAT_E_STALE, leat_grant_revoke(g.grant));
                MUST(leat_pool_put(g.chunk.pool, g.chunk));
            }
            CHECK(stats(w).refs_granted == 0 && stats(w).quarantined == 0);
            if (!in.tried || test_failed)
                break;
        }
    }
    CHECK(got > 2 && lost > 2);
}

/* An operation fails in a suspend: it is refused, or what is lost is told. */
static void suspend_fails(struct world *w)
{
    static struct given g;
    bool failed = true;
    unsigned long k;

    for (k = 1; failed && !test_failed; k++) {
        unsigned before = w->own.events.lost;
        int err;

        give(w, &g, 3);
        w->own.seam.failed = false;
        w->own.seam.fail_at = k;
        err = w->f->suspend(w, LEAT_RESUMED);
        w->own.seam.fail_at = 0;
        failed = w->own.seam.failed;
        CHECK((w->own.events.lost == before) == (err != 0));
        if (err)
            take(w, &g);
        else
            MUST(leat_pool_put(g.chunk.pool, g.chunk));
        settle(w);
        CHECK(stats(w).refs_granted == 0);
        CHECK(pages_out(w, MEMORY_PEER_1) == 0);
    }
    CHECK(k > 3);
}

const struct suite_case cases_races[] = {
    {"the peer maps between any two steps of a revoke",
     map_at_each_step,
     CAN_KNOW_LETGO,
     {0},
     false},
    {"over a kernel that looks and then acts, that is found",
     look_then_act,
     CAN_KNOW_LETGO,
     {0},
     false},
    {"the peer maps beside a revoke",
     map_beside_revoke,
     CAN_KNOW_LETGO,
     {0},
     true},
    {"the peer maps and unmaps beside revoke and poll",
     churn_beside_revoke,
     CAN_KNOW_LETGO,
     {0},
     true},
    {"the peer copies beside a revoke",
     copy_beside_revoke,
     CAN_KNOW_LETGO,
     {0},
     true},
    {"the peer maps between any two steps of a suspend",
     suspend_at_each_step,
     CAN_SUSPEND,
     {0},
     false},
    {"the k-th operation of a suspend fails, for each k",
     suspend_fails,
     CAN_SUSPEND,
     {0},
     false},
    {0},
};
