/* SPDX-License-Identifier: ISC */

/* A view is made of a chunk that was put, and bytes are asked of it. */

#include "pool-errors.h"

int main(void)
{
    struct leat_view v, part = {NULL, 0};
    struct leat_chunk c = {0};
    struct misuse m;
    uint8_t byte = 1;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, 0, leat_pool_get(m.pool, 2, &c));
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    v = leat_chunk_view(c);
    HOLDS(&m, !v.data && v.len == 0);
    EXPECT(&m, LEAT_E_STALE, leat_view_slice(v, 0, 1, &part));
    EXPECT(&m, LEAT_E_STALE, leat_cview_read_u8(leat_view_const(v), 0, &byte));
    EXPECT(&m, LEAT_E_STALE, leat_chunk_view_coloured(c, 64, &part));
    HOLDS(&m, !part.data && byte == 1);
    return misuse_close(&m, "a view of a chunk that was put is void");
}
