/* SPDX-License-Identifier: ISC */

/* A batch is given back twice, and used afterwards. */

#include "pool-errors.h"

int main(void)
{
    struct leat_magazine *magazine = NULL;
    struct leat_view v = {NULL, 0};
    struct leat_batch b = {0};
    struct misuse m;

    misuse_open(
        &m, (struct leat_pool_config){.zero = LEAT_ZERO_NEVER, .threads = 1});
    EXPECT(&m, 0, leat_magazine_create(m.pool, &magazine));
    EXPECT(&m, 0, leat_magazine_take(magazine, &b));
    HOLDS(&m, leat_batch_pages(b) > 0);
    EXPECT(&m, 0, leat_magazine_give(magazine, b));
    EXPECT(&m, LEAT_E_STALE, leat_magazine_give(magazine, b));
    EXPECT(&m, LEAT_E_STALE, leat_batch_view(b, 0, &v));
    HOLDS(&m, leat_batch_pages(b) == 0 && !v.data);
    EXPECT(&m, 0, leat_magazine_destroy(magazine));
    return misuse_close(&m, "a batch is given once");
}
