/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_BLK_ERRORS_H
#define LEAT_TESTS_BLK_ERRORS_H

/* A blkfront that is connected to a back that does nothing. */

#include <leat/blkfront.h>

#include "grant-errors.h"
#include "pv/events.h"

#define FRONT "/local/domain/1/device/vbd/768"
#define BACK  "/local/domain/2/backend/vbd/1/768"

static struct table table;
static struct leat_bus bus;
static struct plain_domain *const front = &world.domain[0];
static struct leat_blkfront *blk;

static inline void open_blk(enum leat_receive_mode mode)
{
    static const struct leat_bus_device device = {
        .type = "vbd", .front = 1, .back = 2, .number = 768};
    struct leat_bus_config config = {.fd = -1};
    struct leat_blkfront_config c = {
        .path = FRONT, .mode = mode, .trusted = true};
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
    table_set(&table, BACK "/sectors", "100");
    c.bus = &bus;
    c.grants = front->table;
    c.pool = front->pool;
    MUST(leat_blkfront_meta_size(&c, &c.meta_bytes) == 0);
    c.meta = malloc(c.meta_bytes);
    MUST(leat_blkfront_create(&blk, &c) == 0);
    table_set(&table, BACK "/state", "2");
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
    table_set(&table, BACK "/state", "4");
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
    MUST(leat_blkfront_connected(blk));
}

/* Nothing was sent, and nothing is broken. */
static inline bool unsent(void)
{
    struct leat_blkfront_stats s;

    return !leat_blkfront_check(blk) && !leat_blkfront_stats(blk, &s) &&
           !s.sent && !s.under_way && leat_blkfront_connected(blk);
}

#endif
