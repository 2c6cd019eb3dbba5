/* SPDX-License-Identifier: ISC */

/*
 * The store: what is offered is written in one transaction, and what the front
 * wrote is read once, checked, and only then used. What cannot be breaks the end,
 * and nothing of it stays.
 *
 * Source: xen/io/netif.h.
 */

#include <string.h>

#include "netback.h"

/* ------------------------------------------------------------ what it offers */

static int announce(void *arg, struct leat_bus_end *e)
{
    const struct leat_netback *n = arg;
    const struct leat_netback_config *c = &n->config;
    const bool sg = !(c->without & LEAT_NETBACK_NO_SG);
    const bool gso = sg && !(c->without & LEAT_NETBACK_NO_GSO);
    const bool multicast = !(c->without & LEAT_NETBACK_NO_MULTICAST);
    const struct {
        const char *key;
        uint32_t value;
    } offers[] = {
        {"feature-rx-copy", 1},
        {"feature-rx-flip", 0},
        {"feature-sg", sg},
        {"feature-gso-tcpv4", gso},
        {"feature-gso-tcpv6", gso},
        {"feature-no-csum-offload", 0},
        {"feature-ipv6-csum-offload", !(c->without & LEAT_NETBACK_NO_CSUM6)},
        {"feature-split-event-channels", !(c->without & LEAT_NETBACK_NO_SPLIT)},
        {"feature-multicast-control", multicast},
        {"feature-dynamic-multicast-control", multicast},
        {"feature-ctrl-ring", !(c->without & LEAT_NETBACK_NO_CTRL)},
        {"multi-queue-max-queues", c->queues_max},
        {"mtu", c->mtu},
    };
    size_t i;
    int err = 0;

    for (i = 0; i < sizeof(offers) / sizeof(offers[0]) && !err; i++)
        err = leat_bus_write_number(e, offers[i].key, offers[i].value);
    return err;
}

int leat_nb_announce(struct leat_netback *n)
{
    int err = leat_bus_transact(&n->end, announce, n);

    n->carrier = -1;
    return err ? err : leat_nb_tell_carrier(n);
}

int leat_nb_tell_carrier(struct leat_netback *n)
{
    const struct leat_netport *port = &n->config.port;
    const int up = !port->ops->link || port->ops->link(port->self);
    int err;

    if (up == n->carrier)
        return 0;
    err = leat_bus_write_number(&n->end, "carrier", (uint32_t)up);
    if (!err)
        n->carrier = up;
    return err;
}

/* --------------------------------------------------------- what the front is */

static bool wants(struct leat_netback *n, const char *key, int *err)
{
    uint64_t x = 0;

    if (!*err)
        *err = leat_bus_read_or(&n->end, LEAT_BUS_OTHER, key, 0, UINT32_MAX, 0,
                                &x);
    return !*err && x;
}

static uint32_t offload_of(struct leat_netback *n, int *err)
{
    const bool gso = n->sg && !(n->config.without & LEAT_NETBACK_NO_GSO);
    bool four, six;
    uint32_t takes = 0;

    if (!wants(n, "feature-no-csum-offload", err))
        takes |= LEAT_NET_OFFLOAD_CSUM4;
    if (wants(n, "feature-ipv6-csum-offload", err))
        takes |= LEAT_NET_OFFLOAD_CSUM6;
    four = wants(n, "feature-gso-tcpv4", err);
    six = wants(n, "feature-gso-tcpv6", err);
    n->prefix4 = !four && wants(n, "feature-gso-tcpv4-prefix", err);
    n->prefix6 = !six && wants(n, "feature-gso-tcpv6-prefix", err);
    /* Segments come with blank checksums. */
    if (gso && (four || n->prefix4) && takes & LEAT_NET_OFFLOAD_CSUM4)
        takes |= LEAT_NET_OFFLOAD_GSO4;
    if (gso && (six || n->prefix6) && takes & LEAT_NET_OFFLOAD_CSUM6)
        takes |= LEAT_NET_OFFLOAD_GSO6;
    return takes;
}

int leat_nb_read_filtering(struct leat_netback *n)
{
    int err = 0;
    const bool on = wants(n, "request-multicast-control", &err);

    if (err)
        return err;
    n->filtering = on && !(n->config.without & LEAT_NETBACK_NO_MULTICAST);
    leat_nb_filter_tell(n);
    return 0;
}

static int read_terms(struct leat_netback *n)
{
    uint64_t queues = 1;
    int err = 0;
    const bool copies = wants(n, "request-rx-copy", &err);

    n->sg = wants(n, "feature-sg", &err) &&
            !(n->config.without & LEAT_NETBACK_NO_SG);
    n->takes = offload_of(n, &err);
    if (!err)
        err =
            leat_bus_read_or(&n->end, LEAT_BUS_OTHER, "multi-queue-num-queues",
                             1, n->config.queues_max, 1, &queues);
    if (err)
        return err;
    if (!copies)
        return leat_bus_break(&n->end, "the front does not ask for copies");
    n->nqueues = (uint32_t)queues;
    n->nfilter = 0;
    return leat_nb_read_filtering(n);
}

/* A number of the front's that must be there, of a queue. */
static int need(struct leat_netback *n, uint32_t queue, const char *name,
                uint64_t *out)
{
    struct leat_device_text k;

    leat_device_key(&k, n->nqueues > 1, queue, name);
    return leat_device_need(&n->end, k.text, out);
}

/* One of its channels, or two. */
static int read_ports(struct leat_netback *n, uint32_t queue,
                      struct nb_keys *keys)
{
    struct leat_device_text k;
    int err = LEAT_E_REFERENCE;

    leat_device_key(&k, n->nqueues > 1, queue, "event-channel-tx");
    if (!(n->config.without & LEAT_NETBACK_NO_SPLIT))
        err = leat_bus_read_number(&n->end, LEAT_BUS_OTHER, k.text, 0,
                                   UINT32_MAX, &keys->port[0]);
    keys->split = !err;
    if (keys->split)
        return need(n, queue, "event-channel-rx", &keys->port[1]);
    return err == LEAT_E_REFERENCE
               ? need(n, queue, "event-channel", &keys->port[0])
               : err;
}

static int open_queue(struct leat_netback *n, uint32_t queue)
{
    struct nb_keys keys = {.split = false};
    struct leat_device_text what;
    int err = need(n, queue, "tx-ring-ref", &keys.tx_ref);

    if (!err)
        err = need(n, queue, "rx-ring-ref", &keys.rx_ref);
    if (!err)
        err = read_ports(n, queue, &keys);
    if (err)
        return err;
    err = leat_nb_queue_open(&n->queues[queue], &keys);
    if (!err)
        return 0;
    leat_device_text(&what, "queue ");
    leat_device_add_number(&what, queue);
    return leat_device_fail(&n->end, what.text, err);
}

/* The control ring, if the front has one. */
static int open_ctrl(struct leat_netback *n)
{
    uint64_t ref = 0, port = 0;
    int err;

    if (n->config.without & LEAT_NETBACK_NO_CTRL)
        return 0;
    err = leat_bus_read_number(&n->end, LEAT_BUS_OTHER, "ctrl-ring-ref", 0,
                               UINT32_MAX, &ref);
    if (err)
        return err == LEAT_E_REFERENCE ? 0 : err;
    err = leat_device_need(&n->end, "event-channel-ctrl", &port);
    if (err)
        return err;
    err = leat_nb_ctrl_open(n, ref, port);
    return err ? leat_device_fail(&n->end, "control ring", err) : 0;
}

/* The port is told what the guest takes, and whom it delivers to. */
static int attach(struct leat_netback *n)
{
    const struct leat_netport *port = &n->config.port;
    const struct leat_net_sink sink = {.deliver = leat_nb_rx_deliver, .arg = n};
    int err = 0;

    if (port->ops->offloads)
        err = port->ops->offloads(port->self, n->takes);
    if (!err && port->ops->attach) {
        err = port->ops->attach(port->self, &sink);
        n->attached = !err;
    }
    return err;
}

int leat_nb_connect(struct leat_netback *n)
{
    uint32_t i;
    int err;

    n->domain = leat_bus_peer(&n->end);
    err = read_terms(n);
    for (i = 0; i < n->nqueues && !err; i++)
        err = open_queue(n, i);
    if (!err)
        err = open_ctrl(n);
    if (!err)
        err = attach(n);
    if (err)
        leat_nb_disconnect(n);
    return err;
}

void leat_nb_disconnect(struct leat_netback *n)
{
    const struct leat_netport *port = &n->config.port;
    uint32_t i;

    if (n->attached)
        (void)port->ops->attach(port->self, NULL);
    n->attached = false;
    for (i = 0; i < n->nqueues; i++)
        leat_nb_queue_close(&n->queues[i]);
    leat_nb_ctrl_close(n);
    n->nqueues = 0;
    n->nfilter = 0;
    n->filtering = false;
}
