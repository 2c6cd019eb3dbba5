/* SPDX-License-Identifier: ISC */

/* A chunk is put twice by the same handle. */

#include "pool-errors.h"

int main(void)
{
    struct leat_chunk c = {0}, other = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, 0, leat_pool_get(m.pool, 1, &c));
    EXPECT(&m, 0, leat_pool_get(m.pool, 3, &other));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    EXPECT(&m, LEAT_E_STALE, leat_pool_put(m.pool, c));
    EXPECT(&m, 0, leat_pool_put(m.pool, other));
    EXPECT(&m, LEAT_E_STALE, leat_pool_put(m.pool, other));
    return misuse_close(&m, "a second put is stale");
}
