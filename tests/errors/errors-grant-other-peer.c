/* SPDX-License-Identifier: ISC */

/* A page that one peer has is shared with another. */

#include "grant-errors.h"

int main(void)
{
    struct leat_grant g, other = {NULL, 5};
    struct leat_chunk c;

    open_two(NULL);
    g = share_one(&c);
    FOUND("a page for two peers",
          leat_grant_share(a->table, c, 3, LEAT_READ_WRITE, &other),
          LEAT_E_PEER, sound(1) && other.id == 5 && g.table == a->table);
}
