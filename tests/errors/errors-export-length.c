/* SPDX-License-Identifier: ISC */

/* Half a sector at the end: no copy can mend that. */

#include "errors.h"

int main(void)
{
    static unsigned char memory[16 * 4096];
    static _Alignas(512) unsigned char mem[4096];
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_view views[] = {{mem, 1024}, {mem + 1024, 300}};
    struct leat_constraint need = {.multiple = 512};
    struct leat_view segs[2];
    struct leat_export ex = {.segs = segs, .max_segs = 2};

    MUST(!leat_pool_create(&ex.pool, &config));
    FOUND("a total that is no whole number of sectors is refused",
          leat_export(views, 2, &need, LEAT_BOUNCE, &ex), LEAT_E_LENGTH,
          ex.index == 1 && !leat_pool_destroy(ex.pool));
}
