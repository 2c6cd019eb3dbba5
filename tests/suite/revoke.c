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

/* What a peer wrote to a page that it held, or died with, the next never sees. */
static void for_the_next(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_ANY);
    struct leat_grant grant;
    struct leat_chunk c;
    struct leat_view was;
    uint32_t ref;

    for (unsigned turn = 0; turn < 2; turn++) {
        MUST(leat_pool_get(pool, 1, &c));
        was = leat_chunk_view(c);
        MUST(leat_grant_share(w->own.table, c, w->peer_id[1], LEAT_READ_WRITE,
                              &grant));
        MUST(leat_grant_ref(grant, &ref));
        MUST(ask_map(w, 1, 0, &ref, 1, LEAT_READ_WRITE));
        MUST(ask_fill(w, 1, 0, 7));
        MUST(leat_pool_put(pool, c));
        GIVES(LEAT_E_BUSY, leat_grant_revoke(grant));
        if (turn)
            world_kill(w, 1);
        else
            MUST(ask_unmap(w, 1, 0));
        drain(w, grant);
        MUST(leat_pool_get(pool, 1, &c));
        CHECK(leat_chunk_view(c).data == was.data);
        MUST(leat_grant_share(w->own.table, c, w->peer_id[2], LEAT_READ_WRITE,
                              &grant));
        MUST(leat_grant_ref(grant, &ref));
        MUST(ask_map(w, 2, 0, &ref, 1, LEAT_READ_WRITE));
        CHECK(ask_count(w, 2, 0, 0) == PAGE);
        MUST(ask_unmap(w, 2, 0));
        MUST(leat_grant_revoke(grant));
        MUST(leat_pool_put(pool, c));
    }
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
    {"what a peer held is zero for the next",
     for_the_next,
     CAN_TWO_PEERS | CAN_KNOW_LETGO | CAN_KILL,
     {.peers = 2},
     false},
    {0},
};
