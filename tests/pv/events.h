/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_EVENTS_H
#define LEAT_TESTS_PV_EVENTS_H

/* The event channels of tests/pv/store.h. */

#include "store.h"

static inline struct table_port *table_port(void *self, uint32_t port)
{
    struct table_client *c = self;
    struct table_port *p = port < TABLE_PORTS ? &c->t->port[port] : NULL;

    return p && p->open && p->owner == c->id ? p : NULL;
}

static inline int table_new_port(void *self, uint32_t domain, uint32_t *port)
{
    struct table_client *c = self;

    for (uint32_t i = 1; i < TABLE_PORTS; i++) {
        if (!c->t->port[i].open) {
            c->t->port[i] = (struct table_port){
                .owner = c->id, .meant = domain, .open = true};
            *port = i;
            return 0;
        }
    }
    return LEAT_E_LIMIT;
}

static inline int table_alloc(void *self, uint32_t domain, uint32_t *port)
{
    int err = table_fails(table_of(self));

    return err ? err : table_new_port(self, domain, port);
}

static inline int table_bind(void *self, uint32_t domain, uint32_t remote,
                             uint32_t *port)
{
    struct table_client *c = self;
    struct table_port *p = remote < TABLE_PORTS ? &c->t->port[remote] : NULL;
    int err = table_fails(c->t);

    if (err)
        return err;
    if (!p || !p->open || p->owner != domain || p->meant != c->id)
        return LEAT_E_REFERENCE;
    err = table_new_port(self, domain, port);
    if (!err) {
        c->t->port[*port].peer = remote;
        c->t->port[*port].pending = true;
        p->peer = *port;
    }
    return err;
}

static inline int table_close(void *self, uint32_t port)
{
    struct table_port *p = table_port(self, port);

    if (!p)
        return LEAT_E_REFERENCE;
    if (p->peer)
        table_of(self)->port[p->peer].peer = 0;
    p->open = false;
    return 0;
}

static inline int table_notify(void *self, uint32_t port)
{
    struct table_port *p = table_port(self, port);

    if (!p)
        return LEAT_E_REFERENCE;
    if (p->peer)
        table_of(self)->port[p->peer].pending = true;
    if (table_of(self)->told)
        table_of(self)->told(table_of(self)->told_arg);
    return 0;
}

static inline int table_pending(void *self, uint32_t *port)
{
    struct table_client *c = self;
    int err = table_fails(c->t);

    c->polls++;
    if (err)
        return err;
    for (uint32_t i = 1; i < TABLE_PORTS; i++) {
        struct table_port *p = &c->t->port[i];

        if (p->open && p->owner == c->id && p->pending && !p->masked) {
            p->pending = false;
            p->masked = true;
            *port = i;
            return 0;
        }
    }
    return LEAT_E_AGAIN;
}

static inline int table_unmask(void *self, uint32_t port)
{
    struct table_port *p = table_port(self, port);

    if (!p)
        return LEAT_E_REFERENCE;
    p->masked = false;
    return 0;
}

static inline struct leat_events table_events(struct table *t, uint32_t client)
{
    static const struct leat_event_ops ops = {
        .name = "table",
        .alloc = table_alloc,
        .bind = table_bind,
        .close = table_close,
        .notify = table_notify,
        .pending = table_pending,
        .unmask = table_unmask,
        .fd = table_fd,
    };
    struct leat_events e = {&ops, &t->client[client]};

    return e;
}

#endif
