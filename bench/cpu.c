/* SPDX-License-Identifier: ISC */

/* The processors of a peer; see cpu.h. */

#include <sched.h>

#include "cpu.h"

static cpu_set_t given;

int cpu_given(void)
{
    if (sched_getaffinity(0, sizeof given, &given))
        CPU_SET(0, &given);
    return CPU_COUNT(&given);
}

int cpu_nth(unsigned nth)
{
    int cpu, last = 0;

    for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &given))
            continue;
        last = cpu;
        if (!nth--)
            break;
    }
    return last;
}

void cpu_pin(unsigned nth)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu_nth(nth), &set);
    sched_setaffinity(0, sizeof set, &set);
}
