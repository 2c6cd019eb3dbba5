/* SPDX-License-Identifier: ISC */

/*
 * Opening and closing: rings, event channels, and what is mapped.
 *
 *     closed --open: all of it, or none--> open --close--> closed
 *
 * A close is for whatever became of the guest: nothing of it is asked, and each
 * thing that is there is let go once.
 */

#include <string.h>

#include "netback.h"

int leat_nb_map(struct leat_netback *n, const struct leat_gref *refs,
                size_t count, enum leat_access access, struct leat_mapping *out)
{
    int err = leat_grant_map(n->config.grants, refs, count, access, NULL, out);

    n->stats.grant_calls++;
    n->stats.maps += err ? 0 : count;
    return err;
}

void leat_nb_unmap(struct leat_netback *n, struct leat_mapping m, size_t count)
{
    (void)leat_grant_unmap(m); /* it is used up, whatever it says */
    n->stats.grant_calls++;
    n->stats.unmaps += count;
}

/* The bus has woken who polls: that is all. */
static bool called(void *arg)
{
    (void)arg;
    return false;
}

void leat_nb_notify(struct nb_queue *q, unsigned which)
{
    struct leat_bus_port *port = &q->ports[which];

    if (!leat_bus_port_number(port))
        port = &q->ports[0];
    (void)leat_bus_port_notify(port);
    q->n->stats.notifies++;
}

/* Maps a page and has a ring in it. */
static int ring(struct leat_netback *n, const char *name, uint64_t ref,
                size_t slot, struct leat_ring *out, struct leat_mapping *page)
{
    const struct leat_gref gref = {n->domain, (uint32_t)ref};
    struct leat_ring_config config = {
        .name = name,
        .end = LEAT_RING_BACK,
        .slot = slot,
        .copies = &n->stats.message,
    };
    struct leat_mapping m;
    int err = leat_nb_map(n, &gref, 1, LEAT_READ_WRITE, &m);

    if (err)
        return err;
    err = leat_mapping_shared(m, LEAT_READ_WRITE, &config.pages);
    if (!err)
        err = leat_ring_init(out, &config);
    if (err) {
        leat_nb_unmap(n, m, 1);
        return err;
    }
    *page = m;
    return 0;
}

static void unring(struct leat_netback *n, struct leat_mapping *page)
{
    if (page->table)
        leat_nb_unmap(n, *page, 1);
    memset(page, 0, sizeof(*page));
}

static void unbind(struct leat_bus_port *port)
{
    if (leat_bus_port_number(port))
        (void)leat_bus_port_close(port);
    memset(port, 0, sizeof(*port));
}

int leat_nb_queue_open(struct nb_queue *q, const struct nb_keys *keys)
{
    struct leat_netback *n = q->n;
    int err = ring(n, "tx", keys->tx_ref, sizeof(struct netif_tx_request),
                   &q->tx, &q->tx_page);
    unsigned i;

    if (!err)
        err = ring(n, "rx", keys->rx_ref, sizeof(struct netif_rx_request),
                   &q->rx, &q->rx_page);
    for (i = 0; !err && i < (keys->split ? 2u : 1u); i++)
        err = leat_bus_port_bind(n->config.bus, &q->ports[i], n->domain,
                                 (uint32_t)keys->port[i], called, q);
    if (err) {
        leat_nb_queue_close(q);
        return err;
    }
    q->open = true;
    q->head = q->nposted = q->without = 0;
    q->starved_ns = 0;
    q->stalled = false;
    q->port_queue = q->index;
    return 0;
}

void leat_nb_queue_close(struct nb_queue *q)
{
    unbind(&q->ports[0]);
    unbind(&q->ports[1]);
    leat_nb_static_clear(q->n, &q->statics);
    unring(q->n, &q->tx_page);
    unring(q->n, &q->rx_page);
    if (q->stalled)
        q->n->stats.stalled--;
    q->stalled = false;
    q->open = false;
}

int leat_nb_ctrl_open(struct leat_netback *n, uint64_t ref, uint64_t port)
{
    int err = ring(n, "ctrl", ref, sizeof(struct netif_ctrl_request), &n->ctrl,
                   &n->ctrl_page);

    if (!err)
        err = leat_bus_port_bind(n->config.bus, &n->ctrl_port, n->domain,
                                 (uint32_t)port, called, n);
    if (err)
        leat_nb_ctrl_close(n);
    else
        n->has_ctrl = true;
    return err;
}

void leat_nb_ctrl_close(struct leat_netback *n)
{
    unbind(&n->ctrl_port);
    unring(n, &n->ctrl_page);
    n->has_ctrl = false;
}
