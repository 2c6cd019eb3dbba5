/* SPDX-License-Identifier: ISC */

/*
 * The rounds: each has a sample of every case, in an order of its own.
 *
 * A case that is refused is refused every time, and asked once; so is one that
 * there is not here.
 */

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bench-align.h"

/* Xorshift, by George Marsaglia: any order will do that is not the same. */
static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void shuffle(int *order, int n, uint64_t *x)
{
    int i;

    for (i = n - 1; i > 0; i--) {
        int j = (int)(next(x) % (uint64_t)(i + 1)), swap = order[i];

        order[i] = order[j];
        order[j] = swap;
    }
}

/* The last that we may use: interrupts gather on the first. */
static int choose_cpu(void)
{
    cpu_set_t set;
    int cpu;

    if (sched_getaffinity(0, sizeof set, &set))
        return -1;
    for (cpu = CPU_SETSIZE - 1; cpu >= 0 && !CPU_ISSET(cpu, &set); cpu--)
        ;
    return cpu;
}

/* Ticks that a hypervisor kept from us, and all ticks; false: unknown. */
static bool ticks(double *stolen, double *all)
{
    double t[8];
    FILE *f = fopen("/proc/stat", "r");
    int i, n = 0;

    if (f) {
        n = fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", t, t + 1, t + 2,
                   t + 3, t + 4, t + 5, t + 6, t + 7);
        fclose(f);
    }
    if (n != 8)
        return false;
    *stolen = t[7];
    for (*all = 0, i = 0; i < 8; i++)
        *all += t[i];
    return true;
}

static bool sample(struct align *a, struct align_case *c, unsigned round)
{
    double ns = NAN;

    if (c->state == ALIGN_REFUSED || c->state == ALIGN_ABSENT)
        return true;
    c->state = align_sample(a, c, &ns, c->figure.error);
    if (c->state == ALIGN_GOOD) {
        c->value[round] = ns;
        c->order[round] = a->done;
    }
    a->done++;
    return c->state != ALIGN_FAULT;
}

static void sum_up(struct align *a, struct align_case *c)
{
    double samples[ALIGN_ROUNDS_MAX];
    unsigned n = 0, r;

    for (r = 0; r < a->rounds; r++) {
        if (!isnan(c->value[r]))
            samples[n++] = c->value[r];
    }
    if (c->state == ALIGN_GOOD)
        align_figure(samples, n, &c->figure);
}

bool align_measure(struct align *a)
{
    int *order = calloc((size_t)a->ncases + 1, sizeof *order), i;
    uint64_t x = a->seed * 2 + 1, at = 0;
    double from = tool_now(), stolen[2], all[2];
    struct progress progress;
    bool good = true, known;
    unsigned round;

    if (!order)
        return tool_fail("out of memory");
    for (i = 0; i < a->ncases; i++)
        order[i] = i;
    a->cpu = choose_cpu();
    if (getloadavg(&a->load, 1) != 1)
        a->load = -1;
    known = ticks(&stolen[0], &all[0]);
    progress_begin(&progress, "bench align", (uint64_t)a->ncases * a->rounds);
    for (round = 0; round < a->rounds && good; round++) {
        shuffle(order, a->ncases, &x);
        for (i = 0; i < a->ncases && good; i++) {
            progress_at(&progress, at++);
            good = sample(a, &a->cases[order[i]], round) && !tool_interrupted();
        }
    }
    progress_end(&progress);
    a->steal = -1;
    if (known && ticks(&stolen[1], &all[1]) && all[1] > all[0])
        a->steal = (stolen[1] - stolen[0]) / (all[1] - all[0]);
    a->seconds = tool_now() - from;
    for (i = 0; i < a->ncases; i++)
        sum_up(a, &a->cases[i]);
    free(order);
    return good || !tool_interrupted() ? good : tool_fail("interrupted");
}
