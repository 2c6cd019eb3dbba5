/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_DEVICE_H
#define LEAT_BENCH_DEVICE_H

/*
 * What the peers of "leat bench block" and "leat bench net" share: the command
 * line, the clock, and two processes on two processors, with the distance
 * between these.
 *
 *     block-PEER [-t MILLISECONDS | -n OPERATIONS] VARIANT CASE
 *     net-PEER   [-t MILLISECONDS | -n OPERATIONS] VARIANT CASE
 *
 * It prints one line per figure, "CASE METRIC VALUE", and exits with 0; with 77
 * and a line that says why, where there is no such thing here. The harness is in
 * the command.
 *
 *   metric   what
 *   ops      requests, or frames, per second
 *   before   nanoseconds of a cache line's way to the other processor and back,
 *   after    before and after the operations were counted
 *   copies grants   copies and grant operations per operation, of leat
 *   huge     1 where the memory lies in huge pages
 *
 * Virtual processors move: a line goes to and fro in about 100 ns (near) or 500
 * (far), which changes every few seconds, and moves every figure that crosses
 * processors. So it is measured right before and right after.
 *
 * LEAT_BENCH_DIR names a directory with two files of DEVICE_BYTES each, "cached"
 * and "direct": writes by O_DIRECT evict the page cache.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#define DEVICE_BYTES ((uint64_t)128 << 20)

/* Exit status: there is no such case, or not here. */
#define DEVICE_NONE 77

/* Makes the compiler believe that (x) is used, and memory with it. */
#define DEVICE_USE(x) __asm__ volatile("" : : "r"(x) : "memory")

struct pair_shared;

/* Two processes: the first is pinned to processor 0 of those given, and counts. */
struct pair {
    int fd;      /* the other end is the other's */
    bool second; /* this is the second one       */
    int pid;     /* of the second                */
    struct pair_shared *shared;
    double before, after;
};

struct device {
    const char *variant;
    const char *name; /* of the case */
    uint64_t ns;      /* to measure for */
    uint64_t n;       /* or: operations, exactly */
    struct pair pair;
    double ops;
};

/* The peer's own main function. */
void device_run(struct device *d);

/* device.c */
uint64_t device_now(void);
void device_report(const struct device *d, const char *metric, double value);
void device_report_all(const struct device *d);
_Noreturn void device_die(const char *why);
_Noreturn void device_die_errno(const char *what);
_Noreturn void device_none(const char *why);
/* A directory for sockets, which goes with the process that asked first. */
const char *device_tmp(void);
/* (name) of LEAT_BENCH_DIR. */
const char *device_file(const char *name);
static inline void device_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/*
 * pair.c. Both processes make the same calls in the same order; none of them
 * spins while it waits for the other, but for the distance.
 */
void pair_fork(struct pair *p);
void pair_meet(struct pair *p);
double pair_distance(struct pair *p);
/* What the second did in the time, told to the first: called by both. */
uint64_t pair_tell(struct pair *p, uint64_t value);
/* Where the first is, for the second to look at. */
enum pair_phase {
    PAIR_WARM = 0,
    PAIR_COUNT,
    PAIR_STOP
};
void pair_go(struct pair *p, enum pair_phase phase);
enum pair_phase pair_at(const struct pair *p);
/* The second ends here; the first waits for it, and dies if it failed. */
void pair_end(struct pair *p);

#endif
