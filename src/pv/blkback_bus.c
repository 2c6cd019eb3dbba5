/* SPDX-License-Identifier: ISC */

/*
 * What the bus says is to be done, one step after the other, until it says wait.
 *
 *   announce   write what is offered, and what the disk is
 *   connect    read what the front wrote, map its rings, bind its channels
 *   unwind     take nothing more; when the disk has told all that it has, let go
 *              of all that is mapped
 *   done       tell the owner
 *
 * An error of the store's is kept, and given by the next poll: the step is tried
 * again then.
 */

#include <string.h>

#include "blkback.h"

void leat_back_tell(struct leat_blkback *b, enum leat_blkback_event what)
{
    if (b->config.event)
        b->config.event(b->config.arg, b, what);
}

/* The end is broken: what is under way comes to its end, and no more. */
static void broke(struct leat_blkback *b)
{
    leat_device_broke(&b->end, b->text);
    b->stopping = true;
    leat_back_tell(b, LEAT_BLKBACK_BROKEN);
}

void leat_back_break(struct leat_blkback *b, const char *text)
{
    (void)leat_bus_break(&b->end, text);
    broke(b);
    leat_back_advance(b);
}

static int announce(struct leat_blkback *b)
{
    int err = leat_back_announce(b);

    return err ? err : leat_bus_switch(&b->end, LEAT_BUS_INIT_WAIT);
}

static int connect(struct leat_blkback *b)
{
    int err = leat_back_geometry(b);

    if (!err)
        err = leat_back_connect(b);
    if (err == LEAT_E_PROTO) {
        broke(b);
        return 0; /* it is unwound next */
    }
    if (!err)
        err = leat_back_write_size(b);
    if (!err)
        err = leat_bus_switch(&b->end, LEAT_BUS_CONNECTED);
    if (err) {
        leat_back_disconnect(b);
        return err;
    }
    b->text[0] = '\0';
    b->stopping = false;
    b->stats.connects++;
    leat_back_tell(b, LEAT_BLKBACK_CONNECTED);
    return 0;
}

/* LEAT_E_AGAIN: not yet. */
static int unwind(struct leat_blkback *b)
{
    bool was = b->nqueues != 0;
    int err;

    b->stopping = true;
    if (!leat_back_idle(b))
        return LEAT_E_AGAIN;
    leat_back_disconnect(b);
    err = leat_bus_unwound(&b->end);
    if (!err && was)
        leat_back_tell(b, LEAT_BLKBACK_DISCONNECTED);
    return err;
}

static void done(struct leat_blkback *b)
{
    if (b->closed)
        return;
    b->closed = true;
    leat_back_tell(b, LEAT_BLKBACK_CLOSED);
}

/* Closes without the front: what is at the disk is waited for all the same. */
static int leave(struct leat_blkback *b)
{
    bool was = b->nqueues != 0;
    int err = 0;

    b->stopping = true;
    if (!leat_back_idle(b))
        return LEAT_E_AGAIN;
    leat_back_disconnect(b);
    if (leat_bus_mine(&b->end) != LEAT_BUS_CLOSED)
        err = leat_bus_switch(&b->end, LEAT_BUS_CLOSED);
    if (!err && was)
        leat_back_tell(b, LEAT_BLKBACK_DISCONNECTED);
    if (!err)
        done(b);
    return err ? err : LEAT_E_AGAIN;
}

/* One step: LEAT_E_AGAIN where there is nothing to do now. */
static int step(void *arg)
{
    struct leat_blkback *b = arg;

    if (b->now)
        return b->closed ? LEAT_E_AGAIN : leave(b);
    switch (leat_bus_step(&b->end)) {
    case LEAT_BUS_ANNOUNCE:
        return announce(b);
    case LEAT_BUS_CONNECT:
        return connect(b);
    case LEAT_BUS_UNWIND:
        return unwind(b);
    case LEAT_BUS_DONE:
        done(b);
        return LEAT_E_AGAIN;
    default:
        return LEAT_E_AGAIN;
    }
}

void leat_back_advance(struct leat_blkback *b)
{
    int err = leat_device_advance(&b->steps, step, b);

    if (err)
        b->error = err;
}

static void state(void *arg, enum leat_bus_state other)
{
    (void)other;
    leat_back_advance(arg);
}

static void broken(void *arg, const char *text)
{
    (void)text;
    broke(arg);
    leat_back_advance(arg);
}

static void resumed(void *arg)
{
    struct leat_blkback *b = arg;
    uint32_t i;

    for (i = 0; i < b->nqueues; i++) {
        /* Nothing is behind its pages any more: it is not to be touched. */
        (void)leat_ring_break(&b->queues[i].ring, "resumed at", 0, 0);
        leat_back_drop(&b->queues[i]);
    }
    b->stopping = true;
    leat_back_advance(b);
}

const struct leat_bus_end_ops leat_back_ops = {
    .state = state,
    .broken = broken,
    .resumed = resumed,
};
