/* SPDX-License-Identifier: ISC */

/* leat sim start, suspend, resume, stop. */

#include <getopt.h>
#include <stdlib.h>

#include "sim.h"

static int bad_option(char **argv)
{
    return tool_usage_error(&verb_sim,
                            "sim %s: %s: no such option, or it lacks its "
                            "argument",
                            argv[0], argv[optind - 1]);
}

int sim_start(int argc, char **argv)
{
    static const struct option options[] = {
        {"foreground", no_argument, NULL, 'f'},
        {"until-empty", no_argument, NULL, 'e'},
        {"frames", required_argument, NULL, 'n'},
        {"domains", required_argument, NULL, 'd'},
        {"faults", required_argument, NULL, 'x'},
        {NULL, 0, NULL, 0},
    };
    struct leat_sim_config c = {.faults = getenv("LEAT_SIM_FAULTS")};
    struct leat_sim_fault rules[64];
    bool foreground = false;
    uint64_t n;
    size_t nrules;
    int opt, err;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'f':
            foreground = true;
            break;
        case 'e':
            c.flags |= LEAT_SIM_UNTIL_EMPTY;
            break;
        case 'n':
            if (!tool_number(optarg, 1, LEAT_GNTTAB_FRAMES_MAX, &n))
                return tool_usage_error(
                    &verb_sim, "sim start: --frames %s: from 1 to 256", optarg);
            c.frames = (uint32_t)n;
            break;
        case 'd':
            if (!tool_number(optarg, 1, 4096, &n))
                return tool_usage_error(
                    &verb_sim, "sim start: --domains %s: from 1 to 4096",
                    optarg);
            c.domains = (uint32_t)n;
            break;
        case 'x':
            c.faults = optarg;
            break;
        default:
            return bad_option(argv);
        }
    }
    if (argc - optind != 1)
        return tool_usage_error(&verb_sim, "sim start: one directory");
    if (c.faults && leat_sim_fault_parse(c.faults, rules, 64, &nrules))
        return tool_usage_error(&verb_sim, "sim start: not rules of faults: %s",
                                c.faults);
    err = foreground ? leat_sim_serve(argv[optind], &c)
                     : leat_sim_start(argv[optind], &c);
    if (err)
        return sim_failed(argv[optind], err);
    if (!foreground)
        printf("a simulated hypervisor runs at %s\n", argv[optind]);
    return EXIT_GOOD;
}

int sim_stop(int argc, char **argv)
{
    int err;

    if (argc != 2)
        return tool_usage_error(&verb_sim, "sim stop: one directory");
    err = leat_sim_stop(argv[1]);
    return err ? sim_failed(argv[1], err) : EXIT_GOOD;
}

static bool domain_number(const char *text, uint64_t *out)
{
    return tool_number(text, 0, LEAT_DOMAIN_MAX, out);
}

int sim_suspend(int argc, char **argv)
{
    static const struct option options[] = {
        {"timeout", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    struct leat_sim_domain *d;
    uint64_t domain, seconds = 10;
    int opt, err;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt != 't')
            return bad_option(argv);
        if (!tool_number(optarg, 0, 86400, &seconds))
            return tool_usage_error(
                &verb_sim, "sim suspend: --timeout %s: seconds", optarg);
    }
    if (argc - optind != 2 || !domain_number(argv[optind + 1], &domain))
        return tool_usage_error(&verb_sim,
                                "sim suspend: a directory and a domain");
    d = sim_open(argv[optind]);
    if (!d)
        return EXIT_BAD;
    err = leat_sim_suspend_domain(d, (uint32_t)domain, seconds * 1000000000u);
    leat_sim_leave(d);
    if (err == LEAT_E_AGAIN)
        tool_fail("sim: domain %s did not answer: cancelled", argv[optind + 1]);
    else if (err == LEAT_E_REFUSED)
        tool_fail("sim: domain %s refused", argv[optind + 1]);
    else if (err)
        sim_failed(argv[optind + 1], err);
    else
        printf("domain %s is suspended (simulated)\n", argv[optind + 1]);
    return err ? EXIT_BAD : EXIT_GOOD;
}

int sim_resume(int argc, char **argv)
{
    static const struct option options[] = {
        {"cancel", no_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    enum leat_resumed how = LEAT_RESUMED;
    struct leat_sim_domain *d;
    uint64_t domain;
    int opt, err;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt != 'c')
            return bad_option(argv);
        how = LEAT_CANCELLED;
    }
    if (argc - optind != 2 || !domain_number(argv[optind + 1], &domain))
        return tool_usage_error(&verb_sim,
                                "sim resume: a directory and a domain");
    d = sim_open(argv[optind]);
    if (!d)
        return EXIT_BAD;
    err = leat_sim_resume_domain(d, (uint32_t)domain, how);
    leat_sim_leave(d);
    if (err == LEAT_E_BUSY)
        tool_fail("sim: domain %s is not suspended", argv[optind + 1]);
    else if (err)
        sim_failed(argv[optind + 1], err);
    return err ? EXIT_BAD : EXIT_GOOD;
}
