/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_BENCH_GRANTS_H
#define LEAT_SRC_TOOL_BENCH_GRANTS_H

/*
 * leat bench grants.
 *
 *   batch  pages that one operation concerns
 *   case   an operation, or what a use of pages is made of
 *   way    cases that are measured together, each time around
 */

#include <leat/grant_copy.h>
#include <leat/persist.h>

#include "bench.h"
#include "site.h"

#define GRANTS_BATCH_MAX 1024u
#define GRANTS_BATCHES   16

enum grants_case {
    GRANTS_SHARE,
    GRANTS_MAP,
    GRANTS_COPY,
    GRANTS_UNMAP,
    GRANTS_REVOKE,
    GRANTS_PER_USE,
    GRANTS_PERSISTENT,
    GRANTS_CASES
};

enum grants_way {
    GRANTS_STEPS, /* share, map, copy, unmap, revoke */
    GRANTS_USES,
    GRANTS_KEPT,
    GRANTS_WAYS
};

/* What one operation on a batch made of others. */
struct grants_ops {
    uint64_t requests; /* of both domains to the hypervisor      */
    uint64_t entries;  /* of the grant table, written or ended   */
    uint64_t mapped;   /* pages mapped or unmapped               */
    uint64_t segments; /* of grant copies                        */
};

struct grants_cell {
    double value[ROUNDS_MAX]; /* ns a page, of each round */
    int err;
    struct grants_ops ops;
};

struct grants_bench {
    struct site sharer, mapper, looker;
    struct leat_mmap memory;
    struct leat_backend pages;
    struct leat_pool *pool;
    struct leat_grants *shares, *maps;
    bool told;    /* the peer's letting go is told          */
    bool counted; /* requests are                           */
    char own[64]; /* the directory of a simulation of our own, or "" */

    unsigned rounds, milliseconds;
    uint64_t seed;
    bool quick;
    unsigned batch[GRANTS_BATCHES];
    int nbatches;
    bool in[GRANTS_CASES];
    struct grants_cell cell[GRANTS_BATCHES][GRANTS_CASES];
    double seconds;
    struct noise noise;

    /* Of the batch that is measured. */
    struct leat_gref grefs[GRANTS_BATCH_MAX];
    struct leat_copy_seg segs[GRANTS_BATCH_MAX];
    unsigned char *private;
};

extern const char *const grants_names[GRANTS_CASES];

/* bench-grants-run.c */
bool grants_open(struct grants_bench *g);
void grants_close(struct grants_bench *g);
/* One sample of a way; NULL for (ns): counts its operations instead. */
int grants_sample(struct grants_bench *g, int batch, enum grants_way way,
                  double ns[GRANTS_CASES]);

/* bench-grants-say.c */
void grants_say(const struct grants_bench *g);
json_t *grants_json(const struct grants_bench *g);

#endif
