/* SPDX-License-Identifier: ISC */

/* One waiter stands in line twice. */

#include "pool-errors.h"

static void served(void *arg, struct leat_chunk c)
{
    *(struct leat_chunk *)arg = c;
}

int main(void)
{
    struct leat_chunk all = {0}, c = {0};
    struct leat_waiter w = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.flags = LEAT_POOL_EXACT});
    EXPECT(&m, 0, leat_pool_get(m.pool, MISUSE_PAGES, &all));
    EXPECT(&m, 0, leat_pool_wait(m.pool, &w, 1, served, &c));
    EXPECT(&m, LEAT_E_BUSY, leat_pool_wait(m.pool, &w, 2, served, &c));
    EXPECT(&m, LEAT_E_BUSY, leat_pool_destroy(m.pool));
    EXPECT(&m, 0, leat_pool_put(m.pool, all));
    HOLDS(&m, leat_chunk_view(c).len == LEAT_PAGE_SIZE);
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    return misuse_close(&m, "a waiter stands in line once");
}
