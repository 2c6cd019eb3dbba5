/* SPDX-License-Identifier: ISC */

/* A block of a persistent pool is put twice. */

#include <leat/persist.h>

#include "grant-errors.h"

int main(void)
{
    static struct leat_persist_config config = {.domain = 2, .units_max = 1};
    struct leat_persist *p;
    struct leat_block block;

    open_two(NULL);
    config.grants = a->table;
    config.pool = a->pool;
    MUST(leat_persist_meta_size(&config, &config.meta_bytes) == 0);
    config.meta = malloc(config.meta_bytes);
    MUST(leat_persist_create(&p, &config) == 0);
    MUST(leat_persist_get(p, &block) == 0);
    MUST(leat_persist_put(block) == 0);
    FOUND("a second put of a block", leat_persist_put(block), LEAT_E_STALE,
          sound(1) && !leat_persist_check(p) &&
              leat_persist_close(p, NULL, NULL) == 0 &&
              (free(config.meta), true));
}
