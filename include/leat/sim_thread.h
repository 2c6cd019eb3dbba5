/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SIM_THREAD_H
#define LEAT_SIM_THREAD_H

/*
 * Threads as domains: a simulation within one process, for tests.
 *
 * The domains' code is the same, and so is the hypervisor's, which is called
 * directly. One thread runs at a time; the turn passes at each request to the
 * hypervisor, at each wait, and where leat_sim_point() is called. Who is next,
 * a generator with a seed decides, and the clock is a virtual one: the same
 * seed gives the same run. The threads are real, so that ThreadSanitizer sees
 * what they do without the hypervisor.
 */

#include <leat/port.h>
#include <leat/sim.h>

LEAT_BEGIN_DECLS

struct leat_sim_threads;

/* Zero it, then set what is not to be the default, here in brackets. */
struct leat_sim_threads_config {
    uint64_t seed;
    uint64_t step_ns; /* what each turn takes of the clock [1000] */
    struct leat_sim_config limits; /* flags must be 0                        */
};

/*
 * Makes one, without threads yet.
 *
 * Owner:   (*out) is the library's until leat_sim_threads_destroy().
 * Errors:  LEAT_E_INVALID, LEAT_E_NOMEM
 */
LEAT_API int leat_sim_threads_create(
    const struct leat_sim_threads_config *config,
    struct leat_sim_threads **out);

/* Errors: LEAT_E_BUSY  domains are left: they leave first. */
LEAT_API int leat_sim_threads_destroy(struct leat_sim_threads *t);

/*
 * Adds a thread, which will run (fn).
 * Errors:  LEAT_E_STATE  they run, or have; LEAT_E_LIMIT: 64 are there
 */
LEAT_API int leat_sim_threads_add(struct leat_sim_threads *t,
                                  void (*fn)(void *arg), void *arg);

/*
 * Runs the threads until all have returned.
 *
 * Errors:  LEAT_E_STATE  at some time all of them waited for ever: those waits
 *                        failed, and they ran on
 *          LEAT_E_SYSTEM  no thread could be made
 */
LEAT_API int leat_sim_threads_run(struct leat_sim_threads *t);

/*
 * Joins as a domain, or as the toolstack, from one of the threads, which alone
 * may use what it gets. Errors: as leat_sim_join() and leat_sim_open().
 */
LEAT_API int leat_sim_threads_join(struct leat_sim_threads *t, uint32_t id,
                                   struct leat_sim_domain **out);
LEAT_API int leat_sim_threads_open(struct leat_sim_threads *t,
                                   struct leat_sim_domain **out);

/* Kills the hypervisor: from here on it is LEAT_E_GONE. */
LEAT_API void leat_sim_threads_kill(struct leat_sim_threads *t);

/*
 * Gives how many turns there were, and a number made of all of them: runs that
 * are the same have the same.
 */
LEAT_API uint64_t leat_sim_threads_turns(const struct leat_sim_threads *t,
                                         uint64_t *trace);

/* Verifies the hypervisor's invariants: NULL, or which is broken. */
LEAT_API const char *leat_sim_threads_check(struct leat_sim_threads *t);

/* Another thread's turn may come here. With processes it does nothing. */
LEAT_API void leat_sim_point(struct leat_sim_domain *d);

/* Leaves without a word, as one that is killed. */
LEAT_API void leat_sim_die(struct leat_sim_domain *d);

/* A port whose clock is the simulation's. Owner: borrowed from (d). */
LEAT_API struct leat_port leat_sim_port(struct leat_sim_domain *d);

LEAT_END_DECLS

#endif
