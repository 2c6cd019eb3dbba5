/* SPDX-License-Identifier: ISC */

/*
 * The loop of the peers of "leat bench net"; see net.h.
 */

#include "net.h"

static const struct net_case cases[] = {
    {"64-one", 64, false},       {"64-two", 64, true},
    {"1500-one", 1500, false},   {"1500-two", 1500, true},
    {"65000-one", 65000, false}, {"65000-two", 65000, true},
};

const struct net_case *net_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!strcmp(cases[i].name, name))
            return &cases[i];
    }
    return NULL;
}

_Noreturn void net_torn(void)
{
    device_die("a frame arrived that is not what was sent");
}

struct run {
    struct device *d;
    const struct net_peer *p;
    bool sends, receives;
    uint64_t frames; /* received while they were counted */
    uint64_t from, to;
};

/* The first has the clock, and says where they are. */
static enum pair_phase phase_of(struct run *r, enum pair_phase now)
{
    uint64_t at;

    if (r->d->pair.second)
        return pair_at(&r->d->pair);
    at = device_now();
    if (now == PAIR_WARM && (r->d->n || at - r->from > r->d->ns / 4)) {
        r->from = at;
        pair_go(&r->d->pair, now = PAIR_COUNT);
    } else if (now == PAIR_COUNT &&
               (r->d->n ? r->frames >= r->d->n : at - r->from > r->d->ns)) {
        r->to = at;
        pair_go(&r->d->pair, now = PAIR_STOP);
    }
    return now;
}

static void loop(struct run *r)
{
    enum pair_phase phase = PAIR_WARM, was;

    r->from = device_now();
    while (phase != PAIR_STOP) {
        unsigned got = 0, sent = 0;

        if (r->receives)
            got = r->p->receive(r->p->arg);
        if (r->sends)
            sent = r->p->send(r->p->arg, NET_BURST);
        if (phase == PAIR_COUNT)
            r->frames += got;
        was = phase;
        phase = phase_of(r, phase);
        if (phase != was && r->p->count)
            r->p->count(r->p->arg, phase == PAIR_COUNT);
        if (!got && !sent && r->p->wait && phase != PAIR_STOP)
            r->p->wait(r->p->arg, r->sends);
    }
}

void net_measure(struct device *d, const struct net_case *c,
                 const struct net_peer *p)
{
    struct run r = {
        .d = d,
        .p = p,
        .sends = c->two || d->pair.second,
        .receives = c->two || !d->pair.second,
    };
    uint64_t theirs;

    /* Who wants so many exactly does so to count them, and no spin. */
    if (!d->n)
        d->pair.before = pair_distance(&d->pair);
    loop(&r);
    theirs = pair_tell(&d->pair, r.frames);
    if (!d->n)
        d->pair.after = pair_distance(&d->pair);
    if (d->pair.second)
        return;
    d->ops = (double)(r.frames + theirs) * 1e9 / (double)(r.to - r.from);
    if (!r.frames || (c->two && !theirs))
        device_die("no frame arrived");
    device_report_all(d);
}
