/* SPDX-License-Identifier: ISC */
#ifndef LEAT_MEMORY_DISK_H
#define LEAT_MEMORY_DISK_H

/*
 * A disk in memory: the bytes are the caller's. A request is done when it is
 * submitted, by one copy of its bytes, each read once; poll() tells it.
 *
 * It can flush (nothing is to be done), discard, and erase: sectors that are
 * discarded read as zeros from then on, as if written.
 *
 * Owner:   the struct, the bytes and the line are the caller's, in use until no
 *          more calls come.
 */

#include <leat/disk.h>

LEAT_BEGIN_DECLS

/* Zero it; each field's zero is its default, here in brackets. */
struct leat_memory_disk_config {
    void *bytes;           /* required                                       */
    uint64_t sectors;      /* required: of LEAT_DISK_SECTOR bytes            */
    uint32_t sector_bytes; /* [512]                                          */
    uint32_t flags;        /* LEAT_DISK_IS_*                                 */
    uint32_t without;      /* LEAT_DISK_CAN_*: what it shall not do          */
    struct leat_disk_done *line; /* required: room for (depth) of them       */
    uint32_t depth;              /* required                                 */
    struct leat_copies *copies;  /* required: payload, as LEAT_WHY_SHARED    */
};

struct leat_memory_disk {
    struct leat_memory_disk_config config; /* (c) but for (sectors)          */
    uint32_t first, n;                     /* of the line                    */
};

/*
 * Begins.
 * Errors:  LEAT_E_INVALID   NULL, or a field out of its set
 *          LEAT_E_LENGTH    (sectors) is no multiple of the sector size
 *          LEAT_E_OVERFLOW  more bytes than there can be
 */
LEAT_API int leat_memory_disk_init(
    struct leat_memory_disk *d, const struct leat_memory_disk_config *config);

/*
 * Changes how many of the bytes are the disk.
 * Errors:  LEAT_E_LENGTH, LEAT_E_OVERFLOW, as init
 */
LEAT_API int leat_memory_disk_resize(struct leat_memory_disk *d,
                                     uint64_t sectors);

/* As a disk. Owner: (d) is borrowed. */
LEAT_API struct leat_disk leat_memory_disk(struct leat_memory_disk *d);

LEAT_END_DECLS

#endif
