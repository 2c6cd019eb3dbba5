/* SPDX-License-Identifier: ISC */

/*
 * Event channels.
 *
 *     closed --alloc--> unbound --bind by the peer--> interdomain
 *                          ^                             |
 *                          +------the peer closes--------+
 *
 * A channel is a pair of sockets, an end for each domain: a byte is an event.
 * So a notification does not pass through here, and all that a hostile peer can
 * do is wake the other. Both ends are kept here as long as one port of the two
 * is open, for that one can be bound again, whichever of them made the channel.
 *
 *   H6  a port is interdomain  <=>  so is the port that it names, which names
 * it
 *   H11 p.fd is the end that p's peer has; p.own, the end that p has, is kept by
 *       p while it is unbound, and by its peer, as its p.fd, while not
 *
 * Source: EVTCHNOP_* of xen/event_channel.h; errors as observed.
 */

#include "hv_internal.h"

/* What a port may come to hold, counted as long as it is open. */
#define PORT_FDS 2

static struct hv_port *port_of(const struct hv_domain *d, uint32_t port)
{
    return port && port < d->nports && d->ports[port].state ? &d->ports[port]
                                                            : NULL;
}

static uint32_t number(struct hv *hv, struct hv_domain *d)
{
    struct hv_port *more;
    uint32_t room, i;

    if (d->ports_used >= hv->config.ports)
        return 0;
    for (i = 1; i < d->nports; i++) {
        if (!d->ports[i].state)
            return i;
    }
    room = d->nports ? 2 * d->nports : 8;
    if (room > hv->config.ports + 1)
        room = hv->config.ports + 1;
    more = realloc(d->ports, room * sizeof(*more));
    if (!more)
        return 0;
    memset(more + d->nports, 0, (room - d->nports) * sizeof(*more));
    i = d->nports ? d->nports : 1;
    d->ports = more;
    d->nports = room;
    return i;
}

int hv_port_alloc(struct hv_call *c)
{
    const struct sim_number *r = hv_body(c, 1, sizeof(*r));
    struct hv_domain *d = c->d;
    struct sim_number *out;
    struct hv_port *p;
    uint32_t at;
    int pair[2];
    int rc;

    if (!r || c->n != 1)
        return -EINVAL;
    if (r->value >= HV_IDS)
        return -ESRCH;
    if (!hv_fds_take(c->hv, d, PORT_FDS))
        return -ENFILE;
    at = number(c->hv, d);
    rc = at ? c->hv->host.pair(c->hv->host.self, true, pair) : -ENOSPC;
    if (rc) {
        hv_fds_give(c->hv, d, PORT_FDS);
        return rc;
    }
    p = &d->ports[at];
    p->state = SIM_PORT_UNBOUND;
    p->domain = r->value;
    p->port = 0;
    p->own = pair[0];
    p->fd = pair[1];
    d->ports_used++;
    out = hv_answer(c, 1, sizeof(*out));
    out->value = at;
    hv_attach(c, pair[0], HV_LEND);
    return 0;
}

int hv_port_bind(struct hv_call *c)
{
    const struct sim_gref *r = hv_body(c, 1, sizeof(*r));
    struct hv_domain *d = c->d, *far;
    struct sim_number *out;
    struct hv_port *p, *q;
    uint32_t at;

    if (!r || c->n != 1)
        return -EINVAL;
    far = hv_alive(c->hv, r->domain);
    if (!far)
        return -ESRCH;
    q = port_of(far, r->ref);
    if (!q || q->state != SIM_PORT_UNBOUND || q->domain != d->id)
        return -EINVAL;
    if (!hv_fds_take(c->hv, d, PORT_FDS))
        return -ENFILE;
    at = number(c->hv, d);
    q = port_of(far, r->ref); /* of the same domain, it may have moved */
    if (!at || !q) {
        hv_fds_give(c->hv, d, PORT_FDS);
        return -ENOSPC;
    }
    p = &d->ports[at];
    p->state = q->state = SIM_PORT_INTERDOMAIN; /* H6 */
    p->domain = far->id;
    p->port = r->ref;
    p->fd = q->own; /* H11 */
    p->own = -1;
    q->own = -1;
    q->port = at;
    d->ports_used++;
    out = hv_answer(c, 1, sizeof(*out));
    out->value = at;
    hv_attach(c, q->fd, HV_LEND);
    return 0;
}

static void close_port(struct hv *hv, struct hv_domain *d, struct hv_port *p)
{
    struct hv_domain *far = hv_find(hv, p->domain);
    struct hv_port *q = far ? port_of(far, p->port) : NULL;

    if (p->state == SIM_PORT_INTERDOMAIN && q &&
        q->state == SIM_PORT_INTERDOMAIN) {
        q->state = SIM_PORT_UNBOUND;
        q->port = 0;
        q->own = p->fd; /* H11 */
    } else {
        hv->host.close(hv->host.self, p->fd);
        hv->host.close(hv->host.self, p->own);
    }
    hv_fds_give(hv, d, PORT_FDS);
    memset(p, 0, sizeof(*p));
    d->ports_used--;
}

int hv_port_close(struct hv_call *c)
{
    const struct sim_number *r = hv_body(c, 1, sizeof(*r));
    struct hv_port *p;

    if (!r || c->n != 1)
        return -EINVAL;
    p = port_of(c->d, r->value);
    if (!p)
        return -ENOTCONN;
    close_port(c->hv, c->d, p);
    return 0;
}

int hv_port_status(struct hv_call *c)
{
    const struct sim_number *r = hv_body(c, 1, sizeof(*r));
    struct sim_port_status *out;
    const struct hv_port *p;

    if (!r || c->n != 1)
        return -EINVAL;
    p = port_of(c->d, r->value);
    out = hv_answer(c, 1, sizeof(*out));
    if (p) {
        out->state = p->state;
        out->domain = p->domain;
        out->port = p->port;
    }
    return 0;
}

void hv_ports_close(struct hv *hv, struct hv_domain *d)
{
    uint32_t i;

    for (i = 1; i < d->nports; i++) {
        if (d->ports[i].state)
            close_port(hv, d, &d->ports[i]);
    }
}
