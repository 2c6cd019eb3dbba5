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
    bool connected, end, broken;
} * told;

__attribute__((format(printf, 1, 2))) static inline int wire_sh(
    const char *format, ...)
{
    char line[400];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    return system(line);
}

static inline void wire_path(const struct wire *w, char *path, size_t size)
{
    snprintf(path, size, "/local/domain/0/backend/leat/%u/%u", w->domain,
             w->number);
}

static inline void wire_make(const struct wire *w)
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
    GIVES(leat_bus_device_make(&store, &device), 0,
          "the directories of vif %u are made", w->number);
    leat_xen_store_close(xs);
}

static inline struct leat_grants *wire_table(void)
{
    static struct leat_mmap meta;
    struct leat_grants_config gc = {.maps_max = 4096};
    struct leat_grants *table = NULL;

    gc.map = leat_xen_map_ops(open_map());
    MUST(!leat_mmap_init(&meta));
    gc.backend = leat_mmap(&meta);
    MUST(!leat_grants_create(&table, &gc));
    return table;
}

static inline struct leat_netback *wire_open(const struct wire *w,
                                             struct leat_bus *bus,
                                             struct leat_tap *tap)
{
    static char path[100];
    struct leat_netback_config c = {
        .bus = bus, .path = path, .queues_max = 2, .statics_max = 1024};
    struct leat_netback *b = NULL;

    wire_path(w, path, sizeof(path));
    c.grants = wire_table();
    c.port = leat_tap(tap);
    MUST(!leat_netback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(!leat_netback_create(&b, &c));
    return b;
}

/* Serves until it is told to end, or is killed. */
static inline int wire_serve(const struct wire *w)
{
    struct leat_tap_config config = {.name = w->tap, .flags = LEAT_TAP_PERSIST};
    struct leat_bus_config bc = {.fd = -1};
    struct leat_xen_store *xs;
    struct leat_xen_events *xe;
    struct leat_tap *tap;
    struct leat_netback *b;
    struct leat_bus bus;
    bool more, more2;
    int quiet = 0;

    MUST(!leat_xen_store_open(&xs, NULL) && !leat_xen_events_open(&xe, NULL));
    bc.store = leat_xen_store_ops(xs);
    bc.events = leat_xen_event_ops(xe);
    MUST(!leat_bus_init(&bus, &bc) && !leat_tap_open(&tap, &config));
    wire_sh("ifconfig %s %s netmask 255.255.255.0 up", w->tap, w->near);
    b = wire_open(w, &bus, tap);
    while (!told->end) {
        uint64_t before;

        (void)leat_netback_stats(b, &told->stats);
        (void)leat_tap_stats(tap, &told->tap);
        before = told->stats.tx_slots + told->stats.rx_slots;
        MUST(!leat_bus_poll(&bus, 64, &more));
        if (leat_netback_poll(b, 256, &more2))
            return 1;
        (void)leat_netback_stats(b, &told->stats);
        told->connected = leat_netback_connected(b);
        if (leat_netback_text(b)[0] && !told->broken) {
            tap_note("broken: %s", leat_netback_text(b));
            told->broken = true;
        }
        quiet = more || more2 ||
                        before != told->stats.tx_slots + told->stats.rx_slots
                    ? 0
                    : quiet + 1;
        if (quiet > 10)
            sleep_ms(1);
    }
    (void)leat_netback_close(b, true);
    return leat_netback_check(b) != NULL;
}

static inline pid_t wire_start(const struct wire *w)
{
    pid_t pid;

    if (!told)
        told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(told != MAP_FAILED);
    told->end = told->connected = false;
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
