/* SPDX-License-Identifier: ISC */

/*
 * The back end's process of leat sim block: domain 2, which serves two files as
 * disks until both devices have closed, or its parent dies.
 */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sim-block.h"

#define BUDGET   64
#define DEPTH    128u
#define SEGMENTS 256u
#define MAPPINGS 8192u
#define ATTEMPTS 10000

struct back {
    struct side side; /* its devices' names */
    struct leat_sim_domain *domain;
    struct leat_bus bus;
    struct leat_grants *table;
    struct leat_file_disk *file[DISKS];
    struct leat_disk disk[DISKS];
    struct leat_blkback *end[DISKS];
    unsigned closed;
};

static void event(void *arg, struct leat_blkback *b,
                  enum leat_blkback_event what)
{
    struct back *back = arg;

    if (what == LEAT_BLKBACK_BROKEN)
        tool_fail("sim block: the back end: %s", leat_blkback_text(b));
    back->closed += what == LEAT_BLKBACK_CLOSED;
}

static bool open_file(struct back *b, int disk, const char *path,
                      const char *how)
{
    struct leat_file_disk_config c = {
        .flags = disk == DISK_FROM ? LEAT_FILE_READ_ONLY : 0,
        .depth = DEPTH,
        .segments = SEGMENTS,
    };
    int err = block_file_open(&b->file[disk], path, !strcmp(how, "cached"), &c);

    if (err)
        return tool_fail("sim block: %s: %s", path, leat_strerror(err));
    b->disk[disk] = leat_file_disk(b->file[disk]);
    return true;
}

static bool open_domain(struct back *b, const char *dir)
{
    struct leat_grants_config c = {.maps_max = MAPPINGS};
    int err = side_join_back(dir, &b->domain);

    if (err)
        return tool_fail("sim block: the back end cannot join: %s",
                         leat_strerror(err));
    c.map = leat_sim_map(b->domain);
    err = side_open(b->domain, c, &b->table, &b->bus);
    return !err || tool_fail("sim block: the back end: %s", leat_strerror(err));
}

static bool open_end(struct back *b, int disk)
{
    struct leat_blkback_config c = {
        .bus = &b->bus,
        .path = side_device(&b->side, LEAT_BUS_BACK, disk),
        .grants = b->table,
        .disk = b->disk[disk],
        .depth = DEPTH,
        .segments = SEGMENTS,
        .persistent = 2048,
        .event = event,
        .arg = b,
    };
    int err = leat_blkback_meta_size(&c, &c.meta_bytes), i;

    if (!err)
        c.meta = malloc(c.meta_bytes);
    /* The toolstack makes its directory when it sees that we are there. */
    for (i = 0; i < ATTEMPTS && !err; i++) {
        err = leat_blkback_create(&b->end[disk], &c);
        if (err != LEAT_E_REFERENCE)
            break;
        side_nap();
        err = 0;
    }
    if (!err && !b->end[disk])
        err = LEAT_E_REFERENCE;
    return !err || tool_fail("sim block: the back end: %s", leat_strerror(err));
}

static bool serve(struct back *b)
{
    struct pollfd fds[] = {
        {.fd = leat_sim_fd(b->domain), .events = POLLIN},
        {.fd = b->disk[DISK_FROM].ops->fd(b->disk[DISK_FROM].self),
         .events = POLLIN},
        {.fd = b->disk[DISK_TO].ops->fd(b->disk[DISK_TO].self),
         .events = POLLIN},
    };
    int err = 0, i;

    while (b->closed < DISKS && !err) {
        bool again = false, more;

        err = leat_bus_poll(&b->bus, BUDGET, &again);
        for (i = 0; i < DISKS && !err; i++) {
            err = leat_blkback_poll(b->end[i], BUDGET, &more);
            again |= more;
        }
        if (!err && !again && b->closed < DISKS)
            poll(fds, sizeof fds / sizeof *fds, -1);
    }
    return !err || tool_fail("sim block: the back end: %s", leat_strerror(err));
}

static void tell_stats(struct back *b)
{
    struct leat_blkback_stats s[DISKS];
    int i;

    for (i = 0; i < DISKS; i++) {
        if (leat_blkback_stats(b->end[i], &s[i]))
            return;
    }
    /* A pipe takes so much at once; nobody there is no fault of ours. */
    if (write(SIDE_STATS_FD, s, sizeof s) < 0)
        return;
}

int sim_block_back(int argc, char **argv)
{
    static struct back b = {.side = {.devices = block_devices}};
    int i;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc != 6 || !open_file(&b, DISK_FROM, argv[2], argv[3]) ||
        !open_file(&b, DISK_TO, argv[4], argv[5]) || !open_domain(&b, argv[1]))
        return EXIT_BAD;
    for (i = 0; i < DISKS; i++) {
        if (!open_end(&b, i))
            return EXIT_BAD;
    }
    if (!serve(&b))
        return EXIT_BAD;
    tell_stats(&b);
    for (i = 0; i < DISKS; i++) {
        if (leat_blkback_destroy(b.end[i]) || leat_file_disk_close(b.file[i]))
            return EXIT_BAD;
    }
    if (leat_bus_fini(&b.bus) || leat_grants_destroy(b.table) ||
        leat_sim_leave(b.domain))
        return EXIT_BAD;
    return EXIT_GOOD;
}
