/* SPDX-License-Identifier: ISC */

/*
 * What a file or block device is: how large, and what it can.
 *
 * Whether holes can be punched, a file tells by being asked to punch one beyond
 * its end, where there is nothing to lose. Whether a block device discards is in
 * sysfs alone.
 */

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file_disk.h"

int leat_file_look(const struct leat_file_disk *d, struct leat_disk_info *out)
{
    uint64_t bytes;
    struct stat st;

    if (d->block) {
        if (ioctl(d->fd, BLKGETSIZE64, &bytes))
            return LEAT_E_SYSTEM;
    } else {
        if (fstat(d->fd, &st) || st.st_size < 0)
            return LEAT_E_SYSTEM;
        bytes = (uint64_t)st.st_size;
    }
    out->sectors =
        bytes / out->sector_bytes * (out->sector_bytes / LEAT_DISK_SECTOR);
    return 0;
}

/* A number in the device's queue directory; a partition's is its disk's. */
static uint64_t queue_says(dev_t dev, const char *what)
{
    static const char *const where[] = {"", "../"};
    unsigned long long x = 0;
    char path[128];
    size_t i;
    FILE *f;

    for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
        snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/%s",
                 major(dev), minor(dev), where[i], what);
        f = fopen(path, "re");
        if (!f)
            continue;
        if (fscanf(f, "%llu", &x) != 1)
            x = 0;
        fclose(f);
        break;
    }
    return x;
}

static int block_features(const struct leat_file_disk *d, const struct stat *st,
                          struct leat_disk_info *out)
{
    unsigned physical = 0;
    uint64_t bytes;
    int ro = 0;

    if (ioctl(d->fd, BLKROGET, &ro))
        return LEAT_E_SYSTEM;
    if (ro)
        out->flags |= LEAT_DISK_IS_READ_ONLY;
    if (!ioctl(d->fd, BLKPBSZGET, &physical) && physical > out->sector_bytes &&
        !(physical & (physical - 1)))
        out->physical_bytes = physical;
    if (queue_says(st->st_rdev, "discard_max_bytes")) {
        out->flags |= LEAT_DISK_CAN_DISCARD;
        bytes = queue_says(st->st_rdev, "discard_granularity");
        if (bytes <= UINT32_MAX)
            out->discard_bytes = (uint32_t)bytes;
        if (d->config.flags & LEAT_FILE_ERASE)
            out->flags |= LEAT_DISK_CAN_ERASE;
    }
    return 0;
}

static bool punches(int fd, const struct stat *st)
{
    off_t beyond =
        (st->st_size + st->st_blksize) / st->st_blksize * st->st_blksize;

    return !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, beyond,
                      st->st_blksize);
}

int leat_file_features(const struct leat_file_disk *d,
                       struct leat_disk_info *out)
{
    struct stat st;
    int err = 0;

    if (fstat(d->fd, &st))
        return LEAT_E_SYSTEM;
    out->physical_bytes = out->sector_bytes;
    out->flags = LEAT_DISK_CAN_FLUSH;
    if (d->config.flags & LEAT_FILE_READ_ONLY)
        out->flags |= LEAT_DISK_IS_READ_ONLY;
    if (d->block) {
        err = block_features(d, &st, out);
    } else if (!(out->flags & LEAT_DISK_IS_READ_ONLY) && st.st_blksize > 0) {
        if (st.st_blksize > out->sector_bytes &&
            !(st.st_blksize & (st.st_blksize - 1)))
            out->physical_bytes = (uint32_t)st.st_blksize;
        if (punches(d->fd, &st)) {
            out->flags |= LEAT_DISK_CAN_DISCARD;
            out->discard_bytes = (uint32_t)st.st_blksize;
        }
    }
    if (out->flags & LEAT_DISK_IS_READ_ONLY ||
        d->config.flags & LEAT_FILE_NO_DISCARD)
        out->flags &= ~(uint32_t)(LEAT_DISK_CAN_DISCARD | LEAT_DISK_CAN_ERASE);
    if (out->discard_bytes < out->sector_bytes)
        out->discard_bytes = out->sector_bytes;
    return err;
}
