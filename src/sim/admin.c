/* SPDX-License-Identifier: ISC */

/* The toolstack's requests. */

#include <leat/sim_admin.h>

#include "domain.h"

int leat_sim_open(const char *dir, struct leat_sim_domain **out)
{
    struct sim_link link;
    int err;

    if (!dir || !out)
        return LEAT_E_INVALID;
    err = sim_link_process(dir, &link);
    return err ? err : sim_domain_create(link, SIM_ADMIN, out);
}

/* Sends one or two numbers; the lock is held until sim_end(). */
static int ask(struct leat_sim_domain *d, enum sim_op op, uint32_t a,
               uint32_t b, bool two)
{
    uint32_t *r = sim_begin(d, (two ? 2 : 1) * sizeof(*r));

    r[0] = a;
    if (two)
        r[1] = b;
    return sim_exchange(d, op, 1, -1);
}

/* How many of (size) the reply has; SIM_MESSAGE at most. */
static size_t count(const struct leat_sim_domain *d, size_t size)
{
    return (d->in_len - sizeof(struct sim_head)) / size;
}

#define MOST (SIM_MESSAGE / sizeof(struct sim_grant_info))

int leat_sim_each(struct leat_sim_domain *d,
                  int (*fn)(void *arg, const struct leat_sim_info *info),
                  void *arg)
{
    const struct sim_domain_info *in =
        (const void *)(d->in + sizeof(struct sim_head));
    struct leat_sim_info some[SIM_MESSAGE / sizeof(*in)];
    uint32_t from = 0;
    size_t n, i;
    int err;

    if (!d || !fn)
        return LEAT_E_INVALID;
    do {
        err = ask(d, SIM_LIST, from, 0, false);
        n = err ? 0 : count(d, sizeof(*in));
        for (i = 0; i < n; i++)
            some[i] = (struct leat_sim_info){
                .domain = in[i].domain,
                .life = (enum leat_sim_life)in[i].state,
                .pid = in[i].pid,
                .generation = in[i].generation,
                .units = in[i].units,
                .pages = in[i].pages,
                .mappings = in[i].mappings,
                .mapped = in[i].mapped,
                .ports = in[i].ports,
                .nodes = in[i].nodes,
                .watches = in[i].watches,
                .requests = in[i].requests,
                .faults = in[i].faults,
            };
        sim_end(d);
        for (i = 0; i < n && !err; i++)
            err = fn(arg, &some[i]);
        from = n ? some[n - 1].domain + 1 : 0;
    } while (n && !err);
    return err;
}

int leat_sim_each_grant(struct leat_sim_domain *d, uint32_t domain,
                        int (*fn)(void *arg, const struct leat_sim_grant *g),
                        void *arg)
{
    const struct sim_grant_info *in =
        (const void *)(d->in + sizeof(struct sim_head));
    struct leat_sim_grant some[MOST];
    uint32_t from = 0;
    size_t n, i;
    int err;

    if (!d || !fn)
        return LEAT_E_INVALID;
    do {
        err = ask(d, SIM_GRANTS, domain, from, true);
        n = err ? 0 : count(d, sizeof(*in));
        for (i = 0; i < n; i++)
            some[i] = (struct leat_sim_grant){
                .ref = in[i].ref,
                .domain = in[i].flags >> 16,
                .read_only = in[i].flags & SIM_GTF_RO,
                .granted = (in[i].flags & SIM_GTF_TYPE) == SIM_GTF_PERMIT,
                .readers = in[i].readers,
                .writers = in[i].writers,
                .frame = in[i].frame,
            };
        sim_end(d);
        for (i = 0; i < n && !err; i++)
            err = fn(arg, &some[i]);
        from = n ? some[n - 1].ref + 1 : 0;
    } while (n && !err);
    return err;
}

struct wanted {
    uint32_t domain;
    struct leat_sim_info *out;
};

static int take_info(void *arg, const struct leat_sim_info *info)
{
    const struct wanted *w = arg;

    if (info->domain != w->domain)
        return 0;
    *w->out = *info;
    return 1;
}

int leat_sim_info(struct leat_sim_domain *d, uint32_t domain,
                  struct leat_sim_info *out)
{
    struct wanted w = {domain, out};
    int err;

    if (!d || !out)
        return LEAT_E_INVALID;
    err = leat_sim_each(d, take_info, &w);
    return err < 0 ? err : err ? 0 : LEAT_E_DOMAIN;
}

static int resume(struct leat_sim_domain *d, uint32_t domain, bool cancel)
{
    int err = ask(d, SIM_RESUME, domain, cancel, true);

    sim_end(d);
    return err;
}

int leat_sim_suspend_domain(struct leat_sim_domain *d, uint32_t domain,
                            uint64_t timeout_ns)
{
    uint64_t from, pause = 5000000;
    struct leat_sim_info info;
    int err;

    if (!d)
        return LEAT_E_INVALID;
    err = ask(d, SIM_SUSPEND, domain, 0, false);
    sim_end(d);
    from = leat_sim_now_ns(d);
    while (!err) {
        err = leat_sim_info(d, domain, &info);
        if (err || info.life == LEAT_SIM_SUSPENDED)
            return err;
        if (info.life == LEAT_SIM_RUNNING)
            return LEAT_E_REFUSED;
        if (info.life == LEAT_SIM_DYING)
            return LEAT_E_DOMAIN;
        if (leat_sim_now_ns(d) - from >= timeout_ns) {
            err = resume(d, domain, true);
            return err ? err : LEAT_E_AGAIN;
        }
        d->link.wait(d->link.self, -1, pause);
    }
    return err;
}

int leat_sim_resume_domain(struct leat_sim_domain *d, uint32_t domain,
                           enum leat_resumed how)
{
    if (!d || (how != LEAT_RESUMED && how != LEAT_CANCELLED))
        return LEAT_E_INVALID;
    return resume(d, domain, how == LEAT_CANCELLED);
}
