/* SPDX-License-Identifier: ISC */

/* A chunk of one pool is put into another. */

#include "pool-errors.h"

static _Alignas(4096) unsigned char memory[16 * 4096];

int main(void)
{
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *other = NULL;
    struct leat_chunk c = {0};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){0});
    EXPECT(&m, 0, leat_pool_create(&other, &config));
    EXPECT(&m, 0, leat_pool_get(other, 1, &c));
    EXPECT(&m, LEAT_E_FOREIGN, leat_pool_put(m.pool, c));
    EXPECT(&m, 0, leat_pool_put(other, c));
    EXPECT(&m, 0, leat_pool_destroy(other));
    return misuse_close(&m, "a put into another pool is foreign");
}
