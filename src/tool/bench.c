/* SPDX-License-Identifier: ISC */

/*
 * leat bench: which benches there are, and the way to them.
 *
 *     leat bench [OPTION...] NAME... [FILE]
 *
 * Each NAME is a row of (kinds) below. They run one after the other, in the
 * order given, into one JSON document. All options are parsed once, here: one
 * that several benches have goes to each of them, one that none of those named
 * has is an error. --json and --goals are this file's own.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

static const struct bench_kind *const kinds[] = {
    &bench_pages,  &bench_views, &bench_align,
    &bench_grants, &bench_block, &bench_net,
};

#define KINDS        ((int)(sizeof kinds / sizeof *kinds))
#define MERGED_MAX   64
#define GIVEN_MAX    64
#define OPT_JSON     1000
#define OPT_GOALS    1001
#define OPT_OF_KINDS 2000

/* An option that was given; (name) is whole, whatever was typed. */
struct given {
    const char *name;
    const char *arg;
    bool taken;
};

struct request {
    const struct bench_kind *chosen[KINDS];
    int nchosen;
    struct given given[GIVEN_MAX];
    int ngiven;
    const char *file;
    const char *json;
    bool goals;
};

static const struct option *has_option(const struct bench_kind *k,
                                       const char *name)
{
    const struct option *o;

    for (o = k->options; o->name; o++) {
        if (!strcmp(o->name, name))
            return o;
    }
    return NULL;
}

/* Of all benches, each once; what has the same name is the same. */
static void merge(struct option *merged)
{
    int n = 0, k, i;

    merged[n++] = (struct option){"json", required_argument, NULL, OPT_JSON};
    merged[n++] = (struct option){"goals", no_argument, NULL, OPT_GOALS};
    for (k = 0; k < KINDS + 1; k++) {
        const struct option *o =
            k < KINDS ? kinds[k]->options : bench_goals_kind.options;

        for (; o->name && n < MERGED_MAX - 1; o++) {
            for (i = 0; i < n && strcmp(merged[i].name, o->name); i++)
                ;
            if (i < n)
                continue;
            merged[n] =
                (struct option){o->name, o->has_arg, NULL, OPT_OF_KINDS + n};
            n++;
        }
    }
    merged[n] = (struct option){NULL, 0, NULL, 0};
}

static const struct bench_kind *find(const char *name)
{
    int k;

    for (k = 0; k < KINDS; k++) {
        if (!strcmp(kinds[k]->name, name))
            return kinds[k];
    }
    return NULL;
}

static bool chosen(const struct request *r, const struct bench_kind *kind)
{
    int i;

    for (i = 0; i < r->nchosen && r->chosen[i] != kind; i++)
        ;
    return i < r->nchosen;
}

/* Names, and at most one FILE. Gives 0, or an exit status. */
static int take_names(struct request *r, int argc, char **argv)
{
    bool takes_file = false;
    int i, k;

    for (i = 0; i < argc; i++) {
        const struct bench_kind *kind = r->file ? NULL : find(argv[i]);

        if (kind && chosen(r, kind))
            return tool_usage_error(&verb_bench, "bench: %s twice", argv[i]);
        if (kind)
            r->chosen[r->nchosen++] = kind;
        else if (!r->nchosen)
            return tool_usage_error(&verb_bench, "bench: no such bench: %s",
                                    argv[i]);
        else if (r->file)
            return tool_usage_error(&verb_bench, "bench: takes one file, no %s",
                                    argv[i]);
        else
            r->file = argv[i];
    }
    if (r->goals && !r->nchosen && !r->file)
        return 0;
    if (!r->nchosen)
        return tool_usage_error(&verb_bench, "bench: of what?");
    for (k = 0; k < r->nchosen; k++)
        takes_file |= r->chosen[k]->file;
    if (r->file && (!takes_file || r->goals))
        return tool_usage_error(&verb_bench, "bench: %s takes no %s",
                                r->goals ? "--goals" : r->chosen[0]->name,
                                r->file);
    return 0;
}

static int parse(struct request *r, int argc, char **argv)
{
    struct option merged[MERGED_MAX];
    int opt;

    merge(merged);
    opterr = 0;
    optind = 0;
    while ((opt = getopt_long(argc, argv, "", merged, NULL)) != -1) {
        if (opt == OPT_JSON) {
            r->json = optarg;
        } else if (opt == OPT_GOALS) {
            r->goals = true;
        } else if (opt < OPT_OF_KINDS || r->ngiven == GIVEN_MAX) {
            return tool_usage_error(&verb_bench,
                                    "bench: %s: no such option, or it lacks "
                                    "its argument",
                                    argv[optind - 1]);
        } else {
            r->given[r->ngiven++] =
                (struct given){merged[opt - OPT_OF_KINDS].name, optarg, false};
        }
    }
    return take_names(r, argc - optind, argv + optind);
}

/* Adds a copy: a bench may take its arguments to pieces. */
static bool add(char **argv, int *argc, const char *before, const char *word)
{
    size_t len = strlen(before) + strlen(word) + 1;

    argv[*argc] = malloc(len);
    if (!argv[*argc])
        return tool_fail("out of memory");
    snprintf(argv[*argc], len, "%s%s", before, word);
    argv[++*argc] = NULL;
    return true;
}

/* Runs one, with the options that it has. */
static int run_one(const struct request *r, const struct bench_kind *kind)
{
    char *argv[2 * GIVEN_MAX + 5], *words[2 * GIVEN_MAX + 5];
    int argc = 0, i, status = EXIT_BAD;
    bool good = add(argv, &argc, "", kind->name);

    if (good && r->goals && kind->own_goals)
        good = add(argv, &argc, "--", "goals");
    for (i = 0; good && i < r->ngiven; i++) {
        const struct given *g = &r->given[i];

        if (!has_option(kind, g->name))
            continue;
        good = add(argv, &argc, "--", g->name) &&
               (!g->arg || add(argv, &argc, "", g->arg));
    }
    if (good && r->file && kind->file)
        good = add(argv, &argc, "", "--") && add(argv, &argc, "", r->file);
    /* getopt_long() changes the order. */
    memcpy(words, argv, sizeof words);
    if (good) {
        optind = 0; /* each parses anew */
        status = kind->run(argc, argv);
    }
    while (argc--)
        free(words[argc]);
    return status;
}

/* What nobody takes that was named is an error, before anything is run. */
static int check_options(struct request *r)
{
    int i, k;

    for (i = 0; i < r->ngiven; i++) {
        for (k = 0; k < r->nchosen; k++)
            r->given[i].taken |= !!has_option(r->chosen[k], r->given[i].name);
        if (!r->given[i].taken)
            return tool_usage_error(&verb_bench, "bench: %s has no --%s",
                                    r->chosen[0]->name, r->given[i].name);
    }
    return 0;
}

/* A run takes minutes: what cannot be written shall be known before it. */
static bool writable(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0)
        return tool_fail("%s: cannot write: %s", path, strerror(errno));
    close(fd);
    return true;
}

/* What is measured is not written to, by whatever name. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* Those of pages and views are judged together, and others by themselves.
 * Without a name it is all that are to be measured; but of an earlier document
 * those two. */
static int choose_goals(struct request *r)
{
    const struct bench_kind *own[KINDS];
    bool pages = !r->nchosen, from = false;
    int n = 0, k;

    for (k = 0; k < r->ngiven; k++)
        from |= !strcmp(r->given[k].name, "from");
    for (k = 0; k < r->nchosen; k++) {
        if (!r->chosen[k]->goals)
            return tool_usage_error(&verb_bench, "bench: %s has no --goals",
                                    r->chosen[k]->name);
        if (r->chosen[k]->own_goals)
            own[n++] = r->chosen[k];
        else
            pages = true;
    }
    for (k = 0; k < KINDS && !r->nchosen && !from; k++) {
        if (kinds[k]->own_goals)
            own[n++] = kinds[k];
    }
    r->nchosen = 0;
    if (pages)
        r->chosen[r->nchosen++] = &bench_goals_kind;
    for (k = 0; k < n; k++)
        r->chosen[r->nchosen++] = own[k];
    return 0;
}

static int run(int argc, char **argv)
{
    struct request r = {.nchosen = 0};
    int status = parse(&r, argc, argv), one, k;

    if (status)
        return status;
    if (r.goals)
        status = choose_goals(&r);
    if (!status)
        status = check_options(&r);
    if (status)
        return status;
    if (r.json && r.file && same_file(r.json, r.file))
        return tool_usage_error(&verb_bench, "bench: --json %s: is the FILE",
                                r.json);
    if (r.json && !writable(r.json))
        return EXIT_BAD;
    bench_json_begin(argc, argv);
    for (k = 0; k < r.nchosen && !tool_interrupted(); k++) {
        if (k)
            printf("\n");
        if (r.nchosen > 1)
            printf("== %s\n\n", r.chosen[k]->name);
        one = run_one(&r, r.chosen[k]);
        if (one && (!status || one == EXIT_USAGE))
            status = one;
        if (one == EXIT_USAGE)
            break;
    }
    /* --list measures nothing, and writes nothing. */
    if (r.json && status != EXIT_USAGE && !bench_json_write(r.json) &&
        (!status || status == EXIT_MISSED))
        status = EXIT_BAD;
    return status;
}

const struct verb verb_bench = {
    .name = "bench",
    .summary = "measure leat beside others, and what alignment costs",
    .usage = "bench NAME... [OPTION...] [FILE]\n"
             "       leat bench --goals [OPTION...]",
    .help =
        "Measures, and says how far the figures can be believed. Each NAME is "
        "one of\n"
        "these; several run one after the other:\n\n"
        "  pages   pages of 4096 bytes, aligned to that, got and put in "
        "several "
        "ways,\n"
        "          by leat and by its peers\n"
        "  views   views sliced, and owned references taken and dropped, "
        "likewise\n"
        "  align   what misalignment costs, in memory and at a file (FILE)\n"
        "  grants  pages shared, mapped, copied, unmapped and revoked, by "
        "batch; kept\n"
        "          granted against granted for each use; simulated, unless "
        "on Xen\n"
        "  block   requests between two processes, by a front and a back end "
        "over a\n"
        "          simulation, beside nbdkit and plain io_uring\n"
        "  net     frames between two processes, likewise, beside sockets, "
        "TAP and memif\n\n"
        "Of each:\n"
        "  --quick           shorter: all three take less than a minute\n"
        "  --rounds N        rounds (9)\n"
        "  --time MS         milliseconds that a sample measures\n"
        "  --seed N          of the order within the rounds (1)\n"
        "  --cases NAME,...  only these cases\n"
        "  --list            the names that there are; measures nothing\n"
        "  --json FILE       all samples and rows, and the machine\n\n"
        "Of pages, views, block and net:\n"
        "  --peers NAME,...  only these peers\n"
        "  --against PEER    whom the last column is relative to (dpdk; of "
        "block and\n"
        "                    net, to each its own)\n\n"
        "Of pages and views:\n"
        "  --batch N,...     pages: batches of these instead\n"
        "  --sizes BYTES,... pages of these sizes instead, or views\n"
        "  --offsets BYTES,...  views from there\n\n"
        "Of align:\n"
        "  --sizes BYTES,...  --offsets BYTES,...  --batch N\n"
        "  --constraint NAME=N,...   what a device asks, as "
        "align=512,multiple=512\n"
        "  --rows            each row as well\n\n"
        "Of grants:\n"
        "  --batches N,...   pages at once (1, 2, 4, ... 1024)\n"
        "  --on sim:DIR|xen  where; else LEAT_ON, Xen, or a simulation of its "
        "own\n\n"
        "Of block and net:\n"
        "  --spin US         how long both ends look before they sleep (50)\n"
        "  --dir DIR         where its files are made (TMPDIR, or /var/tmp)\n\n"
        "--goals measures what the goals need, of pages, views, block and "
        "net, and says\n"
        "which are met; the exit status is 3 unless all are. With --from FILE "
        "it judges\n"
        "what an earlier --json wrote.\n",
    .run = run,
};
