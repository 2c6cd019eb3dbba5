/* SPDX-License-Identifier: ISC */

/* Every sample, the rows and the goals, as JSON. */

#include <math.h>

#include "bench-device.h"

static void set_told(json_t *to, const char *key, double x)
{
    if (!isnan(x))
        json_object_set_new(to, key, json_real(x));
}

static json_t *samples(const struct device_bench *d)
{
    json_t *list = json_array();
    unsigned i;

    for (i = 0; i < d->nsamples; i++) {
        const struct device_sample *s = &d->samples[i];
        json_t *one = json_pack(
            "{s:s, s:s, s:i, s:i, s:f, s:f, s:f, s:s}", "case",
            d->kind->cases[s->of].name, "peer", d->kind->peers[s->peer].name,
            "round", (int)s->round, "order", (int)s->order, "per_second",
            s->ops, "distance_before_ns", s->before, "distance_after_ns",
            s->after, "state", device_state_names[s->state]);

        set_told(one, "copies", s->copies);
        set_told(one, "grant_operations", s->grants);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *row(const struct device_bench *d, int of, int peer, int state)
{
    const struct device_peer *p = &d->kind->peers[peer];
    int against = d->against;
    struct device_ratio r = {.n = 0};
    struct figure f;
    json_t *one;

    if (!device_figure(d, of, peer, state, &f))
        return NULL;
    if (against < 0 && p->against)
        against = device_find_peer(d->kind, p->against);
    if (against >= 0)
        device_ratio(d, of, peer, against, state, &r);
    one = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:f, s:f, s:f, s:f}",
                    "measured", "measured", "case", d->kind->cases[of].name,
                    "title", d->kind->cases[of].title, "peer", p->name, "state",
                    device_state_names[state], "simulated", p->ours, "samples",
                    (int)f.n, "median", f.median, "min", f.min, "max", f.max,
                    "noise", f.noise);
    set_told(one, "copies", device_copies(d, of, peer));
    set_told(one, "grant_operations", device_grants(d, of, peer));
    if (r.n) {
        json_object_set_new(one, "against",
                            json_string(d->kind->peers[against].name));
        json_object_set_new(one, "ratio", json_real(r.median));
    }
    return one;
}

/* Why there is no figure. */
static json_t *empty(const struct device_bench *d, int of, int peer)
{
    static const char *const names[] = {
        [STATE_GOOD] = "not reached", [STATE_OUT] = "left out",
        [STATE_MISSING] = "missing",  [STATE_NONE] = "not here",
        [STATE_BAD] = "failed",
    };

    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "case",
                     d->kind->cases[of].name, "title", d->kind->cases[of].title,
                     "peer", d->kind->peers[peer].name, "measured",
                     names[d->state[of][peer]], "why", d->why[peer]);
}

static json_t *rows(const struct device_bench *d)
{
    json_t *list = json_array(), *one;
    int of, peer, state;

    for (of = 0; of < d->kind->ncases; of++) {
        for (peer = 0; peer < d->kind->npeers; peer++) {
            bool any = d->state[of][peer] == STATE_OUT;

            for (state = 0; state < DEVICE_STATES; state++) {
                one = row(d, of, peer, state);
                any |= !!one;
                if (one)
                    json_array_append_new(list, one);
            }
            if (!any)
                json_array_append_new(list, empty(d, of, peer));
        }
    }
    return list;
}

static json_t *goals(const struct device_bench *d)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < d->kind->ngoals; i++) {
        const struct device_goal *g = &d->kind->goals[i];
        struct device_ratio is;
        enum device_verdict v = device_goal(d, g, &is);
        json_t *one = json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:f, s:s, s:b, s:i}", "goal", g->what,
            "case", g->of, "peer", g->ours, "against", g->theirs, "state",
            g->state == DEVICE_ANY ? "any" : device_state_names[g->state],
            "factor", g->factor, "verdict", device_verdicts[v], "decides",
            !g->told, "pairs", (int)is.n);

        if (is.n) {
            json_object_set_new(one, "ratio", json_real(is.median));
            json_object_set_new(one, "min", json_real(is.min));
            json_object_set_new(one, "max", json_real(is.max));
        }
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *missing(const struct device_bench *d)
{
    json_t *list = json_array();
    int peer;

    for (peer = 0; peer < d->kind->npeers; peer++) {
        if (d->peer_state[peer] == STATE_MISSING ||
            (d->peer_state[peer] == STATE_GOOD && *d->why[peer]))
            json_array_append_new(list, json_string(d->kind->peers[peer].name));
    }
    return list;
}

json_t *device_json(const struct device_bench *d)
{
    json_t *states = json_object();
    int s;

    for (s = 0; s < DEVICE_STATES; s++)
        json_object_set_new(states, device_state_names[s],
                            json_pack("{s:i, s:f}", "samples", (int)d->seen[s],
                                      "distance_ns", d->distance[s]));
    return json_pack(
        "{s:f, s:f, s:f, s:i, s:I, s:i, s:i, s:f, s:i, s:o, s:o, s:o, s:o, "
        "s:o}",
        "load_before", d->noise.load_before, "load_after", d->noise.load_after,
        "steal", d->noise.steal, "rounds", (int)d->rounds, "seed",
        (json_int_t)d->seed, "milliseconds", (int)d->milliseconds, "spin_us",
        (int)d->spin_us, "seconds", d->seconds, "moved", (int)d->moved,
        "states", states, "missing", missing(d), "rows", rows(d), "goals",
        goals(d), "samples", samples(d));
}
