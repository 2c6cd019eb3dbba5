/* SPDX-License-Identifier: ISC */
#ifndef LEAT_HOST_H
#define LEAT_HOST_H

/*
 * What libleat adds to the core on a Unix host: views as struct iovec,
 * constraints of files and of io_uring, statistics as JSON.
 *
 * In libleat the plain calls leat_pool_get() and leat_pool_put() use a magazine
 * of the calling thread's own, found through initial-exec thread-local storage;
 * a thread that exits returns its pages. After fork() the parent goes on as if
 * nothing had been; in the child every call on a pool of the parent's fails with
 * LEAT_E_FORKED, its views are void, and memory that is shared with the parent
 * (LEAT_MMAP_MEMFD) is not mapped.
 */

#include <leat/constraint.h>
#include <leat/stats.h>
#include <leat/view.h>

LEAT_BEGIN_DECLS

struct iovec;

/*
 * Writes (n) views as struct iovec to (out), which has room for n; nothing is
 * copied.
 *
 * Errors:  LEAT_E_STALE    a void view
 *          LEAT_E_INVALID  NULL
 */
LEAT_API int leat_views_iovec(const struct leat_view *views, size_t n,
                              struct iovec *out);

/*
 * Asks the kernel what direct I/O (O_DIRECT) on (fd) needs: statx(2) with
 * STATX_DIOALIGN, or BLKSSZGET for a block device. It assumes nothing: where the
 * kernel does not say, it fails. File offsets must be multiples of the same
 * number as lengths, out->multiple.
 *
 * Errors:  LEAT_E_UNSUPPORTED  the file does no direct I/O, or the kernel does
 *                              not say what it needs
 *          LEAT_E_SYSTEM       (fd) is none; errno is as the kernel set it
 */
LEAT_API int leat_constraint_file(int fd, struct leat_constraint *out);

/*
 * What io_uring asks of buffers: of one vectored request (registered = false),
 * at most IOV_MAX segments; of a table of registered buffers (true), at most
 * 16384 of at most 1 GiB each. Neither asks for alignment: merge with
 * leat_constraint_file() for direct I/O. Source: io_uring_register(2).
 */
LEAT_API void leat_constraint_uring(bool registered,
                                    struct leat_constraint *out);

/*
 * Writes (stats) as one JSON object, with a terminating NUL, to (buf) of (len)
 * bytes. (*need), unless NULL, is the bytes it takes with the NUL; a buffer that
 * is too short gets nothing.
 *
 * Errors:  LEAT_E_RANGE  (buf) is too short
 */
LEAT_API int leat_stats_json(const struct leat_stats *stats, char *buf,
                             size_t len, size_t *need);

LEAT_END_DECLS

#endif
