/* SPDX-License-Identifier: ISC */

/*
 * The way to a hypervisor that is another process. Its death is the end of the
 * socket: whoever sees that removes what it left.
 */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "domain.h"
#include "place.h"

struct process {
    int fd;
    char *dir;
};

static int exchange(void *self, const void *out, size_t out_len, int out_fd,
                    void *in, size_t *in_len, int *fds, size_t *nfds)
{
    struct process *p = self;
    long len;

    *nfds = 0;
    if (!sim_send(p->fd, out, out_len, &out_fd, out_fd >= 0, true)) {
        len = sim_receive(p->fd, in, fds, nfds, true);
        if (len > 0) {
            *in_len = (size_t)len;
            return 0;
        }
    }
    return LEAT_E_GONE;
}

static void died(void *self)
{
    sim_place_sweep(((struct process *)self)->dir);
}

static void close_link(void *self)
{
    struct process *p = self;
    struct pollfd poll_fd = {.fd = p->fd, .events = POLLIN};
    char byte;

    /* What is left when the hypervisor went first is removed here, too. */
    if (poll(&poll_fd, 1, 0) > 0 && read(p->fd, &byte, 1) <= 0)
        sim_place_sweep(p->dir);
    close(p->fd);
    free(p->dir);
    free(p);
}

static uint64_t now_ns(void *self)
{
    struct timespec t;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int wait_fd(void *self, int fd, uint64_t timeout_ns)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    uint64_t now = now_ns(self), end = now + timeout_ns;
    struct timespec left;
    int n;

    if (end < now)
        end = UINT64_MAX;
    do {
        left.tv_sec = (time_t)((end - now) / 1000000000u);
        left.tv_nsec = (long)((end - now) % 1000000000u);
        n = ppoll(&poll_fd, 1, end == UINT64_MAX ? NULL : &left, NULL);
        now = now_ns(self);
    } while (n < 0 && errno == EINTR && now < end);
    return n > 0 ? 0 : n < 0 && errno != EINTR ? LEAT_E_SYSTEM : LEAT_E_AGAIN;
}

static void point(void *self)
{
    (void)self;
}

int sim_link_process(const char *dir, struct sim_link *out)
{
    struct process *p = calloc(1, sizeof(*p));
    int err = LEAT_E_NOMEM;

    if (!p)
        return err;
    p->dir = realpath(dir, NULL);
    if (!p->dir) {
        err = errno == ENOENT   ? LEAT_E_GONE
              : errno == ENOMEM ? LEAT_E_NOMEM
                                : LEAT_E_SYSTEM;
    } else {
        err = sim_place_connect(p->dir, &p->fd);
    }
    if (err) {
        if (err == LEAT_E_GONE && p->dir)
            sim_place_sweep(p->dir);
        free(p->dir);
        free(p);
        return err;
    }
    *out = (struct sim_link){
        .exchange = exchange,
        .died = died,
        .close = close_link,
        .wait = wait_fd,
        .now_ns = now_ns,
        .point = point,
        .self = p,
    };
    return 0;
}
