/* SPDX-License-Identifier: ISC */

/* A table is destroyed while a page of its pool is granted. */

#include "grant-errors.h"

static int named(void *arg, const struct leat_grant_info *info)
{
    *(uint64_t *)arg += info->tag;
    return 0;
}

int main(void)
{
    struct leat_grant g;
    struct leat_chunk c;
    uint64_t tags = 0;

    open_two(NULL);
    g = share_one(&c);
    MUST(leat_grant_tag(g, 77) == 0);
    MUST(leat_pool_put(a->pool, c) == 0);
    MUST(leat_pool_destroy(a->pool) == LEAT_E_BUSY);
    FOUND("a table with grants out", leat_grants_destroy(a->table), LEAT_E_BUSY,
          sound(1) && leat_grants_each(a->table, named, &tags) == 0 &&
              tags == 77);
}
