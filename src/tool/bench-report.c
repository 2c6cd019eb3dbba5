/* SPDX-License-Identifier: ISC */

/*
 * What was measured, as text: medians, with the least and the most.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* More than that, and somebody else has a processor for a part of the time. */
#define LOAD_MOST 0.5

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

bool bench_median(const struct bench *b, int row, int peer, double *median,
                  double *min, double *max)
{
    double sorted[ROUNDS_MAX];
    unsigned i, n = 0;

    for (i = 0; i < b->rounds; i++) {
        if (!isnan(b->value[row][peer][i]))
            sorted[n++] = b->value[row][peer][i];
    }
    if (!n || b->state[row][peer] != STATE_GOOD)
        return false;
    qsort(sorted, n, sizeof *sorted, compare);
    *min = sorted[0];
    *max = sorted[n - 1];
    *median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    return true;
}

static void report_row(const struct bench *b, int row)
{
    const struct row *r = &bench_rows[row];
    double theirs = 0, median, min, max;
    const char *title = r->title;
    bool has;
    int peer;

    has = bench_median(b, row, b->against, &theirs, &min, &max);
    for (peer = 0; peer < bench_npeers; peer++) {
        if (b->state[row][peer] == STATE_BAD) {
            printf("%-30s %-18s %9s\n", title, bench_peers[peer].name,
                   "failed");
            title = "";
        }
        if (!bench_median(b, row, peer, &median, &min, &max))
            continue;
        printf("%-30s %-18s %9.2f %9.2f %9.2f  %-8s", title,
               bench_peers[peer].name, median, min, max, r->unit);
        if (has)
            printf(" %8.2f", median / theirs);
        printf("\n");
        title = "";
    }
}

static void report_peers(const struct bench *b)
{
    int peer;

    printf("\n");
    for (peer = 0; peer < bench_npeers; peer++) {
        const struct peer *p = &bench_peers[peer];

        if (b->peer_state[peer] == STATE_MISSING)
            printf("missing: %s: there is no %s (was its library there when "
                   "leat was configured?)\n",
                   p->name, p->program);
        else if (b->peer_state[peer] == STATE_GOOD && !b->brief)
            printf("%-18s %s\n", p->name, p->tells);
    }
}

void bench_report(const struct bench *b)
{
    struct machine m;
    int row;

    machine_look(&m);
    printf("%s, %d CPUs; %s; governor %s; huge pages %s\n", m.cpu, m.cpus,
           m.kernel, m.governor, m.thp);
    printf("Pages of 4096 bytes, aligned to 4096. %u rounds, shuffled (seed "
           "%llu); %u samples in %.0f s,\neach a process of its own, pinned. "
           "Only ratios within one run carry over.\n\n",
           b->rounds, (unsigned long long)b->seed, b->done, b->seconds);
    if (b->load > LOAD_MOST)
        printf("Others work on this machine (load %.2f before): figures of two "
               "threads tell little.\n\n",
               b->load);
    printf("%-30s %-18s %9s %9s %9s  %-8s %s %s\n", "what", "peer", "median",
           "least", "most", "unit", "/", bench_peers[b->against].name);
    for (row = 0; row < bench_nrows; row++)
        report_row(b, row);
    report_peers(b);
    bench_report_goals(b);
}
