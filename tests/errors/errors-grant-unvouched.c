/* SPDX-License-Identifier: ISC */

/* Memory that nobody zeroed, and nobody vouches for, is shared. */

#include "grant-errors.h"

static void released(void *arg, void *base, size_t pages)
{
    (void)arg, (void)base, (void)pages;
}

int main(void)
{
    struct leat_static_arena arena;
    struct leat_pool_config config = {.adopt_pages = 1};
    struct leat_pool *pool;
    struct leat_grant g;
    struct leat_chunk c;
    unsigned char *spare;

    open_two(NULL);
    spare = a->memory + (PLAIN_PAGES - PLAIN_SPARE) * LEAT_PAGE_SIZE;
    arena = (struct leat_static_arena){
        .base = spare, .bytes = (PLAIN_SPARE - 1) * LEAT_PAGE_SIZE};
    config.backend = leat_static(&arena);
    MUST(leat_pool_create(&pool, &config) == 0);
    spare += (PLAIN_SPARE - 1) * LEAT_PAGE_SIZE;
    MUST(leat_pool_adopt(pool, spare, 1, released, NULL, &c) == 0);
    memset(spare, 0x5a, LEAT_PAGE_SIZE);
    FOUND("adopted memory without a word for it",
          leat_grant_share(a->table, c, 2, LEAT_READ_ONLY, &g), LEAT_E_PEER,
          sound(0) && spare[0] == 0x5a);
}
