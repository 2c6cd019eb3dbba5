/* SPDX-License-Identifier: ISC */

/*
 * What the toolstack asks: who is there, what they granted; and suspend.
 *
 *     RUNNING --SUSPEND--> ASKED --SUSPENDED(0)--> IS_SUSPENDED
 *        ^                   |                          |
 *        +--SUSPENDED(why)---+                          |
 *        +--RESUME(cancel)---+--------------------------+  as it was
 *        +--RESUME(0)-----------------------------------+  a new generation
 *
 * After a resume the grant table is empty and event channels are closed, as in
 * Xen. Who had mapped pages of before keeps them, as they were.
 */

#include "hv_internal.h"

int hv_list(struct hv_call *c)
{
    const struct sim_number *from = hv_body(c, 1, sizeof(*from));
    struct sim_domain_info *out =
        (void *)(c->reply->bytes + sizeof(struct sim_head));
    uint32_t most = (SIM_MESSAGE - (uint32_t)sizeof(struct sim_head)) /
                    (uint32_t)sizeof(*out);
    uint32_t i, n = 0;

    if (!from || c->n != 1)
        return -EINVAL;
    for (i = from->value; i < HV_IDS && n < most; i++) {
        const struct hv_domain *d = c->hv->domains[i];

        if (!d)
            continue;
        out[n++] = (struct sim_domain_info){
            .domain = d->id,
            .state = d->state,
            .pid = d->pid,
            .generation = d->generation,
            .units = d->units_used,
            .pages = d->pages_used,
            .mappings = d->mappings,
            .mapped = d->mapped,
            .ports = d->ports_used,
            .nodes = d->nodes,
            .watches = d->nwatches,
            .refused = d->refused,
            .requests = d->requests,
            .faults = d->faults,
        };
    }
    ((struct sim_head *)(void *)c->reply->bytes)->n = n;
    c->reply->len += n * sizeof(*out);
    return 0;
}

int hv_grants(struct hv_call *c)
{
    const struct sim_gref *r = hv_body(c, 1, sizeof(*r));
    struct sim_grant_info *out =
        (void *)(c->reply->bytes + sizeof(struct sim_head));
    uint32_t most = (SIM_MESSAGE - (uint32_t)sizeof(struct sim_head)) /
                    (uint32_t)sizeof(*out);
    const struct hv_domain *d;
    uint32_t i, n = 0, word;

    if (!r || c->n != 1)
        return -EINVAL;
    d = hv_find(c->hv, r->domain);
    if (!d)
        return -ESRCH;
    for (i = r->ref; i < d->refs && n < most; i++) {
        word = __atomic_load_n(&d->table[i].word, __ATOMIC_ACQUIRE);
        if (!(word & SIM_GTF_TYPE) && !d->active[i].readers &&
            !d->active[i].writers)
            continue;
        out[n++] = (struct sim_grant_info){
            .ref = i,
            .flags = word,
            .frame = __atomic_load_n(&d->table[i].frame, __ATOMIC_RELAXED),
            .readers = d->active[i].readers,
            .writers = d->active[i].writers,
        };
    }
    ((struct sim_head *)(void *)c->reply->bytes)->n = n;
    c->reply->len += n * sizeof(*out);
    return 0;
}

int hv_suspend(struct hv_call *c)
{
    const struct sim_number *r = hv_body(c, 1, sizeof(*r));
    struct hv_domain *d;

    if (!r || c->n != 1)
        return -EINVAL;
    d = hv_alive(c->hv, r->value);
    if (!d)
        return -ESRCH;
    if (d->state != SIM_RUNNING)
        return -EBUSY;
    hv_state(c->hv, d, SIM_ASKED);
    d->refused = 0;
    hv_store_shutdown(c->hv, d, "suspend");
    hv_tell(d, SIM_NOTICE_SUSPEND);
    return 0;
}

int hv_suspended(struct hv_call *c)
{
    const struct sim_number *r = hv_body(c, 1, sizeof(*r));

    if (!r || c->n != 1 || r->value > 4095)
        return -EINVAL;
    if (c->d->state != SIM_ASKED)
        return -EINVAL;
    hv_store_shutdown(c->hv, c->d, NULL);
    c->d->refused = r->value;
    hv_state(c->hv, c->d, r->value ? SIM_RUNNING : SIM_IS_SUSPENDED);
    return 0;
}

int hv_resume(struct hv_call *c)
{
    const struct sim_gref *r = hv_body(c, 1, sizeof(*r));
    struct hv_domain *d;

    if (!r || c->n != 1 || r->ref > 1)
        return -EINVAL;
    d = hv_alive(c->hv, r->domain);
    if (!d)
        return -ESRCH;
    if (d->state != SIM_IS_SUSPENDED && !(d->state == SIM_ASKED && r->ref))
        return -EBUSY;
    d->told &= ~(1u << SIM_NOTICE_SUSPEND);
    if (r->ref) {
        if (d->state == SIM_ASKED)
            hv_store_shutdown(c->hv, d, NULL);
        hv_state(c->hv, d, SIM_RUNNING);
        hv_tell(d, SIM_NOTICE_CANCELLED);
        return 0;
    }
    hv_ports_close(c->hv, d);
    hv_handles_drop(c->hv, d);
    memset(d->table, 0, d->refs * sizeof(*d->table));
    memset(d->active, 0, d->refs * sizeof(*d->active));
    d->generation++; /* before marks of the old table could be cleared */
    hv_units_hide(c->hv, d);
    hv_state(c->hv, d, SIM_RUNNING);
    hv_tell(d, SIM_NOTICE_RESUMED);
    return 0;
}
