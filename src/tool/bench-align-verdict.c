/* SPDX-License-Identifier: ISC */

/*
 * Which is right, zero-copy or a bounce? What this says it says of samples
 * alone, so that it can be held to made-up ones.
 *
 *   V1  a figure's noise is how far its median may be off: 1.57 times the
 *       distance between the quartiles, over the root of the number of rounds
 *       (the notches of McGill, Tukey and Larsen, "Variations of box plots",
 *       1978: about 95 % of the time)
 *   V2  of two figures one is faster only if their medians are further apart
 *       than the noise of both, of three rounds at least; else nobody can tell
 *   V3  a way that is refused has no time, and loses to one that has
 *
 *   zero-copy \ bounce   measured            refused     not measured
 *   measured             the faster, or tie  zero-copy   unknown
 *   refused              bounce              neither     unknown
 *   not measured         unknown             unknown     unknown
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench-align.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The value below which (part) of the (n) sorted samples lie. */
static double quantile(const double *sorted, unsigned n, double part)
{
    double at = part * (n - 1);
    unsigned below = (unsigned)at;

    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

/* Sorts (samples). */
void align_figure(double *samples, unsigned n, struct align_figure *out)
{
    out->n = n;
    if (!n)
        return;
    qsort(samples, n, sizeof *samples, compare);
    out->error[0] = '\0';
    out->min = samples[0];
    out->max = samples[n - 1];
    out->median = quantile(samples, n, 0.5);
    out->noise = 1.57 *
                 (quantile(samples, n, 0.75) - quantile(samples, n, 0.25)) /
                 sqrt(n); /* V1 */
}

/* One after the other. */
void align_add(const struct align_figure *a, const struct align_figure *b,
               struct align_figure *sum)
{
    const struct align_figure *lacks = !a->n ? a : b;

    *sum = (struct align_figure){.n = 0};
    if (!a->n || !b->n) {
        memcpy(sum->error, lacks->error, sizeof sum->error);
        return;
    }
    sum->n = a->n < b->n ? a->n : b->n;
    sum->median = a->median + b->median;
    sum->min = a->min + b->min;
    sum->max = a->max + b->max;
    sum->noise = a->noise + b->noise;
}

enum align_verdict align_decide(const struct align_figure *zero,
                                const struct align_figure *bounce,
                                double *ratio)
{
    bool zero_refused = !zero->n && zero->error[0];
    bool bounce_refused = !bounce->n && bounce->error[0];
    double noise = zero->noise + bounce->noise;

    *ratio = 0;
    if ((!zero->n && !zero_refused) || (!bounce->n && !bounce_refused))
        return ALIGN_UNKNOWN;
    if (zero_refused)
        return bounce_refused ? ALIGN_NEITHER : ALIGN_BOUNCE; /* V3 */
    if (bounce_refused)
        return ALIGN_ZERO_COPY;
    *ratio =
        fmax(zero->median, bounce->median) / fmin(zero->median, bounce->median);
    if (zero->n < ALIGN_ROUNDS_LEAST || bounce->n < ALIGN_ROUNDS_LEAST ||
        fabs(zero->median - bounce->median) <= noise)
        return ALIGN_TIE; /* V2 */
    return zero->median < bounce->median ? ALIGN_ZERO_COPY : ALIGN_BOUNCE;
}

const char *align_verdict_name(enum align_verdict v)
{
    static const char *const names[] = {
        [ALIGN_UNKNOWN] = "not measured", [ALIGN_ZERO_COPY] = "zero-copy",
        [ALIGN_BOUNCE] = "bounce",        [ALIGN_TIE] = "cannot tell",
        [ALIGN_NEITHER] = "neither",
    };

    return names[v];
}

enum align_class align_class_of(size_t off, size_t need)
{
    size_t in_page = off % LEAT_PAGE_SIZE;

    if (!in_page)
        return ALIGN_AT_PAGE;
    if (need > 1 && off % need == 0)
        return ALIGN_AT_NEED;
    if (off % 64 == 0)
        return ALIGN_AT_LINE;
    if (in_page < 32)
        return ALIGN_NEAR_PAGE;
    return in_page > LEAT_PAGE_SIZE - 32 ? ALIGN_NEAR_END : ALIGN_IN_LINE;
}

const char *align_class_name(enum align_class c)
{
    static const char *const names[] = {
        [ALIGN_AT_PAGE] = "a page's start",
        [ALIGN_AT_NEED] = "aligned as asked",
        [ALIGN_AT_LINE] = "a cache line's start",
        [ALIGN_NEAR_PAGE] = "1 to 31 into a page",
        [ALIGN_NEAR_END] = "1 to 31 before a page's end",
        [ALIGN_IN_LINE] = "inside a cache line",
    };

    return names[c];
}
