/* SPDX-License-Identifier: ISC */

/*
 * A file as a disk, by io_uring.
 *
 * Each request has a slot, and each slot at most one entry in the ring, so
 * neither queue of it is ever too short:
 *
 *   J1  slots that are begun + free ones == depth; the latter are in the list
 *   J2  entries in the ring, submitted or not == slots that are begun
 *   J3  of a slot that transfers: the bytes of its iovecs from (at) on == left
 *
 *     free --submit--> begun --all of it, or an error--> told, free
 *                      ^   |
 *                      +---+ short, or interrupted: its rest is begun again
 *
 * The iovecs name the peer's memory itself: with O_DIRECT the device moves the
 * bytes, and nothing else ever reads them. It may read them more than once, and
 * what the peer writes meanwhile may or may not be in what is written: no
 * decision here depends on a byte of it.
 *
 * No buffers are registered: what is mapped comes and goes with the peer.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <leat/host.h>

#include "file_disk.h"

#define FILE_FLAGS                                                   \
    (LEAT_FILE_READ_ONLY | LEAT_FILE_CACHED | LEAT_FILE_NO_DISCARD | \
     LEAT_FILE_ERASE)

static int configure(struct leat_file_disk *d,
                     const struct leat_file_disk_config *config)
{
    struct leat_file_disk_config *c = &d->config;

    if (config)
        *c = *config;
    if (c->flags & ~FILE_FLAGS ||
        (c->sector_bytes && !leat_disk_sector_ok(c->sector_bytes)) ||
        c->depth > 4096 || c->segments > 1024)
        return LEAT_E_INVALID;
    if (!c->depth)
        c->depth = 128;
    if (!c->segments)
        c->segments = 256;
    d->direct = !(c->flags & LEAT_FILE_CACHED);
    return 0;
}

static int open_file(struct leat_file_disk *d, const char *path)
{
    int flags = O_CLOEXEC | O_NONBLOCK;
    struct stat st;

    flags |= d->config.flags & LEAT_FILE_READ_ONLY ? O_RDONLY : O_RDWR;
    if (d->direct)
        flags |= O_DIRECT;
    d->fd = open(path, flags);
    if (d->fd < 0) /* EINVAL is what who does no direct I/O says */
        return errno == EINVAL ? LEAT_E_UNSUPPORTED : leat_io_error(errno);
    if (fstat(d->fd, &st))
        return LEAT_E_SYSTEM;
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return LEAT_E_UNSUPPORTED;
    d->block = S_ISBLK(st.st_mode);
    return 0;
}

/* The sector size: what is asked of addresses and offsets, and not less. */
static int sector_of(struct leat_file_disk *d)
{
    struct leat_constraint need = {.align = 1, .multiple = LEAT_DISK_SECTOR};
    size_t bytes;
    int err = d->direct || d->block ? leat_constraint_file(d->fd, &need) : 0;

    if (err)
        return err;
    bytes = need.multiple > need.align ? need.multiple : need.align;
    if (bytes < LEAT_DISK_SECTOR)
        bytes = LEAT_DISK_SECTOR;
    if (bytes > LEAT_PAGE_SIZE)
        return LEAT_E_UNSUPPORTED;
    if (d->config.sector_bytes && d->config.sector_bytes < bytes)
        return LEAT_E_ALIGN;
    d->now.sector_bytes =
        d->config.sector_bytes ? d->config.sector_bytes : (uint32_t)bytes;
    return 0;
}

static int make_slots(struct leat_file_disk *d)
{
    uint32_t depth = d->config.depth, segments = d->config.segments, i;

    d->slots = calloc(depth, sizeof(*d->slots));
    d->iovs = calloc((size_t)depth * segments, sizeof(*d->iovs));
    if (!d->slots || !d->iovs)
        return LEAT_E_NOMEM;
    for (i = 0; i < depth; i++) {
        d->slots[i].iov = d->iovs + (size_t)i * segments;
        d->slots[i].next = i + 1 < depth ? i + 1 : FILE_NONE;
    }
    return 0;
}

/* Flags that spare interrupts are newer than io_uring. */
static int make_ring(struct leat_file_disk *d)
{
    unsigned flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    int rc = io_uring_queue_init(d->config.depth, &d->ring, flags);

    if (rc == -EINVAL)
        rc = io_uring_queue_init(d->config.depth, &d->ring, 0);
    if (rc == -EPERM || rc == -ENOSYS)
        return LEAT_E_UNSUPPORTED;
    return rc ? leat_io_error(-rc) : 0;
}

static void unmake(struct leat_file_disk *d)
{
    if (d->fd >= 0)
        close(d->fd);
    free(d->slots);
    free(d->iovs);
    free(d);
}

int leat_file_disk_open(struct leat_file_disk **out, const char *path,
                        const struct leat_file_disk_config *config)
{
    struct leat_file_disk *d;
    int err;

    if (!out || !path)
        return LEAT_E_INVALID;
    d = calloc(1, sizeof(*d));
    if (!d)
        return LEAT_E_NOMEM;
    d->fd = -1;
    err = configure(d, config);
    if (!err)
        err = open_file(d, path);
    if (!err)
        err = sector_of(d);
    if (!err)
        err = leat_file_features(d, &d->now);
    if (!err)
        err = leat_file_look(d, &d->now);
    if (!err && !d->now.sectors)
        err = LEAT_E_LENGTH;
    if (!err)
        err = make_slots(d);
    if (!err)
        err = make_ring(d);
    if (err) {
        unmake(d);
        return err;
    }
    d->now.segments = d->config.segments;
    d->now.depth = d->config.depth;
    *out = d;
    return 0;
}

int leat_file_disk_close(struct leat_file_disk *d)
{
    if (!d)
        return LEAT_E_INVALID;
    if (d->stats.under_way)
        return LEAT_E_BUSY;
    io_uring_queue_exit(&d->ring);
    unmake(d);
    return 0;
}

static int info(void *self, struct leat_disk_info *out)
{
    struct leat_file_disk *d = self;
    struct leat_disk_info now = d->now;
    int err;

    if (!out)
        return LEAT_E_INVALID;
    err = leat_file_look(d, &now);
    if (err)
        return err;
    *out = d->now = now;
    return 0;
}

static int fd(void *self)
{
    return ((struct leat_file_disk *)self)->ring.ring_fd;
}

static const struct leat_disk_ops ops = {
    .name = "file",
    .info = info,
    .submit = leat_file_submit,
    .poll = leat_file_poll,
    .fd = fd,
};

struct leat_disk leat_file_disk(struct leat_file_disk *d)
{
    return (struct leat_disk){.ops = &ops, .self = d};
}

int leat_file_disk_stats(const struct leat_file_disk *d,
                         struct leat_file_disk_stats *out)
{
    if (!d || !out)
        return LEAT_E_INVALID;
    *out = d->stats;
    return 0;
}

const char *leat_file_disk_check(const struct leat_file_disk *d)
{
    uint64_t begun = 0, free = 0, bytes;
    uint32_t i, k;

    if (!d)
        return "no disk";
    for (i = d->free; i != FILE_NONE && free <= d->config.depth;
         i = d->slots[i].next, free++) {
        if (d->slots[i].state != FILE_FREE)
            return "J1";
    }
    for (i = 0; i < d->config.depth; i++) {
        const struct file_slot *s = &d->slots[i];

        if (s->state == FILE_FREE)
            continue;
        begun++;
        for (bytes = 0, k = s->at; k < s->n; k++)
            bytes += s->iov[k].iov_len;
        if ((s->op == LEAT_DISK_READ || s->op == LEAT_DISK_WRITE) &&
            bytes != s->left)
            return "J3";
    }
    if (begun + free != d->config.depth || begun != d->stats.under_way)
        return "J1";
    return NULL;
}
