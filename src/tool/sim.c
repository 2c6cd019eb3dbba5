/* SPDX-License-Identifier: ISC */

/*
 * leat sim: the simulation by hand.
 */

#include <errno.h>
#include <string.h>

#include "sim.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} words[] = {
    {"start", sim_start},   {"list", sim_list},
    {"store", sim_store},   {"suspend", sim_suspend},
    {"resume", sim_resume}, {"stop", sim_stop},
    {"block", sim_block},   {"block-back", sim_block_back},
    {"net", sim_net},       {"net-back", sim_net_back},
};

int sim_failed(const char *what, int err)
{
    if (err == LEAT_E_SYSTEM)
        tool_fail("sim: %s: %s", what, strerror(errno));
    else if (err == LEAT_E_GONE)
        tool_fail("sim: %s: no simulation runs there", what);
    else if (err == LEAT_E_ACCESS)
        tool_fail("sim: %s: not a directory that is yours alone", what);
    else
        tool_fail("sim: %s: %s", what, leat_strerror(err));
    return EXIT_BAD;
}

struct leat_sim_domain *sim_open(const char *dir)
{
    struct leat_sim_domain *d;
    int err = leat_sim_open(dir, &d);

    if (!err)
        return d;
    sim_failed(dir, err);
    return NULL;
}

static int run(int argc, char **argv)
{
    size_t i;

    if (argc < 2)
        return tool_usage_error(&verb_sim, "sim: start, list, store, suspend, "
                                           "resume, stop, block or net");
    for (i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strcmp(argv[1], words[i].name))
            return words[i].run(argc - 1, argv + 1);
    }
    return tool_usage_error(&verb_sim, "sim: no such word: %s", argv[1]);
}

const struct verb verb_sim = {
    .name = "sim",
    .summary = "start, look into and end a simulated Xen",
    .usage = "sim start|list|store|suspend|resume|stop [OPTION...] DIR [...]\n"
             "       leat sim block [OPTION...] IMAGE\n"
             "       leat sim net [OPTION...]",
    .help =
        "A simulation is a process that plays the hypervisor for processes\n"
        "that stand for domains. It is found by the directory DIR, which only\n"
        "its owner may enter. Every number here is a simulated one.\n\n"
        "  start [--foreground] [--until-empty] [--frames N] [--domains N]\n"
        "        [--faults RULES] DIR\n"
        "      starts one, and returns when domains can join; RULES, or what\n"
        "      the environment says in LEAT_SIM_FAULTS, are of leat_sim(3)\n"
        "  list [--json] DIR [DOM]\n"
        "      lists the domains; of one, the grants\n"
        "  store DIR [PATH | PATH=VALUE]\n"
        "      shows the keys from PATH on, or writes one\n"
        "  suspend [--timeout SECONDS] DIR DOM\n"
        "      asks a domain to suspend, and waits until it has (10 s)\n"
        "  resume [--cancel] DIR DOM\n"
        "      resumes it: as a new generation, or as it was\n"
        "  stop DIR\n"
        "      ends it, or removes what is left of one that was killed\n"
        "  block [--out FILE] [--mode copy|revoke|shared] [--depth N]\n"
        "        [--block KIB] [--kill-backend | --suspend] [--json] IMAGE\n"
        "      in a simulation of its own: reads the file IMAGE through the\n"
        "      rings of a block device, writes it through those of another,\n"
        "      reads that back, and verifies SHA-256. FILE is made, or\n"
        "      overwritten; without it the copy goes. In the middle the back\n"
        "      end's process is killed, and started again; or the front end's\n"
        "      domain is suspended and resumed\n"
        "  net [--mode copy|revoke|shared] [--queues N] [--size MIB]\n"
        "      [--seconds N] [--kill-backend | --suspend] [--json]\n"
        "      in a simulation of its own, with two network namespaces: ping,\n"
        "      iperf3 and a file each way by TCP, through netfront and "
        "netback.\n"
        "      In the middle of the first file the back end is killed, or the\n"
        "      domain suspended. This needs root\n"
        "  net --hold [--mode ...] [--queues N]\n"
        "      leaves that link to programs of yours until stdin ends, and "
        "says where\n"
        "      its namespaces are\n"
        "  net --pcap FILE [--mode ...] [--json]\n"
        "      the same for the frames of a capture, both ways, every byte of\n"
        "      which is verified\n",
    .run = run,
};
