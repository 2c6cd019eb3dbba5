/* SPDX-License-Identifier: ISC */

/* A handle that was put is put again when its page has another owner. */

#include "pool-errors.h"

int main(void)
{
    struct leat_chunk old = {0}, c = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.limit_pages = MISUSE_PAGES,
                                              .threads = 1});
    EXPECT(&m, 0, leat_pool_get(m.pool, MISUSE_PAGES, &old));
    EXPECT(&m, 0, leat_pool_put(m.pool, old));
    EXPECT(&m, 0, leat_pool_get(m.pool, MISUSE_PAGES, &c));
    EXPECT(&m, LEAT_E_STALE, leat_pool_put(m.pool, old));
    EXPECT(&m, 0, leat_chunk_check(c));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    return misuse_close(&m, "the new owner keeps its chunk");
}
