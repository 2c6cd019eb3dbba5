/* SPDX-License-Identifier: ISC */

/*
 * Two TAP devices joined by a bridge, in a network namespace of their own: what
 * one process writes into its TAP, the kernel carries to the other's.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

#define WAIT_MS 5

struct tap {
    int fd;
    uint32_t bytes;
    unsigned nth;
    unsigned char frame[65536];
};

static unsigned send_frames(void *arg, unsigned n)
{
    struct tap *t = arg;
    unsigned i;

    for (i = 0; i < n; i++) {
        net_fill(t->frame, t->bytes, t->nth++);
        if (write(t->fd, t->frame, t->bytes) >= 0)
            continue;
        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
            break;
        device_die_errno("the TAP");
    }
    return i;
}

static unsigned receive_frames(void *arg)
{
    struct tap *t = arg;
    unsigned n = 0;

    while (n < NET_BURST) {
        ssize_t got = read(t->fd, t->frame, sizeof t->frame);

        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (got < 0)
            device_die_errno("the TAP");
        /* The kernel has something to say of its own, too. */
        if ((size_t)got != t->bytes || t->frame[12] != 0x88)
            continue;
        net_take(t->frame, t->bytes);
        n++;
    }
    return n;
}

static void wait_for(void *arg, bool sends)
{
    struct tap *t = arg;
    struct pollfd p = {.fd = t->fd,
                       .events = (short)(POLLIN | (sends ? POLLOUT : 0))};

    poll(&p, 1, WAIT_MS);
}

static int set(int s, const char *name, unsigned long what, struct ifreq *r)
{
    snprintf(r->ifr_name, sizeof r->ifr_name, "%s", name);
    return ioctl(s, what, r);
}

static void up(int s, const char *name)
{
    struct ifreq mtu = {.ifr_mtu = 65535 - 14}, flags = {.ifr_flags = IFF_UP};

    if (set(s, name, SIOCSIFMTU, &mtu) || set(s, name, SIOCSIFFLAGS, &flags))
        device_die_errno("a TAP cannot be set up");
}

static int make(int s, const char *name)
{
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || set(fd, name, TUNSETIFF, &r))
        device_none("a TAP cannot be made here");
    up(s, name);
    memset(&r, 0, sizeof r);
    r.ifr_ifindex = (int)if_nametoindex(name);
    if (set(s, "leat-bridge", SIOCBRADDIF, &r))
        device_none("the bridge takes no TAP");
    return fd;
}

void device_run(struct device *d)
{
    const struct net_case *c = net_find(d->name);
    static struct tap t;
    struct net_peer peer = {&t, send_frames, receive_frames, wait_for, NULL};
    int fds[2], s;

    if (!c || strcmp(d->variant, "bridged"))
        device_none("no such case");
    if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
        device_none("no network namespace can be made here");
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0 || ioctl(s, SIOCBRADDBR, "leat-bridge"))
        device_none("no bridge can be made here");
    fds[0] = make(s, "leat0");
    fds[1] = make(s, "leat1");
    up(s, "leat-bridge");
    pair_fork(&d->pair);
    t.fd = fds[d->pair.second];
    t.bytes = c->bytes;
    net_measure(d, c, &peer);
    pair_end(&d->pair);
}
