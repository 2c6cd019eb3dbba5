/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_BLOCK_LEAT_H
#define LEAT_BENCH_BLOCK_LEAT_H

/*
 * Both ends of leat, over a simulation: domain 1, in the first process, is the
 * front, and domain 2, in the second, the back. block-leat.c has the whole.
 */

#include <leat/blkback.h>
#include <leat/blkfront.h>
#include <leat/wait.h>

#include "block.h"
#include "leat-end.h"

#define LEAT_FRONT_PATH "/local/domain/1/device/vbd/51712"
#define LEAT_BACK_PATH  "/local/domain/2/backend/vbd/1/51712"

/* So many at once, so that each end works on what the other has just done. */
#define LEAT_BUDGET 8u

struct leat_bench {
    struct device *d;
    const struct block_case *c;
    char disk[16];
    enum leat_receive_mode mode;
    uint64_t spin_ns;
    const char *dir; /* of the simulation */
};

/* What the second did while the first counted. */
struct leat_counts {
    uint64_t grants; /* operations, of any number of pages */
    uint64_t requests;
};

/* block-leat-front.c. Both ends meet three times while they are opened: the back
 * can join, has, can connect. */
struct bench_front;
struct bench_front *bench_front_open(const struct leat_bench *b);
struct block_peer bench_front_peer(struct bench_front *f);
/* What was counted, of both ends. */
void bench_front_report(const struct bench_front *f, double back_grants);
void bench_front_close(struct bench_front *f);

/* block-leat-back.c */
struct bench_back;
struct bench_back *bench_back_open(const struct leat_bench *b);
void bench_back_connect(struct bench_back *back);
void bench_back_serve(void *back);
void bench_back_counted(const struct bench_back *back, struct leat_counts *out);
/* Serves until the front has closed; then all of it goes. */
void bench_back_close(struct bench_back *back);

#endif
