/* SPDX-License-Identifier: ISC */

/*
 * The bus: who takes the events of one store and of one set of event channels,
 * and finds by tokens and numbers whom they are for.
 *
 *   U1  a watch, port or end is in its list  <=>  its (bus) is set
 *   U2  a watch's token is its number, which no other of the bus has; what
 *       changed while it could not be told is told by (again), with its own path
 *   U3  a port is in at most one line: (again), or, during a poll, (fired)
 *   U4  outside of a poll no port is in (fired)
 *   U5  a poll takes at most its budget, and calls a port at most once
 *
 *     port   idle --event--> fired, masked --done--> idle, unmasked
 *                              ^     |
 *                     a poll --+     +-- not done, or again() --> again, masked
 *
 * A port stays masked until its callback says that it has done all there is; so
 * a peer that notifies without pause costs one call a poll, as any other does.
 * Watches and ports have turns, so that neither starves the other.
 *
 * Who is called may take apart what it is called for: after a call nothing of it
 * is touched unless (looking) still names it.
 */

#include "bus.h"

static void resume(void *arg, enum leat_resumed how)
{
    struct leat_bus *b = arg;

    if (how != LEAT_RESUMED)
        return;
    leat_bus_ports_resume(b);
    leat_bus_watches_resume(b);
    leat_bus_ends_resume(b);
}

int leat_bus_init(struct leat_bus *b, const struct leat_bus_config *config)
{
    int err = 0;

    if (!b || !config || !config->store.ops)
        return LEAT_E_INVALID;
    memset(b, 0, sizeof(*b));
    b->store = config->store;
    b->events = config->events;
    b->port = config->port;
    b->lifecycle = config->lifecycle;
    b->fd = config->fd;
    b->again_last = &b->again;
    b->hook = (struct leat_hook){.resume = resume, .arg = b};
    if (b->lifecycle)
        err = leat_lifecycle_add(b->lifecycle, &b->hook);
    return err;
}

int leat_bus_fini(struct leat_bus *b)
{
    uint32_t i;
    int err = 0;

    if (!b)
        return LEAT_E_INVALID;
    if (b->polling)
        return LEAT_E_STATE;
    if (b->watches || b->ends)
        return LEAT_E_BUSY;
    for (i = 0; i < LEAT_BUS_BUCKETS; i++) {
        if (b->ports[i])
            return LEAT_E_BUSY;
    }
    if (b->lifecycle)
        err = leat_lifecycle_remove(b->lifecycle, &b->hook);
    if (!err)
        memset(b, 0, sizeof(*b));
    return err;
}

int leat_bus_fd(const struct leat_bus *b)
{
    return b ? b->fd : -1;
}

/* Takes events in turn until there is none, or the budget is used up. */
static int take(struct leat_bus *b, uint32_t *budget)
{
    bool ports = true, watches = true;
    int err;

    while (*budget && (ports || watches)) {
        if (ports) {
            err = leat_bus_port_take(b);
            ports = err != LEAT_E_AGAIN;
            *budget -= ports;
            if (ports && err)
                return err;
        }
        if (watches && *budget) {
            err = leat_bus_watch_take(b);
            watches = err != LEAT_E_AGAIN;
            *budget -= watches;
            if (watches && err)
                return err;
        }
    }
    return 0;
}

int leat_bus_poll(struct leat_bus *b, uint32_t budget, bool *more)
{
    int err, unmasked;

    if (!b || !more || !budget)
        return LEAT_E_INVALID;
    if (b->polling)
        return LEAT_E_STATE;
    b->polling = true;
    leat_bus_port_retry(b, &budget);
    err = leat_bus_watch_retry(b, &budget);
    if (!err)
        err = take(b, &budget);
    unmasked = leat_bus_port_settle(b);
    b->polling = false;
    err = err ? err : unmasked;
    if (!err)
        *more = !budget || b->again;
    return err;
}

int leat_bus_stats(const struct leat_bus *b, struct leat_bus_stats *out)
{
    const struct leat_bus_watch *w;
    const struct leat_bus_port *p;
    const struct leat_bus_end *e;
    struct leat_bus_stats s;
    uint32_t i;

    if (!b || !out)
        return LEAT_E_INVALID;
    memset(&s, 0, sizeof(s));
    s.watch_events = b->watch_events;
    s.port_events = b->port_events;
    s.dropped = b->dropped;
    for (w = b->watches; w; w = w->next)
        s.watches++;
    for (e = b->ends; e; e = e->next)
        s.ends++;
    for (i = 0; i < LEAT_BUS_BUCKETS; i++) {
        for (p = b->ports[i]; p; p = p->next)
            s.ports++;
    }
    *out = s;
    return 0;
}

static const char *check_ports(const struct leat_bus *b)
{
    const struct leat_bus_port *p;
    uint32_t again = 0, fired = 0, i;

    for (i = 0; i < LEAT_BUS_BUCKETS; i++) {
        for (p = b->ports[i]; p; p = p->next) {
            if (p->bus != b || p->port % LEAT_BUS_BUCKETS != i)
                return "U1";
            again += p->line == BUS_AGAIN;
            fired += p->line == BUS_FIRED;
        }
    }
    for (p = b->again; p; p = p->then)
        again -= p->line == BUS_AGAIN;
    for (p = b->fired; p; p = p->then)
        fired -= p->line == BUS_FIRED;
    if (again || fired || *b->again_last)
        return "U3";
    return b->fired && !b->polling ? "U4" : NULL;
}

const char *leat_bus_check(const struct leat_bus *b)
{
    const struct leat_bus_watch *w, *v;
    const struct leat_bus_end *e;

    if (!b)
        return "no bus";
    for (e = b->ends; e; e = e->next) {
        if (e->bus != b || e->watch.bus != b)
            return "U1";
    }
    for (w = b->watches; w; w = w->next) {
        if (w->bus != b)
            return "U1";
        for (v = w->next; v; v = v->next) {
            if (v->number == w->number)
                return "U2";
        }
    }
    return check_ports(b);
}
