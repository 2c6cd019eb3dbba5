/* SPDX-License-Identifier: ISC */

/* A reference that grants one page is used to grant another. */

#include "grant-errors.h"

int main(void)
{
    struct leat_grant g, other;
    struct leat_chunk c, d;
    uint32_t ref;

    open_two(NULL);
    g = share_one(&c);
    MUST(leat_grant_ref(g, &ref) == 0);
    MUST(leat_pool_get(a->pool, 1, &d) == 0);
    FOUND("a reference in use",
          leat_grant_share_by(a->table, d, leat_chunk_view(d), 2,
                              LEAT_READ_WRITE, 0, &ref, 1, &other),
          LEAT_E_BUSY,
          sound(1) && plain_page(a, ref) == leat_chunk_view(c).data);
}
