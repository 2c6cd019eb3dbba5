/* SPDX-License-Identifier: ISC */
#ifndef LEAT_DISK_H
#define LEAT_DISK_H

/*
 * What stands behind a block device: a table of operations, so that blkback is
 * written once: over a file or a block device (leat/file_disk.h), or memory
 * (leat/memory_disk.h).
 *
 * A disk is a number of sectors of 512 bytes, which are read and written in
 * multiples of its own sector size. Requests are asynchronous: submit() takes
 * one, poll() begins what was taken and tells what was done. They may be done in
 * any order: who needs one waits for what must come before.
 *
 * The bytes of a request are shared memory (R4): a peer may be writing them
 * meanwhile. A disk reads each at least once, and what it wrote is what it read
 * at some time; it decides nothing by them. One that lets a device read them
 * (O_DIRECT) cannot promise to read them only once.
 *
 * Owner:   (self) is its maker's. A disk has one user, to whom all that is done
 *          is told.
 * Threads: one at a time on one disk.
 */

#include <leat/error.h>
#include <leat/shared.h>

LEAT_BEGIN_DECLS

#define LEAT_DISK_SECTOR 512u

enum leat_disk_op {
    LEAT_DISK_READ = 0,    /* from the disk to memory                        */
    LEAT_DISK_WRITE = 1,   /* from memory to the disk                        */
    LEAT_DISK_FLUSH = 2,   /* what was told as done before will last         */
    LEAT_DISK_DISCARD = 3, /* the sectors are of no use any more             */
};

/* What a disk can and cannot. */
#define LEAT_DISK_CAN_FLUSH    1u
#define LEAT_DISK_CAN_DISCARD  2u
#define LEAT_DISK_CAN_ERASE    4u /* a discard with LEAT_DISK_SECURE        */
#define LEAT_DISK_IS_READ_ONLY 8u /* no write, no discard                   */
#define LEAT_DISK_IS_REMOVABLE 16u
#define LEAT_DISK_IS_CDROM     32u

struct leat_disk_info {
    uint64_t sectors;        /* of LEAT_DISK_SECTOR bytes: a multiple of
                                sector_bytes in all                          */
    uint32_t sector_bytes;   /* 512, 1024, 2048 or 4096: what sector numbers,
                                lengths and addresses are multiples of       */
    uint32_t physical_bytes; /* a multiple of it: what is written at best    */
    uint32_t flags;          /* LEAT_DISK_CAN_*, LEAT_DISK_IS_*              */
    uint32_t discard_bytes;  /* granularity of a discard; 0: sector_bytes    */
    uint32_t discard_offset; /* bytes from the start to the first of these   */
    uint32_t segments;       /* of a request, at most; not 0                 */
    uint32_t depth;          /* requests under way, at most; not 0           */
};

/* Flags of a request. */
#define LEAT_DISK_SECURE 1u /* discard: no copy of the bytes stays           */

/* A request. What its user checked, the disk need not: LEAT_E_RANGE and
 * LEAT_E_ALIGN are for who did not. */
struct leat_disk_request {
    enum leat_disk_op op;
    uint32_t flags;
    uint64_t sector;  /* the first, of 512 bytes; 0 of a flush               */
    uint64_t sectors; /* how many; read, write: those of (segs) together     */
    const struct leat_shared *segs; /* read, write: where the bytes are      */
    size_t nsegs;
    uint64_t cookie; /* comes back with what was done                        */
};

struct leat_disk_done {
    uint64_t cookie;
    int status; /* 0, or LEAT_E_SYSTEM, LEAT_E_UNSUPPORTED, LEAT_E_ACCESS,
                   LEAT_E_RANGE, ...                                         */
};

struct leat_disk_ops {
    const char *name; /* one lower-case word, static */

    /*
     * Tells what the disk is now: it asks anew, so a resize is seen here.
     * Errors:  LEAT_E_SYSTEM, LEAT_E_GONE
     */
    int (*info)(void *self, struct leat_disk_info *out);

    /*
     * Takes a request. (segs), and the bytes they name, are borrowed until it is
     * told as done; (*req) is not.
     *
     * Errors:  LEAT_E_AGAIN     as many as it takes are under way
     *          LEAT_E_RANGE, LEAT_E_ALIGN, LEAT_E_SEGMENTS, LEAT_E_ACCESS,
     *          LEAT_E_UNSUPPORTED  nothing is taken
     */
    int (*submit)(void *self, const struct leat_disk_request *req);

    /*
     * Begins what was taken, and tells up to (max) requests that are done.
     * Never blocks, but for what its maker says. (*n) is how many; who sleeps
     * on the descriptor polls first until there are none.
     *
     * Errors:  LEAT_E_AGAIN  none is told, and not all could be begun: call
     *                        again soon
     *          LEAT_E_GONE   what stands under it died: nothing more will be
     *                        told, and no memory touched
     */
    int (*poll)(void *self, struct leat_disk_done *done, size_t max, size_t *n);

    /* A descriptor that polls readable while something is done; -1: none. */
    int (*fd)(void *self);
};

struct leat_disk {
    const struct leat_disk_ops *ops;
    void *self;
};

LEAT_END_DECLS

#endif
