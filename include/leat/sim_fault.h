/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SIM_FAULT_H
#define LEAT_SIM_FAULT_H

/*
 * Faults and latency on demand, in a simulation.
 *
 * A rule counts the requests that it concerns: it lets some pass, strikes some,
 * and is forgotten. So a test that fails the k-th operation, for each k, sets
 * one rule with skip = k - 1 and times = 1.
 */

#include <leat/sim.h>

LEAT_BEGIN_DECLS

/* What a domain asks of the hypervisor. */
enum leat_sim_op {
    LEAT_SIM_OP_ANY = 0,
    LEAT_SIM_OP_REGISTER = 2, /* of leat_sim_expose()  */
    LEAT_SIM_OP_CONCEAL = 3,
    LEAT_SIM_OP_MAP = 4,
    LEAT_SIM_OP_UNMAP = 5,
    LEAT_SIM_OP_COPY = 6,
    LEAT_SIM_OP_PORT_ALLOC = 7,
    LEAT_SIM_OP_PORT_BIND = 8,
    LEAT_SIM_OP_PORT_CLOSE = 9,
    LEAT_SIM_OP_STORE = 11,
    LEAT_SIM_OP_SUSPENDED = 12,
};

enum leat_sim_action {
    LEAT_SIM_FAIL = 1,  /* it fails with (value), an errno of Xen's: EAGAIN,
                           ENOSPC (exhaustion), ENOMEM ...                  */
    LEAT_SIM_DELAY = 2, /* it is done (value) microseconds later            */
    LEAT_SIM_KEEP = 3,  /* an unmap is not done, though it says so: a peer that
                           never unmaps                                     */
};

struct leat_sim_fault {
    uint32_t domain; /* whose requests; LEAT_SIM_ANY: of each */
    enum leat_sim_op op;
    enum leat_sim_action action;
    uint32_t skip;  /* how many pass first                        */
    uint32_t times; /* how many it strikes; 0: all that come then */
    uint32_t value; /* of FAIL and DELAY                          */
};

/*
 * Adds a rule. A domain adds them for itself; the toolstack (leat_sim_open())
 * for any.
 *
 * Errors:  LEAT_E_INVALID  no such operation, action or value
 *          LEAT_E_REFUSED  for another domain
 *          LEAT_E_LIMIT    64 rules are set
 *          LEAT_E_GONE
 */
LEAT_API int leat_sim_fault_add(struct leat_sim_domain *d,
                                const struct leat_sim_fault *fault);

/* Forgets the rules for (domain), or those for LEAT_SIM_ANY. Errors as above.
 * */
LEAT_API int leat_sim_fault_clear(struct leat_sim_domain *d, uint32_t domain);

/*
 * Reads rules from a text: OP:ACTION[=VALUE][@DOMAIN][+SKIP][*TIMES], commas
 * between. OP is any, register, conceal, map, unmap, copy, port-alloc,
 * port-bind, port-close, store or suspended; ACTION is fail=ERRNO (a number, or
 * EAGAIN, ENOSPC, ENOMEM, EINVAL), delay=MICROSECONDS or keep.
 * "map:delay=5000@1" makes domain 1 map late.
 *
 * Errors:  LEAT_E_INVALID  it says something else
 *          LEAT_E_LIMIT    more than (max)
 */
LEAT_API int leat_sim_fault_parse(const char *text,
                                  struct leat_sim_fault *faults, size_t max,
                                  size_t *n);

LEAT_END_DECLS

#endif
