/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_STORE_H
#define LEAT_XEN_STORE_H

/*
 * Xenstore (libleat-xen): a small tree of keys that all domains of a machine
 * share, with watches and transactions.
 *
 * A path that does not begin with a slash is below the domain's own part. A
 * value is bytes; what is written as text is read as text, for a zero byte
 * follows it that does not count.
 *
 * Threads: safe from anywhere. The library below starts a thread of its own at
 *          the first watch. Calls wait for the daemon: without one, where this
 *          is the domain that should run it, without bound.
 */

#include <leat/xen.h>

LEAT_BEGIN_DECLS

struct leat_xen_store;

/* The longest value, with its path and a few bytes more. Source: xs_wire.h. */
#define LEAT_XEN_STORE_MAX 4096u

/* No transaction. */
#define LEAT_XEN_STORE_ALONE 0u

/*
 * Opens a connection.
 *
 * Owner:   (*out) is the caller's; closing it ends its watches.
 * Errors:  LEAT_E_UNSUPPORTED, LEAT_E_REFUSED, LEAT_E_SYSTEM  see (why)
 *          LEAT_E_NOMEM
 */
LEAT_API int leat_xen_store_open(struct leat_xen_store **out,
                                 struct leat_xen_why *why);
LEAT_API void leat_xen_store_close(struct leat_xen_store *s);

/*
 * Errors of these calls:
 *   LEAT_E_REFERENCE  no such key
 *   LEAT_E_REFUSED    not permitted
 *   LEAT_E_LENGTH     longer than the protocol takes
 *   LEAT_E_LIMIT      the domain's share of the store is used up
 *   LEAT_E_INVALID    a malformed path
 *   LEAT_E_GONE       the daemon is not there any more
 */

/*
 * Reads a value into (buf), with a zero byte after it. (*len), unless NULL, is
 * its length.
 * Errors:  LEAT_E_RANGE  it and the zero byte are longer than (room)
 */
LEAT_API int leat_xen_store_read(struct leat_xen_store *s, uint32_t transaction,
                                 const char *path, char *buf, size_t room,
                                 size_t *len);

/* Writes a value, and makes the key and those above it as needed. */
LEAT_API int leat_xen_store_write(struct leat_xen_store *s,
                                  uint32_t transaction, const char *path,
                                  const void *value, size_t len);

/* Removes a key and all below it. */
LEAT_API int leat_xen_store_remove(struct leat_xen_store *s,
                                   uint32_t transaction, const char *path);

/*
 * Calls (fn) with the name of each key right below (path), until it gives other
 * than 0, which is then the result.
 */
LEAT_API int leat_xen_store_list(struct leat_xen_store *s, uint32_t transaction,
                                 const char *path,
                                 int (*fn)(void *arg, const char *name),
                                 void *arg);

/*
 * Begins a transaction, and ends it. A commit that gives LEAT_E_AGAIN has
 * changed nothing, for others wrote meanwhile: begin anew, a bounded number of
 * times.
 */
LEAT_API int leat_xen_store_begin(struct leat_xen_store *s,
                                  uint32_t *transaction);
LEAT_API int leat_xen_store_end(struct leat_xen_store *s, uint32_t transaction,
                                bool commit);

/*
 * Watches (path) and all below it, under the name (token); stops to. A watch
 * fires once when it is set. In a domU, to stop one that is not there says
 * nothing.
 */
LEAT_API int leat_xen_store_watch(struct leat_xen_store *s, const char *path,
                                  const char *token);
LEAT_API int leat_xen_store_unwatch(struct leat_xen_store *s, const char *path,
                                    const char *token);

/* A descriptor that is readable when a watch has fired. */
LEAT_API int leat_xen_store_fd(struct leat_xen_store *s);

/*
 * Takes what has fired: the path that changed, and the token. Either may be
 * NULL; each is cut to its room.
 * Errors:  LEAT_E_AGAIN  nothing has
 */
LEAT_API int leat_xen_store_fired(struct leat_xen_store *s, char *path,
                                  size_t path_room, char *token,
                                  size_t token_room);

LEAT_END_DECLS

#endif
