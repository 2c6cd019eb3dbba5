/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_DISK_SERVER_H
#define LEAT_TESTS_XEN_DISK_SERVER_H

/*
 * Our blkback over a block device of dom0's, by io_uring and O_DIRECT, in a
 * process of its own, so that it can be killed. What it has done lies in a file
 * in memory, which outlives it.
 */

#include <fcntl.h>
#include <sys/epoll.h>

#include <leat/blkback.h>
#include <leat/file_disk.h>

#include "linux_disk.h"

struct server_report {
    pid_t pid;
    uint32_t ready;     /* it was created                                     */
    uint32_t ended;     /* all is unmapped: it has ended by itself            */
    uint32_t events[8]; /* enum leat_blkback_event: how often                */
    uint32_t broken;    /* an invariant was                                   */
    uint32_t late;      /* times it found work that nothing woke it for       */
    uint32_t failed;    /* calls that must not                                */
    struct leat_blkback_stats s;
    struct leat_file_disk_stats disk;
    uint64_t copied; /* bytes                                                */
    char text[160];
};

struct server {
    pid_t pid;
    char name[40];
    volatile struct server_report *report;
};

static inline volatile struct server_report *server_report(const char *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *p;

    MUST(fd >= 0 && !ftruncate(fd, sizeof(struct server_report)));
    p = mmap(NULL, sizeof(struct server_report), PROT_READ | PROT_WRITE,
             MAP_SHARED, fd, 0);
    MUST(p != MAP_FAILED);
    close(fd);
    return p;
}

/* ------------------------------------------------------------- the process */

static volatile sig_atomic_t server_told;

static inline void server_tell(int sig)
{
    server_told = sig;
}

static inline void server_event(void *arg, struct leat_blkback *b,
                                enum leat_blkback_event what)
{
    volatile struct server_report *r = arg;

    r->events[what]++;
    if (what == LEAT_BLKBACK_BROKEN)
        snprintf((char *)r->text, sizeof(r->text), "%s", leat_blkback_text(b));
}

/* serve REPORT PATH DEVICE: until SIGTERM, or the device is closed for good. */
static inline int server_main(char **arg)
{
    volatile struct server_report *r = server_report(arg[0]);
    struct leat_xen_map *map = open_map();
    struct leat_file_disk_config file = {0};
    struct leat_grants_config grants = {.map = leat_xen_map_ops(map),
                                        .maps_max = 4096};
    struct leat_bus_config config = {0};
    struct leat_blkback_config c = {.path = arg[1],
                                    .queues = 4,
                                    .persistent = 1056,
                                    .event = server_event,
                                    .arg = (void *)r};
    struct epoll_event e = {.events = EPOLLIN};
    struct leat_xen_store *store;
    struct leat_xen_events *events;
    struct leat_file_disk *disk;
    struct leat_blkback *b;
    struct leat_bus bus;
    bool more, more2, closing = false, slept_out = false;
    uint64_t done;
    int err;

    memset((void *)r, 0, sizeof(*r));
    r->pid = getpid();
    signal(SIGTERM, server_tell);
    MUST(!leat_xen_store_open(&store, NULL));
    MUST(!leat_xen_events_open(&events, NULL));
    MUST(!leat_file_disk_open(&disk, arg[2], &file));
    c.disk = leat_file_disk(disk);
    config.store = leat_xen_store_ops(store);
    config.events = leat_xen_event_ops(events);
    config.fd = epoll_create1(EPOLL_CLOEXEC);
    MUST(!epoll_ctl(config.fd, EPOLL_CTL_ADD,
                    config.store.ops->fd(config.store.self), &e));
    MUST(!epoll_ctl(config.fd, EPOLL_CTL_ADD,
                    config.events.ops->fd(config.events.self), &e));
    MUST(!epoll_ctl(config.fd, EPOLL_CTL_ADD, c.disk.ops->fd(c.disk.self), &e));
    MUST(!leat_grants_meta_size(&grants, &grants.meta_bytes));
    grants.meta = malloc(grants.meta_bytes);
    MUST(!leat_grants_create(&c.grants, &grants));
    MUST(!leat_bus_init(&bus, &config));
    c.bus = &bus;
    MUST(!leat_blkback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    err = leat_blkback_create(&b, &c);
    if (err)
        tap_note("server: %s: %s", arg[1], leat_strerror(err));
    MUST(!err);
    r->ready = 1;
    while (!r->events[LEAT_BLKBACK_CLOSED]) {
        struct epoll_event got;

        if (server_told && !closing) {
            closing = true;
            r->failed += leat_blkback_close(b, false) != 0;
        }
        done = r->s.okay;
        r->failed += leat_bus_poll(&bus, 64, &more) != 0;
        r->failed += leat_blkback_poll(b, 64, &more2) != 0;
        leat_blkback_stats(b, (struct leat_blkback_stats *)&r->s);
        leat_file_disk_stats(disk, (struct leat_file_disk_stats *)&r->disk);
        r->copied = leat_copies_bytes(leat_blkback_copies(b));
        r->broken += leat_blkback_check(b) != NULL;
        r->late += slept_out && r->s.okay != done;
        slept_out = !more && !more2 && !epoll_wait(config.fd, &got, 1, 100);
    }
    MUST(!leat_blkback_destroy(b));
    MUST(!leat_file_disk_close(disk));
    MUST(!leat_bus_fini(&bus));
    MUST(!leat_grants_destroy(c.grants));
    MUST(!leat_xen_map_close(map)); /* nothing of it is mapped */
    leat_xen_events_close(events);
    leat_xen_store_close(store);
    r->ended = 1;
    return r->broken || r->failed;
}

/* ------------------------------------------------------ who starts and ends it */

static inline void server_find(struct server *s, const char *name)
{
    snprintf(s->name, sizeof(s->name), "/tmp/blkback.%s", name);
    s->report = server_report(s->name);
}

/* It ends with the test at the latest, unless it is to stay. */
static inline void server_start(struct server *s, const char *name,
                                const char *path, const char *device,
                                bool stays)
{
    int log;

    server_find(s, name);
    s->report->ready = 0;
    s->report->ended = 0;
    s->pid = fork();
    MUST(s->pid >= 0);
    if (!s->pid) {
        if (stays)
            setsid();
        log = open("/tmp/blkback.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, 1);
        dup2(log, 2);
        execl("/proc/self/exe", "blkback", "serve", s->name, path, device,
              NULL);
        _exit(127);
    }
    OK(COMES(s->report->ready, 30000), "the back end begins");
}

/* Whoever started it. */
static inline bool server_ends(struct server *s)
{
    volatile struct server_report *r = s->report;
    bool yes;

    kill(r->pid, SIGTERM);
    yes = COMES(r->ended, 30000);
    if (!yes) {
        kill(r->pid, SIGKILL);
        tap_note("the back end did not end");
    }
    if (s->pid)
        waitpid(s->pid, NULL, 0);
    if (*(const char *)r->text)
        tap_note("the back end: %s", (const char *)r->text);
    sh("test ! -s /tmp/blkback.log || sed 's/^/# server: /' /tmp/blkback.log");
    return yes && !r->broken && !r->failed;
}

/* It is stopped for a moment, so that requests do wait for it. */
static inline void server_kill(struct server *s)
{
    kill(s->pid, SIGSTOP);
    sleep_ms(200);
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

static inline void server_note(const struct server *s)
{
    const struct leat_blkback_stats *c = (void *)&s->report->s;

    tap_note("leat: %llu reads, %llu writes, %llu flushes, %llu indirect; "
             "%llu KiB read, %llu KiB written",
             (unsigned long long)c->reads, (unsigned long long)c->writes,
             (unsigned long long)c->flushes, (unsigned long long)c->indirect,
             (unsigned long long)c->read_bytes / 1024,
             (unsigned long long)c->write_bytes / 1024);
    tap_note(
        "leat: %llu maps of %llu pages, %llu unmaps, %llu hits, %llu kept; "
        "%llu notifies; %u queues, %u pages of a ring; %llu bytes copied; "
        "late %u times",
        (unsigned long long)c->maps, (unsigned long long)c->mapped,
        (unsigned long long)c->unmaps, (unsigned long long)c->hits,
        (unsigned long long)c->persistent, (unsigned long long)c->notifies,
        c->queues, c->ring_pages, (unsigned long long)s->report->copied,
        s->report->late);
}

#endif
