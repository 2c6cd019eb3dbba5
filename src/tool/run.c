/* SPDX-License-Identifier: ISC */

/*
 * leat run: the main job, on a real file, from nothing to one table.
 */

#include <getopt.h>
#include <stdlib.h>

#include "bench.h"
#include "job.h"

#define SIZE_MIB       256
#define SIZE_MIB_QUICK 64
#define ODD            1
#define SEED           20

struct job {
    uint64_t bytes;
    double made_seconds;
    struct transfer direct;
    struct transfer odd;
};

/* --------------------------------------------------------------- the table */

static void line(const char *what, const char *direct, const char *odd)
{
    printf("  %-28s %22s %22s\n", what, direct, odd);
}

static void numbers(const char *what, uint64_t direct, uint64_t odd)
{
    char a[32], b[32];

    line(what, tool_grouped(direct, a), tool_grouped(odd, b));
}

static void speed(const struct job *job)
{
    char a[32], b[32];

    snprintf(a, sizeof a, "%.0f",
             (double)job->bytes / 1e6 / job->direct.seconds);
    snprintf(b, sizeof b, "%.0f", (double)job->bytes / 1e6 / job->odd.seconds);
    line("MB/s, from disk to disk", a, b);
}

static bool bounce(enum leat_reason why)
{
    return why > LEAT_WHY_NONE && why <= LEAT_WHY_POLICY;
}

static void table(const struct job *job)
{
    const struct leat_copies *direct = &job->direct.copies;
    const struct leat_copies *odd = &job->odd.copies;
    char label[64], size[32];
    int why;

    printf("A file of %s random bytes was made in %.1f s, and copied twice "
           "with O_DIRECT, which\nasks for addresses at multiples of %zu and "
           "lengths of %zu.\n\n",
           tool_grouped(job->bytes, size), job->made_seconds,
           job->direct.need.align, job->direct.need.multiple);
    line("", "from whole pages", "through odd views");
    line("where the bytes lay", "at a page's start", "at offset 1");
    line("lengths", "multiples of 4096", "4095, 4097, ...");
    numbers("bytes copied, file to file", job->direct.bytes, job->odd.bytes);
    speed(job);
    numbers("bounces", leat_copies_bounces(direct, NULL),
            leat_copies_bounces(odd, NULL));
    for (why = 0; why < LEAT_REASONS; why++) {
        const char *name = leat_reason_name((enum leat_reason)why);

        if (!direct->count[why] && !odd->count[why])
            continue;
        if (bounce((enum leat_reason)why))
            snprintf(label, sizeof label, "  because of the %s", name);
        else
            snprintf(label, sizeof label, "copies: %s", name);
        numbers(label, direct->count[why], odd->count[why]);
    }
    numbers("bytes copied in memory", leat_copies_bytes(direct),
            leat_copies_bytes(odd));
    line("SHA-256 of source and copy", "agree", "agree");
    printf("  %s\n", job->direct.sha256);
    printf("\nA bounce is a copy that a disk's alignment forces; leat makes "
           "none in silence.\n\n");
}

/* ----------------------------------------------------------------- the job */

/* Counts that must hold, or the table would tell of something else. */
static bool sound(const struct job *job)
{
    uint64_t bytes;

    if (leat_copies_bytes(&job->direct.copies))
        return tool_fail("whole pages were copied in memory");
    if (!leat_copies_bounces(&job->odd.copies, &bytes) || !bytes)
        return tool_fail("odd views did not bounce");
    return true;
}

static bool copies(struct job *job, const char *dir)
{
    struct place place;
    bool good = false;

    if (!place_open(&place, dir))
        return false;
    printf("leat run: works in %s\n", place.dir);
    job->direct = (struct transfer){.src = place.source,
                                    .dst = place.direct,
                                    .what = "copying from whole pages"};
    job->odd = (struct transfer){.src = place.source,
                                 .dst = place.odd,
                                 .what = "copying through odd views",
                                 .odd = ODD};
    good = random_file(place.source, job->bytes, SEED, &job->made_seconds) &&
           transfer_run(&job->direct) && transfer_run(&job->odd) && sound(job);
    place_close(&place);
    return good;
}

/* The goals, by the quick bench. What is missed is told, and is no failure. */
static bool bench(bool quick)
{
    struct bench *b = malloc(sizeof *b);
    bool good;

    if (!b)
        return tool_fail("out of memory");
    bench_defaults(b, "bench", OF_PAGES | OF_VIEWS, true);
    bench_choose_goals(b);
    if (quick) {
        b->rounds = 2;
        b->milliseconds = 10;
    }
    good = bench_measure_all(b);
    if (!b->done && !tool_interrupted())
        good = tool_fail("the bench's programs are not beside the command, nor "
                         "installed");
    if (b->done && !tool_interrupted()) {
        bench_report(b);
        bench_report_missing(b);
        bench_report_goals(b);
    }
    free(b);
    return good;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"size", required_argument, NULL, 's'},
        {"dir", required_argument, NULL, 'd'},
        {"quick", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    struct job job = {0};
    const char *dir = NULL;
    uint64_t mib = 0;
    bool quick = false;
    int opt;

    opterr = 0;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 's':
            if (!tool_number(optarg, 1, 1 << 20, &mib))
                return tool_usage_error(
                    &verb_run, "run: --size %s: 1 to 1048576 MiB", optarg);
            break;
        case 'd':
            dir = optarg;
            break;
        case 'q':
            quick = true;
            break;
        default:
            return tool_usage_error(&verb_run,
                                    "run: %s: no such option, or it lacks its "
                                    "argument",
                                    argv[optind - 1]);
        }
    }
    if (optind < argc)
        return tool_usage_error(&verb_run, "run: takes no %s", argv[optind]);
    if (!mib)
        mib = quick ? SIZE_MIB_QUICK : SIZE_MIB;
    job.bytes = mib << 20;
    if (!copies(&job, dir))
        return EXIT_BAD;
    table(&job);
    return bench(quick) ? EXIT_GOOD : EXIT_BAD;
}

const struct verb verb_run = {
    .name = "run",
    .summary = "copy a real file both ways, and measure: see it work",
    .usage = "run [--size MIB] [--dir DIR] [--quick]",
    .help =
        "Makes a file of random bytes, copies it by direct I/O (O_DIRECT) "
        "from\n"
        "whole pages, which takes no copy in memory, and through views at odd\n"
        "offsets, where each bounce is counted by reason; verifies both by\n"
        "SHA-256; and runs the quick form of \"leat bench --goals\".\n\n"
        "  --size MIB   of the file (256)\n"
        "  --dir DIR    where: a file system that does direct I/O (the build\n"
        "               directory, else $TMPDIR, /tmp, or the current one)\n"
        "  --quick      64 MiB, and a shorter bench\n\n"
        "What it makes it removes.\n",
    .run = run,
};
