/* SPDX-License-Identifier: ISC */

/*
 * leat map: a peer's pages, until told otherwise. It begins with them mapped;
 * "unmap" and "map" end and begin that, in any order with what the peer does.
 */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "hold.h"

#define REFS_MAX 65536u

struct map {
    struct hold hold; /* first */
    uint32_t peer;
    enum leat_access access;
    struct leat_gref *grefs;
    int *status;
    uint32_t *refs;
    size_t n;
    bool mapped;
    struct leat_mapping mapping;
};

static struct map *of(struct hold *h)
{
    return (struct map *)(void *)h;
}

static bool map(struct map *m)
{
    char what[64];
    size_t i;
    bool told = false;
    int err;

    memset(m->status, 0, m->n * sizeof *m->status);
    err = leat_grant_map(m->hold.table, m->grefs, m->n, m->access, m->status,
                         &m->mapping);
    m->mapped = !err;
    if (!err)
        return true;
    for (i = 0; i < m->n; i++) {
        if (!m->status[i])
            continue;
        snprintf(what, sizeof what, "domain %u, reference %u", m->peer,
                 m->refs[i]);
        hold_failed(&m->hold, what, m->status[i]);
        told = true;
    }
    if (!told)
        hold_failed(&m->hold, "nothing is mapped", err);
    return false;
}

static bool word_map(struct hold *h, char *rest)
{
    struct map *m = of(h);

    (void)rest;
    if (m->mapped)
        return hold_wrong(h, "map: it is mapped");
    if (!map(m))
        return false;
    printf("mapped\n");
    return true;
}

static bool word_unmap(struct hold *h, char *rest)
{
    struct map *m = of(h);
    int err;

    (void)rest;
    if (!m->mapped)
        return hold_wrong(h, "unmap: it is not mapped");
    m->mapped = false;
    err = leat_grant_unmap(m->mapping);
    if (err)
        return hold_failed(h, "unmap", err);
    printf("unmapped\n");
    return true;
}

static bool word_list(struct hold *h, char *rest)
{
    struct map *m = of(h);
    char text[1024];
    size_t at, some;

    (void)rest;
    for (at = 0; at < m->n && m->mapped; at += some) {
        some = site_refs(text, sizeof text, m->refs + at, m->n - at, ' ');
        printf("%s domain %u %s mapped\n", text, m->peer,
               hold_access(m->access));
    }
    printf("listed\n");
    return true;
}

static const struct hold_word words[] = {
    {"read", "OFF LEN", hold_read}, {"write", "OFF TEXT", hold_write},
    {"unmap", "", word_unmap},      {"map", "", word_map},
    {"list", "", word_list},        {NULL, NULL, NULL},
};

static int page(struct hold *h, size_t i, enum leat_access access,
                struct leat_shared *out)
{
    struct map *m = of(h);
    struct leat_shared all;
    int err;

    if (!m->mapped)
        return LEAT_E_STATE;
    err = leat_mapping_shared(m->mapping, access, &all);
    if (err)
        return err;
    return leat_shared_slice(all, i * LEAT_PAGE_SIZE, LEAT_PAGE_SIZE, out);
}

static bool begin(struct map *m, uint32_t as)
{
    struct leat_grants_config table = {.share.ops = NULL};
    size_t i;

    m->grefs = calloc(m->n, sizeof *m->grefs);
    m->status = calloc(m->n, sizeof *m->status);
    if (!m->grefs || !m->status)
        return tool_fail("out of memory");
    for (i = 0; i < m->n; i++)
        m->grefs[i] = (struct leat_gref){m->peer, m->refs[i]};
    if (!hold_open(&m->hold, as) ||
        !m->hold.site.ops->map(&m->hold.site, &table.map) ||
        !hold_table(&m->hold, &table) || !map(m))
        return false;
    printf("domain %u maps %zu pages of domain %u, %s, on %s (%s)\n",
           m->hold.site.domain, m->n, m->peer, hold_access(m->access),
           m->hold.site.on, m->hold.site.label);
    return true;
}

static int hold_it(struct map *m, uint32_t as)
{
    if (begin(m, as)) {
        m->hold.pages = m->n;
        hold_run(&m->hold);
        if (m->mapped)
            word_unmap(&m->hold, NULL);
    } else {
        m->hold.failed = true;
    }
    hold_close(&m->hold);
    free(m->grefs);
    free(m->status);
    return m->hold.failed ? EXIT_BAD : EXIT_GOOD;
}

/* All words are references. */
static bool take_refs(struct map *m, int argc, char **argv)
{
    size_t n;
    int i;

    for (i = 0; i < argc; i++, m->n += n) {
        if (!site_refs_read(argv[i], m->refs + m->n, REFS_MAX - m->n, &n))
            return false;
    }
    return m->n;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        SITE_OPTIONS,
        {"from", required_argument, NULL, 'f'},
        {"ro", no_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    static uint32_t refs[REFS_MAX];
    static struct map m;
    const struct verb *verb = &verb_map;
    const char *on = NULL;
    uint32_t as = SITE_ANY;
    bool from = false;
    int opt, status;

    m.hold.verb = verb;
    m.hold.words = words;
    m.hold.page = page;
    m.refs = refs;
    opterr = 0;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'o':
            on = optarg;
            break;
        case 'a':
            if (!site_domain(optarg, &as))
                return tool_usage_error(verb, "map: --as %s: no domain",
                                        optarg);
            break;
        case 'f':
            from = site_domain(optarg, &m.peer);
            if (!from)
                return tool_usage_error(verb, "map: --from %s: no domain",
                                        optarg);
            break;
        case 'r':
            m.access = LEAT_READ_ONLY;
            break;
        default:
            return tool_usage_error(
                verb, "map: %s: no such option, or it lacks its argument",
                argv[optind - 1]);
        }
    }
    if (!from)
        return tool_usage_error(verb, "map: --from whom?");
    if (!take_refs(&m, argc - optind, argv + optind))
        return tool_usage_error(verb, "map: which references? as 8 or 8-11, "
                                      "at most 65536");
    status = site_choose(&m.hold.site, verb, on);
    if (status) {
        site_close(&m.hold.site);
        return status;
    }
    return hold_it(&m, as);
}

const struct verb verb_map = {
    .name = "map",
    .summary = "map a domain's pages, until told otherwise",
    .usage = "map --from DOM [--ro] [--on sim:DIR|xen] [--as DOM] REF...",
    .help =
        "Maps what the domain DOM has shared by these references, each a "
        "number or a\nrange (8-11), as one run of pages: all or nothing. It "
        "holds them; lines of the\nstandard input say what then:\n\n"
        "  read OFF LEN    reads the pages, from that byte on\n"
        "  write OFF TEXT  writes into them\n"
        "  unmap           unmaps them\n"
        "  map             maps them again\n"
        "  list            tells what is mapped\n"
        "  quit            ends; so do the end of the input and signals\n\n"
        "  --ro            maps them for reading only\n"
        "  --on sim:DIR    in that simulation; or on \"xen\". Else LEAT_ON; "
        "else the\n                  only one that is found\n"
        "  --as DOM        which domain to be in a simulation\n",
    .run = run,
};
