/* SPDX-License-Identifier: ISC */

/* A share of before a resume is revoked. */

#include "grant-errors.h"

int main(void)
{
    struct leat_lifecycle life;
    struct leat_grant g;
    struct leat_chunk c;

    MUST(leat_lifecycle_init(&life) == 0);
    open_two(&life);
    g = share_one(&c);
    MUST(leat_lifecycle_suspend(&life, NULL) == 0);
    MUST(leat_lifecycle_resume(&life, LEAT_RESUMED) == 0);
    FOUND("a share of another generation", leat_grant_revoke(g), LEAT_E_STALE,
          sound(0) && leat_chunk_check(c) == 0);
}
