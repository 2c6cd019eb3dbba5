/* SPDX-License-Identifier: ISC */

/*
 * Event channels, by evtchn: libxenevtchn's calls with leat's errors.
 *
 *   V1  a port is in ours  <=>  it was made by this handle, and not closed
 *
 * The kernel lets a port that is none be unmasked, and says nothing; so what is
 * no port of ours is found here.
 *
 * Taking what is pending asks poll() first: the descriptor blocks, and setting
 * it otherwise does not work everywhere (xenevtchn.h).
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <xenevtchn.h>

#include <leat/xen_event.h>

#include "parts.h"

/* Polls that a signal may interrupt in a row. */
#define TRIES 8

/* Ports are less than this: EVTCHN_FIFO_NR_CHANNELS of xen/event_channel.h. */
#define PORTS (1u << 17)

struct leat_xen_events {
    xenevtchn_handle *handle; /* (c) */
    uint64_t ours[PORTS / 64];
};

static bool is_ours(const struct leat_xen_events *e, uint32_t port)
{
    return port < PORTS && e->ours[port / 64] >> port % 64 & 1;
}

static int of_errno(int error)
{
    switch (error) {
    case ESRCH:
        return LEAT_E_DOMAIN;
    case EINVAL:
    case ENOTCONN:
        return LEAT_E_REFERENCE;
    case ENOSPC:
        return LEAT_E_LIMIT;
    case ENOMEM:
        return LEAT_E_NOMEM;
    case EPERM:
    case EACCES:
        return LEAT_E_REFUSED;
    default:
        return LEAT_E_SYSTEM;
    }
}

static int made(struct leat_xen_events *e, xenevtchn_port_or_error_t got,
                uint32_t *port)
{
    if (got < 0)
        return of_errno(errno);
    if ((uint32_t)got >= PORTS) {
        xenevtchn_unbind(e->handle, (evtchn_port_t)got);
        return LEAT_E_LIMIT;
    }
    *port = (uint32_t)got;
    e->ours[*port / 64] |= (uint64_t)1 << *port % 64; /* V1 */
    return 0;
}

static int event_alloc(void *self, uint32_t domain, uint32_t *port)
{
    struct leat_xen_events *e = self;

    if (!port)
        return LEAT_E_INVALID;
    if (domain > LEAT_DOMAIN_MAX)
        return LEAT_E_DOMAIN;
    return made(e, xenevtchn_bind_unbound_port(e->handle, domain), port);
}

static int event_bind(void *self, uint32_t domain, uint32_t remote,
                      uint32_t *port)
{
    struct leat_xen_events *e = self;

    if (!port)
        return LEAT_E_INVALID;
    if (domain > LEAT_DOMAIN_MAX)
        return LEAT_E_DOMAIN;
    return made(e, xenevtchn_bind_interdomain(e->handle, domain, remote), port);
}

static int event_close(void *self, uint32_t port)
{
    struct leat_xen_events *e = self;

    if (!is_ours(e, port))
        return LEAT_E_REFERENCE;
    if (xenevtchn_unbind(e->handle, port))
        return of_errno(errno);
    e->ours[port / 64] &= ~((uint64_t)1 << port % 64);
    return 0;
}

static int event_notify(void *self, uint32_t port)
{
    struct leat_xen_events *e = self;

    if (!is_ours(e, port))
        return LEAT_E_REFERENCE;
    return xenevtchn_notify(e->handle, port) ? of_errno(errno) : 0;
}

static int event_unmask(void *self, uint32_t port)
{
    struct leat_xen_events *e = self;

    if (!is_ours(e, port))
        return LEAT_E_REFERENCE;
    return xenevtchn_unmask(e->handle, port) ? of_errno(errno) : 0;
}

static int event_pending(void *self, uint32_t *port)
{
    struct leat_xen_events *e = self;
    struct pollfd fd = {.fd = xenevtchn_fd(e->handle), .events = POLLIN};
    xenevtchn_port_or_error_t got;
    int ready = -1;

    if (!port)
        return LEAT_E_INVALID;
    for (int i = 0; ready < 0 && i < TRIES; i++) {
        ready = poll(&fd, 1, 0);
        if (ready < 0 && errno != EINTR)
            return LEAT_E_SYSTEM;
    }
    if (ready <= 0 || !(fd.revents & POLLIN))
        return LEAT_E_AGAIN;
    got = xenevtchn_pending(e->handle);
    if (got < 0)
        return of_errno(errno);
    *port = (uint32_t)got;
    return 0;
}

static int event_fd(void *self)
{
    return xenevtchn_fd(((struct leat_xen_events *)self)->handle);
}

static const struct leat_event_ops event_ops = {
    .name = "xen",
    .alloc = event_alloc,
    .bind = event_bind,
    .close = event_close,
    .notify = event_notify,
    .pending = event_pending,
    .unmask = event_unmask,
    .fd = event_fd,
};

int leat_xen_events_open(struct leat_xen_events **out, struct leat_xen_why *why)
{
    struct leat_xen_events *e;
    int err;

    leat_xen_tell(why, 0, LEAT_XEN_NOTHING, 0, NULL, 0, "%s", "");
    if (!out)
        return LEAT_E_INVALID;
    err = leat_xen_probe(LEAT_XEN_EVENT, why);
    if (err)
        return err;
    e = calloc(1, sizeof(*e));
    if (!e)
        return LEAT_E_NOMEM;
    e->handle = xenevtchn_open(&leat_xen_quiet, 0);
    if (!e->handle) {
        err = leat_xen_unopened(LEAT_XEN_EVENT, errno, why);
        free(e);
        return err;
    }
    *out = e;
    return 0;
}

void leat_xen_events_close(struct leat_xen_events *e)
{
    if (!e)
        return;
    xenevtchn_close(e->handle);
    free(e);
}

struct leat_events leat_xen_event_ops(struct leat_xen_events *e)
{
    struct leat_events events = {.ops = &event_ops, .self = e};

    return events;
}
