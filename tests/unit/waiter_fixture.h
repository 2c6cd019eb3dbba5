/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_WAITER_FIXTURE_H
#define LEAT_TESTS_WAITER_FIXTURE_H

/* A line of waiters, each of which writes down when it is served. */

#include "pool_fixture.h"

struct line {
    struct leat_pool *pool;
    size_t served; /* how many so far */
};

struct wish {
    struct leat_waiter w;
    struct line *line;
    struct leat_chunk chunk;
    size_t turn; /* 1: the first that was served; 0: not yet */
};

static inline void served(void *arg, struct leat_chunk c)
{
    struct wish *wish = arg;

    wish->chunk = c;
    wish->turn = ++wish->line->served;
}

static inline void stand(struct line *line, struct wish *wish, size_t pages)
{
    memset(wish, 0, sizeof(*wish));
    wish->line = line;
    MUST(leat_pool_wait(line->pool, &wish->w, pages, served, wish));
}

/* A pool of exactly (pages) pages in which callers may wait. */
static inline void open_line(struct pool_fixture *f, struct line *line,
                             size_t pages)
{
    open_static(f, pages,
                (struct leat_pool_config){.limit_pages = pages,
                                          .flags = LEAT_POOL_EXACT});
    line->pool = f->pool;
    line->served = 0;
}

#endif
