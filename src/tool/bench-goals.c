/* SPDX-License-Identifier: ISC */

/*
 * What was to be reached, and what was. Each line says which get it is about.
 */

#include <string.h>

#include "bench.h"

/* The calls that were measured; views and refs need none. */
static const char *which(const struct goal *g)
{
    const struct peer *p = &bench_peers[g->our_peer];
    const char *of = bench_rows[g->our_row].of;

    if (!strcmp(of, "ref") || !strcmp(of, "slice"))
        return "no get";
    if (strstr(p->name, "shared"))
        return strcmp(p->variant, "plain") ? "handle, shared" : "plain, shared";
    return p->variant;
}

static bool measured(const struct bench *b, const struct goal *g, double *out)
{
    double ours, theirs = 1, min, max;

    if (!bench_median(b, g->our_row, g->our_peer, &ours, &min, &max))
        return false;
    if (g->their_peer >= 0 &&
        !bench_median(b, g->their_row, g->their_peer, &theirs, &min, &max))
        return false;
    *out = ours / theirs;
    return true;
}

void bench_report_goals(const struct bench *b)
{
    int i, met = 0, missed = 0, unknown = 0;

    for (i = 0; i < bench_ngoals; i++) {
        const struct goal *g = &bench_goals[i];
        const char *peer =
            g->their_peer < 0 ? "itself" : bench_peers[g->their_peer].name;
        double ratio;
        bool good;

        if (!measured(b, g, &ratio)) {
            unknown++;
            continue;
        }
        if (!met && !missed)
            printf("\n%-28s %-15s %-15s %9s %9s\n", "goal", "measured by",
                   "against", "wanted", "is");
        good = g->at_least ? ratio >= g->factor : ratio <= g->factor;
        met += good;
        missed += !good;
        printf("%-28s %-15s %-15s %s %5.2fx %8.2fx  %s\n", g->what, which(g),
               peer, g->at_least ? ">=" : "<=", g->factor, ratio,
               good ? "met" : "missed");
    }
    if (met || missed)
        printf("%d met, %d missed", met, missed);
    if ((met || missed) && unknown)
        printf(", %d not in this run", unknown);
    if (met || missed)
        printf("\n");
}
