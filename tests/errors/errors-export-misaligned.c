/* SPDX-License-Identifier: ISC */

/* A misaligned view is refused, and named, rather than copied in silence. */

#include "errors.h"

int main(void)
{
    static _Alignas(512) unsigned char mem[4096];
    struct leat_view views[] = {{mem, 512}, {mem + 513, 512}};
    struct leat_constraint need = {.align = 512, .multiple = 512};
    struct leat_view segs[2];
    struct leat_export ex = {.segs = segs, .max_segs = 2, .nsegs = 77};

    FOUND("an export that must not copy names the misaligned view",
          leat_export(views, 2, &need, LEAT_REFUSE, &ex), LEAT_E_ALIGN,
          ex.index == 1 && ex.why == LEAT_WHY_ADDRESS && ex.nsegs == 77);
}
