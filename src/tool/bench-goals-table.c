/* SPDX-License-Identifier: ISC */

/*
 * What is to be reached. Ratios are of figures in one run; a peer of NOBODY: the
 * figure itself is held to the factor.
 *
 * What has a get is measured by the handle and by the plain calls. The handle
 * decides; what the plain calls
 * come to stands beside it, for information.
 */

#include "bench.h"

#define MOST  false
#define LEAST true

/* Of our row and peer, and theirs. */
#define GOAL(what, row, peer, row2, peer2, way, factor)  \
    {                                                    \
        what, row, peer, row2, peer2, way, factor, false \
    }
#define TOLD(what, row, peer, row2, peer2, way, factor) \
    {                                                   \
        what, row, peer, row2, peer2, way, factor, true \
    }
#define SAME(what, row, peer, peer2, way, factor) \
    GOAL(what, row, peer, row, peer2, way, factor)
#define ITSELF(what, row, peer, way, factor) \
    GOAL(what, row, peer, row, NOBODY, way, factor)
/* By the handle, and by the plain calls. */
#define PAIR(what, row, row2, peer2, way, factor)      \
    GOAL(what, row, HANDLE, row2, peer2, way, factor), \
        TOLD(what, row, PLAIN, row2, peer2, way, factor)
#define EACH(what, row, peer2, way, factor) \
    PAIR(what, row, row, peer2, way, factor)

const struct goal bench_goals[] = {
    EACH("LIFO pair", LIFO, DPDK, MOST, 0.65),
    EACH("LIFO pair", LIFO, JEMALLOC_TUNED, MOST, 0.25),
    SAME("LIFO pair", LIFO, SHARED_HANDLE, DPDK, MOST, 1.15),
    TOLD("LIFO pair", LIFO, SHARED_PLAIN, LIFO, DPDK, MOST, 1.15),
    EACH("batch of 256", BATCH, DPDK, MOST, 0.80),
    EACH("random life, 4096 live", RANDOM, DPDK, MOST, 0.72),
    EACH("32768 live, touched", RANDOM_TOUCHED, DPDK, MOST, 1.1),
    EACH("bulk of 32, checked", BULK, DPDK, MOST, 2),
    GOAL("whole magazine / bulk of 32", HANDOVER, HANDLE, BULK, DPDK, MOST,
         0.35),
    EACH("two threads, batch of 256", THREAD_TWO, DPDK, LEAST, 1.2),
    EACH("two threads / one", SCALING, NOBODY, LEAST, 1.9),
    EACH("one gets, the other puts", PASS, DPDK, LEAST, 0.8),
    EACH("the same in 32s, touched", PASS_BULK, DPDK, LEAST, 1.5),
    SAME("owned ref taken and dropped", REF, HANDLE, DPDK, MOST, 0.40),
    SAME("borrowed view sliced", SLICE, HANDLE, BOUND, MOST, 1.2),
    PAIR("fresh page, transparent huge", FRESH, FRESH_4K, JEMALLOC, MOST, 0.25),
    EACH("RSS / live pages", RSS, NOBODY, MOST, 1.01),
    /* Held to what is written down in bench/instructions.expect. */
    EACH("instructions of get + put", INSTRUCTIONS, WRITTEN, MOST, 1),
    GOAL("a million live / 4096", LIVE_MILLION, HANDLE, LIVE, HANDLE, MOST,
         1.3),
    TOLD("a million live / 4096", LIVE_MILLION, PLAIN, LIVE, PLAIN, MOST, 1.3),
    ITSELF("bounce, worst / best offset", BOUNCE, HANDLE, MOST, 1.2),
    GOAL("headers: plain / coloured", HEADERS, HANDLE, COLOURED, HANDLE, LEAST,
         1.4),
    EACH("16 threads / 2", CROWD_KEPT, NOBODY, LEAST, 0.9),
};

const int bench_ngoals = sizeof bench_goals / sizeof *bench_goals;
