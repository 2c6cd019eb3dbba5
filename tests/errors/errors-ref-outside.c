/* SPDX-License-Identifier: ISC */

/* A ref is taken to bytes that its chunk does not have. */

#include "pool-errors.h"

int main(void)
{
    struct leat_chunk c = {0}, other = {0};
    struct leat_view v;
    struct leat_ref ref = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){0});
    EXPECT(&m, 0, leat_pool_get(m.pool, 1, &c));
    EXPECT(&m, 0, leat_pool_get(m.pool, 1, &other));
    EXPECT(&m, LEAT_E_RANGE, leat_ref_take(c, leat_chunk_view(other), &ref));
    v = leat_chunk_view(c);
    v.len++;
    EXPECT(&m, LEAT_E_RANGE, leat_ref_take(c, v, &ref));
    HOLDS(&m, !ref.chunk.pool);
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    EXPECT(&m, 0, leat_pool_put(m.pool, other));
    return misuse_close(&m, "a ref's window is inside its chunk");
}
