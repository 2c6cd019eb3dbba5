/* SPDX-License-Identifier: ISC */
#ifndef LEAT_STATS_H
#define LEAT_STATS_H

/*
 * Statistics of a pool, readable while others work on it.
 *
 * Counters only grow. Gauges say how things stand. While other threads work,
 * each number is true of some moment during the call; when nobody does, all of
 * them are exact together:
 *
 *     pages_slabs == pages_free + pages_depot + pages_magazines + pages_out
 *     gets - puts == chunks of one page or more that are out
 */

#include <leat/pool.h>

LEAT_BEGIN_DECLS

struct leat_stats {
    /* Counters. */
    uint64_t gets;      /* chunks handed out (adopted ones too)           */
    uint64_t puts;      /* chunks that came back                          */
    uint64_t slabs_got; /* slabs that the backend gave                    */
    uint64_t slabs_put; /* slabs given back                               */
    uint64_t exchanges; /* times a magazine went to the depot or slabs    */
    uint64_t refused;   /* gets that failed                               */
    uint64_t reclaims;  /* calls of the reclaim hook                      */
    uint64_t waits;     /* waiters that stood in line                     */
    uint64_t served;    /* waiters that were served                       */
    uint64_t water_low; /* calls of on_water, each way                    */
    uint64_t water_high;
    uint64_t stale; /* handles refused: stale, foreign or interior    */
    struct leat_copies copies;

    /* Gauges, in pages where not said otherwise. */
    uint64_t pages_limit;
    uint64_t pages_slabs;     /* in slabs                                    */
    uint64_t pages_free;      /* in slabs, free                              */
    uint64_t pages_depot;     /* in full magazines of the depot              */
    uint64_t pages_magazines; /* in threads' magazines                       */
    uint64_t pages_out;       /* handed out (adopted ones not)               */
    uint64_t pages_adopted;   /* the caller's memory                         */
    uint64_t magazines;       /* how many exist                              */
    uint64_t waiting;         /* waiters in line                             */
    uint64_t meta_bytes;      /* metadata, in bytes                          */
};

/*
 * Reads the statistics of (pool). Takes the lock, briefly.
 * Errors:  LEAT_E_INVALID, LEAT_E_FORKED
 */
LEAT_API int leat_pool_stats(struct leat_pool *pool, struct leat_stats *out);

LEAT_END_DECLS

#endif
