/* SPDX-License-Identifier: ISC */

/*
 * Which site: the one that was named, or the only one there is.
 *
 * A simulation is found by its directory, which may be anywhere; looked for are
 * those in the current directory, XDG_RUNTIME_DIR, and TMPDIR or /tmp.
 */

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <leat/sim_admin.h>

#include "site.h"

#define FOUND_MAX 8

struct found {
    char *on[FOUND_MAX];
    struct stat where[FOUND_MAX];
    size_t n;
};

static void add(struct found *f, const char *on, const struct stat *where)
{
    size_t i;

    for (i = 0; where && i < f->n; i++) {
        if (f->where[i].st_ino == where->st_ino &&
            f->where[i].st_dev == where->st_dev)
            return;
    }
    if (f->n == FOUND_MAX || !(f->on[f->n] = strdup(on)))
        return;
    f->where[f->n] = where ? *where : (struct stat){0};
    f->n++;
}

/* A directory of ours alone, with a socket at which one answers. */
static void try_one(struct found *f, const char *dir)
{
    char path[4096 + 16];
    struct stat st, socket;
    struct leat_sim_domain *d;

    if (lstat(dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        st.st_mode & 077)
        return;
    snprintf(path, sizeof path, "%s/socket", dir);
    if (lstat(path, &socket) || !S_ISSOCK(socket.st_mode) ||
        leat_sim_open(dir, &d))
        return;
    leat_sim_leave(d);
    snprintf(path, sizeof path, "sim:%s", dir);
    add(f, path, &st);
}

static void try_all(struct found *f, const char *dir)
{
    char path[4096];
    struct dirent *e;
    DIR *d = dir ? opendir(dir) : NULL;

    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, "..") ||
            (size_t)snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >=
                sizeof path)
            continue;
        try_one(f, path);
    }
    if (d)
        closedir(d);
}

static char *find(const struct verb *verb, int *status)
{
    const char *tmp = getenv("TMPDIR");
    struct found f = {.n = 0};
    char why[256] = "", names[1024] = "", *on = NULL;
    size_t i;

    try_all(&f, ".");
    try_all(&f, getenv("XDG_RUNTIME_DIR"));
    try_all(&f, tmp && *tmp ? tmp : "/tmp");
    if (site_xen.here(why, sizeof why))
        add(&f, "xen", NULL);
    for (i = 0; i < f.n; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), " %s",
                 f.on[i]);
    if (f.n == 1) {
        on = f.on[0];
        f.on[0] = NULL;
    } else if (f.n) {
        *status = tool_usage_error(verb, "%s: which one? --on one of:%s",
                                   verb->name, names);
    } else {
        tool_fail("%s: no simulation was found, and no Xen (%s); name one: "
                  "--on sim:DIR",
                  verb->name, why);
        *status = EXIT_BAD;
    }
    for (i = 0; i < f.n; i++)
        free(f.on[i]);
    return on;
}

int site_choose(struct site *s, const struct verb *verb, const char *on)
{
    const char *option = "--on";
    int status = 0;

    memset(s, 0, sizeof *s);
    if (!on) {
        on = getenv("LEAT_ON");
        option = "LEAT_ON";
    }
    if (on && *on)
        s->on = strdup(on);
    else
        s->on = find(verb, &status);
    if (status)
        return status;
    if (!s->on) {
        tool_fail("out of memory");
        return EXIT_BAD;
    }
    if (!strncmp(s->on, "sim:", 4) && s->on[4])
        s->ops = &site_sim;
    else if (!strcmp(s->on, "xen"))
        s->ops = &site_xen;
    else
        return tool_usage_error(verb, "%s: %s %s: neither sim:DIR nor xen",
                                verb->name, option, s->on);
    return 0;
}

bool site_open(struct site *s, uint32_t as)
{
    return s->ops->open(s, as);
}

void site_close(struct site *s)
{
    if (s->self)
        s->ops->close(s);
    free(s->on);
    memset(s, 0, sizeof *s);
}

bool site_domain(const char *text, uint32_t *out)
{
    uint64_t n;

    if (!tool_number(text, 0, LEAT_DOMAIN_MAX, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}
