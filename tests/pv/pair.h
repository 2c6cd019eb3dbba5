/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_PAIR_H
#define LEAT_TESTS_PV_PAIR_H

/*
 * Two domains in one process, over plain arrays, for both ends of a device: the
 * front is in domain 1, and is told of a suspend; the back in domain 2. Each has a
 * table of grants, and a bus.
 */

#include <leat/bus_device.h>

#include "../unit/grant_fixture.h"
#include "events.h"

struct pair_worlds {
    struct grant_fixture g;
    struct table t;
    struct leat_lifecycle life;
    struct leat_bus front_bus, back_bus;
};

/* The toolstack has made (device): its directories are there. */
static inline void pair_worlds_open(struct pair_worlds *w,
                                    const struct leat_bus_device *device,
                                    uint32_t maps_max)
{
    struct leat_pool_config serves = {.peer = 3};
    struct leat_bus_config bus = {.fd = -1};
    struct leat_store toolstack;

    table_open(&w->t);
    toolstack = table_store(&w->t, 0);
    MUST(leat_bus_device_make(&toolstack, device));
    MUST(leat_lifecycle_init(&w->life));
    plain_world_open(&w->g.world);
    w->g.a = &w->g.world.domain[0];
    w->g.b = &w->g.world.domain[1];
    plain_open(w->g.a, (struct leat_grants_config){.lifecycle = &w->life},
               serves);
    plain_open(w->g.b, (struct leat_grants_config){.maps_max = maps_max},
               (struct leat_pool_config){0});
    bus.store = table_store(&w->t, 2);
    bus.events = table_events(&w->t, 2);
    MUST(leat_bus_init(&w->back_bus, &bus));
    bus.store = table_store(&w->t, 1);
    bus.events = table_events(&w->t, 1);
    bus.lifecycle = &w->life;
    MUST(leat_bus_init(&w->front_bus, &bus));
}

/* Both ends are gone, and left nothing. */
static inline void pair_worlds_idle(struct pair_worlds *w)
{
    MUST(leat_bus_fini(&w->front_bus));
    MUST(leat_bus_fini(&w->back_bus));
    assert_idle(w->g.a);
    assert_idle(w->g.b);
}

/* Whether the bus has given something, or may have more. */
static inline bool pair_bus(struct leat_bus *bus)
{
    uint64_t before = bus->watch_events + bus->port_events;
    bool more = false;

    MUST(leat_bus_poll(bus, 64, &more));
    return more || bus->watch_events + bus->port_events != before;
}

#endif
