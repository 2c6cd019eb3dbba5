/* SPDX-License-Identifier: ISC */

/*
 * A domU that powers off, or is destroyed, while dom0 has its pages mapped: they
 * stay as they are until the unmap, and only then is the domain gone. The one that
 * is destroyed has our blkfront and our netfront in mid-traffic, whose back ends,
 * here, let go.
 *
 *     off off | destroy
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "pair.h"
#include "peer.h"
#include "wire.h"

#define PORT 5003
#define MIB  ((uint64_t)1 << 20)

/* -------------------------------------------------------------- the network */

/* Takes what comes, and gives what is taken, without an end. */
static int stream(const struct wire *w)
{
    static char data[65536];
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct pollfd f = {.events = POLLIN | POLLOUT};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, w->near, &a.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    MUST(!bind(fd, (struct sockaddr *)&a, sizeof(a)) && !listen(fd, 1));
    f.fd = accept(fd, NULL, NULL);
    MUST(!fcntl(f.fd, F_SETFL, O_NONBLOCK));
    for (;;) {
        MUST(poll(&f, 1, -1) == 1);
        if (f.revents & (POLLERR | POLLHUP))
            return 1;
        if (f.revents & POLLIN && read(f.fd, data, sizeof(data)) == 0)
            return 0;
        if (f.revents & POLLOUT)
            (void)!write(f.fd, data, sizeof(data));
    }
}

/* More of both directions than there was. */
static bool carries(uint64_t bytes)
{
    const volatile struct leat_netback_stats *s = &told->stats;
    const uint64_t tx = s->tx_bytes, rx = s->rx_bytes;

    return COMES(s->tx_bytes >= tx + bytes && s->rx_bytes >= rx + bytes, 60000);
}

/* The process that serves, and in (*streamer) the one at this end of TCP. */
static pid_t network(struct peer *p, const struct wire *w, pid_t *streamer)
{
    pid_t back;

    sh("test -d /sys/module/tun || insmod /lib/modules/tun.ko");
    wire_device(w, true);
    back = wire_start(w);
    MUST(peer_sh(p, "/t/netfront far %u %s >/tmp/far.out 2>&1 </dev/null &",
                 w->number, w->far));
    OK(COMES(told->connected, 15000),
       "a netfront there connects to our netback");
    MUST(COMES(peer_sh(p, "ifconfig tap0 2>/dev/null | grep -q %s", w->far),
               15000));
    *streamer = fork();
    if (!*streamer)
        _exit(stream(w));
    sleep_ms(200);
    MUST(peer_sh(p, "nc %s %d </dev/zero >/dev/null 2>&1 &", w->near, PORT));
    OK(carries(MIB), "TCP goes both ways over it");
    return back;
}

static void network_note(const char *when)
{
    const struct leat_netback_stats *s = &told->stats;

    tap_note("%s: from domU %llu bytes, %llu slots by static grants; to it "
             "%llu, %llu; %llu pages mapped for good; %llu maps, %llu unmaps",
             when, (unsigned long long)s->tx_bytes,
             (unsigned long long)s->tx_static, (unsigned long long)s->rx_bytes,
             (unsigned long long)s->rx_static, (unsigned long long)s->statics,
             (unsigned long long)s->maps, (unsigned long long)s->unmaps);
}

/* Asks dom0's stack, by the TAP device, who has its address. */
static bool answers(const struct wire *w)
{
    static unsigned char in[65536];
    unsigned char ask[60] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0,
                             1,   8,   6,   0,   1,   8,   0, 6, 4, 0, 1};
    struct leat_tap_config config = {.name = w->tap};
    struct leat_net_frame frame = {.head = {ask, sizeof(ask)},
                                   .len = sizeof(ask)};
    struct leat_shared seg = {in, sizeof(in) - 1};
    struct leat_net_room room = {&seg, 1, sizeof(in) - 1};
    struct leat_net_meta meta = {0};
    struct leat_netport port;
    struct leat_tap *tap;
    size_t len = 0;
    bool came;

    memcpy(ask + 22, ask + 6, 6);
    inet_pton(AF_INET, w->far, ask + 28);
    inet_pton(AF_INET, w->near, ask + 38);
    MUST(!leat_tap_open(&tap, &config));
    port = leat_tap(tap);
    sleep_ms(100);
    MUST(!port.ops->send(port.self, &frame));
    came = COMES(!port.ops->receive(port.self, 0, &room, &meta, &len) &&
                     len >= 42 && in[12] == 8 && in[13] == 6 && in[21] == 2 &&
                     !memcmp(in + 28, ask + 38, 4),
                 5000);
    MUST(!leat_tap_close(tap));
    return came;
}

/* The back end after the end of its front, which it sees by itself. */
static void network_let_go(void)
{
    const struct leat_netback_stats *s = &told->stats;

    OK(COMES(told->disconnects == 1 && !told->connected, 30000),
       "netback has let go");
    OK(COMES(s->maps == s->unmaps && !s->statics && !s->queues, 5000),
       "of all pages and queues");
    network_note("after");
    OK(!told->broken, "and did not say that the protocol was broken");
}

static void network_end(const struct wire *w, pid_t back, pid_t streamer)
{
    OK(waitpid(back, NULL, WNOHANG) == 0, "netback is there all the time");
    OK(wire_stop(back),
       "it ends when it is told to, and nothing is left of it");
    kill(streamer, SIGKILL);
    waitpid(streamer, NULL, 0);
    wire_device(w, false);
    OK(answers(w), "dom0's TAP device can be used as before");
}

/* ----------------------------------------------------------------- the disk */

/* A device of the domain's whose back end is here, and traffic on it. */
static void traffic(struct peer *p, struct pair *b)
{
    struct leat_bus_device device = pair_device(p->domain);
    struct leat_store store = leat_xen_store_ops(p->store);

    b->domain = p->domain;
    MUST(!leat_bus_device_make(&store, &device));
    pair_start(b);
    MUST(!peer_run(p, "front 0x400000 100 >/tmp/front.out 2>&1 </dev/null &"));
    OK(COMES(b->ledger->stats.write_bytes > 1 << 20, 60000),
       "a blkfront there writes to our blkback");
    peer_run(p, "tail -n 5 /tmp/front.out");
    tap_note("%.300s", box_text(p->box));
}

/* The back end after the end of its front. */
static void after(struct peer *p, struct pair *b)
{
    struct leat_bus_device device = pair_device(p->domain);
    struct leat_store store = leat_xen_store_ops(p->store);

    OK(COMES(b->ledger->disconnects == 1, 30000), "the back end has let go");
    OK(!b->ledger->stats.persistent && !b->ledger->stats.under_way,
       "of all pages and requests");
    OK(pair_stop(b), "it ends, and nothing is left of it");
    MUST(!leat_bus_device_remove(&store, &device));
}

int main(int argc, char **argv)
{
    static struct leat_gref grefs[PEER_REFS];
    static struct mapped w, again;
    bool destroy = argc > 1 && !strcmp(argv[1], "destroy");
    uint64_t none[5] = {0};
    struct pair b = {0};
    struct wire net = {.tap = "leat2", .near = "10.6.0.1", .far = "10.6.0.2"};
    pid_t back = 0, streamer = 0;
    struct peer p;

    peer_open(&p, destroy ? "LEAT_XEN_DOMU2" : "LEAT_XEN_DOMU");
    MUST(!peer_call(&p, PEER_SHARE, 0, 100, LEAT_READ_WRITE));
    peer_grefs(&p, grefs, 100);
    peer_call(&p, PEER_FILL, 0, 71);
    MUST(!map(p.map, &w, grefs, 100, LEAT_READ_WRITE));
    if (destroy) {
        net.domain = p.domain;
        back = network(&p, &net, &streamer);
        traffic(&p, &b);
        OK(carries(MIB / 4) && told->stats.statics && told->stats.tx_static &&
               told->stats.rx_static,
           "frames go on, by pages that are mapped for good");
        network_note("before");
        OK(sh("xl destroy %u", p.domain), "domU is destroyed");
    } else {
        peer_ask(&p, PEER_OFF, none);
    }
    OK(COMES(sh("xl list %u 2>/dev/null | grep -q ' [-a-z]*d  *[0-9.]*$'",
                p.domain),
             20000),
       "domU is dying");
    if (destroy) {
        network_let_go();
        after(&p, &b);
    }
    OK(filled(w.base, 100, 71), "its pages are as they were");
    fill(w.base, 100, 72);
    OK(filled(w.base, 100, 72), "and can be written");
    GIVES(map(p.map, &again, grefs, 1, LEAT_READ_WRITE), 0,
          "even mapped once more");
    GIVES(unmap(p.map, &again), 0, "unmap that");
    sleep_ms(500);
    OK(sh("xl list %u >/dev/null 2>&1", p.domain), "domU is still there");
    GIVES(unmap(p.map, &w), 0, "unmap");
    peer_close(&p);
    OK(COMES(!sh("xl list %u >/dev/null 2>&1", p.domain), 60000),
       "then it is gone");
    if (destroy)
        network_end(&net, back, streamer);
    return tap_end();
}
