/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PORT_H
#define LEAT_PORT_H

/*
 * The port: what a pool needs of the machine under it.
 *
 * libleat brings its own (mutexes and the monotonic clock of POSIX) and takes
 * from this table only what is set. The freestanding core spins on C11 atomics;
 * a kernel gives the table where more is needed.
 *
 * All of these may be called from any thread, also with interrupts masked, and
 * must not call leat.
 */

#include <leat/attr.h>

LEAT_BEGIN_DECLS

struct leat_port {
    /*
     * Masks interrupts and gives what to restore. A pool that is used from
     * interrupt handlers needs both: each of its locks is held between the two
     * calls, and for a bounded time. NULL: interrupts stay as they are.
     * libleat, which has no interrupts, does not call them.
     */
    uintptr_t (*irq_save)(void *self);
    void (*irq_restore)(void *self, uintptr_t saved);

    /* Nanoseconds since any fixed moment, never going back. NULL: no ages. */
    uint64_t (*now_ns)(void *self);

    /* What to do between two tries of a spinning lock. NULL: nothing. */
    void (*relax)(void *self);

    void *self;
};

/*
 * A lock of the port and its clock, for the layers that stand on the core and
 * are libraries of their own: grants, devices. A thread takes locks in the order
 * of their layers, never two of one layer, and before any of the core's; builds
 * with --enable-debug trap where it does not.
 *
 * Owner:   the caller's memory; (port) is borrowed until fini.
 * Errors:  none: each call wants what it is told.
 */
struct leat_layer_lock {
    uint64_t space[10]; /* private */
};

enum leat_layer {
    LEAT_LAYER_DEVICE = 1,
    LEAT_LAYER_PERSIST = 2, /* a pool of persistent grants */
    LEAT_LAYER_GRANTS = 3,  /* a table of grants           */
};

LEAT_API void leat_layer_lock_init(struct leat_layer_lock *lock,
                                   enum leat_layer layer,
                                   const struct leat_port *port);
LEAT_API void leat_layer_lock_fini(struct leat_layer_lock *lock);
LEAT_API void leat_layer_lock_take(struct leat_layer_lock *lock);
LEAT_API void leat_layer_lock_drop(struct leat_layer_lock *lock);

/* Gives the nanoseconds of (port), or of the library's own; 0 without a clock. */
LEAT_API uint64_t leat_port_now_ns(const struct leat_port *port);

LEAT_END_DECLS

#endif
