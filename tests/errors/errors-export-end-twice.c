/* SPDX-License-Identifier: ISC */

/* The end of an export puts its pages: a second one must not put them again. */

#include "errors.h"

int main(void)
{
    static unsigned char memory[16 * 4096];
    static unsigned char mem[4096];
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_view views[] = {{mem, 100}};
    struct leat_constraint need = {0};
    struct leat_view segs[1];
    struct leat_export ex = {.segs = segs, .max_segs = 1};

    MUST(!leat_pool_create(&ex.pool, &config));
    MUST(!leat_export(views, 1, &need, LEAT_COPY, &ex));
    MUST(!leat_export_end(&ex, SIZE_MAX));
    FOUND("an export ends once", leat_export_end(&ex, SIZE_MAX), LEAT_E_STATE,
          !leat_pool_destroy(ex.pool));
}
