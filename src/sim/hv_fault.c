/* SPDX-License-Identifier: ISC */

/*
 * Faults on demand: rules, the first of which that strikes decides.
 *
 * A rule counts the requests that it concerns; it lets (skip) pass, strikes
 * (times), and is then forgotten. A domain sets rules for itself alone.
 */

#include "hv_internal.h"

int hv_fault_add(struct hv *hv, const struct sim_fault *f)
{
    struct hv_fault_rule *r;

    if (f->op >= SIM_OPS || f->op == SIM_JOIN || !f->action ||
        f->action > SIM_FAULT_KEEP ||
        (f->domain != SIM_ANY && f->domain >= HV_IDS))
        return -EINVAL;
    if (f->action == SIM_FAULT_FAIL && (!f->arg || f->arg > 4095))
        return -EINVAL;
    if (f->action == SIM_FAULT_DELAY && (!f->arg || f->arg > 60000000))
        return -EINVAL;
    if (hv->nfaults == FAULTS)
        return -ENOSPC;
    r = &hv->faults[hv->nfaults++];
    r->fault = *f;
    r->passed = 0;
    return 0;
}

static void forget(struct hv *hv, size_t i)
{
    hv->nfaults--;
    memmove(&hv->faults[i], &hv->faults[i + 1],
            (hv->nfaults - i) * sizeof(hv->faults[0]));
}

enum sim_fault_action hv_fault(struct hv *hv, struct hv_domain *d, uint32_t op,
                               bool late, uint32_t *arg)
{
    enum sim_fault_action action;
    size_t i;

    /* The toolstack, and the request that sets a fault, meet none. */
    if (d->admin || op == SIM_FAULT || late)
        return SIM_FAULT_NONE;
    for (i = 0; i < hv->nfaults; i++) {
        struct hv_fault_rule *r = &hv->faults[i];

        if ((r->fault.domain != SIM_ANY && r->fault.domain != d->id) ||
            (r->fault.op && r->fault.op != op))
            continue;
        if (r->passed < r->fault.skip) {
            r->passed++;
            continue;
        }
        d->faults++;
        *arg = r->fault.arg;
        action = (enum sim_fault_action)r->fault.action;
        if (r->fault.times && !--r->fault.times)
            forget(hv, i);
        return action;
    }
    return SIM_FAULT_NONE;
}

int hv_fault_request(struct hv_call *c)
{
    const struct sim_fault *f = hv_body(c, 1, sizeof(*f));
    struct sim_fault mine;
    size_t i;

    if (!f || c->n != 1)
        return -EINVAL;
    mine = *f;
    if (!c->d->admin) {
        if (f->domain != SIM_ANY && f->domain != c->d->id)
            return -EPERM;
        mine.domain = c->d->id;
    }
    if (mine.action)
        return hv_fault_add(c->hv, &mine);
    /* None: forgets the rules of the same domain and operation. */
    for (i = 0; i < c->hv->nfaults;) {
        const struct sim_fault *r = &c->hv->faults[i].fault;

        if (r->domain == mine.domain && (!mine.op || r->op == mine.op))
            forget(c->hv, i);
        else
            i++;
    }
    return 0;
}
