/* SPDX-License-Identifier: ISC */

/*
 * The rounds: each has a sample of every case of every peer, in an order of its
 * own, so that what changes on the machine meanwhile meets all of them.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct job {
    int row; /* the first of its case */
    int peer;
};

#define JOBS_MAX (ROWS_MAX * PEERS_MAX)

void bench_defaults(struct bench *b, const char *name, unsigned benches,
                    bool quick)
{
    int i;

    memset(b, 0, sizeof *b);
    b->name = name;
    b->benches = benches;
    b->quick = quick;
    b->rounds = quick ? 5 : 9;
    b->milliseconds = quick ? 40 : 100;
    b->seed = 1;
    for (i = 0; i < bench_npeers; i++) {
        b->peer_in[i] =
            (bench_peers[i].of & benches) && (!quick || bench_peers[i].quick);
        if (!strcmp(bench_peers[i].name, "dpdk"))
            b->against = i;
    }
    for (i = 0; i < bench_nrows; i++)
        b->row_in[i] =
            (bench_rows[i].bench & benches) && (!quick || bench_rows[i].quick);
}

/* Xorshift, by George Marsaglia: any order will do that is not the same. */
static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void shuffle(struct job *jobs, int n, uint64_t *x)
{
    int i;

    for (i = n - 1; i > 0; i--) {
        int j = (int)(next(x) % (uint64_t)(i + 1));
        struct job job = jobs[i];

        jobs[i] = jobs[j];
        jobs[j] = job;
    }
}

static bool first_of_case(int row)
{
    return !row || strcmp(bench_rows[row].of, bench_rows[row - 1].of) != 0;
}

/* One past the last row of the case that begins at (row). */
static int end_of_case(int row)
{
    do
        row++;
    while (row < bench_nrows && !first_of_case(row));
    return row;
}

static void note(struct bench *b, const struct job *job, enum state state)
{
    int row;

    for (row = job->row; row < end_of_case(job->row); row++)
        b->state[row][job->peer] = state;
}

static void keep(struct bench *b, const struct job *job, unsigned round,
                 const struct metric *metrics, int n)
{
    int row, i;

    for (row = job->row; row < end_of_case(job->row); row++) {
        for (i = 0; i < n; i++) {
            if (strcmp(bench_rows[row].metric, metrics[i].name))
                continue;
            b->value[row][job->peer][round] = metrics[i].value;
            b->order[row][job->peer][round] = b->done;
        }
    }
}

static int plan(struct bench *b, struct job *jobs)
{
    char path[4096 + 64];
    int row, peer, n = 0;
    unsigned round;

    bench_cpus(b);
    for (peer = 0; peer < bench_npeers; peer++) {
        b->peer_state[peer] = b->peer_in[peer] ? STATE_GOOD : STATE_OUT;
        if (b->peer_in[peer] &&
            !bench_find(bench_peers[peer].program, path, sizeof path))
            b->peer_state[peer] = STATE_MISSING;
    }
    for (row = 0; row < bench_nrows; row++) {
        for (peer = 0; peer < bench_npeers; peer++) {
            for (round = 0; round < ROUNDS_MAX; round++)
                b->value[row][peer][round] = NAN;
            b->state[row][peer] =
                b->row_in[row] ? b->peer_state[peer] : STATE_OUT;
            if (b->row_in[row] && bench_rows[row].cpus > b->ncpus)
                b->state[row][peer] = STATE_NONE;
            if (b->state[row][peer] == STATE_GOOD && first_of_case(row))
                jobs[n++] = (struct job){row, peer};
        }
    }
    return n;
}

bool bench_measure_all(struct bench *b)
{
    struct job jobs[JOBS_MAX];
    int n = plan(b, jobs), i;
    struct progress progress;
    struct metric metrics[METRICS_MAX];
    uint64_t x = b->seed * 2 + 1, at = 0;
    double from = tool_now();
    bool good = true;
    unsigned round;

    if (getloadavg(&b->load, 1) != 1)
        b->load = -1;
    progress_begin(&progress, b->name, (uint64_t)n * b->rounds);
    for (round = 0; round < b->rounds && !tool_interrupted(); round++) {
        shuffle(jobs, n, &x);
        for (i = 0; i < n && !tool_interrupted(); i++, at++) {
            const struct job *job = &jobs[i];
            enum state state;
            int nmetrics;

            progress_at(&progress, at);
            if (b->state[job->row][job->peer] != STATE_GOOD)
                continue;
            state = bench_sample(b, &bench_peers[job->peer],
                                 &bench_rows[job->row], metrics, &nmetrics);
            b->done++;
            if (state == STATE_GOOD)
                keep(b, job, round, metrics, nmetrics);
            else
                note(b, job, state);
            if (state == STATE_BAD)
                good = false;
        }
    }
    progress_end(&progress);
    b->seconds = tool_now() - from;
    if (tool_interrupted())
        return tool_fail("interrupted");
    return good;
}
