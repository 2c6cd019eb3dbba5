/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_RAW_H
#define LEAT_TESTS_RAW_H

/*
 * A domain that does not link leat: bytes over a socket, and memory that it
 * maps itself. It knows the wire as an attacker would, from reading wire.h.
 */

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/wire.h"

#define RAW_FDS 250

struct raw {
    int fd;
    uint32_t id, seq, frames;
    struct sim_entry *table;
    int notice_fd;
    struct sim_head *in;
    size_t in_len;
    int fds[RAW_FDS];
    size_t nfds;
    unsigned char bytes[SIM_MESSAGE];
};

static inline int raw_connect(const char *dir)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(un.sun_path, sizeof(un.sun_path), "%.90s/socket", dir);
    if (connect(fd, (struct sockaddr *)&un, sizeof(un))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Sends anything, with any descriptors. */
static inline bool raw_send(int fd, const void *bytes, size_t len,
                            const int *fds, size_t nfds)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(RAW_FDS * sizeof(int))];
    } control;
    struct iovec iov = {(void *)(uintptr_t)bytes, len};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (nfds) {
        memset(&control, 0, sizeof(control));
        m.msg_control = control.space;
        m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
    }
    return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)len;
}

static inline void raw_drop(struct raw *r)
{
    while (r->nfds)
        close(r->fds[--r->nfds]);
}

/* Waits for an answer, for 10 s; false: none, or hung up. */
static inline bool raw_answer(struct raw *r)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(RAW_FDS * sizeof(int))];
    } control;
    struct iovec iov = {r->bytes, sizeof(r->bytes)};
    struct msghdr m = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof(control.space),
    };
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    struct cmsghdr *c;
    ssize_t n;

    raw_drop(r);
    if (poll(&p, 1, 10000) <= 0)
        return false;
    n = recvmsg(r->fd, &m, MSG_CMSG_CLOEXEC);
    if (n < (ssize_t)sizeof(struct sim_head))
        return false;
    c = CMSG_FIRSTHDR(&m);
    if (c && c->cmsg_type == SCM_RIGHTS) {
        r->nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(r->fds, CMSG_DATA(c), r->nfds * sizeof(int));
    }
    r->in = (struct sim_head *)(void *)r->bytes;
    r->in_len = (size_t)n;
    return true;
}

/* One request and its answer: the rc; -1000: it hung up. */
static inline int raw_call_fds(struct raw *r, uint32_t op, uint32_t n,
                               const void *body, size_t len, const int *fds,
                               size_t nfds)
{
    unsigned char out[SIM_MESSAGE];
    struct sim_head head = {.op = op, .seq = ++r->seq, .n = n};

    memcpy(out, &head, sizeof(head));
    if (len)
        memcpy(out + sizeof(head), body, len);
    if (!raw_send(r->fd, out, sizeof(head) + len, fds, nfds) || !raw_answer(r))
        return -1000;
    return r->in->op == op && r->in->seq == r->seq ? r->in->rc : -1001;
}

static inline int raw_call(struct raw *r, uint32_t op, uint32_t n,
                           const void *body, size_t len)
{
    return raw_call_fds(r, op, n, body, len, NULL, 0);
}

#define RAW_BODY(r) ((void *)((r)->in + 1))

static inline int raw_join(struct raw *r, const char *dir, uint32_t id)
{
    struct sim_join j = {SIM_VERSION, id};
    const struct sim_joined *a;
    int rc;

    memset(r, 0, sizeof(*r));
    r->fd = raw_connect(dir);
    if (r->fd < 0)
        return -1000;
    rc = raw_call(r, SIM_JOIN, 1, &j, sizeof(j));
    if (rc)
        return rc;
    a = RAW_BODY(r);
    r->id = a->domain;
    r->frames = a->frames;
    if (id != SIM_ADMIN) {
        r->table = mmap(NULL, (size_t)r->frames * SIM_PAGE,
                        PROT_READ | PROT_WRITE, MAP_SHARED, r->fds[0], 0);
        r->notice_fd = dup(r->fds[2]);
    }
    raw_drop(r);
    return 0;
}

static inline void raw_leave(struct raw *r)
{
    raw_drop(r);
    if (r->table) {
        munmap(r->table, (size_t)r->frames * SIM_PAGE);
        close(r->notice_fd);
    }
    close(r->fd);
}

/* Memory as the hypervisor wants it, or with other (seals). */
static inline int raw_memfd(size_t n, int seals)
{
    int fd = memfd_create("raw", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (ftruncate(fd, (off_t)(n * SIM_PAGE)) || fcntl(fd, F_ADD_SEALS, seals))
        abort();
    return fd;
}

#define RAW_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

#endif
