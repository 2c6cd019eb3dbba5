/* SPDX-License-Identifier: ISC */

/*
 * What else the machine did meanwhile: a virtual one may be without its
 * processors for a part of the time (steal), and others may want them (load).
 */

#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* More than that, and somebody else has a processor for a part of the time. */
#define LOAD_MOST  0.5
#define STEAL_MOST 0.01

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal. */
static void look(uint64_t *steal, uint64_t *all)
{
    unsigned long long t[8] = {0};
    FILE *f = fopen("/proc/stat", "r");
    int n = 0, i;

    *steal = *all = 0;
    if (f)
        n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0],
                   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
    if (f)
        fclose(f);
    for (i = 0; n == 8 && i < 8; i++)
        *all += t[i];
    *steal = t[7];
}

void noise_begin(struct noise *n)
{
    if (getloadavg(&n->load_before, 1) != 1)
        n->load_before = -1;
    look(&n->at_steal, &n->at_all);
    n->steal = -1;
    n->load_after = -1;
}

void noise_end(struct noise *n)
{
    uint64_t steal, all;

    if (getloadavg(&n->load_after, 1) != 1)
        n->load_after = -1;
    look(&steal, &all);
    if (all > n->at_all)
        n->steal = (double)(steal - n->at_steal) / (double)(all - n->at_all);
}

void noise_report(const struct noise *n)
{
    printf("Noise: load %.2f before and %.2f after; ", n->load_before,
           n->load_after);
    if (n->steal < 0)
        printf("stolen time unknown.\n");
    else
        printf("%.1f %% of the time stolen.\n", n->steal * 100);
    if (n->load_before > LOAD_MOST)
        printf("Others work on this machine: figures of two threads tell "
               "little.\n");
    if (n->steal > STEAL_MOST)
        printf("Other machines had the processors for a part of the time.\n");
}
