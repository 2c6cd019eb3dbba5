/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_EVENT_H
#define LEAT_XEN_EVENT_H

/*
 * Event channels (libleat-xen): a bit that a peer can set, and that wakes.
 *
 * One domain makes a port that another may bind to; from then on each can signal
 * the other. A port that was taken as pending is masked, and stays so, until it
 * is unmasked: signals in between are one. The port of who binds is pending at
 * once, so the first signal says nothing.
 *
 * Threads: one at a time on one handle; a signal can come at any time.
 */

#include <leat/xen.h>

LEAT_BEGIN_DECLS

struct leat_xen_events;

/*
 * Opens a handle, which sees the ports that were made by it.
 *
 * Owner:   (*out) is the caller's; closing it closes its ports.
 * Errors:  LEAT_E_UNSUPPORTED, LEAT_E_REFUSED, LEAT_E_SYSTEM  see (why)
 *          LEAT_E_NOMEM
 */
LEAT_API int leat_xen_events_open(struct leat_xen_events **out,
                                  struct leat_xen_why *why);
LEAT_API void leat_xen_events_close(struct leat_xen_events *e);

/* A descriptor that is readable while a port is pending: to poll, not to read. */
LEAT_API int leat_xen_events_fd(struct leat_xen_events *e);

/*
 * Make a port: one that (domain) may bind to; or one that is bound to (remote),
 * which (domain) has made for us.
 *
 * Errors:  LEAT_E_DOMAIN     no such domain
 *          LEAT_E_REFERENCE  no such remote port, or not for us
 *          LEAT_E_LIMIT      no more ports
 */
LEAT_API int leat_xen_event_offer(struct leat_xen_events *e, uint32_t domain,
                                  uint32_t *port);
LEAT_API int leat_xen_event_bind(struct leat_xen_events *e, uint32_t domain,
                                 uint32_t remote, uint32_t *port);

/*
 * Close a port; signal its other side; let it be pending again.
 * Errors:  LEAT_E_REFERENCE  no port of this handle; to unmask one that is none
 *                            does nothing, and says nothing
 */
LEAT_API int leat_xen_event_close(struct leat_xen_events *e, uint32_t port);
LEAT_API int leat_xen_event_send(struct leat_xen_events *e, uint32_t port);
LEAT_API int leat_xen_event_unmask(struct leat_xen_events *e, uint32_t port);

/*
 * Takes a port that is pending, which masks it.
 * Errors:  LEAT_E_AGAIN  none is
 */
LEAT_API int leat_xen_event_take(struct leat_xen_events *e, uint32_t *port);

LEAT_END_DECLS

#endif
