/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_BLK_ERRORS_H
#define LEAT_TESTS_BLK_ERRORS_H

/* A blkfront that is connected to a back that does nothing. */

#include <leat/blkfront.h>

#include "device-errors.h"

#define FRONT "/local/domain/1/device/vbd/768"
#define BACK  "/local/domain/2/backend/vbd/1/768"

static struct leat_blkfront *blk;

static inline void open_blk(enum leat_receive_mode mode)
{
    static const struct leat_bus_device device = {
        .type = "vbd", .front = 1, .back = 2, .number = 768};
    struct leat_blkfront_config c = {
        .path = FRONT, .mode = mode, .trusted = true};

    make_front(&device);
    table_set(&table, BACK "/sectors", "100");
    c.bus = &bus;
    c.grants = a->table;
    c.pool = a->pool;
    MUST(leat_blkfront_meta_size(&c, &c.meta_bytes) == 0);
    c.meta = malloc(c.meta_bytes);
    MUST(leat_blkfront_create(&blk, &c) == 0);
    connect_front(BACK "/state");
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
