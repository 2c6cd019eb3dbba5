/* SPDX-License-Identifier: ISC */

/*
 * A kernel's TCP between two network namespaces: by what "leat sim net" carries,
 * by a bare relay between two TAP devices, by a veth pair. The second process
 * sends, the first receives and counts; "there" is from the end that is netfront's.
 *
 * Both are pinned while the distance is measured, and run anywhere while TCP goes:
 * kernel threads and who carries the frames want processors, too. Every byte is
 * written by who sends it and read by who receives it.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net-tcp.h"

#define PORT     5003
#define CHUNK    (128u << 10) /* as iperf3 */
#define WARM_NS  50000000u    /* at least: windows open */
#define PATIENCE 10           /* seconds without a byte */
#define ATTEMPTS 100

static unsigned char chunk[CHUNK];

static void unpin(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu_nth(0), &set);
    CPU_SET(cpu_nth(1), &set);
    sched_setaffinity(0, sizeof set, &set);
}

static struct sockaddr_in at(int end)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};

    inet_pton(AF_INET, tcp_addresses[end], &a.sin_addr);
    return a;
}

static int open_socket(void)
{
    const struct timeval t = {.tv_sec = PATIENCE};
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) ||
        setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t))
        device_die_errno("no socket");
    return s;
}

static int listen_at(int end)
{
    const struct sockaddr_in a = at(end);
    int s = open_socket();

    if (bind(s, (const struct sockaddr *)&a, sizeof a) || listen(s, 1))
        device_die_errno("nobody can listen");
    return s;
}

/* It listens; but an address may take a while. */
static int connect_to(int end)
{
    const struct sockaddr_in a = at(end);
    int i;

    for (i = 0; i < ATTEMPTS; i++) {
        int s = open_socket();

        if (!connect(s, (const struct sockaddr *)&a, sizeof a))
            return s;
        close(s);
        usleep(10000);
    }
    device_die_errno("no connection");
}

static void send_bytes(struct device *d, int fd)
{
    unsigned nth = 0;

    while (pair_at(&d->pair) != PAIR_STOP) {
        memset(chunk, (int)(nth++ & 0x7f), sizeof chunk);
        DEVICE_USE(chunk);
        if (send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) <= 0)
            device_die_errno("TCP");
    }
    close(fd);
}

static void receive_bytes(struct device *d, int fd)
{
    const uint64_t warm = d->ns / 4 > WARM_NS ? d->ns / 4 : WARM_NS;
    enum pair_phase phase = PAIR_WARM;
    uint64_t from = device_now(), bytes = 0, now;
    ssize_t got;

    while ((got = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        /* No byte has its highest bit set: this reads them all. */
        if (memchr(chunk, 0xff, (size_t)got))
            device_die("bytes arrived that were not sent");
        now = device_now();
        if (phase == PAIR_COUNT)
            bytes += (uint64_t)got;
        if (phase == PAIR_WARM && now - from > warm) {
            from = now;
            phase = PAIR_COUNT;
        } else if (phase == PAIR_COUNT && now - from > d->ns) {
            d->ops = (double)bytes * 8e9 / (double)(now - from);
            pair_go(&d->pair, phase = PAIR_STOP);
        }
    }
    if (got < 0 || phase != PAIR_STOP)
        device_die("TCP came to a stop");
    close(fd);
}

static void run(struct device *d, const struct tcp_link *l, bool back)
{
    struct pair *p = &d->pair;
    const int to = !back;
    int s;

    tcp_enter(l, p->second ? !to : to);
    p->before = pair_distance(p);
    unpin();
    if (p->second) {
        pair_meet(p);
        send_bytes(d, connect_to(to));
    } else {
        s = listen_at(to);
        pair_meet(p);
        receive_bytes(d, accept(s, NULL, NULL));
        close(s);
    }
    pair_meet(p);
    cpu_pin(p->second);
    p->after = pair_distance(p);
    if (!p->second)
        device_report_all(d);
}

void device_run(struct device *d)
{
    const bool back = !strcmp(d->name, "tcp-back");
    struct tcp_link l = {.leaves = -1};

    if ((!back && strcmp(d->name, "tcp-there")) ||
        !tcp_link_open(&l, d->variant))
        device_none("no such case");
    pair_fork(&d->pair);
    if (d->pair.second && l.leaves >= 0)
        close(l.leaves);
    run(d, &l, back);
    pair_end(&d->pair);
    tcp_link_close(&l);
}
