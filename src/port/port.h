/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PORT_H
#define LEAT_SRC_PORT_H

/*
 * The port layer, as the rest of the library sees it: a lock, a clock, and who
 * is running. freestanding.c and posix.c implement it; a library has one of the
 * two. Barriers are C11 atomics, which need no port.
 *
 * Lock order: a thread takes locks in the order of their ranks, never two of one
 * rank. Builds with --enable-debug trap where it does not.
 */

#include <leat/port.h>

#if __STDC_HOSTED__
#include <pthread.h>
#endif

enum leat_rank {
    /* below 8: enum leat_layer */
    LEAT_RANK_HOST = 8, /* the process's list of pools and of magazines */
    LEAT_RANK_POOL = 9, /* one pool                                     */
};

struct leat_lock {
#if __STDC_HOSTED__
    pthread_mutex_t mutex;
#endif
    uint32_t held;                /* (a) the spinning lock's word      */
    enum leat_rank rank;          /* (c)                               */
    uintptr_t irq;                /* (l) what to restore               */
    const struct leat_port *port; /* (c) may be NULL                   */
};

void leat_lock_init(struct leat_lock *lock, enum leat_rank rank,
                    const struct leat_port *port);
void leat_lock_fini(struct leat_lock *lock);
void leat_lock_take(struct leat_lock *lock);
void leat_lock_drop(struct leat_lock *lock);

/* Tells whether there is a clock, and reads it: nanoseconds, or 0 without. */
bool leat_clock_present(const struct leat_port *port);
uint64_t leat_clock_ns(const struct leat_port *port);

/*
 * Something that differs between threads that run at the same time. The
 * freestanding port knows no threads and always gives the same.
 */
const void *leat_thread_self(void);

/* Lets others run, while this thread waits for one of them. */
void leat_thread_yield(const struct leat_port *port);

#endif
