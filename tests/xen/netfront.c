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

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <leat/bus_device.h>
#include <leat/netfront.h>
#include <leat/tap.h>

#include "grants.h"
#include "shell.h"

#define FRONT   "/local/domain/%u/device/vif/%u"
#define BACK    "/local/domain/%u/backend/vif/%u/%u"
#define HERE    "10.9.0.2"
#define THERE   "10.9.0.1"
#define PORT    5001
#define BYTES   (2u << 20)
#define PINGS   20
#define FLOWS   64
#define QUEUES  2
#define MINUTES ((uint64_t)60 * 1000000000)

static struct net {
    uint32_t own, number;
    uint32_t queues;  /* that are wanted                                      */
    uint32_t offload; /* LEAT_NET_OFFLOAD_*: what may be left to us           */
    char front[64], back[64], vif[16];
    struct leat_xen_share *x;
    struct leat_xen_store *xs;
    struct leat_xen_events *xe;
    struct leat_store store;
    struct leat_bus bus;
    struct leat_pool *pool, *to;
    struct leat_mmap memory;
    struct leat_grants *table;
    struct leat_netfront_config config;
    struct leat_netfront *f;
    struct leat_tap *tap;
    bool (*wants)(const unsigned char *frame, size_t len);
    unsigned char got[65536]; /* one that was wanted, while there is no TAP   */
    size_t len;
    uint32_t frames, offloaded, next;
    uint32_t came[QUEUES]; /* by each queue                                   */
    uint32_t longest_in, longest_out;
    uint64_t lost;
    bool closed;
} n;

/* A frame goes to the TAP, or is looked at. */
static void receive(void *arg, struct leat_netfront *f,
                    struct leat_netfront_frame *frame)
{
    const struct leat_view v = frame->pieces[0].view;
    struct leat_net_frame out = {
        .head = leat_view_const(v), .len = v.len, .meta = frame->meta};
    struct leat_netport port;

    (void)arg, (void)f;
    n.frames++;
    n.came[frame->queue]++;
    n.offloaded += frame->meta.gso || frame->meta.flags & LEAT_NET_CSUM_BLANK;
    n.longest_in = v.len > n.longest_in ? (uint32_t)v.len : n.longest_in;
    if (!n.tap) {
        /* dom0's stack says this and that, too. */
        if (n.wants && n.wants(v.data, v.len)) {
            n.len = v.len;
            memcpy(n.got, v.data, v.len);
        }
        return;
    }
    if (out.meta.flags & LEAT_NET_CSUM_BLANK || out.meta.gso)
        n.lost += leat_net_meta_find(out.head, out.len, &out.meta) != 0;
    port = leat_tap(n.tap);
    n.lost += port.ops->send(port.self, &out) != 0;
}

static void event(void *arg, struct leat_netfront *f,
                  enum leat_netfront_event what)
{
    (void)arg;
    n.closed |= what == LEAT_NETFRONT_CLOSED;
    if (what == LEAT_NETFRONT_BROKEN)
        tap_note("broken: %s", leat_netfront_text(f));
}

/* One round; whether there is more. */
static bool step(void)
{
    bool more = false, more2 = false;

    if (leat_bus_poll(&n.bus, 64, &more) ||
        leat_netfront_poll(n.f, 64, &more2)) {
        tap_note("a poll failed");
        return false;
    }
    return more || more2;
}

static bool steps(bool (*until)(void), unsigned ms)
{
    const uint64_t end = now_ns() + ms * (uint64_t)1000000;

    while (!until() && now_ns() < end) {
        if (!step())
            sleep_ms(1);
    }
    return until();
}

static bool connected(void)
{
    return leat_netfront_connected(n.f);
}

/* ------------------------------------------------------------ the machine */

static void load(const char *module)
{
    sh("test -d /sys/module/$(echo %s | tr - _) || insmod /lib/modules/%s.ko",
       module, module);
}

static void open_machine(uint32_t peer)
{
    struct leat_xen_share_config xc = {.unit_pages = 64, .limit_pages = 768};
    struct leat_grants_config gc = {0};
    struct leat_pool_config pc = {0};
    struct leat_bus_config bc = {.fd = -1};
    static struct leat_mmap meta;
    struct leat_xen_why why;
    int err;

    n.own = own_domain();
    xc.domain = peer;
    err = leat_xen_share_open(&n.x, &xc, &why);
    if (err)
        tap_note("%s", why.text);
    MUST(!err);
    pc.backend = leat_xen_share_backend(n.x);
    pc.peer = peer + 1;
    MUST(!leat_pool_create(&n.pool, &pc));
    MUST(!leat_mmap_init(&n.memory));
    pc = (struct leat_pool_config){.backend = leat_mmap(&n.memory),
                                   .limit_pages = 4096,
                                   .zero = LEAT_ZERO_NEVER};
    MUST(!leat_pool_create(&n.to, &pc));
    gc.share = leat_xen_share_ops(n.x);
    MUST(!leat_mmap_init(&meta));
    gc.backend = leat_mmap(&meta);
    MUST(!leat_grants_create(&n.table, &gc));
    MUST(!leat_xen_store_open(&n.xs, NULL));
    MUST(!leat_xen_events_open(&n.xe, NULL));
    bc.store = n.store = leat_xen_store_ops(n.xs);
    bc.events = leat_xen_event_ops(n.xe);
    MUST(!leat_bus_init(&n.bus, &bc));
}

/* What a toolstack does, and its end. */
static int with_device(int (*what)(const struct leat_store *,
                                   const struct leat_bus_device *))
{
    char handle[16];
    const struct leat_bus_key front[] = {{"handle", handle},
                                         {"mac", "00:16:3e:11:22:33"}};
    const struct leat_bus_key back[] = {
        {"handle", handle},      {"mac", "00:16:3e:11:22:33"},
        {"script", "/bin/true"}, {"type", "vif"},
        {"bridge", "none"},      {"hotplug-status", "connected"},
    };
    const struct leat_bus_device device = {
        .type = "vif",
        .front = n.own,
        .back = n.own,
        .number = n.number,
        .front_keys = front,
        .front_n = COUNT(front),
        .back_keys = back,
        .back_n = COUNT(back),
    };

    snprintf(handle, sizeof(handle), "%u", n.number);
    return what(&n.store, &device);
}

static void open_front(void)
{
    snprintf(n.front, sizeof(n.front), FRONT, n.own, n.number);
    snprintf(n.back, sizeof(n.back), BACK, n.own, n.own, n.number);
    snprintf(n.vif, sizeof(n.vif), "vif%u.%u", n.own, n.number);
    n.config = (struct leat_netfront_config){
        .bus = &n.bus,
        .path = n.front,
        .grants = n.table,
        .pool = n.pool,
        .to = n.to,
        .offload = n.offload,
        .queues = n.queues,
        .tx_pages = 256 / n.queues,
        .rx_pages = 300 / n.queues,
        .receive = receive,
        .event = event,
    };
    MUST(!leat_netfront_meta_size(&n.config, &n.config.meta_bytes));
    n.config.meta = malloc(n.config.meta_bytes);
    GIVES(leat_netfront_create(&n.f, &n.config), 0, "netfront is made");
}

/* A number of the kernel's, of the interface. */
static unsigned long long counter(const char *name)
{
    return sh_number("cat /sys/class/net/%s/statistics/%s", n.vif, name);
}

/* ---------------------------------------------------------- ARP and ping */

static unsigned char mac_there[6];
static const unsigned char mac_here[6] = {0, 0x16, 0x3e, 0x11, 0x22, 0x33};

struct bytes {
    unsigned char data[1600];
    size_t len;
};

static int write_bytes(void *arg, const struct leat_view *views, size_t nviews,
                       size_t *len)
{
    const struct bytes *b = arg;

    (void)nviews, (void)len;
    memcpy(views[0].data, b->data, b->len);
    return 0;
}

static int send_bytes(const struct bytes *b)
{
    const struct leat_netfront_fill fill = {.queue = n.next++ % n.queues,
                                            .size = b->len,
                                            .fill = write_bytes,
                                            .arg = (void *)(uintptr_t)b};
    int err = leat_netfront_send(n.f, &fill);

    return err ? err : leat_netfront_push(n.f);
}

static void ethernet(struct bytes *b, const void *to, unsigned type)
{
    memset(b, 0, sizeof(*b));
    memcpy(b->data, to, 6);
    memcpy(b->data + 6, mac_here, 6);
    b->data[12] = (unsigned char)(type >> 8);
    b->data[13] = (unsigned char)type;
}

static bool answered(void)
{
    return n.len != 0;
}

/* Sends, and waits for an answer of that kind. */
static bool ask(const struct bytes *b,
                bool (*kind)(const unsigned char *frame, size_t len))
{
    n.wants = kind;
    n.len = 0;
    return !send_bytes(b) && steps(answered, 3000);
}

static bool is_arp(const unsigned char *frame, size_t len)
{
    return len >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2;
}

static bool arp(void)
{
    static const unsigned char all[6] = {255, 255, 255, 255, 255, 255},
                               what[8] = {0, 1, 8, 0, 6, 4, 0, 1};
    struct bytes b;

    ethernet(&b, all, 0x0806);
    memcpy(b.data + 14, what, 8);
    memcpy(b.data + 22, mac_here, 6);
    inet_pton(AF_INET, HERE, b.data + 28);
    inet_pton(AF_INET, THERE, b.data + 38);
    b.len = 42;
    if (!ask(&b, is_arp))
        return false;
    memcpy(mac_there, n.got + 22, 6);
    return memcmp(n.got + 28, b.data + 38, 4) == 0;
}

static uint16_t sum(const unsigned char *at, size_t len)
{
    uint32_t s = 0;

    for (size_t i = 0; i < len; i += 2)
        s += (uint32_t)at[i] << 8 | at[i + 1];
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static void put16(unsigned char *at, unsigned x)
{
    at[0] = (unsigned char)(x >> 8);
    at[1] = (unsigned char)x;
}

static bool is_echo(const unsigned char *frame, size_t len)
{
    return len >= 42 && frame[12] == 8 && frame[13] == 0 && frame[23] == 1 &&
           frame[34] == 0;
}

/* A packet with (bytes) behind its headers, of protocol (protocol). */
static void packet(struct bytes *b, unsigned char protocol, unsigned bytes)
{
    unsigned char *ip = b->data + 14;

    ethernet(b, mac_there, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 28 + bytes);
    ip[8] = 64;
    ip[9] = protocol;
    inet_pton(AF_INET, HERE, ip + 12);
    inet_pton(AF_INET, THERE, ip + 16);
    put16(ip + 10, sum(ip, 20));
    b->len = 42 + bytes;
}

/* An echo of (bytes): they come back as they went. */
static bool ping(unsigned seq, unsigned bytes)
{
    struct bytes b;
    unsigned char *icmp = b.data + 34;

    packet(&b, 1, bytes);
    icmp[0] = 8;
    put16(icmp + 6, seq);
    for (unsigned i = 0; i < bytes; i++)
        icmp[8 + i] = (unsigned char)(i * 3 + seq);
    put16(icmp + 2, sum(icmp, 8 + bytes));
    return ask(&b, is_echo) && n.len >= b.len && /* it may be padded */
           !memcmp(n.got + 40, icmp + 6, 2 + bytes);
}

/* --------------------------------------------------------------- datagrams */

#define FLOW(i) (7000u + (i))

static bool is_datagram(const unsigned char *frame, size_t len)
{
    return len >= 42 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17;
}

/* From a port of its own to dom0's, and back. */
static bool datagram(unsigned i)
{
    const unsigned bytes = 1400;
    struct bytes b;
    unsigned char *udp = b.data + 34;

    packet(&b, 17, bytes);
    put16(udp, FLOW(i));
    put16(udp + 2, PORT);
    put16(udp + 4, 8 + bytes); /* and no checksum */
    for (unsigned k = 0; k < bytes; k++)
        udp[8 + k] = (unsigned char)(k * 7 + i);
    return ask(&b, is_datagram) && n.len >= b.len && n.got[36] == udp[0] &&
           n.got[37] == udp[1] && !memcmp(n.got + 42, udp + 8, bytes);
}

/* Gives back what comes. */
static int mirror(void)
{
    static char data[2000];
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    inet_pton(AF_INET, THERE, &a.sin_addr);
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

/* --------------------------------------------------------------------- TCP */

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

/* A frame of the TAP's, on its way. */
static struct leat_net_meta next_meta;
static unsigned char *staged;
static size_t staged_len;

static int from_stage(void *arg, const struct leat_view *views, size_t nviews,
                      size_t *len)
{
    size_t at = 0;

    (void)arg, (void)len;
    for (size_t i = 0; i < nviews; at += views[i++].len)
        memcpy(views[i].data, staged + at, views[i].len);
    return 0;
}

/* One frame of the TAP's: whether there was any. */
static bool relay(void)
{
    struct leat_netport port = leat_tap(n.tap);
    struct leat_shared seg = {staged, 65535};
    struct leat_net_room room = {&seg, 1, 65535};
    struct leat_netfront_fill fill = {.flags = LEAT_NETFRONT_DIRTY,
                                      .fill = from_stage};

    if (!staged_len) {
        memset(&next_meta, 0, sizeof(next_meta));
        if (port.ops->receive(port.self, 0, &room, &next_meta, &staged_len))
            return false;
    }
    fill.size = staged_len;
    fill.meta = next_meta;
    switch (leat_netfront_send(n.f, &fill)) {
    case LEAT_E_AGAIN:
        return false; /* it is kept */
    case 0:
        n.longest_out =
            staged_len > n.longest_out ? (uint32_t)staged_len : n.longest_out;
        break;
    default:
        n.lost++;
    }
    staged_len = 0;
    return true;
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
        bool busy = false;

        for (int i = 0; i < 64 && relay(); i++)
            busy = true;
        busy |= step();
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

/* The keys of one queue, by xenstore-ls. */
static bool has_queue(const char *directory)
{
    return store_has(directory, "tx-ring-ref", STORE_SOME) &&
           store_has(directory, "rx-ring-ref", STORE_SOME) &&
           store_has(directory, "event-channel-tx", STORE_SOME) &&
           store_has(directory, "event-channel-rx", STORE_SOME);
}

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
        OK(has_queue(n.front) && !sh("xenstore-exists %s/queue-0", n.front),
           "whose rings and event channels are the device's");
        return;
    }
    for (unsigned i = 0; i < n.queues; i++) {
        snprintf(path, sizeof(path), "%s/queue-%u", n.front, i);
        OK(has_queue(path), "queue-%u has two rings and two event channels", i);
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
        bool busy = false;

        for (int i = 0; i < 64 && connected() && relay(); i++)
            busy = true;
        busy |= step();
        if (!busy)
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
