/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_CPU_H
#define LEAT_BENCH_CPU_H

/*
 * The processors that a peer was given, before anybody changed that: counted from
 * 0, in their order.
 */

/* Called first: learns which they are, and gives how many. */
int cpu_given(void);
/* The (nth) of them; the last if there are fewer. */
int cpu_nth(unsigned nth);
/* Pins the calling thread. */
void cpu_pin(unsigned nth);

#endif
