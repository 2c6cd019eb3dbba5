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

/* A quick run begins no round after that; the first two it always has. */
#define QUICK_SECONDS 16

void bench_defaults(struct bench *b, const char *name, unsigned benches,
                    bool quick)
{
    int i;

    memset(b, 0, sizeof *b);
    b->name = name;
    b->benches = benches;
    b->quick = quick;
    b->rounds = quick ? 5 : 9;
    b->milliseconds = quick ? 20 : 100;
    b->budget = quick ? QUICK_SECONDS : 0;
    b->seed = 1;
    b->against = DPDK;
    b->nrows = bench_nrows;
    memcpy(b->rows, bench_rows, (size_t)bench_nrows * sizeof *bench_rows);
    for (i = 0; i < bench_npeers; i++)
        b->peer_in[i] =
            (bench_peers[i].of & benches) && (!quick || bench_peers[i].quick);
    for (i = 0; i < b->nrows; i++)
        b->row_in[i] =
            (b->rows[i].bench & benches) && (!quick || b->rows[i].quick);
}

bool bench_first_of_case(const struct bench *b, int row)
{
    return !row || strcmp(b->rows[row].of, b->rows[row - 1].of) != 0;
}

/* One past the last row of the case that (row) is of. */
static int end_of_case(const struct bench *b, int row)
{
    do
        row++;
    while (row < b->nrows && !bench_first_of_case(b, row));
    return row;
}

/* Whether a goal is about the case of (row), by (peer). */
static bool goal_needs(const struct bench *b, int row, int peer)
{
    int end = end_of_case(b, row), from = row, i;

    while (!bench_first_of_case(b, from))
        from--;
    for (i = 0; i < bench_ngoals; i++) {
        const struct goal *g = &bench_goals[i];

        if (g->our_peer == peer && g->our_row >= from && g->our_row < end)
            return true;
        if (g->their_peer == peer && g->their_row >= from && g->their_row < end)
            return true;
    }
    return false;
}

void bench_choose_goals(struct bench *b)
{
    int row, peer;

    b->goals = true;
    memset(b->row_in, 0, sizeof b->row_in);
    memset(b->peer_in, 0, sizeof b->peer_in);
    for (row = 0; row < b->nrows; row++) {
        for (peer = 0; peer < bench_npeers; peer++) {
            if (!goal_needs(b, row, peer))
                continue;
            b->row_in[row] = true;
            b->peer_in[peer] = true;
        }
    }
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

static void note(struct bench *b, const struct job *job, enum state state)
{
    int row;

    for (row = job->row; row < end_of_case(b, job->row); row++)
        b->state[row][job->peer] = state;
}

static void keep(struct bench *b, const struct job *job, unsigned round,
                 const struct metric *metrics, int n)
{
    int row, i;

    for (row = job->row; row < end_of_case(b, job->row); row++) {
        for (i = 0; i < n; i++) {
            if (strcmp(b->rows[row].metric, metrics[i].name))
                continue;
            b->value[row][job->peer][round] = metrics[i].value;
            b->order[row][job->peer][round] = b->done;
        }
    }
}

void bench_clear(struct bench *b)
{
    int row, peer;
    unsigned round;

    for (row = 0; row < ROWS_MAX; row++) {
        for (peer = 0; peer < PEERS_MAX; peer++) {
            b->state[row][peer] = STATE_OUT;
            for (round = 0; round < ROUNDS_MAX; round++)
                b->value[row][peer][round] = NAN;
        }
    }
}

/* What is counted exactly is so once, and of leat alone. */
static bool exact(const struct bench *b, int row)
{
    return !strcmp(b->rows[row].of, b->rows[INSTRUCTIONS].of);
}

static int plan(struct bench *b, struct job *jobs)
{
    char path[4096 + 64];
    int row, peer, n = 0;

    bench_cpus(b);
    bench_clear(b);
    for (peer = 0; peer < bench_npeers; peer++) {
        b->peer_state[peer] = b->peer_in[peer] ? STATE_GOOD : STATE_OUT;
        if (b->peer_in[peer] &&
            !bench_find(bench_peers[peer].program, path, sizeof path))
            b->peer_state[peer] = STATE_MISSING;
    }
    for (row = 0; row < b->nrows; row++) {
        for (peer = 0; peer < bench_npeers; peer++) {
            if (!b->row_in[row] || (b->goals && !goal_needs(b, row, peer)))
                continue;
            if (exact(b, row) && peer != HANDLE && peer != PLAIN)
                continue;
            b->state[row][peer] = b->peer_state[peer];
            if (b->rows[row].cpus > b->ncpus)
                b->state[row][peer] = STATE_NONE;
            if (b->state[row][peer] == STATE_GOOD &&
                bench_first_of_case(b, row))
                jobs[n++] = (struct job){row, peer};
        }
    }
    return n;
}

static bool enough(const struct bench *b, unsigned round, double began)
{
    return tool_interrupted() || round >= b->rounds ||
           (b->budget && round > 1 && tool_now() - began > b->budget);
}

bool bench_measure_all(struct bench *b)
{
    struct job jobs[JOBS_MAX];
    int n = plan(b, jobs), i;
    struct progress progress;
    struct metric metrics[METRICS_MAX];
    uint64_t x = b->seed * 2 + 1, at = 0;
    double began = tool_now();
    bool good = true;
    unsigned round;

    noise_begin(&b->noise);
    progress_begin(&progress, b->name, (uint64_t)n * b->rounds);
    for (round = 0; !enough(b, round, began); round++) {
        shuffle(jobs, n, &x);
        for (i = 0; i < n && !tool_interrupted(); i++, at++) {
            const struct job *job = &jobs[i];
            enum state state;
            int nmetrics;

            progress_at(&progress, at);
            if (b->state[job->row][job->peer] != STATE_GOOD ||
                (round && exact(b, job->row)))
                continue;
            state = bench_sample(b, &bench_peers[job->peer], &b->rows[job->row],
                                 metrics, &nmetrics, NULL);
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
    noise_end(&b->noise);
    b->rounds = round;
    b->seconds = tool_now() - began;
    if (tool_interrupted())
        return tool_fail("interrupted");
    return good;
}
