/* SPDX-License-Identifier: ISC */

/* What was never a handle is put: zeros, ones, and made-up numbers. */

#include "pool-errors.h"

int main(void)
{
    static const uint64_t ids[] = {0,          1,          UINT64_MAX,
                                   UINT32_MAX, 0xdeadbeef, 0xa5a5a5a5a5a5a5a5u};
    struct leat_chunk garbage, c = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, 0, leat_pool_get(m.pool, 2, &c));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    memset(&garbage, 0, sizeof(garbage));
    EXPECT(&m, LEAT_E_FOREIGN, leat_pool_put(m.pool, garbage));
    memset(&garbage, 0xff, sizeof(garbage));
    EXPECT(&m, LEAT_E_FOREIGN, leat_pool_put(m.pool, garbage));
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        garbage.pool = NULL;
        garbage.id = ids[i];
        EXPECT(&m, LEAT_E_FOREIGN, leat_pool_put(m.pool, garbage));
        EXPECT(&m, LEAT_E_FOREIGN, leat_chunk_check(garbage));
        garbage.pool = m.pool;
        HOLDS(&m, leat_pool_put(m.pool, garbage) < 0);
        HOLDS(&m, leat_chunk_check(garbage) < 0);
        HOLDS(&m, !leat_chunk_view(garbage).data);
    }
    return misuse_close(&m, "garbage is no handle");
}
