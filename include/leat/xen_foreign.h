/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_FOREIGN_H
#define LEAT_XEN_FOREIGN_H

/*
 * The Xen foreign backend (libleat-xen): the frames of another domain and its
 * grant table, whether it has granted them or not.
 *
 * This is privileged: it is for the control domain, for tools and for tests. The
 * domain that is looked at neither permits it nor learns of it. It can only be
 * looked at unless LEAT_XEN_WRITABLE is asked for. Nothing here should be in the
 * way of a page: it is a witness.
 */

#include <leat/grant_ops.h>
#include <leat/xen.h>

LEAT_BEGIN_DECLS

struct leat_xen_foreign;

/* The calling domain, whose number does not serve for its own frames.
 * Source: DOMID_SELF in xen/xen.h. */
#define LEAT_XEN_SELF 0x7ff0u

#define LEAT_XEN_WRITABLE 1u /* frames may be mapped for writing */

/*
 * Opens the frames of (domain).
 *
 * Owner:   (*out) is the caller's, to close.
 * Errors:  LEAT_E_INVALID      unknown flags
 *          LEAT_E_DOMAIN       no such number
 *          LEAT_E_UNSUPPORTED, LEAT_E_REFUSED, LEAT_E_SYSTEM  see (why)
 *          LEAT_E_NOMEM
 * (why), unless NULL, is written in any case.
 */
LEAT_API int leat_xen_foreign_open(struct leat_xen_foreign **out,
                                   uint32_t domain, uint32_t flags,
                                   struct leat_xen_why *why);

/* Closes it; what was mapped by it must be unmapped before. */
LEAT_API int leat_xen_foreign_close(struct leat_xen_foreign *f);

/*
 * Maps (n) frames as contiguous pages: all or none. (status), of n, unless NULL,
 * says of each: 0 or its error, and is written on failure too.
 *
 * Owner:   (*base) is the caller's, to unmap.
 * Errors:  LEAT_E_INVALID    n is 0
 *          LEAT_E_ACCESS     for writing, without LEAT_XEN_WRITABLE
 *          LEAT_E_REFUSED    not permitted, or no frame of the domain's:
 *                            (status) says which
 *          LEAT_E_DOMAIN     no such domain
 *          LEAT_E_REFERENCE  no frame at all
 *          LEAT_E_NOMEM
 */
LEAT_API int leat_xen_foreign_map(struct leat_xen_foreign *f,
                                  const uint64_t *frames, size_t n,
                                  enum leat_access access, int *status,
                                  void **base);
LEAT_API int leat_xen_foreign_unmap(struct leat_xen_foreign *f, void *base,
                                    size_t n);

/*
 * Reads the entry (ref) of the domain's grant table, of version 1. It is a look
 * at what the domain and the hypervisor write meanwhile.
 *
 * A part of the table that the domain has not grown to yet is grown by being
 * looked at, as far as the domain's maximum.
 *
 * Errors:  LEAT_E_REFERENCE  beyond the table
 *          LEAT_E_REFUSED    not permitted: so is the calling domain's own
 *          LEAT_E_DOMAIN     no such domain
 * Threads: one at a time.
 */
LEAT_API int leat_xen_foreign_entry(struct leat_xen_foreign *f, uint32_t ref,
                                    struct leat_grant_entry *out);

/* References that the domain's table can have. Errors: as above. */
LEAT_API int leat_xen_foreign_refs(struct leat_xen_foreign *f, uint32_t *refs);

LEAT_END_DECLS

#endif
