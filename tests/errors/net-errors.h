/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_NET_ERRORS_H
#define LEAT_TESTS_NET_ERRORS_H

/* A netfront that is connected to a back that does nothing. */

#include <leat/netfront.h>

#include "device-errors.h"

#define FRONT "/local/domain/1/device/vif/0"
#define BACK  "/local/domain/2/backend/vif/1/0"

static struct leat_netfront *net;

static inline void open_net(void)
{
    static const struct leat_bus_device device = {
        .type = "vif", .front = 1, .back = 2};
    struct leat_netfront_config c = {.path = FRONT,
                                     .mode = LEAT_RECEIVE_REVOKE};

    make_front(&device);
    table_set(&table, BACK "/feature-rx-copy", "1");
    c.bus = &bus;
    c.grants = a->table;
    c.pool = a->pool;
    MUST(leat_netfront_meta_size(&c, &c.meta_bytes) == 0);
    c.meta = malloc(c.meta_bytes);
    MUST(leat_netfront_create(&net, &c) == 0);
    connect_front(BACK "/state");
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
