/* SPDX-License-Identifier: ISC */

/* A mapping is unmapped twice. */

#include "grant-errors.h"

int main(void)
{
    struct leat_gref gref = {.domain = 1};
    struct leat_mapping m;
    struct leat_chunk c;
    struct leat_grant g;

    open_two(NULL);
    g = share_one(&c);
    MUST(leat_grant_ref(g, &gref.ref) == 0);
    MUST(leat_grant_map(b->table, &gref, 1, LEAT_READ_WRITE, NULL, &m) == 0);
    MUST(leat_grant_unmap(m) == 0);
    FOUND("a second unmap", leat_grant_unmap(m), LEAT_E_STALE,
          sound(1) && !leat_grants_check(b->table) &&
              leat_grant_revoke(g) == 0);
}
