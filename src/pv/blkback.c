/* SPDX-License-Identifier: ISC */

/*
 * The back end of a block device.
 *
 *     taken --judged--> mapped --> at the disk --told--> unmapped --> answered
 *       |                 |                                             |
 *       +--- refused -----+---------------------------------------------+--> shown
 *
 * A device has queues, each a ring with a number of requests under way. A request
 * is copied out of the ring once and judged as a whole before any of it is used;
 * so are the segments of an indirect one. What stays shared is the payload alone,
 * by which nothing is decided: the disk moves it where it is.
 *
 *   B1  a request is free, waits for the disk, or is at it; those that are not
 *       free are under way: each is answered once
 *   B2  while a barrier is under way nothing is taken, and it waits until it is
 *       alone
 *   B3  before the response to a request is put, none of its pages is mapped for
 *       it: unmapped, or given back to those that are kept
 *   B4  what a peer can make this do by one poll is bounded by the budget, the
 *       requests of a queue, and the pages that are kept
 *   B5  of a queue that is not open nothing is mapped and no port is bound
 *   B6  a fault of a request is its own: others go on. A fault of a ring's
 *       indexes, or of a key, ends the connection
 *
 * A front that does not take its responses has no slots left to ask for more: it
 * stalls itself.
 *
 * Files: blkback_judge (what is wrong with a request), _map and _keep (pages),
 * _queue (the ring), _disk (steps), _serve (a round), _connect and _keys (the
 * store), _bus (the order), _lay (memory).
 */

#include <string.h>

#include "blkback.h"

static bool disk_ok(const struct leat_disk *d)
{
    return d->ops && d->ops->info && d->ops->submit && d->ops->poll &&
           d->ops->fd;
}

int leat_blkback_create(struct leat_blkback **out,
                        const struct leat_blkback_config *config)
{
    struct leat_blkback_config c;
    struct leat_blkback *b;
    size_t need = 0;
    int err = leat_blkback_meta_size(config, &need);

    if (err || !out || !config->bus || !config->path || !config->grants ||
        !config->meta || !disk_ok(&config->disk))
        return LEAT_E_INVALID;
    if (config->meta_bytes < need)
        return LEAT_E_NOMEM;
    (void)leat_back_defaults(config, &c);
    b = leat_back_lay(&c);
    err = c.disk.ops->info(c.disk.self, &b->disk);
    if (!err)
        err = leat_bus_attach(&b->end, &(struct leat_bus_end_config){
                                           .bus = c.bus,
                                           .side = LEAT_BUS_BACK,
                                           .path = c.path,
                                           .ops = &leat_back_ops,
                                           .arg = b,
                                       });
    if (err)
        return err;
    leat_back_advance(b);
    *out = b;
    return 0;
}

int leat_blkback_destroy(struct leat_blkback *b)
{
    if (!b)
        return LEAT_E_INVALID;
    return b->nqueues ? LEAT_E_BUSY : leat_bus_detach(&b->end);
}

/* ----------------------------------------------------------------- serving */

static int poll(struct leat_blkback *b, uint32_t budget, bool awake, bool *more)
{
    struct back_queue *lied = NULL;
    const char *text = "";
    int err;

    if (!b || !more || !budget)
        return LEAT_E_INVALID;
    err = leat_back_serve(b, budget, awake, more, &lied);
    if (lied && !b->stopping) {
        (void)leat_ring_state(&lied->ring, &text);
        leat_back_break(b, text);
    }
    /* An unwinding that waited for the disk; what the store did not do. */
    if (b->stopping || b->error) {
        b->error = 0;
        leat_back_advance(b);
    }
    return err ? err : b->error;
}

int leat_blkback_poll(struct leat_blkback *b, uint32_t budget, bool *more)
{
    return poll(b, budget, false, more);
}

int leat_blkback_spin(struct leat_blkback *b, uint32_t budget, bool *more)
{
    return poll(b, budget, true, more);
}

int leat_blkback_close(struct leat_blkback *b, bool now)
{
    int err = 0;

    if (!b)
        return LEAT_E_INVALID;
    b->now |= now;
    if (!now)
        err = leat_bus_close(&b->end);
    leat_back_advance(b);
    return err;
}

int leat_blkback_look(struct leat_blkback *b, bool *changed)
{
    struct leat_disk_info now;
    bool differs;
    int err;

    if (!b)
        return LEAT_E_INVALID;
    err = b->config.disk.ops->info(b->config.disk.self, &now);
    if (err)
        return err;
    differs = now.sectors != b->disk.sectors;
    if (differs) {
        b->disk.sectors = now.sectors;
        if (leat_blkback_connected(b)) {
            err = leat_back_write_size(b);
            if (!err) /* again: that is what the front sees */
                err = leat_bus_switch(&b->end, LEAT_BUS_CONNECTED);
        }
    }
    if (!err && changed)
        *changed = differs;
    return err;
}

/* ------------------------------------------------------------------- looks */

bool leat_blkback_connected(const struct leat_blkback *b)
{
    return b && b->nqueues && !b->stopping &&
           leat_bus_mine(&b->end) == LEAT_BUS_CONNECTED;
}

const char *leat_blkback_text(const struct leat_blkback *b)
{
    return b ? b->text : "";
}

int leat_blkback_stats(const struct leat_blkback *b,
                       struct leat_blkback_stats *out)
{
    uint32_t i;

    if (!b || !out)
        return LEAT_E_INVALID;
    *out = b->stats;
    out->queues = b->nqueues;
    out->persistent = out->under_way = 0;
    for (i = 0; i < b->nqueues; i++) {
        out->persistent += b->queues[i].keep.used;
        out->under_way += b->queues[i].under_way;
    }
    return 0;
}

const struct leat_copies *leat_blkback_copies(const struct leat_blkback *b)
{
    return b ? &b->copies : NULL;
}

const char *leat_blkback_check(const struct leat_blkback *b)
{
    const char *broken = NULL;
    uint32_t i;

    if (!b)
        return "no device";
    for (i = 0; i < b->config.queues && !broken; i++) {
        if (b->queues[i].open && i >= b->nqueues)
            return "B5";
        broken = leat_back_queue_check(&b->queues[i]);
    }
    return broken;
}
