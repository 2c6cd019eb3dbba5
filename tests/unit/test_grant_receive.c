/* SPDX-License-Identifier: ISC */

#include <leat/receive.h>

#include "grant_fixture.h"

static struct grant_fixture f;
static struct spare shown;
static struct leat_persist *persist;
static void *meta;

static void open_all(void)
{
    struct leat_persist_config config = {.domain = 2, .units_max = 4};

    open_grants(&f, (struct leat_grants_config){0});
    open_spare(&shown, f.a, 0, (struct leat_pool_config){.peer = 2 + 1});
    config.grants = f.a->table;
    config.pool = shown.pool;
    MUST(leat_persist_meta_size(&config, &config.meta_bytes));
    config.meta = meta = malloc(config.meta_bytes);
    MUST(leat_persist_create(&persist, &config));
}

static void shut(void)
{
    MUST(leat_persist_close(persist, NULL, NULL));
    free(meta);
    close_spare(&shown);
    assert_idle(f.a);
    close_grants(&f);
}

TestSuite(grant_receive, .init = open_all, .fini = shut);

static struct leat_receive receiver(enum leat_receive_mode mode)
{
    return (struct leat_receive){.mode = mode,
                                 .persist = persist,
                                 .grants = f.a->table,
                                 .shown = shown.pool,
                                 .to = f.a->pool,
                                 .domain = 2};
}

/* What the peer does: it writes the word at (off) of what was posted. */
static void peer_writes(const struct leat_posted *p, uint32_t off,
                        const char *text)
{
    MUST(plain_use(f.a, p->ref, 2, LEAT_READ_WRITE));
    memcpy(plain_page(f.a, p->ref) + p->off + off, text, strlen(text));
    plain_unuse(f.a, p->ref, LEAT_READ_WRITE);
}

Test(grant_receive, copying_gives_private_bytes_without_a_grant_operation)
{
    struct leat_receive r = receiver(LEAT_RECEIVE_COPY);
    struct leat_receive_counts n;
    struct leat_received got;
    struct leat_posted p;
    uint64_t grants;

    MUST(leat_receive_init(&r));
    MUST(leat_receive_post(&r, &p));
    MUST(leat_receive_drop(&p));
    grants = grants_stats(f.a->table).grants;
    for (int i = 0; i < 100; i++) {
        MUST(leat_receive_post(&r, &p));
        peer_writes(&p, 30, "barley");
        MUST(leat_receive_take(&p, 30, 6, &got));
        FAILS(LEAT_E_STALE, leat_receive_take(&p, 30, 6, &got));
        cr_assert_eq(got.bytes.view.len, 6);
        cr_assert_eq(memcmp(got.bytes.view.data, "barley", 6), 0);
        cr_assert(
            leat_pool_contains(f.a->pool, leat_view_const(got.bytes.view)));
        MUST(leat_receive_done(&got));
        FAILS(LEAT_E_STALE, leat_receive_done(&got));
    }
    MUST(leat_receive_counts(&r, &n));
    cr_assert(n.posts == 101 && n.takes == 100 && n.drops == 1);
    cr_assert(n.copies == 100 && n.copied_bytes == 600);
    cr_assert(n.shares == 0 && n.revokes == 0);
    cr_assert_eq(grants_stats(f.a->table).grants, grants);
    cr_assert_eq(leat_copies_bytes(leat_pool_copies(f.a->pool)), 600);
}

Test(grant_receive, what_is_written_later_is_not_in_the_copy)
{
    struct leat_receive r = receiver(LEAT_RECEIVE_COPY);
    struct leat_received got;
    struct leat_posted p, was;

    MUST(leat_receive_init(&r));
    MUST(leat_receive_post(&r, &p));
    was = p;
    peer_writes(&p, 0, "early");
    MUST(leat_receive_take(&p, 0, 5, &got));
    peer_writes(&was, 0, "later"); /* it has the page still */
    cr_assert_eq(memcmp(got.bytes.view.data, "early", 5), 0);
    MUST(leat_receive_done(&got));
}

Test(grant_receive, revoking_gives_the_very_page_once_the_peer_let_go)
{
    struct leat_receive r = receiver(LEAT_RECEIVE_REVOKE);
    struct leat_receive_counts n;
    struct leat_received got;
    struct leat_posted p;
    unsigned char *page;
    uint32_t ref;

    MUST(leat_receive_init(&r));
    MUST(leat_receive_post(&r, &p));
    ref = p.ref;
    page = plain_page(f.a, p.ref);
    peer_writes(&p, 100, "oats");
    MUST(leat_receive_take(&p, 100, 4, &got));
    cr_assert_eq(got.bytes.view.data, page + 100);
    cr_assert_eq(memcmp(page + 100, "oats", 4), 0);
    cr_assert_neq(plain_use(f.a, ref, 2, LEAT_READ_ONLY), 0);
    MUST(leat_receive_done(&got));
    MUST(leat_receive_counts(&r, &n));
    cr_assert(n.shares == 1 && n.revokes == 1 && n.copies == 0 && n.held == 0);
    cr_assert_eq(leat_copies_bytes(leat_pool_copies(shown.pool)), 0);
}

Test(grant_receive, a_page_that_the_peer_holds_is_not_given)
{
    struct leat_receive r = receiver(LEAT_RECEIVE_REVOKE);
    struct leat_receive_counts n;
    struct leat_received got;
    struct leat_posted p;
    size_t drained;

    MUST(leat_receive_init(&r));
    for (int polled = 0; polled < 2; polled++) {
        MUST(leat_receive_post(&r, &p));
        peer_writes(&p, 0, "rye");
        MUST(plain_use(f.a, p.ref, 2, LEAT_READ_WRITE));
        FAILS(LEAT_E_BUSY, leat_receive_take(&p, 0, 3, &got));
        cr_assert_eq(grants_stats(f.a->table).pages_held, 1);
        plain_unuse(f.a, p.ref, LEAT_READ_WRITE);
        if (polled) {
            MUST(leat_grant_poll(f.a->table, 1, &drained));
            cr_assert_eq(drained, 1);
        }
        MUST(leat_receive_take(&p, 0, 3, &got));
        cr_assert_eq(memcmp(got.bytes.view.data, "rye", 3), 0);
        MUST(leat_receive_done(&got));
    }
    MUST(leat_receive_post(&r, &p));
    MUST(plain_use(f.a, p.ref, 2, LEAT_READ_WRITE));
    {
        uint32_t ref = p.ref;

        MUST(leat_receive_drop(&p));
        cr_assert_eq(stats_of(shown.pool).pages_out, 1);
        plain_unuse(f.a, ref, LEAT_READ_WRITE);
    }
    MUST(leat_grant_poll(f.a->table, 1, &drained));
    MUST(leat_receive_counts(&r, &n));
    cr_assert_eq(n.held, 3);
    cr_assert_eq(stats_of(shown.pool).pages_out, 0);
}

Test(grant_receive, shared_memory_is_for_trusted_peers)
{
    struct leat_receive r = receiver(LEAT_RECEIVE_SHARED);
    struct leat_receive_counts n;
    struct leat_received got;
    struct leat_posted p;
    unsigned char text[4];

    FAILS(LEAT_E_PEER, leat_receive_init(&r));
    MUST(leat_grants_trust(f.a->table, 2, true));
    MUST(leat_receive_init(&r));
    MUST(leat_receive_post(&r, &p));
    peer_writes(&p, 8, "malt");
    MUST(leat_receive_take(&p, 8, 4, &got));
    cr_assert_null(got.bytes.chunk.pool);
    MUST(leat_shared_copy_out(got.shared, 0, text, 4,
                              leat_pool_copies(f.a->pool)));
    cr_assert_eq(memcmp(text, "malt", 4), 0);
    MUST(leat_receive_done(&got));
    MUST(leat_receive_post(&r, &p));
    MUST(leat_grants_trust(f.a->table, 2, false));
    FAILS(LEAT_E_PEER, leat_receive_take(&p, 0, 4, &got));
    MUST(leat_receive_drop(&p));
    MUST(leat_receive_counts(&r, &n));
    cr_assert(n.takes == 1 && n.copies == 0 && n.revokes == 0);
}

Test(grant_receive, a_lie_about_the_length_is_told)
{
    for (int mode = 0; mode < 3; mode++) {
        struct leat_receive r = receiver((enum leat_receive_mode)mode);
        struct leat_received got = {0};
        struct leat_posted p;

        MUST(leat_grants_trust(f.a->table, 2, true));
        MUST(leat_receive_init(&r));
        MUST(leat_receive_post(&r, &p));
        FAILS(LEAT_E_RANGE, leat_receive_take(&p, 0, PAGE + 1, &got));
        FAILS(LEAT_E_RANGE, leat_receive_take(&p, SIZE_MAX, 2, &got));
        FAILS(LEAT_E_RANGE, leat_receive_take(&p, PAGE + 1, 0, &got));
        cr_assert_null(got.r);
        MUST(leat_receive_drop(&p));
        FAILS(LEAT_E_STALE, leat_receive_drop(&p));
    }
}

Test(grant_receive, what_a_mode_needs_must_be_there)
{
    struct leat_receive r = receiver(LEAT_RECEIVE_COPY);

    r.to = shown.pool; /* a peer's */
    FAILS(LEAT_E_PEER, leat_receive_init(&r));
    r.to = NULL;
    FAILS(LEAT_E_INVALID, leat_receive_init(&r));
    r = receiver(LEAT_RECEIVE_REVOKE);
    r.shown =
        f.a->pool; /* nobody's, so what is kept in it could reach others */
    FAILS(LEAT_E_PEER, leat_receive_init(&r));
    r = receiver((enum leat_receive_mode)3);
    FAILS(LEAT_E_INVALID, leat_receive_init(&r));
    FAILS(LEAT_E_INVALID, leat_receive_init(NULL));
}

/* Nothing is lost when the private pool has no page, or the k-th step fails. */
Test(grant_receive, a_failure_leaves_the_posted_buffer)
{
    struct leat_receive r = receiver(LEAT_RECEIVE_COPY);
    struct leat_received got;
    struct leat_posted p;
    struct spare empty;
    struct leat_chunk all[PLAIN_SPARE / 4];

    open_spare(&empty, f.a, 1, (struct leat_pool_config){0});
    r.to = empty.pool;
    MUST(leat_receive_init(&r));
    for (size_t i = 0; i < COUNT(all); i++)
        all[i] = get(empty.pool, 1);
    MUST(leat_receive_post(&r, &p));
    peer_writes(&p, 0, "hops");
    FAILS(LEAT_E_NOMEM, leat_receive_take(&p, 0, 4, &got));
    MUST(leat_pool_put(empty.pool, all[0]));
    MUST(leat_receive_take(&p, 0, 4, &got));
    cr_assert_eq(memcmp(got.bytes.view.data, "hops", 4), 0);
    MUST(leat_receive_done(&got));
    for (size_t i = 1; i < COUNT(all); i++)
        MUST(leat_pool_put(empty.pool, all[i]));
    close_spare(&empty);
    r = receiver(LEAT_RECEIVE_REVOKE);
    MUST(leat_receive_init(&r));
    for (long k = 1; k <= 4; k++) {
        int err;

        f.world.fail_at = k;
        f.world.fail_with = LEAT_E_NOMEM;
        err = leat_receive_post(&r, &p);
        if (!err)
            MUST(leat_receive_drop(&p)); /* its revoke is the third step */
        f.world.fail_at = 0;
        MUST(leat_grant_poll(f.a->table, 1, NULL));
        cr_assert_eq(stats_of(shown.pool).pages_out, 1, "the persistent one");
    }
}
