/* SPDX-License-Identifier: ISC */

/*
 * What misalignment costs where there is no choice between two ways: copies
 * between two addresses, single accesses, registered buffers, positions.
 */

#include <math.h>
#include <string.h>

#include "bench-align.h"

/* What is slower by less is not worth a word of advice. */
#define WORTH 1.25
/* What is less is nothing, however sure. */
#define SAME 1.01

/* Less than that after the source, within a page, is near. */
#define NEAR 32

/* Destination less source, within a page. */
static size_t apart(const struct align_case *c)
{
    return (c->off - c->other) % LEAT_PAGE_SIZE;
}

static bool near(const struct align_case *c)
{
    return apart(c) > 0 && apart(c) < NEAR;
}

struct copies {
    struct align_figure others; /* of the medians that are not near */
    int near, slower, unsure;
    double least, most; /* medians of the slower */
};

static bool is(const struct align *a, int i, int way, size_t size)
{
    const struct align_case *c = &a->cases[i];

    return c->way == way && c->size == size && c->figure.n > 0;
}

/* Slower by more than the noise, and by what is worth telling. */
static bool slower(const struct align_case *c, struct copies *s)
{
    double ratio;
    enum align_verdict v = align_decide(&s->others, &c->figure, &ratio);

    s->unsure += v == ALIGN_TIE;
    return v == ALIGN_ZERO_COPY && ratio >= WORTH;
}

static void weigh(const struct align *a, int way, size_t size, struct copies *s)
{
    double medians[ALIGN_OFFSETS_MAX * 3 + 1];
    unsigned n = 0;
    int i;

    *s = (struct copies){.least = INFINITY};
    for (i = 0; i < a->ncases; i++) {
        if (is(a, i, way, size) && !near(&a->cases[i]))
            medians[n++] = a->cases[i].figure.median;
    }
    align_figure(medians, n, &s->others);
    for (i = 0; n && i < a->ncases; i++) {
        if (!is(a, i, way, size) || !near(&a->cases[i]))
            continue;
        s->near++;
        if (!slower(&a->cases[i], s))
            continue;
        s->slower++;
        s->least = fmin(s->least, a->cases[i].figure.median);
        s->most = fmax(s->most, a->cases[i].figure.median);
    }
}

static void say_copy(const struct align *a, int way, size_t size)
{
    char x[32], y[32], z[32];
    struct copies s;
    size_t d;
    int i;

    weigh(a, way, size, &s);
    if (!s.others.n || !s.near)
        return;
    fprintf(a->out, "  %s, %zu bytes: ", align_ways[way].tells, size);
    align_time(s.others.median, z);
    if (!s.slower) {
        fprintf(a->out, "%s, and dst - src in 1..31 mod 4096 %s.\n", z,
                s.unsure ? "differs by less than the noise"
                         : "is no slower by a quarter");
        return;
    }
    if (s.slower == s.near) {
        fprintf(a->out, "avoid dst - src in 1..31 mod 4096");
    } else {
        fprintf(a->out, "avoid dst - src of");
        for (d = 1; d < NEAR; d++) {
            for (i = 0; i < a->ncases; i++) {
                if (is(a, i, way, size) && apart(&a->cases[i]) == d &&
                    slower(&a->cases[i], &s))
                    break;
            }
            if (i < a->ncases)
                fprintf(a->out, " %zu", d);
        }
        fprintf(a->out, " mod 4096");
    }
    if (s.least < s.most)
        fprintf(a->out,
                ": %.1f to %.1f times slower here (%s to %s, else %s).\n",
                s.least / s.others.median, s.most / s.others.median,
                align_time(s.least, x), align_time(s.most, y), z);
    else
        fprintf(a->out, ": %.1f times slower here (%s, else %s).\n",
                s.most / s.others.median, align_time(s.most, y), z);
}

static void say_copies(const struct align *a)
{
    size_t sizes[ALIGN_SIZES_MAX];
    int n = align_sizes(a, ALIGN_COPIES, sizes), way, i;
    bool title = false;

    for (way = 0; way < align_nways; way++) {
        if (align_ways[way].group != ALIGN_COPIES)
            continue;
        for (i = 0; i < n; i++) {
            if (!title && align_find(a, align_ways[way].name, sizes[i], 0, 0)) {
                fprintf(a->out,
                        "\nCopies from one offset in a page to another:\n");
                title = true;
            }
            say_copy(a, way, sizes[i]);
        }
    }
}

static void say_access(const struct align *a, const char *way)
{
    static const struct {
        size_t off;
        const char *where;
    } places[] = {
        {4, "within a line"}, {60, "across a line"}, {4092, "across a page"}};
    const struct align_case *base = align_find(a, way, 8, 0, 0);
    char x[32], y[32];
    size_t i;

    if (!base || !base->figure.n)
        return;
    fprintf(a->out, "  %s: aligned %s", align_ways[base->way].tells,
            align_time(base->figure.median, x));
    for (i = 0; i < sizeof places / sizeof *places; i++) {
        const struct align_case *c = align_find(a, way, 8, places[i].off, 0);
        double ratio;

        if (!c)
            continue;
        if (!c->figure.n)
            fprintf(a->out, "; %s it traps (%s)", places[i].where,
                    c->figure.error);
        else if (align_decide(&base->figure, &c->figure, &ratio) == ALIGN_TIE ||
                 ratio < SAME)
            fprintf(a->out, "; %s %s, no slower", places[i].where,
                    align_time(c->figure.median, x));
        else
            fprintf(a->out, "; %s %s (%s)", places[i].where,
                    align_time(c->figure.median, x),
                    align_times(c->figure.median / base->figure.median, y));
    }
    fprintf(a->out, ".\n");
}

static void say_registered(const struct align *a, const char *what,
                           const char *title)
{
    size_t sizes[ALIGN_SIZES_MAX];
    int n = align_sizes(a, ALIGN_READS, sizes), i;
    char name[48], x[32], y[32];

    snprintf(name, sizeof name, "%s-fixed", what);
    for (i = 0; i < n; i++) {
        const struct align_case *plain = align_find(a, what, sizes[i], 0, 0);
        const struct align_case *fixed = align_find(a, name, sizes[i], 0, 0);
        double ratio;

        if (!plain || !fixed || !plain->figure.n || !fixed->figure.n)
            continue;
        fprintf(a->out, "  %s, %zu bytes: %s plain, %s registered: ", title,
                sizes[i], align_time(plain->figure.median, x),
                align_time(fixed->figure.median, y));
        if (align_decide(&plain->figure, &fixed->figure, &ratio) == ALIGN_TIE)
            fprintf(a->out, "cannot tell, the noise is more.\n");
        else
            fprintf(a->out, "%.2fx.\n",
                    fixed->figure.median / plain->figure.median);
    }
}

/* Ways that could not be measured at all, each once, with the first reason. */
static void say_missing(const struct align *a)
{
    int way, i;

    for (way = 0; way < align_nways; way++) {
        for (i = 0; i < a->ncases; i++) {
            const struct align_case *c = &a->cases[i];

            if (c->way != way || c->state != ALIGN_ABSENT)
                continue;
            fprintf(a->out, "missing: %s%s: %s\n", align_ways[way].name,
                    align_ways[way].uring ? " (io_uring)" : "",
                    c->figure.error);
            break;
        }
    }
}

static void say_astray(const struct align *a)
{
    bool title = false;
    int i;

    for (i = 0; i < a->ncases; i++) {
        const struct align_case *c = &a->cases[i];
        char x[32];

        if (strcmp(align_ways[c->way].name, "read-direct") || !c->other)
            continue;
        if (!title)
            fprintf(a->out,
                    "\nPositions in the file, which no bounce mends:\n");
        title = true;
        fprintf(a->out, "  O_DIRECT, %zu bytes at a position off by %zu: %s.\n",
                c->size, c->other,
                c->figure.n ? align_time(c->figure.median, x)
                            : c->figure.error);
    }
}

/* Whether something of that kind was measured. */
static bool any(const struct align *a, enum align_group g, bool uring)
{
    int i;

    for (i = 0; i < a->ncases; i++) {
        const struct align_way *w = &align_ways[a->cases[i].way];

        if (w->group == g && w->uring == uring && a->cases[i].figure.n)
            return true;
    }
    return false;
}

void align_say_costs(const struct align *a)
{
    say_copies(a);
    if (any(a, ALIGN_ACCESSES, false)) {
        fprintf(a->out, "\nSingle accesses:\n");
        say_access(a, "load");
        say_access(a, "store");
        say_access(a, "lock");
    }
    if (!a->in_memory &&
        (any(a, ALIGN_READS, true) || any(a, ALIGN_WRITES, true))) {
        fprintf(a->out,
                "\nio_uring, buffers registered or not (%u in flight):\n",
                a->batch);
        say_registered(a, "read-uring-direct", "reads by O_DIRECT");
        say_registered(a, "read-uring-cached", "reads from the page cache");
        say_registered(a, "write-uring-direct", "writes by O_DIRECT");
        say_registered(a, "write-uring-cached", "writes to the page cache");
    }
    if (!a->in_memory)
        say_astray(a);
    say_missing(a);
}
