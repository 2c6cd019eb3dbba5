/* SPDX-License-Identifier: ISC */

/*
 * The front end of a network device.
 *
 *     send, give --> slots of the transmit ring --answered--> pages free
 *     pages --posted--> the receive ring --slots--> frames --> told, in one of
 *                                                              three ways
 *
 * A device has queues, each two rings and pages of its own; what is under way in
 * them is known by private arrays alone, and whatever the back writes is copied
 * once, judged, and then used.
 *
 *   F1, F2         netfront_pages.c   pages of the device's own
 *   F3, F4, F7     netfront_tx.c      what is sent
 *   F5, F8, F9     netfront_rx.c      what comes
 *   F6, F10        netfront_read.c    whose it is then
 *   F11, F12       netfront_ctrl.c    pages that the back maps for good
 *   F13, F14       netfront_bus.c     the order
 *
 * A back that answers nothing keeps what it was given: at most a ring of each. So
 * it stalls this device, whose senders are told LEAT_E_AGAIN, and nothing else.
 *
 * Files besides: netfront_send and _give (two ways to send), _poll (a round),
 * _queue (rings), _keys (the store), _lay (memory).
 */

#include <string.h>

#include "netfront.h"

/* Which way to receive, by who the peer is. */
static int choose(struct leat_netfront *f)
{
    const struct leat_netfront_config *c = &f->config;

    if (leat_pool_peer(c->pool) != leat_bus_peer(&f->end) ||
        (c->to && leat_pool_peer(c->to) != LEAT_NO_PEER))
        return LEAT_E_PEER;
    f->strict = leat_bus_strict(&f->end);
    if (f->strict && c->to)
        f->mode = LEAT_RECEIVE_COPY;
    else if (f->strict)
        return LEAT_E_PEER;
    return f->mode == LEAT_RECEIVE_SHARED && !leat_bus_trusted(&f->end)
               ? LEAT_E_PEER
               : 0;
}

int leat_netfront_create(struct leat_netfront **out,
                         const struct leat_netfront_config *config)
{
    struct leat_netfront_config c;
    struct leat_netfront *f;
    size_t need = 0;
    int err = leat_netfront_meta_size(config, &need);

    if (err)
        return err;
    if (!out || !config->bus || !config->path || !config->meta)
        return LEAT_E_INVALID;
    if (config->meta_bytes < need)
        return LEAT_E_NOMEM;
    (void)leat_nf_defaults(config, &c);
    f = leat_nf_lay(&c);
    err = leat_bus_attach(&f->end, &(struct leat_bus_end_config){
                                       .bus = c.bus,
                                       .side = LEAT_BUS_FRONT,
                                       .path = c.path,
                                       .ops = &leat_nf_ops,
                                       .arg = f,
                                       .trusted = c.trusted,
                                   });
    if (err)
        return err;
    err = leat_nf_read_mac(f);
    if (!err)
        err = choose(f);
    if (!err)
        err = leat_nf_start(f);
    if (err) {
        (void)leat_bus_detach(&f->end);
        return err;
    }
    leat_nf_advance(f);
    *out = f;
    return 0;
}

int leat_netfront_destroy(struct leat_netfront *f)
{
    uint32_t i;
    int err;

    if (!f)
        return LEAT_E_INVALID;
    if (!f->closed)
        return LEAT_E_BUSY;
    for (i = 0; i < f->config.queues; i++) {
        if (f->queues[i].out)
            return LEAT_E_BUSY;
    }
    err = leat_bus_detach(&f->end);
    if (!err)
        leat_nf_stop(f);
    return err;
}

int leat_netfront_close(struct leat_netfront *f, bool now)
{
    if (!f)
        return LEAT_E_INVALID;
    f->closing = true;
    f->now |= now;
    leat_nf_ctrl_delete(f);
    leat_nf_advance(f);
    return 0;
}

int leat_netfront_pause(struct leat_netfront *f)
{
    if (!f)
        return LEAT_E_INVALID;
    if (f->pausing || f->closing)
        return f->closing ? LEAT_E_CLOSED : LEAT_E_STATE;
    f->pausing = true;
    leat_nf_ctrl_delete(f);
    leat_nf_advance(f);
    return 0;
}

int leat_netfront_resume(struct leat_netfront *f)
{
    if (!f)
        return LEAT_E_INVALID;
    if (!f->pausing)
        return LEAT_E_STATE;
    f->pausing = f->paused = false;
    leat_nf_advance(f);
    return 0;
}

/* ----------------------------------------------------------------- polling */

static int poll(struct leat_netfront *f, uint32_t budget, bool awake,
                bool *more)
{
    struct leat_ring *lied = NULL;
    const char *text = "";
    bool again = false;

    if (!f || !more || !budget)
        return LEAT_E_INVALID;
    (void)leat_nf_serve(f, budget, awake, &again, &lied);
    if (lied) {
        (void)leat_ring_state(lied, &text);
        leat_nf_break(f, text);
    }
    /* One that closes waited for answers; what the store did not do. */
    if (f->error || (f->closing && !f->closed) || (f->pausing && !f->paused)) {
        f->error = 0;
        leat_nf_advance(f);
    }
    *more = again;
    return f->error;
}

int leat_netfront_poll(struct leat_netfront *f, uint32_t budget, bool *more)
{
    return poll(f, budget, false, more);
}

int leat_netfront_spin(struct leat_netfront *f, uint32_t budget, bool *more)
{
    return poll(f, budget, true, more);
}

int leat_netfront_push(struct leat_netfront *f)
{
    struct leat_ring *lied = NULL;

    if (!f)
        return LEAT_E_INVALID;
    /* One that is broken is found by the next poll. */
    return f->nqueues ? leat_nf_push(f, &lied) : 0;
}

/* --------------------------------------------------------------- multicast */

static uint32_t find(const struct leat_netfront *f, const uint8_t *mac)
{
    uint32_t i = 0;

    while (i < f->nfilter && memcmp(f->filter[i], mac, LEAT_NET_MAC))
        i++;
    return i;
}

int leat_netfront_multicast(struct leat_netfront *f,
                            const uint8_t mac[LEAT_NET_MAC], bool add)
{
    uint32_t i;

    if (!f || !mac || !(mac[0] & 1))
        return LEAT_E_INVALID;
    i = find(f, mac);
    if (add == (i < f->nfilter))
        return 0;
    if (add && f->nfilter == f->config.filter)
        return LEAT_E_LIMIT;
    if (add) {
        memcpy(f->filter[f->nfilter++], mac, LEAT_NET_MAC);
        return 0;
    }
    if (i < f->told && f->ready && leat_nf_tx_filter(&f->queues[0], mac, false))
        return LEAT_E_AGAIN;
    f->told -= i < f->told;
    f->nfilter--;
    memmove(f->filter[i], f->filter[i + 1],
            (size_t)(f->nfilter - i) * LEAT_NET_MAC);
    return 0;
}

int leat_netfront_filter(struct leat_netfront *f, bool on)
{
    int err = 0;

    if (!f)
        return LEAT_E_INVALID;
    if (f->ready && f->info.dynamic && on != f->info.multicast)
        err = leat_bus_write_number(&f->end, "request-multicast-control", on);
    if (err)
        return err;
    if (f->ready && f->info.dynamic)
        f->info.multicast = on;
    f->filtering = on;
    return 0;
}

/* ------------------------------------------------------------------- looks */

bool leat_netfront_connected(const struct leat_netfront *f)
{
    return f && f->ready;
}

const char *leat_netfront_text(const struct leat_netfront *f)
{
    return f ? f->text : "";
}

int leat_netfront_info(const struct leat_netfront *f,
                       struct leat_netfront_info *out)
{
    if (!f || !out)
        return LEAT_E_INVALID;
    if (!f->ready)
        return LEAT_E_STATE;
    *out = f->info;
    return 0;
}

int leat_netfront_stats(const struct leat_netfront *f,
                        struct leat_netfront_stats *out)
{
    uint32_t i;

    if (!f || !out)
        return LEAT_E_INVALID;
    *out = f->stats;
    for (i = 0; i < f->config.queues; i++) {
        const struct nf_queue *q = &f->queues[i];

        out->tx_under_way += q->slots.out;
        out->rx_posted += q->rx_put - q->rx_taken;
        out->rx_out += q->out;
        out->pages += q->pages[NF_TX].n + q->pages[NF_RX].n;
        out->statics += q->statics;
    }
    return 0;
}

const struct leat_copies *leat_netfront_copies(const struct leat_netfront *f)
{
    return f ? &f->copies : NULL;
}

const struct leat_copies *leat_netfront_messages(const struct leat_netfront *f)
{
    return f ? &f->messages : NULL;
}

const char *leat_netfront_check(const struct leat_netfront *f)
{
    const char *broken = NULL;
    uint32_t i;

    if (!f)
        return "no device";
    for (i = 0; i < f->config.queues && !broken; i++) {
        if (f->queues[i].open != (i < f->nqueues))
            return "F13";
        broken = leat_nf_queue_check(&f->queues[i]);
    }
    if (!broken && f->ready && !f->nqueues)
        broken = "F13";
    if (!broken && f->ctrl.state != NF_CTRL_OFF)
        broken = leat_ring_check(&f->ctrl.ring);
    return broken;
}
