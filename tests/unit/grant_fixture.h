/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GRANT_FIXTURE_H
#define LEAT_TESTS_GRANT_FIXTURE_H

/* Tables over plain arrays, for the unit tests: two domains by default. */

#include "grant/plain.h"
#include "pool_fixture.h"

struct grant_fixture {
    struct plain_world world;
    struct plain_domain *a, *b; /* 1 and 2 */
};

static inline void open_grants(struct grant_fixture *f,
                               struct leat_grants_config config)
{
    plain_world_open(&f->world);
    f->a = &f->world.domain[0];
    f->b = &f->world.domain[1];
    plain_open(f->a, config, (struct leat_pool_config){0});
    plain_open(f->b, (struct leat_grants_config){0},
               (struct leat_pool_config){0});
}

/* Ends a test in which all came back. */
static inline void close_grants(struct grant_fixture *f)
{
    plain_close(f->a);
    plain_close(f->b);
    plain_world_close(&f->world);
}

static inline struct leat_grants_stats grants_stats(struct leat_grants *t)
{
    struct leat_grants_stats s;
    const char *broken = leat_grants_check(t);

    cr_assert_null(broken, "%s", broken);
    MUST(leat_grants_stats(t, &s));
    return s;
}

static inline uint32_t ref_of(struct leat_grant g)
{
    uint32_t ref = 0;

    MUST(leat_grant_ref(g, &ref));
    return ref;
}

/* One page of (pool), shared with (domain). */
static inline struct leat_grant shared_page(struct plain_domain *d,
                                            uint32_t domain,
                                            struct leat_chunk *c)
{
    struct leat_grant g = {0};

    *c = get(d->pool, 1);
    MUST(leat_grant_share(d->table, *c, domain, LEAT_READ_WRITE, &g));
    return g;
}

/* A pool of the test's own, over (d)'s spare pages: a quarter of them each. */
struct spare {
    struct leat_static_arena arena;
    struct leat_pool *pool;
    void *meta;
};

static inline void open_spare(struct spare *s, struct plain_domain *d,
                              unsigned quarter, struct leat_pool_config config)
{
    size_t pages = PLAIN_SPARE / 4;

    s->arena = (struct leat_static_arena){
        .base =
            d->memory + (PLAIN_PAGES - PLAIN_SPARE + quarter * pages) * PAGE,
        .bytes = pages * PAGE};
    config.backend = leat_static(&s->arena);
    MUST(leat_pool_meta_size(&config, &config.meta_bytes));
    config.meta = s->meta = malloc(config.meta_bytes);
    MUST(leat_pool_create(&s->pool, &config));
}

static inline void close_spare(struct spare *s)
{
    assert_sound(s->pool);
    MUST(leat_pool_destroy(s->pool));
    free(s->meta);
}

/* All things are as they were: nothing is out of table or pool. */
static inline void assert_idle(struct plain_domain *d)
{
    struct leat_grants_stats s = grants_stats(d->table);

    assert_sound(d->pool);
    cr_assert_eq(s.refs_free, s.refs);
    cr_assert_eq(s.pages_shared + s.quarantined + s.mappings + s.shares_live +
                     s.pages_held + s.pages_mapped + s.refs_held,
                 0);
    cr_assert_eq(stats_of(d->pool).pages_out, 0);
}

#endif
