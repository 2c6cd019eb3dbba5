/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_ALIGN_H
#define LEAT_BENCH_ALIGN_H

/*
 * What the two programs of "leat bench align" share: align-memory, which copies
 * and touches memory, and align-file, which reads and writes a file.
 *
 *     align-* [OPTION...] WAY SIZE OFF OTHER
 *
 *   -t MICROSECONDS              the time to measure for
 *   -f PATH -w FROM,BYTES        the file, and the part of it that is used
 *   -b N                         requests of io_uring in flight
 *   -c ALIGN,MULTIPLE,BOUNDARY,SEGMENTS,BYTES,FLAGS   the constraint to bounce for
 *
 * A process answers one question, with one line, and exits with 0:
 *
 *   ns VALUE    nanoseconds for one copy, access or request
 *   error NAME  it was refused: EINVAL, SIGBUS, LEAT_E_LENGTH
 *
 * or with 77 and the line "none WHY": there is no such thing here. Any other end
 * is a fault of the bench.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <leat/leat.h>

#define ALIGN_NONE 77

/* Keeps (x) and the stores before it. */
#define ALIGN_USE(x) __asm__ volatile("" : : "r"(x) : "memory")
/* Makes the compiler forget what it knows of (x). */
#define ALIGN_HIDE(x) __asm__ volatile("" : "+r"(x))

/* What was asked for. */
struct align_run {
    const char *way;
    size_t size;
    size_t off;   /* of the buffer, or of the destination, from a page   */
    size_t other; /* of the source from a page; of a file's position     */
    uint64_t ns;
    const char *path;
    uint64_t from, bytes; /* of the file */
    unsigned batch;
    struct leat_constraint need;
};

/* Does (n) of it, and gives the nanoseconds that they took. */
typedef uint64_t align_work(void *what, uint64_t n);

/* align-memory.c, align-file.c */
void align_go(const struct align_run *run);

/* align.c */
uint64_t align_now(void);
double align_measure(const struct align_run *run, align_work *work, void *what);
_Noreturn void align_tell(double ns);
_Noreturn void align_error(const char *name);
_Noreturn void align_errno(int why);
_Noreturn void align_leat(int err);
_Noreturn void align_none(const char *why);
_Noreturn void align_die(const char *why);
struct leat_pool *align_pool(void);
/* (bytes) bytes that begin (off) bytes into a page; (pages), if not NULL. */
struct leat_view align_view(struct leat_pool *pool, size_t off, size_t bytes);

#endif
