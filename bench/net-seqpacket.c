/* SPDX-License-Identifier: ISC */

/*
 * A unix socket of sequenced packets: a frame for each call, or 32.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

/* A wait is not longer than that. */
#define WAIT_MS 5

struct seqpacket {
    int fd;
    uint32_t bytes;
    unsigned burst;
    unsigned nth;
    unsigned char *frames;
    struct mmsghdr msgs[NET_BURST];
    struct iovec iov[NET_BURST];
};

/* (n) of one call; 0 where the socket is full, or empty. */
static unsigned moved(int n)
{
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        device_die_errno("the socket");
    return n < 0 ? 0 : (unsigned)n;
}

/* What did not go is filled again: it is another frame. */
static unsigned send_frames(void *arg, unsigned n)
{
    struct seqpacket *s = arg;
    unsigned i;

    if (n > s->burst)
        n = s->burst;
    for (i = 0; i < n; i++)
        net_fill(s->iov[i].iov_base, s->bytes, s->nth++);
    if (n == 1)
        return moved(send(s->fd, s->frames, s->bytes, MSG_DONTWAIT) < 0 ? -1
                                                                        : 1);
    return moved(sendmmsg(s->fd, s->msgs, n, MSG_DONTWAIT));
}

static unsigned receive_frames(void *arg)
{
    struct seqpacket *s = arg;
    unsigned n, i;

    if (s->burst == 1)
        n = moved(recv(s->fd, s->frames, s->bytes, MSG_DONTWAIT) < 0 ? -1 : 1);
    else
        n = moved(recvmmsg(s->fd, s->msgs, s->burst, MSG_DONTWAIT, NULL));
    for (i = 0; i < n; i++)
        net_take(s->iov[i].iov_base, s->bytes);
    return n;
}

static void wait_for(void *arg, bool sends)
{
    struct seqpacket *s = arg;
    struct pollfd p = {.fd = s->fd,
                       .events = (short)(POLLIN | (sends ? POLLOUT : 0))};

    poll(&p, 1, WAIT_MS);
}

void device_run(struct device *d)
{
    const struct net_case *c = net_find(d->name);
    static struct seqpacket s;
    struct net_peer peer = {&s, send_frames, receive_frames, wait_for, NULL};
    int fds[2];
    unsigned i;

    s.burst = !strcmp(d->variant, "one")  ? 1
              : !strcmp(d->variant, "32") ? NET_BURST
                                          : 0;
    if (!c || !s.burst)
        device_none("no such case");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
        device_die_errno("no socket");
    pair_fork(&d->pair);
    s.fd = fds[d->pair.second];
    close(fds[!d->pair.second]);
    s.bytes = c->bytes;
    s.frames = aligned_alloc(4096, NET_BURST * (size_t)65536);
    if (!s.frames)
        device_die("no memory");
    for (i = 0; i < NET_BURST; i++) {
        s.iov[i] = (struct iovec){s.frames + i * (size_t)65536, s.bytes};
        s.msgs[i].msg_hdr.msg_iov = &s.iov[i];
        s.msgs[i].msg_hdr.msg_iovlen = 1;
        net_fill(s.iov[i].iov_base, s.bytes, 0);
    }
    net_measure(d, c, &peer);
    pair_end(&d->pair);
}
