/* SPDX-License-Identifier: ISC */

/*
 * Lifecycle: hooks in a list, from oldest to newest.
 *
 *   state        add, remove   suspend              resume
 *   RUNNING      yes           calls, -> SUSPENDED  LEAT_E_STATE
 *   SUSPENDED    LEAT_E_STATE  LEAT_E_STATE         calls, -> RUNNING
 *   CALLING      LEAT_E_STATE  LEAT_E_STATE         LEAT_E_STATE
 *
 *   L1  a hook is in one list at most, the one that it names
 *   L2  the list does not change while hooks are being called, so that a walk
 *       needs no more than its place
 *   L3  a hook that was told to suspend, and agreed, is told how it ended before
 *       the list runs again
 */

#include <leat/lifecycle.h>

int leat_lifecycle_init(struct leat_lifecycle *list)
{
    if (!list)
        return LEAT_E_INVALID;
    list->oldest = NULL;
    list->newest = NULL;
    list->generation = 0;
    list->state = LEAT_LIFE_RUNNING;
    return 0;
}

int leat_lifecycle_add(struct leat_lifecycle *list, struct leat_hook *hook)
{
    if (!list || !hook)
        return LEAT_E_INVALID;
    if (list->state != LEAT_LIFE_RUNNING) /* L2 */
        return LEAT_E_STATE;
    if (hook->list) /* L1 */
        return LEAT_E_BUSY;
    hook->list = list;
    hook->older = list->newest;
    hook->newer = NULL;
    *(list->newest ? &list->newest->newer : &list->oldest) = hook;
    list->newest = hook;
    return 0;
}

int leat_lifecycle_remove(struct leat_lifecycle *list, struct leat_hook *hook)
{
    if (!list || !hook)
        return LEAT_E_INVALID;
    if (list->state != LEAT_LIFE_RUNNING) /* L2 */
        return LEAT_E_STATE;
    if (hook->list != list)
        return LEAT_E_FOREIGN;
    *(hook->older ? &hook->older->newer : &list->oldest) = hook->newer;
    *(hook->newer ? &hook->newer->older : &list->newest) = hook->older;
    hook->list = NULL;
    hook->older = NULL;
    hook->newer = NULL;
    return 0;
}

/* Tells (hook) and all newer ones how it ended, oldest first. L3 */
static void tell(struct leat_hook *hook, enum leat_resumed how)
{
    for (; hook; hook = hook->newer) {
        if (hook->resume)
            hook->resume(hook->arg, how);
    }
}

int leat_lifecycle_suspend(struct leat_lifecycle *list,
                           struct leat_hook **refused)
{
    struct leat_hook *hook;
    int err = 0;

    if (!list)
        return LEAT_E_INVALID;
    if (list->state != LEAT_LIFE_RUNNING)
        return LEAT_E_STATE;
    list->state = LEAT_LIFE_CALLING;
    for (hook = list->newest; hook; hook = hook->older) {
        if (hook->suspend)
            err = hook->suspend(hook->arg);
        if (err)
            break;
    }
    if (!err) {
        list->state = LEAT_LIFE_SUSPENDED;
        return 0;
    }
    tell(hook->newer, LEAT_CANCELLED);
    list->state = LEAT_LIFE_RUNNING;
    if (refused)
        *refused = hook;
    return leat_error_name(err) ? err : LEAT_E_REFUSED;
}

int leat_lifecycle_resume(struct leat_lifecycle *list, enum leat_resumed how)
{
    if (!list || (how != LEAT_RESUMED && how != LEAT_CANCELLED))
        return LEAT_E_INVALID;
    if (list->state != LEAT_LIFE_SUSPENDED)
        return LEAT_E_STATE;
    list->state = LEAT_LIFE_CALLING;
    if (how == LEAT_RESUMED)
        list->generation++; /* before the hooks, which may ask for it */
    tell(list->oldest, how);
    list->state = LEAT_LIFE_RUNNING;
    return 0;
}

uint64_t leat_lifecycle_generation(const struct leat_lifecycle *list)
{
    return list->generation;
}
