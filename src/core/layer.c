/* SPDX-License-Identifier: ISC */

/*
 * The port's lock and clock for the layers that are libraries of their own, and
 * cannot know what a lock of this core is: they give the space for it.
 */

#include "internal.h"

_Static_assert(sizeof(struct leat_lock) <= sizeof(struct leat_layer_lock),
               "a lock has room in the space for it");

static struct leat_lock *inside(struct leat_layer_lock *lock)
{
    return (struct leat_lock *)(void *)lock->space;
}

void leat_layer_lock_init(struct leat_layer_lock *lock, enum leat_layer layer,
                          const struct leat_port *port)
{
    leat_lock_init(inside(lock), (enum leat_rank)layer, port);
}

void leat_layer_lock_fini(struct leat_layer_lock *lock)
{
    leat_lock_fini(inside(lock));
}

void leat_layer_lock_take(struct leat_layer_lock *lock)
{
    leat_lock_take(inside(lock));
}

void leat_layer_lock_drop(struct leat_layer_lock *lock)
{
    leat_lock_drop(inside(lock));
}

uint64_t leat_port_now_ns(const struct leat_port *port)
{
    return leat_clock_ns(port);
}
