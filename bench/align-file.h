/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_ALIGN_FILE_H
#define LEAT_BENCH_ALIGN_FILE_H

#include "align.h"

#define ALIGN_BATCH_MAX 64

/* A file that is read or written, and the buffers for it. */
struct file {
    const struct align_run *run;
    bool write, direct, bounce, uring, fixed;
    int fd;
    uint64_t step, slots; /* where requests go: a slot at random */
    uint32_t random;
    struct leat_pool *pool;
    struct leat_constraint need;
    enum leat_export_mode mode;
    struct leat_view buffers[ALIGN_BATCH_MAX];
};

/* align-file.c */
uint64_t file_position(struct file *f);

/* align-uring.c: measures through io_uring. */
double uring_measure(struct file *f);

#endif
