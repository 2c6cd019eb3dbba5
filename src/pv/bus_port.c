/* SPDX-License-Identifier: ISC */

/* Ports of a bus, by their numbers; U1, U3 to U5 of src/pv/bus.c. */

#include "bus.h"

static struct leat_bus_port **bucket(struct leat_bus *b, uint32_t port)
{
    return &b->ports[port % LEAT_BUS_BUCKETS];
}

static int usable(const struct leat_bus *b, const struct leat_bus_port *p,
                  bool (*called)(void *arg))
{
    if (!b || !b->events.ops || !p || !called)
        return LEAT_E_INVALID;
    return p->bus ? LEAT_E_BUSY : 0;
}

static void hang_in(struct leat_bus *b, struct leat_bus_port *p, uint32_t port,
                    bool (*called)(void *arg), void *arg)
{
    struct leat_bus_port **at = bucket(b, port);

    *p = (struct leat_bus_port){
        .bus = b,
        .next = *at,
        .port = port,
        .called = called,
        .arg = arg,
    };
    *at = p;
}

int leat_bus_port_alloc(struct leat_bus *b, struct leat_bus_port *p,
                        uint32_t domain, bool (*called)(void *arg), void *arg)
{
    uint32_t port;
    int err = usable(b, p, called);

    if (!err)
        err = b->events.ops->alloc(b->events.self, domain, &port);
    if (!err)
        hang_in(b, p, port, called, arg);
    return err;
}

int leat_bus_port_bind(struct leat_bus *b, struct leat_bus_port *p,
                       uint32_t domain, uint32_t remote,
                       bool (*called)(void *arg), void *arg)
{
    uint32_t port;
    int err = usable(b, p, called);

    if (!err)
        err = b->events.ops->bind(b->events.self, domain, remote, &port);
    if (!err)
        hang_in(b, p, port, called, arg);
    return err;
}

/* Puts (p) at the end of (again). */
static void stand_again(struct leat_bus *b, struct leat_bus_port *p)
{
    p->line = BUS_AGAIN;
    p->then = NULL;
    *b->again_last = p;
    b->again_last = &p->then;
}

static struct leat_bus_port *first_again(struct leat_bus *b)
{
    struct leat_bus_port *p = b->again;

    b->again = p->then;
    if (!b->again)
        b->again_last = &b->again;
    p->line = BUS_NO_LINE;
    return p;
}

static void leave_line(struct leat_bus *b, struct leat_bus_port *p)
{
    struct leat_bus_port **at = p->line == BUS_AGAIN ? &b->again : &b->fired;

    if (p->line == BUS_NO_LINE)
        return;
    while (*at != p)
        at = &(*at)->then;
    *at = p->then;
    if (b->again_last == &p->then)
        b->again_last = at;
    p->line = BUS_NO_LINE;
}

static void take_out(struct leat_bus *b, struct leat_bus_port *p)
{
    struct leat_bus_port **at = bucket(b, p->port);

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    leave_line(b, p);
    if (b->calling == p)
        b->calling = NULL;
    p->bus = NULL;
}

int leat_bus_port_close(struct leat_bus_port *p)
{
    struct leat_bus *b;

    if (!p)
        return LEAT_E_INVALID;
    b = p->bus;
    if (!b)
        return LEAT_E_STATE;
    take_out(b, p);
    return b->events.ops->close(b->events.self, p->port);
}

int leat_bus_port_notify(struct leat_bus_port *p)
{
    if (!p)
        return LEAT_E_INVALID;
    return p->bus ? p->bus->events.ops->notify(p->bus->events.self, p->port)
                  : LEAT_E_STATE;
}

int leat_bus_port_again(struct leat_bus_port *p)
{
    if (!p)
        return LEAT_E_INVALID;
    if (!p->bus)
        return LEAT_E_STATE;
    if (p->line == BUS_FIRED)
        p->wants = true;
    else if (p->line == BUS_NO_LINE)
        stand_again(p->bus, p);
    return 0;
}

uint32_t leat_bus_port_number(const struct leat_bus_port *p)
{
    return p && p->bus ? p->port : 0;
}

/* Calls (p), which is in no line. */
static void call(struct leat_bus *b, struct leat_bus_port *p)
{
    bool wants;

    p->line = BUS_FIRED;
    p->wants = false;
    p->then = b->fired;
    b->fired = p;
    b->calling = p;
    wants = p->called(p->arg);
    if (b->calling == p && wants)
        p->wants = true;
    b->calling = NULL;
}

void leat_bus_port_retry(struct leat_bus *b, uint32_t *budget)
{
    struct leat_bus_port *p;
    uint32_t n = 0;

    /* Those that join now are for the next poll. */
    for (p = b->again; p && n < *budget; p = p->then)
        n++;
    for (; n && b->again; n--, --*budget)
        call(b, first_again(b));
}

int leat_bus_port_take(struct leat_bus *b)
{
    struct leat_bus_port *p;
    uint32_t port;
    int err = LEAT_E_AGAIN;

    if (b->events.ops)
        err = b->events.ops->pending(b->events.self, &port);

    if (err)
        return err;
    b->port_events++;
    for (p = *bucket(b, port); p && p->port != port;)
        p = p->next;
    if (!p)
        b->dropped++; /* and stays masked */
    else if (p->line == BUS_FIRED)
        p->wants = true; /* U5 */
    else if (p->line == BUS_NO_LINE)
        call(b, p);
    return 0;
}

int leat_bus_port_settle(struct leat_bus *b)
{
    struct leat_bus_port *p, *late = NULL;
    int err = 0, one;

    /* Oldest first; the list has the newest first. */
    while ((p = b->fired)) {
        b->fired = p->then;
        p->then = late;
        late = p;
    }
    while ((p = late)) {
        late = p->then;
        p->line = BUS_NO_LINE;
        if (p->wants) {
            stand_again(b, p);
            continue;
        }
        one = b->events.ops->unmask(b->events.self, p->port);
        if (one && one != LEAT_E_REFERENCE)
            err = one;
    }
    return err;
}

void leat_bus_ports_resume(struct leat_bus *b)
{
    uint32_t i;

    for (i = 0; i < LEAT_BUS_BUCKETS; i++) {
        while (b->ports[i])
            take_out(b, b->ports[i]);
    }
}
