/* SPDX-License-Identifier: ISC */
#ifndef LEAT_FILE_DISK_H
#define LEAT_FILE_DISK_H

/*
 * A file or a block device as a disk (leat/disk.h), by io_uring: of libleat-io.
 *
 * Without flags it is opened with O_DIRECT, and the device reads and writes the
 * bytes of a request where they are: nothing is copied, and the page cache has
 * no part in it. What alignment that takes is asked of statx (STATX_DIOALIGN),
 * and is the disk's sector size.
 *
 *   flush     fdatasync(2)
 *   discard   of a file, its blocks are punched out (fallocate(2)): they read as
 *             zeros; of a block device, BLKDISCARD. With LEAT_DISK_SECURE, of a
 *             block device, BLKSECDISCARD. Block devices do it at once: submit()
 *             takes as long as they do.
 *   size      whole sectors; asked anew by info()
 *
 * What is read or written short is continued, and what ends before its length
 * (the file was made shorter) is LEAT_E_RANGE.
 */

#include <leat/disk.h>

LEAT_BEGIN_DECLS

struct leat_file_disk;

/* Flags. */
#define LEAT_FILE_READ_ONLY 1u
#define LEAT_FILE_CACHED \
    2u /* through the page cache, which copies: for files that do no direct I/O,
          or what is in the cache anyway                                       */
#define LEAT_FILE_NO_DISCARD 4u
#define LEAT_FILE_ERASE \
    8u /* a block device's discard can be secure: Linux
                                   does not tell                               */

/* Zero it; each field's zero is its default, here in brackets. */
struct leat_file_disk_config {
    uint32_t flags;        /* LEAT_FILE_*                                    */
    uint32_t sector_bytes; /* [what the file asks for, at least 512]         */
    uint32_t depth;        /* [128], up to 4096                              */
    uint32_t segments;     /* [256], up to 1024                              */
};

/*
 * Opens (path).
 *
 * Owner:   (*out) is the caller's, to close.
 * Errors:  LEAT_E_INVALID      a field out of its set
 *          LEAT_E_ALIGN        sector_bytes is less than the file asks for
 *          LEAT_E_UNSUPPORTED  it does no direct I/O; it is neither a file nor a
 *                              block device; the kernel has no io_uring, or does
 *                              not let this program use it
 *          LEAT_E_LENGTH       not even one sector is in it
 *          LEAT_E_ACCESS       its permissions forbid it, or it is read-only
 *          LEAT_E_REFERENCE    there is no such file
 *          LEAT_E_NOMEM, LEAT_E_SYSTEM
 */
LEAT_API int leat_file_disk_open(struct leat_file_disk **out, const char *path,
                                 const struct leat_file_disk_config *config);

/*
 * Closes it.
 * Errors:  LEAT_E_BUSY  requests are under way: nothing is changed
 */
LEAT_API int leat_file_disk_close(struct leat_file_disk *d);

/* As a disk. Owner: (d) is borrowed. */
LEAT_API struct leat_disk leat_file_disk(struct leat_file_disk *d);

struct leat_file_disk_stats {
    uint64_t reads, writes, flushes, discards; /* requests done              */
    uint64_t read_bytes, write_bytes, discard_bytes;
    uint64_t failed;    /* of them, with an error                            */
    uint64_t continued; /* times a short transfer went on                    */
    uint64_t full;      /* times submit() was LEAT_E_AGAIN                   */
    uint64_t enters;    /* system calls that began something                 */
    uint64_t under_way; /* a gauge                                           */
};

LEAT_API int leat_file_disk_stats(const struct leat_file_disk *d,
                                  struct leat_file_disk_stats *out);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_file_disk_check(const struct leat_file_disk *d);

LEAT_END_DECLS

#endif
