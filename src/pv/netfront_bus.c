/* SPDX-License-Identifier: ISC */

/*
 * The order: what leat_bus_step() says is done here, one step after the other.
 *
 *     1 --back at 2--> negotiate: rings, ports, keys --> 4 --back at 4--> ready
 *     ^                                                               |
 *     +--- the back died, or lied, or a resume: unwind <--------------+
 *
 *   F13  frames pass (ready)  =>  both ends are at 4, and the queues are open
 *   F14  what is under way is lost, counted and told of when the queues close,
 *        and no page of it is used again for another before the back has let go
 */

#include "netfront.h"

static void tell(struct leat_netfront *f, enum leat_netfront_event what)
{
    if (f->config.event)
        f->config.event(f->config.arg, f, what);
}

/* Lets go of rings and ports. */
static void disconnect(struct leat_netfront *f, int why)
{
    const uint32_t n = f->nqueues;
    const bool was = f->ready;
    uint32_t i;

    f->ready = false;
    f->nqueues = 0;
    for (i = 0; i < n; i++)
        leat_nf_queue_close(&f->queues[i], why);
    leat_nf_ctrl_close(f);
    f->told = 0;
    f->info.link = false;
    if (was)
        tell(f, LEAT_NETFRONT_DISCONNECTED);
}

static void broke(struct leat_netfront *f)
{
    leat_device_broke(&f->end, f->text);
    f->ready = false;
    tell(f, LEAT_NETFRONT_BROKEN);
}

void leat_nf_break(struct leat_netfront *f, const char *text)
{
    (void)leat_bus_break(&f->end, text);
    broke(f);
    leat_nf_advance(f);
}

static bool called(void *arg)
{
    (void)arg; /* leat_netfront_poll() looks at all rings */
    return false;
}

static int open_ports(struct nf_queue *q)
{
    struct leat_netfront *f = q->f;
    const uint32_t peer = leat_bus_peer(&f->end);
    int err =
        leat_bus_port_alloc(f->config.bus, &q->port[NF_TX], peer, called, q);

    if (!err && f->info.split)
        err = leat_bus_port_alloc(f->config.bus, &q->port[NF_RX], peer, called,
                                  q);
    return err;
}

static int open_all(struct leat_netfront *f)
{
    int err = 0;

    while (f->nqueues < f->info.queues && !err) {
        struct nf_queue *q = &f->queues[f->nqueues];

        err = leat_nf_queue_open(q, 0);
        if (err)
            break;
        f->nqueues++;
        err = open_ports(q);
        if (!err)
            err = leat_nf_rx_post(q);
    }
    if (!err && f->info.statics) {
        err = leat_nf_ctrl_open(f, 0);
        if (!err)
            err = leat_bus_port_alloc(f->config.bus, &f->ctrl.port,
                                      leat_bus_peer(&f->end), called, f);
    }
    return err;
}

static int negotiate(struct leat_netfront *f)
{
    struct leat_ring *lied = NULL;
    int err = leat_nf_read_terms(f);

    if (!err)
        err = open_all(f);
    if (!err)
        err = leat_nf_push(f, &lied);
    if (!err)
        err = leat_nf_write_terms(f);
    if (!err)
        err = leat_bus_switch(&f->end, LEAT_BUS_CONNECTED);
    if (!err) {
        f->text[0] = '\0';
        return 0;
    }
    disconnect(f, LEAT_E_GONE);
    if (err != LEAT_E_PROTO)
        return err;
    broke(f);
    return 0; /* it is unwound next */
}

static int ready(struct leat_netfront *f)
{
    int err = leat_nf_read_link(f);

    if (err == LEAT_E_PROTO) {
        broke(f);
        return 0;
    }
    if (err)
        return err;
    f->ready = true;
    f->stats.connects++;
    tell(f, LEAT_NETFRONT_CONNECTED);
    return 0;
}

static int unwind(struct leat_netfront *f)
{
    int why = leat_bus_error(&f->end, NULL);

    if (!why)
        why = f->closing ? LEAT_E_CLOSED : LEAT_E_GONE;
    disconnect(f, why);
    return leat_bus_unwound(&f->end);
}

static int done(struct leat_netfront *f)
{
    if (!f->closed) {
        f->closed = true;
        tell(f, LEAT_NETFRONT_CLOSED);
    }
    return LEAT_E_AGAIN;
}

/* Closes without the back. */
static int leave(struct leat_netfront *f)
{
    int err = 0;

    disconnect(f, LEAT_E_CLOSED);
    if (leat_bus_mine(&f->end) != LEAT_BUS_CLOSED)
        err = leat_bus_switch(&f->end, LEAT_BUS_CLOSED);
    /* Its directory may be no more. */
    return err && err != LEAT_E_REFERENCE ? err : done(f);
}

/* Nothing of ours is with the back, but pages for frames that come. */
static bool quiet(const struct leat_netfront *f)
{
    uint32_t i;

    for (i = 0; i < f->nqueues; i++) {
        if (f->queues[i].slots.out)
            return false;
    }
    return leat_nf_ctrl_quiet(f);
}

/* Whether the back can hold nothing of ours: then the front stays as it is. */
static bool stays(struct leat_netfront *f)
{
    const enum leat_bus_state mine = leat_bus_mine(&f->end);
    const enum leat_bus_state other = leat_bus_other(&f->end);

    if (!f->pausing || f->closing || f->nqueues ||
        (other != LEAT_BUS_CLOSED && other > LEAT_BUS_INIT_WAIT) ||
        (mine != LEAT_BUS_CLOSED && mine > LEAT_BUS_INITIALISING))
        return false;
    if (!f->paused) {
        f->paused = true;
        tell(f, LEAT_NETFRONT_PAUSED);
    }
    return true;
}

static bool leaves(const struct leat_netfront *f)
{
    const enum leat_bus_state mine = leat_bus_mine(&f->end);

    return (f->closing || (f->pausing && mine == LEAT_BUS_CONNECTED)) &&
           mine != LEAT_BUS_CLOSING && mine != LEAT_BUS_CLOSED &&
           (!f->ready || quiet(f)) && !leat_bus_error(&f->end, NULL);
}

/* One step: LEAT_E_AGAIN where there is nothing to do now. */
static int step(void *arg)
{
    struct leat_netfront *f = arg;

    int err;

    if (f->now)
        return f->closed ? LEAT_E_AGAIN : leave(f);
    if (leaves(f)) {
        err = f->closing ? leat_bus_close(&f->end)
                         : leat_bus_switch(&f->end, LEAT_BUS_CLOSING);
        if (err)
            return err;
    }
    if (stays(f))
        return LEAT_E_AGAIN;
    switch (leat_bus_step(&f->end)) {
    case LEAT_BUS_NEGOTIATE:
        return f->closing || f->pausing ? LEAT_E_AGAIN : negotiate(f);
    case LEAT_BUS_UNWIND:
        return unwind(f);
    case LEAT_BUS_DONE:
        return done(f);
    default:
        if (leat_bus_mine(&f->end) == LEAT_BUS_CONNECTED &&
            leat_bus_other(&f->end) == LEAT_BUS_CONNECTED && !f->ready &&
            !f->pausing && f->nqueues && !leat_bus_error(&f->end, NULL))
            return ready(f);
        return LEAT_E_AGAIN;
    }
}

void leat_nf_advance(struct leat_netfront *f)
{
    int err = leat_device_advance(&f->steps, step, f);

    if (err)
        f->error = err;
}

static void state(void *arg, enum leat_bus_state other)
{
    (void)other;
    leat_nf_advance(arg);
}

static void key(void *arg, const char *name)
{
    struct leat_netfront *f = arg;
    const bool was = f->info.link;
    int err;

    if (!f->ready || (name[0] && !leat_bus_same(name, "carrier")))
        return;
    err = leat_nf_read_link(f);
    if (err == LEAT_E_PROTO) {
        broke(f);
        leat_nf_advance(f);
    } else if (err) {
        f->error = err;
    } else if (f->info.link != was) {
        tell(f, LEAT_NETFRONT_LINK);
    }
}

static void broken(void *arg, const char *text)
{
    (void)text;
    broke(arg);
    leat_nf_advance(arg);
}

static void resumed(void *arg)
{
    struct leat_netfront *f = arg;

    disconnect(f, LEAT_E_GONE);
    leat_nf_advance(f);
}

const struct leat_bus_end_ops leat_nf_ops = {
    .state = state,
    .key = key,
    .broken = broken,
    .resumed = resumed,
};
