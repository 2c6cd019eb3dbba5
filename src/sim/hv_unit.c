/* SPDX-License-Identifier: ISC */

/*
 * Units: memfds that domains share.
 *
 *     registered --conceal page by page--> live == 0 --maps == 0--> closed
 *
 *   V1  live == pages whose bit in hidden is 0
 *   V2  a unit is in its owner's table  <=>  live > 0 or maps > 0
 *   V3  maps == handles of all domains with a frame of this unit
 *
 * A page that was concealed cannot be mapped anew; who has it mapped keeps what
 * was in it, and nothing new gets there, for its owner has moved on.
 */

#include "hv_internal.h"

struct hv_unit *hv_unit_of(const struct hv_domain *d, uint32_t frame)
{
    uint32_t at = frame >> 16;
    struct hv_unit *u = at && at < d->nunits ? d->units[at] : NULL;

    return u && (frame & 0xffff) < u->pages ? u : NULL;
}

static void drop(struct hv *hv, struct hv_domain *d, uint32_t at)
{
    struct hv_unit *u = d->units[at];

    if (u->live || u->maps)
        return;
    d->units[at] = NULL;
    d->units_used--;
    d->pages_used -= u->pages;
    hv->host.close(hv->host.self, u->fd);
    hv_fds_give(hv, d, 1);
    free(u->hidden);
    free(u);
}

void hv_unit_let_go(struct hv *hv, struct hv_domain *d, uint32_t frame)
{
    struct hv_unit *u = hv_unit_of(d, frame);

    if (u) {
        u->maps--;
        drop(hv, d, frame >> 16);
    }
}

void hv_units_hide(struct hv *hv, struct hv_domain *d)
{
    uint32_t i;

    for (i = 1; i < d->nunits; i++) {
        if (!d->units[i])
            continue;
        d->units[i]->live = 0;
        memset(d->units[i]->hidden, 0xff, (d->units[i]->pages + 7) / 8);
        drop(hv, d, i);
    }
}

/* A free number, the one that was free longest; 0: none. */
static uint32_t number(struct hv *hv, struct hv_domain *d)
{
    struct hv_unit **more;
    uint32_t room, i, n;

    if (d->units_used >= hv->config.units)
        return 0;
    if (d->units_used + 1 >= d->nunits) {
        room = d->nunits ? 2 * d->nunits : 16;
        if (room > hv->config.units + 1)
            room = hv->config.units + 1;
        more = realloc(d->units, room * sizeof(*more));
        if (!more)
            return 0;
        memset(more + d->nunits, 0, (room - d->nunits) * sizeof(*more));
        d->units = more;
        d->unit_next = d->nunits ? d->nunits : 1;
        d->nunits = room;
    }
    for (n = 0, i = d->unit_next; n < d->nunits; n++, i++) {
        if (i >= d->nunits)
            i = 1;
        if (!d->units[i]) {
            d->unit_next = i + 1;
            return i;
        }
    }
    return 0;
}

int hv_register(struct hv_call *c)
{
    const struct sim_register *r = hv_body(c, 1, sizeof(*r));
    struct hv_domain *d = c->d;
    struct sim_number *out;
    struct hv_unit *u;
    uint32_t at;
    int rc;

    if (!r || c->n != 1 || c->request->nfds != 1 || r->read_only > 1 ||
        !r->pages || r->pages > SIM_UNIT_PAGES)
        return -EINVAL;
    if (r->pages > c->hv->config.unit_pages - d->pages_used)
        return -ENOSPC;
    rc = c->hv->host.check(c->hv->host.self, c->request->fds[0],
                           (uint64_t)r->pages * SIM_PAGE, r->read_only);
    if (rc)
        return rc;
    if (!hv_fds_take(c->hv, d, 1))
        return -ENFILE;
    at = number(c->hv, d);
    if (!at) {
        hv_fds_give(c->hv, d, 1);
        return -ENOSPC;
    }
    u = calloc(1, sizeof(*u));
    if (u)
        u->hidden = calloc(1, (r->pages + 7) / 8);
    if (!u || !u->hidden) {
        free(u);
        hv_fds_give(c->hv, d, 1);
        return -ENOMEM;
    }
    u->fd = c->request->fds[0];
    u->pages = u->live = r->pages;
    u->read_only = r->read_only;
    d->units[at] = u;
    d->units_used++;
    d->pages_used += u->pages;
    out = hv_answer(c, 1, sizeof(*out));
    out->value = at;
    return 1; /* the descriptor is kept */
}

int hv_conceal(struct hv_call *c)
{
    const struct sim_conceal *r = hv_body(c, 1, sizeof(*r));
    struct hv_unit *u;
    uint32_t i;

    if (!r || c->n != 1)
        return -EINVAL;
    u = r->unit < SIM_UNIT_PAGES ? hv_unit_of(c->d, SIM_FRAME(r->unit, 0))
                                 : NULL;
    if (!u || !r->pages || r->first >= u->pages ||
        r->pages > u->pages - r->first)
        return -EINVAL;
    for (i = r->first; i < r->first + r->pages; i++) {
        if (!(u->hidden[i / 8] >> i % 8 & 1)) {
            u->hidden[i / 8] |= (uint8_t)(1u << i % 8);
            u->live--; /* V1 */
        }
    }
    drop(c->hv, c->d, r->unit);
    return 0;
}
