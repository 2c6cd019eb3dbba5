/* SPDX-License-Identifier: ISC */

/*
 * What was to be reached, and what was. Each line says which get it is about,
 * and which link. One measurement decides of each goal.
 */

#include <string.h>

#include "bench.h"

const char *bench_goal_peer(const struct goal *g)
{
    if (g->their_peer == WRITTEN)
        return "written down";
    if (g->their_peer == NOBODY || g->their_peer == g->our_peer)
        return "itself";
    return bench_peers[g->their_peer].name;
}

/* The calls that were measured; what makes views and bounces has no get. */
static const char *which(const struct goal *g)
{
    switch (g->our_row) {
    case REF:
    case SLICE:
    case BOUNCE:
    case HEADERS:
        return "no get";
    default:
        return bench_peers[g->our_peer].get;
    }
}

void bench_goal(const struct bench *b, const struct goal *g,
                struct goal_result *out)
{
    struct figure ours, theirs = {.median = 1};
    bool good;

    memset(out, 0, sizeof *out);
    if (!bench_figure(b, g->our_row, g->our_peer, &ours))
        return;
    if (g->their_peer == WRITTEN)
        theirs.median = bench_written(bench_peers[g->our_peer].variant, "lifo");
    else if (g->their_peer != NOBODY &&
             !bench_figure(b, g->their_row, g->their_peer, &theirs))
        return;
    if (!(theirs.median > 0))
        return;
    out->figure = ours.median;
    out->ratio = ours.median / theirs.median;
    out->noise = ours.noise + theirs.noise;
    good = g->at_least ? out->ratio >= g->factor : out->ratio <= g->factor;
    out->state = good ? GOAL_MET : GOAL_MISSED;
}

bool bench_report_goals(const struct bench *b)
{
    int count[3] = {0}, i;

    printf("\n%-28s %-6s %-6s %17s  %-14s %6s %5s  %s\n", "goal", "get", "link",
           "figure", "against", "is", "+-", "wanted");
    for (i = 0; i < bench_ngoals; i++) {
        static const char *const said[2][3] = {
            {"not measured", "met", "missed"},
            {"(not measured)", "(met)", "(missed)"}};
        const struct goal *g = &bench_goals[i];
        const struct row *row = &b->rows[g->our_row];
        struct goal_result is;

        /* Of a bench that was not asked for. */
        if (!(row->bench & b->benches))
            continue;
        bench_goal(b, g, &is);
        count[is.state] += !g->told;
        printf("%-28s %-6s %-6s ", g->what, which(g),
               bench_peers[g->our_peer].link);
        if (is.state == GOAL_UNKNOWN)
            printf("%17s  %-14s %6s %5s", "-", bench_goal_peer(g), "-", "-");
        else
            printf("%8.2f %-8s  %-14s %6.2f %4.0f%%", is.figure, row->unit,
                   bench_goal_peer(g), is.ratio, is.noise * 100);
        printf("  %s %.2f  %s\n", g->at_least ? ">=" : "<=", g->factor,
               said[g->told][is.state]);
    }
    printf("In brackets, for information: the plain calls, where the handle "
           "decides.\n");
    printf("%d met, %d missed, %d not measured\n", count[GOAL_MET],
           count[GOAL_MISSED], count[GOAL_UNKNOWN]);
    return !count[GOAL_MISSED] && !count[GOAL_UNKNOWN];
}
