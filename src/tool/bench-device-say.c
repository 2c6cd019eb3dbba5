/* SPDX-License-Identifier: ISC */

/*
 * What was measured, as text. Figures of leat's own are over the simulation, and
 * say so.
 */

#include <math.h>

#include "bench-device.h"

static void say_machine(const struct device_bench *d)
{
    struct machine m;
    int s;

    machine_look(&m);
    printf("%s, %d CPUs; %s; governor %s; huge pages %s\n", m.cpu, m.cpus,
           m.kernel, m.governor, m.thp);
    printf("%u rounds, shuffled (seed %llu); %u samples in %.0f s, each two "
           "processes of its\nown, pinned; leat's over the simulation, its "
           "spin %u us. Only ratios within one run\ncarry over.\n",
           d->rounds, (unsigned long long)d->seed, d->done, d->seconds,
           d->spin_us);
    noise_report(&d->noise);
    printf("The two processors (a cache line there and back):");
    for (s = 0; s < DEVICE_STATES; s++) {
        if (d->seen[s])
            printf(" %s in %u samples (%.0f ns);", device_state_names[s],
                   d->seen[s], d->distance[s]);
        else
            printf(" never %s;", device_state_names[s]);
    }
    printf("\nthey moved in %u, which were made again, at most twice.\n",
           d->moved);
}

static void say_number(double x)
{
    if (isnan(x))
        printf(" %7s", "-");
    else
        printf(" %7.2f", x);
}

static void say_row(const struct device_bench *d, int of, int peer, int state,
                    const char *title)
{
    const struct device_peer *p = &d->kind->peers[peer];
    const struct device_case *c = &d->kind->cases[of];
    int against = d->against;
    struct device_ratio r = {.n = 0};
    struct figure f;

    if (!device_figure(d, of, peer, state, &f))
        return;
    if (against < 0 && p->against)
        against = device_find_peer(d->kind, p->against);
    if (against >= 0)
        device_ratio(d, of, peer, against, state, &r);
    printf("%-22s %-27s %-4s %8.2f %8.2f %8.2f %-4s", title, p->name,
           device_state_names[state], f.median / c->scale, f.min / c->scale,
           f.max / c->scale, c->unit);
    say_number(device_copies(d, of, peer));
    say_number(device_grants(d, of, peer));
    if (r.n)
        printf("  %6.2f %s", r.median, d->kind->peers[against].name);
    printf("\n");
}

static void say_case(const struct device_bench *d, int of)
{
    const char *title = d->kind->cases[of].title;
    struct figure f;
    int peer, state;

    for (peer = 0; peer < d->kind->npeers; peer++) {
        if (d->state[of][peer] == STATE_BAD) {
            printf("%-22s %-27s failed\n", title, d->kind->peers[peer].name);
            title = "";
        }
        for (state = 0; state < DEVICE_STATES; state++) {
            if (!device_figure(d, of, peer, state, &f))
                continue;
            say_row(d, of, peer, state, title);
            title = "";
        }
    }
}

void device_say_missing(const struct device_bench *d)
{
    int peer;

    for (peer = 0; peer < d->kind->npeers; peer++) {
        const struct device_peer *p = &d->kind->peers[peer];

        if (d->peer_state[peer] == STATE_MISSING)
            printf("missing: %s: there is no %s (was its library there when "
                   "leat was configured?)\n",
                   p->name, p->program);
        else if (d->peer_state[peer] == STATE_GOOD && *d->why[peer])
            printf("missing: %s: %s\n", p->name, d->why[peer]);
    }
}

void device_say(const struct device_bench *d)
{
    int of, peer;

    say_machine(d);
    if (d->goals)
        return;
    printf("\n%-22s %-27s %-4s %8s %8s %8s %-4s %7s %7s  %s\n", "what", "peer",
           "cpus", "median", "least", "most", "unit", "copies", "grants",
           "ratio to");
    for (of = 0; of < d->kind->ncases; of++)
        say_case(d, of);
    printf("\ncopies: of payload, per %s; grants: operations of grants at both "
           "ends, per %s.\n\n",
           d->kind->op, d->kind->op);
    for (peer = 0; peer < d->kind->npeers; peer++) {
        if (d->peer_state[peer] == STATE_GOOD)
            printf("%-27s %s\n", d->kind->peers[peer].name,
                   d->kind->peers[peer].tells);
    }
    device_say_missing(d);
}
