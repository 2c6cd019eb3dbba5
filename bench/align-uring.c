/* SPDX-License-Identifier: ISC */

/*
 * The same by io_uring: a batch of requests is submitted, and waited for.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>

#include "align-file.h"

#ifdef HAVE_LIBURING

#include <liburing.h>

struct ring {
    struct file *f;
    struct io_uring uring;
};

static void prepare(struct ring *r, unsigned i)
{
    struct file *f = r->f;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
    struct leat_view v = f->buffers[i];
    uint64_t at = file_position(f);
    unsigned len = (unsigned)v.len;

    if (!sqe)
        align_die("io_uring: no room for a request");
    if (f->fixed && f->write)
        io_uring_prep_write_fixed(sqe, f->fd, v.data, len, at, (int)i);
    else if (f->fixed)
        io_uring_prep_read_fixed(sqe, f->fd, v.data, len, at, (int)i);
    else if (f->write)
        io_uring_prep_write(sqe, f->fd, v.data, len, at);
    else
        io_uring_prep_read(sqe, f->fd, v.data, len, at);
}

static uint64_t work_uring(void *what, uint64_t n)
{
    struct ring *r = what;
    unsigned batch = r->f->run->batch, i;
    uint64_t from = align_now();
    struct io_uring_cqe *cqe;
    int err;

    while (n--) {
        for (i = 0; i < batch; i++)
            prepare(r, i);
        err = io_uring_submit_and_wait(&r->uring, batch);
        if (err < 0)
            align_errno(-err);
        for (i = 0; i < batch; i++) {
            err = io_uring_wait_cqe(&r->uring, &cqe);
            if (err < 0)
                align_errno(-err);
            if (cqe->res < 0)
                align_errno(-cqe->res);
            if ((size_t)cqe->res != r->f->run->size)
                align_error("short");
            io_uring_cqe_seen(&r->uring, cqe);
        }
    }
    return align_now() - from;
}

double uring_measure(struct file *f)
{
    unsigned batch = f->run->batch;
    struct iovec iov[ALIGN_BATCH_MAX];
    struct ring r = {.f = f};
    double ns;
    int err;

    err = io_uring_queue_init(batch, &r.uring, 0);
    if (err == -ENOSYS || err == -EPERM)
        align_none("this kernel allows no io_uring");
    if (err < 0)
        align_errno(-err);
    if (f->fixed) {
        err = leat_views_iovec(f->buffers, batch, iov);
        if (err)
            align_leat(err);
        err = io_uring_register_buffers(&r.uring, iov, batch);
        if (err < 0)
            align_errno(-err);
    }
    ns = align_measure(f->run, work_uring, &r);
    io_uring_queue_exit(&r.uring);
    return ns / batch;
}

#else

double uring_measure(struct file *f)
{
    (void)f;
    align_none("leat was configured without liburing");
}

#endif
