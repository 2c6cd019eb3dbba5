/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_POLL_H
#define LEAT_XEN_POLL_H

/*
 * One descriptor for all that a bus waits for (libleat-xen): libxenstore has one
 * and libxenevtchn another, and leat_bus_config wants one.
 *
 * Threads: any; it is the caller's.
 */

#include <leat/event.h>
#include <leat/store.h>

LEAT_BEGIN_DECLS

/*
 * Makes a descriptor that polls readable while that of (store) or that of (events)
 * does; one that has none, as events that are zeroed, is left out.
 *
 * Owner:   (*fd) is the caller's, to close(2), before the store and the events
 *          are.
 * Errors:  LEAT_E_INVALID      NULL
 *          LEAT_E_UNSUPPORTED  neither has one
 *          LEAT_E_LIMIT        the process may have no more descriptors
 *          LEAT_E_NOMEM, LEAT_E_SYSTEM
 */
LEAT_API int leat_xen_poll_open(const struct leat_store *store,
                                const struct leat_events *events, int *fd);

LEAT_END_DECLS

#endif
