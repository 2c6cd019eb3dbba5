/* SPDX-License-Identifier: ISC */
#ifndef LEAT_IO_FILE_DISK_H
#define LEAT_IO_FILE_DISK_H

/* What the files of the file disk have in common. file_disk.c has the theory. */

#include <liburing.h>
#include <sys/uio.h>

#include <leat/file_disk.h>

#include "io.h"
#include "pv/disk_check.h"

#define FILE_NONE UINT32_MAX

/* How often a transfer may be interrupted before it has failed. */
#define FILE_TRIES 16u

enum file_state {
    FILE_FREE = 0,
    FILE_BEGUN = 1, /* it has an entry in the ring, or will have by poll() */
};

struct file_slot {
    enum file_state state;
    enum leat_disk_op op;
    uint32_t next;  /* of the free                                        */
    uint32_t tries; /* interrupted                                        */
    uint64_t cookie;
    int status;        /* known before it was begun: LEAT_E_*, or 0       */
    struct iovec *iov; /* (c) room for (segments)                         */
    uint32_t at, n;    /* what of it is left                              */
    uint64_t off, left, total; /* in bytes                                */
};

struct leat_file_disk {
    int fd;
    bool direct;                         /* (c) */
    bool block;                          /* (c) a block device */
    struct leat_file_disk_config config; /* (c) */
    struct leat_disk_info now;           /* as info() told last */
    struct io_uring ring;
    struct file_slot *slots;
    struct iovec *iovs;
    uint32_t free; /* first free slot */
    struct leat_file_disk_stats stats;
};

/* Ask the file: its size, of sectors that (out) names; and what it can. */
int leat_file_look(const struct leat_file_disk *d, struct leat_disk_info *out);
int leat_file_features(const struct leat_file_disk *d,
                       struct leat_disk_info *out);

/* Requests. */
int leat_file_submit(void *self, const struct leat_disk_request *req);
int leat_file_poll(void *self, struct leat_disk_done *done, size_t max,
                   size_t *n);

#endif
