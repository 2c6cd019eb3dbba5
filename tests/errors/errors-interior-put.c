/* SPDX-License-Identifier: ISC */

/* A page in the middle of a chunk is put. */

#include "pool-errors.h"

int main(void)
{
    struct leat_chunk c = {0}, inside;
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, 0, leat_pool_get(m.pool, 4, &c));
    inside = c;
    for (inside.id = c.id + 1; inside.id < c.id + 4; inside.id++)
        EXPECT(&m, LEAT_E_INTERIOR, leat_pool_put(m.pool, inside));
    EXPECT(&m, 0, leat_chunk_check(c));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    return misuse_close(&m, "a page inside a chunk is interior");
}
