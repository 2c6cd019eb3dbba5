/* SPDX-License-Identifier: ISC */

/* A pool is destroyed while a chunk is out; the pool names it by its tag. */

#include "pool-errors.h"

static int name(void *arg, const struct leat_out *out)
{
    struct leat_out *last = arg;

    *last = *out;
    return 0;
}

int main(void)
{
    struct leat_out out = {.tag = 0};
    struct leat_chunk c = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.flags = LEAT_POOL_TRACK});
    EXPECT(&m, 0, leat_pool_get(m.pool, 2, &c));
    EXPECT(&m, 0, leat_chunk_tag(c, 4711));
    EXPECT(&m, LEAT_E_BUSY, leat_pool_destroy(m.pool));
    EXPECT(&m, 0, leat_pool_each_out(m.pool, name, &out));
    HOLDS(&m, out.tracked && out.tag == 4711 && out.owners == 1);
    HOLDS(&m, out.bytes.data == leat_chunk_view(c).data);
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    return misuse_close(&m, "a pool with a chunk out stays, and names it");
}
