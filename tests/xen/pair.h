/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_PAIR_H
#define LEAT_TESTS_XEN_PAIR_H

/*
 * Our blkback in a process of dom0, with a ram disk behind it by io_uring and
 * O_DIRECT, for the blkfront of tests/xen/front.c in a domU. Neither has a name
 * that Linux's own drivers would bind to.
 */

#include <leat/blkback.h>
#include <leat/bus_device.h>
#include <leat/file_disk.h>

#include "grants.h"

#define PAIR_DISK "/dev/ram2"

/* What the process says, in memory that both have. */
struct pair_ledger {
    struct leat_blkback_stats stats;
    uint32_t connects, disconnects, broken;
    uint32_t stop; /* to it: close and end */
};

struct pair {
    struct pair_ledger *ledger;
    uint32_t domain;
    pid_t pid;
};

static struct pair_ledger *pair_ledger; /* of the process */

static inline struct leat_bus_device pair_device(uint32_t domain)
{
    return (struct leat_bus_device){
        .type = "leat", .front = domain, .number = 51712};
}

static inline void pair_event(void *arg, struct leat_blkback *b,
                              enum leat_blkback_event what)
{
    (void)arg;
    pair_ledger->connects += what == LEAT_BLKBACK_CONNECTED;
    pair_ledger->disconnects += what == LEAT_BLKBACK_DISCONNECTED;
    if (what == LEAT_BLKBACK_BROKEN) {
        pair_ledger->broken++;
        tap_note("back: %s", leat_blkback_text(b));
    }
}

/* The process: serves until it is told to stop, or killed. */
static inline void pair_serve(uint32_t domain)
{
    struct leat_file_disk_config file = {0};
    struct leat_grants_config grants = {.maps_max = 2048};
    struct leat_bus_config config = {0};
    struct leat_blkback_config c = {.event = pair_event};
    struct leat_xen_store *xs;
    struct leat_xen_events *xe;
    struct leat_xen_map *m = open_map();
    struct leat_file_disk *disk = NULL;
    struct leat_mmap meta = {0};
    struct leat_blkback *b;
    struct leat_bus bus;
    struct pollfd fds[3] = {
        {.events = POLLIN}, {.events = POLLIN}, {.events = POLLIN}};
    char path[64];
    bool more, more2;

    MUST(!leat_xen_store_open(&xs, NULL));
    MUST(!leat_xen_events_open(&xe, NULL));
    MUST(!leat_file_disk_open(&disk, PAIR_DISK, &file));
    MUST(!leat_mmap_init(&meta));
    grants.map = leat_xen_map_ops(m);
    grants.backend = leat_mmap(&meta);
    MUST(!leat_grants_create(&c.grants, &grants));
    config.store = leat_xen_store_ops(xs);
    config.events = leat_xen_event_ops(xe);
    config.fd = -1;
    MUST(!leat_bus_init(&bus, &config));
    snprintf(path, sizeof(path), "/local/domain/0/backend/leat/%u/51712",
             domain);
    c.bus = &bus;
    c.path = path;
    c.disk = leat_file_disk(disk);
    MUST(!leat_blkback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(!leat_blkback_create(&b, &c));
    fds[0].fd = config.store.ops->fd(config.store.self);
    fds[1].fd = config.events.ops->fd(config.events.self);
    fds[2].fd = c.disk.ops->fd(c.disk.self);
    while (!__atomic_load_n(&pair_ledger->stop, __ATOMIC_ACQUIRE)) {
        MUST(!leat_bus_poll(&bus, 16, &more));
        MUST(!leat_blkback_poll(b, 16, &more2));
        MUST(!leat_blkback_stats(b, &pair_ledger->stats));
        MUST(!leat_blkback_check(b));
        if (!more && !more2)
            poll(fds, COUNT(fds), 50);
    }
    MUST(!leat_blkback_close(b, true));
    MUST(COMES((leat_blkback_poll(b, 16, &more), !leat_blkback_destroy(b)),
               5000));
    MUST(!leat_bus_fini(&bus));
    MUST(!leat_file_disk_close(disk));
    MUST(!leat_grants_destroy(c.grants));
    MUST(!leat_xen_map_close(m));
    leat_xen_events_close(xe);
    leat_xen_store_close(xs);
}

/* Starts the process, for the first time or once more. */
static inline void pair_start(struct pair *p)
{
    if (!p->ledger) {
        p->ledger = mmap(NULL, sizeof(*p->ledger), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        MUST(p->ledger != MAP_FAILED);
    }
    fflush(stdout);
    p->pid = fork();
    if (p->pid == 0) {
        pair_ledger = p->ledger;
        pair_serve(p->domain);
        fflush(stdout);
        _exit(0);
    }
    MUST(p->pid > 0);
}

/* Kills it; or lets it end: whether it did so in good order. */
static inline void pair_kill(struct pair *p)
{
    int status;

    MUST(!kill(p->pid, SIGKILL) && waitpid(p->pid, &status, 0) == p->pid);
}

static inline bool pair_stop(struct pair *p)
{
    int status;

    __atomic_store_n(&p->ledger->stop, 1, __ATOMIC_RELEASE);
    return waitpid(p->pid, &status, 0) == p->pid && status == 0;
}

#endif
