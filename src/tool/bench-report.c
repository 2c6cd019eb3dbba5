/* SPDX-License-Identifier: ISC */

/*
 * What was measured, as text: medians, with the least and the most, and how far
 * the rounds agree.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* A median that may be off by more is one of rounds that do not agree. */
#define NOISE_MOST 0.10

/* Of a box plot: the quartiles' distance, over the root of n, times that. */
#define NOTCH 1.57

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

bool bench_figure(const struct bench *b, int row, int peer, struct figure *out)
{
    double sorted[ROUNDS_MAX];
    unsigned i, n = 0;

    memset(out, 0, sizeof *out);
    if (b->state[row][peer] != STATE_GOOD)
        return false;
    for (i = 0; i < b->rounds; i++) {
        if (!isnan(b->value[row][peer][i]))
            sorted[n++] = b->value[row][peer][i];
    }
    if (!n)
        return false;
    qsort(sorted, n, sizeof *sorted, compare);
    out->n = n;
    out->min = sorted[0];
    out->max = sorted[n - 1];
    out->median =
        n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    if (out->median > 0)
        out->noise = NOTCH * (sorted[n - 1 - n / 4] - sorted[n / 4]) /
                     sqrt((double)n) / out->median;
    return true;
}

static void report_row(const struct bench *b, int row, unsigned *all,
                       unsigned *noisy)
{
    const struct row *r = &b->rows[row];
    struct figure f, theirs;
    const char *title = r->title;
    bool has;
    int peer;

    has = bench_figure(b, row, b->against, &theirs);
    for (peer = 0; peer < bench_npeers; peer++) {
        if (b->state[row][peer] == STATE_BAD) {
            printf("%-30s %-18s %9s\n", title, bench_peers[peer].name,
                   "failed");
            title = "";
        }
        if (!bench_figure(b, row, peer, &f))
            continue;
        *all += 1;
        *noisy += f.noise > NOISE_MOST;
        printf("%-30s %-18s %9.2f %9.2f %9.2f %3.0f%% %-8s", title,
               bench_peers[peer].name, f.median, f.min, f.max, f.noise * 100,
               r->unit);
        if (has)
            printf(" %8.2f", f.median / theirs.median);
        printf("\n");
        title = "";
    }
}

void bench_report_missing(const struct bench *b)
{
    int peer;

    for (peer = 0; peer < bench_npeers; peer++) {
        const struct peer *p = &bench_peers[peer];

        if (b->peer_state[peer] != STATE_MISSING)
            continue;
        if (peer == SPDK)
            printf("missing: %s: %s\n", p->name, p->tells);
        else
            printf("missing: %s: there is no %s (was its library there when "
                   "leat was configured?)\n",
                   p->name, p->program);
    }
}

static void report_peers(const struct bench *b)
{
    int peer;

    printf("\n");
    for (peer = 0; peer < bench_npeers; peer++) {
        if (b->peer_state[peer] == STATE_GOOD)
            printf("%-18s %s\n", bench_peers[peer].name,
                   bench_peers[peer].tells);
    }
    bench_report_missing(b);
}

void bench_report(const struct bench *b)
{
    unsigned all = 0, noisy = 0;
    struct machine m;
    int row;

    machine_look(&m);
    printf("%s, %d CPUs; %s; governor %s; huge pages %s\n", m.cpu, m.cpus,
           m.kernel, m.governor, m.thp);
    printf("%u rounds, shuffled (seed %llu); %u samples in %.0f s, each a "
           "process of its own,\npinned. Only ratios within one run carry "
           "over.\n",
           b->rounds, (unsigned long long)b->seed, b->done, b->seconds);
    noise_report(&b->noise);
    if (!b->goals) {
        printf("\n%-30s %-18s %9s %9s %9s %4s %-8s %s %s\n", "what", "peer",
               "median", "least", "most", "+-", "unit", "/",
               bench_peers[b->against].name);
        for (row = 0; row < b->nrows; row++)
            report_row(b, row, &all, &noisy);
        if (noisy)
            printf("\nOf %u figures, the rounds of %u do not agree: their "
                   "medians may be off by\nmore than %.0f %% (+-).\n",
                   all, noisy, NOISE_MOST * 100);
        report_peers(b);
    }
}
