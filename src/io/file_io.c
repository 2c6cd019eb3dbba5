/* SPDX-License-Identifier: ISC */

/* Requests of the file disk: begun, continued, told. See file_disk.c. */

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "file_disk.h"

/* The bytes of a request as iovecs; neighbours become one. */
static void gather(struct file_slot *s, const struct leat_disk_request *req)
{
    struct iovec *last = NULL;
    size_t i;

    s->at = s->n = 0;
    for (i = 0; i < req->nsegs; i++) {
        /* The type is left here: the kernel is who reads these bytes. */
        char *base = (char *)(uintptr_t)req->segs[i].peer_bytes;

        if (last && (char *)last->iov_base + last->iov_len == base) {
            last->iov_len += req->segs[i].len;
        } else {
            last = &s->iov[s->n++];
            last->iov_base = base;
            last->iov_len = req->segs[i].len;
        }
    }
}

/* A block device's discard, at once. */
static int discard_block(const struct leat_file_disk *d,
                         const struct leat_disk_request *req)
{
    uint64_t range[2] = {req->sector * LEAT_DISK_SECTOR,
                         req->sectors * LEAT_DISK_SECTOR};
    unsigned long what =
        req->flags & LEAT_DISK_SECURE ? BLKSECDISCARD : BLKDISCARD;

    return ioctl(d->fd, what, range) ? leat_io_error(errno) : 0;
}

/* Puts what is left of a slot into the ring, where there is room by J2. */
static void begin(struct leat_file_disk *d, struct file_slot *s)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&d->ring);

    switch (s->op) {
    case LEAT_DISK_READ:
        io_uring_prep_readv(sqe, d->fd, s->iov + s->at, s->n - s->at, s->off);
        break;
    case LEAT_DISK_WRITE:
        io_uring_prep_writev(sqe, d->fd, s->iov + s->at, s->n - s->at, s->off);
        break;
    case LEAT_DISK_FLUSH:
        io_uring_prep_fsync(sqe, d->fd, IORING_FSYNC_DATASYNC);
        break;
    case LEAT_DISK_DISCARD:
        if (d->block) /* it was done */
            io_uring_prep_nop(sqe);
        else
            io_uring_prep_fallocate(sqe, d->fd,
                                    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                    (off_t)s->off, (off_t)s->left);
        break;
    }
    io_uring_sqe_set_data64(sqe, (uint64_t)(s - d->slots));
}

int leat_file_submit(void *self, const struct leat_disk_request *req)
{
    struct leat_file_disk *d = self;
    int err = leat_disk_check(&d->now, req);
    struct file_slot *s;

    if (err)
        return err;
    if (d->free == FILE_NONE) {
        d->stats.full++;
        return LEAT_E_AGAIN;
    }
    s = &d->slots[d->free];
    d->free = s->next;
    s->state = FILE_BEGUN;
    s->op = req->op;
    s->tries = 0;
    s->cookie = req->cookie;
    s->status = 0;
    s->at = s->n = 0;
    s->off = req->sector * LEAT_DISK_SECTOR;
    s->left = s->total = req->sectors * LEAT_DISK_SECTOR;
    if (req->op == LEAT_DISK_READ || req->op == LEAT_DISK_WRITE)
        gather(s, req);
    else if (req->op == LEAT_DISK_DISCARD && d->block)
        s->status = discard_block(d, req);
    d->stats.under_way++;
    begin(d, s);
    return 0;
}

/* Takes (bytes) that were moved off what is left. */
static void advance(struct file_slot *s, uint64_t bytes)
{
    s->off += bytes;
    s->left -= bytes;
    while (bytes) {
        struct iovec *v = &s->iov[s->at];
        size_t part = bytes < v->iov_len ? (size_t)bytes : v->iov_len;

        v->iov_base = (char *)v->iov_base + part;
        v->iov_len -= part;
        bytes -= part;
        if (!v->iov_len)
            s->at++;
    }
}

/*
 * What became of an entry: LEAT_E_AGAIN, there is more to do; else the status of
 * the request.
 */
static int judge(struct leat_file_disk *d, struct file_slot *s, int res)
{
    bool transfer = s->op == LEAT_DISK_READ || s->op == LEAT_DISK_WRITE;

    if (s->status)
        return s->status;
    if ((res == -EAGAIN || res == -EINTR) && s->tries++ < FILE_TRIES)
        return LEAT_E_AGAIN;
    if (res < 0) /* EINVAL is what O_DIRECT says of a bad address */
        return res == -EINVAL ? LEAT_E_ALIGN : leat_io_error(-res);
    if (!transfer)
        return 0;
    if ((uint64_t)res > s->left)
        return LEAT_E_SYSTEM;
    if (!res)
        return LEAT_E_RANGE; /* the file ends here */
    advance(s, (uint64_t)res);
    if (!s->left)
        return 0;
    s->tries = 0;
    d->stats.continued++;
    return LEAT_E_AGAIN;
}

static void count(struct leat_file_disk *d, const struct file_slot *s,
                  int status)
{
    struct leat_file_disk_stats *st = &d->stats;
    uint64_t *ops[] = {&st->reads, &st->writes, &st->flushes, &st->discards};
    uint64_t none = 0;
    uint64_t *sums[] = {&st->read_bytes, &st->write_bytes, &none,
                        &st->discard_bytes};

    ++*ops[s->op];
    *sums[s->op] += status ? 0 : s->total;
    st->failed += status != 0;
}

/* Tells a request that is over: (done). False: it goes on. */
static bool settle(struct leat_file_disk *d, uint32_t i, int res,
                   struct leat_disk_done *done)
{
    struct file_slot *s = &d->slots[i];
    int status = judge(d, s, res);

    if (status == LEAT_E_AGAIN) {
        begin(d, s);
        return false;
    }
    count(d, s, status);
    done->cookie = s->cookie;
    done->status = status;
    s->state = FILE_FREE;
    s->next = d->free;
    d->free = i;
    d->stats.under_way--;
    return true;
}

/* Begins what stands in the ring. */
static int enter(struct leat_file_disk *d)
{
    unsigned tries;
    int rc;

    for (tries = 0; io_uring_sq_ready(&d->ring) && tries < FILE_TRIES;
         tries++) {
        rc = io_uring_submit(&d->ring);
        d->stats.enters++;
        if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
            return LEAT_E_GONE;
    }
    return io_uring_sq_ready(&d->ring) ? LEAT_E_AGAIN : 0;
}

int leat_file_poll(void *self, struct leat_disk_done *done, size_t max,
                   size_t *n)
{
    struct leat_file_disk *d = self;
    struct io_uring_cqe *cqe;
    size_t told = 0, seen;
    int err;

    if (!done || !max || !n)
        return LEAT_E_INVALID;
    err = enter(d);
    if (err == LEAT_E_GONE)
        return err;
    for (seen = 0; seen < max && !io_uring_peek_cqe(&d->ring, &cqe); seen++) {
        uint32_t i = (uint32_t)io_uring_cqe_get_data64(cqe);
        int res = cqe->res;

        io_uring_cqe_seen(&d->ring, cqe);
        told += settle(d, i, res, &done[told]);
    }
    /* What goes on is begun now: nobody may come back before it is done. What
     * cannot be, is told next time. */
    err = enter(d);
    if (err == LEAT_E_AGAIN && !told)
        return err;
    *n = told;
    return 0;
}
