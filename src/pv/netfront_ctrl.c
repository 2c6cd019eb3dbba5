/* SPDX-License-Identifier: ISC */

/*
 * Static grants: the back maps the device's own pages for good.
 *
 *     off --open--> ask --how many--> add --list by list--> rest
 *                    ^                 |                      |
 *                    +--- next queue --+     delete --> gone <+
 *
 *   F11  one message is under way at most; its answer has its id and its type
 *   F12  a page that the back may have mapped by a list is in no other list that
 *        adds, until one that deletes had it
 *
 * A list is a page of references, each page of the device's once, by the half
 * that begins it. Where the back takes fewer than there are, fewer are used, so
 * that all that are used are mapped; where it refuses, frames go as without.
 *
 * Source: xen/io/netif.h, XEN_NETIF_CTRL_TYPE_{GET_GREF_MAPPING_SIZE,
 * ADD_GREF_MAPPING,DEL_GREF_MAPPING}.
 */

#include <string.h>

#include "netfront.h"

#define LIST_MAX ((uint32_t)(LEAT_PAGE_SIZE / sizeof(struct netif_gref)))

int leat_nf_ctrl_open(struct leat_netfront *f, uint32_t start)
{
    struct nf_ctrl *c = &f->ctrl;
    struct leat_ring_config ring = {
        .name = "net control",
        .end = LEAT_RING_FRONT,
        .slot = sizeof(struct netif_ctrl_request),
        .start = start,
        .copies = &f->messages,
    };
    int err = leat_nf_show(f, &c->shown);

    if (!err)
        err = leat_nf_show(f, &c->list);
    if (!err) {
        ring.pages.peer_bytes = leat_chunk_view(c->shown.chunk).data;
        ring.pages.len = LEAT_PAGE_SIZE;
        err = leat_ring_init(&c->ring, &ring);
    }
    if (err) {
        leat_nf_ctrl_close(f);
        return err;
    }
    c->state = NF_CTRL_ASK;
    c->waits = false;
    c->queue = c->at = c->next = 0;
    return 0;
}

void leat_nf_ctrl_close(struct leat_netfront *f)
{
    struct nf_ctrl *c = &f->ctrl;
    uint32_t i;

    (void)leat_bus_port_close(&c->port);
    leat_nf_hide(f, &c->shown);
    leat_nf_hide(f, &c->list);
    for (i = 0; i < f->config.queues; i++)
        f->queues[i].statics = 0;
    c->state = NF_CTRL_OFF;
}

static int send(struct leat_netfront *f, uint16_t type, uint32_t list,
                uint32_t n)
{
    struct nf_ctrl *c = &f->ctrl;
    const struct netif_ctrl_request r = {
        .id = ++c->id,
        .type = type,
        .data = {c->queue, list, n},
    };
    int err = leat_ring_put(&c->ring, &r, sizeof(r));

    if (!err) {
        c->waits = true;
        c->type = type;
        f->stats.controls++;
    }
    return err;
}

/* The page (at) of a queue, counted over both directions; NULL: there is none. */
static const struct nf_page *page_of(const struct nf_queue *q, uint32_t at,
                                     enum nf_way *way, bool *listed)
{
    const uint32_t tx = q->pages[NF_TX].n;
    const struct nf_pages *p;

    *way = at < tx ? NF_TX : NF_RX;
    p = &q->pages[*way];
    at -= *way == NF_TX ? 0 : tx;
    if (at >= p->n)
        return NULL;
    *listed = at < p->cap && !p->page[at].off;
    return &p->page[at];
}

/* Writes the next list; sends it. 0 entries: there are no more. */
static int send_list(struct leat_netfront *f, uint16_t type)
{
    struct nf_ctrl *c = &f->ctrl;
    const struct nf_queue *q = &f->queues[c->queue];
    const struct leat_shared list = {leat_chunk_view(c->list.chunk).data,
                                     LEAT_PAGE_SIZE};
    struct netif_gref entry;
    const struct nf_page *page;
    enum nf_way way;
    bool listed = false;
    uint32_t n = 0;

    memset(&entry, 0, sizeof(entry));
    for (c->next = c->at; n < LIST_MAX; c->next++) {
        page = page_of(q, c->next, &way, &listed);
        if (!page)
            break;
        if (!listed)
            continue;
        entry.ref = page->ref;
        entry.flags = way == NF_TX ? NETIF_GREF_READ_ONLY : 0;
        (void)leat_shared_copy_in(list, n++ * sizeof(entry), &entry,
                                  sizeof(entry), &f->messages);
    }
    c->listed = n;
    return n ? send(f, type, c->list.ref, n) : 0;
}

/* The next queue; after the last one, (then). */
static void next_queue(struct leat_netfront *f, enum nf_ctrl_state first,
                       enum nf_ctrl_state then)
{
    struct nf_ctrl *c = &f->ctrl;

    c->at = 0;
    c->state = first;
    if (++c->queue < f->nqueues)
        return;
    c->queue = 0;
    c->state = then;
}

/* Whole pages of one direction, of which (all) are there. */
static uint32_t pages_of(const struct nf_pages *p)
{
    return (uint32_t)(p->n / (LEAT_PAGE_SIZE / p->bytes));
}

/* The back maps (most) pages of this queue. */
static void sized(struct leat_netfront *f, uint32_t most)
{
    struct nf_ctrl *c = &f->ctrl;
    struct nf_pages *tx = &f->queues[c->queue].pages[NF_TX];
    struct nf_pages *rx = &f->queues[c->queue].pages[NF_RX];
    const uint32_t all = pages_of(tx) + (rx->n ? pages_of(rx) : 0);
    uint32_t half = most / 2;

    c->state = NF_CTRL_ADD;
    if (most >= all)
        return;
    if (!rx->n) {
        half = most;
    } else if (half < NF_PAGES_MIN) {
        next_queue(f, NF_CTRL_ASK, NF_CTRL_REST);
        return;
    } else {
        leat_nf_pages_cap(rx, half < rx->n ? half : rx->n);
    }
    half *= (uint32_t)(LEAT_PAGE_SIZE / tx->bytes);
    if (half < NF_PAGES_MIN)
        next_queue(f, NF_CTRL_ASK, NF_CTRL_REST);
    else
        leat_nf_pages_cap(tx, half < tx->n ? half : tx->n);
}

static int answered(struct leat_netfront *f,
                    const struct netif_ctrl_response *r)
{
    struct nf_ctrl *c = &f->ctrl;
    const bool okay = r->status == NETIF_CTRL_SUCCESS;
    struct nf_queue *q;

    if (!c->waits || r->id != c->id || r->type != c->type)
        return leat_ring_break(&c->ring, "an answer to nothing, id", r->id,
                               c->id);
    c->waits = false;
    f->stats.controls_refused += !okay;
    if (c->state == NF_CTRL_OFF || c->state == NF_CTRL_GONE)
        return 0;
    q = &f->queues[c->queue];
    switch (r->type) {
    case NETIF_CTRL_GET_GREF_MAPPING_SIZE:
        if (c->state != NF_CTRL_ASK)
            break;
        if (okay)
            sized(f, r->data);
        else /* one that does not know this, does not know it of any queue */
            c->state = NF_CTRL_REST;
        break;
    case NETIF_CTRL_ADD_GREF_MAPPING:
        if (okay)
            q->statics += c->listed;
        if (c->state != NF_CTRL_ADD)
            break;
        c->at = c->next;
        if (!okay)
            next_queue(f, NF_CTRL_ASK, NF_CTRL_REST);
        break;
    default:
        q->statics -= q->statics < c->listed ? q->statics : c->listed;
        c->at = c->next;
    }
    return 0;
}

/* Sends what is next, if anything is. */
static int go_on(struct leat_netfront *f)
{
    struct nf_ctrl *c = &f->ctrl;
    uint32_t i;
    int err = 0;

    /* Each queue has a step that sends nothing at most. */
    for (i = 0; i <= f->nqueues && !c->waits && !err; i++) {
        switch (c->state) {
        case NF_CTRL_ASK:
            err = send(f, NETIF_CTRL_GET_GREF_MAPPING_SIZE, 0, 0);
            break;
        case NF_CTRL_ADD:
            err = send_list(f, NETIF_CTRL_ADD_GREF_MAPPING);
            if (!err && !c->waits)
                next_queue(f, NF_CTRL_ASK, NF_CTRL_REST);
            break;
        case NF_CTRL_DELETE:
            if (f->queues[c->queue].statics)
                err = send_list(f, NETIF_CTRL_DEL_GREF_MAPPING);
            if (!err && !c->waits)
                next_queue(f, NF_CTRL_DELETE, NF_CTRL_GONE);
            break;
        default:
            return 0;
        }
    }
    return err;
}

int leat_nf_ctrl_poll(struct leat_netfront *f, bool awake, bool *more)
{
    struct nf_ctrl *c = &f->ctrl;
    struct netif_ctrl_response r;
    bool notify = false, again = false;
    int err;

    if (c->state == NF_CTRL_OFF)
        return 0;
    err = leat_ring_take(&c->ring, &r, sizeof(r));
    if (!err)
        err = answered(f, &r);
    if (!err || err == LEAT_E_AGAIN)
        err = go_on(f);
    if (!err)
        err = leat_ring_push(&c->ring, &notify);
    if (err)
        return err;
    if (notify) {
        f->stats.notifies++;
        (void)leat_bus_port_notify(&c->port);
    }
    err = awake ? 0 : leat_ring_sleep(&c->ring, &again);
    *more |= again;
    return err;
}

void leat_nf_ctrl_delete(struct leat_netfront *f)
{
    struct nf_ctrl *c = &f->ctrl;

    if (c->state == NF_CTRL_OFF || c->state == NF_CTRL_DELETE)
        return;
    c->state = NF_CTRL_DELETE;
    c->queue = c->at = 0;
}

bool leat_nf_ctrl_quiet(const struct leat_netfront *f)
{
    return f->ctrl.state == NF_CTRL_OFF ||
           (f->ctrl.state == NF_CTRL_GONE && !f->ctrl.waits);
}
