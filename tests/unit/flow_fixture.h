/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_FLOW_FIXTURE_H
#define LEAT_TESTS_FLOW_FIXTURE_H

/* A flow pool over a pool of an arena, and what must hold when it is closed. */

#include <leat/flow.h>

#include "pool_fixture.h"

struct flow_fixture {
    struct pool_fixture p;
    struct leat_flow_pool *fp;
};

static inline void open_flows(struct flow_fixture *f, size_t pages,
                              struct leat_flow_pool_config config)
{
    open_static(&f->p, pages, (struct leat_pool_config){.peer = 8});
    config.pool = f->p.pool;
    MUST(leat_flow_pool_create(&f->fp, &config));
}

static inline struct leat_flow_stats flow_stats(struct leat_flow_pool *fp)
{
    struct leat_flow_stats s;

    MUST(leat_flow_pool_stats(fp, &s));
    return s;
}

/* Sound, and the pool gave neither more nor less than is held. */
static inline void assert_flows(struct flow_fixture *f)
{
    const char *broken = leat_flow_pool_check(f->fp);

    cr_assert_null(broken, "%s", broken);
    cr_assert_eq(flow_stats(f->fp).bytes_held,
                 stats_of(f->p.pool).pages_out * PAGE);
}

static inline void close_flows(struct flow_fixture *f)
{
    struct leat_flow_stats s = flow_stats(f->fp);

    assert_flows(f);
    cr_assert_eq(s.buffers, 0);
    cr_assert_eq(s.flows, 0);
    cr_assert_eq(s.bytes_held, 0);
    cr_assert_eq(s.gets, s.puts);
    MUST(leat_flow_pool_destroy(f->fp));
    close_pool(&f->p);
}

static inline struct leat_flow *flow_of(struct flow_fixture *f,
                                        struct leat_flow_config config)
{
    struct leat_flow *flow;

    MUST(leat_flow_create(&flow, f->fp, &config));
    return flow;
}

/* The byte at (at) of a stream that is all different. */
static inline unsigned char byte_at(size_t at)
{
    return (unsigned char)(at * 131 + at / 251);
}

static inline void fill(void *p, size_t n, size_t at)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)p)[i] = byte_at(at + i);
}

static inline bool filled(const void *p, size_t n, size_t at)
{
    for (size_t i = 0; i < n; i++)
        if (((const unsigned char *)p)[i] != byte_at(at + i))
            return false;
    return true;
}

#endif
