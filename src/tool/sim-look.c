/* SPDX-License-Identifier: ISC */

/* leat sim list, store. */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static const char *life(enum leat_sim_life l)
{
    return l == LEAT_SIM_RUNNING     ? "running"
           : l == LEAT_SIM_ASKED     ? "asked to suspend"
           : l == LEAT_SIM_SUSPENDED ? "suspended"
                                     : "dying";
}

struct list {
    bool json;
    size_t n;
};

static int show_domain(void *arg, const struct leat_sim_info *i)
{
    struct list *l = arg;

    if (l->json)
        printf("%s{\"domain\": %u, \"state\": \"%s\", \"pid\": %u, "
               "\"generation\": %u, \"units\": %u, \"pages\": %u, "
               "\"mappings\": %u, \"mapped\": %u, \"ports\": %u, "
               "\"nodes\": %u, \"watches\": %u, \"requests\": %llu, "
               "\"faults\": %llu}",
               l->n ? ", " : "", i->domain, life(i->life), i->pid,
               i->generation, i->units, i->pages, i->mappings, i->mapped,
               i->ports, i->nodes, i->watches, (unsigned long long)i->requests,
               (unsigned long long)i->faults);
    else
        printf("%6u %-16s %8u %4u %7u %7u %8u %7u %6u\n", i->domain,
               life(i->life), i->pid, i->generation, i->units, i->pages,
               i->mappings, i->mapped, i->ports);
    l->n++;
    return 0;
}

static int show_grant(void *arg, const struct leat_sim_grant *g)
{
    struct list *l = arg;

    if (l->json)
        printf("%s{\"ref\": %u, \"domain\": %u, \"access\": \"%s\", "
               "\"granted\": %s, \"readers\": %u, \"writers\": %u, "
               "\"frame\": %u}",
               l->n ? ", " : "", g->ref, g->domain, g->read_only ? "ro" : "rw",
               g->granted ? "true" : "false", g->readers, g->writers, g->frame);
    else
        printf("%8u %6u %-6s %-8s %7u %7u 0x%08x\n", g->ref, g->domain,
               g->read_only ? "ro" : "rw", g->granted ? "granted" : "ended",
               g->readers, g->writers, g->frame);
    l->n++;
    return 0;
}

int sim_list(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    struct list l = {0};
    struct leat_sim_domain *d;
    uint64_t domain = 0;
    bool one;
    int opt, err;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt != 'j')
            return tool_usage_error(&verb_sim, "sim list: %s: no such option",
                                    argv[optind - 1]);
        l.json = true;
    }
    one = argc - optind == 2;
    if ((argc - optind != 1 && !one) ||
        (one && !tool_number(argv[optind + 1], 0, LEAT_DOMAIN_MAX, &domain)))
        return tool_usage_error(&verb_sim,
                                "sim list: a directory, and perhaps a domain");
    d = sim_open(argv[optind]);
    if (!d)
        return EXIT_BAD;
    if (l.json)
        printf("{\"simulated\": true, \"%s\": [", one ? "grants" : "domains");
    else if (one)
        printf("     ref domain access state    readers writers frame "
               "(simulated)\n");
    else
        printf("domain state                 pid  gen   units   pages mappings "
               " mapped  ports (simulated)\n");
    err = one ? leat_sim_each_grant(d, (uint32_t)domain, show_grant, &l)
              : leat_sim_each(d, show_domain, &l);
    if (l.json)
        printf("]}\n");
    leat_sim_leave(d);
    return err ? sim_failed(one ? argv[optind + 1] : argv[optind], err)
               : EXIT_GOOD;
}

/* A value as one line: what would not print is told by its code. */
static void show_value(const char *value, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];

        if (c >= 32 && c < 127 && c != '\\')
            putchar(c);
        else
            printf("\\x%02x", c);
    }
}

static int show_keys(const struct leat_store *s, const char *path)
{
    char value[LEAT_STORE_VALUE_MAX + 1], below[LEAT_STORE_PATH_MAX + 1];
    size_t size = 65536, names = 0, len = 0, i;
    char *list, *name;
    int err =
        s->ops->read(s->self, LEAT_STORE_NOW, path, value, sizeof(value), &len);

    if (err)
        return err;
    printf("%s = \"", path);
    show_value(value, len);
    printf("\"\n");
    do {
        list = malloc(size);
        if (!list)
            return LEAT_E_NOMEM;
        err = s->ops->list(s->self, LEAT_STORE_NOW, path, list, size, &names);
        if (err == LEAT_E_RANGE)
            free(list);
        size *= 2;
    } while (err == LEAT_E_RANGE);
    name = list;
    for (i = 0; i < names && !err; i++, name += strlen(name) + 1) {
        snprintf(below, sizeof(below), "%s/%s", path[1] ? path : "", name);
        err = show_keys(s, below);
        /* It may have gone since it was listed. */
        if (err == LEAT_E_REFERENCE)
            err = 0;
    }
    free(list);
    return err;
}

int sim_store(int argc, char **argv)
{
    const char *path = argc == 3 ? argv[2] : "/", *value;
    char key[LEAT_STORE_PATH_MAX + 1];
    struct leat_sim_domain *d;
    struct leat_store s;
    int err;

    if (argc != 2 && argc != 3)
        return tool_usage_error(&verb_sim,
                                "sim store: a directory, and perhaps a path");
    value = strchr(path, '=');
    if (path[0] != '/' || (size_t)(value ? value - path : 0) >= sizeof(key))
        return tool_usage_error(&verb_sim, "sim store: not a path: %s", path);
    d = sim_open(argv[1]);
    if (!d)
        return EXIT_BAD;
    s = leat_sim_store(d);
    if (value) {
        memcpy(key, path, (size_t)(value - path));
        key[value - path] = 0;
        err = s.ops->write(s.self, LEAT_STORE_NOW, key, value + 1,
                           strlen(value + 1));
    } else {
        err = show_keys(&s, path);
    }
    leat_sim_leave(d);
    if (err == LEAT_E_REFERENCE)
        tool_fail("sim: %s: no such key", path);
    else if (err)
        sim_failed(path, err);
    return err ? EXIT_BAD : EXIT_GOOD;
}
