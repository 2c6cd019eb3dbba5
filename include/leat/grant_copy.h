/* SPDX-License-Identifier: ISC */
#ifndef LEAT_GRANT_COPY_H
#define LEAT_GRANT_COPY_H

/*
 * Grant copy: bytes to and from a peer's pages without mapping them, at any
 * offset and length.
 *
 * A *batch* gathers segments, each within one page of a peer's, and runs them all
 * at once. One may fail while others succeed, so each has a status, and none can
 * go unread: the run gives the first error, and after it the batch can be used
 * again only when leat_copy_failed() has told every segment that failed.
 *
 *     filling --run--> ran --every failure told--> (reset) --> filling
 *
 * Threads: one thread at a time per batch.
 */

#include <leat/copies.h>
#include <leat/grant.h>

LEAT_BEGIN_DECLS

/* A batch. The caller's memory, and private but for (segs). */
struct leat_copy_batch {
    struct leat_grants *table;
    struct leat_copy_seg *segs; /* those that were added, with their statuses */
    size_t max;
    size_t n;
    struct leat_copies *copies;
    uint64_t generation;
    size_t read; /* segments before this one have been told of */
    bool ran;
};

/*
 * Starts a batch of at most (max) segments in (segs).
 *
 * Owner:   (segs) is borrowed, and in use until the batch is given up; so are
 *          the bytes that are named, until it has run.
 * Errors:  LEAT_E_INVALID      NULL, or no segments
 *          LEAT_E_UNSUPPORTED  the table cannot copy
 */
LEAT_API int leat_copy_init(struct leat_copy_batch *b,
                            struct leat_grants *table,
                            struct leat_copy_seg *segs, size_t max,
                            struct leat_copies *copies);

/*
 * Adds a copy from, or to, a peer's (n) pages, which count as one run of bytes:
 * those from (off) on. They are cut at the pages' edges; all or none of it is
 * added. A copy of no bytes is checked as any other and adds no segment.
 *
 * Errors:  LEAT_E_RANGE     [off, off + len) leaves the pages
 *          LEAT_E_SEGMENTS  more segments than there is room for
 *          LEAT_E_STATE     the batch has run: reset it first
 *          LEAT_E_STALE     the view is the void view
 */
LEAT_API int leat_copy_from(struct leat_copy_batch *b,
                            const struct leat_gref *pages, size_t n, size_t off,
                            struct leat_view to);
LEAT_API int leat_copy_to(struct leat_copy_batch *b,
                          const struct leat_gref *pages, size_t n, size_t off,
                          struct leat_cview from);

/* The same, from pages of peers' to pages of peers'. */
LEAT_API int leat_copy_between(struct leat_copy_batch *b,
                               const struct leat_gref *from, size_t nfrom,
                               size_t from_off, const struct leat_gref *to,
                               size_t nto, size_t to_off, size_t len);

/*
 * Runs all segments. 0: each of them succeeded. An empty batch succeeds. What was
 * copied is counted as LEAT_WHY_SHARED, a segment a copy.
 *
 * Errors:  that of the first segment that failed; others may have succeeded
 *          LEAT_E_STALE  the table has resumed since the batch was begun:
 *                        nothing was tried, and all have failed
 *          LEAT_E_STATE  it has run already
 *          those of the backend
 */
LEAT_API int leat_copy_run(struct leat_copy_batch *b);

/*
 * Tells the next segment that failed: which, and how.
 *
 * Errors:  LEAT_E_END    there is none, or no more
 *          LEAT_E_STATE  it has not run
 */
LEAT_API int leat_copy_failed(struct leat_copy_batch *b, size_t *seg,
                              int *status);

/*
 * Makes a batch empty again.
 *
 * Errors:  LEAT_E_STATE  it has run, and a failure has not been told
 */
LEAT_API int leat_copy_reset(struct leat_copy_batch *b);

LEAT_END_DECLS

#endif
