/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_BLOCK_H
#define LEAT_BENCH_BLOCK_H

/*
 * The loop of the peers of "leat bench block": so many requests are under way,
 * each to a random place of its size; one that is done is followed by another.
 * They are counted as they are done. At the end none is left under way (nbdkit
 * would abort).
 *
 * What is written was filled before, and what was read is looked at, all of it:
 * each peer does that to its bytes in submit() and wait(), by the calls below.
 */

#include "device.h"

#define BLOCK_DEPTH_MAX 64u

struct block_case {
    const char *name;
    bool write;
    uint32_t bytes;
    unsigned depth;
};

struct block_peer {
    void *arg;
    /* Begins a request of the case; (slot) < depth names it. */
    void (*submit)(void *arg, unsigned slot, uint64_t off);
    /* Waits until some are done, and gives which. */
    unsigned (*wait)(void *arg, unsigned slots[BLOCK_DEPTH_MAX]);
    /* NULL, or: it is counted from now on; and no more. */
    void (*count)(void *arg, bool now);
    /* NULL, or what the second does while the first is in the loop: it returns
       when that is over (pair_at(), and its socket has something). */
    void (*serve)(void *arg);
};

/* NULL: no such case. */
const struct block_case *block_find(const char *name);
/* The time that was asked for; sets d->ops, or dies. Called by the first. */
void block_loop(struct device *d, const struct block_case *c,
                const struct block_peer *p);
/* The same, with the distance before and after; by both. */
void block_measure(struct device *d, const struct block_case *c,
                   const struct block_peer *p);
/* A buffer for each slot, page-aligned and touched. */
unsigned char *block_buffers(const struct block_case *c);
/* Brings a file into the page cache. */
void block_warm(const char *path);
/* Writes, and reads, each of (bytes), a multiple of 64. */
void block_fill(volatile void *data, size_t bytes);
void block_look(const volatile void *data, size_t bytes);

#endif
