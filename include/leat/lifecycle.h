/* SPDX-License-Identifier: ISC */
#ifndef LEAT_LIFECYCLE_H
#define LEAT_LIFECYCLE_H

/*
 * Lifecycle: a list of hooks around a suspend.
 *
 * It knows of no grants and no devices: whoever holds something that does not
 * live through a suspend registers here, if it is linked at all. The caller says
 * when: a unikernel from its shutdown watch, a simulation by a command.
 *
 *     running --suspend--> suspended --resume(RESUMED | CANCELLED)--> running
 *        ^                     |
 *        +---- a hook refuses -+   those that had run are told CANCELLED
 *
 * Before a suspend the hooks run newest first, for what was built last leans on
 * what was built first; afterwards oldest first. Each resume that was no
 * cancellation starts a new *generation*.
 *
 * Owner:   the list and each hook are the caller's memory; a hook must stay until
 *          it is removed.
 * Threads: the caller serialises all calls on one list. No lock is held while a
 *          hook runs; it may call anything of leat, but of its own lifecycle
 *          only leat_lifecycle_generation(): the rest gives LEAT_E_STATE.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

enum leat_resumed {
    LEAT_RESUMED = 0,   /* the suspend took place: a new generation          */
    LEAT_CANCELLED = 1, /* it did not: everything is as before               */
};

/* Zero it before setting its fields. */
struct leat_hook {
    /*
     * Before a suspend. 0, or a leat error to refuse it. NULL: nothing to do.
     */
    int (*suspend)(void *arg);

    /* After it, or after its cancellation. NULL: nothing to do. */
    void (*resume)(void *arg, enum leat_resumed how);

    void *arg;

    /* Private. */
    struct leat_hook *older;
    struct leat_hook *newer;
    struct leat_lifecycle *list;
};

enum leat_lifecycle_state {
    LEAT_LIFE_RUNNING = 0,
    LEAT_LIFE_SUSPENDED = 1,
    LEAT_LIFE_CALLING = 2, /* hooks are being called */
};

struct leat_lifecycle {
    struct leat_hook *oldest;
    struct leat_hook *newest;
    uint64_t generation;
    enum leat_lifecycle_state state;
};

/*
 * Starts an empty list, running, at generation 0.
 * Errors:  LEAT_E_INVALID  NULL, here and below
 */
LEAT_API int leat_lifecycle_init(struct leat_lifecycle *list);

/*
 * Adds (hook) as the newest; removes it.
 *
 * Errors:  LEAT_E_STATE    not running
 *          LEAT_E_BUSY     add: it is in a list already
 *          LEAT_E_FOREIGN  remove: it is not in this list
 */
LEAT_API int leat_lifecycle_add(struct leat_lifecycle *list,
                                struct leat_hook *hook);
LEAT_API int leat_lifecycle_remove(struct leat_lifecycle *list,
                                   struct leat_hook *hook);

/*
 * Calls the suspend hooks, newest first. When one refuses, those that had run
 * are told LEAT_CANCELLED, oldest first, the refuser and the rest are not, and
 * the list is running again; (*refused), unless NULL, is the one that refused.
 *
 * Errors:  that of the hook; LEAT_E_REFUSED where it gave no leat error
 *          LEAT_E_STATE  not running
 */
LEAT_API int leat_lifecycle_suspend(struct leat_lifecycle *list,
                                    struct leat_hook **refused);

/*
 * Calls the resume hooks, oldest first, with (how).
 *
 * Errors:  LEAT_E_STATE    not suspended
 *          LEAT_E_INVALID  (how) is neither
 */
LEAT_API int leat_lifecycle_resume(struct leat_lifecycle *list,
                                   enum leat_resumed how);

/*
 * Gives how many times the list has resumed, cancellations not counted. In the
 * resume hooks it is the new one already.
 */
LEAT_API uint64_t leat_lifecycle_generation(const struct leat_lifecycle *list);

LEAT_END_DECLS

#endif
