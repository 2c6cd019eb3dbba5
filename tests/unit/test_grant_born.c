/* SPDX-License-Identifier: ISC */

/* Tables over pages that are born granted, as under Linux. */

#include <leat/persist.h>

#include "grant_fixture.h"

static struct grant_fixture f;
static struct leat_share_ops ops;
static struct leat_grants *t;
static void *meta;
static bool busy; /* what the backend knows of the peer */

static uint32_t born_refs(void *self)
{
    (void)self;
    return 4096;
}

static int born(void *self, const void *page, uint32_t *ref, uint32_t *domain,
                enum leat_access *access)
{
    size_t i = ((uintptr_t)page - (uintptr_t)f.a->memory) / PAGE;

    (void)self;
    if (i >= PLAIN_PAGES)
        return LEAT_E_FOREIGN;
    *ref = 4095 - (uint32_t)i; /* high pages have reserved references */
    *domain = 2;
    *access = LEAT_READ_WRITE;
    return 0;
}

static int end(void *self, uint32_t ref, void *page)
{
    (void)self, (void)ref, (void)page;
    return busy ? LEAT_E_BUSY : 0;
}

static void open_born(void)
{
    struct leat_grants_config config = {.share = {&ops, NULL}};

    open_grants(&f, (struct leat_grants_config){0});
    ops = (struct leat_share_ops){.name = "born",
                                  .caps = LEAT_SHARE_BORN,
                                  .letgo = LEAT_LETGO_TOLD,
                                  .refs = born_refs,
                                  .born = born,
                                  .end = end};
    MUST(leat_grants_meta_size(&config, &config.meta_bytes));
    config.meta = meta = malloc(config.meta_bytes);
    MUST(leat_grants_create(&t, &config));
}

static void shut(void)
{
    (void)grants_stats(t);
    MUST(leat_grants_destroy(t));
    free(meta);
    close_grants(&f);
}

TestSuite(grant_born, .init = open_born, .fini = shut);

Test(grant_born, a_share_has_the_references_that_came_with_the_pages)
{
    struct leat_chunk c = get(f.a->pool, 3);
    struct leat_grant g, none;
    uint32_t refs[3];

    FAILS(LEAT_E_PEER, leat_grant_share(t, c, 3, LEAT_READ_WRITE, &none));
    FAILS(LEAT_E_ACCESS, leat_grant_share(t, c, 2, LEAT_READ_ONLY, &none));
    cr_assert_eq(grants_stats(t).refs_granted, 0);
    MUST(leat_grant_share(t, c, 2, LEAT_READ_WRITE, &g));
    FAILS(LEAT_E_BUSY, leat_grant_share(t, c, 2, LEAT_READ_WRITE, &none));
    MUST(leat_grant_refs(g, refs, 3));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(refs[i], 4095 - i - (bytes_of(c) - f.a->memory) / PAGE);
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g)); /* nobody told */
    busy = true;
    FAILS(LEAT_E_BUSY, leat_grant_told(g)); /* the kernel knows better */
    cr_assert_eq(grants_stats(t).pages_held, 3);
    busy = false;
    MUST(leat_grant_told(g));
    MUST(leat_pool_put(f.a->pool, c));
    cr_assert_eq(grants_stats(t).refs_free, 4096 - 8);
}

Test(grant_born, nobody_chooses_a_reference)
{
    struct leat_refs_waiter w = {0};
    uint32_t ref;

    FAILS(LEAT_E_UNSUPPORTED, leat_grant_refs_get(t, &ref, 1));
    FAILS(LEAT_E_UNSUPPORTED,
          leat_grant_refs_wait(t, &w, &ref, 1,
                               (void (*)(void *, uint32_t *, size_t))abort,
                               NULL));
}

Test(grant_born, a_bad_page_leaves_nothing)
{
    struct spare spare;
    struct leat_chunk c;
    struct leat_grant g;

    /* The last quarter: its last eight pages have reserved references. */
    open_spare(&spare, f.a, 3, (struct leat_pool_config){0});
    c = get(spare.pool, PLAIN_SPARE / 4);
    FAILS(LEAT_E_LIMIT, leat_grant_share(t, c, 2, LEAT_READ_WRITE, &g));
    cr_assert_eq(grants_stats(t).refs_free, 4096 - 8);
    MUST(leat_pool_put(spare.pool, c));
    close_spare(&spare);
}

Test(grant_born, persistent_pools_work_over_it)
{
    struct leat_persist_config config = {.grants = t,
                                         .pool = f.a->pool,
                                         .domain = 2,
                                         .units_max = 2,
                                         .unit_pages = 4};
    struct leat_persist *p;
    struct leat_block b;
    uint32_t ref, off;

    MUST(leat_persist_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_persist_create(&p, &config));
    MUST(leat_persist_get(p, &b));
    MUST(leat_block_ref(b, &ref, &off));
    cr_assert_geq(ref, 8);
    MUST(leat_persist_put(b));
    MUST(leat_persist_close(p, NULL, NULL));
    cr_assert_eq(grants_stats(t).quarantined, 1);
    {
        /* Its handle went with the pool; the list still names it. */
        struct leat_grant g = {t, (uint64_t)1 << 32 | (ref - off / PAGE)};

        MUST(leat_grant_told(g));
    }
    free(config.meta);
}
