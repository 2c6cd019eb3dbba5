/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SUITE_SIM_H
#define LEAT_TESTS_SUITE_SIM_H

/* What the two fixtures over a simulation share. The test is domain 1. */

#include <errno.h>

#include <leat/sim.h>
#include <leat/sim_admin.h>
#include <leat/sim_domain.h>
#include <leat/sim_fault.h>

#include "suite.h"

#define STRANGER 99u
#define SECONDS  20000000000u

struct sim_domain {
    struct leat_sim_domain *d;
    struct leat_gnttab gnttab;
};

/* Who is who; and, once it has joined, what it stands on. */
static inline void sim_name(struct party *p)
{
    p->id = p->number + 1;
    p->with = p->stranger ? STRANGER : p->number ? 1 : 2;
    p->with_2 = 3;
}

static inline void sim_joined(struct party *p, struct sim_domain *domain)
{
    SURE(leat_sim_gnttab(domain->d, &domain->gnttab) == 0);
    p->share = leat_gnttab(&domain->gnttab);
    p->map = leat_sim_map(domain->d);
}

struct sim_look {
    uint32_t ref;
    struct leat_grant_entry *out;
};

static inline int sim_look(void *arg, const struct leat_sim_grant *g)
{
    const struct sim_look *l = arg;

    if (g->ref != l->ref)
        return 0;
    *l->out = (struct leat_grant_entry){
        .domain = g->domain,
        .access = g->read_only ? LEAT_READ_ONLY : LEAT_READ_WRITE,
        .granted = g->granted,
        .reading = g->readers + g->writers,
        .writing = g->writers,
        .frame = g->frame,
    };
    return 1;
}

static inline void sim_witness(struct leat_sim_domain *toolstack, uint32_t of,
                               uint32_t ref, struct leat_grant_entry *out)
{
    struct sim_look l = {ref, out};
    int err;

    memset(out, 0, sizeof(*out));
    err = leat_sim_each_grant(toolstack, of, sim_look, &l);
    CHECK(err == 0 || err == 1);
}

/* A fault that strikes the k-th request of (id) from now. */
static inline bool sim_fail(struct leat_sim_domain *toolstack,
                            struct leat_sim_domain *d, uint32_t id, unsigned k,
                            int how)
{
    static uint64_t before;
    struct leat_sim_info info = {0};
    bool struck;

    struct leat_sim_fault fault = {
        .domain = id,
        .op = LEAT_SIM_OP_ANY,
        .action = LEAT_SIM_FAIL,
        .skip = k - 1,
        .times = 1,
        .value = (uint32_t)how,
    };

    GIVES(0, leat_sim_fault_clear(d, id));
    GIVES(0, leat_sim_info(toolstack, id, &info));
    struck = info.faults != before;
    before = info.faults;
    if (k)
        GIVES(0, leat_sim_fault_add(d, &fault));
    return struck;
}

/* What the toolstack does to a domain, while that is busy suspending. */
struct sim_operation {
    uint32_t domain;
    enum leat_resumed how;
    int err;
};

static inline void sim_operate(struct leat_sim_domain *toolstack,
                               struct sim_operation *o)
{
    o->err = leat_sim_suspend_domain(toolstack, o->domain, SECONDS);
    if (!o->err)
        o->err = leat_sim_resume_domain(toolstack, o->domain, o->how);
}

static inline int sim_suspend(struct leat_sim_domain *d, struct world *w,
                              enum leat_resumed how)
{
    enum leat_resumed was = how;
    int err, turns = 0;

    while (!leat_sim_suspend_asked(d) && turns++ < 2000)
        leat_sim_wait(d, -1, 10000000);
    err = leat_sim_suspend(d, &w->own.life, &was, NULL);
    CHECK(was == how);
    return err;
}

#endif
