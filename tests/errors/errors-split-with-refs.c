/* SPDX-License-Identifier: ISC */

/* A chunk is split while refs lie across its pages. */

#include "pool-errors.h"

int main(void)
{
    struct leat_chunk c = {0}, pages[2] = {{0}};
    struct leat_ref ref = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){0});
    EXPECT(&m, 0, leat_pool_get(m.pool, 2, &c));
    EXPECT(&m, 0, leat_ref_take(c, leat_chunk_view(c), &ref));
    EXPECT(&m, LEAT_E_BUSY, leat_chunk_split(c, pages, 2));
    HOLDS(&m, !pages[0].pool && !leat_chunk_check(c));
    EXPECT(&m, 0, leat_ref_drop(&ref));
    EXPECT(&m, 0, leat_chunk_split(c, pages, 2));
    EXPECT(&m, LEAT_E_STALE, leat_pool_put(m.pool, c));
    EXPECT(&m, 0, leat_pool_put_bulk(m.pool, pages, 2, NULL));
    return misuse_close(&m, "a chunk with refs is not split");
}
