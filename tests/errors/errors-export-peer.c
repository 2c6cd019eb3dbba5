/* SPDX-License-Identifier: ISC */

/* Memory of nobody's pool must not be shown to a peer. */

#include "errors.h"

int main(void)
{
    static unsigned char memory[16 * 4096];
    static unsigned char secret[4096];
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena),
                                      .peer = 8};
    struct leat_view views[] = {{secret, 100}};
    struct leat_constraint need = {0};
    struct leat_view segs[1] = {{NULL, 0}};
    struct leat_export ex = {.segs = segs, .max_segs = 1};

    MUST(!leat_pool_create(&ex.owner, &config));
    FOUND("memory that is not of the peer's pool is refused",
          leat_export(views, 1, &need, LEAT_REFUSE, &ex), LEAT_E_PEER,
          !segs[0].data && !leat_pool_destroy(ex.owner));
}
