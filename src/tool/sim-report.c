/* SPDX-License-Identifier: ISC */

/* What the reports of leat sim's devices have in common. */

#include <stdlib.h>
#include <string.h>

#include "sim-report.h"

static const char *const modes[] = {"copy", "revoke", "shared"};

bool report_mode(const char *text, enum leat_receive_mode *out)
{
    size_t i;

    for (i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!strcmp(text, modes[i])) {
            *out = (enum leat_receive_mode)i;
            return true;
        }
    }
    return false;
}

const char *report_mode_name(enum leat_receive_mode mode)
{
    return modes[mode];
}

void report_copies(const char *what, const struct leat_copies *c)
{
    char bytes[32], count[32];
    bool none = true;
    int i;

    printf("  %-18s ", what);
    for (i = 0; i < LEAT_REASONS; i++) {
        if (!c->count[i])
            continue;
        printf("%s%s: %s, %s bytes", none ? "" : "; ",
               leat_reason_name((enum leat_reason)i),
               tool_grouped(c->count[i], count),
               tool_grouped(c->bytes[i], bytes));
        none = false;
    }
    printf("%s\n", none ? "none" : "");
}

json_t *report_copies_json(const struct leat_copies *c)
{
    json_t *all = json_object();
    int i;

    for (i = 0; i < LEAT_REASONS; i++) {
        if (c->count[i])
            json_object_set_new(all, leat_reason_name((enum leat_reason)i),
                                json_pack("{s:I, s:I}", "count",
                                          (json_int_t)c->count[i], "bytes",
                                          (json_int_t)c->bytes[i]));
    }
    return all;
}

bool report_json(json_t *all)
{
    const bool good =
        !json_dumpf(all, stdout, JSON_INDENT(2)) && putchar('\n') != EOF;

    json_decref(all);
    return good || tool_fail("cannot write to standard output");
}

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

double report_percentile(struct latencies *l, double p)
{
    size_t i;

    if (!l->n)
        return 0;
    if (l->room) { /* once */
        qsort(l->ns, l->n, sizeof *l->ns, by_size);
        l->room = 0;
    }
    i = (size_t)(p / 100 * (double)(l->n - 1) + 0.5);
    return (double)l->ns[i] / 1e3;
}
