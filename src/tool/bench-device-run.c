/* SPDX-License-Identifier: ISC */

/*
 * The rounds. Each has every case once, in an order of its own, and within a case
 * every peer, in another: so those that are compared are neighbours in time.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench-device.h"

/* A sample in which the processors moved is made so often again. */
#define AGAIN 2

int device_find_peer(const struct device_kind *k, const char *name)
{
    int i;

    for (i = 0; i < k->npeers; i++) {
        if (!strcmp(k->peers[i].name, name))
            return i;
    }
    return -1;
}

int device_find_case(const struct device_kind *k, const char *name)
{
    int i;

    for (i = 0; i < k->ncases; i++) {
        if (!strcmp(k->cases[i].name, name))
            return i;
    }
    return -1;
}

bool device_goal_needs(const struct device_kind *k, int of, int peer)
{
    const char *name = k->peers[peer].name;
    int i;

    for (i = 0; i < k->ngoals; i++) {
        const struct device_goal *g = &k->goals[i];

        if (!strcmp(g->of, k->cases[of].name) &&
            (!strcmp(g->ours, name) || !strcmp(g->theirs, name)))
            return true;
    }
    return false;
}

/* Xorshift, by George Marsaglia. */
static void shuffle(int *order, int n, uint64_t *x)
{
    int i;

    for (i = n - 1; i > 0; i--) {
        int j, swap = order[i];

        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        j = (int)(*x % (uint64_t)(i + 1));
        order[i] = order[j];
        order[j] = swap;
    }
}

static enum device_state state_of(double before, double after)
{
    bool far = before >= DEVICE_NEAR_NS;

    if (far != (after >= DEVICE_NEAR_NS))
        return DEVICE_MOVED;
    return far ? DEVICE_FAR : DEVICE_NEAR;
}

bool device_keep(struct device_bench *d, const struct device_sample *s)
{
    struct device_sample *more;

    if (d->nsamples == d->room) {
        d->room = d->room ? 2 * d->room : 256;
        more = realloc(d->samples, d->room * sizeof *more);
        if (!more)
            return tool_fail("out of memory");
        d->samples = more;
    }
    d->samples[d->nsamples++] = *s;
    return true;
}

static void read_metrics(struct device_sample *s, const struct metric *m, int n)
{
    int i;

    s->ops = s->before = s->after = 0;
    s->copies = s->grants = NAN;
    for (i = 0; i < n; i++) {
        const struct {
            const char *name;
            double *to;
        } known[] = {{"ops", &s->ops},
                     {"before", &s->before},
                     {"after", &s->after},
                     {"copies", &s->copies},
                     {"grants", &s->grants}};
        size_t k;

        for (k = 0; k < sizeof known / sizeof *known; k++) {
            if (!strcmp(m[i].name, known[k].name))
                *known[k].to = m[i].value;
        }
    }
}

/* One process, and it is kept, unless the processors moved meanwhile. */
static enum state once(struct device_bench *d, struct device_sample *s)
{
    const struct device_peer *p = &d->kind->peers[s->peer];
    struct metric metrics[METRICS_MAX];
    char variant[64], why[BENCH_WHY] = "";
    struct peer peer = {.program = p->program, .variant = variant};
    struct row row = {.cpus = 2};
    enum state state;
    int n;

    /* The spin is the last word of a variant that has one. */
    if (p->variant[strlen(p->variant) - 1] == ',')
        snprintf(variant, sizeof variant, "%s%u", p->variant, d->spin_us);
    else
        snprintf(variant, sizeof variant, "%s", p->variant);
    snprintf(row.of, sizeof row.of, "%s", d->kind->cases[s->of].name);
    state = bench_sample(d->base, &peer, &row, metrics, &n, why);
    d->done++;
    if (state == STATE_NONE)
        snprintf(d->why[s->peer], BENCH_WHY, "%s",
                 strncmp(why, "none: ", 6) ? why : why + 6);
    if (state != STATE_GOOD)
        return state;
    read_metrics(s, metrics, n);
    s->state = state_of(s->before, s->after);
    s->order = d->done;
    if (!(s->ops > 0)) {
        tool_fail("bench: %s: it counted nothing", p->name);
        return STATE_BAD;
    }
    return STATE_GOOD;
}

static bool sample(struct device_bench *d, int of, int peer, unsigned round)
{
    struct device_sample s = {.peer = peer, .of = of, .round = round};
    enum state *state = &d->state[of][peer];
    int again;

    for (again = 0; again <= AGAIN && !tool_interrupted(); again++) {
        *state = once(d, &s);
        if (*state != STATE_GOOD)
            return *state == STATE_NONE || tool_interrupted();
        if (s.state != DEVICE_MOVED)
            return device_keep(d, &s);
        d->moved++;
    }
    return true;
}

/* Which samples there are to make; gives how many a round. */
static int plan(struct device_bench *d)
{
    const struct device_kind *k = d->kind;
    char path[4096 + 64];
    int of, peer, n = 0;

    for (peer = 0; peer < k->npeers; peer++) {
        d->peer_state[peer] = d->peer_in[peer] ? STATE_GOOD : STATE_OUT;
        if (d->peer_in[peer] &&
            !bench_find(k->peers[peer].program, path, sizeof path))
            d->peer_state[peer] = STATE_MISSING;
        for (of = 0; of < k->ncases; of++) {
            d->state[of][peer] = STATE_OUT;
            if (!d->case_in[of] || !d->peer_in[peer] ||
                (k->has && !k->has(&k->cases[of], &k->peers[peer])) ||
                (d->goals && !device_goal_needs(k, of, peer)))
                continue;
            d->state[of][peer] = d->peer_state[peer];
            n += d->state[of][peer] == STATE_GOOD;
        }
    }
    return n;
}

static bool enough(const struct device_bench *d, unsigned round, double began)
{
    return tool_interrupted() || round >= d->rounds ||
           (d->budget > 0 && round && tool_now() - began > d->budget);
}

bool device_measure(struct device_bench *d)
{
    const struct device_kind *k = d->kind;
    int cases[DEVICE_CASES], peers[DEVICE_PEERS], a, b;
    uint64_t x = d->seed * 2 + 1, at = 0;
    const int n = plan(d);
    double began = tool_now();
    struct progress progress;
    bool good = true;
    unsigned round;

    for (a = 0; a < k->ncases; a++)
        cases[a] = a;
    for (b = 0; b < k->npeers; b++)
        peers[b] = b;
    noise_begin(&d->noise);
    progress_begin(&progress, k->name, (uint64_t)n * d->rounds);
    for (round = 0; !enough(d, round, began); round++) {
        shuffle(cases, k->ncases, &x);
        for (a = 0; a < k->ncases; a++) {
            shuffle(peers, k->npeers, &x);
            for (b = 0; b < k->npeers && !tool_interrupted(); b++) {
                if (d->state[cases[a]][peers[b]] != STATE_GOOD)
                    continue;
                good = sample(d, cases[a], peers[b], round) && good;
                progress_at(&progress, ++at);
            }
        }
    }
    progress_end(&progress);
    noise_end(&d->noise);
    d->rounds = round;
    d->seconds = tool_now() - began;
    device_distances(d);
    if (tool_interrupted())
        return tool_fail("interrupted");
    return good;
}
