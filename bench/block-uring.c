/* SPDX-License-Identifier: ISC */

/*
 * Plain io_uring on the same kinds of file: what there is without a second
 * process.
 */

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"

struct uring {
    struct io_uring ring;
    const struct block_case *c;
    unsigned char *data;
};

static void check(int err, const char *what)
{
    if (err >= 0)
        return;
    errno = -err;
    device_die_errno(what);
}

static void submit(void *arg, unsigned slot, uint64_t off)
{
    struct uring *u = arg;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    unsigned char *data = u->data + (size_t)slot * u->c->bytes;

    if (!sqe)
        device_die("no room in the submission queue");
    if (u->c->write)
        block_fill(data, u->c->bytes);
    if (u->c->write)
        io_uring_prep_write_fixed(sqe, 0, data, u->c->bytes, off, 0);
    else
        io_uring_prep_read_fixed(sqe, 0, data, u->c->bytes, off, 0);
    sqe->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(sqe, slot);
}

/* The ring's tasks run in a waiting enter only: none is left out. */
static unsigned wait(void *arg, unsigned out[BLOCK_DEPTH_MAX])
{
    struct uring *u = arg;
    struct io_uring_cqe *cqes[BLOCK_DEPTH_MAX];
    unsigned n, i;

    check(io_uring_submit_and_wait(&u->ring, 1), "io_uring_enter");
    n = io_uring_peek_batch_cqe(&u->ring, cqes, BLOCK_DEPTH_MAX);
    for (i = 0; i < n; i++) {
        check(cqes[i]->res, "a request");
        if ((uint32_t)cqes[i]->res != u->c->bytes)
            device_die("a short request");
        out[i] = (unsigned)io_uring_cqe_get_data64(cqes[i]);
        if (!u->c->write)
            block_look(u->data + (size_t)out[i] * u->c->bytes, u->c->bytes);
    }
    io_uring_cq_advance(&u->ring, n);
    return n;
}

static void open_ring(struct uring *u)
{
    unsigned flags = 0;
    int err = -EINVAL;

#ifdef IORING_SETUP_DEFER_TASKRUN
    flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    err = io_uring_queue_init(BLOCK_DEPTH_MAX, &u->ring, flags);
#endif
    if (err == -EINVAL)
        err = io_uring_queue_init(BLOCK_DEPTH_MAX, &u->ring, 0);
    if (err == -ENOSYS || err == -EPERM)
        device_none("no io_uring here");
    check(err, "io_uring_queue_init");
}

static void start(struct uring *u, const char *variant)
{
    bool direct = !strcmp(variant, "direct");
    const char *path = device_file(direct ? "direct" : "cached");
    struct iovec all = {u->data, (size_t)u->c->depth * u->c->bytes};
    int fd;

    if (!direct && strcmp(variant, "cached"))
        device_none("no such variant");
    fd = open(path, O_RDWR | O_CLOEXEC | (direct ? O_DIRECT : 0));
    if (fd < 0 && direct && errno == EINVAL)
        device_none("no O_DIRECT there");
    if (fd < 0)
        device_die_errno(path);
    open_ring(u);
    check(io_uring_register_files(&u->ring, &fd, 1), "register_files");
    check(io_uring_register_buffers(&u->ring, &all, 1), "register_buffers");
    if (!direct)
        block_warm(path);
}

void device_run(struct device *d)
{
    const struct block_case *c = block_find(d->name);
    struct uring u = {.c = c};
    struct block_peer peer = {.arg = &u, .submit = submit, .wait = wait};

    if (!c)
        device_none("no such case");
    pair_fork(&d->pair);
    if (!d->pair.second) {
        u.data = block_buffers(c);
        start(&u, d->variant);
    }
    pair_meet(&d->pair);
    block_measure(d, c, &peer);
    if (!d->pair.second) {
        io_uring_queue_exit(&u.ring);
        free(u.data);
    }
    pair_end(&d->pair);
}
