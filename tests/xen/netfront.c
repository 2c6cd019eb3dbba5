/* SPDX-License-Identifier: ISC */

/*
 * Our netfront, a process of dom0, against Linux's xen-netback in dom0's kernel:
 * by ARP, by ping, and by TCP, from a network namespace of its own with a TAP
 * device, over netfront and netback, to dom0's stack:
 *
 *     TCP (namespace) -- tap -- this program -- netfront ~~ xen-netback -- vif
 *                                                       TCP (dom0's own) --+
 *
 * What both ends count, what xenstore-ls and ethtool tell, and each byte of what
 * came through are the witnesses.
 *
 *     netfront           by one queue, with all that may be left to us
 *     netfront queues    by two queues, with nothing left to us: datagrams
 *     netfront far ...   the far end of tests/xen/netback.c
 */

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "packets.h"

#define BYTES   (2u << 20)
#define PINGS   20
#define FLOWS   64
#define MINUTES ((uint64_t)60 * 1000000000)

/* ------------------------------------------------------ by dom0's sockets */

static unsigned char byte_of(size_t at, unsigned seed)
{
    return (unsigned char)(at * 31 + at / 4096 + seed);
}

static bool all(int fd, unsigned char *data, size_t len, bool out)
{
    while (len) {
        ssize_t did = out ? write(fd, data, len) : read(fd, data, len);

        if (did <= 0)
            return false;
        data += did;
        len -= (size_t)did;
    }
    return true;
}

/* Sends, and takes, BYTES; each side checks each byte of the other's. */
static bool exchange(int fd, bool first)
{
    unsigned char *data = malloc(BYTES);
    bool good = true;

    for (int turn = 0; turn < 2 && good; turn++) {
        const bool out = first == (turn == 0);

        for (size_t i = 0; out && i < BYTES; i++)
            data[i] = byte_of(i, first);
        good = all(fd, data, BYTES, out);
        for (size_t i = 0; !out && good && i < BYTES; i++)
            good = data[i] == byte_of(i, !first);
    }
    free(data);
    return good;
}

static struct sockaddr_in address(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};

    inet_pton(AF_INET, THERE, &a.sin_addr);
    return a;
}

/* Gives back the datagrams that come. */
static int mirror(void)
{
    static char data[2000];
    struct sockaddr_in a = address();
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    MUST(fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a)));
    for (;;) {
        socklen_t len = sizeof(a);
        ssize_t did =
            recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&a, &len);

        MUST(did >= 0);
        MUST(sendto(fd, data, (size_t)did, 0, (struct sockaddr *)&a, len) ==
             did);
    }
}

static int server(void)
{
    struct sockaddr_in a = address();
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0), con;

    MUST(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    MUST(!bind(fd, (struct sockaddr *)&a, sizeof(a)) && !listen(fd, 1));
    con = accept(fd, NULL, NULL);
    return con >= 0 && exchange(con, false) ? 0 : 1;
}

static int client(void)
{
    struct sockaddr_in a = address();
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    MUST(fd >= 0);
    return !connect(fd, (struct sockaddr *)&a, sizeof(a)) && exchange(fd, true)
               ? 0
               : 1;
}

static pid_t start(int (*what)(void))
{
    pid_t pid = fork();

    if (!pid)
        _exit(what());
    return pid;
}

/* A namespace with a TAP device, and the client in it. */
static pid_t start_far(void)
{
    struct leat_tap_config config = {.name = "tap0"};
    int back = open("/proc/self/ns/net", O_RDONLY);
    pid_t pid;

    MUST(back >= 0 && !syscall(SYS_unshare, CLONE_NEWNET));
    GIVES(leat_tap_open(&n.tap, &config), 0, "a TAP device in its namespace");
    MUST(n.tap);
    sh("ifconfig lo up");
    sh("ifconfig tap0 hw ether 00:16:3e:11:22:33");
    sh("ifconfig tap0 " HERE " netmask 255.255.255.0 up");
    pid = start(client);
    MUST(!syscall(SYS_setns, back, CLONE_NEWNET));
    close(back);
    return pid;
}

static void tcp(void)
{
    const uint64_t end = now_ns() + MINUTES;
    pid_t pids[2];
    int status[2] = {-1, -1}, left = 2;

    staged = malloc(65536);
    pids[0] = start(server);
    sleep_ms(100);
    pids[1] = start_far();
    while (left && now_ns() < end) {
        const bool busy = carry();

        for (int i = 0; i < 2; i++) {
            if (status[i] < 0 &&
                waitpid(pids[i], &status[i], WNOHANG) == pids[i])
                left--;
        }
        if (!busy)
            sleep_ms(1);
    }
    OK(status[0] == 0, "dom0's stack has all bytes of the TCP connection");
    OK(status[1] == 0, "and so has the one behind the TAP device");
    for (int i = 0; i < 2; i++) {
        if (status[i] < 0)
            kill(pids[i], SIGKILL);
    }
}

/* ------------------------------------------------------------------- cases */

/* What both wrote into the store. */
static void by_store(void)
{
    static const char *const keys[] = {"feature-gso-tcpv4", "feature-gso-tcpv6",
                                       "feature-ipv6-csum-offload"};
    const char *ours = n.offload ? "1" : "0",
               *wanted = n.queues > 1 ? "2" : "1";
    char path[100];

    sh("{ xenstore-ls %s; echo; xenstore-ls %s; } | sed 's/^/# /'", n.front,
       n.back);
    OK(store_has(n.front, "state", "4") && store_has(n.back, "state", "4"),
       "xenstore-ls: both ends are connected");
    OK(store_has(n.front, "feature-sg", "1") &&
           store_has(n.back, "feature-sg", "1"),
       "feature-sg, of both");
    for (size_t i = 0; i < COUNT(keys); i++)
        OK(store_has(n.front, keys[i], ours) && store_has(n.back, keys[i], "1"),
           "%s: %s of ours, 1 of Linux's", keys[i], ours);
    OK(store_has(n.back, "multi-queue-max-queues", wanted) &&
           store_has(n.front, "multi-queue-num-queues", wanted),
       "as many queues as it has: %s", wanted);
    if (n.queues == 1) {
        OK(store_has_queue(n.front) &&
               !sh("xenstore-exists %s/queue-0", n.front),
           "whose rings and event channels are the device's");
        return;
    }
    for (unsigned i = 0; i < n.queues; i++) {
        snprintf(path, sizeof(path), "%s/queue-%u", n.front, i);
        OK(store_has_queue(path),
           "queue-%u has two rings and two event channels", i);
    }
    OK(!sh("xenstore-exists %s/queue-2", n.front) &&
           !sh("xenstore-exists %s/tx-ring-ref", n.front),
       "and there is no other");
}

/* What the kernel made of it. */
static void by_ethtool(void)
{
    static const char *const features[] = {
        "tx-checksum-ipv4", "tx-checksum-ipv6", "tx-tcp-segmentation",
        "tx-tcp6-segmentation"};
    const char *ours = n.offload ? "on" : "off";

    sh("{ ethtool -i %s; ethtool -k %s | grep ': on'; } | sed 's/^/# /'", n.vif,
       n.vif);
    OK(sh("ethtool -i %s | grep -q '^driver: vif$' && "
          "ethtool -i %s | grep -q '^bus-info: vif-%u-%u$'",
          n.vif, n.vif, n.own, n.number),
       "ethtool: the interface is xen-netback's");
    OK(sh(ETHTOOL_HAS("%s", "scatter-gather", "on"), n.vif),
       "scatter-gather is on");
    for (size_t i = 0; i < COUNT(features); i++)
        OK(sh(ETHTOOL_HAS("%s", "%s", "%s"), n.vif, features[i], ours),
           "%s is %s", features[i], ours);
    OK(sh_number("ls -d /sys/class/net/%s/queues/tx-* | wc -l", n.vif) ==
           n.queues,
       "the interface has %u queues", n.queues);
}

static void terms(void)
{
    struct leat_netfront_info info;

    GIVES(leat_netfront_info(n.f, &info), 0, "what was agreed");
    OK(info.sg, "frames of several slots");
    OK(info.offload == LEAT_NET_OFFLOAD_ALL,
       "GSO and blank checksums, of the back");
    OK(info.mode == LEAT_RECEIVE_COPY, "frames are copied");
    OK(info.queues == n.queues, "queues: %u", info.queues);
    tap_note("split %d, control ring %d, multicast %d, mtu %u", info.split,
             info.statics, info.multicast, info.mtu);
    by_store();
    by_ethtool();
}

static void look(void)
{
    struct leat_netfront_stats s;
    const char *broken = leat_netfront_check(n.f);

    MUST(!leat_netfront_stats(n.f, &s));
    tap_note("sent %llu frames in %llu slots, %llu GSO; came %llu in %llu, "
             "%llu GSO; longest %u and %u",
             (unsigned long long)s.tx_frames, (unsigned long long)s.tx_slots,
             (unsigned long long)s.tx_gso, (unsigned long long)s.rx_frames,
             (unsigned long long)s.rx_slots, (unsigned long long)s.rx_gso,
             n.longest_out, n.longest_in);
    OK(s.tx_gso && s.rx_gso, "GSO frames went both ways");
    OK(n.longest_out > 4096 && n.longest_in > 4096,
       "and frames of more than a page");
    OK(n.offloaded, "the kernel left checksums to us");
    OK(!s.tx_failed && !s.rx_failed && !s.rx_refused && !s.rx_lost && !n.lost,
       "none was refused, failed or lost");
    OK(s.shares + s.revokes == 0, "no grant operation was made for a frame");
    OK(leat_copies_bytes(leat_netfront_copies(n.f)) == s.rx_bytes,
       "each byte that came was copied once, and none that went");
    OK(counter("rx_bytes") && counter("tx_bytes") &&
           counter("rx_packets") >= s.tx_frames - s.tx_gso,
       "the kernel counted them on its interface");
    sh("ethtool -S %s | sed 's/^/# /'", n.vif);
    OK(sh(ETHTOOL_COUNTS("%s", "rx_gso_checksum_fixup", "0"), n.vif) &&
           sh(ETHTOOL_COUNTS("%s", "tx_frag_overflow", "0"), n.vif),
       "ethtool: of no frame of ours it had to mend checksum or fragments");
    OK(sh(ETHTOOL_COUNTS("%s", "tx_zerocopy_sent", STORE_SOME), n.vif),
       "and those of many bytes it took where they were");
    OK(!broken, "the invariants hold");
}

/* What Linux says that it has put into one of a queue's rings: answers to what we
 * sent, or frames. */
static unsigned long long put(unsigned queue, bool frames)
{
    return sh_number("awk '/^rsp prod/ && ++n == %d { print $3 }' "
                     "/sys/kernel/debug/xen-netback/%s/io_ring_q%u",
                     frames ? 2 : 1, n.vif, queue);
}

/* All that it put came: its stack may say something at any time. */
static bool all_came(void)
{
    return put(0, true) == n.came[0] && put(1, true) == n.came[1];
}

/* Datagrams of many flows, by the queues in turn: of each answer Linux's stack
 * chooses the queue, by its flow. */
static void flows(void)
{
    struct leat_netfront_stats s;
    unsigned long long sent = 0;
    unsigned came = 0;
    pid_t pid = start(mirror);

    sleep_ms(200);
    for (unsigned i = 0; i < FLOWS; i++) {
        if (i % 16 == 0) /* for dom0 to know who asks */
            arp();
        came += datagram(i);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    OK(came == FLOWS, "%u datagrams of %u come back, byte by byte", came,
       FLOWS);
    sh("test -d /sys/kernel/debug/xen-netback || "
       "mount -t debugfs debugfs /sys/kernel/debug");
    OK(steps(all_came, 5000), "Linux counts what came by each queue, as we");
    MUST(!leat_netfront_stats(n.f, &s));
    for (unsigned i = 0; i < n.queues; i++) {
        const unsigned long long taken = put(i, false);

        sent += taken;
        tap_note("queue %u: Linux answered %llu; %u came", i, taken, n.came[i]);
        OK(taken >= FLOWS / 2 && n.came[i], "queue %u carries frames both ways",
           i);
    }
    OK(sent == s.tx_slots && s.tx_okay == s.tx_frames,
       "Linux answered all that we sent");
    OK(!s.tx_failed && !s.rx_failed && !s.rx_refused && !s.rx_lost,
       "none was refused, failed or lost");
    OK(!n.offloaded, "the kernel left nothing to us");
    OK(!leat_netfront_check(n.f), "the invariants hold");
}

static bool is_closed(void)
{
    return n.closed;
}

/*
 * The far end of tests/xen/netback.c, in a domU: a TAP device with (address) over
 * a netfront whose back dom0 serves, until it is killed.
 */
static int far(unsigned number, const char *address)
{
    struct leat_tap_config config = {.name = "tap0"};

    load("tun");
    n.number = number;
    open_machine(0);
    open_front();
    MUST(!leat_tap_open(&n.tap, &config));
    sh("ifconfig tap0 %s netmask 255.255.255.0 up", address);
    staged = malloc(65536);
    for (;;) {
        if (!carry())
            sleep_ms(1);
    }
}

int main(int argc, char **argv)
{
    const bool several = argc > 1 && !strcmp(argv[1], "queues");
    unsigned came = 0;

    n.queues = several ? QUEUES : 1;
    n.offload = several ? 0 : LEAT_NET_OFFLOAD_ALL;
    if (argc > 3 && !strcmp(argv[1], "far"))
        return far((unsigned)atoi(argv[2]), argv[3]);

    load("xen-netback");
    load("tun");
    MUST(
        sh("echo %u >/sys/module/xen_netback/parameters/max_queues", n.queues));
    open_machine(own_domain());
    GIVES(with_device(leat_bus_device_make), 0,
          "the directories of a vif are made");
    open_front();
    OK(steps(connected, 10000), "it connects to xen-netback");
    MUST(connected());
    terms();
    sh("ifconfig %s " THERE " netmask 255.255.255.0 up", n.vif);
    OK(arp() || arp() || arp(), "an ARP request is answered");
    for (unsigned i = 0; i < PINGS; i++)
        came += ping(i, i * 70);
    OK(came == PINGS, "%u pings of %u come back, byte by byte", came, PINGS);
    if (several) {
        flows();
    } else {
        tcp();
        look();
    }
    GIVES(leat_netfront_close(n.f, false), 0, "it closes");
    OK(steps(is_closed, 10000), "and xen-netback has let go");
    OK(store_has(n.front, "state", "6") && store_has(n.back, "state", "6"),
       "xenstore-ls: both are closed");
    GIVES(with_device(leat_bus_device_remove), 0, "the device is removed");
    OK(COMES(!sh("test -e /sys/class/net/%s", n.vif), 5000),
       "and Linux's interface goes");
    return tap_end();
}
