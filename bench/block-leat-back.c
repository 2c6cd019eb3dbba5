/* SPDX-License-Identifier: ISC */

/*
 * The back end of "leat bench block": it serves a disk of memory, or a file, and
 * waits for the front as it is told: by a bounded spin, then asleep.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <leat/file_disk.h>
#include <leat/leat.h>
#include <leat/memory_disk.h>

#include "block-leat.h"

#define DEPTH    64u
#define SEGMENTS 64u
#define SECOND   1000000000u

#define HUGE_BYTES ((size_t)2 << 20)

struct bench_back {
    const struct leat_bench *bench;
    struct leat_end leat;
    struct leat_disk disk;
    struct leat_file_disk *file;    /* or */
    struct leat_memory_disk memory; /* with */
    struct leat_disk_done line[DEPTH];
    struct leat_copies copies;
    struct leat_blkback *end;
    struct leat_wait wait;
    struct pollfd fds[3];
    uint64_t answered;
    bool serving; /* until the first says so */
    bool connected, closed;
    enum pair_phase phase;      /* where the first was seen */
    struct leat_counts counted; /* what was done in PAIR_COUNT */
};

static void event(void *arg, struct leat_blkback *b,
                  enum leat_blkback_event what)
{
    struct bench_back *back = arg;

    if (what == LEAT_BLKBACK_BROKEN)
        device_die(leat_blkback_text(b));
    back->connected = what == LEAT_BLKBACK_CONNECTED;
    back->closed |= what == LEAT_BLKBACK_CLOSED;
}

/* Adds what was done since it began, or, at first, takes it away. */
static void count(struct bench_back *b, uint64_t sign)
{
    struct leat_blkback_stats s;

    (void)leat_blkback_stats(b->end, &s);
    b->counted.grants += sign * (s.maps + s.unmaps);
    b->counted.requests += sign * (s.reads + s.writes);
}

static void follow(struct bench_back *b)
{
    const enum pair_phase phase = pair_at(&b->bench->d->pair);

    if (phase == b->phase)
        return;
    if (b->phase == PAIR_COUNT)
        count(b, 1);
    else if (phase == PAIR_COUNT)
        count(b, (uint64_t)-1);
    b->phase = phase;
}

/* Whether what is waited for has come. */
static bool over(struct bench_back *b)
{
    if (!b->serving)
        return b->connected || b->closed;
    follow(b);
    return b->phase == PAIR_STOP;
}

/* A spin looks at the rings alone; who wants to sleep, at all that there is. */
static int look(void *arg, bool arm)
{
    struct bench_back *b = arg;
    struct leat_blkback_stats s;
    bool more = false, again = false;
    int err = 0;

    if (arm)
        err = leat_bus_poll(&b->leat.bus, LEAT_BUDGET, &again);
    if (!err)
        err = arm ? leat_blkback_poll(b->end, LEAT_BUDGET, &more)
                  : leat_blkback_spin(b->end, LEAT_BUDGET, &more);
    if (err)
        return err;
    (void)leat_blkback_stats(b->end, &s);
    again |= more || over(b) || s.okay != b->answered;
    b->answered = s.okay;
    return again ? 0 : LEAT_E_AGAIN;
}

static int rest(void *arg, uint64_t timeout_ns)
{
    struct bench_back *b = arg;
    struct timespec t = {
        .tv_sec = (time_t)(timeout_ns / SECOND),
        .tv_nsec = (long)(timeout_ns % SECOND),
    };

    if (ppoll(b->fds, 3, &t, NULL) < 0 && errno != EINTR)
        return LEAT_E_SYSTEM;
    return 0;
}

static void until_over(struct bench_back *b)
{
    while (!over(b)) {
        int err = leat_wait(&b->wait, SECOND / 100);

        if (err && err != LEAT_E_AGAIN)
            leat_die("the back end", err);
    }
}

void bench_back_serve(void *arg)
{
    struct bench_back *b = arg;

    b->serving = true;
    until_over(b);
    b->serving = false;
}

void bench_back_close(struct bench_back *b)
{
    b->connected = false;
    while (!b->closed)
        until_over(b);
    if (leat_blkback_destroy(b->end) ||
        (b->file && leat_file_disk_close(b->file)) || leat_end_close(&b->leat))
        device_die("the back end does not end");
}

/* -------------------------------------------------------------------- opening */

static void open_memory(struct bench_back *b)
{
    struct leat_memory_disk_config c = {
        .bytes = aligned_alloc(HUGE_BYTES, DEVICE_BYTES),
        .sectors = DEVICE_BYTES / LEAT_DISK_SECTOR,
        .line = b->line,
        .depth = DEPTH,
        .copies = &b->copies,
    };
    int err;

    if (!c.bytes)
        device_die("no memory");
    (void)madvise(c.bytes, DEVICE_BYTES, MADV_HUGEPAGE);
    memset(c.bytes, 0x5a, DEVICE_BYTES);
    err = leat_memory_disk_init(&b->memory, &c);
    if (err)
        leat_die("a disk of memory", err);
    b->disk = leat_memory_disk(&b->memory);
}

static void open_file(struct bench_back *b)
{
    bool cached = !strcmp(b->bench->disk, "cached");
    struct leat_file_disk_config c = {
        .flags = cached ? LEAT_FILE_CACHED : 0,
        .depth = DEPTH,
        .segments = SEGMENTS,
    };
    const char *path = device_file(b->bench->disk);
    int err = leat_file_disk_open(&b->file, path, &c);

    if (err == LEAT_E_UNSUPPORTED)
        device_none(cached ? "no io_uring here" : "no io_uring, or O_DIRECT");
    if (err)
        leat_die(path, err);
    if (cached)
        block_warm(path);
    b->disk = leat_file_disk(b->file);
}

struct bench_back *bench_back_open(const struct leat_bench *bench)
{
    static struct bench_back back;
    struct bench_back *b = &back;
    int err;

    b->bench = bench;
    b->wait = (struct leat_wait){.poll = look,
                                 .sleep = rest,
                                 .arg = b,
                                 .spin_ns = bench->spin_ns,
                                 .port = leat_bench_port()};
    if (!strcmp(bench->disk, "memory"))
        open_memory(b);
    else
        open_file(b);
    err = leat_end_back(&b->leat, bench->dir);
    if (err)
        leat_die("the back end cannot join", err);
    b->fds[0] =
        (struct pollfd){.fd = leat_sim_fd(b->leat.domain), .events = POLLIN};
    b->fds[1] = (struct pollfd){.fd = bench->d->pair.fd, .events = POLLIN};
    b->fds[2] =
        (struct pollfd){.fd = b->disk.ops->fd(b->disk.self), .events = POLLIN};
    return b;
}

void bench_back_connect(struct bench_back *b)
{
    struct leat_blkback_config c = {
        .bus = &b->leat.bus,
        .path = LEAT_BACK_PATH,
        .grants = b->leat.table,
        .disk = b->disk,
        .depth = DEPTH,
        .segments = SEGMENTS,
        .persistent = DEPTH * SEGMENTS,
        .event = event,
        .arg = b,
    };
    int err = leat_blkback_meta_size(&c, &c.meta_bytes);

    if (!err)
        c.meta = malloc(c.meta_bytes);
    if (!err)
        err = leat_blkback_create(&b->end, &c);
    if (err)
        leat_die("the back end", err);
    until_over(b);
}

void bench_back_counted(const struct bench_back *b, struct leat_counts *out)
{
    *out = b->counted;
}
