/* SPDX-License-Identifier: ISC */

/* Opens and closes a TAP device. tap_port.c moves its frames. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io.h"
#include "tap.h"

#define TAP_FLAGS (LEAT_TAP_NO_OFFLOAD | LEAT_TAP_PERSIST)

static int tap_error(int error)
{
    if (error == EBUSY || error == EINVAL) /* another's; another kind */
        return LEAT_E_BUSY;
    if (error == ENOENT || error == ENODEV || error == ENXIO)
        return LEAT_E_UNSUPPORTED;
    return leat_io_error(error);
}

/* One queue of the interface: the first names it. */
static int open_queue(struct leat_tap *t, const struct leat_tap_config *c,
                      int *out)
{
    const int header = sizeof(struct virtio_net_hdr);
    struct ifreq want = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int err = 0;

    *out = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (*out < 0)
        return tap_error(errno);
    if (c->queues > 1)
        want.ifr_flags |= IFF_MULTI_QUEUE;
    memcpy(want.ifr_name, t->name, sizeof(want.ifr_name));
    if (ioctl(*out, TUNSETIFF, &want) ||
        ioctl(*out, TUNSETVNETHDRSZ, &header) ||
        (c->flags & LEAT_TAP_PERSIST && ioctl(*out, TUNSETPERSIST, 1)))
        err = tap_error(errno);
    if (err) {
        close(*out);
        return err;
    }
    memcpy(t->name, want.ifr_name, sizeof(t->name));
    return 0;
}

int leat_tap_leave(struct leat_tap *t, uint32_t offload)
{
    const uint32_t csum = LEAT_NET_OFFLOAD_CSUM4 | LEAT_NET_OFFLOAD_CSUM6;
    unsigned flags = 0;
    uint32_t i;

    /* The kernel's one flag is for both; and segments need it. */
    if ((offload & csum) == csum)
        flags = TUN_F_CSUM |
                (offload & LEAT_NET_OFFLOAD_GSO4 ? TUN_F_TSO4 : 0) |
                (offload & LEAT_NET_OFFLOAD_GSO6 ? TUN_F_TSO6 : 0);
    for (i = 0; i < t->queues; i++) {
        if (ioctl(t->fds[i], TUNSETOFFLOAD, flags))
            return leat_io_error(errno);
    }
    return 0;
}

int leat_tap_open(struct leat_tap **out, const struct leat_tap_config *config)
{
    struct leat_tap_config c = {.name = ""};
    struct leat_tap *t;
    int err = 0;

    if (config)
        c = *config;
    if (!c.name)
        c.name = "";
    if (!c.queues)
        c.queues = 1;
    if (!out || c.flags & ~TAP_FLAGS || c.queues > LEAT_TAP_QUEUES)
        return LEAT_E_INVALID;
    if (strlen(c.name) > LEAT_TAP_NAME_MAX)
        return LEAT_E_LENGTH;
    t = calloc(1, sizeof(*t));
    if (!t)
        return LEAT_E_NOMEM;
    memcpy(t->name, c.name, strlen(c.name));
    t->offloads = !(c.flags & LEAT_TAP_NO_OFFLOAD);
    while (t->queues < c.queues && !err) {
        err = open_queue(t, &c, &t->fds[t->queues]);
        t->queues += !err;
    }
    if (!err)
        err = leat_tap_leave(t, t->offloads ? LEAT_NET_OFFLOAD_ALL : 0);
    if (err) {
        (void)leat_tap_close(t);
        return err;
    }
    *out = t;
    return 0;
}

int leat_tap_close(struct leat_tap *t)
{
    uint32_t i;

    if (!t)
        return LEAT_E_INVALID;
    for (i = 0; i < t->queues; i++)
        close(t->fds[i]);
    free(t);
    return 0;
}

const char *leat_tap_name(const struct leat_tap *t)
{
    return t ? t->name : "";
}

struct leat_netport leat_tap(struct leat_tap *t)
{
    return (struct leat_netport){
        t && !t->offloads ? &leat_tap_plain_ops : &leat_tap_ops, t};
}

int leat_tap_stats(const struct leat_tap *t, struct leat_tap_stats *out)
{
    if (!t || !out)
        return LEAT_E_INVALID;
    *out = t->stats;
    return 0;
}
