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

#endif
