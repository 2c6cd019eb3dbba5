/* SPDX-License-Identifier: ISC */

/*
 * What the bus says is to be done, one step after the other, until it says wait.
 *
 *   negotiate  make rings and channels, write where they are
 *   connect    read what the disk is, send what waits
 *   unwind     take the last answers, let go of the rings; what was not answered
 *              waits for the next connection
 *   done       tell the owner
 *
 * To pause is to close on the front's side alone: at 5, nothing is let go of
 * before the back has unmapped it, and at 6, or at 1, the front stays until it is
 * told to go on.
 */

#include <string.h>

#include "blkfront.h"

static void tell(struct leat_blkfront *f, enum leat_blkfront_event what)
{
    if (f->config.event)
        f->config.event(f->config.arg, f, what);
}

/* The end is broken: what is under way ends with it. */
static void broke(struct leat_blkfront *f)
{
    uint32_t i;

    leat_device_broke(&f->end, f->text);
    f->connected = false;
    for (i = 0; i < f->nqueues; i++)
        leat_front_recall(&f->queues[i]);
    leat_front_fail_all(f, LEAT_E_PROTO);
    tell(f, LEAT_BLKFRONT_BROKEN);
}

void leat_front_break(struct leat_blkfront *f, const char *text)
{
    (void)leat_bus_break(&f->end, text);
    broke(f);
    leat_front_advance(f);
}

static int negotiate(struct leat_blkfront *f)
{
    int err = leat_front_negotiate(f);

    if (err == LEAT_E_PROTO) {
        broke(f);
        return 0; /* it is unwound next */
    }
    if (!err)
        err = leat_bus_switch(&f->end, LEAT_BUS_INITIALISED);
    if (err)
        leat_front_disconnect(f);
    return err;
}

static int connect(struct leat_blkfront *f)
{
    int err = leat_front_read_disk(f);

    if (err == LEAT_E_PROTO) {
        broke(f);
        return 0;
    }
    if (!err)
        err = leat_front_own_refresh(f);
    if (!err)
        err = leat_bus_switch(&f->end, LEAT_BUS_CONNECTED);
    if (err)
        return err;
    f->text[0] = '\0';
    f->connected = f->was_connected = true;
    f->stats.connects++;
    leat_front_judge_again(f);
    tell(f, LEAT_BLKFRONT_CONNECTED);
    leat_front_pump(f);
    return 0;
}

/* Lets go of the rings; who was not answered waits. */
static bool let_go(struct leat_blkfront *f)
{
    bool was = f->nqueues != 0, more = false;
    uint32_t i;

    for (i = 0; i < f->nqueues; i++) {
        struct front_queue *q = &f->queues[i];

        if (q->open)
            (void)leat_front_collect(q, q->ring.slots, true, &more);
        leat_front_recall(q);
    }
    f->connected = false;
    leat_front_disconnect(f);
    leat_front_again(f);
    if (f->closing)
        leat_front_fail_all(f, LEAT_E_CLOSED);
    return was;
}

static int unwind(struct leat_blkfront *f)
{
    bool was = let_go(f);
    int err = leat_bus_unwound(&f->end);

    if (!err && was)
        tell(f, LEAT_BLKFRONT_DISCONNECTED);
    return err;
}

static void done(struct leat_blkfront *f)
{
    if (f->closed)
        return;
    f->closed = true;
    leat_front_fail_all(f, LEAT_E_CLOSED);
    tell(f, LEAT_BLKFRONT_CLOSED);
}

/* Closes without the back. */
static int leave(struct leat_blkfront *f)
{
    bool was;
    int err = 0;

    if (f->closed)
        return LEAT_E_AGAIN;
    was = let_go(f);
    if (leat_bus_mine(&f->end) != LEAT_BUS_CLOSED)
        err = leat_bus_switch(&f->end, LEAT_BUS_CLOSED);
    if (err == LEAT_E_REFERENCE) /* the toolstack was faster */
        err = 0;
    if (err)
        return err;
    if (was)
        tell(f, LEAT_BLKFRONT_DISCONNECTED);
    done(f);
    return LEAT_E_AGAIN;
}

/* Whether the back can hold nothing of ours: then the front stays as it is. */
static bool stays(struct leat_blkfront *f)
{
    const enum leat_bus_state mine = leat_bus_mine(&f->end);
    const enum leat_bus_state other = leat_bus_other(&f->end);

    if (!f->pausing || f->nqueues ||
        (other != LEAT_BUS_CLOSED && other > LEAT_BUS_INIT_WAIT) ||
        (mine != LEAT_BUS_CLOSED && mine > LEAT_BUS_INITIALISING))
        return false;
    if (!f->paused) {
        f->paused = true;
        tell(f, LEAT_BLKFRONT_PAUSED);
    }
    return true;
}

/* One step: LEAT_E_AGAIN where there is nothing to do now. */
static int step(void *arg)
{
    struct leat_blkfront *f = arg;

    if (f->now)
        return leave(f);
    if (stays(f))
        return LEAT_E_AGAIN;
    switch (leat_bus_step(&f->end)) {
    case LEAT_BUS_NEGOTIATE:
        return negotiate(f);
    case LEAT_BUS_CONNECT:
        return connect(f);
    case LEAT_BUS_UNWIND:
        return unwind(f);
    case LEAT_BUS_DONE:
        done(f);
        return LEAT_E_AGAIN;
    default:
        return LEAT_E_AGAIN;
    }
}

void leat_front_advance(struct leat_blkfront *f)
{
    int err = leat_device_advance(&f->steps, step, f);

    if (err)
        f->error = err;
}

static void state(void *arg, enum leat_bus_state other)
{
    (void)other;
    leat_front_advance(arg);
}

static void key(void *arg, const char *name)
{
    struct leat_blkfront *f = arg;
    uint64_t sectors;
    int err;

    if (!f->connected || (name[0] && !leat_bus_same(name, "sectors")))
        return;
    err = leat_front_read_sectors(f, &sectors);
    if (err == LEAT_E_PROTO) {
        broke(f);
        leat_front_advance(f);
    } else if (err) {
        f->error = err == LEAT_E_AGAIN ? 0 : err;
    } else if (sectors != f->info.sectors) {
        f->info.sectors = sectors;
        tell(f, LEAT_BLKFRONT_RESIZED);
    }
}

static void broken(void *arg, const char *text)
{
    (void)text;
    broke(arg);
    leat_front_advance(arg);
}

/* Every grant has ended, and what was under way, with its ring. */
static void resumed(void *arg)
{
    struct leat_blkfront *f = arg;
    bool was = f->nqueues != 0;
    uint32_t i;

    f->generation++;
    for (i = 0; i < f->nqueues; i++)
        leat_front_recall(&f->queues[i]);
    f->connected = false;
    leat_front_disconnect(f);
    leat_front_again(f);
    if (was)
        tell(f, LEAT_BLKFRONT_DISCONNECTED);
    leat_front_advance(f);
}

const struct leat_bus_end_ops leat_front_ops = {
    .state = state,
    .key = key,
    .broken = broken,
    .resumed = resumed,
};
