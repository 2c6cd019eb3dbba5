/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_FLOW_ERRORS_H
#define LEAT_TESTS_FLOW_ERRORS_H

/* One misuse of a flow in each program: pool-errors.h, and a flow pool on it. */

#include <leat/flow.h>

#include "pool-errors.h"

static inline struct leat_flow_pool *flows_open(struct misuse *m)
{
    struct leat_flow_pool_config config = {0};
    struct leat_flow_pool *fp = NULL;

    misuse_open(m, (struct leat_pool_config){0});
    config.pool = m->pool;
    EXPECT(m, 0, leat_flow_pool_create(&fp, &config));
    return fp;
}

static inline int flows_close(struct misuse *m, struct leat_flow_pool *fp,
                              const char *text)
{
    const char *broken = leat_flow_pool_check(fp);

    if (broken)
        printf("# %s\n", broken);
    HOLDS(m, !broken);
    EXPECT(m, 0, leat_flow_pool_destroy(fp));
    return misuse_close(m, text);
}

#endif
