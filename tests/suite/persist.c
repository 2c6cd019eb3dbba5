/* SPDX-License-Identifier: ISC */

/* Cases: persistent pools. */

#include "suite.h"

struct leat_persist *persist_open(struct world *w,
                                  const struct leat_persist_config *config,
                                  unsigned char **meta)
{
    struct leat_persist_config c = *config;
    struct leat_persist *p = NULL;

    c.grants = w->own.table;
    c.pool = party_pool(&w->own, MEMORY_PEER_1);
    c.domain = w->own.with;
    c.access = w->wish.access;
    MUST(leat_persist_meta_size(&c, &c.meta_bytes));
    c.meta = *meta = malloc(c.meta_bytes);
    MUST(leat_persist_create(&p, &c));
    return p;
}

void persist_closed(void *arg, size_t held)
{
    *(size_t *)arg = held;
}

static void sound(struct leat_persist *p)
{
    const char *broken = leat_persist_check(p);

    if (broken)
        printf("# %s\n", broken);
    CHECK(!broken);
}

/* One share serves many uses, and the peer keeps its mapping. */
static void steady(struct world *w)
{
    struct leat_persist *p;
    struct leat_persist_stats s;
    struct leat_shared bytes;
    struct leat_copies copies = {0};
    struct leat_block b;
    unsigned char *meta, byte;
    uint32_t ref, off, first = 0;
    uint64_t grants = 0;
    size_t held = 99;

    p = persist_open(
        w, &(struct leat_persist_config){.units_max = 2, .unit_pages = 4},
        &meta);
    for (unsigned i = 0; i < 300; i++) {
        MUST(leat_persist_get(p, &b));
        MUST(leat_block_ref(b, &ref, &off));
        if (!i) {
            first = ref;
            grants = stats(w).grants;
            MUST(ask_map(w, 1, 0, &ref, 1, LEAT_READ_WRITE));
        }
        CHECK(ref == first && off == 0);
        if (i % 10 == 0) {
            MUST(ask_fill(w, 1, 0, i));
            MUST(leat_block_shared(b, &bytes));
            MUST(leat_shared_copy_out(bytes, 5, &byte, 1, &copies));
            CHECK(bytes.len == PAGE && byte == pattern(i, 5));
        }
        MUST(leat_persist_put(b));
        GIVES(LEAT_E_STALE, leat_persist_put(b));
    }
    MUST(leat_persist_stats(p, &s));
    CHECK(s.shares == 1 && s.units == 1 && s.gets == 300 && s.blocks_out == 0);
    CHECK(stats(w).grants == grants);
    sound(p);
    MUST(leat_persist_close(p, persist_closed, &held));
    CHECK(held == 1); /* the peer has it mapped */
    CHECK(stats(w).quarantined == 1);
    CHECK(pages_out(w, MEMORY_PEER_1) == 4);
    MUST(ask_unmap(w, 1, 0));
    settle(w);
    CHECK(stats(w).quarantined == 0 && pages_out(w, MEMORY_PEER_1) == 0);
    free(meta);
}

static void half_pages(struct world *w)
{
    struct leat_persist *p;
    struct leat_shared bytes;
    struct leat_copies copies = {0};
    struct leat_block a, b, c;
    unsigned char *meta, text[6];
    uint32_t ref[3], off[3];
    size_t held = 99;

    p = persist_open(
        w, &(struct leat_persist_config){.units_max = 2, .halves = true},
        &meta);
    MUST(leat_persist_get(p, &a));
    MUST(leat_persist_get(p, &b));
    MUST(leat_persist_get(p, &c));
    MUST(leat_block_ref(a, &ref[0], &off[0]));
    MUST(leat_block_ref(b, &ref[1], &off[1]));
    MUST(leat_block_ref(c, &ref[2], &off[2]));
    CHECK(ref[0] == ref[1] && off[0] + off[1] == 2048 && ref[2] != ref[0]);
    CHECK(stats(w).refs_granted == 2);
    MUST(ask_map(w, 1, 0, &ref[0], 1, LEAT_READ_WRITE));
    MUST(ask_write(w, 1, 0, off[1] + 9, "second"));
    MUST(ask_write(w, 1, 0, off[0] + 9, "first!"));
    MUST(leat_block_shared(b, &bytes));
    CHECK(bytes.len == 2048);
    MUST(leat_shared_copy_out(bytes, 9, text, 6, &copies));
    CHECK(!memcmp(text, "second", 6));
    /* One of the two is put: the page stays, for the other. */
    MUST(leat_persist_put(a));
    MUST(leat_shared_copy_out(bytes, 9, text, 6, &copies));
    CHECK(!memcmp(text, "second", 6));
    MUST(leat_persist_close(p, persist_closed, &held));
    GIVES(LEAT_E_CLOSED, leat_persist_get(p, &a));
    MUST(leat_persist_put(b));
    CHECK(held == 99); /* not before the last one is put */
    MUST(ask_unmap(w, 1, 0));
    MUST(leat_persist_put(c));
    CHECK(held == (w->f->can & CAN_KNOW_LETGO ? 0u : 2u));
    settle(w);
    CHECK(stats(w).refs_granted == 0);
    free(meta);
}

static struct leat_block got[2];
static unsigned turns;

static void served(void *arg, struct leat_block b)
{
    (void)arg;
    got[turns++ % 2] = b;
}

static void at_the_limit(struct world *w)
{
    struct leat_block_waiter first = {0}, second = {0}, third = {0};
    struct leat_persist *p;
    struct leat_block a, b, none = {0};
    unsigned char *meta;
    size_t held = 99;

    turns = 0;
    p = persist_open(w, &(struct leat_persist_config){.units_max = 2}, &meta);
    MUST(leat_persist_get(p, &a));
    MUST(leat_persist_get(p, &b));
    GIVES(LEAT_E_LIMIT, leat_persist_get(p, &none));
    MUST(leat_persist_wait(p, &first, served, NULL));
    MUST(leat_persist_wait(p, &second, served, NULL));
    MUST(leat_persist_wait(p, &third, served, NULL));
    GIVES(LEAT_E_BUSY, leat_persist_get(p, &none));
    MUST(leat_persist_cancel(p, &second));
    CHECK(turns == 0 && !none.from);
    MUST(leat_persist_put(a));
    CHECK(turns == 1 && got[0].from == p);
    MUST(leat_persist_close(p, persist_closed, &held));
    CHECK(turns == 2 && !got[1].from); /* the third is told, with nothing */
    MUST(leat_persist_put(got[0]));
    CHECK(held == 99);
    MUST(leat_persist_put(b));
    CHECK(held == (w->f->can & CAN_KNOW_LETGO ? 0u : 2u));
    settle(w);
    free(meta);
}

const struct suite_case cases_persist[] = {
    {"persistent pages: one share, many uses", steady, 0, {0}, false},
    {"half pages: two blocks by one reference", half_pages, 0, {0}, false},
    {"a persistent pool at its limit, and its close",
     at_the_limit,
     0,
     {0},
     false},
    {0},
};
