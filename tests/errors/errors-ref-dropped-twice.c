/* SPDX-License-Identifier: ISC */

/* A ref is dropped twice, and once more through a copy that nobody counted. */

#include "pool-errors.h"

int main(void)
{
    struct leat_ref ref = {0}, copy;
    struct leat_chunk c = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, 0, leat_pool_get(m.pool, 1, &c));
    EXPECT(&m, 0, leat_ref_take(c, leat_chunk_view(c), &ref));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    copy = ref;
    EXPECT(&m, 0, leat_ref_drop(&ref));
    EXPECT(&m, LEAT_E_STALE, leat_ref_drop(&ref));
    EXPECT(&m, LEAT_E_STALE, leat_ref_drop(&copy));
    return misuse_close(&m, "a ref is dropped once");
}
