/* SPDX-License-Identifier: ISC */

/* More magazines are made than the pool was made for. */

#include "pool-errors.h"

int main(void)
{
    struct leat_magazine *a = NULL, *b = NULL, *more = NULL;
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.threads = 2});
    EXPECT(&m, 0, leat_magazine_create(m.pool, &a));
    EXPECT(&m, 0, leat_magazine_create(m.pool, &b));
    EXPECT(&m, LEAT_E_LIMIT, leat_magazine_create(m.pool, &more));
    HOLDS(&m, !more);
    EXPECT(&m, 0, leat_magazine_destroy(a));
    EXPECT(&m, 0, leat_magazine_create(m.pool, &more));
    EXPECT(&m, 0, leat_magazine_destroy(more));
    EXPECT(&m, 0, leat_magazine_destroy(b));
    return misuse_close(&m, "magazines are as many as config.threads");
}
