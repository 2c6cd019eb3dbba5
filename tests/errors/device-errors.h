/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_DEVICE_ERRORS_H
#define LEAT_TESTS_DEVICE_ERRORS_H

/* One end of a device, for its misuse; the test plays the other in the store. */

#include <leat/bus_device.h>

#include "grant-errors.h"
#include "pv/events.h"

static struct table table;
static struct leat_bus bus;

/* The toolstack makes (device), one end of which is to be on the bus of (domain). */
static inline void make_device(const struct leat_bus_device *device,
                               uint32_t domain)
{
    struct leat_bus_config config = {.fd = -1};
    struct leat_store toolstack;

    table_open(&table);
    toolstack = table_store(&table, 0);
    config.store = table_store(&table, domain);
    config.events = table_events(&table, domain);
    MUST(leat_bus_device_make(&toolstack, device) == 0);
    MUST(leat_bus_init(&bus, &config) == 0);
}

/* The same, for a front, whose pages are born shared with its back. */
static inline void make_front(const struct leat_bus_device *device)
{
    plain_world_open(&world);
    plain_open(a, (struct leat_grants_config){0},
               (struct leat_pool_config){.peer = device->back + 1});
    make_device(device, 1);
}

/* A back that does nothing but connect: it goes through its states (at). */
static inline void connect_front(const char *at)
{
    bool more;

    table_set(&table, at, "2");
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
    table_set(&table, at, "4");
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
}

#endif
