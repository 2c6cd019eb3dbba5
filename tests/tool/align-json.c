/* SPDX-License-Identifier: ISC */

/*
 * Holds what "leat bench align --json" wrote against itself: every row has its
 * samples or says why not, and every verdict follows from them, worked out here
 * once more; and stands in a sentence of the report.
 *
 *     align-json FILE: tells what is wrong, and exits with 1
 */

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static int wrong;

#define EXPECT(what, ...)             \
    do {                              \
        if (!(what)) {                \
            wrong++;                  \
            printf(__VA_ARGS__);      \
            printf(" (%s)\n", #what); \
        }                             \
    } while (0)

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

static long number(const json_t *o, const char *key)
{
    return (long)json_integer_value(json_object_get(o, key));
}

static double real(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(1, fmax(fabs(a), fabs(b)));
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* What a row's samples come to. */
struct came {
    bool there, refused;
    size_t n;
    double median, noise, min, max;
};

static double part(const double *v, size_t n, double at)
{
    double where = at * (double)(n - 1);
    size_t i = (size_t)where;

    return i + 1 < n ? v[i] + (where - (double)i) * (v[i + 1] - v[i])
                     : v[n - 1];
}

static struct came came_of(const json_t *row)
{
    const json_t *samples = json_object_get(row, "samples");
    struct came c = {.n = json_array_size(samples)};
    double v[99];
    size_t i;

    c.refused = !strcmp(text(row, "state"), "refused");
    c.there = c.refused || c.n > 0;
    if (!c.n || c.n > 99)
        return c;
    for (i = 0; i < c.n; i++)
        v[i] = real(json_array_get(samples, i), "ns");
    qsort(v, c.n, sizeof *v, compare);
    c.min = v[0];
    c.max = v[c.n - 1];
    c.median = part(v, c.n, 0.5);
    c.noise =
        1.57 * (part(v, c.n, 0.75) - part(v, c.n, 0.25)) / sqrt((double)c.n);
    return c;
}

static const json_t *find(const json_t *all, const char *way, long size,
                          long off)
{
    const json_t *rows = json_object_get(all, "rows"), *row;
    size_t i;

    for (i = 0; i < json_array_size(rows); i++) {
        row = json_array_get(rows, i);
        if (!strcmp(text(row, "way"), way) && number(row, "size") == size &&
            number(row, "offset") == off && number(row, "other") == 0)
            return row;
    }
    return NULL;
}

static bool listed(const json_t *list, const char *what)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        if (!strcmp(json_string_value(json_array_get(list, i)), what))
            return true;
    }
    return false;
}

static void check_row(const json_t *all, const json_t *row)
{
    const json_t *f = json_object_get(row, "figure");
    const char *way = text(row, "way"), *state = text(row, "state");
    long size = number(row, "size"), off = number(row, "offset");
    long other = number(row, "other");
    struct came c = came_of(row);

    EXPECT(*way && size > 0, "a row of nothing");
    if (!strcmp(state, "measured")) {
        EXPECT((long)c.n == number(all, "rounds"), "%s %ld +%ld +%ld", way,
               size, off, other);
        EXPECT(c.min > 0, "%s %ld +%ld +%ld", way, size, off, other);
        EXPECT(close_to(c.median, real(f, "median")) &&
                   close_to(c.min, real(f, "min")) &&
                   close_to(c.max, real(f, "max")) &&
                   close_to(c.noise, real(f, "noise")),
               "%s %ld +%ld +%ld", way, size, off, other);
        return;
    }
    EXPECT(!c.n && *text(f, "error") && !json_object_get(f, "median"),
           "%s %ld +%ld +%ld: %s", way, size, off, other, state);
    if (!strcmp(state, "missing"))
        EXPECT(listed(json_object_get(all, "missing"), way), "%s", way);
    else
        EXPECT(!strcmp(state, "refused"), "%s: %s", way, state);
}

static const char *verdict(struct came zero, struct came bounce)
{
    if (!zero.there || !bounce.there)
        return "not measured";
    if (zero.refused)
        return bounce.refused ? "neither" : "bounce";
    if (bounce.refused)
        return "zero-copy";
    if (zero.n < 3 || bounce.n < 3 ||
        fabs(zero.median - bounce.median) <= zero.noise + bounce.noise)
        return "cannot tell";
    return zero.median < bounce.median ? "zero-copy" : "bounce";
}

/* A line that tells of that size and offset, and begins and ends like that. */
static bool said(const json_t *all, const char *title, const char *start,
                 const char *offset, const char *verdict_said)
{
    const json_t *lines = json_object_get(all, "report");
    char ending[80];
    bool in = false;
    size_t i;

    snprintf(ending, sizeof ending, "): %s. ", verdict_said);
    for (i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));

        if (*line != ' ')
            in = !strncmp(line, title, strlen(title));
        if (in && !strncmp(line, start, strlen(start)) &&
            strstr(line, offset) && strstr(line, ending))
            return true;
    }
    return false;
}

static void check_answer(const json_t *all, const json_t *answer)
{
    static const struct {
        const char *question, *bounce, *title;
    } known[] = {
        {"read-direct", "read-direct-bounced", "Reading by O_DIRECT"},
        {"write-direct", "write-direct-bounced", "Writing by O_DIRECT"},
        {"read-cached", "read-cached-bounced", "Reading from the page cache"},
        {"write-cached", "write-cached-bounced", "Writing to the page cache"},
        {"checksum", "bounce", "Summing up"},
    };
    const char *question = text(answer, "question");
    long size = number(answer, "size"), off = number(answer, "offset");
    const json_t *zero_row, *bounce_row;
    struct came zero, bounce, sum;
    char start[48], offset[16];
    size_t i;

    for (i = 0; i < sizeof known / sizeof *known; i++) {
        if (!strcmp(known[i].question, question))
            break;
    }
    EXPECT(i < sizeof known / sizeof *known, "question %s", question);
    if (i == sizeof known / sizeof *known)
        return;
    zero_row = find(all, question, size, off);
    bounce_row = find(all, known[i].bounce, size, off);
    EXPECT(zero_row && bounce_row, "%s %ld +%ld", question, size, off);
    if (!zero_row || !bounce_row)
        return;
    zero = came_of(zero_row);
    bounce = came_of(bounce_row);
    if (!json_is_true(json_object_get(answer, "allowed")))
        zero = (struct came){.there = true, .refused = true};
    if (!strcmp(question, "checksum")) {
        sum = came_of(find(all, question, size, 0));
        bounce.median += sum.median;
        bounce.noise += sum.noise;
    }
    EXPECT(!strcmp(verdict(zero, bounce), text(answer, "verdict")),
           "%s %ld +%ld: %s, but it should be %s", question, size, off,
           text(answer, "verdict"), verdict(zero, bounce));
    snprintf(start, sizeof start, "  %ld bytes from +", size);
    snprintf(offset, sizeof offset, " +%ld ", off);
    EXPECT(said(all, known[i].title, start, offset, text(answer, "verdict")),
           "%s %ld +%ld: no sentence says %s", question, size, off,
           text(answer, "verdict"));
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *whole = argc > 1 ? json_load_file(argv[1], 0, &error) : NULL;
    const json_t *all =
        json_object_get(json_object_get(whole, "benches"), "align");
    const json_t *rows, *answers;
    size_t i;

    if (!whole) {
        printf("no JSON: %s\n", argc > 1 ? error.text : "no file");
        return 1;
    }
    rows = json_object_get(all, "rows");
    answers = json_object_get(all, "answers");
    EXPECT(json_array_size(rows) > 0, "no rows");
    EXPECT(*text(json_object_get(whole, "machine"), "cpu"), "no machine");
    for (i = 0; i < json_array_size(rows); i++)
        check_row(all, json_array_get(rows, i));
    for (i = 0; i < json_array_size(answers); i++)
        check_answer(all, json_array_get(answers, i));
    printf("%zu rows, %zu answers, %d wrong\n", json_array_size(rows),
           json_array_size(answers), wrong);
    json_decref(whole);
    return wrong ? 1 : 0;
}
