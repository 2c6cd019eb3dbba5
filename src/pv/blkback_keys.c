/* SPDX-License-Identifier: ISC */

/*
 * What a back end writes into the store: what it offers, and what the disk is.
 * Keys that say "no" are written too, for a back that had said "yes" there may have
 * died.
 *
 * Source: xen/io/blkif.h.
 */

#include <string.h>

#include "blkback.h"

struct number {
    const char *key;
    uint64_t value;
};

/* The toolstack's say. */
static int own_says(struct leat_blkback *b, const char *key, uint64_t otherwise,
                    uint64_t *out)
{
    return leat_bus_read_or(&b->end, LEAT_BUS_OWN, key, 0, UINT32_MAX,
                            otherwise, out);
}

int leat_back_geometry(struct leat_blkback *b)
{
    const uint32_t flags = b->config.flags;
    const struct leat_disk *d = &b->config.disk;
    uint64_t discards = 1;
    char mode[8] = "";
    int err = d->ops->info(d->self, &b->disk);

    if (!err)
        err = own_says(b, "discard-enable", 1, &discards);
    if (err)
        return err;
    err = leat_bus_read(&b->end, LEAT_BUS_OWN, "mode", mode, sizeof(mode));
    if (err && err != LEAT_E_REFERENCE)
        return err;
    b->flags = b->disk.flags;
    if (flags & LEAT_BLKBACK_READ_ONLY || mode[0] == 'r')
        b->flags |= LEAT_DISK_IS_READ_ONLY;
    if (flags & LEAT_BLKBACK_NO_FLUSH)
        b->flags &= ~LEAT_DISK_CAN_FLUSH;
    if (flags & LEAT_BLKBACK_NO_DISCARD || !discards ||
        b->flags & LEAT_DISK_IS_READ_ONLY)
        b->flags &= ~(LEAT_DISK_CAN_DISCARD | LEAT_DISK_CAN_ERASE);
    b->offered = flags & LEAT_BLKBACK_NO_INDIRECT ? 0 : b->config.segments;
    if (b->offered > b->disk.segments)
        b->offered = b->disk.segments;
    if (b->offered <= BLKIF_SEGMENTS)
        b->offered = 0;
    return 0;
}

static int write_all(struct leat_blkback *b, const struct number *n,
                     size_t count)
{
    size_t i;
    int err = 0;

    for (i = 0; i < count && !err; i++)
        err = leat_bus_write_number(&b->end, n[i].key, n[i].value);
    return err;
}

#define WRITE(b, numbers) \
    write_all(b, numbers, sizeof(numbers) / sizeof((numbers)[0]))

static int write_disk(struct leat_blkback *b)
{
    const uint32_t info =
        (b->flags & LEAT_DISK_IS_CDROM ? BLKIF_INFO_CDROM : 0) |
        (b->flags & LEAT_DISK_IS_REMOVABLE ? BLKIF_INFO_REMOVABLE : 0) |
        (b->flags & LEAT_DISK_IS_READ_ONLY ? BLKIF_INFO_READ_ONLY : 0);
    const struct number disk[] = {
        {"sectors", b->disk.sectors},
        {"sector-size", b->disk.sector_bytes},
        {"physical-sector-size", b->disk.physical_bytes ? b->disk.physical_bytes
                                                        : b->disk.sector_bytes},
        {"info", info},
    };

    return WRITE(b, disk);
}

static int write_discard(struct leat_blkback *b)
{
    const struct number discard[] = {
        {"feature-discard", !!(b->flags & LEAT_DISK_CAN_DISCARD)},
        {"discard-granularity",
         b->disk.discard_bytes ? b->disk.discard_bytes : b->disk.sector_bytes},
        {"discard-alignment", b->disk.discard_offset},
        {"discard-secure", !!(b->flags & LEAT_DISK_CAN_ERASE)},
    };
    size_t i;
    int err;

    if (b->flags & LEAT_DISK_CAN_DISCARD)
        return WRITE(b, discard);
    err = leat_bus_write_number(&b->end, discard[0].key, 0);
    for (i = 1; i < sizeof(discard) / sizeof(discard[0]) && !err; i++)
        err = leat_bus_remove(&b->end, discard[i].key);
    return err;
}

static int write_features(struct leat_blkback *b)
{
    const uint32_t flags = b->config.flags;
    const bool flush = b->flags & LEAT_DISK_CAN_FLUSH;
    const struct number features[] = {
        {"multi-queue-max-queues", b->config.queues},
        {"max-ring-page-order", b->config.ring_order - 1},
        {"feature-persistent", !(flags & LEAT_BLKBACK_NO_PERSISTENT)},
        {"feature-flush-cache", flush},
        {"feature-barrier", flush && !(flags & LEAT_BLKBACK_NO_BARRIER)},
    };
    int err = WRITE(b, features);

    if (err)
        return err;
    /* blkif.h: there is no such node where it is not known. */
    return b->offered
               ? leat_bus_write_number(&b->end, "feature-max-indirect-segments",
                                       b->offered)
               : leat_bus_remove(&b->end, "feature-max-indirect-segments");
}

static int announce(void *arg, struct leat_bus_end *e)
{
    struct leat_blkback *b = arg;
    int err = write_features(b);

    (void)e;
    if (!err)
        err = write_discard(b);
    return err ? err : write_disk(b);
}

int leat_back_announce(struct leat_blkback *b)
{
    int err = leat_back_geometry(b);

    return err ? err : leat_bus_transact(&b->end, announce, b);
}

static int write_size(void *arg, struct leat_bus_end *e)
{
    (void)e;
    return write_disk(arg);
}

int leat_back_write_size(struct leat_blkback *b)
{
    return leat_bus_transact(&b->end, write_size, b);
}
