/* SPDX-License-Identifier: ISC */

#include <leat/persist.h>

#include "grant_fixture.h"

static struct grant_fixture f;
static struct leat_persist *p;
static struct leat_persist_config config;
static unsigned closes;
static size_t held;

static void open_plain(void)
{
    open_grants(&f, (struct leat_grants_config){0});
    closes = 0;
}

static void shut(void)
{
    assert_idle(f.a);
    close_grants(&f);
}

TestSuite(grant_persist, .init = open_plain, .fini = shut);

static void make(struct leat_persist_config c)
{
    c.grants = f.a->table;
    c.pool = f.a->pool;
    c.domain = 2;
    MUST(leat_persist_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    config = c;
    MUST(leat_persist_create(&p, &c));
}

static void on_closed(void *arg, size_t n)
{
    cr_assert_eq(arg, &closes);
    closes++;
    held = n;
    memset(config.meta, 0xcc, config.meta_bytes); /* it is ours again */
    free(config.meta);
}

static void sound(void)
{
    const char *broken = leat_persist_check(p);

    cr_assert_null(broken, "%s", broken);
}

static struct leat_block take(void)
{
    struct leat_block b;

    MUST(leat_persist_get(p, &b));
    sound();
    return b;
}

static uint32_t block_ref(struct leat_block b, uint32_t *off)
{
    uint32_t ref, at;

    MUST(leat_block_ref(b, &ref, off ? off : &at));
    return ref;
}

Test(grant_persist, a_thousand_uses_are_one_grant)
{
    struct leat_block b;
    uint32_t ref;

    make((struct leat_persist_config){.units_max = 4});
    b = take();
    ref = block_ref(b, NULL);
    MUST(leat_persist_put(b));
    for (size_t i = 0; i < 1000; i++) {
        b = take();
        cr_assert_eq(block_ref(b, NULL), ref, "LIFO");
        MUST(leat_persist_put(b));
        FAILS(LEAT_E_STALE, leat_persist_put(b));
    }
    cr_assert_eq(grants_stats(f.a->table).grants, 1);
    cr_assert_eq(grants_stats(f.a->table).ends, 0);
    MUST(leat_persist_close(p, on_closed, &closes));
    cr_assert(closes == 1 && held == 0);
    cr_assert_eq(grants_stats(f.a->table).ends, 1);
}

Test(grant_persist, rotating_goes_round_all_blocks)
{
    struct leat_block b[3];
    uint32_t refs[3];

    make((struct leat_persist_config){.units_max = 3,
                                      .reuse = LEAT_REUSE_ROTATE});
    for (size_t i = 0; i < 3; i++) {
        b[i] = take();
        refs[i] = block_ref(b[i], NULL);
    }
    for (size_t i = 0; i < 3; i++)
        MUST(leat_persist_put(b[i]));
    for (size_t i = 0; i < 9; i++) {
        b[0] = take();
        cr_assert_eq(block_ref(b[0], NULL), refs[i % 3]);
        MUST(leat_persist_put(b[0]));
    }
    MUST(leat_persist_close(p, on_closed, &closes));
}

Test(grant_persist, two_halves_of_a_page_have_one_reference)
{
    struct leat_block b[4];
    struct leat_shared s[4];
    uint32_t off[4], ref[4];

    make((struct leat_persist_config){
        .units_max = 1, .unit_pages = 2, .halves = true});
    for (size_t i = 0; i < 4; i++) {
        b[i] = take();
        ref[i] = block_ref(b[i], &off[i]);
        MUST(leat_block_shared(b[i], &s[i]));
        cr_assert_eq(s[i].len, 2048);
        cr_assert_eq(off[i], i % 2 * 2048);
        cr_assert_eq(s[i].peer_bytes, plain_page(f.a, ref[i]) + off[i]);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(b[i].id, b[j].id);
    }
    cr_assert(ref[0] == ref[1] && ref[2] == ref[3] && ref[0] != ref[2]);
    FAILS(LEAT_E_LIMIT, leat_persist_get(p, &b[0]));
    cr_assert_eq(grants_stats(f.a->table).shares, 1, "a unit is one share");
    MUST(leat_persist_close(p, on_closed, &closes));
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(closes, 0);
        MUST(leat_persist_put(b[i]));
    }
    cr_assert_eq(closes, 1);
    cr_assert_eq(grants_stats(f.a->table).ends, 2, "each page once");
}

struct wait {
    struct leat_block_waiter w;
    struct leat_block b;
    unsigned served;
};

static void served(void *arg, struct leat_block b)
{
    struct wait *w = arg;

    w->b = b;
    w->served++;
}

Test(grant_persist, at_the_limit_the_next_waits_in_line)
{
    static struct wait w[3];
    struct leat_block b, none;

    make((struct leat_persist_config){.units_max = 1});
    MUST(leat_persist_wait(p, &w[0].w, served, &w[0]));
    cr_assert_eq(w[0].served, 1, "a unit comes for it");
    b = w[0].b;
    MUST(leat_persist_wait(p, &w[0].w, served, &w[0]));
    MUST(leat_persist_wait(p, &w[1].w, served, &w[1]));
    MUST(leat_persist_wait(p, &w[2].w, served, &w[2]));
    FAILS(LEAT_E_BUSY, leat_persist_wait(p, &w[2].w, served, &w[2]));
    FAILS(LEAT_E_BUSY, leat_persist_get(p, &none));
    MUST(leat_persist_cancel(p, &w[0].w));
    FAILS(LEAT_E_STATE, leat_persist_cancel(p, &w[0].w));
    MUST(leat_persist_put(b));
    cr_assert(w[0].served == 1 && w[1].served == 1 && w[2].served == 0);
    /* A close tells those in line. */
    MUST(leat_persist_close(p, on_closed, &closes));
    cr_assert(w[2].served == 1 && !w[2].b.from && closes == 0);
    FAILS(LEAT_E_CLOSED, leat_persist_get(p, &none));
    FAILS(LEAT_E_CLOSED, leat_persist_wait(p, &w[2].w, served, &w[2]));
    FAILS(LEAT_E_CLOSED, leat_persist_close(p, on_closed, &closes));
    MUST(leat_persist_put(w[1].b));
    cr_assert_eq(closes, 1);
}

Test(grant_persist, closing_quarantines_what_the_peer_holds)
{
    struct leat_block b[3];
    uint32_t ref;
    size_t drained;

    make((struct leat_persist_config){.units_max = 3});
    for (size_t i = 0; i < 3; i++)
        b[i] = take();
    ref = block_ref(b[1], NULL);
    MUST(plain_use(f.a, ref, 2, LEAT_READ_WRITE));
    for (size_t i = 0; i < 3; i++)
        MUST(leat_persist_put(b[i]));
    MUST(leat_persist_close(p, on_closed, &closes));
    cr_assert(closes == 1 && held == 1);
    cr_assert_eq(grants_stats(f.a->table).ends, 3);
    cr_assert_eq(grants_stats(f.a->table).pages_held, 1);
    cr_assert_eq(stats_of(f.a->pool).pages_out, 1);
    plain_unuse(f.a, ref, LEAT_READ_WRITE);
    MUST(leat_grant_poll(f.a->table, 1, &drained));
    cr_assert_eq(drained, 1);
}

Test(grant_persist, only_what_the_peer_cannot_write_is_a_view)
{
    struct leat_view v = {NULL, 0};
    struct leat_block b;

    make((struct leat_persist_config){.units_max = 1});
    b = take();
    FAILS(LEAT_E_ACCESS, leat_block_view(b, &v));
    MUST(leat_persist_put(b));
    FAILS(LEAT_E_STALE, leat_block_view(b, &v));
    MUST(leat_persist_close(p, on_closed, &closes));
    make(
        (struct leat_persist_config){.units_max = 1, .access = LEAT_READ_ONLY});
    b = take();
    MUST(leat_block_view(b, &v));
    cr_assert(v.len == PAGE && all_bytes(v.data, PAGE, 0));
    MUST(leat_persist_put(b));
    MUST(leat_persist_close(p, on_closed, &closes));
}

Test(grant_persist, a_new_unit_that_fails_leaves_nothing)
{
    struct leat_block b;

    make((struct leat_persist_config){.units_max = 2});
    f.world.fail_at = 1;
    f.world.fail_with = LEAT_E_NOMEM;
    FAILS(LEAT_E_NOMEM, leat_persist_get(p, &b));
    assert_idle(f.a);
    f.world.fail_at = 1;
    FAILS(LEAT_E_NOMEM,
          leat_persist_wait(p, &(struct leat_block_waiter){0}, served, NULL));
    b = take();
    MUST(leat_persist_put(b));
    MUST(leat_persist_close(p, on_closed, &closes));
}

Test(grant_persist, refuses_what_it_cannot_be)
{
    struct leat_persist_config c = {
        .grants = f.a->table, .pool = f.a->pool, .domain = 2, .units_max = 1};
    struct leat_persist_config bad;
    struct spare others;
    size_t bytes;
    char *meta;

    MUST(leat_persist_meta_size(&c, &bytes));
    c.meta = meta = malloc(bytes + 64);
    c.meta_bytes = 64;
    FAILS(LEAT_E_NOMEM, leat_persist_create(&p, &c));
    c.meta = meta + 1;
    c.meta_bytes = bytes; /* as told, wherever it begins */
    MUST(leat_persist_create(&p, &c));
    MUST(leat_persist_close(p, NULL, NULL));
    bad = c;
    bad.units_max = 0;
    FAILS(LEAT_E_INVALID, leat_persist_create(&p, &bad));
    bad = c;
    bad.units_max = SIZE_MAX / 2;
    bad.unit_pages = 4;
    FAILS(LEAT_E_OVERFLOW, leat_persist_create(&p, &bad));
    bad = c;
    bad.domain = LEAT_DOMAIN_MAX + 1;
    FAILS(LEAT_E_DOMAIN, leat_persist_create(&p, &bad));
    open_spare(&others, f.a, 0, (struct leat_pool_config){.peer = 3 + 1});
    bad = c;
    bad.pool = others.pool;
    FAILS(LEAT_E_PEER, leat_persist_create(&p, &bad));
    close_spare(&others);
    free(meta);
}
