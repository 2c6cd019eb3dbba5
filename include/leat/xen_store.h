/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_STORE_H
#define LEAT_XEN_STORE_H

/*
 * Xenstore (libleat-xen), as leat/store.h has it.
 *
 * Threads: safe from anywhere. The library below starts a thread of its own at
 *          the first watch. Calls wait for the daemon: without one, where this
 *          is the domain that should run it, without bound.
 */

#include <leat/store.h>
#include <leat/xen.h>

LEAT_BEGIN_DECLS

struct leat_xen_store;

/*
 * Opens a connection.
 *
 * Owner:   (*out) is the caller's; closing it ends its watches.
 * Errors:  LEAT_E_UNSUPPORTED, LEAT_E_REFUSED, LEAT_E_SYSTEM  see (why)
 *          LEAT_E_NOMEM
 * (why), unless NULL, is written in any case.
 */
LEAT_API int leat_xen_store_open(struct leat_xen_store **out,
                                 struct leat_xen_why *why);
LEAT_API void leat_xen_store_close(struct leat_xen_store *s);

/* Names it as a store. */
LEAT_API struct leat_store leat_xen_store_ops(struct leat_xen_store *s);

LEAT_END_DECLS

#endif
