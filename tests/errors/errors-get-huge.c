/* SPDX-License-Identifier: ISC */

/* More pages are asked for than a size_t can say in bytes, and -1. */

#include "pool-errors.h"

int main(void)
{
    static const size_t huge[] = {SIZE_MAX, SIZE_MAX / 4096 + 1,
                                  SIZE_MAX / 4096, (size_t)1 << 19,
                                  MISUSE_PAGES + 1};
    struct leat_chunk c = {NULL, 12};
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
        EXPECT(&m, LEAT_E_NOMEM, leat_pool_get(m.pool, huge[i], &c));
        EXPECT(&m, LEAT_E_NOMEM, leat_pool_get_zeroed(m.pool, huge[i], &c));
    }
    HOLDS(&m, !c.pool && c.id == 12);
    return misuse_close(&m, "what nobody has is out of memory");
}
