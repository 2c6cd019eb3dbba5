/* SPDX-License-Identifier: ISC */

/* A grant for reading is mapped for writing. */

#include "grant-errors.h"

int main(void)
{
    struct leat_gref gref = {.domain = 1};
    struct leat_mapping m = {NULL, 5};
    struct leat_chunk c;
    struct leat_grant g;

    open_two(NULL);
    MUST(leat_pool_get(a->pool, 1, &c) == 0);
    MUST(leat_grant_share(a->table, c, 2, LEAT_READ_ONLY, &g) == 0);
    MUST(leat_grant_ref(g, &gref.ref) == 0);
    FOUND("writing what is read-only",
          leat_grant_map(b->table, &gref, 1, LEAT_READ_WRITE, NULL, &m),
          LEAT_E_ACCESS, m.id == 5 && leat_grant_revoke(g) == 0);
}
