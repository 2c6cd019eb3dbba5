/* SPDX-License-Identifier: ISC */

/*
 * Figures of the samples: medians of each state of the processors by itself, and
 * ratios of neighbours.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench-device.h"

const char *const device_state_names[DEVICE_STATES + 1] = {
    [DEVICE_NEAR] = "near",
    [DEVICE_FAR] = "far",
    [DEVICE_MOVED] = "moved",
};

/* Of a box plot: the quartiles' distance, over the root of n, times that. */
#define NOTCH 1.57

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts (v). */
static double median_of(double *v, unsigned n)
{
    qsort(v, n, sizeof *v, compare);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static bool is_of(const struct device_sample *s, int of, int peer, int state)
{
    return s->of == of && s->peer == peer &&
           (state == DEVICE_ANY || (int)s->state == state);
}

bool device_figure(const struct device_bench *d, int of, int peer, int state,
                   struct figure *out)
{
    double *v = calloc(d->nsamples + 1, sizeof *v);
    unsigned n = 0, i;

    memset(out, 0, sizeof *out);
    for (i = 0; v && i < d->nsamples; i++) {
        if (is_of(&d->samples[i], of, peer, state))
            v[n++] = d->samples[i].ops;
    }
    if (n) {
        out->n = n;
        out->median = median_of(v, n);
        out->min = v[0];
        out->max = v[n - 1];
        out->noise = NOTCH * (v[n - 1 - n / 4] - v[n / 4]) / sqrt((double)n) /
                     out->median;
    }
    free(v);
    return n;
}

/* The median of a field of every sample. */
static double told(const struct device_bench *d, int of, int peer, bool grants)
{
    double *v = calloc(d->nsamples + 1, sizeof *v), median = NAN;
    unsigned n = 0, i;

    for (i = 0; v && i < d->nsamples; i++) {
        const struct device_sample *s = &d->samples[i];
        double x = grants ? s->grants : s->copies;

        if (is_of(s, of, peer, DEVICE_ANY) && !isnan(x))
            v[n++] = x;
    }
    if (n)
        median = median_of(v, n);
    free(v);
    return median;
}

double device_copies(const struct device_bench *d, int of, int peer)
{
    return told(d, of, peer, false);
}

double device_grants(const struct device_bench *d, int of, int peer)
{
    return told(d, of, peer, true);
}

/* Of (peer), the one made nearest to (s), of its case and state; or NULL. */
static const struct device_sample *neighbour(const struct device_bench *d,
                                             const struct device_sample *s,
                                             int peer)
{
    const struct device_sample *best = NULL;
    unsigned far = 0, i;

    for (i = 0; i < d->nsamples; i++) {
        const struct device_sample *t = &d->samples[i];
        unsigned away =
            t->order > s->order ? t->order - s->order : s->order - t->order;

        if (!is_of(t, s->of, peer, (int)s->state) || (best && away >= far))
            continue;
        best = t;
        far = away;
    }
    return best;
}

void device_ratio(const struct device_bench *d, int of, int ours, int theirs,
                  int state, struct device_ratio *out)
{
    double *v = calloc(d->nsamples + 1, sizeof *v);
    unsigned n = 0, i;

    memset(out, 0, sizeof *out);
    for (i = 0; v && i < d->nsamples; i++) {
        const struct device_sample *s = &d->samples[i], *t;

        if (!is_of(s, of, ours, state))
            continue;
        t = neighbour(d, s, theirs);
        if (t)
            v[n++] = s->ops / t->ops;
    }
    if (n) {
        out->n = n;
        out->median = median_of(v, n);
        out->min = v[0];
        out->max = v[n - 1];
    }
    free(v);
}

void device_distances(struct device_bench *d)
{
    double *v = calloc(2 * d->nsamples + 1, sizeof *v);
    unsigned n, i;
    int state;

    for (state = 0; v && state < DEVICE_STATES; state++) {
        for (n = i = 0; i < d->nsamples; i++) {
            if ((int)d->samples[i].state != state)
                continue;
            v[n++] = d->samples[i].before;
            v[n++] = d->samples[i].after;
        }
        d->seen[state] = n / 2;
        d->distance[state] = n ? median_of(v, n) : 0;
    }
    free(v);
}
