/* SPDX-License-Identifier: ISC */
#ifndef LEAT_GRANT_MAP_H
#define LEAT_GRANT_MAP_H

/*
 * Mapping: a peer's pages, as memory of this domain that the peer can still
 * write (leat/shared.h, rule R4).
 *
 * The errors that leat/grant.h lists are shared by these calls.
 */

#include <leat/grant.h>
#include <leat/shared.h>

LEAT_BEGIN_DECLS

/* What a map gave. The void handle has no table. */
struct leat_mapping {
    struct leat_grants *table;
    uint64_t id; /* generation << 32 | slot */
};

/*
 * Maps (n) grants, of one domain or of several, as contiguous pages: all or
 * none. (status), of n, unless NULL, says of each: 0, or what is wrong with it;
 * it is written whenever the backend was asked.
 *
 * Owner:   (*out) is the caller's, to unmap.
 * Errors:  the first of (status), where there is one; else
 *          LEAT_E_DOMAIN   no such number
 *          LEAT_E_LIMIT    maps_max, or the quota of a peer
 *          LEAT_E_UNSUPPORTED  the table does not map
 *          those of the backend
 */
LEAT_API int leat_grant_map(struct leat_grants *table,
                            const struct leat_gref *grefs, size_t n,
                            enum leat_access access, int *status,
                            struct leat_mapping *out);

/*
 * Unmaps it: windows of it must not be touched any more. A mapping of before a
 * resume can still be unmapped, and nothing else.
 *
 * Errors:  LEAT_E_STALE  it was unmapped already; nothing is changed
 *          that of the backend, which has unmapped what it could: the handle is
 *          used up
 */
LEAT_API int leat_grant_unmap(struct leat_mapping m);

/*
 * Gives its bytes as shared memory: for what (access) says.
 *
 * Owner:   borrowed: valid until it is unmapped.
 * Errors:  LEAT_E_ACCESS  writing where it was mapped for reading
 */
LEAT_API int leat_mapping_shared(struct leat_mapping m, enum leat_access access,
                                 struct leat_shared *out);

LEAT_END_DECLS

#endif
