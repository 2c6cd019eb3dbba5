/* SPDX-License-Identifier: ISC */

/* Memory of a peer that is not trusted is to be read in place. */

#include <leat/receive.h>

#include "grant-errors.h"

int main(void)
{
    static struct leat_persist_config config = {.domain = 2, .units_max = 1};
    struct leat_receive r = {.mode = LEAT_RECEIVE_SHARED, .domain = 2};

    open_two(NULL);
    config.grants = r.grants = a->table;
    config.pool = a->pool;
    MUST(leat_persist_meta_size(&config, &config.meta_bytes) == 0);
    config.meta = malloc(config.meta_bytes);
    MUST(leat_persist_create(&r.persist, &config) == 0);
    FOUND("reading in place what a stranger writes", leat_receive_init(&r),
          LEAT_E_PEER,
          sound(0) && leat_persist_close(r.persist, NULL, NULL) == 0 &&
              (free(config.meta), true));
}
