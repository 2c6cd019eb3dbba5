/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_NET_ERRORS_H
#define LEAT_TESTS_NET_ERRORS_H

/* A netfront that is connected to a back that does nothing. */

#include <leat/netfront.h>

#include "grant-errors.h"
#include "pv/events.h"

#define FRONT "/local/domain/1/device/vif/0"
#define BACK  "/local/domain/2/backend/vif/1/0"

static struct table table;
static struct leat_bus bus;
static struct plain_domain *const front = &world.domain[0];
static struct leat_netfront *net;

static inline void open_net(void)
{
    static const struct leat_bus_device device = {
        .type = "vif", .front = 1, .back = 2};
    struct leat_bus_config config = {.fd = -1};
    struct leat_netfront_config c = {.path = FRONT,
                                     .mode = LEAT_RECEIVE_REVOKE};
    struct leat_store toolstack;
    bool more;

    plain_world_open(&world);
    plain_open(front, (struct leat_grants_config){0},
               (struct leat_pool_config){.peer = 2 + 1});
    table_open(&table);
    toolstack = table_store(&table, 0);
    config.store = table_store(&table, 1);
    config.events = table_events(&table, 1);
    MUST(leat_bus_device_make(&toolstack, &device) == 0);
    MUST(leat_bus_init(&bus, &config) == 0);
    table_set(&table, BACK "/feature-rx-copy", "1");
    c.bus = &bus;
    c.grants = front->table;
    c.pool = front->pool;
    MUST(leat_netfront_meta_size(&c, &c.meta_bytes) == 0);
    c.meta = malloc(c.meta_bytes);
    MUST(leat_netfront_create(&net, &c) == 0);
    table_set(&table, BACK "/state", "2");
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
    table_set(&table, BACK "/state", "4");
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
    MUST(leat_netfront_connected(net));
}

/* Nothing was sent, and nothing is broken. */
static inline bool unsent(void)
{
    struct leat_netfront_stats s;

    return !leat_netfront_check(net) && !leat_netfront_stats(net, &s) &&
           !s.tx_frames && !s.tx_under_way && !s.revokes;
}

#endif
