/* SPDX-License-Identifier: ISC */

/* leat sim net: its options, and what it is made of. */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <leat/tap.h>

#include "sim-net.h"

#define FILE_MIB 16u

static int usage(const char *text)
{
    return tool_usage_error(&verb_sim, "sim net: %s", text);
}

/* EXIT_GOOD, or the status of a usage error. */
static int read_options(struct net_job *j, int argc, char **argv)
{
    static const struct option options[] = {
        {"pcap", required_argument, NULL, 'p'},
        {"mode", required_argument, NULL, 'm'},
        {"queues", required_argument, NULL, 'q'},
        {"size", required_argument, NULL, 'z'},
        {"seconds", required_argument, NULL, 't'},
        {"kill-backend", no_argument, NULL, 'k'},
        {"suspend", no_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"hold", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    uint64_t n = 0;
    int opt;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'p':
            j->pcap = optarg;
            break;
        case 'm':
            if (!report_mode(optarg, &j->mode))
                return usage("--mode: copy, revoke or shared");
            break;
        case 'q':
            if (!tool_number(optarg, 1, 8, &n))
                return usage("--queues: from 1 to 8");
            j->queues = (uint32_t)n;
            break;
        case 'z':
            if (!tool_number(optarg, 1, 65536, &n))
                return usage("--size: MiB, from 1 to 65536");
            j->file_bytes = n << 20;
            break;
        case 't':
            if (!tool_number(optarg, 0, 3600, &n))
                return usage("--seconds: from 0 to 3600");
            j->seconds = (uint32_t)n;
            break;
        case 'k':
        case 's':
            if (j->disaster != NET_NONE)
                return usage("--kill-backend or --suspend, not both");
            j->disaster = opt == 'k' ? NET_KILL : NET_SUSPEND;
            break;
        case 'j':
            j->json = true;
            break;
        case 'h':
            j->hold = true;
            break;
        default:
            return tool_usage_error(&verb_sim,
                                    "sim net: %s: no such option, or it lacks "
                                    "its argument",
                                    argv[optind - 1]);
        }
    }
    if (optind < argc)
        return usage("it takes options alone");
    if (j->pcap && (j->disaster != NET_NONE || j->queues > 1))
        return usage("--pcap goes with neither a disaster nor --queues: its "
                     "frames are to come in order");
    if (j->hold && (j->pcap || j->json || j->disaster != NET_NONE))
        return usage("--hold leaves the link to others: it goes with neither "
                     "--pcap, --json nor a disaster");
    return EXIT_GOOD;
}

static bool by_tap(struct net_job *j)
{
    static char queues[8];
    struct leat_tap *near = NULL;
    bool good = net_link(j, &near) && side_scratch(&j->side);

    snprintf(queues, sizeof queues, "%u", j->queues);
    j->side.back[0] = "net-back";
    j->side.back[1] = "";
    j->side.back[2] = queues;
    j->side.back[3] = j->far_ns;
    good = good && side_start(&j->side) && net_traffic(j, near);
    good = side_stop(&j->side, good);
    if (near)
        (void)leat_tap_close(near);
    net_unlink(j);
    return good;
}

#ifdef HAVE_PCAP
static bool by_pcap(struct net_job *j)
{
    bool good = net_pcap_look(j) && side_scratch(&j->side);

    j->out = good ? side_path(j->side.scratch, "out.pcap") : NULL;
    j->side.back[0] = "net-back";
    j->side.back[1] = "";
    j->side.back[2] = "1";
    j->side.back[3] = j->pcap;
    j->side.back[4] = j->out;
    good = j->out && side_start(&j->side) && net_pcap(j);
    if (j->side.toolstack)
        good = side_wait(&j->side, good) && net_pcap_compare(j);
    if (j->out)
        (void)unlink(j->out);
    free(j->out);
    return side_stop(&j->side, good);
}
#else
static bool by_pcap(struct net_job *j)
{
    (void)j;
    return tool_fail("sim net: this leat was built without libpcap");
}
#endif

int sim_net(int argc, char **argv)
{
    struct net_job j = {
        .queues = 1, .seconds = 1, .file_bytes = (uint64_t)FILE_MIB << 20};
    int status = read_options(&j, argc, argv);
    bool good;

    if (status != EXIT_GOOD)
        return status;
    j.side = (struct side){
        .word = "sim net",
        .devices = &net_device,
        .ndevices = 1,
        .stats = &j.back,
        .stats_bytes = sizeof j.back,
        .stats_fd = -1,
    };
    good = j.pcap ? by_pcap(&j) : by_tap(&j);
    if (good && j.json)
        good = net_json(&j);
    else if (good)
        net_say(&j);
    free(j.latency.ns);
    return good ? EXIT_GOOD : EXIT_BAD;
}
