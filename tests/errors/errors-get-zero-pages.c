/* SPDX-License-Identifier: ISC */

/* A chunk of no pages is asked for. */

#include "pool-errors.h"

int main(void)
{
    struct leat_chunk c = {NULL, 12};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, LEAT_E_INVALID, leat_pool_get(m.pool, 0, &c));
    EXPECT(&m, LEAT_E_INVALID, leat_pool_get_zeroed(m.pool, 0, &c));
    EXPECT(&m, LEAT_E_INVALID,
           leat_chunk_error(leat_pool_get_value(m.pool, 0)));
    HOLDS(&m, !c.pool && c.id == 12);
    return misuse_close(&m, "there is no chunk of no pages");
}
