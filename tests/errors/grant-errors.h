/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GRANT_ERRORS_H
#define LEAT_TESTS_GRANT_ERRORS_H

/* Two domains over plain arrays, for the misuse of grants. */

#include "errors.h"
#include "grant/plain.h"

static struct plain_world world;
static struct plain_domain *const a = &world.domain[0];
static struct plain_domain *const b = &world.domain[1];

static inline void open_two(struct leat_lifecycle *life)
{
    plain_world_open(&world);
    plain_open(a, (struct leat_grants_config){.lifecycle = life},
               (struct leat_pool_config){0});
    plain_open(b, (struct leat_grants_config){0}, (struct leat_pool_config){0});
}

/* A page of (a)'s, shared with domain 2. */
static inline struct leat_grant share_one(struct leat_chunk *c)
{
    struct leat_grant g = {NULL, 0};

    MUST(leat_pool_get(a->pool, 1, c) == 0);
    MUST(leat_grant_share(a->table, *c, b->id, LEAT_READ_WRITE, &g) == 0);
    return g;
}

/* Nothing broke: the invariants hold, and so many pages are shared. */
static inline bool sound(uint64_t shared)
{
    struct leat_grants_stats s;

    return !leat_grants_check(a->table) && !leat_pool_check(a->pool) &&
           leat_grants_stats(a->table, &s) == 0 && s.pages_shared == shared;
}

#endif
