/* SPDX-License-Identifier: ISC */

/*
 * What the bus says is to be done, one step after the other, until it says wait.
 *
 *   announce   write what is offered
 *   connect    read what the front wrote, map its rings, bind its channels
 *   unwind     let go of all that is mapped
 *   done       tell the owner
 *
 * An error of the store's is kept, and given by the next poll: the step is tried
 * again then.
 */

#include <string.h>

#include "netback.h"

static void tell(struct leat_netback *n, enum leat_netback_event what)
{
    if (n->config.event)
        n->config.event(n->config.arg, n, what);
}

static void broke(struct leat_netback *n)
{
    leat_device_broke(&n->end, n->text);
    n->connected = false;
    tell(n, LEAT_NETBACK_BROKEN);
}

void leat_nb_break(struct leat_netback *n, const char *text)
{
    (void)leat_bus_break(&n->end, text);
    broke(n);
    leat_nb_advance(n);
}

static int announce(struct leat_netback *n)
{
    int err = leat_nb_announce(n);

    return err ? err : leat_bus_switch(&n->end, LEAT_BUS_INIT_WAIT);
}

static int connect(struct leat_netback *n)
{
    int err = leat_nb_connect(n);

    if (err == LEAT_E_PROTO) {
        broke(n);
        return 0; /* it is unwound next */
    }
    if (!err)
        err = leat_bus_switch(&n->end, LEAT_BUS_CONNECTED);
    if (err) {
        leat_nb_disconnect(n);
        return err;
    }
    n->text[0] = '\0';
    n->connected = true;
    n->stats.connects++;
    tell(n, LEAT_NETBACK_CONNECTED);
    return 0;
}

/* Lets go; gives whether there was anything. */
static bool let_go(struct leat_netback *n)
{
    const bool was = n->nqueues != 0;

    n->connected = false;
    leat_nb_disconnect(n);
    return was;
}

static int unwind(struct leat_netback *n)
{
    const bool was = let_go(n);
    int err = leat_bus_unwound(&n->end);

    if (!err && was)
        tell(n, LEAT_NETBACK_DISCONNECTED);
    return err;
}

static void done(struct leat_netback *n)
{
    if (n->closed)
        return;
    n->closed = true;
    tell(n, LEAT_NETBACK_CLOSED);
}

/* Closes without the front. */
static int leave(struct leat_netback *n)
{
    bool was;
    int err = 0;

    if (n->closed)
        return LEAT_E_AGAIN;
    was = let_go(n);
    if (leat_bus_mine(&n->end) != LEAT_BUS_CLOSED)
        err = leat_bus_switch(&n->end, LEAT_BUS_CLOSED);
    if (err == LEAT_E_REFERENCE) /* the toolstack was faster */
        err = 0;
    if (err)
        return err;
    if (was)
        tell(n, LEAT_NETBACK_DISCONNECTED);
    done(n);
    return LEAT_E_AGAIN;
}

/* One step: LEAT_E_AGAIN where there is nothing to do now. */
static int step(void *arg)
{
    struct leat_netback *n = arg;

    if (n->now)
        return leave(n);
    switch (leat_bus_step(&n->end)) {
    case LEAT_BUS_ANNOUNCE:
        return announce(n);
    case LEAT_BUS_CONNECT:
        return connect(n);
    case LEAT_BUS_UNWIND:
        return unwind(n);
    case LEAT_BUS_DONE:
        done(n);
        return LEAT_E_AGAIN;
    default:
        return LEAT_E_AGAIN;
    }
}

void leat_nb_advance(struct leat_netback *n)
{
    int err = leat_device_advance(&n->steps, step, n);

    if (err)
        n->error = err;
}

static void state(void *arg, enum leat_bus_state other)
{
    (void)other;
    leat_nb_advance(arg);
}

static void key(void *arg, const char *name)
{
    struct leat_netback *n = arg;
    int err;

    if (!n->connected ||
        (name[0] && !leat_bus_same(name, "request-multicast-control")))
        return;
    err = leat_nb_read_filtering(n);
    if (err == LEAT_E_PROTO) {
        broke(n);
        leat_nb_advance(n);
    } else if (err) {
        n->error = err;
    }
}

static void broken(void *arg, const char *text)
{
    (void)text;
    broke(arg);
    leat_nb_advance(arg);
}

/* Nothing is behind the pages any more that were mapped. */
static void resumed(void *arg)
{
    struct leat_netback *n = arg;

    if (let_go(n))
        tell(n, LEAT_NETBACK_DISCONNECTED);
    leat_nb_advance(n);
}

const struct leat_bus_end_ops leat_nb_ops = {
    .state = state,
    .key = key,
    .broken = broken,
    .resumed = resumed,
};
