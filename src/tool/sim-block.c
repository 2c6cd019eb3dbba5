/* SPDX-License-Identifier: ISC */

/* leat sim block: its options, and what it is made of. */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sim-block.h"

#define DEPTH     16u
#define BLOCK_KIB 128u

/* EXIT_GOOD, or the status of a usage error. */
static int read_options(struct block_job *j, int argc, char **argv)
{
    static const struct option options[] = {
        {"out", required_argument, NULL, 'o'},
        {"mode", required_argument, NULL, 'm'},
        {"depth", required_argument, NULL, 'd'},
        {"block", required_argument, NULL, 'b'},
        {"kill-backend", no_argument, NULL, 'k'},
        {"suspend", no_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    uint64_t n;
    int opt;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'o':
            j->out = optarg;
            break;
        case 'm':
            if (!report_mode(optarg, &j->mode))
                return tool_usage_error(
                    &verb_sim, "sim block: --mode %s: copy, revoke or shared",
                    optarg);
            break;
        case 'd':
            if (!tool_number(optarg, 1, 64, &n))
                return tool_usage_error(
                    &verb_sim, "sim block: --depth %s: from 1 to 64", optarg);
            j->depth = (uint32_t)n;
            break;
        case 'b':
            if (!tool_number(optarg, 4, 256, &n) || n % 4)
                return tool_usage_error(&verb_sim,
                                        "sim block: --block %s: KiB, a "
                                        "multiple of 4 from 4 to 256",
                                        optarg);
            j->block = (uint32_t)n << 10;
            break;
        case 'k':
        case 's':
            if (j->disaster != NO_DISASTER)
                return tool_usage_error(
                    &verb_sim,
                    "sim block: --kill-backend or --suspend, not both");
            j->disaster = opt == 'k' ? KILL_BACKEND : SUSPEND;
            break;
        case 'j':
            j->json = true;
            break;
        default:
            return tool_usage_error(&verb_sim,
                                    "sim block: %s: no such option, or it "
                                    "lacks its argument",
                                    argv[optind - 1]);
        }
    }
    if (argc - optind != 1)
        return tool_usage_error(&verb_sim, "sim block: one IMAGE");
    j->image = argv[optind];
    return EXIT_GOOD;
}

static bool agree(const struct block_job *j)
{
    if (strcmp(j->sha_image, j->sha_rings))
        return tool_fail("sim block: what the rings gave back is not the "
                         "image: SHA-256 %s, not %s",
                         j->sha_rings, j->sha_image);
    if (strcmp(j->sha_image, j->sha_written))
        return tool_fail("sim block: the copy's file is not the image: SHA-256 "
                         "%s, not %s",
                         j->sha_written, j->sha_image);
    return true;
}

const struct leat_bus_device block_devices[DISKS] = {
    {.type = "vbd", .front = SIDE_FRONT, .back = SIDE_BACK, .number = 51712},
    {.type = "vbd", .front = SIDE_FRONT, .back = SIDE_BACK, .number = 51728},
};

static bool start(struct block_job *j)
{
    const char **argv = j->side.back;
    int i;

    *argv++ = "block-back";
    *argv++ = ""; /* the simulation */
    for (i = 0; i < DISKS; i++) {
        *argv++ = j->file[i].path;
        *argv++ = j->file[i].cached ? "cached" : "direct";
    }
    return side_start(&j->side);
}

int sim_block(int argc, char **argv)
{
    struct block_job j = {
        .depth = DEPTH,
        .block = BLOCK_KIB << 10,
        .nameless = -1,
        .target = {.fd = -1},
    };
    int status = read_options(&j, argc, argv);
    bool good;

    if (status != EXIT_GOOD)
        return status;
    j.side = (struct side){
        .word = "sim block",
        .devices = block_devices,
        .ndevices = DISKS,
        .stats = j.back_stats,
        .stats_bytes = sizeof j.back_stats,
        .stats_fd = -1,
    };
    good = block_files(&j) && digest_file(j.image, false, j.sha_image) &&
           start(&j) && block_run(&j) &&
           digest_file(j.file[DISK_TO].path, !j.file[DISK_TO].cached,
                       j.sha_written);
    good = side_stop(&j.side, good) && agree(&j);
    good = block_files_end(&j, good);
    if (good && j.json)
        good = block_json(&j);
    else if (good)
        block_say(&j);
    free(j.reads.ns);
    free(j.writes.ns);
    return good ? EXIT_GOOD : EXIT_BAD;
}
