/* SPDX-License-Identifier: ISC */

/*
 * The port of libleat: mutexes, for a spinning thread only burns the time slice
 * that the holder needs, and the monotonic clock.
 */

#include <sched.h>
#include <time.h>

#include "port.h"

static __thread uint32_t held_ranks __attribute__((tls_model("initial-exec")));

void leat_lock_init(struct leat_lock *lock, enum leat_rank rank,
                    const struct leat_port *port)
{
    /* Default attributes: nothing that could fail is asked for. */
    pthread_mutex_init(&lock->mutex, NULL);
    lock->held = 0;
    lock->rank = rank;
    lock->irq = 0;
    lock->port = port;
}

void leat_lock_fini(struct leat_lock *lock)
{
    pthread_mutex_destroy(&lock->mutex);
}

void leat_lock_take(struct leat_lock *lock)
{
#if LEAT_DEBUG
    if (held_ranks >> lock->rank)
        __builtin_trap(); /* this rank, or a later one, is held already */
    held_ranks |= 1u << lock->rank;
#else
    (void)held_ranks;
#endif
    pthread_mutex_lock(&lock->mutex);
}

void leat_lock_drop(struct leat_lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
#if LEAT_DEBUG
    held_ranks &= ~(1u << lock->rank);
#endif
}

bool leat_clock_present(const struct leat_port *port)
{
    (void)port;
    return true;
}

uint64_t leat_clock_ns(const struct leat_port *port)
{
    struct timespec t;

    if (port && port->now_ns)
        return port->now_ns(port->self);
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

const void *leat_thread_self(void)
{
    return &held_ranks;
}

void leat_thread_yield(const struct leat_port *port)
{
    (void)port;
    sched_yield();
}
