/* SPDX-License-Identifier: ISC */

/* What leat bench grants tells, as text and as JSON. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench-grants.h"

const char *const grants_names[GRANTS_CASES] = {
    [GRANTS_SHARE] = "share",
    [GRANTS_MAP] = "map",
    [GRANTS_COPY] = "copy",
    [GRANTS_UNMAP] = "unmap",
    [GRANTS_REVOKE] = "revoke",
    [GRANTS_PER_USE] = "per-use",
    [GRANTS_PERSISTENT] = "persistent",
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool figure(const struct grants_bench *g, const struct grants_cell *c,
                   struct figure *out)
{
    double sorted[ROUNDS_MAX];
    unsigned i, n = 0;

    for (i = 0; i < g->rounds; i++) {
        if (!isnan(c->value[i]))
            sorted[n++] = c->value[i];
    }
    if (!n || c->err)
        return false;
    qsort(sorted, n, sizeof *sorted, compare);
    *out = (struct figure){
        .n = n,
        .min = sorted[0],
        .max = sorted[n - 1],
        .median =
            n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2,
    };
    return true;
}

static void say_row(const struct grants_bench *g, int batch, int c)
{
    const struct grants_cell *cell = &g->cell[batch][c];
    struct figure f;
    char requests[24] = "-";

    if (!figure(g, cell, &f)) {
        printf("%-11s %5u  refused: %s\n", grants_names[c], g->batch[batch],
               leat_strerror(cell->err));
        return;
    }
    if (g->counted)
        snprintf(requests, sizeof requests, "%llu",
                 (unsigned long long)cell->ops.requests);
    printf("%-11s %5u %10.0f %10.0f %10.0f %9s %8llu %7llu %7llu\n",
           grants_names[c], g->batch[batch], f.median, f.min, f.max, requests,
           (unsigned long long)cell->ops.entries,
           (unsigned long long)cell->ops.mapped,
           (unsigned long long)cell->ops.segments);
}

/* Each time anew, against once and for all. */
static void say_ratio(const struct grants_bench *g, int batch)
{
    struct figure use, kept;

    if (!g->in[GRANTS_PER_USE] || !g->in[GRANTS_PERSISTENT] ||
        !figure(g, &g->cell[batch][GRANTS_PER_USE], &use) ||
        !figure(g, &g->cell[batch][GRANTS_PERSISTENT], &kept))
        return;
    printf("%5u pages: granted for each use %.0f ns a page, kept granted %.0f "
           "ns: %.1fx\n",
           g->batch[batch], use.median, kept.median, use.median / kept.median);
}

void grants_say(const struct grants_bench *g)
{
    int c, b;

    printf("All figures are %s, on %s%s.\n", g->sharer.label,
           *g->own ? "a simulation of its own" : g->sharer.on,
           strcmp(g->sharer.label, "real")
               ? ": they show how cost goes\nwith the batch, and what is asked "
                 "of the hypervisor, not what Xen costs"
               : "");
    printf("%u rounds, shuffled (seed %llu), %.0f s. Nanoseconds a page: "
           "median, least, most.\nThen, of one batch: requests to the "
           "hypervisor, entries written or ended, pages\nmapped or unmapped, "
           "segments copied.\n\n",
           g->rounds, (unsigned long long)g->seed, g->seconds);
    printf("%-11s %5s %10s %10s %10s %9s %8s %7s %7s\n", "case", "batch",
           "median", "least", "most", "requests", "entries", "mapped",
           "copied");
    for (c = 0; c < GRANTS_CASES; c++) {
        for (b = 0; b < g->nbatches && g->in[c]; b++)
            say_row(g, b, c);
    }
    printf("\n");
    for (b = 0; b < g->nbatches; b++)
        say_ratio(g, b);
    noise_report(&g->noise);
}

static json_t *ops(const struct grants_bench *g, const struct grants_ops *o)
{
    return json_pack(
        "{s:o, s:I, s:I, s:I}", "requests",
        g->counted ? json_integer((json_int_t)o->requests) : json_null(),
        "entries", (json_int_t)o->entries, "mapped", (json_int_t)o->mapped,
        "segments", (json_int_t)o->segments);
}

static json_t *row(const struct grants_bench *g, int batch, int c)
{
    const struct grants_cell *cell = &g->cell[batch][c];
    json_t *samples = json_array(), *one;
    struct figure f;
    unsigned i;

    for (i = 0; i < g->rounds; i++) {
        if (!isnan(cell->value[i]))
            json_array_append_new(samples, json_real(cell->value[i]));
    }
    one = json_pack("{s:s, s:i, s:s, s:s, s:o}", "case", grants_names[c],
                    "batch", (int)g->batch[batch], "unit", "ns/page", "state",
                    cell->err ? "refused" : "measured", "samples", samples);
    if (cell->err)
        json_object_set_new(one, "error",
                            json_string(leat_error_name(cell->err)));
    if (figure(g, cell, &f)) {
        json_object_set_new(one, "rounds", json_integer(f.n));
        json_object_set_new(one, "median", json_real(f.median));
        json_object_set_new(one, "min", json_real(f.min));
        json_object_set_new(one, "max", json_real(f.max));
        json_object_set_new(one, "operations", ops(g, &cell->ops));
    }
    return one;
}

json_t *grants_json(const struct grants_bench *g)
{
    json_t *rows = json_array();
    int c, b;

    for (c = 0; c < GRANTS_CASES; c++) {
        for (b = 0; b < g->nbatches && g->in[c]; b++)
            json_array_append_new(rows, row(g, b, c));
    }
    return json_pack("{s:s, s:s, s:i, s:I, s:i, s:f, s:f, s:f, s:f, s:o}",
                     "figures", g->sharer.label, "on", g->sharer.ops->name,
                     "rounds", (int)g->rounds, "seed", (json_int_t)g->seed,
                     "milliseconds", (int)g->milliseconds, "seconds",
                     g->seconds, "load_before", g->noise.load_before,
                     "load_after", g->noise.load_after, "steal", g->noise.steal,
                     "rows", rows);
}
