/* SPDX-License-Identifier: ISC */

/*
 * Two network namespaces and their TAP devices. This process goes into one, and
 * stays there; the other lives by a descriptor, and its device by being
 * persistent: so it outlives a back end that is killed, with all connections.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <leat/tap.h>

#include "sim-net.h"

static int far_fd = -1;

static bool set_address(int s, unsigned long what, struct ifreq *ifr,
                        const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};

    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&ifr->ifr_addr, &in, sizeof in);
    return !ioctl(s, what, ifr);
}

static bool up(int s, const char *name)
{
    struct ifreq ifr = {.ifr_flags = 0};

    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
    if (ioctl(s, SIOCGIFFLAGS, &ifr))
        return false;
    ifr.ifr_flags |= IFF_UP;
    return !ioctl(s, SIOCSIFFLAGS, &ifr);
}

static bool configure(const char *name, const char *address)
{
    struct ifreq ifr = {.ifr_mtu = NET_MTU};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good;

    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
    good = s >= 0 && up(s, "lo") && !ioctl(s, SIOCSIFMTU, &ifr) &&
           set_address(s, SIOCSIFADDR, &ifr, address) &&
           set_address(s, SIOCSIFNETMASK, &ifr, "255.255.255.0") && up(s, name);
    if (!good)
        tool_fail("sim net: %s: %s", name, strerror(errno));
    if (s >= 0)
        close(s);
    return good;
}

static bool new_namespace(void)
{
    if (!unshare(CLONE_NEWNET))
        return true;
    return tool_fail("sim net: a network namespace: %s%s", strerror(errno),
                     errno == EPERM ? " (this needs root)" : "");
}

static bool open_tap(struct leat_tap **tap, uint32_t flags, const char *address)
{
    const struct leat_tap_config c = {.name = "leat0", .flags = flags};
    int err = leat_tap_open(tap, &c);

    if (err)
        return tool_fail("sim net: a TAP device: %s%s", leat_strerror(err),
                         err == LEAT_E_ACCESS ? " (this needs root)" : "");
    return configure(leat_tap_name(*tap), address);
}

bool net_link(struct net_job *j, struct leat_tap **near)
{
    struct leat_tap *far = NULL;
    bool good;

    if (!new_namespace())
        return false;
    good = open_tap(&far, LEAT_TAP_PERSIST, NET_FAR);
    if (far)
        (void)leat_tap_close(far); /* a back end opens it again */
    far_fd = good ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
    if (!good)
        return false;
    if (far_fd < 0 ||
        asprintf(&j->far_ns, "/proc/%ld/fd/%d", (long)getpid(), far_fd) < 0)
        return tool_fail("sim net: %s", strerror(errno));
    return new_namespace() && open_tap(near, 0, NET_NEAR);
}

bool net_go_far(const char *ns)
{
    int fd = ns ? open(ns, O_RDONLY | O_CLOEXEC) : dup(far_fd);
    bool good = fd >= 0 && !setns(fd, CLONE_NEWNET);

    if (!good)
        tool_fail("sim net: the other namespace: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

/* The namespaces go with who is in them, or has them. */
void net_unlink(struct net_job *j)
{
    if (far_fd >= 0)
        close(far_fd);
    far_fd = -1;
    free(j->far_ns);
    j->far_ns = NULL;
}
