/* SPDX-License-Identifier: ISC */

/* Somebody who does not wait leaves the line. */

#include "pool-errors.h"

static void served(void *arg, struct leat_chunk c)
{
    *(struct leat_chunk *)arg = c;
}

int main(void)
{
    struct leat_waiter w = {0};
    struct leat_chunk c = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.flags = LEAT_POOL_EXACT});
    EXPECT(&m, LEAT_E_STATE, leat_pool_cancel(m.pool, &w));
    EXPECT(&m, 0, leat_pool_wait(m.pool, &w, 1, served, &c));
    EXPECT(&m, LEAT_E_STATE, leat_pool_cancel(m.pool, &w));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    EXPECT(&m, LEAT_E_STATE, leat_pool_cancel(m.pool, &w));
    return misuse_close(&m, "who is not in line cannot leave it");
}
