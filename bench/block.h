/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_BLOCK_H
#define LEAT_BENCH_BLOCK_H

/*
 * The loop of the peers of "leat bench block": so many requests are under way,
 * each to a random place of its size; one that is done is followed by another.
 * They are counted as they are done. At the end none is left under way (nbdkit
 * would abort).
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

#endif
