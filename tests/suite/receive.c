/* SPDX-License-Identifier: ISC */

/* Cases: the three ways to receive, and what each costs. */

#include "suite.h"

/* What it is to have done, and what the table and the copies say of it. */
static void cost(struct world *w, struct leat_receive *r, uint64_t takes,
                 uint64_t copies, uint64_t shares, uint64_t revokes)
{
    struct leat_receive_counts n;

    MUST(leat_receive_counts(r, &n));
    CHECK(n.takes == takes && n.copies == copies && n.shares == shares &&
          n.revokes == revokes);
    CHECK(leat_copies_bytes(leat_pool_copies(
              party_pool(&w->own, MEMORY_PRIVATE))) == n.copied_bytes);
    CHECK(leat_copies_bytes(
              leat_pool_copies(party_pool(&w->own, MEMORY_PEER_1))) == 0);
}

static void copying(struct world *w)
{
    struct leat_receive r = {.mode = LEAT_RECEIVE_COPY,
                             .domain = w->own.with,
                             .to = party_pool(&w->own, MEMORY_PRIVATE)};
    struct leat_received got;
    struct leat_posted p;
    unsigned char *meta;
    uint64_t grants = 0, ends = 0;
    size_t held = 99;

    r.persist =
        persist_open(w, &(struct leat_persist_config){.units_max = 2}, &meta);
    MUST(leat_receive_init(&r));
    for (unsigned i = 0; i < 50; i++) {
        MUST(leat_receive_post(&r, &p));
        if (!i) {
            grants = stats(w).grants;
            ends = stats(w).ends;
            MUST(ask_map(w, 1, 0, &p.ref, 1, LEAT_READ_WRITE));
        }
        MUST(ask_write(w, 1, 0, p.off + i * 50, "payload"));
        MUST(leat_receive_take(&p, i * 50, 7, &got));
        MUST(ask_write(w, 1, 0, i * 50, "changed"));
        CHECK(got.bytes.view.len == 7 &&
              !memcmp(got.bytes.view.data, "payload", 7));
        MUST(leat_receive_done(&got));
    }
    MUST(leat_receive_post(&r, &p));
    GIVES(LEAT_E_RANGE, leat_receive_take(&p, 4090, 7, &got)); /* a lie */
    GIVES(LEAT_E_RANGE, leat_receive_take(&p, SIZE_MAX, 2, &got));
    MUST(leat_receive_drop(&p));
    /* In steady state: no grant operation, and one copy a payload. */
    CHECK(stats(w).grants == grants && stats(w).ends == ends);
    cost(w, &r, 50, 50, 0, 0);
    MUST(ask_unmap(w, 1, 0));
    MUST(leat_persist_close(r.persist, persist_closed, &held));
    settle(w);
    free(meta);
}

static void revoking(struct world *w)
{
    struct leat_receive r = {.mode = LEAT_RECEIVE_REVOKE,
                             .domain = w->own.with,
                             .grants = w->own.table,
                             .shown = party_pool(&w->own, MEMORY_PEER_1)};
    struct leat_received got;
    struct leat_posted p;
    uint32_t ref;

    MUST(leat_receive_init(&r));
    for (unsigned i = 0; i < 20; i++) {
        bool holds = i % 4 == 3;

        MUST(leat_receive_post(&r, &p));
        ref = p.ref;
        MUST(ask_map(w, 1, 0, &p.ref, 1, LEAT_READ_WRITE));
        MUST(ask_write(w, 1, 0, 100, "its own"));
        if (holds) { /* no other mode stands in */
            GIVES(LEAT_E_BUSY, leat_receive_take(&p, 100, 7, &got));
            CHECK(stats(w).pages_held == 1);
        }
        MUST(ask_unmap(w, 1, 0));
        MUST(leat_receive_take(&p, 100, 7, &got));
        CHECK(!memcmp(got.bytes.view.data, "its own", 7));
        GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, &ref, 1, LEAT_READ_ONLY));
        MUST(leat_receive_done(&got));
    }
    cost(w, &r, 20, 0, 20, 25);
    /* Dropped while the peer holds it: later it is free, and zero. */
    MUST(leat_receive_post(&r, &p));
    MUST(ask_map(w, 1, 0, &p.ref, 1, LEAT_READ_WRITE));
    MUST(leat_receive_drop(&p));
    CHECK(pages_out(w, MEMORY_PEER_1) == 1);
    MUST(ask_unmap(w, 1, 0));
    settle(w);
    CHECK(pages_out(w, MEMORY_PEER_1) == 0);
}

static void shared(struct world *w)
{
    struct leat_receive r = {.mode = LEAT_RECEIVE_SHARED,
                             .domain = w->own.with,
                             .grants = w->own.table};
    struct leat_received got;
    struct leat_posted p;
    unsigned char *meta, text[7];
    struct leat_copies copies = {0};
    size_t held = 99;

    r.persist =
        persist_open(w, &(struct leat_persist_config){.units_max = 2}, &meta);
    GIVES(LEAT_E_PEER, leat_receive_init(&r));
    MUST(leat_grants_trust(w->own.table, w->own.with, true));
    MUST(leat_receive_init(&r));
    MUST(leat_receive_post(&r, &p));
    MUST(ask_map(w, 1, 0, &p.ref, 1, LEAT_READ_WRITE));
    for (unsigned i = 0; i < 10; i++) {
        MUST(ask_write(w, 1, 0, 64, "payload"));
        MUST(leat_receive_take(&p, 64, 7, &got));
        MUST(leat_shared_copy_out(got.shared, 0, text, 7, &copies));
        CHECK(!memcmp(text, "payload", 7) && got.shared.len == 7);
        /* It is the peer's to write still. */
        MUST(ask_write(w, 1, 0, 64, "changed"));
        MUST(leat_shared_copy_out(got.shared, 0, text, 7, &copies));
        CHECK(!memcmp(text, "changed", 7));
        MUST(leat_receive_done(&got));
        MUST(leat_receive_post(&r, &p));
    }
    cost(w, &r, 10, 0, 0, 0);
    MUST(leat_grants_trust(w->own.table, w->own.with, false));
    GIVES(LEAT_E_PEER, leat_receive_take(&p, 64, 7, &got));
    MUST(leat_receive_drop(&p));
    MUST(ask_unmap(w, 1, 0));
    MUST(leat_persist_close(r.persist, persist_closed, &held));
    settle(w);
    free(meta);
}

const struct suite_case cases_receive[] = {
    {"receiving by copy: no grant operation, one copy", copying, 0, {0}, false},
    {"receiving by revoke: no copy, once the peer let go",
     revoking,
     CAN_KNOW_LETGO,
     {0},
     false},
    {"receiving shared memory: of a trusted peer alone", shared, 0, {0}, false},
    {0},
};
