/* SPDX-License-Identifier: ISC */

/*
 * What the guest has posted to receive into: requests taken from its ring, in
 * order, and where their pages are, if it had them mapped for good (X5).
 */

#include "netback.h"

/* The longest frame that may come, and the requests that it takes. */
uint32_t leat_nb_rx_longest(const struct leat_netback *n)
{
    uint32_t mtu = n->config.mtu + LEAT_NET_FRAME_MIN + 4;

    if (!n->sg)
        return LEAT_PAGE_SIZE;
    return nb_takes_gso(n) || mtu > LEAT_NET_FRAME_MAX ? LEAT_NET_FRAME_MAX
                                                       : mtu;
}

static uint32_t need(const struct leat_netback *n)
{
    return nb_pages(leat_nb_rx_longest(n)) + nb_takes_gso(n);
}

/* Notes the page of the (i)-th that is posted: X5. */
static void look(struct nb_queue *q, uint32_t i)
{
    const uint32_t at = (q->head + i) % NB_POSTED;
    struct nb_posted *p = &q->posted[at];
    const struct nb_static *page =
        leat_nb_static_find(&q->statics, p->ref, LEAT_READ_WRITE);

    p->page = page ? page->bytes.peer_bytes : NULL;
    q->without += !page;
    q->pages[at].peer_bytes = p->page;
    q->pages[at].len = page ? LEAT_PAGE_SIZE : 0;
    q->pages[at + NB_POSTED] = q->pages[at];
}

void leat_nb_rx_look(struct nb_queue *q)
{
    uint32_t i;

    if (q->looked == q->statics.changes)
        return;
    q->looked = q->statics.changes;
    q->without = 0;
    for (i = 0; i < q->nposted; i++)
        look(q, i);
}

/* Takes requests, as many as there are. */
int leat_nb_rx_fill(struct nb_queue *q)
{
    struct netif_rx_request req;
    int err = 0;

    leat_nb_rx_look(q);
    while (q->nposted < NB_POSTED) {
        err = ring_take(&q->rx, &req, sizeof(req));
        if (err)
            break;
        q->posted[(q->head + q->nposted) % NB_POSTED] =
            (struct nb_posted){.ref = req.gref, .id = req.id};
        look(q, q->nposted++);
    }
    return err == LEAT_E_AGAIN ? 0 : err;
}

void leat_nb_rx_consume(struct nb_queue *q)
{
    q->without -= !nb_posted_at(q, 0)->page;
    q->head = (q->head + 1) % NB_POSTED;
    q->nposted--;
}

bool leat_nb_rx_room(struct nb_queue *q)
{
    if (q->nposted < need(q->n))
        (void)leat_nb_rx_fill(q);
    return q->nposted >= need(q->n);
}
