/* SPDX-License-Identifier: ISC */

/* Cases: what is no grant, and what else is refused as Xen refuses it. */

#include "suite.h"

#define NOBODY 0x7000u

static void no_such_reference(struct world *w)
{
    static const uint32_t none[] = {0,     1,          7,          5000,  32767,
                                    32768, 0x7fffffff, 0xffffffff, 131072};
    struct leat_gref gref;
    int status;

    for (size_t i = 0; i < COUNT(none); i++)
        GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, &none[i], 1, LEAT_READ_ONLY));
    for (size_t i = 0; i < COUNT(none); i++) {
        struct leat_mapping m = {0};

        gref = (struct leat_gref){w->peer_id[1], none[i]};
        status = 77;
        GIVES(LEAT_E_REFERENCE, leat_grant_map(w->own.table, &gref, 1,
                                               LEAT_READ_ONLY, &status, &m));
        CHECK(status == LEAT_E_REFERENCE && !m.table);
    }
}

static void no_such_domain(struct world *w)
{
    static const uint32_t none[] = {NOBODY, LEAT_DOMAIN_MAX + 1, 0x7ff0,
                                    0x10000, 0xffffffff};
    struct leat_mapping m = {0};
    struct leat_grant g = {0};
    struct leat_chunk c;

    for (size_t i = 0; i < COUNT(none); i++) {
        struct leat_gref gref = {none[i], 8};

        GIVES(LEAT_E_DOMAIN,
              leat_grant_map(w->own.table, &gref, 1, LEAT_READ_ONLY, NULL, &m));
        CHECK(!m.table);
    }
    MUST(leat_pool_get(party_pool(&w->own, MEMORY_PEER_1), 1, &c));
    for (size_t i = 1; i < COUNT(none); i++)
        GIVES(LEAT_E_DOMAIN,
              leat_grant_share(w->own.table, c, none[i], w->wish.access, &g));
    CHECK(!g.table);
    MUST(leat_pool_put(c.pool, c));
}

/* Sharing with nobody succeeds, for a table knows of no domains. */
static void meant_for_another(struct world *w)
{
    struct given g;

    give(w, &g, 3);
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, g.refs, 1, LEAT_READ_ONLY));
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, g.refs, 3, LEAT_READ_WRITE));
    CHECK(w->answer.status[0] == LEAT_E_REFERENCE);
    take(w, &g);
}

static void bad_third(struct world *w)
{
    struct given g;
    uint32_t refs[3];

    give(w, &g, 3);
    memcpy(refs, g.refs, sizeof(refs));
    refs[2] = 32767;
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, refs, 3, LEAT_READ_WRITE));
    CHECK(!w->answer.status[0] && !w->answer.status[1] &&
          w->answer.status[2] == LEAT_E_REFERENCE);
    MUST(ask(w, 1, PEER_IDLE, 0));
    CHECK(w->answer.value);
    for (size_t i = 0; w->f->can & CAN_INSPECT && i < 3; i++) {
        struct leat_grant_entry e;

        w->f->witness(w, w->own.id, g.refs[i], &e);
        CHECK(e.granted && !e.reading && !e.writing);
    }
    /* Nothing is held: so it can be taken at once. */
    take(w, &g);
}

/* A long batch, with bad ones of two kinds. */
static void bad_among_many(struct world *w)
{
    static struct leat_gref grefs[300];
    static int status[300];
    struct leat_mapping m = {0};
    size_t bad = 0;

    MUST(ask_share(w, 1, 0, 300, LEAT_READ_WRITE, 1, grefs));
    grefs[7].ref = 32767;
    grefs[290].domain = NOBODY;
    GIVES(LEAT_E_REFERENCE, leat_grant_map(w->own.table, grefs, 300,
                                           LEAT_READ_WRITE, status, &m));
    CHECK(!m.table && stats(w).mappings == 0);
    for (size_t i = 0; i < 300; i++)
        bad += status[i] != 0;
    CHECK(status[7] == LEAT_E_REFERENCE && bad <= 2);
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

static void revoked_already(struct world *w)
{
    struct given g;

    give(w, &g, 2);
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    MUST(ask_unmap(w, 1, 0));
    take(w, &g);
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, g.refs, 1, LEAT_READ_ONLY));
    GIVES(LEAT_E_STALE, leat_grant_revoke(g.grant));
}

/* Twice, in part, or what is none: by the layer, and by what is below it. */
static void unmap_twice(struct world *w)
{
    struct leat_map *below = &w->own.seam.map;
    struct leat_gref grefs[3];
    struct leat_mapping m;
    struct leat_shared s;
    void *base, *cookie;

    MUST(ask_share(w, 1, 0, 3, LEAT_READ_WRITE, 1, grefs));
    MUST(leat_grant_map(w->own.table, grefs, 3, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_grant_unmap(m));
    GIVES(LEAT_E_STALE, leat_grant_unmap(m));
    GIVES(LEAT_E_STALE, leat_mapping_shared(m, LEAT_READ_ONLY, &s));
    MUST(below->ops->map(below->self, grefs, 3, LEAT_READ_WRITE, &base, &cookie,
                         NULL));
    GIVES(LEAT_E_INVALID, below->ops->unmap(below->self, base, 2, cookie));
    GIVES(LEAT_E_INVALID,
          below->ops->unmap(below->self, (char *)base + PAGE, 2, cookie));
    CHECK(*(volatile unsigned char *)base == pattern(1, 0));
    MUST(below->ops->unmap(below->self, base, 3, cookie));
    GIVES(LEAT_E_INVALID, below->ops->unmap(below->self, base, 3, cookie));
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

static void refused_arguments(struct world *w)
{
    struct leat_gref gref = {w->peer_id[1], 8};
    struct leat_mapping m = {0};
    struct leat_grant none = {0}, void_grant = {0};
    struct leat_view v;
    struct given g;
    uint32_t refs[1];

    give(w, &g, 2);
    v = g.view;
    GIVES(LEAT_E_INVALID,
          leat_grant_map(w->own.table, &gref, 0, LEAT_READ_ONLY, NULL, &m));
    GIVES(LEAT_E_INVALID, leat_grant_map(w->own.table, &gref, 1,
                                         (enum leat_access)2, NULL, &m));
    GIVES(LEAT_E_INVALID,
          leat_grant_share_view(w->own.table, g.chunk, v, w->own.with,
                                w->wish.access, 4, &none));
    v.len -= 100;
    GIVES(LEAT_E_LENGTH,
          leat_grant_share_view(w->own.table, g.chunk, v, w->own.with,
                                w->wish.access, 0, &none));
    v.data += 100;
    GIVES(LEAT_E_ALIGN,
          leat_grant_share_view(w->own.table, g.chunk, v, w->own.with,
                                w->wish.access, 0, &none));
    GIVES(LEAT_E_RANGE, leat_grant_refs(g.grant, refs, 1));
    GIVES(LEAT_E_INVALID, leat_grant_revoke(void_grant));
    CHECK(!none.table && !m.table);
    take(w, &g);
}

/* The same pages again: as the same run, with the same access. */
static void shared_again(struct world *w)
{
    struct leat_grant again, other = {0};
    struct leat_view half;
    struct given g;
    uint32_t refs[2];

    give(w, &g, 2);
    MUST(leat_grant_share(w->own.table, g.chunk, w->own.with, LEAT_READ_WRITE,
                          &again));
    MUST(leat_grant_refs(again, refs, 2));
    CHECK(refs[0] != g.refs[0] && refs[1] != g.refs[1]);
    CHECK(stats(w).pages_shared == 2 && stats(w).refs_granted == 4);
    GIVES(LEAT_E_ACCESS, leat_grant_share(w->own.table, g.chunk, w->own.with,
                                          LEAT_READ_ONLY, &other));
    MUST(leat_view_slice(g.view, 0, PAGE, &half));
    GIVES(LEAT_E_BUSY,
          leat_grant_share_view(w->own.table, g.chunk, half, w->own.with,
                                LEAT_READ_WRITE, 0, &other));
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    MUST(ask_map(w, 1, 1, refs, 2, LEAT_READ_WRITE));
    MUST(ask_fill(w, 1, 0, 4));
    CHECK(ask_filled(w, 1, 1, 4) && filled(g.view, 4));
    MUST(ask_unmap(w, 1, 1));
    /* One ends: the pages stay shared, and as they are. */
    MUST(leat_grant_revoke(again));
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 1, refs, 2, LEAT_READ_WRITE));
    CHECK(ask_filled(w, 1, 0, 4) && filled(g.view, 4));
    MUST(ask_unmap(w, 1, 0));
    take(w, &g);
}

const struct suite_case cases_errors[] = {
    {"no such reference", no_such_reference, 0, {0}, false},
    {"no such domain", no_such_domain, 0, {0}, false},
    {"a grant meant for another is not mapped",
     meant_for_another,
     0,
     {.stranger = true},
     false},
    {"a batch with a bad third reference maps nothing",
     bad_third,
     0,
     {0},
     false},
    {"nor does one of hundreds", bad_among_many, 0, {0}, false},
    {"a grant that was revoked is not mapped",
     revoked_already,
     CAN_SHARE_ON_DEMAND,
     {0},
     false},
    {"unmapped twice, or in part", unmap_twice, 0, {0}, false},
    {"arguments that are refused", refused_arguments, 0, {0}, false},
    {"the same pages by other references",
     shared_again,
     CAN_SHARE_ON_DEMAND,
     {0},
     false},
    {0},
};
