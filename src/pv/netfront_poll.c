/* SPDX-License-Identifier: ISC */

/*
 * A round: some of what was answered and of what came, then pages for as many, which
 * are shown at once; and so on, within the budget.
 */

#include "netfront.h"

/* Shows what was put; wakes the back. */
static int show(struct nf_queue *q, struct leat_ring **lied)
{
    bool tx = false, rx = false;

    if (leat_ring_push(&q->tx, &tx)) {
        *lied = &q->tx;
        return LEAT_E_PROTO;
    }
    if (leat_ring_push(&q->rx, &rx)) {
        *lied = &q->rx;
        return LEAT_E_PROTO;
    }
    if (!q->f->info.split) {
        tx |= rx;
        rx = false;
    }
    q->f->stats.notifies += (uint64_t)tx + rx;
    if (tx)
        (void)leat_bus_port_notify(&q->port[NF_TX]);
    if (rx)
        (void)leat_bus_port_notify(&q->port[NF_RX]);
    return 0;
}

/* Those that this back was not told of. */
static void filter(struct leat_netfront *f)
{
    if (!f->info.multicast || f->closing)
        return;
    while (f->told < f->nfilter &&
           !leat_nf_tx_filter(&f->queues[0], f->filter[f->told], true))
        f->told++;
}

/*
 * What is shown together. A back that waits for pages is woken while there still is
 * something to do here: its wake-up, of tens of microseconds, hides behind that work.
 */
#define TOGETHER 16u

static struct leat_ring *some(struct nf_queue *q, uint32_t budget, bool awake,
                              bool *more)
{
    struct leat_ring *lied = NULL;

    if (leat_nf_tx_take(q, budget, awake, more))
        return &q->tx;
    if (leat_nf_rx_take(q, budget, awake, more) || leat_nf_rx_post(q))
        return &q->rx;
    (void)show(q, &lied);
    return lied;
}

static struct leat_ring *serve(struct nf_queue *q, uint32_t budget, bool awake,
                               bool *more)
{
    struct leat_ring *lied = NULL;
    bool again = true;
    uint32_t now;

    for (; again && !lied && budget; budget -= now) {
        now = budget < TOGETHER ? budget : TOGETHER;
        again = false;
        lied = some(q, now, awake, &again);
    }
    *more |= again;
    return lied;
}

int leat_nf_serve(struct leat_netfront *f, uint32_t budget, bool awake,
                  bool *more, struct leat_ring **lied)
{
    uint32_t i;

    *more = false;
    *lied = NULL;
    if (!f->nqueues)
        return 0;
    filter(f);
    for (i = 0; i < f->nqueues && !*lied; i++)
        *lied = serve(&f->queues[i], budget, awake, more);
    if (!*lied && leat_nf_ctrl_poll(f, awake, more))
        *lied = &f->ctrl.ring;
    return *lied ? LEAT_E_PROTO : 0;
}

int leat_nf_push(struct leat_netfront *f, struct leat_ring **lied)
{
    uint32_t i;
    int err = 0;

    for (i = 0; i < f->nqueues && !err; i++)
        err = show(&f->queues[i], lied);
    return err;
}
