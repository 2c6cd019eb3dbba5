/* SPDX-License-Identifier: ISC */

/* Datagrams with descriptors. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"

/* What the kernel passes at most: SCM_MAX_FD. */
#define KERNEL_FDS 253u

int sim_send(int fd, const void *bytes, size_t len, const int *fds, size_t nfds,
             bool wait)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(SIM_FDS * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (nfds) {
        memset(&control, 0, CMSG_SPACE(nfds * sizeof(int)));
        msg.msg_control = control.space;
        msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
    }
    while (sendmsg(fd, &msg, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

/* Takes up to SIM_FDS; the rest, and any beside them, are closed. */
static void take_fds(struct msghdr *msg, int *fds, size_t *nfds)
{
    struct cmsghdr *c;
    size_t i, n;
    int fd;

    for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (i = 0; i < n; i++) {
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (*nfds < SIM_FDS)
                fds[(*nfds)++] = fd;
            else
                close(fd);
        }
    }
}

long sim_receive(int fd, void *bytes, int *fds, size_t *nfds, bool wait)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(KERNEL_FDS * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = bytes, .iov_len = SIM_MESSAGE};
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof(control.space),
    };
    ssize_t len;

    *nfds = 0;
    do
        len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -errno;
    take_fds(&msg, fds, nfds);
    /* Where not all could be opened here, none is of use. */
    if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        while (*nfds)
            close(fds[--*nfds]);
    }
    return msg.msg_flags & MSG_TRUNC ? -EBADMSG : len;
}

int sim_reply_fds(const struct hv_reply *reply, int fds[SIM_FDS])
{
    char path[32];
    size_t i;
    int rc = 0;

    for (i = 0; i < reply->nfds; i++) {
        fds[i] = reply->fds[i].fd;
        if (reply->fds[i].how != HV_LEND_READ)
            continue;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
        fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0 && !rc)
            rc = -errno;
    }
    return rc;
}

void sim_reply_close(const struct hv_reply *reply, const int fds[SIM_FDS])
{
    size_t i;

    for (i = 0; i < reply->nfds; i++) {
        if (reply->fds[i].how != HV_LEND && fds[i] >= 0)
            close(fds[i]);
    }
}

void sim_notices(struct hv *hv, void (*full)(void *arg, struct hv_domain *d),
                 void *arg)
{
    struct hv_domain *d = NULL;
    const void *bytes;
    size_t len;
    int rc;

    while ((d = hv_noisy(hv, d))) {
        while ((len = hv_notice(d, &bytes))) {
            rc = sim_send(hv_notice_fd(d), bytes, len, NULL, 0, false);
            if (rc == -EAGAIN) {
                if (full)
                    full(arg, d);
                break;
            }
            /* One whose domain is gone goes with it. */
            hv_notice_drop(hv, d);
        }
    }
}
