/* SPDX-License-Identifier: ISC */

#include <leat/grant_copy.h>
#include <leat/persist.h>

#include "grant_fixture.h"

static struct grant_fixture f;
static struct leat_lifecycle life;
static struct leat_hook *refused;

static struct {
    unsigned drained, lost;
    uint64_t tags;
} events;

static void on_event(void *arg, enum leat_grant_event what,
                     const struct leat_grant_info *info)
{
    (void)arg;
    if (what == LEAT_GRANT_DRAINED)
        events.drained++;
    else
        events.lost++;
    events.tags |= info->tag;
    FAILS(LEAT_E_STALE, leat_grant_tag(info->grant, 0));
}

static void open_life(void)
{
    memset(&events, 0, sizeof(events));
    MUST(leat_lifecycle_init(&life));
    open_grants(
        &f, (struct leat_grants_config){.lifecycle = &life, .event = on_event});
    f.a->units = true;
    f.a->ops.expose = plain_expose;
    f.a->ops.conceal = plain_conceal;
}

static void shut(void)
{
    assert_idle(f.a);
    close_grants(&f);
}

TestSuite(grant_suspend, .init = open_life, .fini = shut);

Test(grant_suspend, access_ends_and_after_a_resume_all_is_stale)
{
    struct leat_chunk c[3], extra;
    struct leat_grant g[3], again;
    struct leat_grants_stats s;
    uint32_t ref;

    for (size_t i = 0; i < 3; i++) {
        g[i] = shared_page(f.a, 2, &c[i]);
        MUST(leat_grant_tag(g[i], 1u << i));
        memset(bytes_of(c[i]), 0x77, PAGE);
    }
    MUST(leat_grant_share(f.a->table, c[0], 2, LEAT_READ_WRITE, &again));
    ref = ref_of(g[0]);
    MUST(leat_lifecycle_suspend(&life, &refused));
    cr_assert_neq(plain_use(f.a, ref, 2, LEAT_READ_ONLY), 0);
    cr_assert_eq(f.a->exposed, f.a->concealed);
    cr_assert_null(leat_grants_check(f.a->table));
    cr_assert_eq(bytes_of(c[0])[0], 0x77);

    /* Nothing goes on meanwhile. */
    extra = get(f.a->pool, 1);
    FAILS(LEAT_E_STATE,
          leat_grant_share(f.a->table, extra, 2, LEAT_READ_WRITE, &again));
    FAILS(LEAT_E_STATE, leat_grant_revoke(g[0]));
    FAILS(LEAT_E_STATE, leat_grant_ref(g[0], &ref));
    FAILS(LEAT_E_STATE, leat_grant_poll(f.a->table, 1, NULL));
    FAILS(LEAT_E_STATE, leat_grant_refs_get(f.a->table, &ref, 1));
    MUST(leat_pool_put(f.a->pool, extra));

    MUST(leat_lifecycle_resume(&life, LEAT_RESUMED));
    cr_assert(events.lost == 4 && events.tags == 7 && events.drained == 0);
    for (size_t i = 0; i < 3; i++) {
        FAILS(LEAT_E_STALE, leat_grant_revoke(g[i]));
        cr_assert(all_bytes(bytes_of(c[i]), PAGE, 0));
        MUST(leat_pool_put(f.a->pool, c[i]));
    }
    s = grants_stats(f.a->table);
    cr_assert(s.generation == 1 && s.lost == 4);
    cr_assert_eq(f.a->exposed, f.a->concealed, "each run once");
    g[0] = shared_page(f.a, 2, &c[0]);
    MUST(leat_grant_revoke(g[0]));
    MUST(leat_pool_put(f.a->pool, c[0]));
}

Test(grant_suspend, cancelled_all_is_as_before)
{
    struct leat_chunk c[2];
    struct leat_grant g[3];
    uint32_t refs[3], now;

    for (size_t i = 0; i < 2; i++)
        g[i] = shared_page(f.a, 2, &c[i]);
    MUST(leat_grant_share(f.a->table, c[0], 2, LEAT_READ_WRITE, &g[2]));
    for (size_t i = 0; i < 3; i++)
        refs[i] = ref_of(g[i]);
    memset(bytes_of(c[0]), 0x77, PAGE);
    MUST(leat_lifecycle_suspend(&life, &refused));
    MUST(leat_lifecycle_resume(&life, LEAT_CANCELLED));
    cr_assert_eq(events.lost + events.drained, 0);
    cr_assert_eq(bytes_of(c[0])[0], 0x77);
    for (size_t i = 0; i < 3; i++) {
        MUST(leat_grant_ref(g[i], &now));
        cr_assert_eq(now, refs[i]);
        MUST(plain_use(f.a, now, 2, LEAT_READ_WRITE));
        plain_unuse(f.a, now, LEAT_READ_WRITE);
    }
    cr_assert_eq(grants_stats(f.a->table).generation, 0);
    for (size_t i = 0; i < 3; i++)
        MUST(leat_grant_revoke(g[i]));
    for (size_t i = 0; i < 2; i++)
        MUST(leat_pool_put(f.a->pool, c[i]));
    cr_assert_eq(f.a->exposed, f.a->concealed);
    assert_idle(f.a);
}

static int name(void *arg, const struct leat_grant_info *info)
{
    if (info->in_the_way)
        *(uint64_t *)arg |= info->tag;
    return 0;
}

Test(grant_suspend, what_the_peer_holds_is_in_the_way_and_named)
{
    struct leat_chunk c[4];
    struct leat_grant g[4];
    uint64_t named = 0;
    uint32_t ref[4];
    size_t drained;

    for (size_t i = 0; i < 4; i++) {
        g[i] = shared_page(f.a, 2, &c[i]);
        MUST(leat_grant_tag(g[i], 1u << i));
        ref[i] = ref_of(g[i]);
    }
    MUST(plain_use(f.a, ref[1], 2, LEAT_READ_WRITE));
    MUST(plain_use(f.a, ref[2], 2, LEAT_READ_ONLY));
    MUST(plain_use(f.a, ref[3], 2, LEAT_READ_ONLY));
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g[2])); /* one in quarantine */
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g[3])); /* and one that drains */
    plain_unuse(f.a, ref[3], LEAT_READ_ONLY);
    FAILS(LEAT_E_BUSY, leat_lifecycle_suspend(&life, &refused));
    MUST(leat_grants_each(f.a->table, name, &named));
    cr_assert_eq(named, 2 | 4);
    cr_assert(events.drained == 1 && events.tags == 8);
    /* What was ended for it is back. */
    cr_assert_null(leat_grants_check(f.a->table));
    MUST(plain_use(f.a, ref[0], 2, LEAT_READ_WRITE));
    plain_unuse(f.a, ref[0], LEAT_READ_WRITE);
    plain_unuse(f.a, ref[1], LEAT_READ_WRITE);
    plain_unuse(f.a, ref[2], LEAT_READ_ONLY);
    MUST(leat_lifecycle_suspend(&life, &refused));
    MUST(leat_lifecycle_resume(&life, LEAT_CANCELLED));
    MUST(leat_grant_poll(f.a->table, 4, &drained));
    cr_assert_eq(drained, 0, "the suspend drained it");
    named = 0;
    MUST(leat_grants_each(f.a->table, name, &named));
    cr_assert_eq(named, 0);
    MUST(leat_grant_revoke(g[0]));
    MUST(leat_grant_revoke(g[1]));
    for (size_t i = 0; i < 4; i++)
        MUST(leat_pool_put(f.a->pool, c[i]));
}

Test(grant_suspend, mappings_of_before_are_stale)
{
    static unsigned char got[1];
    struct leat_copy_seg segs[1];
    struct leat_copy_batch batch;
    struct leat_copies copies = {0};
    struct leat_gref gref = {2, 0};
    struct leat_mapping m;
    struct leat_shared s;
    struct leat_grant g;
    struct leat_chunk c;
    struct leat_view v;
    size_t seg;
    int status;

    g = shared_page(f.b, 1, &c);
    gref.ref = ref_of(g);
    MUST(leat_grant_map(f.a->table, &gref, 1, LEAT_READ_WRITE, NULL, &m));
    MUST(leat_copy_init(&batch, f.a->table, segs, 1, &copies));
    MUST(leat_view_of(got, 1, &v));
    MUST(leat_copy_from(&batch, &gref, 1, 0, v));
    MUST(leat_lifecycle_suspend(&life, &refused));
    FAILS(LEAT_E_STATE, leat_copy_run(&batch));
    MUST(leat_lifecycle_resume(&life, LEAT_CANCELLED));
    MUST(leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    MUST(leat_lifecycle_suspend(&life, &refused));
    MUST(leat_lifecycle_resume(&life, LEAT_RESUMED));
    FAILS(LEAT_E_STALE, leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    FAILS(LEAT_E_STALE, leat_copy_run(&batch));
    FAILS(LEAT_E_STATE, leat_copy_reset(&batch));
    MUST(leat_copy_failed(&batch, &seg, &status));
    MUST(leat_copy_reset(&batch));
    MUST(leat_grant_unmap(m));
    FAILS(LEAT_E_STALE, leat_grant_unmap(m));
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.b->pool, c));
}

static void closed(void *arg, size_t held)
{
    cr_assert_eq(held, 0);
    ++*(unsigned *)arg;
}

Test(grant_suspend, persistent_pools_are_granted_again)
{
    struct leat_persist_config config = {.grants = f.a->table,
                                         .pool = f.a->pool,
                                         .domain = 2,
                                         .units_max = 4,
                                         .unit_pages = 2};
    uint32_t ref, before, off, none;
    struct leat_block b, other;
    struct leat_persist_stats s;
    struct leat_persist *p;
    struct leat_shared bytes;
    unsigned n = 0;
    uint8_t byte;

    MUST(leat_persist_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_persist_create(&p, &config));
    MUST(leat_persist_get(p, &b));
    MUST(leat_block_ref(b, &before, &off));
    MUST(leat_block_shared(b, &bytes));
    MUST(leat_shared_write_u8(bytes, 9, 0x19));
    MUST(leat_lifecycle_suspend(&life, &refused));
    FAILS(LEAT_E_STATE, leat_block_ref(b, &ref, &off));
    MUST(leat_lifecycle_resume(&life, LEAT_RESUMED));
    cr_assert_eq(events.lost, 0, "its owner needs not be told");
    MUST(leat_persist_stats(p, &s));
    cr_assert_eq(s.shares, 2, "at the resume, not when asked");
    MUST(leat_block_ref(b, &ref, &off));
    cr_assert_neq(ref, before);
    MUST(plain_use(f.a, ref, 2, LEAT_READ_WRITE));
    cr_assert_eq(plain_page(f.a, ref)[9], 0x19);
    plain_unuse(f.a, ref, LEAT_READ_WRITE);

    /* Where it fails at the resume, the next to ask tries again. */
    MUST(leat_lifecycle_suspend(&life, &refused));
    f.world.fail_at = 2; /* resumed, expose */
    f.world.fail_with = LEAT_E_NOMEM;
    MUST(leat_lifecycle_resume(&life, LEAT_RESUMED));
    MUST(leat_persist_stats(p, &s));
    cr_assert_eq(s.shares, 2);
    MUST(leat_block_ref(b, &ref, &off));
    MUST(leat_persist_stats(p, &s));
    cr_assert_eq(s.shares, 3);
    MUST(leat_shared_read_u8(bytes, 9, &byte));
    cr_assert_eq(byte, 0x19);

    /* Closed while suspended: it ends with the resume. */
    MUST(leat_persist_get(p, &other));
    MUST(leat_lifecycle_suspend(&life, &refused));
    MUST(leat_persist_put(other));
    MUST(leat_persist_close(p, closed, &n));
    MUST(leat_persist_put(b));
    cr_assert_eq(n, 0);
    MUST(leat_lifecycle_resume(&life, LEAT_CANCELLED));
    cr_assert_eq(n, 1);
    (void)none;
    free(config.meta);
}

Test(grant_suspend, waiters_in_line_go_on_after_a_resume)
{
    struct leat_grant g;
    struct leat_chunk c;
    uint64_t before;

    g = shared_page(f.a, 2, &c);
    before = grants_stats(f.a->table).refs_free;
    for (int i = 0; i < 3; i++) {
        MUST(leat_lifecycle_suspend(&life, &refused));
        MUST(leat_lifecycle_resume(&life,
                                   i % 2 ? LEAT_CANCELLED : LEAT_RESUMED));
    }
    FAILS(LEAT_E_STALE, leat_grant_revoke(g));
    cr_assert_eq(grants_stats(f.a->table).refs_free, before + 1);
    cr_assert_eq(grants_stats(f.a->table).generation, 2);
    MUST(leat_pool_put(f.a->pool, c));
}

/* Each operation of a suspend fails in turn: all is as before, or is told. */
Test(grant_suspend, a_failure_at_any_step_loses_nothing_untold)
{
    for (long k = 1; k < 40; k++) {
        struct leat_chunk c[3];
        struct leat_grant g[3];
        unsigned lost = events.lost;
        unsigned stale = 0;
        int err;

        for (size_t i = 0; i < 3; i++)
            g[i] = shared_page(f.a, 2, &c[i]);
        f.world.fail_at = k;
        f.world.fail_with = LEAT_E_NOMEM;
        err = leat_lifecycle_suspend(&life, &refused);
        if (!err)
            MUST(leat_lifecycle_resume(&life, LEAT_CANCELLED));
        f.world.fail_at = 0;
        cr_assert(err == 0 || err == LEAT_E_NOMEM);
        for (size_t i = 0; i < 3; i++) {
            int one = leat_grant_revoke(g[i]);

            cr_assert(one == 0 || one == LEAT_E_STALE);
            stale += one != 0;
            MUST(leat_pool_put(f.a->pool, c[i]));
        }
        MUST(leat_grant_poll(f.a->table, 100, NULL));
        cr_assert_eq(events.lost - lost, stale);
        assert_idle(f.a);
    }
}

static int refuse(void *arg)
{
    (void)arg;
    return LEAT_E_REFUSED;
}

Test(grant_suspend, another_hook_that_refuses_brings_all_back)
{
    struct leat_hook hook = {.suspend = refuse};
    struct leat_lifecycle list;
    struct leat_grants_config config = {.share = {&f.a->ops, f.a}};
    struct leat_grants *t;
    struct leat_grant g;
    struct leat_chunk c = get(f.a->pool, 1);
    uint32_t ref, now;

    config.lifecycle = &list;
    MUST(leat_lifecycle_init(&list));
    MUST(
        leat_lifecycle_add(&list, &hook)); /* older: called after the table's */
    MUST(leat_grants_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_grants_create(&t, &config));
    MUST(leat_grant_share(t, c, 2, LEAT_READ_WRITE, &g));
    ref = ref_of(g);
    FAILS(LEAT_E_REFUSED, leat_lifecycle_suspend(&list, &refused));
    MUST(leat_grant_ref(g, &now));
    cr_assert_eq(now, ref);
    MUST(leat_grant_revoke(g));
    MUST(leat_grants_destroy(t));
    MUST(leat_lifecycle_remove(&list, &hook));
    MUST(leat_pool_put(f.a->pool, c));
    free(config.meta);
}
