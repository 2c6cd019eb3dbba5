/* SPDX-License-Identifier: ISC */

/*
 * leat copy: one file by direct I/O, with every bounce told.
 */

#include <getopt.h>

#include "transfer.h"

static void report(const struct transfer *t)
{
    char grouped[32], text[256];
    uint64_t bounces, bounced;

    bounces = leat_copies_bounces(&t->copies, &bounced);
    printf("copied    %s bytes by O_DIRECT, ", tool_grouped(t->bytes, grouped));
    if (t->odd)
        printf("through views at offset %zu, of odd lengths\n", t->odd);
    else
        printf("from whole pages\n");
    printf("needs     addresses at multiples of %zu, lengths of %zu\n",
           t->need.align, t->need.multiple);
    if (t->tail)
        printf("tail      %zu bytes in the last sector: written padded to %zu, "
               "and cut off\n",
               t->tail, t->need.multiple);
    printf("time      %.3f s, %.1f MB/s\n", t->seconds,
           (double)t->bytes / 1e6 / t->seconds);
    printf("bounces   %llu", (unsigned long long)bounces);
    if (bounces)
        printf(" (%s bytes)", tool_grouped(bounced, grouped));
    printf("\ncopies    %s bytes; by reason: %s\n",
           tool_grouped(leat_copies_bytes(&t->copies), grouped),
           transfer_reasons(&t->copies, text, sizeof text));
    printf("sha256    %s, of both: the copy was read back from the disk\n",
           t->sha256);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"direct", no_argument, NULL, 'd'},
        {"odd", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0},
    };
    struct transfer t = {.what = "copy"};
    bool direct = false, odd = false;
    uint64_t n;
    int opt;

    opterr = 0;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'd':
            direct = true;
            break;
        case 'o':
            odd = true;
            if (!tool_number(optarg, 1, LEAT_PAGE_SIZE - 1, &n) || n % 2 == 0)
                return tool_usage_error(
                    &verb_copy, "copy: --odd %s: an odd number from 1 to 4095",
                    optarg);
            t.odd = (size_t)n;
            break;
        default:
            return tool_usage_error(&verb_copy,
                                    "copy: %s: no such option, or it lacks "
                                    "its argument",
                                    argv[optind - 1]);
        }
    }
    if (direct && odd)
        return tool_usage_error(&verb_copy,
                                "copy: --direct or --odd, not both");
    if (argc - optind != 2)
        return tool_usage_error(&verb_copy,
                                "copy: one source and one destination");
    t.src = argv[optind];
    t.dst = argv[optind + 1];
    if (!transfer_run(&t))
        return EXIT_BAD;
    report(&t);
    return EXIT_GOOD;
}

const struct verb verb_copy = {
    .name = "copy",
    .summary = "copy a file by direct I/O, and count every bounce",
    .usage = "copy [--direct | --odd N] SRC DST",
    .help =
        "Copies the regular file SRC to DST by direct I/O (O_DIRECT) through\n"
        "pages of a leat pool, and verifies both by SHA-256.\n\n"
        "  --direct   from whole pages: nothing bounces (the default)\n"
        "  --odd N    through views that begin at offset N of a page, an odd\n"
        "             number, and have odd lengths: each bounces, and is\n"
        "             counted by reason\n\n"
        "DST gets its name when it is complete and verified; a failure leaves\n"
        "what was there before.\n",
    .run = run,
};
