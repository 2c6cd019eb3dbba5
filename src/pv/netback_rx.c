/* SPDX-License-Identifier: ISC */

/*
 * What goes to the guest.
 *
 *     port --receive--> staged, or the guest's own pages --> responses
 *     port --delivers-> staged ------------------------------^
 *
 *   X1  responses come in the order of the requests, one for each: so each lies
 *       in its request's slot, an extra in that of a request whose page is not
 *       used, as Linux' netfront expects
 *   X2  a frame is begun only where there are requests for all of it
 *   X3  what is written to a page comes from private memory, or straight from
 *       the port; a page that could not be written has an error for its status,
 *       and so have the others of its frame
 *   X4  a guest without room: what asks waits, and after stall_ns loses; what is
 *       delivered is lost at once
 *   X5  of what is posted it is known which pages are static: (pages) and (without)
 *       are as the table was when it had changed (looked) times
 *   X6  while the guest's frames are sent none is delivered to it: they lie where
 *       that would be staged
 *   X7  who saw no room asks to be woken for it, or looks again: the guest may have
 *       posted since, and was not asked to tell
 *
 *       room <--guest posts-- none --stall_ns--> stalled --guest posts--> room
 *
 * A frame is received straight into the guest's pages where all that it may
 * need were mapped for good. Whether it has an extra, which takes the second
 * request, is known only afterwards: so that one is left out where GSO is taken,
 * and a long frame that turns out to have none is moved up.
 */

#include "netback.h"

/* ------------------------------------------------------- what it asks for */

/* Notes that there is no room; true: so long that frames are lost (X4). */
static bool starve(struct nb_queue *q)
{
    struct leat_netback *n = q->n;
    uint64_t now = leat_nb_now(n);

    if (!now)
        return false;
    if (!q->starved_ns)
        q->starved_ns = now;
    if (!q->stalled && now - q->starved_ns >= n->config.stall_ns) {
        q->stalled = true;
        n->stats.stalls++;
        n->stats.stalled++;
    }
    return q->stalled;
}

static bool room(struct nb_queue *q)
{
    if (!leat_nb_rx_room(q))
        return false;
    q->starved_ns = 0;
    if (q->stalled)
        q->n->stats.stalled--;
    q->stalled = false;
    return true;
}

/* Whether a frame can be received into the guest's own pages; how many. */
static uint32_t straight(struct nb_queue *q)
{
    const struct leat_netback *n = q->n;
    const uint32_t pages = nb_pages(leat_nb_rx_longest(n));
    uint32_t i;

    if (!q->statics.n || n->prefix4 || n->prefix6 ||
        (n->takes != LEAT_NET_OFFLOAD_ALL && !n->config.port.ops->offloads))
        return 0;
    leat_nb_rx_look(q);
    for (i = 0; q->without && i < pages + nb_takes_gso(n); i++) {
        if (!nb_posted_at(q, i)->page)
            return 0;
    }
    return pages;
}

/* Moves a long frame without an extra up by one page, from the second on. */
static int move_up(struct nb_queue *q, const struct leat_shared *segs,
                   size_t len)
{
    struct leat_netback *n = q->n;
    struct leat_shared at;
    uint32_t i, pages = nb_pages(len);
    size_t part;
    int err = 0;

    for (i = 1; i < pages && !err; i++) {
        at.peer_bytes = nb_posted_at(q, i)->page;
        at.len = LEAT_PAGE_SIZE;
        part = len - (size_t)i * LEAT_PAGE_SIZE;
        part = part < LEAT_PAGE_SIZE ? part : LEAT_PAGE_SIZE;
        err = leat_shared_copy_out(segs[i], 0, n->scratch->page, part,
                                   &n->stats.copied);
        if (!err)
            err = leat_shared_copy_in(at, 0, n->scratch->page, part,
                                      &n->stats.copied);
    }
    return err;
}

/* Whether the guest does not want what lies in (first). */
static bool unwanted(struct leat_netback *n, struct leat_shared first)
{
    uint8_t address[LEAT_NET_MAC];
    unsigned i;

    if (!n->filtering)
        return false;
    for (i = 0; i < LEAT_NET_MAC; i++) {
        if (leat_shared_read_u8(first, i, &address[i]))
            return false;
    }
    return leat_nb_filter_drops(n, address);
}

/* One frame straight into (segs). */
static int ask_into(struct nb_rx *rx, struct nb_queue *q,
                    const struct leat_shared *segs, uint32_t pages)
{
    struct leat_netback *n = rx->n;
    const struct leat_netport *port = &n->config.port;
    struct leat_net_room into = {segs, pages, (size_t)pages * LEAT_PAGE_SIZE};
    struct leat_net_meta meta = {0};
    size_t len = 0;
    int err = 0;

    if (into.bytes > LEAT_NET_FRAME_MAX)
        into.bytes = LEAT_NET_FRAME_MAX;
    if (!leat_nb_rx_fits(rx, pages + 1))
        err = leat_nb_rx_flush(rx);
    if (!err)
        err = port->ops->receive(port->self, q->port_queue, &into, &meta, &len);
    if (err)
        return err;
    if (len < LEAT_NET_FRAME_MIN || len > into.bytes)
        return LEAT_E_LENGTH;
    if (unwanted(n, segs[0])) {
        n->stats.rx_filtered++;
        return 0;
    }
    if (nb_takes_gso(n) && !meta.gso && len > LEAT_PAGE_SIZE)
        err = move_up(q, segs, len);
    if (!err)
        leat_nb_rx_straight(rx, q, len, &meta);
    return err;
}

/* The same, into what is posted: all of it, but for the second, where that may
 * be an extra's. */
static int ask_straight(struct nb_rx *rx, struct nb_queue *q, uint32_t pages)
{
    struct leat_shared *segs = &q->pages[q->head], second;
    int err;

    if (!nb_takes_gso(rx->n))
        return ask_into(rx, q, segs, pages);
    second = segs[1];
    segs[1] = segs[0];
    err = ask_into(rx, q, segs + 1, pages);
    segs[1] = second;
    return err;
}

/* One frame by the stage; for (q), or where it is NULL, by its flow. */
static int ask_staged(struct nb_rx *rx, struct nb_queue *q, uint32_t port_queue)
{
    struct leat_netback *n = rx->n;
    const struct leat_netport *port = &n->config.port;
    struct leat_shared seg;
    struct leat_net_room into = {&seg, 1, leat_nb_rx_longest(n)};
    struct leat_net_frame frame = {.nsegs = 0};
    size_t len = 0;
    int err = 0;

    if (NB_STAGE - rx->used < 65536)
        err = leat_nb_rx_flush(rx);
    if (err)
        return err;
    seg.peer_bytes = n->scratch->stage + rx->used;
    seg.len = into.bytes;
    err = port->ops->receive(port->self, port_queue, &into, &frame.meta, &len);
    if (err)
        return err;
    if (len < LEAT_NET_FRAME_MIN || len > into.bytes)
        return LEAT_E_LENGTH;
    frame.head = (struct leat_cview){n->scratch->stage + rx->used, len};
    frame.len = len;
    if (leat_nb_filter_drops(n, frame.head.data)) {
        n->stats.rx_filtered++;
        return 0;
    }
    if (!q)
        q = leat_nb_rx_choose(n, frame.head, len);
    if (leat_net_leaves(&frame.meta, frame.head) & ~n->takes)
        return leat_nb_rx_finish(rx, q, &frame);
    rx->used += (uint32_t)(len + 63) & ~63u;
    return leat_nb_rx_place(rx, q, frame.head.data, len, &frame.meta);
}

/* Has the port give one frame up, for a guest that does not take any. */
static int drain(struct nb_rx *rx, uint32_t port_queue)
{
    struct leat_netback *n = rx->n;
    const struct leat_netport *port = &n->config.port;
    struct leat_shared seg = {n->scratch->stage, LEAT_NET_FRAME_MAX};
    struct leat_net_room into = {&seg, 1, LEAT_NET_FRAME_MAX};
    struct leat_net_meta meta;
    size_t len;
    int err = leat_nb_rx_flush(rx);

    if (!err)
        err = port->ops->receive(port->self, port_queue, &into, &meta, &len);
    return err ? err : LEAT_E_LENGTH;
}

/* Whether an error of a frame's is that frame's alone. */
static bool of_frame(int err)
{
    return err == LEAT_E_LENGTH || err == LEAT_E_PROTO || err == LEAT_E_RANGE ||
           err == LEAT_E_LIMIT;
}

/* Whether a queue waits for its guest, and is not yet to lose what comes. */
static bool waits(struct nb_queue *q)
{
    q->waited = !room(q) && !starve(q);
    return q->waited;
}

/* Asks for frames of one queue of the port's. (q) NULL: for all queues. */
static int ask(struct nb_rx *rx, struct nb_queue *q, uint32_t budget,
               bool *more)
{
    struct leat_netback *n = rx->n;
    uint32_t i, pages, port_queue = q ? q->port_queue : 0;
    int err = 0;

    while (budget--) {
        for (i = 0; i < n->nqueues; i++) {
            if ((!q || q == &n->queues[i]) && waits(&n->queues[i]))
                return 0;
        }
        pages = q && !q->stalled ? straight(q) : 0;
        if (q && q->stalled)
            err = drain(rx, port_queue);
        else if (pages)
            err = ask_straight(rx, q, pages);
        else
            err = ask_staged(rx, q, port_queue);
        if (err == LEAT_E_AGAIN)
            return 0;
        for (i = 0; i < n->nqueues; i++) {
            if (n->queues[i].rx.error)
                return n->queues[i].rx.error;
        }
        if (err && !of_frame(err))
            return err;
        if (err)
            leat_nb_rx_lost(n);
    }
    *more = true;
    return 0;
}

int leat_nb_rx_poll(struct leat_netback *n, uint32_t budget, bool *more)
{
    const struct leat_netport *port = &n->config.port;
    uint32_t i, nport = port->ops->queues ? port->ops->queues(port->self) : 1;
    const bool asks = port->ops->receive && !n->ended;
    struct nb_rx rx;
    int err = 0, flushed;
    bool again;

    leat_nb_rx_begin(&rx, n);
    for (i = 0; i < n->nqueues && !err; i++) {
        n->queues[i].waited = false;
        err = leat_nb_rx_fill(&n->queues[i]);
    }
    if (!err && asks && n->nqueues > 1 && nport < n->nqueues)
        err = ask(&rx, NULL, budget, more);
    for (i = 0; i < n->nqueues && !err && asks &&
                (n->nqueues == 1 || nport >= n->nqueues);
         i++) {
        struct nb_queue *q = &n->queues[i];

        err = ask(&rx, q, budget, more);
        q->port_queue += n->nqueues;
        if (q->port_queue >= nport)
            q->port_queue = i;
    }
    flushed = leat_nb_rx_flush(&rx);
    err = err ? err : flushed;
    for (i = 0; i < n->nqueues && !err && !n->awake; i++) {
        if (leat_nb_rx_room(&n->queues[i])) {
            *more |= n->queues[i].waited; /* X7 */
            continue;
        }
        err = leat_ring_sleep(&n->queues[i].rx, &again);
        *more |= !err && again && n->queues[i].nposted < NB_POSTED;
    }
    return err;
}
