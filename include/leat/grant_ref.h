/* SPDX-License-Identifier: ISC */
#ifndef LEAT_GRANT_REF_H
#define LEAT_GRANT_REF_H

/*
 * References: the numbers by which a table grants. A share takes those that it
 * needs by itself; who must be sure of them beforehand gets, or waits for, them
 * here, and shares by leat_grant_share_by().
 *
 *     free --get--> held --share--> granted --the peer let go--> free
 *       ^            |
 *       +----put-----+
 *
 * References 0 to 7 are never given out, and those that come back are given out
 * last, so that a number which a peer remembers is long without meaning.
 *
 * Where pages are born granted (LEAT_SHARE_BORN) references come with them: there,
 * a get and a wait give LEAT_E_UNSUPPORTED.
 *
 * Threads: safe from anywhere.
 */

#include <leat/grant.h>

LEAT_BEGIN_DECLS

/*
 * Gets (n) references, all or none.
 *
 * Owner:   the caller's, to put or to share by.
 * Errors:  LEAT_E_LIMIT  so many are not free
 *          LEAT_E_BUSY   others wait in line
 */
LEAT_API int leat_grant_refs_get(struct leat_grants *table, uint32_t *refs,
                                 size_t n);

/*
 * Puts (n) references back, all or none.
 *
 * Errors:  LEAT_E_REFERENCE  one of them is none, reserved, or not held; or
 *                            named twice
 *          LEAT_E_BUSY       one of them is granted
 * Callbacks: a waiter's.
 */
LEAT_API int leat_grant_refs_put(struct leat_grants *table,
                                 const uint32_t *refs, size_t n);

/* Tells how many are free. */
LEAT_API size_t leat_grant_refs_free(struct leat_grants *table);

/* A place in line. The caller's memory; zero it before its first use. */
struct leat_refs_waiter {
    /* Private. */
    struct leat_refs_waiter *next;
    struct leat_refs_waiter *prev;
    struct leat_grants *table;
    uint32_t *refs;
    size_t n;
    void (*served)(void *arg, uint32_t *refs, size_t n);
    void *arg;
};

/*
 * Waits in line for (n) references, which are written to (refs). All come at
 * once and nothing is held meanwhile, so two that want more than half each are
 * served one after the other. Oldest first; while anyone waits, a get and a
 * share give LEAT_E_BUSY.
 *
 * Owner:   (w) and (refs) are in use until (served) is called or the cancel
 *          succeeds; then the references are the waiter's.
 * Locks:   none are held in (served). It may call anything on the table but
 *          destroy, and use (w) again. One thread serves at a time: who puts
 *          meanwhile leaves it to that one.
 * Errors:  LEAT_E_BUSY   (w) is in line already
 *          LEAT_E_LIMIT  the table has not so many
 */
LEAT_API int leat_grant_refs_wait(
    struct leat_grants *table, struct leat_refs_waiter *w, uint32_t *refs,
    size_t n, void (*served)(void *arg, uint32_t *refs, size_t n), void *arg);

/*
 * Leaves the line, in constant time.
 * Errors:  LEAT_E_STATE  (w) is not in line: served, or never was
 */
LEAT_API int leat_grant_refs_cancel(struct leat_grants *table,
                                    struct leat_refs_waiter *w);

LEAT_END_DECLS

#endif
