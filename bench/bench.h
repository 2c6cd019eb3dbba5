/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_H
#define LEAT_BENCH_H

/*
 * What every peer of the bench shares: the command line, the clock, the lines
 * that it prints. The loops are in workload.h and duo.h, the same for all.
 *
 *     pages-PEER [-n REPETITIONS | -t MILLISECONDS] VARIANT CASE
 *     pages-PEER -l
 *
 * Some cases have numbers after their names: batch64, sized8192, slice1500@14.
 * -l shows which, by an N.
 *
 * With -n a case runs once, with as many repetitions; else in short slices for
 * that time, and their median is told.
 *
 * It prints one line per figure, "CASE METRIC VALUE", and exits with 0; with 77
 * where the peer has no such case. The harness is in the command, "leat bench".
 *
 *   metric   what
 *   ns       nanoseconds per page that was got and put, or per object
 *   mpps     million pages per second, got by one thread and put by another
 *   one two  million pages per second by one thread, and by two
 *   scaling  two / one
 *   sixteen  million pages per second by sixteen threads on two processors
 *   kept     sixteen / two
 *   x        resident bytes per byte of live pages
 *   best worst ratio   nanoseconds of a bounce by where the bytes lay
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#define BENCH_PAGE ((size_t)4096)

/* Exit status: this peer has no such case. */
#define BENCH_NONE 77

/* Keeps (x) and the stores before it: a pair that nobody sees is no work. */
#define BENCH_USE(x) __asm__ volatile("" : : "r"(x) : "memory")
/* Makes the compiler forget what it knows of (x). */
#define BENCH_HIDE(x) __asm__ volatile("" : "+r"(x))

#define BENCH_INLINE static inline __attribute__((always_inline))

struct peer; /* a thread's own side of a peer */
struct bench_case;

/* What was asked for. */
struct bench {
    const struct bench_case *what;
    const char *name; /* as it was asked for */
    uint64_t n;       /* repetitions; 0: slices that fill (ns) */
    uint64_t ns;      /* the time to measure for               */
};

struct bench_case {
    const char *name;
    int variant;
    size_t pages;   /* that the peer shall have                        */
    unsigned flags; /* of peer_open()                                  */
    size_t per;     /* pages in one repetition; 0: bench_param         */
    uint64_t (*work)(struct peer *p, uint64_t n);  /* gives nanoseconds */
    uint64_t (*other)(struct peer *p, uint64_t n); /* the second thread */
    size_t live; /* pages to get before, by (fill)                      */
    uint64_t (*fill)(struct peer *p, uint64_t n);
    void (*run)(const struct bench *b);
    enum {
        BENCH_PLAIN = 0,
        BENCH_MAY, /* its name may have numbers after it */
        BENCH_MUST
    } numbers;
};

struct bench_variant {
    const char *name;
    const struct bench_case *cases;
    size_t ncases;
};

/* Of the peer; a variant without a name ends them. */
extern const struct bench_variant bench_variants[];

/* The numbers in the case's name; 0 where it has none. */
extern size_t bench_param, bench_offset;
extern bool bench_has_offset;

/* bench.c */
uint64_t bench_now(void);
double bench_measure(const struct bench *b,
                     uint64_t (*work)(struct peer *p, uint64_t n),
                     struct peer *p);
void bench_report(const struct bench *b, const char *metric, double value);
uint64_t bench_resident(void);
void *bench_memory(size_t pages, bool huge, bool touch);
_Noreturn void bench_die(const char *why);

#endif
