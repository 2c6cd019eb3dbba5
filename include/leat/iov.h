/* SPDX-License-Identifier: ISC */
#ifndef LEAT_IOV_H
#define LEAT_IOV_H

/*
 * iov: a list of views, for scatter-gather.
 *
 * The array is the caller's, given once; an iov never allocates, so appending
 * can fail and nothing else is lost. Its views are borrowed.
 *
 * Owner:   struct and array are the caller's.
 * Threads: one thread at a time.
 *
 * A call that copies makes one copy a view; views of 0 bytes are none.
 *
 * Errors that all of these calls share:
 *   LEAT_E_INVALID  a needed pointer is NULL
 */

#include <leat/chunk.h>
#include <leat/view.h>

LEAT_BEGIN_DECLS

struct leat_iov {
    struct leat_view *views; /* the caller's array of (max) */
    size_t n;                /* views in use                */
    size_t max;
};

/* Starts an empty iov over the array (views) of (max). */
LEAT_API int leat_iov_init(struct leat_iov *iov, struct leat_view *views,
                           size_t max);

/*
 * Appends (v). A view of 0 bytes is appended as it is: it counts as a view and
 * adds nothing to the length.
 *
 * Errors:  LEAT_E_LIMIT     the array is full
 *          LEAT_E_STALE     (v) is the void view
 *          LEAT_E_OVERFLOW  the total length would not fit a size_t
 */
LEAT_API int leat_iov_append(struct leat_iov *iov, struct leat_view v);

/* Errors:  LEAT_E_OVERFLOW  the sum of the lengths does not fit a size_t. */
LEAT_API int leat_iov_total(const struct leat_iov *iov, size_t *total);

/*
 * Drops the first (n) bytes. Views that become empty leave the list, those of
 * 0 bytes at its front too.
 *
 * Errors:  LEAT_E_RANGE  fewer bytes are there
 */
LEAT_API int leat_iov_shift(struct leat_iov *iov, size_t n);

/*
 * Cuts at byte (at): (iov) keeps [0, at), (tail), an empty iov with an array of
 * its own, gets the rest. A view that the cut goes through is in both, halved;
 * views of 0 bytes at the cut go to (tail).
 *
 * Errors:  LEAT_E_RANGE  fewer bytes are there
 *          LEAT_E_LIMIT  (tail)'s array is too small
 *          LEAT_E_STATE  (tail) is not empty
 */
LEAT_API int leat_iov_split(struct leat_iov *iov, size_t at,
                            struct leat_iov *tail);

/*
 * Fills the views in order from (src), as far as either goes; gives in
 * (*copied) the bytes copied (LEAT_WHY_IN, one copy a view) and in (*rest) the
 * bytes of (src) that found no room. Either output may be NULL.
 */
LEAT_API int leat_iov_fill(const struct leat_iov *iov, const void *src,
                           size_t len, size_t *copied, size_t *rest,
                           struct leat_copies *copies);

/*
 * Gathers all bytes to the start of (into) (LEAT_WHY_COALESCE, one copy a view)
 * and gives the part of (into) that they fill. An iov of one view is copied too:
 * look at iov->n first where that should be no copy. (into) must not overlap the
 * views.
 *
 * Errors:  LEAT_E_RANGE     (into) is too short
 *          LEAT_E_STALE     (into) is the void view, and there are bytes
 *          LEAT_E_OVERFLOW  as leat_iov_total()
 */
LEAT_API int leat_iov_coalesce(const struct leat_iov *iov,
                               struct leat_view into, struct leat_view *out,
                               struct leat_copies *copies);

/*
 * Gives the iov memory of its own: takes one run of pages from (pool), copies
 * all bytes there (LEAT_WHY_UNSHARE, one copy a view, counted in the pool) and
 * makes the views point into it, with their lengths as they were. An iov of 0
 * bytes takes nothing: (*chunk) becomes the void chunk. In a pool with a peer,
 * what the bytes leave of the last page is zero.
 *
 * Owner:   (*chunk) is the caller's, to put when the views are done with.
 * Errors:  those of leat_pool_get() and leat_iov_total(); the iov is then as it
 *          was.
 */
LEAT_API int leat_iov_unshare(struct leat_iov *iov, struct leat_pool *pool,
                              struct leat_chunk *chunk);

LEAT_END_DECLS

#endif
