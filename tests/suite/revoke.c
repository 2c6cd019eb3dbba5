/* SPDX-License-Identifier: ISC */

/* Cases: revoking, and a peer that holds on. */

#include "suite.h"

/* Lets (g) drain, the peer having let go: by a poll, or as the peer tells. */
static void drain(struct world *w, struct leat_grant g)
{
    unsigned before = w->own.events.drained;
    size_t drained = 0;

    if (!(w->f->can & CAN_KNOW_LETGO)) {
        MUST(leat_grant_poll(w->own.table, 100, &drained));
        CHECK(drained == 0); /* nobody knows yet */
        GIVES(0, leat_grant_told(g));
    } else {
        MUST(leat_grant_poll(w->own.table, 100, &drained));
        CHECK(drained == 1);
    }
    CHECK(w->own.events.drained == before + 1);
    CHECK(w->own.events.revoked == LEAT_E_STALE);
    GIVES(LEAT_E_STALE, leat_grant_revoke(g));
}

/* The page neither goes to others, nor does its reference, while it is held. */
static void free_while_mapped(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    struct leat_grants_stats s, before = stats(w);
    struct leat_grant_info info;
    struct given g, other;
    size_t drained = 7;

    give(w, &g, 2);
    MUST(leat_grant_tag(g.grant, 4711));
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    MUST(leat_pool_put(pool, g.chunk));
    GIVES(LEAT_E_STALE, leat_pool_put(pool, g.chunk));
    CHECK(pages_out(w, MEMORY_PEER_1) == 2);
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g.grant));
    s = stats(w);
    CHECK(s.quarantined == 1 && s.pages_held == 2 && s.shares_live == 0);
    MUST(leat_grant_describe(g.grant, &info));
    CHECK(info.state == LEAT_GRANT_QUARANTINED && info.held == 2 &&
          info.tag == 4711 && info.domain == w->own.with && info.pages == 2 &&
          info.memory == g.view.data);
    MUST(leat_grant_poll(w->own.table, 100, &drained));
    CHECK(drained == 0);
    for (size_t i = 0; i < 100; i++) {
        give(w, &other, 1);
        CHECK(other.view.data + PAGE <= g.view.data ||
              other.view.data >= g.view.data + 2 * PAGE);
        CHECK(other.refs[0] != g.refs[0] && other.refs[0] != g.refs[1]);
        take(w, &other);
    }
    /* It is the peer's to read and write until it has let go, and to map. */
    MUST(ask_fill(w, 1, 0, 9));
    MUST(ask_map(w, 1, 1, &g.refs[1], 1, LEAT_READ_WRITE));
    CHECK(ask_filled(w, 1, 0, 9));
    MUST(ask_unmap(w, 1, 1));
    MUST(ask_unmap(w, 1, 0));
    drain(w, g.grant);
    CHECK(w->own.events.tag == 4711);
    s = stats(w);
    CHECK(same(&before, &s));
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
    for (size_t i = 0; i < 4; i++) {
        struct leat_chunk c;

        MUST(leat_pool_get(pool, 1, &c));
        CHECK(all_are(leat_chunk_view(c), 0));
        MUST(leat_pool_put(pool, c));
    }
}

/* Tried again by hand, while the handle of its pages is kept. */
static void held_and_tried_again(struct world *w)
{
    struct given g;

    give(w, &g, 1);
    MUST(ask_map(w, 1, 0, g.refs, 1, LEAT_READ_ONLY));
    MUST(ask_map(w, 1, 1, g.refs, 1, LEAT_READ_WRITE));
    for (int i = 0; i < 3; i++)
        GIVES(LEAT_E_BUSY, leat_grant_revoke(g.grant));
    MUST(ask_unmap(w, 1, 0));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g.grant));
    MUST(ask_fill(w, 1, 1, 3));
    MUST(ask_unmap(w, 1, 1));
    MUST(leat_grant_revoke(g.grant));
    CHECK(all_are(g.view, 0) && w->own.events.drained == 0);
    CHECK(stats(w).quarantined == 0);
    MUST(leat_pool_put(g.chunk.pool, g.chunk));
}

/* One of many: all of the share waits for it, and only for it. */
static void one_of_many_held(struct world *w)
{
    struct leat_grants_stats s;
    struct given g;
    uint64_t ends;

    give(w, &g, 100);
    MUST(ask_map(w, 1, 0, &g.refs[42], 1, LEAT_READ_WRITE));
    MUST(leat_pool_put(g.chunk.pool, g.chunk));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g.grant));
    s = stats(w);
    CHECK(s.quarantined == 1 && s.pages_held == 1);
    CHECK(pages_out(w, MEMORY_PEER_1) == 100);
    /* What has ended is not tried again, nor to be mapped. */
    ends = s.ends;
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 1, g.refs, 42, LEAT_READ_WRITE));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g.grant));
    CHECK(stats(w).ends == ends + 1);
    MUST(ask_unmap(w, 1, 0));
    drain(w, g.grant);
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
}

/* Kept: what the peer wrote is there, and the peer is not. */
static void kept_bytes(struct world *w)
{
    struct given g;

    give(w, &g, 2);
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    MUST(ask_fill(w, 1, 0, 6));
    MUST(ask_unmap(w, 1, 0));
    if (!(w->f->can & CAN_KNOW_LETGO))
        MUST(leat_grant_told(g.grant));
    MUST(leat_grant_revoke_keep(g.grant));
    CHECK(filled(g.view, 6));
    MUST(leat_pool_put(g.chunk.pool, g.chunk));
}

static void peer_killed(struct world *w)
{
    struct given g, other;

    give(w, &g, 3);
    give(w, &other, 1);
    MUST(ask_map(w, 1, 0, g.refs, 3, LEAT_READ_WRITE));
    MUST(ask_map(w, 1, 1, other.refs, 1, LEAT_READ_ONLY));
    MUST(leat_pool_put(g.chunk.pool, g.chunk));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g.grant));
    CHECK(stats(w).pages_held == 3);
    world_kill(w, 1);
    drain(w, g.grant);
    take(w, &other);
    CHECK(stats(w).pages_held == 0 && pages_out(w, MEMORY_PEER_1) == 0);
}

/* Its pages are read and written until they are unmapped. */
static void sharer_killed(struct world *w)
{
    struct leat_gref grefs[5];
    struct leat_mapping m, second = {0};
    struct leat_shared s;
    size_t wrong = 0;
    uint8_t byte;

    MUST(ask_share(w, 1, 0, 5, LEAT_READ_WRITE, 8, grefs));
    MUST(leat_grant_map(w->own.table, grefs, 5, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    world_kill(w, 1);
    for (size_t i = 0; i < s.len; i++)
        wrong += leat_shared_read_u8(s, i, &byte) || byte != pattern(8, i);
    CHECK(wrong == 0);
    MUST(leat_shared_write_u8(s, 4096, 77));
    MUST(leat_shared_read_u8(s, 4096, &byte));
    CHECK(byte == 77);
    MUST(leat_grant_unmap(m));
    for (int i = 0; i < 300; i++) { /* Linux takes a second to see it */
        if (leat_grant_map(w->own.table, grefs, 1, LEAT_READ_ONLY, NULL,
                           &second))
            break;
        MUST(leat_grant_unmap(second));
        second.table = NULL;
        usleep(10000);
    }
    CHECK(!second.table);
    CHECK(stats(w).mappings == 0);
}

/* ---------------------------------------------------- between any two steps */

/* What a peer does at the (at)th step of the own domain's operations. */
struct intrusion {
    struct world *w;
    const struct given *g;
    unsigned at, page, steps;
    enum leat_access access;
    bool tried, got;
};

static void intrude(void *arg, const char *what)
{
    struct intrusion *in = arg;

    (void)what;
    if (in->steps++ != in->at)
        return;
    in->tried = true;
    in->got = !ask_map(in->w, 1, 0, &in->g->refs[in->page], 1, in->access);
}

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

const struct suite_case cases_revoke[] = {
    {"a page is freed while it is mapped", free_while_mapped, 0, {0}, false},
    {"a page that is held is tried again",
     held_and_tried_again,
     CAN_KNOW_LETGO,
     {0},
     false},
    {"one of many pages is held", one_of_many_held, CAN_KNOW_LETGO, {0}, false},
    {"a revoke that keeps the bytes", kept_bytes, 0, {0}, false},
    {"a peer is killed while it holds pages",
     peer_killed,
     CAN_KILL,
     {0},
     false},
    {"the sharer is killed while its pages are mapped",
     sharer_killed,
     CAN_KILL,
     {0},
     false},
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
    {0},
};
