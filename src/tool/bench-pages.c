/* SPDX-License-Identifier: ISC */

/*
 * leat bench pages, leat bench views, leat bench --goals: leat beside others, in
 * one run.
 */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int find_peer(const char *name)
{
    int i;

    for (i = 0; i < bench_npeers; i++) {
        if (!strcmp(bench_peers[i].name, name))
            return i;
    }
    return -1;
}

/* Picks what a list names, and nothing else; gives a name that is none. */
static const char *pick_cases(struct bench *b, char *list)
{
    char *name, *save = NULL;
    bool found;
    int i;

    memset(b->row_in, 0, sizeof b->row_in);
    for (name = strtok_r(list, ",", &save); name;
         name = strtok_r(NULL, ",", &save)) {
        found = false;
        for (i = 0; i < bench_nrows; i++) {
            if (strcmp(b->rows[i].of, name))
                continue;
            b->row_in[i] = b->rows[i].bench & b->benches;
            found = true;
        }
        if (!found)
            return name;
    }
    return NULL;
}

static const char *pick_peers(struct bench *b, char *list)
{
    char *name, *save = NULL;
    int peer;

    memset(b->peer_in, 0, sizeof b->peer_in);
    for (name = strtok_r(list, ",", &save); name;
         name = strtok_r(NULL, ",", &save)) {
        peer = find_peer(name);
        if (peer < 0)
            return name;
        b->peer_in[peer] = bench_peers[peer].of & b->benches;
    }
    return NULL;
}

static void list_names(const struct bench *b)
{
    int i;

    printf("cases (--cases):\n");
    for (i = 0; i < b->nrows; i++) {
        if ((b->rows[i].bench & b->benches) && bench_first_of_case(b, i))
            printf("  %-20s %s\n", b->rows[i].of, b->rows[i].title);
    }
    printf("peers (--peers, --against):\n");
    for (i = 0; i < bench_npeers; i++) {
        if (bench_peers[i].of & b->benches)
            printf("  %-20s %s\n", bench_peers[i].name, bench_peers[i].tells);
    }
}

/* --------------------------------------------------------- numbers of theirs */

#define NUMBERS_MAX 8

struct numbers {
    size_t n;
    uint64_t value[NUMBERS_MAX];
};

static struct {
    struct numbers sizes, offsets, batches;
    const char *from;
    bool cases; /* named */
} asked;

static bool numbers(char *list, uint64_t min, uint64_t max, struct numbers *out)
{
    char *one;

    out->n = 0;
    while ((one = strsep(&list, ","))) {
        if (out->n == NUMBERS_MAX ||
            !tool_number(one, min, max, &out->value[out->n]))
            return false;
        out->n++;
    }
    return true;
}

static bool add_row(struct bench *b, const char *of, uint64_t n, uint64_t off,
                    const char *title)
{
    struct row *r = &b->rows[b->nrows];

    if (b->nrows == ROWS_MAX)
        return tool_fail("bench: too many sizes, offsets and batches");
    memset(r, 0, sizeof *r);
    if (b->benches == OF_VIEWS) {
        snprintf(r->of, sizeof r->of, "%s%llu@%llu", of, (unsigned long long)n,
                 (unsigned long long)off);
        snprintf(r->title, sizeof r->title, "%s, %llu at +%llu", title,
                 (unsigned long long)n, (unsigned long long)off);
    } else {
        snprintf(r->of, sizeof r->of, "%s%llu", of, (unsigned long long)n);
        snprintf(r->title, sizeof r->title, "%s of %llu", title,
                 (unsigned long long)n);
    }
    strcpy(r->metric, "ns");
    strcpy(r->unit, b->benches == OF_VIEWS ? "ns" : "ns/page");
    r->cpus = 1;
    r->bench = b->benches;
    b->row_in[b->nrows++] = true;
    return true;
}

/* Numbers that are given take the place of the cases, unless those are named. */
static bool add_rows(struct bench *b)
{
    const struct numbers *s = &asked.sizes, *o = &asked.offsets;
    static const struct numbers len = {1, {1500}}, off = {1, {14}};
    bool views = b->benches == OF_VIEWS, good = true;
    size_t i, k;

    if ((views || !asked.batches.n) && !s->n && (!views || !o->n))
        return true;
    if (!asked.cases)
        memset(b->row_in, 0, sizeof b->row_in);
    for (i = 0; good && !views && i < asked.batches.n; i++)
        good = add_row(b, "batch", asked.batches.value[i], 0, "batch");
    for (i = 0; good && !views && i < s->n; i++) {
        if (s->value[i] % 4096)
            good = tool_fail("bench: pages: --sizes %llu: a multiple of 4096",
                             (unsigned long long)s->value[i]);
        else
            good = add_row(b, "sized", s->value[i], 0, "LIFO pair, bytes");
    }
    s = s->n ? s : &len;
    o = o->n ? o : &off;
    for (i = 0; good && views && i < s->n; i++) {
        for (k = 0; good && k < o->n; k++) {
            if (s->value[i] + o->value[k] > 4096)
                good = tool_fail("bench: views: %llu bytes at +%llu end beyond "
                                 "a page",
                                 (unsigned long long)s->value[i],
                                 (unsigned long long)o->value[k]);
            else
                good = add_row(b, "slice", s->value[i], o->value[k], "view") &&
                       add_row(b, "ref", s->value[i], o->value[k], "ref");
        }
    }
    return good;
}

/* ------------------------------------------------------------------ options */

enum {
    OPT_QUICK,
    OPT_ROUNDS,
    OPT_TIME,
    OPT_SEED,
    OPT_CASES,
    OPT_PEERS,
    OPT_AGAINST,
    OPT_LIST,
    OPT_SIZES,
    OPT_OFFSETS,
    OPT_BATCH,
    OPT_FROM,
};

#define COMMON_OPTIONS                                   \
    {"quick", no_argument, NULL, OPT_QUICK},             \
        {"rounds", required_argument, NULL, OPT_ROUNDS}, \
        {"time", required_argument, NULL, OPT_TIME},     \
    {                                                    \
        "seed", required_argument, NULL, OPT_SEED        \
    }

#define CHOOSING_OPTIONS                                   \
    {"cases", required_argument, NULL, OPT_CASES},         \
        {"peers", required_argument, NULL, OPT_PEERS},     \
        {"against", required_argument, NULL, OPT_AGAINST}, \
        {"list", no_argument, NULL, OPT_LIST},             \
    {                                                      \
        "sizes", required_argument, NULL, OPT_SIZES        \
    }

static const struct option pages_options[] = {
    COMMON_OPTIONS,
    CHOOSING_OPTIONS,
    {"batch", required_argument, NULL, OPT_BATCH},
    {NULL, 0, NULL, 0},
};

static const struct option views_options[] = {
    COMMON_OPTIONS,
    CHOOSING_OPTIONS,
    {"offsets", required_argument, NULL, OPT_OFFSETS},
    {NULL, 0, NULL, 0},
};

static const struct option goals_options[] = {
    COMMON_OPTIONS,
    {"from", required_argument, NULL, OPT_FROM},
    {NULL, 0, NULL, 0},
};

/* Gives -1 to go on, else an exit status. */
static int option(struct bench *b, int opt, char *arg)
{
    const char *bad = NULL;
    uint64_t n;

    switch (opt) {
    case OPT_QUICK:
        break;
    case OPT_SIZES:
        if (!numbers(arg, 1, 1 << 20, &asked.sizes))
            return tool_usage_error(
                &verb_bench, "bench: --sizes %s: up to 8 of 1 to 1048576", arg);
        break;
    case OPT_OFFSETS:
        if (!numbers(arg, 0, 4095, &asked.offsets))
            return tool_usage_error(
                &verb_bench, "bench: --offsets %s: up to 8 of 0 to 4095", arg);
        break;
    case OPT_BATCH:
        if (!numbers(arg, 1, 4096, &asked.batches))
            return tool_usage_error(
                &verb_bench, "bench: --batch %s: up to 8 of 1 to 4096", arg);
        break;
    case OPT_FROM:
        asked.from = arg;
        break;
    case OPT_ROUNDS:
        if (!tool_number(arg, 1, ROUNDS_MAX, &n))
            return tool_usage_error(&verb_bench, "bench: --rounds %s: 1 to %d",
                                    arg, ROUNDS_MAX);
        b->rounds = (unsigned)n;
        b->budget = 0;
        break;
    case OPT_TIME:
        if (!tool_number(arg, 1, 10000, &n))
            return tool_usage_error(&verb_bench,
                                    "bench: --time %s: 1 to 10000 ms", arg);
        b->milliseconds = (unsigned)n;
        break;
    case OPT_SEED:
        if (!tool_number(arg, 0, INT64_MAX, &b->seed))
            return tool_usage_error(&verb_bench, "bench: --seed %s: a number",
                                    arg);
        break;
    case OPT_CASES:
        asked.cases = true;
        bad = pick_cases(b, arg);
        break;
    case OPT_PEERS:
        bad = pick_peers(b, arg);
        break;
    case OPT_AGAINST:
        b->against = find_peer(arg);
        if (b->against < 0)
            bad = arg;
        break;
    case OPT_LIST:
        list_names(b);
        return EXIT_GOOD;
    default:
        return tool_usage_error(&verb_bench,
                                "bench: no such option, or it lacks its "
                                "argument");
    }
    if (bad)
        return tool_usage_error(
            &verb_bench, "bench: %s: no such name; --list has them", bad);
    return -1;
}

static int measured(struct bench *b)
{
    bool good = bench_measure_all(b);

    if (!b->done && good)
        good = tool_fail("bench: %s: nothing was measured", b->name);
    if (!tool_interrupted())
        bench_report(b);
    good = bench_json_add(b->name, bench_json_of(b)) && good;
    return good ? EXIT_GOOD : EXIT_BAD;
}

/* The goals, of a run of their own or of an earlier one's samples. */
static int judged(struct bench *b)
{
    int status = EXIT_GOOD;

    if (!asked.from) {
        bench_choose_goals(b);
        status = measured(b);
        if (tool_interrupted())
            return status;
        bench_report_missing(b);
    } else if (!bench_json_read(b, asked.from) ||
               !bench_json_add(b->name, bench_json_of(b))) {
        return EXIT_BAD;
    }
    if (!bench_report_goals(b) && !status)
        status = EXIT_MISSED;
    return status;
}

static int bench(const char *name, unsigned benches,
                 const struct option *options, int argc, char **argv)
{
    struct bench *b = malloc(sizeof *b);
    int opt, status = -1, i;
    bool quick = false;

    if (!b) {
        tool_fail("out of memory");
        return EXIT_BAD;
    }
    /* First, for the others change what it stands for. */
    for (i = 1; i < argc; i++)
        quick |= !strcmp(argv[i], "--quick");
    bench_defaults(b, name, benches, quick);
    memset(&asked, 0, sizeof asked);
    while (status < 0 &&
           (opt = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = option(b, opt, optarg);
    if (status < 0 && !add_rows(b))
        status = EXIT_USAGE;
    if (status < 0)
        status = benches == (OF_PAGES | OF_VIEWS) ? judged(b) : measured(b);
    free(b);
    return status;
}

static int pages(int argc, char **argv)
{
    return bench("pages", OF_PAGES, pages_options, argc, argv);
}

static int views(int argc, char **argv)
{
    return bench("views", OF_VIEWS, views_options, argc, argv);
}

static int goals(int argc, char **argv)
{
    return bench("goals", OF_PAGES | OF_VIEWS, goals_options, argc, argv);
}

const struct bench_kind bench_pages = {
    .name = "pages",
    .options = pages_options,
    .goals = true,
    .run = pages,
};

const struct bench_kind bench_views = {
    .name = "views",
    .options = views_options,
    .goals = true,
    .run = views,
};

const struct bench_kind bench_goals_kind = {
    .name = "--goals",
    .options = goals_options,
    .run = goals,
};
