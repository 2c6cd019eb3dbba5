/* SPDX-License-Identifier: ISC */

/*
 * leat share: pages for a peer, until told otherwise. share-units.c has what
 * becomes of them.
 */

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "share.h"

#define PAGES_MAX 131072u

/* A name of printable characters, none a space. */
static bool owner(struct share *s, const char *name)
{
    const char *c;

    for (c = name; *c > ' ' && *c < 127; c++)
        ;
    if (*c || !*name || strlen(name) >= sizeof s->published.owner)
        return false;
    strcpy(s->published.owner, name);
    return true;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        SITE_OPTIONS,
        {"to", required_argument, NULL, 't'},
        {"ro", no_argument, NULL, 'r'},
        {"unit", required_argument, NULL, 'u'},
        {"owner", required_argument, NULL, 'n'},
        {"wait", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    static struct share s;
    const struct verb *verb = &verb_share;
    const char *on = NULL;
    uint32_t as = SITE_ANY;
    bool to = false;
    uint64_t n;
    int opt, status;

    s.hold.verb = verb;
    s.unit_pages = 1;
    s.wait = 2;
    snprintf(s.published.owner, sizeof s.published.owner, "leat-share:%u",
             (unsigned)getpid());
    opterr = 0;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'o':
            on = optarg;
            break;
        case 'a':
            if (!site_domain(optarg, &as))
                return tool_usage_error(verb, "share: --as %s: no domain",
                                        optarg);
            break;
        case 't':
            to = site_domain(optarg, &s.peer);
            if (!to)
                return tool_usage_error(verb, "share: --to %s: no domain",
                                        optarg);
            break;
        case 'r':
            s.access = LEAT_READ_ONLY;
            break;
        case 'u':
            if (!tool_number(optarg, 1, PAGES_MAX, &s.unit_pages))
                return tool_usage_error(verb, "share: --unit %s: pages",
                                        optarg);
            break;
        case 'n':
            if (!owner(&s, optarg))
                return tool_usage_error(verb,
                                        "share: --owner %s: up to 63 "
                                        "printable characters, no space",
                                        optarg);
            break;
        case 'w':
            if (!tool_number(optarg, 0, 86400, &s.wait))
                return tool_usage_error(verb, "share: --wait %s: seconds",
                                        optarg);
            break;
        default:
            return tool_usage_error(
                verb, "share: %s: no such option, or it lacks its argument",
                argv[optind - 1]);
        }
    }
    if (!to)
        return tool_usage_error(verb, "share: --to whom?");
    if (argc - optind != 1 || !tool_number(argv[optind], 1, PAGES_MAX, &n))
        return tool_usage_error(verb, "share: how many pages? 1 to %u",
                                PAGES_MAX);
    if (n % s.unit_pages)
        return tool_usage_error(
            verb, "share: --unit: %s pages are not whole units", argv[optind]);
    s.nunits = (size_t)(n / s.unit_pages);
    status = site_choose(&s.hold.site, verb, on);
    if (status) {
        site_close(&s.hold.site);
        return status;
    }
    return share_hold(&s, as);
}

const struct verb verb_share = {
    .name = "share",
    .summary = "share pages with a domain, until told otherwise",
    .usage = "share --to DOM [--ro] [--unit PAGES] [--owner NAME] "
             "[--wait SECONDS]\n"
             "                  [--on sim:DIR|xen] [--as DOM] N",
    .help =
        "Shares N pages with the domain DOM, for reading only with --ro, says\n"
        "by which references, and holds them. Lines of the standard input "
        "say\nwhat then:\n\n"
        "  revoke [REF]    ends the share of that reference, or all\n"
        "  told REF        the peer says that it let go, where only it can\n"
        "                  know (Xen)\n"
        "  write OFF TEXT  writes into the pages, from that byte on\n"
        "  read OFF LEN    reads them\n"
        "  list            tells of each share\n"
        "  quit            ends; so do the end of the input and signals\n\n"
        "At the end all is revoked; what the peer has mapped still is waited "
        "for\n(2 seconds, or --wait), and then said to be in quarantine.\n\n"
        "  --unit PAGES    pages that are shared, and revoked, at once (1)\n"
        "  --owner NAME    what \"leat grants\" tells of them\n"
        "  --on sim:DIR    in that simulation; or on \"xen\". Else LEAT_ON; "
        "else the\n                  only one that is found\n"
        "  --as DOM        which domain to be in a simulation\n",
    .run = run,
};
