/* SPDX-License-Identifier: ISC */

/*
 * leat bench block, and net: the options, and the order of things.
 *
 *     options --> files --> rounds --> what was measured, as text and JSON
 *                             |
 *     --goals: what the goals need alone, or the samples of an earlier --json
 */

#include <stdlib.h>
#include <string.h>

#include "bench-device.h"

/* A quick run begins no round after that; the first it always has. */
#define QUICK_SECONDS 14

static const struct option options[] = {
    {"quick", no_argument, NULL, 'q'},
    {"goals", no_argument, NULL, 'g'},
    {"rounds", required_argument, NULL, 'r'},
    {"time", required_argument, NULL, 't'},
    {"seed", required_argument, NULL, 's'},
    {"cases", required_argument, NULL, 'c'},
    {"peers", required_argument, NULL, 'p'},
    {"against", required_argument, NULL, 'a'},
    {"spin", required_argument, NULL, 'u'},
    {"dir", required_argument, NULL, 'd'},
    {"from", required_argument, NULL, 'f'},
    {"list", no_argument, NULL, 'l'},
    {NULL, 0, NULL, 0},
};

static int wrong(const struct device_bench *d, const char *option,
                 const char *wanted)
{
    return tool_usage_error(&verb_bench, "bench: %s: --%s %s: %s",
                            d->kind->name, option, optarg, wanted);
}

/* Words between commas, each of which (find) knows, and nothing else is in. */
static bool choose(const struct device_kind *k, bool *in, size_t n,
                   int (*find)(const struct device_kind *k, const char *name))
{
    char *copy = strdup(optarg), *one, *rest = copy;
    bool good = copy != NULL;
    int i;

    memset(in, 0, n * sizeof *in);
    while (good && (one = strsep(&rest, ","))) {
        i = find(k, one);
        good = i >= 0;
        if (good)
            in[i] = true;
    }
    free(copy);
    return good;
}

static int list(const struct device_kind *k)
{
    int i;

    printf("cases (--cases):\n");
    for (i = 0; i < k->ncases; i++)
        printf("  %-27s %s\n", k->cases[i].name, k->cases[i].title);
    printf("peers (--peers, --against):\n");
    for (i = 0; i < k->npeers; i++)
        printf("  %-27s %s\n", k->peers[i].name, k->peers[i].tells);
    return EXIT_GOOD;
}

static int number(const struct device_bench *d, const char *option,
                  uint64_t min, uint64_t max, const char *wanted, unsigned *out)
{
    uint64_t n;

    if (!tool_number(optarg, min, max, &n))
        return wrong(d, option, wanted);
    *out = (unsigned)n;
    return -1;
}

/* Gives -1 to go on, else an exit status. */
static int option(struct device_bench *d, int opt)
{
    static const char none[] = "no such name; --list has them";
    const struct device_kind *k = d->kind;

    switch (opt) {
    case 'q': /* before all others */
        return -1;
    case 'g':
        d->goals = true;
        return -1;
    case 'r':
        d->budget = 0;
        return number(d, "rounds", 1, ROUNDS_MAX, "1 to 99", &d->rounds);
    case 't':
        return number(d, "time", 1, 10000, "1 to 10000 ms", &d->milliseconds);
    case 'u':
        return number(d, "spin", 1, 1000000, "1 to 1000000 us", &d->spin_us);
    case 's':
        return tool_number(optarg, 0, INT64_MAX, &d->seed)
                   ? -1
                   : wrong(d, "seed", "a number");
    case 'c':
        return choose(k, d->case_in, DEVICE_CASES, device_find_case)
                   ? -1
                   : wrong(d, "cases", none);
    case 'p':
        return choose(k, d->peer_in, DEVICE_PEERS, device_find_peer)
                   ? -1
                   : wrong(d, "peers", none);
    case 'a':
        d->against = device_find_peer(k, optarg);
        return d->against >= 0 ? -1 : wrong(d, "against", none);
    case 'd':
        d->dir = optarg;
        return -1;
    case 'f':
        d->from = optarg;
        return -1;
    case 'l':
        return list(k);
    default:
        return tool_usage_error(&verb_bench,
                                "bench: %s: no such option, or it lacks its "
                                "argument",
                                k->name);
    }
}

static void defaults(struct device_bench *d)
{
    const struct device_kind *k = d->kind;
    int i;

    d->rounds = d->quick ? 3 : 9;
    d->milliseconds = d->quick ? 25 : 100;
    d->budget = d->quick ? QUICK_SECONDS : 0;
    d->spin_us = 50;
    d->seed = 1;
    d->against = -1;
    for (i = 0; i < k->npeers; i++)
        d->peer_in[i] = !d->quick || k->peers[i].quick;
    for (i = 0; i < k->ncases; i++)
        d->case_in[i] = !d->quick || k->cases[i].quick;
}

static bool measured(struct device_bench *d)
{
    bool good = false;

    bench_cpus(d->base);
    d->base->milliseconds = d->milliseconds;
    if (device_prepare(d))
        good = device_measure(d);
    device_clean(d);
    if (!d->nsamples && good)
        good = tool_fail("bench: %s: nothing was measured", d->kind->name);
    if (!tool_interrupted())
        device_say(d);
    return good;
}

static int bench(struct device_bench *d)
{
    bool good = d->from ? device_read(d, d->from) : measured(d);
    int status = EXIT_BAD;

    if (bench_json_add(d->kind->name, device_json(d)) && good)
        status = EXIT_GOOD;
    if (!d->goals || tool_interrupted())
        return status;
    device_say_missing(d);
    return device_report_goals(d) || status ? status : EXIT_MISSED;
}

static int run(const struct device_kind *kind, int argc, char **argv)
{
    struct device_bench *d = calloc(1, sizeof *d);
    int opt, status = -1, i;

    if (d)
        d->base = calloc(1, sizeof *d->base);
    if (!d || !d->base) {
        tool_fail("out of memory");
        free(d);
        return EXIT_BAD;
    }
    d->kind = kind;
    for (i = 1; i < argc; i++)
        d->quick |= !strcmp(argv[i], "--quick");
    defaults(d);
    while (status < 0 &&
           (opt = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = option(d, opt);
    if (status < 0 && d->from && !d->goals)
        status = tool_usage_error(&verb_bench, "bench: %s has no --from",
                                  kind->name);
    if (status < 0)
        status = bench(d);
    free(d->samples);
    free(d->base);
    free(d);
    return status;
}

static int run_block(int argc, char **argv)
{
    return run(&device_block, argc, argv);
}

const struct bench_kind bench_block = {
    .name = "block",
    .options = options,
    .goals = true,
    .own_goals = true,
    .run = run_block,
};

static int run_net(int argc, char **argv)
{
    return run(&device_net, argc, argv);
}

const struct bench_kind bench_net = {
    .name = "net",
    .options = options,
    .goals = true,
    .own_goals = true,
    .run = run_net,
};
