/* SPDX-License-Identifier: ISC */
#ifndef LEAT_EVENT_H
#define LEAT_EVENT_H

/*
 * Event channels: who wakes whom. A table of operations, so that a device is
 * written once: over the simulation (leat_sim_events()), or Xen.
 *
 * A *port* is an end of a channel, numbered by its domain. One domain makes an
 * unbound port for another, which binds it; from then on each wakes the other.
 * An event carries nothing but that it came, and events that nobody took yet
 * are one.
 *
 * Source: EVTCHNOP_* of xen/event_channel.h; libxenevtchn, whose ports stay
 * masked, too, from pending() to unmask().
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

struct leat_event_ops {
    const char *name; /* one lower-case word, static */

    /*
     * Makes a port that (domain) may bind.
     * Errors:  LEAT_E_DOMAIN  no domain can have this id
     *          LEAT_E_LIMIT, LEAT_E_GONE
     */
    int (*alloc)(void *self, uint32_t domain, uint32_t *port);

    /*
     * Binds (remote), a port of (domain)'s. The new port is pending at once:
     * the other may have notified before.
     *
     * Errors:  LEAT_E_DOMAIN     no such domain
     *          LEAT_E_REFERENCE  it has no such port, unbound and meant for us
     *          LEAT_E_LIMIT, LEAT_E_GONE
     */
    int (*bind)(void *self, uint32_t domain, uint32_t remote, uint32_t *port);

    /*
     * Closes a port. The other's becomes unbound, and can be bound again.
     * Errors:  LEAT_E_REFERENCE  no such port
     */
    int (*close)(void *self, uint32_t port);

    /*
     * Wakes the other end; nothing where there is none yet. Never blocks, and
     * does nothing else, whatever the peer does.
     * Errors:  LEAT_E_REFERENCE  no such port
     */
    int (*notify)(void *self, uint32_t port);

    /*
     * Takes a port that is pending, and masks it.
     * Errors:  LEAT_E_AGAIN  none is
     */
    int (*pending)(void *self, uint32_t *port);

    /*
     * Lets a port be pending again, at once if an event came meanwhile.
     * Errors:  LEAT_E_REFERENCE  no such port
     */
    int (*unmask)(void *self, uint32_t port);

    /* A descriptor that polls readable while a port is pending; -1: none. */
    int (*fd)(void *self);
};

struct leat_events {
    const struct leat_event_ops *ops;
    void *self;
};

LEAT_END_DECLS

#endif
