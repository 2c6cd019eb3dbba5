/* SPDX-License-Identifier: ISC */

/* The same memory is adopted twice, and so are a pool's own pages. */

#include "pool-errors.h"

static _Alignas(4096) unsigned char memory[2 * 4096];

static void release(void *arg, void *base, size_t pages)
{
    (void)base;
    (void)pages;
    ++*(int *)arg;
}

int main(void)
{
    struct leat_chunk c = {0}, mine = {0}, other = {0};
    struct misuse m;
    int released = 0;

    misuse_open(&m, (struct leat_pool_config){.adopt_pages = 1024});
    EXPECT(&m, 0, leat_pool_adopt(m.pool, memory, 2, release, &released, &c));
    EXPECT(
        &m, LEAT_E_BUSY,
        leat_pool_adopt(m.pool, memory + 4096, 1, release, &released, &other));
    EXPECT(&m, 0, leat_pool_get(m.pool, 1, &mine));
    EXPECT(&m, LEAT_E_BUSY,
           leat_pool_adopt(m.pool, leat_chunk_view(mine).data, 1, release,
                           &released, &other));
    HOLDS(&m, released == 0);
    EXPECT(&m, 0, leat_pool_put(m.pool, mine));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    HOLDS(&m, released == 1);
    return misuse_close(&m, "memory is in a pool once");
}
