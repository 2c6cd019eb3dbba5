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

LEAT_END_DECLS

#endif
