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
static const char *pick(char *list, bool *in, int n, bool cases)
{
    char *name, *save = NULL;
    bool found;
    int i;

    memset(in, 0, (size_t)n * sizeof *in);
    for (name = strtok_r(list, ",", &save); name;
         name = strtok_r(NULL, ",", &save)) {
        found = false;
        for (i = 0; i < n; i++) {
            if (strcmp(cases ? bench_rows[i].of : bench_peers[i].name, name))
                continue;
            in[i] = true;
            found = true;
        }
        if (!found)
            return name;
    }
    return NULL;
}

static void list_names(void)
{
    int i;

    printf("cases (--cases):\n");
    for (i = 0; i < bench_nrows; i++) {
        if (!i || strcmp(bench_rows[i].of, bench_rows[i - 1].of))
            printf("  %-20s %s\n", bench_rows[i].of, bench_rows[i].title);
    }
    printf("peers (--peers, --against):\n");
    for (i = 0; i < bench_npeers; i++)
        printf("  %-20s %s\n", bench_peers[i].name, bench_peers[i].tells);
}

enum {
    OPT_QUICK,
    OPT_ROUNDS,
    OPT_TIME,
    OPT_SEED,
    OPT_CASES,
    OPT_PEERS,
    OPT_AGAINST,
    OPT_LIST,
};

static const struct option options[] = {
    {"quick", no_argument, NULL, OPT_QUICK},
    {"rounds", required_argument, NULL, OPT_ROUNDS},
    {"time", required_argument, NULL, OPT_TIME},
    {"seed", required_argument, NULL, OPT_SEED},
    {"cases", required_argument, NULL, OPT_CASES},
    {"peers", required_argument, NULL, OPT_PEERS},
    {"against", required_argument, NULL, OPT_AGAINST},
    {"list", no_argument, NULL, OPT_LIST},
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
    case OPT_ROUNDS:
        if (!tool_number(arg, 1, ROUNDS_MAX, &n))
            return tool_usage_error(&verb_bench, "bench: --rounds %s: 1 to %d",
                                    arg, ROUNDS_MAX);
        b->rounds = (unsigned)n;
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
        bad = pick(arg, b->row_in, bench_nrows, true);
        break;
    case OPT_PEERS:
        bad = pick(arg, b->peer_in, bench_npeers, false);
        break;
    case OPT_AGAINST:
        b->against = find_peer(arg);
        if (b->against < 0)
            bad = arg;
        break;
    case OPT_LIST:
        list_names();
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

static int bench(const char *name, unsigned benches, int argc, char **argv)
{
    struct bench *b = malloc(sizeof *b);
    int opt, status = -1, i;
    bool quick = false, good;

    if (!b) {
        tool_fail("out of memory");
        return EXIT_BAD;
    }
    /* First, for the others change what it stands for. */
    for (i = 1; i < argc; i++)
        quick |= !strcmp(argv[i], "--quick");
    bench_defaults(b, name, benches, quick);
    while (status < 0 &&
           (opt = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = option(b, opt, optarg);
    if (status < 0) {
        good = bench_measure_all(b);
        if (!tool_interrupted())
            bench_report(b);
        good = bench_json_add(name, bench_json_of(b)) && good;
        status = good && b->done ? EXIT_GOOD : EXIT_BAD;
    }
    free(b);
    return status;
}

static int pages(int argc, char **argv)
{
    return bench("pages", OF_PAGES, argc, argv);
}

static int views(int argc, char **argv)
{
    return bench("views", OF_VIEWS, argc, argv);
}

static int goals(int argc, char **argv)
{
    return bench("goals", OF_PAGES | OF_VIEWS, argc, argv);
}

const struct bench_kind bench_pages = {
    .name = "pages",
    .options = options,
    .goals = true,
    .run = pages,
};

const struct bench_kind bench_views = {
    .name = "views",
    .options = options,
    .goals = true,
    .run = views,
};

const struct bench_kind bench_goals_kind = {
    .name = "goals",
    .options = options,
    .run = goals,
};
