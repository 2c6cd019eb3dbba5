/* SPDX-License-Identifier: ISC */

/*
 * Every row, as a table.
 */

#include "bench-align.h"

static void say_row(const struct align *a, const struct align_case *c)
{
    const struct align_figure *f = &c->figure;
    char median[32], min[32], max[32], noise[32];

    fprintf(a->out, "%-24s %8zu %6zu %6zu", align_ways[c->way].name, c->size,
            c->off, c->other);
    if (f->n)
        fprintf(a->out, " %10s %10s %10s %10s\n", align_time(f->median, median),
                align_time(f->min, min), align_time(f->max, max),
                align_time(f->noise, noise));
    else
        fprintf(a->out, " %s\n", f->error);
}

void align_say_rows(const struct align *a)
{
    int i;

    fprintf(a->out,
            "\nBuffer (of a copy: destination) at +to; source, or position in "
            "the file, at +from.\n%-24s %8s %6s %6s %10s %10s %10s %10s\n",
            "what", "bytes", "to", "from", "median", "least", "most", "noise");
    for (i = 0; i < a->ncases; i++)
        say_row(a, &a->cases[i]);
}
