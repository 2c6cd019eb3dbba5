/* SPDX-License-Identifier: ISC */

/*
 * The port of the freestanding core: a spinning lock on C11 atomics, with
 * interrupts masked where the caller's table can; the caller's clock.
 *
 * The lock is held for bounded times only and never while a callback runs, so
 * spinning is bounded by what the holder does.
 */

#include "port.h"

void leat_lock_init(struct leat_lock *lock, enum leat_rank rank,
                    const struct leat_port *port)
{
    lock->held = 0;
    lock->rank = rank;
    lock->irq = 0;
    lock->port = port;
}

void leat_lock_fini(struct leat_lock *lock)
{
    (void)lock;
}

void leat_lock_take(struct leat_lock *lock)
{
    const struct leat_port *port = lock->port;
    uintptr_t irq = 0;

    if (port && port->irq_save)
        irq = port->irq_save(port->self);
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED)) {
            if (port && port->relax)
                port->relax(port->self);
        }
    }
    lock->irq = irq;
}

void leat_lock_drop(struct leat_lock *lock)
{
    const struct leat_port *port = lock->port;
    uintptr_t irq = lock->irq;

    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
    if (port && port->irq_restore)
        port->irq_restore(port->self, irq);
}

bool leat_clock_present(const struct leat_port *port)
{
    return port && port->now_ns;
}

uint64_t leat_clock_ns(const struct leat_port *port)
{
    return port && port->now_ns ? port->now_ns(port->self) : 0;
}

const void *leat_thread_self(void)
{
    static const char one;

    return &one;
}

void leat_thread_yield(const struct leat_port *port)
{
    if (port && port->relax)
        port->relax(port->self);
}
