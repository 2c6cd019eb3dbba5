/* SPDX-License-Identifier: ISC */

/*
 * leat bench grants: the options, and the order of things. Each round has a
 * sample of every way with every batch, in an order of its own.
 *
 * Unless told where, it is on Xen if this is a domain of it, else in a simulation
 * of its own, which ends with it.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench-grants.h"

static const struct option options[] = {
    {"quick", no_argument, NULL, 'q'},
    {"rounds", required_argument, NULL, 'r'},
    {"time", required_argument, NULL, 't'},
    {"seed", required_argument, NULL, 's'},
    {"cases", required_argument, NULL, 'c'},
    {"batches", required_argument, NULL, 'b'},
    {"on", required_argument, NULL, 'o'},
    {"list", no_argument, NULL, 'l'},
    {NULL, 0, NULL, 0},
};

static int wrong(const char *option, const char *arg, const char *wanted)
{
    return tool_usage_error(&verb_bench, "bench: grants: --%s %s: %s", option,
                            arg, wanted);
}

/* Words between commas; false when one is refused. */
static bool each_word(const char *list,
                      bool (*take)(struct grants_bench *g, const char *word),
                      struct grants_bench *g)
{
    char *copy = strdup(list), *one, *rest = copy;
    bool good = copy != NULL;

    while (good && (one = strsep(&rest, ",")))
        good = take(g, one);
    free(copy);
    return good;
}

static bool take_batch(struct grants_bench *g, const char *word)
{
    uint64_t n;

    if (g->nbatches == GRANTS_BATCHES ||
        !tool_number(word, 1, GRANTS_BATCH_MAX, &n))
        return false;
    g->batch[g->nbatches++] = (unsigned)n;
    return true;
}

static bool take_case(struct grants_bench *g, const char *word)
{
    int c;

    for (c = 0; c < GRANTS_CASES && strcmp(grants_names[c], word); c++)
        ;
    if (c < GRANTS_CASES)
        g->in[c] = true;
    return c < GRANTS_CASES;
}

/* Gives -1 to go on, else an exit status. */
static int option(struct grants_bench *g, int opt, const char **on)
{
    uint64_t n;
    int c;

    switch (opt) {
    case 'q':
        return -1;
    case 'r':
        if (!tool_number(optarg, 1, ROUNDS_MAX, &n))
            return wrong("rounds", optarg, "1 to 99");
        g->rounds = (unsigned)n;
        return -1;
    case 't':
        if (!tool_number(optarg, 1, 10000, &n))
            return wrong("time", optarg, "1 to 10000 ms");
        g->milliseconds = (unsigned)n;
        return -1;
    case 's':
        return tool_number(optarg, 0, INT64_MAX, &g->seed)
                   ? -1
                   : wrong("seed", optarg, "a number");
    case 'c':
        memset(g->in, 0, sizeof g->in);
        return each_word(optarg, take_case, g)
                   ? -1
                   : wrong("cases", optarg, "no such name; --list has them");
    case 'b':
        g->nbatches = 0;
        return each_word(optarg, take_batch, g)
                   ? -1
                   : wrong("batches", optarg, "up to 16 of 1 to 1024");
    case 'o':
        *on = optarg;
        return -1;
    case 'l':
        printf("cases (--cases):\n");
        for (c = 0; c < GRANTS_CASES; c++)
            printf("  %s\n", grants_names[c]);
        return EXIT_GOOD;
    default:
        return tool_usage_error(&verb_bench, "bench: grants: no such option, "
                                             "or it lacks its argument");
    }
}

/* ------------------------------------------------------------------- where */

static bool own_simulation(struct grants_bench *g, char on[80])
{
    static const struct leat_sim_config config = {.flags =
                                                      LEAT_SIM_UNTIL_EMPTY};
    const char *tmp = getenv("TMPDIR");
    int err;

    if (!tmp || !*tmp || strlen(tmp) > sizeof g->own - 32)
        tmp = "/tmp";
    snprintf(g->own, sizeof g->own, "%s/leat-bench.XXXXXX", tmp);
    if (!mkdtemp(g->own)) {
        tool_fail("bench: grants: %s: %s", g->own, strerror(errno));
        *g->own = '\0';
        return false;
    }
    err = leat_sim_start(g->own, &config);
    if (err)
        return tool_fail("bench: grants: %s: %s", g->own, leat_strerror(err));
    snprintf(on, 80, "sim:%s", g->own);
    return true;
}

static int choose(struct grants_bench *g, const char *on)
{
    const char *said = getenv("LEAT_ON");
    char own[80], why[256];
    int status;

    if (!on && (!said || !*said)) {
        on = "xen";
        if (!site_xen.here(why, sizeof why)) {
            if (!own_simulation(g, own))
                return EXIT_BAD;
            on = own;
        }
    }
    status = site_choose(&g->sharer, &verb_bench, on);
    if (!status)
        status = site_choose(&g->mapper, &verb_bench, g->sharer.on);
    if (!status)
        status = site_choose(&g->looker, &verb_bench, g->sharer.on);
    return status;
}

/* ------------------------------------------------------------------ rounds */

static const enum grants_way way_of[GRANTS_CASES] = {
    [GRANTS_PER_USE] = GRANTS_USES,
    [GRANTS_PERSISTENT] = GRANTS_KEPT,
};

/* The k-th of all samples of a round: a batch, and a way. */
static void sample(struct grants_bench *g, int k, unsigned round)
{
    enum grants_way way = (enum grants_way)(k % GRANTS_WAYS);
    int batch = k / GRANTS_WAYS, c, err = 0;
    double ns[GRANTS_CASES];
    bool wanted = false;

    for (c = 0; c < GRANTS_CASES; c++) {
        wanted |= g->in[c] && way_of[c] == way;
        if (way_of[c] == way && g->cell[batch][c].err)
            return; /* what is refused is refused again */
    }
    if (!wanted)
        return;
    /* The first time around is not measured: its operations are counted. */
    if (!round)
        err = grants_sample(g, batch, way, NULL);
    if (!err)
        err = grants_sample(g, batch, way, ns);
    for (c = 0; c < GRANTS_CASES; c++) {
        if (way_of[c] != way)
            continue;
        g->cell[batch][c].err = err;
        if (!err)
            g->cell[batch][c].value[round] = ns[c];
    }
}

static void shuffle(int *order, int n, uint64_t *x)
{
    int i;

    for (i = n - 1; i > 0; i--) {
        int j, swap = order[i];

        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        j = (int)(*x % (uint64_t)(i + 1));
        order[i] = order[j];
        order[j] = swap;
    }
}

static bool measure(struct grants_bench *g)
{
    int order[GRANTS_BATCHES * GRANTS_WAYS], n = g->nbatches * GRANTS_WAYS, i;
    uint64_t x = g->seed * 2 + 1;
    double from = tool_now();
    struct progress p;
    unsigned round, r;

    for (i = 0; i < n; i++)
        order[i] = i;
    for (i = 0; i < GRANTS_BATCHES * GRANTS_CASES; i++) {
        for (r = 0; r < ROUNDS_MAX; r++)
            g->cell[i / GRANTS_CASES][i % GRANTS_CASES].value[r] = NAN;
    }
    noise_begin(&g->noise);
    progress_begin(&p, "bench grants", (uint64_t)n * g->rounds);
    for (round = 0; round < g->rounds && !tool_interrupted(); round++) {
        shuffle(order, n, &x);
        for (i = 0; i < n && !tool_interrupted(); i++) {
            sample(g, order[i], round);
            progress_at(&p, (uint64_t)round * (uint64_t)n + (uint64_t)i + 1);
        }
    }
    progress_end(&p);
    noise_end(&g->noise);
    g->seconds = tool_now() - from;
    return !tool_interrupted() || tool_fail("bench: grants: interrupted");
}

/* One where nothing could be measured is no result. */
static bool any(const struct grants_bench *g)
{
    int b, c;

    for (b = 0; b < g->nbatches; b++) {
        for (c = 0; c < GRANTS_CASES; c++) {
            if (g->in[c] && !g->cell[b][c].err)
                return true;
        }
    }
    return tool_fail("bench: grants: nothing could be measured: %s",
                     leat_strerror(g->cell[0][0].err));
}

static int bench(struct grants_bench *g, const char *on)
{
    int status = choose(g, on);

    if (!status) {
        status = EXIT_BAD;
        if (grants_open(g) && measure(g)) {
            grants_say(g);
            if (any(g) && bench_json_add("grants", grants_json(g)))
                status = EXIT_GOOD;
        }
    }
    grants_close(g);
    if (*g->own) {
        leat_sim_stop(g->own);
        rmdir(g->own);
    }
    return status;
}

static int run(int argc, char **argv)
{
    struct grants_bench *g = calloc(1, sizeof *g);
    const char *on = NULL;
    unsigned n;
    int opt, status = -1, i;

    if (!g) {
        tool_fail("out of memory");
        return EXIT_BAD;
    }
    for (i = 1; i < argc; i++)
        g->quick |= !strcmp(argv[i], "--quick");
    g->rounds = g->quick ? 5 : 9;
    g->milliseconds = g->quick ? 2 : 5;
    g->seed = 1;
    for (n = 1; n <= GRANTS_BATCH_MAX; n *= g->quick ? 8 : 2)
        g->batch[g->nbatches++] = n;
    memset(g->in, true, sizeof g->in);
    while (status < 0 &&
           (opt = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = option(g, opt, &on);
    if (status < 0)
        status = bench(g, on);
    free(g);
    return status;
}

const struct bench_kind bench_grants = {
    .name = "grants",
    .options = options,
    .run = run,
};
