/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_WIRE_H
#define LEAT_TESTS_XEN_WIRE_H

/*
 * Our netback in a process of dom0, over a TAP device of dom0's. It lives below a
 * name of the store that Linux does not bind. Its front is Linux's xen-netfront in
 * a domU, or ours there: tests/xen/netfront far.
 */

#include <leat/bus_device.h>
#include <leat/netback.h>
#include <leat/tap.h>

#include "grants.h"
#include "shell.h"

struct wire {
    const char *tap, *near, *far; /* TAP device; addresses of both ends       */
    unsigned number;
    uint32_t domain;
    size_t bytes; /* of a file that goes over it                              */
};

/* Shared with who serves. */
static struct wire_told {
    struct leat_netback_stats stats;
    struct leat_tap_stats tap;
    uint32_t disconnects;
    bool connected, end, broken;
    bool wrong; /* an invariant was broken, or something was left mapped      */
} * told;

static inline void wire_path(const struct wire *w, char *path, size_t size)
{
    snprintf(path, size, "/local/domain/0/backend/leat/%u/%u", w->domain,
             w->number);
}

/* The toolstack's part, and its end. */
static inline void wire_device(const struct wire *w, bool make)
{
    static const struct leat_bus_key front[] = {{"mac", "00:16:3e:44:55:66"}};
    struct leat_xen_store *xs;
    struct leat_store store;
    char path[100];
    const struct leat_bus_device device = {
        .type = "vif",
        .front = w->domain,
        .back = 0,
        .number = w->number,
        .back_path = path,
        .front_keys = front,
        .front_n = 1,
    };

    wire_path(w, path, sizeof(path));
    MUST(!leat_xen_store_open(&xs, NULL));
    store = leat_xen_store_ops(xs);
    if (make)
        GIVES(leat_bus_device_make(&store, &device), 0,
              "the directories of vif %u are made", w->number);
    else
        GIVES(leat_bus_device_remove(&store, &device), 0, "and removed");
    leat_xen_store_close(xs);
}

static inline struct leat_grants *wire_table(struct leat_xen_map *m)
{
    static struct leat_mmap meta;
    struct leat_grants_config gc = {.maps_max = 4096};
    struct leat_grants *table = NULL;

    gc.map = leat_xen_map_ops(m);
    MUST(!leat_mmap_init(&meta));
    gc.backend = leat_mmap(&meta);
    MUST(!leat_grants_create(&table, &gc));
    return table;
}

static inline void wire_event(void *arg, struct leat_netback *b,
                              enum leat_netback_event what)
{
    (void)arg;
    told->disconnects += what == LEAT_NETBACK_DISCONNECTED;
    told->wrong |= leat_netback_check(b) != NULL;
    if (what == LEAT_NETBACK_BROKEN) {
        tap_note("broken: %s", leat_netback_text(b));
        told->broken = true;
    }
}

static inline struct leat_netback *wire_open(const struct wire *w,
                                             struct leat_bus *bus,
                                             struct leat_tap *tap,
                                             struct leat_grants *table)
{
    static char path[100];
    struct leat_netback_config c = {.bus = bus,
                                    .path = path,
                                    .grants = table,
                                    .port = leat_tap(tap),
                                    .queues_max = 2,
                                    .statics_max = 1024,
                                    .event = wire_event};
    struct leat_netback *b = NULL;

    wire_path(w, path, sizeof(path));
    MUST(!leat_netback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(!leat_netback_create(&b, &c));
    return b;
}

/* Until it is told to end; the error of a poll. */
static inline int wire_carry(struct leat_netback *b, struct leat_bus *bus,
                             struct leat_tap *tap)
{
    bool more, more2;
    int quiet = 0, err = 0;

    while (!told->end && !err) {
        const uint64_t before = told->stats.tx_slots + told->stats.rx_slots;

        err = leat_bus_poll(bus, 64, &more);
        if (!err)
            err = leat_netback_poll(b, 256, &more2);
        told->connected = leat_netback_connected(b);
        (void)leat_netback_stats(b, &told->stats);
        (void)leat_tap_stats(tap, &told->tap);
        quiet = more || more2 ||
                        before != told->stats.tx_slots + told->stats.rx_slots
                    ? 0
                    : quiet + 1;
        if (quiet > 10)
            sleep_ms(1);
    }
    return err;
}

/* Serves until it is told to end, or is killed. */
static inline int wire_serve(const struct wire *w)
{
    struct leat_tap_config config = {.name = w->tap, .flags = LEAT_TAP_PERSIST};
    struct leat_bus_config bc = {.fd = -1};
    struct leat_xen_map *map = open_map();
    struct leat_grants *table = wire_table(map);
    struct leat_xen_store *xs;
    struct leat_xen_events *xe;
    struct leat_tap *tap;
    struct leat_netback *b;
    struct leat_bus bus;
    int err;

    MUST(!leat_xen_store_open(&xs, NULL) && !leat_xen_events_open(&xe, NULL));
    bc.store = leat_xen_store_ops(xs);
    bc.events = leat_xen_event_ops(xe);
    MUST(!leat_bus_init(&bus, &bc) && !leat_tap_open(&tap, &config));
    sh("ifconfig %s %s netmask 255.255.255.0 up", w->tap, w->near);
    b = wire_open(w, &bus, tap, table);
    err = wire_carry(b, &bus, tap);
    if (err)
        tap_note("netback: %s", leat_strerror(err));
    (void)leat_netback_close(b, true);
    told->wrong |= leat_netback_check(b) != NULL;
    MUST(!leat_netback_destroy(b));
    MUST(!leat_bus_fini(&bus));
    MUST(!leat_tap_close(tap));
    MUST(!leat_grants_destroy(table));
    MUST(!leat_xen_map_close(map)); /* nothing of it is mapped */
    leat_xen_events_close(xe);
    leat_xen_store_close(xs);
    return err || told->wrong;
}

static inline pid_t wire_start(const struct wire *w)
{
    pid_t pid;

    if (!told)
        told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(told != MAP_FAILED);
    told->end = told->connected = false;
    told->disconnects = 0;
    memset(&told->stats, 0, sizeof(told->stats));
    fflush(stdout);
    pid = fork();
    if (!pid)
        _exit(wire_serve(w));
    return pid;
}

/* Has it end: whether it did so in good order. */
static inline bool wire_stop(pid_t pid)
{
    int status = -1;

    told->end = true;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

#endif
