/* SPDX-License-Identifier: ISC */

/*
 * Our netback, a process of dom0, over a TAP device:
 *
 *   Linux  against Linux's xen-netfront in a domU: ping, a file by TCP each way,
 *          two queues, GSO frames; as xenstore-ls, ethtool, sha256sum and the
 *          kernel's counters tell it
 *   ours   against our netfront in a domU (tests/xen/netfront far), which has a
 *          TAP device, too; killed and started again in the middle of a file
 *
 *     netback              all of this, in dom0
 *     netback far ...      the far end of a file, in domU
 *
 *     domU's TCP -- eth0, or tap0 over netfront ~~ netback -- TAP -- dom0's TCP
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "peer.h"
#include "wire.h"

#define PORT 5002

#define CAME "/tmp/net.came"
#define SENT "/tmp/net.sent"
#define MAKE "dd if=/dev/urandom of=%s bs=1M count=%zu 2>/dev/null"

/* However late answers come, TCP's segments are as long as they may be. Source:
 * Documentation/networking/ip-sysctl.rst. */
#define LONG_SEGMENTS "echo 24 >/proc/sys/net/ipv4/tcp_tso_rtt_log"

/* ------------------------------------------------------------------- files */

/* Room for a file's worth under way, and a call of the kernel's for all of it: so
 * TCP has what its longest segments take. */
static int connection(void)
{
    const int size = 4 << 20, one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    MUST(fd >= 0);
    MUST(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
    MUST(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)));
    MUST(!setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)));
    return fd;
}

static struct sockaddr_in address(const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};

    MUST(inet_pton(AF_INET, text, &a.sin_addr) == 1);
    return a;
}

/* A file goes out, or comes in. */
static bool carry(int fd, const char *path, size_t bytes, bool out)
{
    int file = open(path, out ? O_RDWR : O_RDWR | O_CREAT | O_TRUNC, 0600);
    unsigned char *data;
    ssize_t did;

    MUST(file >= 0 && !ftruncate(file, (off_t)bytes));
    data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    MUST(data != MAP_FAILED);
    for (size_t at = 0; at < bytes; at += (size_t)did) {
        did = out ? write(fd, data + at, bytes - at)
                  : read(fd, data + at, bytes - at);
        if (did <= 0)
            return false;
    }
    munmap(data, bytes);
    close(file);
    return true;
}

/* In dom0: takes a file, then gives another one. */
static int serve(const struct wire *w)
{
    const struct sockaddr_in a = address(w->near);
    int fd = connection(), con;

    MUST(!bind(fd, (const struct sockaddr *)&a, sizeof(a)) && !listen(fd, 1));
    con = accept(fd, NULL, NULL);
    return !carry(con, CAME, w->bytes, false) ||
           !carry(con, SENT, w->bytes, true);
}

/* In domU: the other one. */
static int far(const char *near, size_t bytes)
{
    const struct sockaddr_in a = address(near);
    int fd = connection();

    MUST(!connect(fd, (const struct sockaddr *)&a, sizeof(a)));
    return !carry(fd, "/tmp/f", bytes, true) ||
           !carry(fd, "/tmp/g", bytes, false);
}

/* /tmp/f of domU's to dom0, and SENT of dom0's to /tmp/g. */
static pid_t begin_files(struct peer *p, const struct wire *w)
{
    pid_t server;

    MUST(peer_sh(p, MAKE, "/tmp/f", w->bytes >> 20));
    MUST(sh(MAKE, SENT, w->bytes >> 20));
    fflush(stdout);
    server = fork();
    if (!server)
        _exit(serve(w));
    sleep_ms(200);
    MUST(peer_sh(p,
                 "rm -f /tmp/done /tmp/g; (/t/netback far %s %zu; "
                 "sha256sum /tmp/f /tmp/g >/tmp/sums; mv /tmp/sums /tmp/done) "
                 ">/dev/null 2>&1 </dev/null &",
                 w->near, w->bytes));
    return server;
}

/* The checksum of a file, by the system's own tool: in domU, and here. */
#define SUM 64

static const char *sum_there(struct peer *p, const char *file, char *sum)
{
    peer_sh(p, "sed -n 's|^\\(.*\\)  %s$|\\1|p' /tmp/done", file);
    snprintf(sum, SUM + 1, "%.64s", box_text(p->box));
    return sum;
}

static const char *sum_here(const char *file, char *sum)
{
    return sh_line(sum, SUM + 1, "sha256sum %s", file);
}

static void end_files(struct peer *p, const struct wire *w, pid_t server,
                      unsigned seconds)
{
    char f[SUM + 1], g[SUM + 1], came[SUM + 1], sent[SUM + 1];
    int status = -1;
    bool there = false;

    for (unsigned i = 0; i < seconds * 4 && !there; i++) {
        sleep_ms(250);
        there = peer_sh(p, "test -s /tmp/done");
    }
    if (waitpid(server, &status, WNOHANG) != server) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    OK(there && status == 0, "TCP carries %zu MiB each way", w->bytes >> 20);
    sum_there(p, "/tmp/f", f);
    sum_there(p, "/tmp/g", g);
    sum_here(CAME, came);
    sum_here(SENT, sent);
    tap_note("sha256 of what domU sent %s, of what came %s", f, came);
    tap_note("sha256 of what dom0 sent %s, of what came %s", sent, g);
    OK(strlen(f) == SUM && !strcmp(f, came),
       "dom0 has the checksum of what domU sent");
    OK(strlen(sent) == SUM && !strcmp(sent, g) && strcmp(sent, f) != 0,
       "and domU that of what dom0 sent, which is another one");
}

/* --------------------------------------------------------------- witnesses */

/* What both wrote into the store. */
static void by_store(const struct wire *w)
{
    static const char *const both[] = {"feature-sg", "feature-gso-tcpv4",
                                       "feature-gso-tcpv6",
                                       "feature-ipv6-csum-offload"};
    char front[80], back[80], path[100];

    snprintf(front, sizeof(front), "/local/domain/%u/device/vif/%u", w->domain,
             w->number);
    wire_path(w, back, sizeof(back));
    sh("{ xenstore-ls %s; echo; xenstore-ls %s; } | sed 's/^/# /'", front,
       back);
    OK(store_has(front, "state", "4") && store_has(back, "state", "4"),
       "xenstore-ls: both ends are connected");
    OK(store_has(front, "backend", back) && store_has(back, "frontend", front),
       "each names the other");
    OK(store_has(back, "multi-queue-max-queues", "2") &&
           store_has(front, "multi-queue-num-queues", "2") &&
           !sh("xenstore-exists %s/queue-2", front) &&
           !sh("xenstore-exists %s/tx-ring-ref", front),
       "two queues were offered, and taken");
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/queue-%d", front, i);
        OK(store_has_queue(path),
           "queue-%d has two rings and two event channels", i);
    }
    for (size_t i = 0; i < COUNT(both); i++)
        OK(store_has(front, both[i], "1") && store_has(back, both[i], "1"),
           "%s, of both", both[i]);
    OK(store_has(back, "feature-rx-copy", "1") &&
           store_has(front, "request-rx-copy", "1"),
       "what comes is copied");
}

/* What domU's kernel made of it. */
static void by_ethtool(struct peer *p)
{
    static const char *const features[] = {
        "scatter-gather",      "tx-checksum-ipv4",     "tx-checksum-ipv6",
        "tx-tcp-segmentation", "tx-tcp6-segmentation", "rx-checksumming"};

    peer_show(p, "ethtool -i eth0; ethtool -k eth0 | grep ': on'");
    OK(peer_sh(p, "ethtool -i eth0 | grep -q '^driver: vif$' && "
                  "ethtool -i eth0 | grep -q '^bus-info: vif-0$' && "
                  "readlink /sys/class/net/eth0/device/driver/module | "
                  "grep -q '/xen_netfront$'"),
       "ethtool: the device is xen-netfront's");
    for (size_t i = 0; i < COUNT(features); i++)
        OK(peer_sh(p, ETHTOOL_HAS("eth0", "%s", "on"), features[i]), "%s",
           features[i]);
    OK(peer_sh(p, "test \"$(cd /sys/class/net/eth0/queues && echo *)\" = "
                  "'rx-0 rx-1 tx-0 tx-1'"),
       "it has two queues");
}

/* Connections that are refused: each is of a flow of its own, and by that the
 * queues are chosen. */
static void by_queues(struct peer *p, const struct wire *w)
{
    static const char *const names[] = {"q0-tx", "q0-rx", "q1-tx", "q1-rx"};

    peer_sh(p, "for i in $(seq 32); do nc %s 9 </dev/null; done 2>/dev/null",
            w->near);
    peer_show(p, "grep -- '-q[01]-[rt]x$' /proc/interrupts");
    for (size_t i = 0; i < COUNT(names); i++)
        OK(peer_sh(p,
                   "awk '/-%s$/ { n = $2 + $3 } END { exit n == 0 }' "
                   "/proc/interrupts",
                   names[i]),
           "domU was woken by %s", names[i]);
}

/* ------------------------------------------------------------------- cases */

static void counted(struct peer *p)
{
    const struct leat_netback_stats *s = &told->stats;

    tap_note("from domU %llu frames, %llu GSO, %llu bytes; to it %llu, %llu, "
             "%llu; longest %llu; %llu copies in %llu calls",
             (unsigned long long)s->tx_frames, (unsigned long long)s->tx_gso,
             (unsigned long long)s->tx_bytes, (unsigned long long)s->rx_frames,
             (unsigned long long)s->rx_gso, (unsigned long long)s->rx_bytes,
             (unsigned long long)told->tap.longest,
             (unsigned long long)s->copies, (unsigned long long)s->grant_calls);
    OK(s->tx_gso && s->rx_gso && told->tap.longest > 60000,
       "GSO frames went both ways, of more than 60,000 bytes");
    OK(!s->tx_refused && !s->rx_failed && !told->broken, "none was refused");
    OK(peer_sh(p, "test $(cat /sys/class/net/eth0/statistics/rx_bytes) -gt "
                  "16777216 && "
                  "test $(cat /sys/class/net/eth0/statistics/tx_bytes) -gt "
                  "16777216"),
       "domU's kernel counted them, too");
    peer_show(p, "ethtool -S eth0");
    OK(peer_sh(p, ETHTOOL_COUNTS("eth0", "rx_gso_checksum_fixup", "0")),
       "ethtool: no GSO frame came with a checksum that it had to undo");
}

static void of_linux(struct peer *p)
{
    const struct wire w = {"leat0", "10.8.0.1", "10.8.0.2",
                           0,       p->domain,  (size_t)16 << 20};
    pid_t back, server;

    wire_device(&w, true);
    back = wire_start(&w);
    OK(peer_sh(p, "insmod /lib/modules/xen-netfront.ko"),
       "domU has xen-netfront");
    OK(COMES(told->connected, 15000), "it connects");
    OK(told->stats.queues == 2, "by two queues");
    by_store(&w);
    by_ethtool(p);
    OK(peer_sh(p, "ifconfig eth0 10.8.0.2 netmask 255.255.255.0 up"),
       "domU has an interface");
    OK(peer_sh(p, "ping -c 5 -W 2 10.8.0.1 >/dev/null"), "ping");
    by_queues(p, &w);
    MUST(sh(LONG_SEGMENTS) && peer_sh(p, LONG_SEGMENTS));
    server = begin_files(p, &w);
    end_files(p, &w, server, 60);
    counted(p);
    /* It is not unloaded while it has a device. */
    OK(peer_sh(p, "echo vif-0 >/sys/bus/xen/drivers/vif/unbind && "
                  "rmmod xen_netfront"),
       "xen-netfront closes, and goes");
    OK(wire_stop(back), "and netback, with nothing mapped");
}

static void of_ours(struct peer *p)
{
    const struct wire w = {"leat1", "10.7.0.1", "10.7.0.2",
                           1,       p->domain,  (size_t)8 << 20};
    const volatile struct leat_netback_stats *s;
    pid_t back, server;

    wire_device(&w, true);
    back = wire_start(&w);
    s = &told->stats;
    MUST(peer_sh(p, "/t/netfront far 1 10.7.0.2 >/tmp/far.log 2>&1 &"));
    OK(COMES(told->connected, 15000), "ours connects to ours, across domains");
    OK(COMES(peer_sh(p, "ifconfig tap0 2>/dev/null | grep -q 10.7.0.2"), 15000),
       "domU has a TAP device over it");
    OK(peer_sh(p, "ping -c 3 -W 2 10.7.0.1 >/dev/null"), "ping");
    server = begin_files(p, &w);
    for (int i = 0; i < 2; i++) {
        OK(COMES((i ? s->rx_bytes : s->tx_bytes) > (1 << 20), 60000),
           "the file is on its way %s domU", i ? "to" : "from");
        kill(back, SIGKILL);
        waitpid(back, NULL, 0);
        back = wire_start(&w);
        OK(COMES(told->connected, 15000),
           "netback is killed and started again, and netfront finds it");
    }
    end_files(p, &w, server, 60);
    tap_note("from domU %llu frames, %llu GSO, by static grants %llu slots; to "
             "it %llu, %llu, %llu",
             (unsigned long long)s->tx_frames, (unsigned long long)s->tx_gso,
             (unsigned long long)s->tx_static, (unsigned long long)s->rx_frames,
             (unsigned long long)s->rx_gso, (unsigned long long)s->rx_static);
    OK(s->tx_static && s->rx_static, "frames went by static grants");
    OK(!told->broken, "none broke the protocol");
    peer_run(p, "killall netfront");
    OK(wire_stop(back), "netback goes, with nothing mapped");
}

int main(int argc, char **argv)
{
    struct peer p;

    if (argc > 3 && !strcmp(argv[1], "far"))
        return far(argv[2], strtoul(argv[3], NULL, 10));
    sh("test -d /sys/module/tun || insmod /lib/modules/tun.ko");
    peer_open(&p, "LEAT_XEN_DOMU");
    of_linux(&p);
    of_ours(&p);
    peer_close(&p);
    return tap_end();
}
