/* SPDX-License-Identifier: ISC */

/* Cases: sharing, mapping, and who sees what. */

#include "suite.h"

static void shares(struct world *w, size_t n)
{
    static struct given g;
    struct leat_grant_entry e;

    give(w, &g, n);
    CHECK(g.view.len == n * PAGE && all_are(g.view, 0));
    fill(g.view, 3);
    MUST(ask_map(w, 1, 0, g.refs, n, LEAT_READ_WRITE));
    CHECK(ask_filled(w, 1, 0, 3));
    for (size_t i = 0; w->f->can & CAN_INSPECT && i < n; i += n / 7 + 1) {
        w->f->witness(w, w->own.id, g.refs[i], &e);
        CHECK(e.granted && e.domain == w->peer_id[1] && e.reading &&
              e.writing && e.access == LEAT_READ_WRITE);
    }
    MUST(ask_fill(w, 1, 0, 5));
    CHECK(filled(g.view, 5));
    MUST(ask_unmap(w, 1, 0));
    take(w, &g);
    for (size_t i = 0; w->f->can & CAN_INSPECT && i < n; i += n / 7 + 1) {
        w->f->witness(w, w->own.id, g.refs[i], &e);
        CHECK(!e.granted && !e.reading && !e.writing);
    }
}

static void share_1(struct world *w)
{
    shares(w, 1);
}

static void share_10(struct world *w)
{
    shares(w, 10);
}

static void share_1000(struct world *w)
{
    shares(w, 1000);
}

/* The other way: the peer shares, the test maps. */
static void map_1000(struct world *w)
{
    static struct leat_gref grefs[1000];
    struct leat_mapping m;
    struct leat_shared s;
    struct leat_copies copies = {0};
    unsigned char byte;
    size_t wrong = 0;

    MUST(ask_share(w, 1, 0, 1000, LEAT_READ_WRITE, 9, grefs));
    MUST(leat_grant_map(w->own.table, grefs, 1000, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    CHECK(s.len == 1000 * PAGE && stats(w).pages_mapped == 1000);
    for (size_t i = 0; i < s.len; i++)
        wrong += leat_shared_read_u8(s, i, &byte) || byte != pattern(9, i);
    CHECK(wrong == 0);
    for (size_t i = 0; i < s.len; i++) {
        byte = pattern(10, i);
        wrong += leat_shared_copy_in(s, i, &byte, 1, &copies) != 0;
    }
    CHECK(wrong == 0);
    w->ask.seed = 10;
    MUST(ask(w, 1, PEER_OWN, 0));
    CHECK(w->answer.value);
    MUST(leat_grant_unmap(m));
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

static void both_write(struct world *w)
{
    struct given g;

    give(w, &g, 2);
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    for (unsigned turn = 0; turn < 20; turn++) {
        g.view.data[turn * 17] = (unsigned char)(turn + 1);
        g.view.data[PAGE + turn] = (unsigned char)(turn + 1);
        MUST(ask_write(w, 1, 0, 4090 - turn * 10, "across"));
        w->ask.off = turn * 17;
        w->ask.len = 1;
        MUST(ask(w, 1, PEER_READ, 0));
        CHECK(w->answer.data[0] == turn + 1);
        CHECK(!memcmp(g.view.data + 4090 - turn * 10, "across", 6));
    }
    MUST(ask_unmap(w, 1, 0));
    take(w, &g);
}

/* It may be mapped for reading twice, and one does not end the other. */
static void read_only(struct world *w)
{
    struct given g;

    give(w, &g, 2);
    fill(g.view, 1);
    GIVES(LEAT_E_ACCESS, ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    CHECK(w->answer.status[0] == LEAT_E_ACCESS);
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_ONLY));
    MUST(ask_map(w, 1, 1, g.refs, 1, LEAT_READ_ONLY));
    CHECK(ask_filled(w, 1, 0, 1));
    for (w->ask.seed = 0; w->ask.seed < 2; w->ask.seed++) {
        w->ask.off = 4097;
        MUST(ask(w, 1, PEER_FAULT, 0));
        CHECK(w->answer.value == (w->ask.seed ? SIGSEGV : 0));
    }
    fill(g.view, 2);
    CHECK(ask_filled(w, 1, 0, 2));
    MUST(ask_unmap(w, 1, 0));
    w->ask.off = 0;
    w->ask.seed = 0;
    MUST(ask(w, 1, PEER_FAULT, 1));
    CHECK(w->answer.value == 0);
    MUST(ask_unmap(w, 1, 1));
    MUST(ask(w, 1, PEER_FAULT, 1));
    CHECK(w->answer.value == SIGSEGV);
    take(w, &g);
}

/* A grant for writing serves who only reads. */
static void read_of_writable(struct world *w)
{
    struct leat_grant_entry e;
    struct given g;

    give(w, &g, 1);
    MUST(ask_map(w, 1, 0, g.refs, 1, LEAT_READ_ONLY));
    if (w->f->can & CAN_INSPECT) {
        w->f->witness(w, w->own.id, g.refs[0], &e);
        CHECK(e.reading && !e.writing);
    }
    w->ask.off = 0;
    w->ask.seed = 1;
    MUST(ask(w, 1, PEER_FAULT, 0));
    CHECK(w->answer.value == SIGSEGV);
    MUST(ask_unmap(w, 1, 0));
    take(w, &g);
}

static void many_rounds(struct world *w)
{
    struct leat_grants_stats before = stats(w), after;
    struct given g;

    for (unsigned i = 0; i < w->f->rounds; i++) {
        bool map = i % (w->f->rounds / 50 + 1) == 0;

        give(w, &g, 2);
        if (map)
            MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
        g.view.data[0] = 1;
        if (map)
            MUST(ask_unmap(w, 1, 0));
        take(w, &g);
        if (test_failed)
            return;
    }
    after = stats(w);
    CHECK(same(&before, &after));
    CHECK(after.shares == before.shares + w->f->rounds);
    CHECK(after.revokes == before.revokes + w->f->rounds);
    CHECK(after.lost == 0 && after.refused == 0);
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
    printf("# %u rounds\n", w->f->rounds);
}

/* Every byte of all memory but one is a canary, and the peer sees none. */
static void canary(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_PEER_1);
    struct leat_chunk c[64];
    struct given g;

    for (size_t i = 0; i < COUNT(c); i++) {
        MUST(leat_pool_get(pool, 1, &c[i]));
        memset(leat_chunk_view(c[i]).data, 0xCA, PAGE);
    }
    for (size_t i = 0; i < COUNT(c); i++)
        MUST(leat_pool_put(pool, c[i]));
    for (size_t i = 0; i < 4; i++) {
        give(w, &g, 1);
        g.view.data[7] = 1;
        MUST(ask_map(w, 1, 0, g.refs, 1, LEAT_READ_WRITE));
        CHECK(ask_count(w, 1, 0, 0xCA) == 0);
        CHECK(ask_count(w, 1, 0, 0) == PAGE - 1);
        CHECK(ask_count(w, 1, 0, 1) == 1);
        MUST(ask_unmap(w, 1, 0));
        memset(g.view.data, 0xCA, PAGE);
        take(w, &g);
    }
}

/* The same, from one peer to another: pages that serve no peer alone. */
static void change_of_peer(struct world *w)
{
    struct leat_pool *pool = party_pool(&w->own, MEMORY_ANY);
    struct leat_grant grant;
    struct leat_chunk c;
    struct leat_view v;
    uint32_t ref;

    for (unsigned turn = 0; turn < 20; turn++) {
        unsigned peer = 1 + turn % 2;

        MUST(leat_pool_get(pool, 1, &c));
        v = leat_chunk_view(c);
        CHECK(all_are(v, 0));
        MUST(leat_grant_share(w->own.table, c, w->peer_id[peer],
                              LEAT_READ_WRITE, &grant));
        MUST(leat_grant_ref(grant, &ref));
        GIVES(LEAT_E_REFERENCE,
              ask_map(w, 3 - peer, 0, &ref, 1, LEAT_READ_ONLY));
        MUST(ask_map(w, peer, 0, &ref, 1, LEAT_READ_WRITE));
        CHECK(ask_count(w, peer, 0, 0) == PAGE);
        MUST(ask_fill(w, peer, 0, turn));
        MUST(ask_unmap(w, peer, 0));
        /* While the handle is out, the same page for the other peer. */
        MUST(leat_grant_revoke(grant));
        CHECK(all_are(v, 0));
        v.data[0] = 1;
        GIVES(LEAT_E_REFERENCE, ask_map(w, peer, 0, &ref, 1, LEAT_READ_ONLY));
        MUST(leat_pool_put(pool, c));
    }
}

/* A page of one peer's pool is shown to no other, nor while it is shared. */
static void two_peers(struct world *w)
{
    struct leat_pool *theirs = party_pool(&w->own, MEMORY_PEER_2);
    struct leat_grant second, none = {0};
    struct leat_chunk c;
    struct given g;
    uint32_t ref;

    give(w, &g, 1);
    GIVES(LEAT_E_PEER, leat_grant_share(w->own.table, g.chunk, w->peer_id[2],
                                        LEAT_READ_WRITE, &none));
    CHECK(!none.table);
    MUST(leat_pool_get(theirs, 1, &c));
    GIVES(LEAT_E_PEER, leat_grant_share(w->own.table, c, w->peer_id[1],
                                        LEAT_READ_WRITE, &none));
    MUST(leat_grant_share(w->own.table, c, w->peer_id[2], LEAT_READ_WRITE,
                          &second));
    MUST(leat_grant_ref(second, &ref));
    MUST(ask_map(w, 1, 0, g.refs, 1, LEAT_READ_WRITE));
    MUST(ask_map(w, 2, 0, &ref, 1, LEAT_READ_WRITE));
    MUST(ask_fill(w, 1, 0, 1));
    MUST(ask_fill(w, 2, 0, 2));
    CHECK(filled(g.view, 1) && filled(leat_chunk_view(c), 2));
    MUST(ask_unmap(w, 1, 0));
    take(w, &g);
    GIVES(LEAT_E_BUSY, leat_grant_revoke(second));
    MUST(ask_unmap(w, 2, 0));
    MUST(leat_grant_revoke(second));
    MUST(leat_pool_put(theirs, c));
}

/* One map of grants of several domains, contiguous. */
static void map_of_two(struct world *w)
{
    struct leat_gref grefs[4], turned[4];
    struct leat_mapping m;
    struct leat_shared s;
    uint8_t byte;

    MUST(ask_share(w, 1, 0, 2, LEAT_READ_WRITE, 1, grefs));
    MUST(ask_share(w, 2, 0, 2, LEAT_READ_WRITE, 2, grefs + 2));
    for (size_t i = 0; i < 4; i++)
        turned[i] = grefs[i * 2 % 4 + i / 2];
    MUST(leat_grant_map(w->own.table, turned, 4, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_mapping_shared(m, LEAT_READ_ONLY, &s));
    for (size_t i = 0; i < 4; i++) {
        MUST(leat_shared_read_u8(s, i * PAGE + 5, &byte));
        CHECK(byte == pattern(1 + i % 2, i / 2 * PAGE + 5));
    }
    MUST(leat_grant_unmap(m));
    turned[3].ref = grefs[0].ref + 1000;
    GIVES(LEAT_E_REFERENCE,
          leat_grant_map(w->own.table, turned, 4, LEAT_READ_WRITE, NULL, &m));
    MUST(ask(w, 1, PEER_REVOKE, 0));
    MUST(ask(w, 2, PEER_REVOKE, 0));
}

const struct suite_case cases_share[] = {
    {"share and map 1 page", share_1, 0, {0}, false},
    {"share and map 10 pages", share_10, 0, {0}, false},
    {"share and map 1000 pages", share_1000, 0, {0}, false},
    {"map 1000 pages of a peer's", map_1000, 0, {0}, false},
    {"both sides write", both_write, 0, {0}, false},
    {"a grant for reading is not written through",
     read_only,
     0,
     {.access = LEAT_READ_ONLY},
     false},
    {"a grant for writing is mapped for reading",
     read_of_writable,
     0,
     {0},
     false},
    {"many rounds of sharing two pages and unsharing",
     many_rounds,
     0,
     {0},
     false},
    {"a page of canaries is never seen", canary, 0, {0}, false},
    {"a page that changes its peer is zero",
     change_of_peer,
     CAN_TWO_PEERS | CAN_SHARE_ON_DEMAND,
     {.peers = 2},
     false},
    {"two peers, each its own pages",
     two_peers,
     CAN_TWO_PEERS | CAN_KNOW_LETGO,
     {.peers = 2},
     false},
    {"one map of grants of two domains",
     map_of_two,
     CAN_TWO_PEERS,
     {.peers = 2},
     false},
    {0},
};
