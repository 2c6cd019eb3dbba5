/* SPDX-License-Identifier: ISC */

/* A simulation as a site. Who only looks is its toolstack. */

#include <stdlib.h>

#include "sim.h"
#include "site.h"

struct sim_site {
    struct leat_sim_domain *d;
    struct leat_gnttab table;
};

static bool sim_here(char *why, size_t size)
{
    snprintf(why, size, "it needs a directory");
    return false;
}

static bool sim_site_open(struct site *s, uint32_t as)
{
    const char *dir = s->on + 4;
    struct sim_site *self = calloc(1, sizeof *self);
    int err;

    if (!self)
        return tool_fail("out of memory");
    err = as == SITE_LOOKER ? leat_sim_open(dir, &self->d)
                            : leat_sim_join(dir, as, &self->d);
    if (err) {
        free(self);
        if (err == LEAT_E_BUSY)
            return tool_fail("sim: %s: another is domain %u", dir, as);
        sim_failed(dir, err);
        return false;
    }
    s->self = self;
    s->store = leat_sim_store(self->d);
    s->label = "simulated";
    s->domain = as == SITE_LOOKER ? as : leat_sim_id(self->d);
    return true;
}

static struct leat_sim_domain *of(struct site *s)
{
    return ((struct sim_site *)s->self)->d;
}

static void sim_site_close(struct site *s)
{
    leat_sim_leave(of(s));
    free(s->self);
}

/* The unit of sharing is what is shared at once. */
static bool sim_share(struct site *s, uint32_t peer, enum leat_access access,
                      size_t unit, size_t pages, struct leat_backend *backend,
                      struct leat_share *share)
{
    struct sim_site *self = s->self;

    (void)peer;
    (void)access;
    (void)unit;
    (void)pages;
    leat_sim_gnttab(self->d, &self->table);
    *backend = leat_sim_backend(self->d);
    *share = leat_gnttab(&self->table);
    return true;
}

static bool sim_map(struct site *s, struct leat_map *map)
{
    *map = leat_sim_map(of(s));
    return true;
}

static void sim_why(struct site *s, char *text, size_t size)
{
    (void)s;
    snprintf(text, size, "%s", "");
}

static int sim_fd(struct site *s)
{
    return leat_sim_fd(of(s));
}

static int sim_attend(struct site *s, struct leat_lifecycle *life)
{
    struct leat_sim_domain *d = of(s);
    enum leat_resumed how = LEAT_RESUMED;
    int err = leat_sim_state(d);

    if (err || !leat_sim_suspend_asked(d))
        return err;
    err = leat_sim_suspend(d, life, &how, NULL);
    if (err == LEAT_E_GONE)
        return err;
    if (err)
        printf("suspend refused: %s\n", leat_strerror(err));
    else if (how == LEAT_CANCELLED)
        printf("suspend cancelled\n");
    else
        printf("resumed as generation %u\n", leat_sim_generation(d));
    fflush(stdout);
    return 0;
}

struct each {
    int (*domain)(void *arg, uint32_t domain);
    int (*entry)(void *arg, uint32_t ref, const struct leat_grant_entry *e);
    void *arg;
};

static int one_domain(void *arg, const struct leat_sim_info *info)
{
    const struct each *each = arg;

    return each->domain(each->arg, info->domain);
}

static int one_entry(void *arg, const struct leat_sim_grant *g)
{
    const struct each *each = arg;
    const struct leat_grant_entry e = {
        .domain = g->domain,
        .access = g->read_only ? LEAT_READ_ONLY : LEAT_READ_WRITE,
        .granted = g->granted,
        .reading = g->readers,
        .writing = g->writers,
        .frame = g->frame,
    };

    return each->entry(each->arg, g->ref, &e);
}

static int sim_domains(struct site *s, int (*fn)(void *arg, uint32_t domain),
                       void *arg)
{
    struct each each = {.domain = fn, .arg = arg};

    return leat_sim_each(of(s), one_domain, &each);
}

static int sim_entries(struct site *s, uint32_t domain,
                       int (*fn)(void *arg, uint32_t ref,
                                 const struct leat_grant_entry *entry),
                       void *arg)
{
    struct each each = {.entry = fn, .arg = arg};

    return leat_sim_each_grant(of(s), domain, one_entry, &each);
}

static int sim_requests(struct site *s, uint32_t domain, uint64_t *n)
{
    struct leat_sim_info info;
    int err = leat_sim_info(of(s), domain, &info);

    if (!err)
        *n = info.requests;
    return err;
}

const struct site_ops site_sim = {
    .name = "sim",
    .here = sim_here,
    .open = sim_site_open,
    .close = sim_site_close,
    .share = sim_share,
    .map = sim_map,
    .why = sim_why,
    .fd = sim_fd,
    .attend = sim_attend,
    .domains = sim_domains,
    .entries = sim_entries,
    .requests = sim_requests,
};
