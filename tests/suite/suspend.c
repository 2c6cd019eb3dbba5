/* SPDX-License-Identifier: ISC */

/* Cases: suspend and resume. */

#include "suite.h"

static void resumed(struct world *w)
{
    struct leat_gref theirs[2];
    struct leat_mapping m;
    struct leat_shared s;
    struct leat_grant_info info;
    struct given g, again;
    uint32_t ref;

    give(w, &g, 2);
    MUST(leat_grant_tag(g.grant, 12));
    fill(g.view, 3);
    MUST(ask_share(w, 1, 0, 2, LEAT_READ_WRITE, 1, theirs));
    MUST(leat_grant_map(w->own.table, theirs, 2, LEAT_READ_WRITE, NULL, &m));
    MUST(w->f->suspend(w, LEAT_RESUMED));
    CHECK(w->own.events.lost == 1 && w->own.events.tag == 12);
    GIVES(LEAT_E_STALE, leat_grant_revoke(g.grant));
    GIVES(LEAT_E_STALE, leat_grant_ref(g.grant, &ref));
    GIVES(LEAT_E_STALE, leat_grant_describe(g.grant, &info));
    GIVES(LEAT_E_STALE, leat_grant_tag(g.grant, 1));
    GIVES(LEAT_E_STALE, leat_mapping_shared(m, LEAT_READ_ONLY, &s));
    GIVES(LEAT_E_REFERENCE, ask_map(w, 1, 0, g.refs, 1, LEAT_READ_ONLY));
    GIVES(0, leat_grant_unmap(m));
    GIVES(LEAT_E_STALE, leat_grant_unmap(m));
    CHECK(stats(w).generation == 1 && stats(w).lost == 1);
    CHECK(stats(w).refs_granted == 0 && stats(w).mappings == 0);
    /* An old handle does not come to mean a new share. */
    MUST(leat_pool_put(g.chunk.pool, g.chunk));
    give(w, &again, 2);
    GIVES(LEAT_E_STALE, leat_grant_revoke(g.grant));
    MUST(ask_map(w, 1, 0, again.refs, 2, LEAT_READ_WRITE));
    MUST(ask_fill(w, 1, 0, 8));
    CHECK(filled(again.view, 8));
    MUST(ask_unmap(w, 1, 0));
    take(w, &again);
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

static int named(void *arg, const struct leat_grant_info *info)
{
    if (info->in_the_way)
        *(uint64_t *)arg |= info->tag;
    return 0;
}

static void refused(struct world *w)
{
    struct given g[3];
    uint64_t tags = 0;
    uint32_t ref;
    size_t drained;

    for (unsigned i = 0; i < 3; i++) {
        give(w, &g[i], 1);
        MUST(leat_grant_tag(g[i].grant, 1u << i));
    }
    MUST(ask_map(w, 1, 0, g[1].refs, 1, LEAT_READ_WRITE));
    MUST(ask_map(w, 1, 1, g[2].refs, 1, LEAT_READ_WRITE));
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g[2].grant));
    GIVES(LEAT_E_BUSY, w->f->suspend(w, LEAT_RESUMED));
    MUST(leat_grants_each(w->own.table, named, &tags));
    CHECK(tags == 6); /* each one that was in the way */
    CHECK(w->own.events.lost == 0 && stats(w).generation == 0);
    /* All goes on as before. */
    MUST(leat_grant_ref(g[0].grant, &ref));
    CHECK(ref == g[0].refs[0]);
    MUST(ask_map(w, 1, 2, &ref, 1, LEAT_READ_WRITE));
    MUST(ask_fill(w, 1, 2, 4));
    CHECK(filled(g[0].view, 4));
    MUST(ask_fill(w, 1, 0, 5));
    CHECK(filled(g[1].view, 5));
    for (unsigned i = 0; i < 3; i++)
        MUST(ask_unmap(w, 1, i));
    MUST(leat_grant_poll(w->own.table, 10, &drained));
    CHECK(drained == 1);
    MUST(w->f->suspend(w, LEAT_RESUMED));
    CHECK(w->own.events.lost == 2);
    for (unsigned i = 0; i < 3; i++)
        MUST(leat_pool_put(g[i].chunk.pool, g[i].chunk));
}

static void cancelled(struct world *w)
{
    struct given g;
    uint32_t refs[2];

    give(w, &g, 2);
    fill(g.view, 3);
    MUST(w->f->suspend(w, LEAT_CANCELLED));
    CHECK(w->own.events.lost == 0 && stats(w).generation == 0);
    MUST(leat_grant_refs(g.grant, refs, 2));
    CHECK(!memcmp(refs, g.refs, sizeof(refs)));
    MUST(ask_map(w, 1, 0, g.refs, 2, LEAT_READ_WRITE));
    CHECK(ask_filled(w, 1, 0, 3));
    MUST(ask_fill(w, 1, 0, 4));
    CHECK(filled(g.view, 4));
    MUST(ask_unmap(w, 1, 0));
    take(w, &g);
}

/* The peer's is a new reference, to the same bytes. */
static void persistent(struct world *w)
{
    struct leat_persist *p;
    struct leat_shared s;
    struct leat_block b;
    struct leat_copies copies = {0};
    unsigned char *meta, text[4];
    uint32_t ref, off, now;
    size_t held = 99;

    p = persist_open(
        w, &(struct leat_persist_config){.units_max = 2, .halves = true},
        &meta);
    MUST(leat_persist_get(p, &b));
    MUST(leat_block_ref(b, &ref, &off));
    MUST(ask_map(w, 1, 0, &ref, 1, LEAT_READ_WRITE));
    MUST(ask_write(w, 1, 0, off, "kept"));
    GIVES(LEAT_E_BUSY, w->f->suspend(w, LEAT_RESUMED));
    MUST(ask_unmap(w, 1, 0));
    MUST(w->f->suspend(w, LEAT_RESUMED));
    MUST(leat_block_ref(b, &now, &off));
    MUST(ask_map(w, 1, 0, &now, 1, LEAT_READ_WRITE));
    MUST(leat_block_shared(b, &s));
    MUST(leat_shared_copy_out(s, 0, text, 4, &copies));
    CHECK(!memcmp(text, "kept", 4));
    MUST(ask_write(w, 1, 0, off, "anew"));
    MUST(leat_shared_copy_out(s, 0, text, 4, &copies));
    CHECK(!memcmp(text, "anew", 4));
    MUST(ask_unmap(w, 1, 0));
    CHECK(w->own.events.lost == 0); /* it came back by itself */
    MUST(leat_persist_put(b));
    MUST(leat_persist_close(p, persist_closed, &held));
    CHECK(held == 0);
    free(meta);
}

const struct suite_case cases_suspend[] = {
    {"after a resume all of before is stale", resumed, CAN_SUSPEND, {0}, false},
    {"a suspend is refused, and who is in the way is named",
     refused,
     CAN_SUSPEND,
     {0},
     false},
    {"a suspend is cancelled", cancelled, CAN_SUSPEND, {0}, false},
    {"persistent pages come back from a suspend",
     persistent,
     CAN_SUSPEND,
     {0},
     false},
    {0},
};
