/* SPDX-License-Identifier: ISC */

/*
 * leat grants: the tables of domains, as the hypervisor has them, with what the
 * holders of grants have published: a table tells neither age nor owner.
 *
 * Where Xen does not show a table, what was published is all there is, and
 * nobody can say whether it is in use.
 */

#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "site.h"

enum known {
    UNKNOWN = -1,
    NO,
    YES
};

struct row {
    uint32_t ref;
    struct leat_grant_entry entry;
    enum known used;
    double since;   /* 0: not known */
    char owner[64]; /* "": not known */
};

struct listing {
    struct site site;
    bool json;
    json_t *domains;
    struct row *rows;
    size_t n, room;
    bool failed;
};

static struct row *add(struct listing *l)
{
    struct row *more;
    size_t room = l->room ? l->room * 2 : 256;

    if (l->n == l->room) {
        more = realloc(l->rows, room * sizeof *more);
        if (!more)
            return NULL;
        l->rows = more;
        l->room = room;
    }
    memset(&l->rows[l->n], 0, sizeof *l->rows);
    return &l->rows[l->n++];
}

static int take_entry(void *arg, uint32_t ref, const struct leat_grant_entry *e)
{
    struct row *r = add(arg);

    if (!r)
        return LEAT_E_NOMEM;
    r->ref = ref;
    r->entry = *e;
    r->used = e->reading || e->writing ? YES : NO;
    return 0;
}

/* The row of (ref), in order of references. */
static struct row *find(struct listing *l, uint32_t ref)
{
    size_t low = 0, high = l->n, mid;

    while (low < high) {
        mid = low + (high - low) / 2;
        if (l->rows[mid].ref < ref)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->n && l->rows[low].ref == ref ? &l->rows[low] : NULL;
}

/* Of what the table has; a word of what it has otherwise is an old one. */
static void match(void *arg, const struct published *p)
{
    struct row *r;
    size_t i;

    for (i = 0; i < p->nrefs; i++) {
        r = find(arg, p->refs[i]);
        if (!r || r->entry.domain != p->peer || r->entry.access != p->access ||
            p->since < r->since)
            continue;
        r->since = p->since;
        memcpy(r->owner, p->owner, sizeof r->owner);
    }
}

static void take_published(void *arg, const struct published *p)
{
    struct row *r;
    size_t i;

    for (i = 0; i < p->nrefs && (r = add(arg)); i++) {
        r->ref = p->refs[i];
        r->entry = (struct leat_grant_entry){
            .domain = p->peer, .access = p->access, .granted = true};
        r->used = UNKNOWN;
        r->since = p->since;
        memcpy(r->owner, p->owner, sizeof r->owner);
    }
}

static double age(const struct row *r)
{
    struct timespec now;
    double t;

    clock_gettime(CLOCK_REALTIME, &now);
    t = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - r->since;
    return t < 0 ? 0 : t;
}

static json_t *yes_or_no(bool known, bool yes)
{
    return known ? json_boolean(yes) : json_null();
}

static json_t *json_row(const struct row *r)
{
    bool told = r->used != UNKNOWN;

    return json_pack("{s:I, s:I, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "ref",
                     (json_int_t)r->ref, "peer", (json_int_t)r->entry.domain,
                     "access", r->entry.access == LEAT_READ_ONLY ? "ro" : "rw",
                     "granted", (int)r->entry.granted, "in_use",
                     yes_or_no(told, r->used == YES), "reading",
                     yes_or_no(told, r->entry.reading), "writing",
                     yes_or_no(told, r->entry.writing), "age_s",
                     r->since > 0 ? json_real(age(r)) : json_null(), "owner",
                     *r->owner ? json_string(r->owner) : json_null());
}

static void text_row(uint32_t domain, const struct row *r)
{
    char old[32] = "-";

    if (r->since > 0)
        snprintf(old, sizeof old, "%.1f s", age(r));
    printf("%6u %8u %6u %-6s %-8s %10s  %s\n", domain, r->ref, r->entry.domain,
           !r->entry.granted                   ? "ended"
           : r->entry.access == LEAT_READ_ONLY ? "ro"
                                               : "rw",
           r->used == UNKNOWN ? "-"
           : r->entry.writing ? "writing"
           : r->entry.reading ? "reading"
                              : "no",
           old, *r->owner ? r->owner : "-");
}

static void show(struct listing *l, uint32_t domain, bool read)
{
    json_t *list = l->json ? json_array() : NULL;
    size_t i;

    for (i = 0; i < l->n; i++) {
        if (l->json)
            json_array_append_new(list, json_row(&l->rows[i]));
        else
            text_row(domain, &l->rows[i]);
    }
    if (l->json)
        json_array_append_new(
            l->domains,
            json_pack("{s:I, s:s, s:o}", "domain", (json_int_t)domain, "source",
                      read ? "table" : "published", "grants", list));
    else if (!read)
        printf("domain %u: its table may not be read; this is what holders "
               "published\n",
               domain);
}

static int list_domain(void *arg, uint32_t domain)
{
    struct listing *l = arg;
    int err;

    l->n = 0;
    err = l->site.ops->entries(&l->site, domain, take_entry, l);
    if (!err)
        published_each(&l->site, domain, match, l);
    else if (err == LEAT_E_REFUSED)
        published_each(&l->site, domain, take_published, l);
    if (!err || err == LEAT_E_REFUSED) {
        show(l, domain, !err);
        return 0;
    }
    tool_fail("grants: domain %u: %s", domain, leat_strerror(err));
    l->failed = true;
    return err;
}

/* One that is gone since they were counted is none. */
static int list_each(void *arg, uint32_t domain)
{
    struct listing *l = arg;
    bool failed = l->failed;
    int err = list_domain(l, domain);

    if (err == LEAT_E_DOMAIN)
        l->failed = failed;
    return err == LEAT_E_DOMAIN ? 0 : err;
}

/* The domains, before anything is asked of one. */
struct domains {
    uint32_t id[4096];
    size_t n;
};

static int remember(void *arg, uint32_t domain)
{
    struct domains *d = arg;

    if (d->n < sizeof d->id / sizeof *d->id)
        d->id[d->n++] = domain;
    return 0;
}

static int list(struct listing *l, bool one, uint32_t domain)
{
    static struct domains all;
    json_t *document;
    size_t i;
    int err = 0;

    if (!site_open(&l->site, SITE_LOOKER))
        return EXIT_BAD;
    l->domains = l->json ? json_array() : NULL;
    if (!l->json)
        printf("domain      ref   peer access in use          age  owner "
               "(%s)\n",
               l->site.label);
    if (one) {
        list_domain(l, domain);
    } else {
        err = l->site.ops->domains(&l->site, remember, &all);
        for (i = 0; i < all.n && !err; i++)
            err = list_each(l, all.id[i]);
        if (err && !l->failed)
            l->failed =
                !tool_fail("grants: %s: %s", l->site.on, leat_strerror(err));
    }
    if (l->json) {
        document = json_pack("{s:s, s:s, s:O}", "on", l->site.on, "figures",
                             l->site.label, "domains", l->domains);
        if (!document || json_dumpf(document, stdout, JSON_INDENT(1)))
            l->failed = !tool_fail("grants: cannot write the JSON");
        printf("\n");
        json_decref(document);
        json_decref(l->domains);
    }
    free(l->rows);
    return l->failed ? EXIT_BAD : EXIT_GOOD;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"on", required_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    struct listing l = {.json = false};
    const char *on = NULL;
    uint32_t domain = 0;
    bool one;
    int opt, status;

    opterr = 0;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'o')
            on = optarg;
        else if (opt == 'j')
            l.json = true;
        else
            return tool_usage_error(
                &verb_grants,
                "grants: %s: no such option, or it lacks its argument",
                argv[optind - 1]);
    }
    one = argc - optind == 1;
    if (argc - optind > 1 || (one && !site_domain(argv[optind], &domain)))
        return tool_usage_error(&verb_grants, "grants: one domain, a number");
    status = site_choose(&l.site, &verb_grants, on);
    if (!status)
        status = list(&l, one, domain);
    site_close(&l.site);
    return status;
}

const struct verb verb_grants = {
    .name = "grants",
    .summary = "list what domains have granted",
    .usage = "grants [--on sim:DIR|xen] [--json] [DOM]",
    .help =
        "Lists the grant table of the domain DOM, or of each: reference, peer, "
        "access,\nwhether the peer has it in use, age and owner.\n\n"
        "A table has no age and no owner. They are what the holder wrote into "
        "the\nstore, as \"leat share\" does, and \"-\" where nothing was "
        "written. On Xen it takes\nprivilege to read a table, and no domain "
        "sees its own by this way: there, what\nholders wrote is listed, and "
        "whether it is in use is not known.\n\n"
        "  --json        all of it as JSON\n"
        "  --on sim:DIR  of that simulation; or of \"xen\". Else LEAT_ON; else "
        "the\n                only one that is found\n",
    .run = run,
};
