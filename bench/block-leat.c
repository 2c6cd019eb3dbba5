/* SPDX-License-Identifier: ISC */

/*
 * leat's own ends, over a simulation, by two processes:
 *
 *     block-leat DISK,WAY,SPIN CASE
 *
 *   DISK   memory; cached or direct, a file
 *   WAY    how bytes come over: copy, revoke or shared
 *   SPIN   microseconds that both ends look before they sleep; 0: events alone
 *
 * Operations of grants, and copies, are counted in steady state: of the requests
 * that are measured, at both ends. What a disk does to its own bytes is no copy.
 */

#include <string.h>

#include "block-leat.h"

static bool parse(struct leat_bench *b, const char *variant)
{
    const char *rest = strchr(variant, ',');
    const size_t len = rest ? (size_t)(rest - variant) : 0;

    if (!rest || len >= sizeof b->disk)
        return false;
    memcpy(b->disk, variant, len);
    if (strcmp(b->disk, "memory") && strcmp(b->disk, "cached") &&
        strcmp(b->disk, "direct"))
        return false;
    return leat_parse(rest + 1, &b->mode, &b->spin_ns);
}

static void run_front(const struct leat_bench *b)
{
    struct device *d = b->d;
    struct bench_front *f = bench_front_open(b);
    const struct block_peer peer = bench_front_peer(f);
    double grants, requests;

    pair_meet(&d->pair);
    block_measure(d, b->c, &peer);
    grants = (double)pair_tell(&d->pair, 0);
    pair_meet(&d->pair);
    requests = (double)pair_tell(&d->pair, 0);
    bench_front_report(f, requests > 0 ? grants / requests : 0);
    bench_front_close(f);
}

static void run_back(const struct leat_bench *b)
{
    struct device *d = b->d;
    struct block_peer peer = {.serve = bench_back_serve};
    struct leat_counts counts;

    pair_meet(&d->pair);
    peer.arg = bench_back_open(b);
    pair_meet(&d->pair);
    pair_meet(&d->pair);
    bench_back_connect(peer.arg);
    pair_meet(&d->pair);
    block_measure(d, b->c, &peer);
    bench_back_counted(peer.arg, &counts);
    pair_tell(&d->pair, counts.grants);
    pair_meet(&d->pair);
    pair_tell(&d->pair, counts.requests);
    bench_back_close(peer.arg);
}

void device_run(struct device *d)
{
    struct leat_bench b = {.d = d, .c = block_find(d->name)};
    struct leat_sim_config sim = {.flags = LEAT_SIM_UNTIL_EMPTY};
    int err;

    if (!b.c || !parse(&b, d->variant))
        device_none("no such case");
    b.dir = device_tmp();
    err = leat_sim_start(b.dir, &sim);
    if (err)
        leat_die(b.dir, err);
    pair_fork(&d->pair);
    if (d->pair.second)
        run_back(&b);
    else
        run_front(&b);
    pair_end(&d->pair);
    (void)leat_sim_stop(b.dir);
}
