/* SPDX-License-Identifier: ISC */

/*
 * Event channels, by evtchn: libxenevtchn's calls with leat's errors.
 *
 * Taking what is pending asks poll() first: the descriptor blocks, and setting
 * it otherwise does not work everywhere (xenevtchn.h).
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <xenevtchn.h>

#include <leat/xen_event.h>

#include "xen.h"

/* Polls that a signal may interrupt in a row. */
#define TRIES 8

struct leat_xen_events {
    xenevtchn_handle *handle; /* (c) */
};

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

int leat_xen_events_fd(struct leat_xen_events *e)
{
    return e ? xenevtchn_fd(e->handle) : LEAT_E_INVALID;
}

static int made(xenevtchn_port_or_error_t got, uint32_t *port)
{
    if (got < 0)
        return of_errno(errno);
    *port = (uint32_t)got;
    return 0;
}

int leat_xen_event_offer(struct leat_xen_events *e, uint32_t domain,
                         uint32_t *port)
{
    if (!e || !port)
        return LEAT_E_INVALID;
    if (domain > LEAT_DOMAIN_MAX)
        return LEAT_E_DOMAIN;
    return made(xenevtchn_bind_unbound_port(e->handle, domain), port);
}

int leat_xen_event_bind(struct leat_xen_events *e, uint32_t domain,
                        uint32_t remote, uint32_t *port)
{
    if (!e || !port)
        return LEAT_E_INVALID;
    if (domain > LEAT_DOMAIN_MAX)
        return LEAT_E_DOMAIN;
    return made(xenevtchn_bind_interdomain(e->handle, domain, remote), port);
}

int leat_xen_event_close(struct leat_xen_events *e, uint32_t port)
{
    if (!e)
        return LEAT_E_INVALID;
    return xenevtchn_unbind(e->handle, port) ? of_errno(errno) : 0;
}

int leat_xen_event_send(struct leat_xen_events *e, uint32_t port)
{
    if (!e)
        return LEAT_E_INVALID;
    return xenevtchn_notify(e->handle, port) ? of_errno(errno) : 0;
}

int leat_xen_event_unmask(struct leat_xen_events *e, uint32_t port)
{
    if (!e)
        return LEAT_E_INVALID;
    return xenevtchn_unmask(e->handle, port) ? of_errno(errno) : 0;
}

int leat_xen_event_take(struct leat_xen_events *e, uint32_t *port)
{
    struct pollfd fd = {.events = POLLIN};
    int ready = -1;

    if (!e || !port)
        return LEAT_E_INVALID;
    fd.fd = xenevtchn_fd(e->handle);
    for (int i = 0; ready < 0 && i < TRIES; i++) {
        ready = poll(&fd, 1, 0);
        if (ready < 0 && errno != EINTR)
            return LEAT_E_SYSTEM;
    }
    if (ready <= 0 || !(fd.revents & POLLIN))
        return LEAT_E_AGAIN;
    return made(xenevtchn_pending(e->handle), port);
}
