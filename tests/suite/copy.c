/* SPDX-License-Identifier: ISC */

/* Cases: grant copy. */

#include "suite.h"

/* Places and lengths: at page edges, across them, and at no alignment. */
static const struct {
    uint32_t off, len;
} runs[] = {
    {0, 1},       {0, 4096},   {1, 4095},    {4095, 1},   {4095, 2},
    {4090, 4096}, {1, 4096},   {2048, 4096}, {4096, 100}, {12287, 1},
    {8191, 4096}, {3000, 333}, {4096, 4096}, {7, 0},      {8192, 4096},
};

/* The peer copies out of, and into, three pages of ours. */
static void any_alignment(struct world *w)
{
    static struct given g;

    give(w, &g, 3);
    w->ask.domain = w->own.id;
    w->ask.n = 3;
    memcpy(w->ask.refs, g.refs, 3 * sizeof(g.refs[0]));
    for (size_t r = 0; r < COUNT(runs); r++) {
        fill(g.view, (uint32_t)r);
        w->ask.off = runs[r].off;
        w->ask.len = runs[r].len;
        memset(w->ask.data, 0xEE, PEER_DATA);
        MUST(ask(w, 1, PEER_COPY_FROM, 0));
        for (size_t i = 0; i < PEER_DATA; i++)
            if (w->answer.data[i] !=
                (i < runs[r].len ? pattern((uint32_t)r, runs[r].off + i)
                                 : 0xEE)) {
                CHECK(!"what was copied is right");
                break;
            }
        for (size_t i = 0; i < runs[r].len; i++)
            w->ask.data[i] = (unsigned char)~pattern((uint32_t)r, i);
        MUST(ask(w, 1, PEER_COPY_TO, 0));
        for (size_t i = 0; i < g.view.len; i++) {
            bool in = i >= runs[r].off && i - runs[r].off < runs[r].len;
            unsigned char want =
                in ? (unsigned char)~pattern((uint32_t)r, i - runs[r].off)
                   : pattern((uint32_t)r, i);

            if (g.view.data[i] != want) {
                CHECK(!"what was written is right");
                break;
            }
        }
    }
    w->ask.off = 12288;
    w->ask.len = 1;
    GIVES(LEAT_E_RANGE, ask(w, 1, PEER_COPY_FROM, 0));
    w->ask.off = 8193;
    w->ask.len = 4096;
    GIVES(LEAT_E_RANGE, ask(w, 1, PEER_COPY_TO, 0));
    /* Copies hold nothing. */
    take(w, &g);
}

/* In one batch: each segment has a status, and every failure must be read. */
static void statuses(struct world *w)
{
    struct leat_gref good[2], bad, gone, both[2];
    struct leat_copy_seg segs[12];
    struct leat_copy_batch b;
    struct leat_copies copies = {0};
    unsigned char buf[3 * PAGE];
    struct leat_view v = {buf, 0};
    size_t seg = 99;
    int status = 0;

    MUST(ask_share(w, 1, 0, 2, LEAT_READ_WRITE, 4, good));
    bad = (struct leat_gref){w->peer_id[1], 32767};
    gone = (struct leat_gref){0x7000, 8};
    MUST(leat_copy_init(&b, w->own.table, segs, COUNT(segs), &copies));
    v.len = 6000;
    MUST(leat_copy_from(&b, good, 2, 100, v)); /* two segments */
    v = (struct leat_view){buf + 6000, 50};
    MUST(leat_copy_from(&b, &bad, 1, 1, v));
    MUST(leat_copy_from(&b, &gone, 1, 1, v));
    MUST(leat_copy_to(&b, &good[1], 1, 4000, leat_view_const(v)));
    GIVES(LEAT_E_REFERENCE, leat_copy_run(&b));
    GIVES(LEAT_E_STATE, leat_copy_reset(&b));
    MUST(leat_copy_failed(&b, &seg, &status));
    CHECK(seg == 2 && status == LEAT_E_REFERENCE);
    MUST(leat_copy_failed(&b, &seg, &status));
    CHECK(seg == 3 && status == LEAT_E_DOMAIN);
    GIVES(LEAT_E_END, leat_copy_failed(&b, &seg, &status));
    for (size_t i = 0; i < 6000; i++)
        if (buf[i] != pattern(4, 100 + i)) {
            CHECK(!"what succeeded is copied");
            break;
        }
    MUST(leat_copy_reset(&b));
    /* From page to page of the peer's, across an edge; then all is well. */
    both[0] = good[1];
    both[1] = good[0];
    MUST(leat_copy_between(&b, good, 2, 10, both, 2, 4096, 4000));
    MUST(leat_copy_run(&b));
    MUST(leat_copy_reset(&b));
    v = (struct leat_view){buf, PAGE};
    MUST(leat_copy_from(&b, good, 1, 0, v));
    MUST(leat_copy_run(&b));
    CHECK(stats(w).copy_failed == 2);
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

static void not_into_read_only(struct world *w)
{
    struct given g;

    give(w, &g, 1);
    fill(g.view, 1);
    w->ask.domain = w->own.id;
    w->ask.n = 1;
    w->ask.refs[0] = g.refs[0];
    w->ask.off = 5;
    w->ask.len = 10;
    MUST(ask(w, 1, PEER_COPY_FROM, 0));
    CHECK(w->answer.data[0] == pattern(1, 5));
    GIVES(LEAT_E_ACCESS, ask(w, 1, PEER_COPY_TO, 0));
    CHECK(filled(g.view, 1));
    take(w, &g);
}

/* A segment that leaves its page: the layer cuts; below it is refused. */
static void past_the_page(struct world *w)
{
    struct leat_map *below = &w->own.seam.map;
    unsigned char buf[64] = {0};
    struct leat_gref gref;
    struct leat_copy_seg seg;

    MUST(ask_share(w, 1, 0, 1, LEAT_READ_WRITE, 4, &gref));
    seg = (struct leat_copy_seg){.from = {.gref = gref, .off = 4090},
                                 .to = {.local = buf},
                                 .len = 7,
                                 .status = LEAT_E_STATE};
    if (!below->ops->copy(below->self, &seg, 1))
        GIVES(LEAT_E_RANGE, seg.status);
    CHECK(all_are((struct leat_view){buf, sizeof(buf)}, 0));
    MUST(ask(w, 1, PEER_REVOKE, 0));
}

const struct suite_case cases_copy[] = {
    {"copy at any alignment, across pages, both ways",
     any_alignment,
     0,
     {0},
     false},
    {"each copy has a status that is read", statuses, 0, {0}, false},
    {"no copy into a grant for reading",
     not_into_read_only,
     0,
     {.access = LEAT_READ_ONLY},
     false},
    {"no copy past a page", past_the_page, 0, {0}, false},
    {0},
};
