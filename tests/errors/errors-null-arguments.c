/* SPDX-License-Identifier: ISC */

/* NULL is given where something is needed. */

#include "pool-errors.h"

static void served(void *arg, struct leat_chunk c)
{
    (void)arg;
    (void)c;
}

int main(void)
{
    struct leat_pool_config config = {0};
    struct leat_waiter w = {0};
    struct leat_stats stats;
    struct leat_pool *pool;
    struct misuse m;
    size_t bytes;

    misuse_open(&m, (struct leat_pool_config){.flags = LEAT_POOL_EXACT});
    EXPECT(&m, LEAT_E_INVALID, leat_pool_create(&pool, NULL));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_create(NULL, &config));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_create(&pool, &config));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_meta_size(&config, &bytes));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_stats(m.pool, NULL));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_stats(NULL, &stats));
    EXPECT(&m, LEAT_E_INVALID, leat_magazine_create(m.pool, NULL));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_wait(m.pool, NULL, 1, served, NULL));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_wait(m.pool, &w, 1, NULL, NULL));
    EXPECT(&m, LEAT_E_INVALID, leat_mmap_init(NULL));
    HOLDS(&m, leat_magazine_destroy(NULL) < 0);
    return misuse_close(&m, "NULL is invalid");
}
