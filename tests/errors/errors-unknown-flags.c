/* SPDX-License-Identifier: ISC */

/* Bits that have no meaning are set in the flags of a pool and of mmap. */

#include "pool-errors.h"

int main(void)
{
    struct leat_static_arena arena = {.base = misuse_memory,
                                      .bytes = sizeof(misuse_memory)};
    struct leat_pool *pool = NULL;
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){0});
    for (unsigned bit = 3; bit < 32; bit++) {
        struct leat_pool_config config = {.backend = leat_static(&arena),
                                          .flags = 1u << bit};

        EXPECT(&m, LEAT_E_INVALID, leat_pool_create(&pool, &config));
    }
    for (unsigned bit = 6; bit < 32; bit++) {
        struct leat_mmap mmap = {.flags = 1u << bit};

        EXPECT(&m, LEAT_E_INVALID, leat_mmap_init(&mmap));
    }
    HOLDS(&m, !pool);
    return misuse_close(&m, "unknown flags are refused");
}
