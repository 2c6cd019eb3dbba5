/* SPDX-License-Identifier: ISC */

/* Memory that is not registered with a device must not be named to it. */

#include "errors.h"

int main(void)
{
    static unsigned char memory[16 * 4096];
    static unsigned char other[4096];
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_view views[] = {{other, 100}};
    struct leat_constraint need = {.flags = LEAT_NEED_REGISTERED};
    struct leat_view segs[1] = {{NULL, 0}};
    struct leat_export ex = {.segs = segs, .max_segs = 1};

    MUST(!leat_pool_create(&ex.owner, &config));
    FOUND("memory that is not of the registered pool is refused",
          leat_export(views, 1, &need, LEAT_REFUSE, &ex), LEAT_E_FOREIGN,
          !segs[0].data && ex.why == LEAT_WHY_REGISTERED &&
              !leat_pool_destroy(ex.owner));
}
