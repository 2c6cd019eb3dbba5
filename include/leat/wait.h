/* SPDX-License-Identifier: ISC */
#ifndef LEAT_WAIT_H
#define LEAT_WAIT_H

/*
 * Waiting for a peer: a bounded spin, then sleep.
 *
 * To be woken across CPUs takes tens of microseconds; a peer that answers within
 * that time is better looked for. How long, is a parameter: 20,000 to 50,000 ns
 * where each end has a CPU of its own, 0 where they share one.
 *
 * Threads: each call is its caller's alone.
 */

#include <leat/error.h>
#include <leat/port.h>

LEAT_BEGIN_DECLS

/* Zero it, then set its fields. */
struct leat_wait {
    /*
     * Does what there is to do. (arm): ask to be woken before saying that there
     * is nothing; else only look, so that the peer need not wake who is awake
     * (leat_ring_poll's (awake)).
     * Gives 0: there was something; LEAT_E_AGAIN: nothing; or another error.
     */
    int (*poll)(void *arg, bool arm);

    /*
     * Sleeps until there may be something, (timeout_ns) at most: 0, or
     * LEAT_E_AGAIN after that; or another error. Over the simulation that is
     * leat_sim_wait().
     */
    int (*sleep)(void *arg, uint64_t timeout_ns);

    void *arg;
    uint64_t spin_ns;             /* 0: sleep at once                        */
    const struct leat_port *port; /* its clock, and relax; NULL: as
                                     leat_port_now_ns()                      */
    uint64_t spins, sleeps;       /* counted: waits that ended while spinning,
                                     and that slept                          */
};

/*
 * Polls, until there was something, for spin_ns; then, armed, once more; then
 * sleeps, at most until (timeout_ns) after the call, and polls. Without a clock,
 * and where clock and spin give no end, it does not spin.
 *
 * Errors:  LEAT_E_AGAIN  there was nothing, or it was woken for nothing
 *          those of (poll) and of (sleep)
 *          LEAT_E_INVALID  NULL
 */
LEAT_API int leat_wait(struct leat_wait *w, uint64_t timeout_ns);

LEAT_END_DECLS

#endif
