/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_NET_LEAT_H
#define LEAT_BENCH_NET_LEAT_H

/*
 * Both ends of leat, over a simulation: domain 1, in the first process, is the
 * front, and domain 2, in the second, the back. net-leat.c has the whole.
 */

#include <leat/netback.h>
#include <leat/netfront.h>
#include <leat/wait.h>

#include "leat-end.h"
#include "net.h"

#define LEAT_FRONT_PATH "/local/domain/1/device/vif/0"
#define LEAT_BACK_PATH  "/local/domain/2/backend/vif/1/0"

#define LEAT_BUDGET  64u
#define LEAT_WAIT_NS 5000000u /* a wait is not longer */

struct leat_bench {
    struct device *d;
    const struct net_case *c;
    enum leat_receive_mode mode;
    uint64_t spin_ns;
    const char *dir; /* of the simulation */
};

/* What an end did while frames were counted. */
struct leat_counts {
    uint64_t frames, bytes; /* received   */
    uint64_t copied;        /* bytes      */
    uint64_t grants;        /* operations */
};

/* Adds (now), or takes it away at first: what was between is left. */
void leat_count(struct leat_counts *c, const struct leat_counts *now,
                bool begins);

/* A frame that lies in pages: its first piece has the header. */
void leat_fill_piece(void *data, size_t len, bool first, unsigned nth);
void leat_take_piece(const void *data, size_t len, bool first, bool last);

/* net-leat-front.c, net-leat-back.c */
void bench_front_run(const struct leat_bench *b);
void bench_back_run(const struct leat_bench *b);

#endif
