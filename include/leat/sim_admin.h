/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SIM_ADMIN_H
#define LEAT_SIM_ADMIN_H

/*
 * The toolstack of a simulation: who is no domain, but looks at them all, reads
 * and writes all of the store, and suspends and resumes domains.
 */

#include <leat/lifecycle.h>
#include <leat/sim.h>

LEAT_BEGIN_DECLS

enum leat_sim_life {
    LEAT_SIM_RUNNING = 1,
    LEAT_SIM_ASKED = 2, /* to suspend */
    LEAT_SIM_SUSPENDED = 3,
    LEAT_SIM_DYING = 4, /* dead, but others have its pages mapped */
};

struct leat_sim_info {
    uint32_t domain;
    enum leat_sim_life life;
    uint32_t pid;
    uint32_t generation;
    uint32_t units;    /* memfds that it shares             */
    uint32_t pages;    /* in them                           */
    uint32_t mappings; /* that it has of others' pages      */
    uint32_t mapped;   /* that others have of its own       */
    uint32_t ports;
    uint32_t nodes; /* of the store, that it owns */
    uint32_t watches;
    uint64_t requests;
    uint64_t faults; /* that struck it */
};

struct leat_sim_grant {
    uint32_t ref;
    uint32_t domain; /* whom it is for */
    bool read_only;
    bool granted;
    uint32_t readers; /* mappings for reading */
    uint32_t writers;
    uint32_t frame;
};

/*
 * Joins as the toolstack. leat_sim_store(), leat_sim_fault_add() and the calls
 * below can be used of what it gives; leat_sim_leave() ends it.
 * Errors:  as leat_sim_join()
 */
LEAT_API int leat_sim_open(const char *dir, struct leat_sim_domain **out);

/*
 * Calls (fn) for each domain, in the order of their ids; and for each entry of
 * a domain's grant table that grants something, or is in use. A (fn) that gives
 * other than 0 ends it, and that is given.
 *
 * Errors:  LEAT_E_DOMAIN  no such domain
 *          LEAT_E_GONE, LEAT_E_INVALID
 */
LEAT_API int leat_sim_each(struct leat_sim_domain *toolstack,
                           int (*fn)(void *arg,
                                     const struct leat_sim_info *info),
                           void *arg);
LEAT_API int leat_sim_each_grant(
    struct leat_sim_domain *toolstack, uint32_t domain,
    int (*fn)(void *arg, const struct leat_sim_grant *grant), void *arg);

/* Looks at one domain. Errors: LEAT_E_DOMAIN, LEAT_E_GONE, LEAT_E_INVALID. */
LEAT_API int leat_sim_info(struct leat_sim_domain *toolstack, uint32_t domain,
                           struct leat_sim_info *out);

/*
 * Asks a domain to suspend, and waits until it has. One that refuses, or does
 * not answer in time, goes on, and is told that it was cancelled.
 *
 * Errors:  LEAT_E_REFUSED  it refused
 *          LEAT_E_AGAIN    it did not answer within (timeout_ns)
 *          LEAT_E_BUSY     it is asked or suspended already
 *          LEAT_E_DOMAIN, LEAT_E_GONE, LEAT_E_INVALID
 */
LEAT_API int leat_sim_suspend_domain(struct leat_sim_domain *toolstack,
                                     uint32_t domain, uint64_t timeout_ns);

/*
 * Resumes a suspended domain: as a new generation, or as it was.
 * Errors:  LEAT_E_BUSY  it is not suspended
 *          LEAT_E_DOMAIN, LEAT_E_GONE, LEAT_E_INVALID
 */
LEAT_API int leat_sim_resume_domain(struct leat_sim_domain *toolstack,
                                    uint32_t domain, enum leat_resumed how);

LEAT_END_DECLS

#endif
