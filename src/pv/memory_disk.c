/* SPDX-License-Identifier: ISC */

/*
 * A disk in memory. What was done stands in a line, oldest first, of which no
 * more is filled than was taken and not told:
 *
 *   K1  first < depth;  n <= depth
 *
 * The bytes of a write go from the peer's memory to the disk by one copy, so a
 * peer that changes them meanwhile changes what is written, and nothing else.
 */

#include <string.h>

#include <leat/memory_disk.h>

#include "disk_check.h"

static int check_size(const struct leat_memory_disk_config *c, uint64_t sectors)
{
    if (!sectors)
        return LEAT_E_INVALID;
    if (sectors > SIZE_MAX / LEAT_DISK_SECTOR)
        return LEAT_E_OVERFLOW;
    if (sectors % (c->sector_bytes / LEAT_DISK_SECTOR))
        return LEAT_E_LENGTH;
    return 0;
}

int leat_memory_disk_init(struct leat_memory_disk *d,
                          const struct leat_memory_disk_config *config)
{
    const uint32_t can =
        LEAT_DISK_CAN_FLUSH | LEAT_DISK_CAN_DISCARD | LEAT_DISK_CAN_ERASE;
    const uint32_t is =
        LEAT_DISK_IS_READ_ONLY | LEAT_DISK_IS_REMOVABLE | LEAT_DISK_IS_CDROM;
    struct leat_memory_disk_config c;
    int err;

    if (!d || !config || !config->bytes || !config->line || !config->depth ||
        !config->copies || config->flags & ~is || config->without & ~can)
        return LEAT_E_INVALID;
    c = *config;
    if (!c.sector_bytes)
        c.sector_bytes = LEAT_DISK_SECTOR;
    if (!leat_disk_sector_ok(c.sector_bytes))
        return LEAT_E_INVALID;
    err = check_size(&c, c.sectors);
    if (err)
        return err;
    memset(d, 0, sizeof(*d));
    d->config = c;
    return 0;
}

int leat_memory_disk_resize(struct leat_memory_disk *d, uint64_t sectors)
{
    int err;

    if (!d)
        return LEAT_E_INVALID;
    err = check_size(&d->config, sectors);
    if (!err)
        d->config.sectors = sectors;
    return err;
}

static int info(void *self, struct leat_disk_info *out)
{
    const struct leat_memory_disk_config *c =
        &((struct leat_memory_disk *)self)->config;
    struct leat_disk_info new = {
        .sectors = c->sectors,
        .sector_bytes = c->sector_bytes,
        .physical_bytes = c->sector_bytes,
        .flags =
            LEAT_DISK_CAN_FLUSH | LEAT_DISK_CAN_DISCARD | LEAT_DISK_CAN_ERASE,
        .segments = UINT32_MAX,
        .depth = c->depth,
    };

    if (!out)
        return LEAT_E_INVALID;
    new.flags &= ~c->without;
    new.flags |= c->flags;
    if (new.flags & LEAT_DISK_IS_READ_ONLY)
        new.flags &= ~(uint32_t)(LEAT_DISK_CAN_DISCARD | LEAT_DISK_CAN_ERASE);
    *out = new;
    return 0;
}

static void transfer(struct leat_memory_disk *d,
                     const struct leat_disk_request *req)
{
    unsigned char *at = (unsigned char *)d->config.bytes +
                        (size_t)req->sector * LEAT_DISK_SECTOR;
    size_t i;

    for (i = 0; i < req->nsegs; i++) {
        struct leat_shared s = req->segs[i];

        if (req->op == LEAT_DISK_READ)
            leat_shared_copy_in(s, 0, at, s.len, d->config.copies);
        else
            leat_shared_copy_out(s, 0, at, s.len, d->config.copies);
        at += s.len;
    }
}

static int submit(void *self, const struct leat_disk_request *req)
{
    struct leat_memory_disk *d = self;
    struct leat_disk_done *done;
    struct leat_disk_info now;
    int err = info(self, &now);

    if (!err)
        err = leat_disk_check(&now, req);
    if (!err && d->n == d->config.depth)
        err = LEAT_E_AGAIN;
    if (err)
        return err;
    if (req->op == LEAT_DISK_DISCARD)
        memset((unsigned char *)d->config.bytes +
                   (size_t)req->sector * LEAT_DISK_SECTOR,
               0, (size_t)req->sectors * LEAT_DISK_SECTOR);
    else if (req->op != LEAT_DISK_FLUSH)
        transfer(d, req);
    done = &d->config.line[(d->first + d->n++) % d->config.depth];
    done->cookie = req->cookie;
    done->status = 0;
    return 0;
}

static int poll(void *self, struct leat_disk_done *done, size_t max, size_t *n)
{
    struct leat_memory_disk *d = self;
    size_t i;

    if (!done || !max || !n)
        return LEAT_E_INVALID;
    for (i = 0; i < max && d->n; i++, d->n--) {
        done[i] = d->config.line[d->first];
        d->first = (d->first + 1) % d->config.depth;
    }
    *n = i;
    return 0;
}

static int fd(void *self)
{
    (void)self;
    return -1;
}

static const struct leat_disk_ops ops = {
    .name = "memory",
    .info = info,
    .submit = submit,
    .poll = poll,
    .fd = fd,
};

struct leat_disk leat_memory_disk(struct leat_memory_disk *d)
{
    return (struct leat_disk){.ops = &ops, .self = d};
}
