/* SPDX-License-Identifier: ISC */

/*
 * The links of net-tcp.h. The relay is the least that can stand between two TAP
 * devices: one process, a read and a write a frame, with virtio headers, so that
 * long segments and open checksums pass as they are.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net-tcp.h"

#define NAME  "leat0"
#define BURST 64 /* frames, before the other way is looked at */

/* As "leat sim net" has them. */
const char *const tcp_addresses[2] = {"10.99.0.1", "10.99.0.2"};

void tcp_enter(const struct tcp_link *l, int end)
{
    if (setns(l->ns[end], CLONE_NEWNET))
        device_die_errno("a network namespace");
}

static void new_namespace(struct tcp_link *l, int end)
{
    if (unshare(CLONE_NEWNET))
        device_none("no network namespace can be made here (this needs root)");
    l->ns[end] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (l->ns[end] < 0)
        device_die_errno("a network namespace");
}

static void set(int s, unsigned long what, struct ifreq *r)
{
    snprintf(r->ifr_name, sizeof r->ifr_name, NAME);
    if (ioctl(s, what, r))
        device_die_errno("an interface cannot be set up");
}

static void set_address(int s, unsigned long what, const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct ifreq r = {.ifr_flags = 0};

    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&r.ifr_addr, &in, sizeof in);
    set(s, what, &r);
}

/* Of the namespace that this process is in. */
static void configure(int end)
{
    struct ifreq mtu = {.ifr_mtu = 1500}, up = {.ifr_flags = IFF_UP};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (s < 0)
        device_die_errno("no socket");
    set(s, SIOCSIFMTU, &mtu);
    set_address(s, SIOCSIFADDR, tcp_addresses[end]);
    set_address(s, SIOCSIFNETMASK, "255.255.255.0");
    set(s, SIOCSIFFLAGS, &up);
    close(s);
}

/* ---------------------------------------------------------------------- veth */

struct request {
    struct nlmsghdr head;
    struct ifinfomsg info;
    char room[256];
};

static void *add(struct request *r, unsigned short type, const void *data,
                 size_t len)
{
    struct rtattr *a =
        (struct rtattr *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

    a->rta_type = type;
    a->rta_len = (unsigned short)RTA_LENGTH(len);
    if (len)
        memcpy(RTA_DATA(a), data, len);
    r->head.nlmsg_len =
        NLMSG_ALIGN(r->head.nlmsg_len) + (unsigned)RTA_SPACE(len);
    return a;
}

static void ends(const struct request *r, struct rtattr *a)
{
    a->rta_len =
        (unsigned short)((const char *)r + r->head.nlmsg_len - (char *)a);
}

/* In this namespace, with its other end in that of descriptor (other). */
static void make_veth(int other)
{
    struct request r = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                 .nlmsg_type = RTM_NEWLINK,
                 .nlmsg_flags =
                     NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK}};
    const struct ifinfomsg none = {.ifi_family = AF_UNSPEC};
    struct {
        struct nlmsghdr head;
        struct nlmsgerr err;
    } answer;
    struct rtattr *link, *data, *peer;
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    add(&r, IFLA_IFNAME, NAME, sizeof NAME);
    link = add(&r, IFLA_LINKINFO, NULL, 0);
    add(&r, IFLA_INFO_KIND, "veth", 4);
    data = add(&r, IFLA_INFO_DATA, NULL, 0);
    peer = add(&r, VETH_INFO_PEER, &none, sizeof none);
    add(&r, IFLA_IFNAME, NAME, sizeof NAME);
    add(&r, IFLA_NET_NS_FD, &other, sizeof other);
    ends(&r, peer);
    ends(&r, data);
    ends(&r, link);
    if (s < 0 || send(s, &r, r.head.nlmsg_len, 0) < 0 ||
        recv(s, &answer, sizeof answer, 0) < (ssize_t)sizeof answer ||
        answer.head.nlmsg_type != NLMSG_ERROR)
        device_die_errno("no answer about a veth pair");
    if (answer.err.error)
        device_none("no veth pair can be made here");
    close(s);
}

static void open_veth(struct tcp_link *l)
{
    new_namespace(l, 0);
    new_namespace(l, 1);
    make_veth(l->ns[0]);
    configure(1);
    tcp_enter(l, 0);
    configure(0);
}

/* --------------------------------------------------------------------- relay */

static int open_tap(void)
{
    const unsigned offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    const int header = sizeof(struct virtio_net_hdr);
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
                      .ifr_name = NAME};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
        device_none("a TAP device cannot be made here");
    if (ioctl(fd, TUNSETVNETHDRSZ, &header) ||
        ioctl(fd, TUNSETOFFLOAD, offload))
        device_die_errno("a TAP device");
    return fd;
}

static void carry(int from, int to)
{
    static unsigned char frame[sizeof(struct virtio_net_hdr) + 65536];
    int i;

    for (i = 0; i < BURST; i++) {
        ssize_t got = read(from, frame, sizeof frame);

        if (got <= 0)
            return;
        /* What the kernel does not take is lost: TCP sends it again. */
        if (write(to, frame, (size_t)got) < 0 && errno == EBADFD)
            _exit(1);
    }
}

static _Noreturn void relay(const int fds[2])
{
    struct pollfd p[2] = {{.fd = fds[0], .events = POLLIN},
                          {.fd = fds[1], .events = POLLIN}};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[0].revents)
            carry(fds[0], fds[1]);
        if (p[1].revents)
            carry(fds[1], fds[0]);
    }
}

static void open_relay(struct tcp_link *l)
{
    int fds[2], end;

    for (end = 0; end < 2; end++) {
        new_namespace(l, end);
        fds[end] = open_tap();
        configure(end);
    }
    l->pid = fork();
    if (l->pid < 0)
        device_die_errno("no process");
    if (!l->pid)
        relay(fds);
    close(fds[0]);
    close(fds[1]);
}

/* ---------------------------------------------------------------------- leat */

static _Noreturn void become_leat(const int in[2], const int out[2],
                                  const char *mode)
{
    const char *command = getenv("LEAT_BENCH_COMMAND");

    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execlp(command ? command : "leat", "leat", "sim", "net", "--hold", "--mode",
           mode, (char *)NULL);
    device_die_errno("leat");
}

static void open_leat(struct tcp_link *l, const char *mode)
{
    char line[512] = "", path[2][256];
    int in[2], out[2], end;
    FILE *f;

    if (geteuid())
        device_none("\"leat sim net\" needs root");
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        device_die_errno("no pipe");
    l->pid = fork();
    if (!l->pid)
        become_leat(in, out, mode);
    close(in[0]);
    close(out[1]);
    l->leaves = in[1];
    f = fdopen(out[0], "r");
    if (!f || !fgets(line, sizeof line, f) ||
        sscanf(line, "front=%255s address=%*s back=%255s", path[0], path[1]) !=
            2)
        device_die("\"leat sim net --hold\" does not begin");
    for (end = 0; end < 2; end++) {
        l->ns[end] = open(path[end], O_RDONLY | O_CLOEXEC);
        if (l->ns[end] < 0)
            device_die_errno(path[end]);
    }
    /* (f) stays open: there it says what it did, in the end. */
}

/* ---------------------------------------------------------------- all of them */

bool tcp_link_open(struct tcp_link *l, const char *variant)
{
    if (!strcmp(variant, "veth"))
        open_veth(l);
    else if (!strcmp(variant, "relay"))
        open_relay(l);
    else if (!strncmp(variant, "leat-", 5))
        open_leat(l, variant + 5);
    else
        return false;
    return true;
}

void tcp_link_close(struct tcp_link *l)
{
    int status = 0;

    if (l->leaves >= 0)
        close(l->leaves);
    else if (l->pid > 0)
        kill(l->pid, SIGKILL);
    if (l->pid > 0)
        waitpid(l->pid, &status, 0);
    if (l->leaves >= 0 && status)
        device_die("\"leat sim net\" failed");
}
