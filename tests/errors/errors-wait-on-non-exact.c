/* SPDX-License-Identifier: ISC */

/* A wait is asked of a pool with magazines, which cannot keep a line. */

#include "pool-errors.h"

static void served(void *arg, struct leat_chunk c)
{
    (void)c;
    *(bool *)arg = true;
}

int main(void)
{
    struct leat_waiter w = {0};
    struct misuse m;
    bool called = false;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, LEAT_E_UNSUPPORTED,
           leat_pool_wait(m.pool, &w, 1, served, &called));
    HOLDS(&m, !called);
    return misuse_close(&m, "only an exact pool has a line");
}
