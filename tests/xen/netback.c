/* SPDX-License-Identifier: ISC */

/*
 * Our netback, a process of dom0, over a TAP device:
 *
 *   Linux  against Linux's xen-netfront in a domU: ping, a file by TCP both ways,
 *          two queues, GSO frames
 *   ours   against our netfront in a domU (tests/xen/netfront far), which has a
 *          TAP device, too; killed and started again in the middle of a file
 *
 *     domU's TCP -- eth0, or tap0 over netfront ~~ netback -- TAP -- dom0's TCP
 */

#include <arpa/inet.h>
#include <sys/socket.h>

#include "peer.h"
#include "wire.h"

#define PORT 5002

/* ------------------------------------------------------------------- a file */

/* Takes the bytes of a file, then gives them back. */
static int echo(const struct wire *w)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    unsigned char *data = malloc(w->bytes);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0), con;
    size_t at;
    ssize_t did;

    inet_pton(AF_INET, w->near, &a.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    MUST(!bind(fd, (struct sockaddr *)&a, sizeof(a)) && !listen(fd, 1));
    con = accept(fd, NULL, NULL);
    for (at = 0; at < w->bytes; at += (size_t)did) {
        did = read(con, data + at, w->bytes - at);
        if (did <= 0)
            return 1;
    }
    for (at = 0; at < w->bytes; at += (size_t)did) {
        did = write(con, data + at, w->bytes - at);
        if (did <= 0)
            return 1;
    }
    return 0;
}

static void begin_file(struct peer *p, const struct wire *w, pid_t *server)
{
    char line[300];

    snprintf(line, sizeof(line),
             "dd if=/dev/urandom of=/tmp/f bs=1M count=%zu 2>/dev/null",
             w->bytes >> 20);
    MUST(!peer_run(p, line));
    *server = fork();
    if (!*server)
        _exit(echo(w));
    sleep_ms(200);
    snprintf(line, sizeof(line),
             "(nc %s %d </tmp/f >/tmp/g; cmp /tmp/f /tmp/g && echo good "
             ">/tmp/done || echo bad >/tmp/done) >/dev/null 2>&1 &",
             w->near, PORT);
    MUST(!peer_run(p, "rm -f /tmp/done /tmp/g"));
    MUST(!peer_run(p, line));
}

static bool end_file(struct peer *p, pid_t server, unsigned seconds)
{
    int status = -1;
    bool there = false;

    for (unsigned i = 0; i < seconds * 4 && !there; i++) {
        sleep_ms(250);
        there = !peer_run(p, "test -s /tmp/done");
    }
    there = there && !peer_run(p, "grep -q good /tmp/done");
    if (waitpid(server, &status, WNOHANG) != server) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    return there && status == 0;
}

/* ------------------------------------------------------------------ cases */

static void of_linux(struct peer *p)
{
    const struct wire w = {"leat0", "10.8.0.1", "10.8.0.2",
                           0,       p->domain,  (size_t)16 << 20};
    const struct leat_netback_stats *s;
    pid_t back, server;

    wire_make(&w);
    back = wire_start(&w);
    s = &told->stats;
    OK(!peer_run(p, "insmod /lib/modules/xen-netfront.ko"),
       "domU has xen-netfront");
    OK(COMES(told->connected, 15000), "it connects");
    OK(s->queues == 2, "by two queues");
    OK(!peer_run(p, "ifconfig eth0 10.8.0.2 netmask 255.255.255.0 up"),
       "domU has an interface");
    OK(!peer_run(p, "ping -c 5 -W 2 10.8.0.1 >/dev/null"), "ping");
    /* How long its segments are is for TCP to say, and not each file's are. */
    for (int i = 0; i < 5 && told->tap.longest <= 60000; i++) {
        begin_file(p, &w, &server);
        OK(end_file(p, server, 60), "16 MiB by TCP, both ways, are the same");
    }
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
    OK(!peer_run(p, "test $(cat /sys/class/net/eth0/statistics/rx_bytes) -gt "
                    "16777216 && "
                    "test $(cat /sys/class/net/eth0/statistics/tx_bytes) -gt "
                    "16777216"),
       "domU's kernel counted them, too");
    /* It is not unloaded while it has a device. */
    OK(!peer_run(p, "echo vif-0 >/sys/bus/xen/drivers/vif/unbind && "
                    "rmmod xen_netfront"),
       "xen-netfront closes, and goes");
    OK(wire_stop(back), "and netback");
}

static void of_ours(struct peer *p)
{
    const struct wire w = {"leat1", "10.7.0.1", "10.7.0.2",
                           1,       p->domain,  (size_t)2 << 20};
    const struct leat_netback_stats *s;
    pid_t back, server;

    wire_make(&w);
    back = wire_start(&w);
    s = &told->stats;
    MUST(!peer_run(p, "/t/netfront far 1 10.7.0.2 >/tmp/far.log 2>&1 &"));
    OK(COMES(told->connected, 15000), "ours connects to ours, across domains");
    OK(COMES(!peer_run(p, "ifconfig tap0 2>/dev/null | grep -q 10.7.0.2"),
             15000),
       "domU has a TAP device over it");
    OK(!peer_run(p, "ping -c 3 -W 2 10.7.0.1 >/dev/null"), "ping");
    begin_file(p, &w, &server);
    for (int i = 0; i < 2; i++) {
        sleep_ms(400);
        kill(back, SIGKILL);
        waitpid(back, NULL, 0);
        back = wire_start(&w);
        OK(COMES(told->connected, 15000),
           "netback is killed and started again, and netfront finds it");
    }
    OK(end_file(p, server, 60), "the file is the same, both ways");
    tap_note("from domU %llu frames, %llu GSO, by static grants %llu slots; to "
             "it %llu, %llu, %llu",
             (unsigned long long)s->tx_frames, (unsigned long long)s->tx_gso,
             (unsigned long long)s->tx_static, (unsigned long long)s->rx_frames,
             (unsigned long long)s->rx_gso, (unsigned long long)s->rx_static);
    OK(s->tx_static && s->rx_static, "frames went by static grants");
    OK(!told->broken, "none broke the protocol");
    peer_run(p, "killall netfront");
    OK(wire_stop(back), "netback goes");
}

int main(void)
{
    struct peer p;

    wire_sh("test -d /sys/module/tun || insmod /lib/modules/tun.ko");
    peer_open(&p, "LEAT_XEN_DOMU");
    of_linux(&p);
    of_ours(&p);
    peer_close(&p);
    return tap_end();
}
