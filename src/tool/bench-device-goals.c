/* SPDX-License-Identifier: ISC */

/*
 * What was to be reached, and what was: ratios of neighbours, of each state by
 * itself where the goal is of one. A state that the processors were never in is
 * said to be so, and decides nothing.
 */

#include "bench-device.h"

const char *const device_verdicts[] = {
    [DEVICE_MET] = "met",
    [DEVICE_MISSED] = "missed",
    [DEVICE_UNKNOWN] = "not measured",
    [DEVICE_UNSEEN] = "not seen",
};

enum device_verdict device_goal(const struct device_bench *d,
                                const struct device_goal *g,
                                struct device_ratio *out)
{
    const struct device_kind *k = d->kind;
    int of = device_find_case(k, g->of), ours = device_find_peer(k, g->ours);
    int theirs = device_find_peer(k, g->theirs);
    struct device_ratio any;

    device_ratio(d, of, ours, theirs, g->state, out);
    if (out->n)
        return out->median >= g->factor ? DEVICE_MET : DEVICE_MISSED;
    device_ratio(d, of, ours, theirs, DEVICE_ANY, &any);
    return any.n ? DEVICE_UNSEEN : DEVICE_UNKNOWN;
}

static void say_one(const struct device_bench *d, const struct device_goal *g,
                    int count[4])
{
    const struct device_kind *k = d->kind;
    const struct device_case *c = &k->cases[device_find_case(k, g->of)];
    struct device_ratio is;
    struct figure f;
    enum device_verdict v = device_goal(d, g, &is);

    if (!g->told)
        count[v]++;
    printf("%-28s %-11s %-5s ", g->what, g->of,
           g->state == DEVICE_ANY ? "" : device_state_names[g->state]);
    if (is.n && device_figure(d, device_find_case(k, g->of),
                              device_find_peer(k, g->ours), g->state, &f))
        printf("%8.2f %-4s  %-14s %6.2f (%.2f to %.2f)", f.median / c->scale,
               c->unit, g->theirs, is.median, is.min, is.max);
    else
        printf("%8s %-4s  %-14s %6s", "-", c->unit, g->theirs, "-");
    printf("  >= %.2f  %s%s%s\n", g->factor, g->told ? "(" : "",
           device_verdicts[v], g->told ? ")" : "");
}

bool device_report_goals(const struct device_bench *d)
{
    int count[4] = {0}, i;

    printf("\n%-28s %-11s %-5s %8s %-4s  %-14s %6s  %s\n", "goal", "case",
           "state", "figure", "", "against", "is", "wanted");
    for (i = 0; i < d->kind->ngoals; i++)
        say_one(d, &d->kind->goals[i], count);
    printf("Each ratio is the median over pairs of neighbouring samples of one "
           "state. In\nbrackets, for information: the shared way, where the "
           "default, persistent + copy,\ndecides.\n");
    printf("%d met, %d missed, %d not measured", count[DEVICE_MET],
           count[DEVICE_MISSED], count[DEVICE_UNKNOWN]);
    if (count[DEVICE_UNSEEN])
        printf(", %d of a state that was not seen", count[DEVICE_UNSEEN]);
    printf("\n");
    return !count[DEVICE_MISSED] && !count[DEVICE_UNKNOWN];
}
