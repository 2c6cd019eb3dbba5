/* SPDX-License-Identifier: ISC */

/*
 * The back end of a network device.
 *
 *     guest --tx ring--> judged --pages--> port
 *     guest <--rx ring-- placed <--------- port
 *
 *   N1  of a guest that is not connected nothing is mapped, no port is bound, and
 *       nothing is delivered
 *   N2  what one poll costs is bounded by its budget, whatever the guest does
 *   N3  a lie of the guest's breaks its device: all is let go of, and the bus
 *       closes with it
 *   N4  a guest that does not take its frames loses them, and nobody else's wait
 *
 * Files: netback_tx (what the guest sends; T1 to T4), _pages (where its bytes are;
 * G20, G21), _rx (what is asked of the port; X1 to X6), _place (into the guest's
 * pages), _posted (which these are), _static (pages mapped for good; G22 to G25),
 * _ctrl (the control ring; K1 to K3), _filter (multicast), _queue (rings and
 * channels), _keys (the store), _bus (the order), _lay (memory); net_finish and
 * net_headers (what a frame leaves open).
 */

#include "netback.h"

/* What can be seen to be wrong. */
static int complete(const struct leat_netback_config *config)
{
    size_t need = 0;
    int err = leat_netback_meta_size(config, &need);

    if (err)
        return err;
    if (!config->bus || !config->path || !config->grants || !config->meta ||
        !config->port.ops || !config->port.ops->send ||
        config->port.ops->head > LEAT_NET_HEAD_MAX)
        return LEAT_E_INVALID;
    return config->meta_bytes < need ? LEAT_E_NOMEM : 0;
}

int leat_netback_create(struct leat_netback **out,
                        const struct leat_netback_config *config)
{
    struct leat_netback_config c;
    struct leat_netback *n;
    int err = out ? complete(config) : LEAT_E_INVALID;

    if (err)
        return err;
    (void)leat_nb_defaults(config, &c);
    n = leat_nb_lay(&c);
    err = leat_bus_attach(&n->end, &(struct leat_bus_end_config){
                                       .bus = c.bus,
                                       .side = LEAT_BUS_BACK,
                                       .path = c.path,
                                       .ops = &leat_nb_ops,
                                       .arg = n,
                                   });
    if (err)
        return err;
    leat_nb_advance(n);
    *out = n;
    return 0;
}

int leat_netback_destroy(struct leat_netback *n)
{
    if (!n)
        return LEAT_E_INVALID;
    return n->nqueues ? LEAT_E_BUSY : leat_bus_detach(&n->end);
}

int leat_netback_close(struct leat_netback *n, bool now)
{
    int err = 0;

    if (!n)
        return LEAT_E_INVALID;
    n->closing = true;
    n->now |= now;
    if (!now)
        err = leat_bus_close(&n->end);
    leat_nb_advance(n);
    return err;
}

/* ------------------------------------------------------------------ polling */

/* The first ring that is broken breaks the device: N3. */
static void find_lie(struct leat_netback *n)
{
    const char *text = "";
    uint32_t i;

    if (n->has_ctrl && leat_ring_state(&n->ctrl, &text)) {
        leat_nb_break(n, text);
        return;
    }
    for (i = 0; i < n->nqueues && n->connected; i++) {
        if (leat_ring_state(&n->queues[i].tx, &text) ||
            leat_ring_state(&n->queues[i].rx, &text))
            leat_nb_break(n, text);
    }
}

/* One round; the port's error, or the store's. */
static int carry(struct leat_netback *n, uint32_t budget, bool *more)
{
    uint32_t i;
    int err = leat_nb_ctrl_poll(n, budget, more);
    int gone = 0;

    for (i = 0; i < n->nqueues && !err; i++)
        err = leat_nb_tx_poll(&n->queues[i], budget, more);
    if (!err)
        err = leat_nb_rx_poll(n, budget, more);
    if (err == LEAT_E_END) {
        n->ended = true;
        err = 0;
    }
    if (err == LEAT_E_PROTO)
        find_lie(n);
    else
        gone = err;
    return gone;
}

static int poll(struct leat_netback *n, uint32_t budget, bool awake, bool *more)
{
    bool again = false;
    int err = 0, store;

    if (!n || !more || !budget)
        return LEAT_E_INVALID;
    n->awake = awake;
    if (n->connected) {
        err = carry(n, budget, &again);
        store = leat_nb_tell_carrier(n);
        n->error = n->error ? n->error : store;
    }
    if (n->error) { /* what the store did not do */
        err = err ? err : n->error;
        n->error = 0;
        leat_nb_advance(n);
    }
    *more = again;
    return err;
}

int leat_netback_poll(struct leat_netback *n, uint32_t budget, bool *more)
{
    return poll(n, budget, false, more);
}

int leat_netback_spin(struct leat_netback *n, uint32_t budget, bool *more)
{
    return poll(n, budget, true, more);
}

bool leat_netback_room(struct leat_netback *n)
{
    uint32_t i;

    for (i = 0; n && n->connected && i < n->nqueues; i++) {
        if (leat_nb_rx_room(&n->queues[i]) || n->queues[i].stalled)
            return true;
    }
    return false;
}

uint64_t leat_netback_due_ns(const struct leat_netback *n)
{
    uint64_t due = UINT64_MAX, at;
    uint32_t i;

    for (i = 0; n && n->connected && i < n->nqueues; i++) {
        const struct nb_queue *q = &n->queues[i];

        at = q->starved_ns + n->config.stall_ns;
        if (q->starved_ns && !q->stalled && at < due)
            due = at;
    }
    return due;
}

/* -------------------------------------------------------------------- looks */

int leat_netback_stats(const struct leat_netback *n,
                       struct leat_netback_stats *out)
{
    if (!n || !out)
        return LEAT_E_INVALID;
    *out = n->stats;
    out->queues = n->nqueues;
    return 0;
}

bool leat_netback_connected(const struct leat_netback *n)
{
    return n && n->connected;
}

const char *leat_netback_text(const struct leat_netback *n)
{
    return n ? n->text : "";
}

const char *leat_netback_check(const struct leat_netback *n)
{
    const char *broken = NULL;
    uint32_t i, k, found;
    uint64_t statics = 0;

    if (!n)
        return NULL;
    if (n->nfilter > n->config.filter_max || (n->connected && !n->nqueues))
        return "N1";
    for (i = 0; i < n->config.queues_max && !broken; i++) {
        const struct nb_queue *q = &n->queues[i];

        if (q->open != (i < n->nqueues))
            return "N1";
        for (k = found = 0; k <= q->statics.mask; k++)
            found += q->statics.table[k].ref != 0;
        if (found != q->statics.n || found > q->statics.max)
            return "G22";
        statics += found;
        if (!q->open)
            continue;
        if (q->nposted > NB_POSTED)
            return "X1";
        for (k = found = 0; k < q->nposted; k++)
            found += !nb_posted_at(q, k)->page;
        if (found != q->without)
            return "X5";
        broken = leat_ring_check(&q->tx);
        if (!broken)
            broken = leat_ring_check(&q->rx);
    }
    return broken ? broken : statics != n->stats.statics ? "G22" : NULL;
}
