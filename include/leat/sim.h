/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SIM_H
#define LEAT_SIM_H

/*
 * The simulation (libleat-sim): Unix processes stand for domains, and one of
 * their own for the hypervisor.
 *
 * A simulation is found by a directory, which holds a socket. The hypervisor
 * owns what Xen owns: descriptors of the domains' memory, in-use marks in their
 * grant tables, event channels, the store. It checks each request as if it were
 * hostile, and keeps Xen's limits and errors. It shows what is right, not what
 * Xen costs: every figure taken over it is a simulated one.
 *
 * It needs no root and no network. The directory is its owner's alone (0700),
 * and both sides check that the other is the same user's. Where it does not
 * isolate as Xen does, leat-sim(7) says so.
 *
 * A domain that dies, however, is noticed by the end of its socket, and cleaned
 * up after as Xen does. When the hypervisor dies, calls give LEAT_E_GONE; what
 * is mapped stays readable until it is unmapped; and whoever notices first
 * removes the files that it left.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

/* As an id: the one that was free longest, counting from 0. */
#define LEAT_SIM_ANY 0xffffffffu

#define LEAT_SIM_UNTIL_EMPTY 1u /* ends when the last domain has left */

/* Zero it, then set what is not to be the default, here in brackets. */
struct leat_sim_config {
    uint32_t flags;      /* LEAT_SIM_*                                     */
    uint32_t frames;     /* of a domain's grant table [64]: 512 each, <= 256 */
    uint32_t domains;    /* at a time [256]                                */
    uint32_t units;      /* memfds that a domain shares [16384]            */
    uint32_t unit_pages; /* pages that a domain shares [1048576]           */
    uint32_t mappings;   /* that a domain holds [65536]                    */
    uint32_t ports;      /* of a domain [1023]                             */
    uint32_t nodes;      /* of the store, that a domain owns [1000]        */
    uint32_t watches;    /* of a domain [128]                              */
    uint32_t transactions; /* of a domain [10]                               */
    const char *faults;    /* as leat_sim_fault_parse() reads them, or NULL  */
};

struct leat_sim_domain;

/*
 * Starts a hypervisor in a process of its own, which is no child of the
 * caller's, and returns when domains can join. (dir) is made, unless it is
 * there. NULL for (config): the defaults.
 *
 * Owner:   the process ends by leat_sim_stop(), SIGTERM, or by its flag; it
 *          removes what it made.
 * Errors:  LEAT_E_INVALID  unknown flags, or a number out of range
 *          LEAT_E_BUSY     one runs there
 *          LEAT_E_ACCESS   (dir) is not the caller's alone
 *          LEAT_E_NOMEM, LEAT_E_SYSTEM (errno says why)
 */
LEAT_API int leat_sim_start(const char *dir,
                            const struct leat_sim_config *config);

/* The same in the calling thread: returns when the hypervisor has ended. */
LEAT_API int leat_sim_serve(const char *dir,
                            const struct leat_sim_config *config);

/*
 * Ends the hypervisor, and waits until its files are gone. Where it was killed,
 * removes them.
 * Errors:  LEAT_E_GONE  there is none
 */
LEAT_API int leat_sim_stop(const char *dir);

/*
 * Joins as the domain (id), or as LEAT_SIM_ANY.
 *
 * Owner:   (*out) is the library's until leat_sim_leave().
 * Errors:  LEAT_E_BUSY   the id is taken
 *          LEAT_E_LIMIT  there are as many domains as there may be
 *          LEAT_E_GONE   no hypervisor
 *          LEAT_E_ACCESS, LEAT_E_NOMEM, LEAT_E_INVALID, LEAT_E_SYSTEM
 * Threads: a domain can be used by several threads; their requests wait for
 * each
 *          other.
 */
LEAT_API int leat_sim_join(const char *dir, uint32_t id,
                           struct leat_sim_domain **out);

/*
 * Leaves: mappings are unmapped, pages that are still shared become private
 * again, and the hypervisor cleans up as after a death. (d) is no more.
 */
LEAT_API int leat_sim_leave(struct leat_sim_domain *d);

LEAT_API uint32_t leat_sim_id(const struct leat_sim_domain *d);

/* 0, or LEAT_E_GONE once the hypervisor was found dead. */
LEAT_API int leat_sim_state(struct leat_sim_domain *d);

/*
 * A descriptor that polls readable when there is something to look at: an
 * event, a watch, a request to suspend, or the hypervisor's death.
 */
LEAT_API int leat_sim_fd(const struct leat_sim_domain *d);

/*
 * Waits until (fd), one of this domain's, or -1 for leat_sim_fd(), is readable.
 *
 * Errors:  LEAT_E_AGAIN  not within (timeout_ns); UINT64_MAX waits for ever
 *          LEAT_E_GONE   the hypervisor died
 *          LEAT_E_STATE  threads as domains: all of them wait, for ever
 */
LEAT_API int leat_sim_wait(struct leat_sim_domain *d, int fd,
                           uint64_t timeout_ns);

/* The clock: the monotonic one; of threads as domains, a virtual one. */
LEAT_API uint64_t leat_sim_now_ns(struct leat_sim_domain *d);

LEAT_END_DECLS

#endif
