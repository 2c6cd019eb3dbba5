/* SPDX-License-Identifier: ISC */

/* A hook that changes the list while it is being walked. */

#include "errors.h"

static struct leat_lifecycle list;
static struct leat_hook hook;
static int inside;

static int on_suspend(void *arg)
{
    (void)arg;
    inside = leat_lifecycle_remove(&list, &hook);
    return 0;
}

int main(void)
{
    MUST(!leat_lifecycle_init(&list));
    hook.suspend = on_suspend;
    MUST(!leat_lifecycle_add(&list, &hook));
    MUST(!leat_lifecycle_suspend(&list, NULL));
    FOUND("a hook cannot remove itself while it is called", inside,
          LEAT_E_STATE, list.newest == &hook);
}
