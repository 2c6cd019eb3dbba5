/* SPDX-License-Identifier: ISC */

/* The hypervisor's invariants, walked through. */

#include "hv_internal.h"

static const char *check_units(struct hv *hv, const struct hv_domain *d)
{
    uint32_t i, k, page, live, maps, pages = 0, used = 0;

    for (i = 1; i < d->nunits; i++) {
        const struct hv_unit *u = d->units[i];

        if (!u)
            continue;
        for (page = live = 0; page < u->pages; page++)
            live += !(u->hidden[page / 8] >> page % 8 & 1);
        if (live != u->live)
            return "V1";
        if (!u->live && !u->maps)
            return "V2";
        for (k = maps = 0; k < HV_IDS; k++) {
            const struct hv_domain *by = hv->domains[k];
            uint32_t h;

            for (h = 0; by && h < by->nhandles; h++)
                maps += by->handles[h].owner == d->id &&
                        by->handles[h].frame >> 16 == i;
        }
        if (maps != u->maps)
            return "V3";
        used++;
        pages += u->pages;
    }
    return used != d->units_used || pages != d->pages_used ? "V2" : NULL;
}

static const char *check_pins(const struct hv_domain *d)
{
    uint32_t i, word;

    for (i = 0; i < d->refs; i++) {
        const struct hv_active *a = &d->active[i];

        if (a->readers + a->writers && !hv_unit_of(d, a->frame))
            return "H1";
        /* What a domain scribbles on its marks is its own affair, so only
         * those that nobody else writes can be held to H2. */
        word = __atomic_load_n(&d->table[i].word, __ATOMIC_RELAXED);
        if (!a->readers && !a->writers && word & SIM_GTF_READ)
            return "H2";
    }
    return NULL;
}

static const char *check_handles(struct hv *hv, const struct hv_domain *d)
{
    uint32_t i, k, used = 0, on = 0;

    for (i = 0; i < d->nhandles; i++)
        used += d->handles[i].owner != NONE;
    for (k = 0; k < HV_IDS; k++) {
        const struct hv_domain *by = hv->domains[k];

        for (i = 0; by && i < by->nhandles; i++)
            on += by->handles[i].owner == d->id;
    }
    return used != d->mappings || on != d->mapped ? "H3" : NULL;
}

static const char *check_ports(struct hv *hv, const struct hv_domain *d)
{
    uint32_t i, used = 0;

    for (i = 1; i < d->nports; i++) {
        const struct hv_port *p = &d->ports[i];
        const struct hv_domain *far = hv_find(hv, p->domain);

        used += p->state != SIM_PORT_CLOSED;
        if (p->state != SIM_PORT_CLOSED &&
            (p->fd < 0 || (p->own < 0) != (p->state == SIM_PORT_INTERDOMAIN)))
            return "H11";
        if (p->state != SIM_PORT_INTERDOMAIN)
            continue;
        if (!far || p->port >= far->nports ||
            far->ports[p->port].state != SIM_PORT_INTERDOMAIN ||
            far->ports[p->port].domain != d->id ||
            far->ports[p->port].port != i)
            return "H6";
    }
    return used != d->ports_used ? "H6" : NULL;
}

static const char *check_events(const struct hv_domain *d)
{
    const struct hv_event *e;
    uint32_t n = 0;

    for (e = d->events; e; e = e->next)
        n++;
    return n != d->nevents || n > 64 + d->nwatches ? "H8" : NULL;
}

static const char *check_nodes(struct hv *hv)
{
    uint32_t *before, i;
    bool same;

    before = calloc(HV_IDS, sizeof(*before));
    if (!before)
        return "no memory to check H7";
    for (i = 0; i < HV_IDS; i++)
        before[i] = hv->domains[i] ? hv->domains[i]->nodes : 0;
    hv_store_recount(hv);
    for (i = 0, same = true; i < HV_IDS; i++)
        same &= !hv->domains[i] || before[i] == hv->domains[i]->nodes;
    free(before);
    return same ? NULL : "H7";
}

const char *hv_check(struct hv *hv)
{
    size_t present = 0, living = 0, fds = 0;
    const char *broken;
    uint32_t i;

    for (i = 0; i < HV_IDS; i++) {
        const struct hv_domain *d = hv->domains[i];

        if (!d)
            continue;
        present++;
        living += d->state != SIM_DYING;
        fds += d->fds;
        if (d->id != i || (d->state == SIM_DYING && !d->mapped))
            return "H4";
        broken = check_units(hv, d);
        broken = broken ? broken : check_pins(d);
        broken = broken ? broken : check_handles(hv, d);
        broken = broken ? broken : check_ports(hv, d);
        broken = broken ? broken : check_events(d);
        if (broken)
            return broken;
    }
    if (present != hv->present || living != hv->living)
        return "H4";
    if (fds != hv->fds)
        return "H5";
    return check_nodes(hv);
}
