/* SPDX-License-Identifier: ISC */

/* A hook in a list twice would make the list a ring. */

#include "errors.h"

int main(void)
{
    struct leat_lifecycle list;
    struct leat_hook hook = {0};

    MUST(!leat_lifecycle_init(&list));
    MUST(!leat_lifecycle_add(&list, &hook));
    FOUND("a hook is in a list once", leat_lifecycle_add(&list, &hook),
          LEAT_E_BUSY,
          list.oldest == &hook && list.newest == &hook && !hook.newer);
}
