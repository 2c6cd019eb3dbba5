/* SPDX-License-Identifier: ISC */

/* A share is revoked twice. */

#include "grant-errors.h"

int main(void)
{
    struct leat_grant g;
    struct leat_chunk c;

    open_two(NULL);
    g = share_one(&c);
    MUST(leat_grant_revoke(g) == 0);
    FOUND("a second revoke", leat_grant_revoke(g), LEAT_E_STALE,
          sound(0) && leat_chunk_check(c) == 0);
}
