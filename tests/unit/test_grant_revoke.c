/* SPDX-License-Identifier: ISC */

#include "grant_fixture.h"

static struct grant_fixture f;

struct drains {
    unsigned n;
    struct leat_grant_info last;
    struct leat_grants *in; /* to be used inside the callback */
};

static struct drains drains;

static void on_event(void *arg, enum leat_grant_event what,
                     const struct leat_grant_info *info)
{
    struct drains *d = arg;

    cr_assert_eq(what, LEAT_GRANT_DRAINED);
    d->n++;
    d->last = *info;
    FAILS(LEAT_E_STALE, leat_grant_revoke(info->grant));
}

static uint64_t fake_now;

static uint64_t now(void *self)
{
    (void)self;
    return fake_now;
}

static const struct leat_port port = {.now_ns = now};

static void open_plain(void)
{
    drains = (struct drains){0};
    open_grants(&f, (struct leat_grants_config){
                        .event = on_event, .arg = &drains, .port = &port});
}

static void shut(void)
{
    close_grants(&f);
}

TestSuite(grant_revoke, .init = open_plain, .fini = shut);

Test(grant_revoke, what_the_peer_holds_is_quarantined_until_it_lets_go)
{
    struct leat_grant_info info;
    struct leat_grants_stats s;
    struct leat_grant g;
    struct leat_chunk c;
    size_t drained = 7;
    uint32_t ref;

    fake_now = 1000;
    g = shared_page(f.a, 2, &c);
    ref = ref_of(g);
    MUST(leat_grant_tag(g, 0x1234));
    memset(bytes_of(c), 0x55, PAGE);
    MUST(plain_use(f.a, ref, 2, LEAT_READ_WRITE));
    fake_now = 5000;
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c)); /* the page stays all the same */
    fake_now = 9000;
    s = grants_stats(f.a->table);
    cr_assert(s.quarantined == 1 && s.pages_held == 1 && s.oldest_ns == 4000);
    cr_assert_eq(stats_of(f.a->pool).pages_out, 1);
    MUST(leat_grant_describe(g, &info));
    cr_assert_eq(info.state, LEAT_GRANT_QUARANTINED);
    cr_assert(info.held == 1 && info.age_ns == 4000 && info.tag == 0x1234 &&
              info.domain == 2 && info.ref == ref);
    MUST(leat_grant_poll(f.a->table, 10, &drained));
    cr_assert_eq(drained, 0);
    FAILS(LEAT_E_BUSY, leat_grants_destroy(f.a->table));
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.a->pool));

    plain_unuse(f.a, ref, LEAT_READ_WRITE);
    cr_assert_eq(drains.n, 0);
    MUST(leat_grant_poll(f.a->table, 10, &drained));
    cr_assert(drained == 1 && drains.n == 1 && drains.last.tag == 0x1234 &&
              drains.last.ref == ref);
    assert_idle(f.a);
}

Test(grant_revoke, a_held_page_is_in_nobodys_hands_and_comes_back_zeroed)
{
    struct leat_grant g;
    struct leat_chunk c, d;
    unsigned char *at;
    uint32_t ref;

    g = shared_page(f.a, 2, &c);
    at = bytes_of(c);
    ref = ref_of(g);
    MUST(plain_use(f.a, ref, 2, LEAT_READ_ONLY));
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
    for (size_t i = 0; i < 100; i++) {
        d = get(f.a->pool, 1);
        cr_assert_neq(bytes_of(d), at);
        MUST(leat_pool_put(f.a->pool, d));
    }
    memset(at, 0x66, PAGE); /* the peer may still write */
    plain_unuse(f.a, ref, LEAT_READ_ONLY);
    MUST(leat_grant_revoke(g));
#if !LEAT_DEBUG /* there, a free page is poisoned */
    cr_assert(all_bytes(at, PAGE, 0));
#endif
}

Test(grant_revoke, some_of_the_pages_held_keep_all_of_the_share)
{
    struct leat_chunk c = get(f.a->pool, 100);
    struct leat_grant_info info;
    struct leat_grant g;
    uint32_t refs[100];
    size_t drained;

    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    MUST(leat_grant_refs(g, refs, 100));
    FAILS(LEAT_E_RANGE, leat_grant_refs(g, refs, 99));
    MUST(plain_use(f.a, refs[3], 2, LEAT_READ_ONLY));
    MUST(plain_use(f.a, refs[70], 2, LEAT_READ_ONLY));
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g));
    MUST(leat_grant_describe(g, &info));
    cr_assert(info.pages == 100 && info.held == 2);
    cr_assert_eq(grants_stats(f.a->table).refs_granted, 100);
    plain_unuse(f.a, refs[3], LEAT_READ_ONLY);
    MUST(leat_grant_poll(f.a->table, 100, &drained));
    cr_assert_eq(drained, 0);
    MUST(leat_grant_describe(g, &info));
    cr_assert_eq(info.held, 1);
    plain_unuse(f.a, refs[70], LEAT_READ_ONLY);
    MUST(leat_grant_poll(f.a->table, 1, &drained));
    cr_assert_eq(drained, 1);
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_revoke, a_poll_tries_no_more_than_its_budget_and_all_in_turn)
{
    struct leat_chunk c[10];
    struct leat_grant g[10];
    uint64_t before;
    size_t drained;

    for (size_t i = 0; i < 10; i++) {
        g[i] = shared_page(f.a, 2, &c[i]);
        MUST(plain_use(f.a, ref_of(g[i]), 2, LEAT_READ_ONLY));
        FAILS(LEAT_E_BUSY, leat_grant_revoke(g[i]));
    }
    before = grants_stats(f.a->table).ends;
    MUST(leat_grant_poll(f.a->table, 4, &drained));
    cr_assert_eq(grants_stats(f.a->table).ends, before + 4);
    MUST(leat_grant_poll(f.a->table, 0, &drained));
    cr_assert_eq(grants_stats(f.a->table).ends, before + 4);
    MUST(leat_grant_poll(f.a->table, 1000, &drained));
    cr_assert_eq(grants_stats(f.a->table).ends, before + 14, "each once");
    /* 4 and 5 are next: the first call ended with 3, the second went round. */
    for (size_t i = 0; i < 10; i++)
        plain_unuse(f.a, ref_of(g[i]), LEAT_READ_ONLY);
    for (size_t i = 0; i < 10; i++) {
        MUST(leat_grant_poll(f.a->table, 1, &drained));
        cr_assert_eq(drained, 1);
        cr_assert_eq(drains.last.grant.id, g[(i + 4) % 10].id);
    }
    for (size_t i = 0; i < 10; i++)
        MUST(leat_pool_put(f.a->pool, c[i]));
}

/* The peer maps, or maps and unmaps, at the k-th step from now. */
struct intruder {
    int at;
    bool leaves;
    int mapped; /* 0: it got the page */
    uint32_t ref;
    bool inside;
};

static void intrude(void *arg, struct plain_domain *d, const char *what)
{
    struct intruder *in = arg;

    (void)what;
    if (--in->at != 0)
        return;
    in->mapped = plain_use(d, in->ref, 2, LEAT_READ_WRITE);
    in->inside = !in->mapped && !in->leaves;
    if (!in->mapped && in->leaves)
        plain_unuse(d, in->ref, LEAT_READ_WRITE);
}

Test(grant_revoke, the_peer_may_map_between_any_two_steps)
{
    unsigned got = 0, missed = 0;

    f.a->units = true;
    f.a->ops.expose = plain_expose;
    f.a->ops.conceal = plain_conceal;
    for (int leaves = 0; leaves < 2; leaves++) {
        for (int at = 1; at < 8; at++) {
            struct intruder in = {.at = at, .leaves = leaves, .mapped = 1};
            struct leat_grant g;
            struct leat_chunk c;
            unsigned char *page;
            int err;

            g = shared_page(f.a, 2, &c);
            page = bytes_of(c);
            in.ref = ref_of(g);
            f.world.arg = &in;
            f.world.step = intrude;
            err = leat_grant_revoke(g);
            f.world.step = NULL;
            MUST(leat_pool_put(f.a->pool, c));
            /* Held: never got out, and the gauge says 1. Else: it is private. */
            cr_assert_eq(err, in.inside ? LEAT_E_BUSY : 0);
            cr_assert_eq(grants_stats(f.a->table).pages_held, in.inside);
            if (in.inside) {
                size_t drained;

                got++;
                c = get(f.a->pool, 1);
                cr_assert_neq(bytes_of(c), page);
                MUST(leat_pool_put(f.a->pool, c));
                plain_unuse(f.a, in.ref, LEAT_READ_WRITE);
                MUST(leat_grant_poll(f.a->table, 1, &drained));
                cr_assert_eq(drained, 1);
            } else {
                missed++;
                cr_assert_neq(plain_use(f.a, in.ref, 2, LEAT_READ_ONLY), 0);
            }
            assert_idle(f.a);
        }
    }
    cr_assert(got > 0 && missed > 0);
}

Test(grant_revoke, a_pool_of_this_peers_keeps_the_bytes_where_asked)
{
    struct spare spare;
    struct leat_grant g;
    struct leat_chunk c;
    size_t drained;

    g = shared_page(f.a, 2, &c);
    FAILS(LEAT_E_PEER, leat_grant_revoke_keep(g));
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));

    open_spare(&spare, f.a, 0, (struct leat_pool_config){.peer = 2 + 1});
    c = get(spare.pool, 1);
    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    memset(bytes_of(c), 0x42, PAGE);
    MUST(leat_grant_revoke_keep(g));
    cr_assert(all_bytes(bytes_of(c), PAGE, 0x42));

    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_WRITE, &g));
    MUST(plain_use(f.a, ref_of(g), 2, LEAT_READ_WRITE));
    FAILS(LEAT_E_BUSY, leat_grant_revoke_keep(g));
    plain_unuse(f.a, ref_of(g), LEAT_READ_WRITE);
    MUST(leat_grant_poll(f.a->table, 1, &drained));
    cr_assert(all_bytes(bytes_of(c), PAGE, 0x42));
    MUST(leat_pool_put(spare.pool, c));
    close_spare(&spare);
}

Test(grant_revoke, where_it_can_never_be_known_pages_never_come_back)
{
    struct leat_grants_config config = {
        .share = {&f.a->ops, f.a}, .event = on_event, .arg = &drains};
    struct leat_grants *t;
    struct leat_grants_stats s;
    struct leat_grant g;
    struct leat_chunk c = get(f.a->pool, 1);
    size_t drained;

    f.a->ops.letgo = LEAT_LETGO_NEVER;
    MUST(leat_grants_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_grants_create(&t, &config));
    MUST(leat_grant_share(t, c, 2, LEAT_READ_WRITE, &g));
    f.world.fail_at = 1;
    f.world.fail_with = LEAT_E_UNSUPPORTED;
    FAILS(LEAT_E_UNSUPPORTED, leat_grant_revoke(g));
    FAILS(LEAT_E_UNSUPPORTED, leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
    MUST(leat_grant_poll(t, 100, &drained));
    cr_assert_eq(drained, 0);
    s = grants_stats(t);
    cr_assert(s.quarantined == 1 && s.pages_held == 1);
    FAILS(LEAT_E_BUSY, leat_grants_destroy(t));
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.a->pool));
    cr_assert_eq(stats_of(f.a->pool).pages_out, 1);
    /* All that is known of it goes with this process. */
    _exit(0);
}

Test(grant_revoke, where_it_is_told_pages_come_back_when_told)
{
    struct leat_grants_config config = {
        .share = {&f.a->ops, f.a}, .event = on_event, .arg = &drains};
    struct leat_grants *t;
    struct leat_grant g, h;
    struct leat_chunk c = get(f.a->pool, 1), d = get(f.a->pool, 1);
    size_t drained;

    FAILS(LEAT_E_INVALID, leat_grant_told((struct leat_grant){0}));
    f.a->ops.letgo = LEAT_LETGO_TOLD;
    MUST(leat_grants_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_grants_create(&t, &config));
    MUST(leat_grant_share(t, c, 2, LEAT_READ_WRITE, &g));
    MUST(leat_grant_share(t, d, 2, LEAT_READ_WRITE, &h));
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g));
    MUST(leat_grant_poll(t, 100, &drained));
    cr_assert_eq(drained, 0);
    MUST(leat_grant_told(g));
    cr_assert_eq(drains.n, 1);
    FAILS(LEAT_E_STALE, leat_grant_told(g));
    MUST(leat_grant_told(h)); /* beforehand */
    MUST(leat_grant_revoke(h));
    cr_assert_eq(grants_stats(t).refs_granted, 0);
    MUST(leat_grants_destroy(t));
    MUST(leat_pool_put(f.a->pool, c));
    MUST(leat_pool_put(f.a->pool, d));
    free(config.meta);
    f.a->ops.letgo = LEAT_LETGO_KNOWN;
}

Test(grant_revoke, what_cannot_be_concealed_is_tried_again)
{
    struct leat_grant g;
    struct leat_chunk c;
    size_t drained;

    f.a->units = true;
    f.a->ops.expose = plain_expose;
    f.a->ops.conceal = plain_conceal;
    g = shared_page(f.a, 2, &c);
    memset(bytes_of(c), 0x31, PAGE);
    f.world.fail_at = 2; /* end, conceal */
    f.world.fail_with = LEAT_E_NOMEM;
    FAILS(LEAT_E_NOMEM, leat_grant_revoke(g));
    cr_assert_eq(grants_stats(f.a->table).quarantined, 1);
    cr_assert_eq(bytes_of(c)[0], 0x31);
    MUST(leat_grant_poll(f.a->table, 1, &drained));
    cr_assert_eq(drained, 1);
    cr_assert(all_bytes(bytes_of(c), PAGE, 0));
    MUST(leat_pool_put(f.a->pool, c));
}

static int collect(void *arg, const struct leat_grant_info *info)
{
    uint64_t *tags = arg;

    tags[tags[0] += 1] = info->tag;
    return tags[0] == 2;
}

Test(grant_revoke, a_table_with_grants_out_names_them)
{
    uint64_t tags[4] = {0};
    struct leat_grant g[3];
    struct leat_chunk c[3];

    for (size_t i = 0; i < 3; i++) {
        g[i] = shared_page(f.a, 2, &c[i]);
        MUST(leat_grant_tag(g[i], 10 + i));
    }
    FAILS(LEAT_E_BUSY, leat_grants_destroy(f.a->table));
    cr_assert_eq(leat_grants_each(f.a->table, collect, tags), 1);
    cr_assert(tags[1] == 10 && tags[2] == 11);
    for (size_t i = 0; i < 3; i++) {
        MUST(leat_grant_revoke(g[i]));
        MUST(leat_pool_put(f.a->pool, c[i]));
    }
}

Test(grant_revoke, the_peer_that_hammers_the_word_is_not_waited_for)
{
    struct gnttab_entry *e;
    struct leat_grant g;
    struct leat_chunk c;

    g = shared_page(f.a, 2, &c);
    e = &f.a->entries[ref_of(g)];
    /* Bits that mean nothing here do not stand in the way. */
    __atomic_fetch_or(&e->flags, 0x8000 | 32 | 64, __ATOMIC_SEQ_CST);
    MUST(leat_grant_revoke(g));
    cr_assert_eq(e->flags, 0);
    MUST(leat_pool_put(f.a->pool, c));
}
