/* SPDX-License-Identifier: ISC */

/*
 * The back end's process of leat sim net: domain 2, with a TAP device, or with
 * capture files, behind it.
 */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <leat/pcap.h>
#include <leat/tap.h>

#include "sim-net.h"

#define BUDGET     64
#define ATTEMPTS   10000
#define MAPPINGS   16384u
#define LOOK_EVERY 64 /* turns, at all that there is */

struct back {
    struct side side; /* its device's name */
    struct leat_sim_domain *domain;
    struct leat_bus bus;
    struct leat_grants *table;
    struct leat_netport port;
    struct leat_netback *end;
    uint32_t mtu, queues;
    unsigned turns;
    bool busy; /* something happened in the last turn */
    bool closed;
};

static bool fail(const char *what, int err)
{
    return tool_fail("sim net: the back end: %s: %s", what, leat_strerror(err));
}

static void event(void *arg, struct leat_netback *n,
                  enum leat_netback_event what)
{
    struct back *b = arg;

    if (what == LEAT_NETBACK_BROKEN)
        tool_fail("sim net: the back end: %s", leat_netback_text(n));
    b->closed |= what == LEAT_NETBACK_CLOSED;
}

static bool open_domain(struct back *b, const char *dir)
{
    struct leat_grants_config c = {.maps_max = MAPPINGS};
    int err = side_join_back(dir, &b->domain);

    if (err)
        return fail("it cannot join", err);
    c.map = leat_sim_map(b->domain);
    err = side_open(b->domain, c, &b->table, &b->bus);
    return !err || fail("its bus", err);
}

static bool open_end(struct back *b)
{
    struct leat_netback_config c = {
        .bus = &b->bus,
        .path = side_device(&b->side, LEAT_BUS_BACK, 0),
        .grants = b->table,
        .port = b->port,
        .queues_max = b->queues,
        .statics_max = 4096,
        .mtu = b->mtu,
        .event = event,
        .arg = b,
    };
    int err = leat_netback_meta_size(&c, &c.meta_bytes), i;

    if (!err)
        c.meta = malloc(c.meta_bytes);
    /* The toolstack makes its directory when it sees that we are there. */
    for (i = 0; i < ATTEMPTS && !err && !b->end; i++) {
        err = leat_netback_create(&b->end, &c);
        if (err == LEAT_E_REFERENCE) {
            side_nap();
            err = 0;
        }
    }
    if (!err && !b->end)
        err = LEAT_E_REFERENCE;
    return !err || fail("its device", err);
}

/* Carries frames; while there are any it looks at the rings alone, and then nobody
 * has to wake it. (*idle): nothing happened, and all was looked at. */
static int turn(struct back *b, bool *idle)
{
    struct leat_netback_stats before, after;
    const bool all = !b->busy || ++b->turns % LOOK_EVERY == 0;
    bool again = false, more = false;
    int err = 0;

    (void)leat_netback_stats(b->end, &before);
    if (all)
        err = leat_bus_poll(&b->bus, BUDGET, &again);
    if (!err)
        err = all ? leat_netback_poll(b->end, BUDGET, &more)
                  : leat_netback_spin(b->end, BUDGET, &more);
    (void)leat_netback_stats(b->end, &after);
    b->busy = again || more || after.tx_frames != before.tx_frames ||
              after.rx_frames != before.rx_frames;
    *idle = all && !b->busy;
    return err;
}

static bool serve(struct back *b)
{
    const struct leat_netport_ops *ops = b->port.ops;
    int fd = ops->fd ? ops->fd(b->port.self, 0) : -1;
    int err = 0;

    while (!b->closed && !err) {
        struct pollfd fds[] = {{.fd = leat_sim_fd(b->domain), .events = POLLIN},
                               {.fd = fd, .events = POLLIN}};
        bool idle, room;

        err = turn(b, &idle);
        room = leat_netback_room(b->end);
        if (!err && idle && !b->closed)
            poll(fds, fd >= 0 && room ? 2 : 1, fd >= 0 ? 1000 : 10);
    }
    return !err || fail("it serves", err);
}

static void tell_stats(struct back *b)
{
    struct leat_netback_stats s;

    if (leat_netback_stats(b->end, &s))
        return;
    /* A pipe takes so much at once; nobody there is no fault of ours. */
    if (write(SIDE_STATS_FD, &s, sizeof s) < 0)
        return;
}

static bool run(struct back *b, const char *dir)
{
    if (!open_domain(b, dir) || !open_end(b) || !serve(b))
        return false;
    tell_stats(b);
    return !leat_netback_destroy(b->end) && !leat_bus_fini(&b->bus) &&
           !leat_grants_destroy(b->table) && !leat_sim_leave(b->domain);
}

static bool with_tap(struct back *b, const char *dir, const char *ns)
{
    const struct leat_tap_config c = {.name = "leat0"};
    struct leat_tap *tap;
    bool good;
    int err;

    if (!net_go_far(ns))
        return false;
    err = leat_tap_open(&tap, &c);
    if (err)
        return fail("its TAP device", err);
    b->port = leat_tap(tap);
    b->mtu = NET_MTU;
    good = run(b, dir);
    return !leat_tap_close(tap) && good;
}

#ifdef HAVE_PCAP
static bool with_pcap(struct back *b, const char *dir, const char *from,
                      const char *to)
{
    const struct leat_pcap_config c = {.from = from, .to = to};
    struct leat_pcap *pcap;
    int err = leat_pcap_open(&pcap, &c);
    bool good;

    if (err)
        return fail(from, err);
    b->port = leat_pcap(pcap);
    b->mtu = LEAT_NET_FRAME_MAX;
    good = run(b, dir);
    err = leat_pcap_close(pcap);
    return !err ? good : fail(to, err);
}
#endif

/* DIR QUEUES NAMESPACE, or DIR 1 CAPTURE OUT. */
int sim_net_back(int argc, char **argv)
{
    static struct back b = {.side = {.devices = &net_device, .ndevices = 1}};
    bool good = false;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc < 4)
        return EXIT_BAD;
    b.queues = (uint32_t)atoi(argv[2]);
    if (argc == 4)
        good = with_tap(&b, argv[1], argv[3]);
#ifdef HAVE_PCAP
    else
        good = with_pcap(&b, argv[1], argv[3], argv[4]);
#endif
    return good ? EXIT_GOOD : EXIT_BAD;
}
