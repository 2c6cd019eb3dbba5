/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_EVENT_H
#define LEAT_XEN_EVENT_H

/*
 * Event channels of a Linux domain (libleat-xen), as leat/event.h has them.
 *
 * Threads: one at a time on one handle; an event can come at any time.
 */

#include <leat/event.h>
#include <leat/xen.h>

LEAT_BEGIN_DECLS

struct leat_xen_events;

/*
 * Opens a handle, which sees the ports that were made by it.
 *
 * Owner:   (*out) is the caller's; closing it closes its ports.
 * Errors:  LEAT_E_UNSUPPORTED, LEAT_E_REFUSED, LEAT_E_SYSTEM  see (why)
 *          LEAT_E_NOMEM
 * (why), unless NULL, is written in any case.
 */
LEAT_API int leat_xen_events_open(struct leat_xen_events **out,
                                  struct leat_xen_why *why);
LEAT_API void leat_xen_events_close(struct leat_xen_events *e);

/* Names it as event channels. Errors beside theirs: LEAT_E_REFUSED. */
LEAT_API struct leat_events leat_xen_event_ops(struct leat_xen_events *e);

LEAT_END_DECLS

#endif
