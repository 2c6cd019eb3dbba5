/* SPDX-License-Identifier: ISC */

/* The view of a handle that was put is void, and says so where it is used. */

#include "errors.h"

int main(void)
{
    static unsigned char memory[8 * 4096];
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *pool;
    struct leat_chunk c;
    uint32_t x = 77;

    MUST(!leat_pool_create(&pool, &config));
    MUST(!leat_pool_get(pool, 1, &c));
    MUST(!leat_pool_put(pool, c));
    FOUND("a read through a stale handle's view is stale",
          leat_cview_read_le32(leat_view_const(leat_chunk_view(c)), 0, &x),
          LEAT_E_STALE, x == 77 && !leat_pool_destroy(pool));
}
