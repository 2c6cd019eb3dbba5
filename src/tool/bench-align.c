/* SPDX-License-Identifier: ISC */

/*
 * leat bench align: the options, and the order of things.
 */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bench-align.h"
#include "bench.h"

#define ROUNDS    9
#define BATCH_MAX 64
/* A buffer, and where it begins, fit into the memory that helpers have. */
#define OFFSET_MAX 65535

enum {
    OPT_QUICK,
    OPT_ROUNDS,
    OPT_TIME,
    OPT_SEED,
    OPT_SIZES,
    OPT_OFFSETS,
    OPT_BATCH,
    OPT_CONSTRAINT,
    OPT_CASES,
    OPT_LIST,
    OPT_ROWS,
};

static const struct option options[] = {
    {"quick", no_argument, NULL, OPT_QUICK},
    {"rounds", required_argument, NULL, OPT_ROUNDS},
    {"time", required_argument, NULL, OPT_TIME},
    {"seed", required_argument, NULL, OPT_SEED},
    {"sizes", required_argument, NULL, OPT_SIZES},
    {"offsets", required_argument, NULL, OPT_OFFSETS},
    {"batch", required_argument, NULL, OPT_BATCH},
    {"constraint", required_argument, NULL, OPT_CONSTRAINT},
    {"cases", required_argument, NULL, OPT_CASES},
    {"list", no_argument, NULL, OPT_LIST},
    {"rows", no_argument, NULL, OPT_ROWS},
    {NULL, 0, NULL, 0},
};

static int wrong(const char *option, const char *arg, const char *wanted)
{
    return tool_usage_error(&verb_bench, "bench: align: --%s %s: %s", option,
                            arg, wanted);
}

/* Numbers between commas, each once; gives how many, 0 where one is wrong. */
static int numbers(const char *list, uint64_t min, uint64_t max, size_t *out,
                   int room)
{
    char *copy = strdup(list), *one, *rest = copy;
    uint64_t value;
    int n = 0, i;

    while (copy && (one = strsep(&rest, ","))) {
        if (n == room || !tool_number(one, min, max, &value)) {
            n = 0;
            break;
        }
        for (i = 0; i < n && out[i] != value; i++)
            ;
        if (i == n)
            out[n++] = (size_t)value;
    }
    free(copy);
    return n;
}

/* align=512,multiple=512,boundary=4096,segments=11,segment_bytes=4096 */
static bool constraint(const char *list, struct leat_constraint *need)
{
    char *copy = strdup(list), *one, *value, *rest = copy;
    const struct {
        const char *name;
        size_t *field;
    } fields[] = {
        {"align", &need->align},
        {"multiple", &need->multiple},
        {"boundary", &need->boundary},
        {"segments", &need->segments},
        {"segment_bytes", &need->segment_bytes},
    };
    bool good = copy != NULL;
    uint64_t n;
    size_t i;

    *need = (struct leat_constraint){0};
    while (good && (one = strsep(&rest, ","))) {
        value = strchr(one, '=');
        if (value)
            *value++ = '\0';
        for (i = 0; i < sizeof fields / sizeof *fields; i++) {
            if (!strcmp(one, fields[i].name))
                break;
        }
        good = value && i < sizeof fields / sizeof *fields &&
               tool_number(value, 0, SIZE_MAX / 2, &n);
        if (good)
            *fields[i].field = (size_t)n;
    }
    free(copy);
    return good && !leat_constraint_check(need);
}

static bool pick(struct align *a, const char *list)
{
    char *copy = strdup(list), *one, *rest = copy;
    int way = 0;

    free(a->way_in);
    a->way_in = calloc((size_t)align_nways, sizeof *a->way_in);
    while (a->way_in && way >= 0 && copy && (one = strsep(&rest, ","))) {
        way = align_way_find(one);
        if (way >= 0)
            a->way_in[way] = true;
    }
    free(copy);
    return a->way_in && way >= 0;
}

static void list_ways(void)
{
    int i;

    printf("cases (--cases):\n");
    for (i = 0; i < align_nways; i++)
        printf("  %-24s %s\n", align_ways[i].name, align_ways[i].tells);
}

/* Gives -1 to go on, else an exit status. */
static int option(struct align *a, int opt, const char *arg)
{
    uint64_t n;

    switch (opt) {
    case OPT_QUICK:
        return -1;
    case OPT_ROUNDS:
        if (!tool_number(arg, 1, ALIGN_ROUNDS_MAX, &n))
            return wrong("rounds", arg, "1 to 99");
        a->rounds = (unsigned)n;
        return -1;
    case OPT_TIME:
        if (!tool_number(arg, 1, 10000, &n))
            return wrong("time", arg, "1 to 10000 ms");
        a->milliseconds = (unsigned)n;
        return -1;
    case OPT_SEED:
        if (!tool_number(arg, 0, INT64_MAX, &a->seed))
            return wrong("seed", arg, "a number");
        return -1;
    case OPT_SIZES:
        a->nsizes = numbers(arg, 1, ALIGN_SIZE_MAX, a->sizes, ALIGN_SIZES_MAX);
        return a->nsizes ? -1 : wrong("sizes", arg, "up to 16 of 1 to 1048576");
    case OPT_OFFSETS:
        a->noffsets =
            numbers(arg, 0, OFFSET_MAX, a->offsets, ALIGN_OFFSETS_MAX);
        return a->noffsets ? -1
                           : wrong("offsets", arg, "up to 32 of 0 to 65535");
    case OPT_BATCH:
        if (!tool_number(arg, 1, BATCH_MAX, &n))
            return wrong("batch", arg, "1 to 64");
        a->batch = (unsigned)n;
        return -1;
    case OPT_CONSTRAINT:
        a->has_asked = constraint(arg, &a->asked);
        return a->has_asked ? -1
                            : wrong("constraint", arg,
                                    "none that can be met; as align=512,"
                                    "multiple=512,boundary=4096");
    case OPT_CASES:
        return pick(a, arg) ? -1
                            : wrong("cases", arg,
                                    "no such name; --list has "
                                    "them");
    case OPT_ROWS:
        a->rows = true;
        return -1;
    case OPT_LIST:
        list_ways();
        return EXIT_GOOD;
    default:
        return tool_usage_error(&verb_bench, "bench: align: no such option, or "
                                             "it lacks its argument");
    }
}

static bool tell(struct align *a)
{
    char *text = NULL;
    size_t len;
    bool good;

    a->out = open_memstream(&text, &len);
    if (!a->out)
        return tool_fail("out of memory");
    align_say(a);
    good = !fclose(a->out) || tool_fail("out of memory");
    if (good)
        fputs(text, stdout);
    good = good && bench_json_add("align", align_json(a, text));
    free(text);
    return good;
}

static bool measure(struct align *a)
{
    bool good = align_file_open(a);

    good = good && align_fits(a) && align_plan(a) && align_measure(a);
    good = good && align_answer(a) && tell(a);
    align_file_close(a);
    return good;
}

static int run(int argc, char **argv)
{
    struct align *a = calloc(1, sizeof *a);
    int opt, status = -1, i;

    if (!a) {
        tool_fail("out of memory");
        return EXIT_BAD;
    }
    /* First, for the others change what it stands for. */
    for (i = 1; i < argc; i++)
        a->quick |= !strcmp(argv[i], "--quick");
    a->rounds = ROUNDS;
    a->milliseconds = a->quick ? 2 : 3;
    a->batch = 1;
    a->seed = 1;
    while (status < 0 &&
           (opt = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = option(a, opt, optarg);
    if (status < 0 && optind < argc && !(a->path = strdup(argv[optind]))) {
        tool_fail("out of memory");
        status = EXIT_BAD;
    }
    if (status < 0)
        status = measure(a) ? EXIT_GOOD : EXIT_BAD;
    align_free(a);
    free(a);
    return status;
}

const struct bench_kind bench_align = {
    .name = "align",
    .options = options,
    .file = true,
    .run = run,
};
