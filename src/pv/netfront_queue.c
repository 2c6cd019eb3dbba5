/* SPDX-License-Identifier: ISC */

/*
 * A queue: its two rings, and what is under way in them. It knows of no store.
 * netfront.c has the theory.
 */

#include <string.h>

#include "netfront.h"

int leat_nf_revoke(struct leat_netfront *f, struct leat_grant g)
{
    int err = leat_grant_revoke_keep(g);

    f->stats.revokes++;
    f->stats.held += err == LEAT_E_BUSY;
    return err;
}

int leat_nf_show(struct leat_netfront *f, struct nf_shown *s)
{
    struct leat_pool *pool = f->config.pool;
    int err = leat_pool_get(pool, 1, &s->chunk);

    if (err)
        return err;
    err = leat_grant_share(f->config.grants, s->chunk, leat_bus_peer(&f->end),
                           LEAT_READ_WRITE, &s->grant);
    if (!err) {
        err = leat_grant_ref(s->grant, &s->ref);
        if (err)
            (void)leat_grant_revoke(s->grant);
    }
    if (err) {
        (void)leat_pool_put(pool, s->chunk);
        s->chunk.pool = NULL;
    }
    return err;
}

void leat_nf_hide(struct leat_netfront *f, struct nf_shown *s)
{
    if (!s->chunk.pool)
        return;
    /* Where the back holds on, the share keeps the page, in quarantine. */
    (void)leat_grant_revoke(s->grant);
    (void)leat_pool_put(f->config.pool, s->chunk);
    s->chunk.pool = NULL;
}

static int open_ring(struct nf_queue *q, enum nf_way way, uint32_t start)
{
    struct leat_netfront *f = q->f;
    struct leat_ring_config ring = {
        .name = way == NF_TX ? "net transmit" : "net receive",
        .end = LEAT_RING_FRONT,
        .slot = way == NF_TX ? sizeof(struct netif_tx_request)
                             : sizeof(struct netif_rx_request),
        .start = start,
        .copies = &f->messages,
    };
    int err = leat_nf_show(f, &q->shown[way]);

    if (err)
        return err;
    ring.pages.peer_bytes = leat_chunk_view(q->shown[way].chunk).data;
    ring.pages.len = LEAT_PAGE_SIZE;
    return leat_ring_init(way == NF_TX ? &q->tx : &q->rx, &ring);
}

static void clear(struct nf_queue *q, uint32_t start)
{
    uint32_t i;

    for (i = 0; i < NF_RING; i++)
        q->given[i] = (struct nf_given){
            .next = (uint16_t)(i + 1 < NF_RING ? i + 1 : NF_NO_FRAME)};
    q->free_given = 0;
    q->extras = q->granted = q->given_out = 0;
    q->wants_room = false;
    q->rx_put = q->rx_taken = start;
    memset(&q->coming, 0, sizeof(q->coming));
    q->statics = 0;
}

int leat_nf_queue_open(struct nf_queue *q, uint32_t start)
{
    int err = 0;
    uint32_t way;

    clear(q, start);
    for (way = NF_TX; way <= NF_RX && !err; way++) {
        if (!q->pages[way].persist)
            continue;
        err = leat_nf_pages_fill(&q->pages[way]);
        if (!err)
            err = leat_nf_pages_renew(&q->pages[way]);
    }
    for (way = NF_TX; way <= NF_RX && !err; way++)
        err = open_ring(q, (enum nf_way)way, start);
    q->open = !err;
    if (err) {
        leat_nf_hide(q->f, &q->shown[NF_TX]);
        leat_nf_hide(q->f, &q->shown[NF_RX]);
    }
    return err;
}

void leat_nf_queue_close(struct nf_queue *q, int why)
{
    if (!q->open)
        return;
    q->open = false; /* what is told from here on finds no ring */
    (void)leat_bus_port_close(&q->port[NF_TX]); /* a resume has closed them */
    (void)leat_bus_port_close(&q->port[NF_RX]);
    leat_nf_rx_drop(q);
    leat_nf_tx_drop(q, why);
    leat_nf_hide(q->f, &q->shown[NF_TX]);
    leat_nf_hide(q->f, &q->shown[NF_RX]);
    q->statics = 0;
}

static const char *check_tx(const struct nf_queue *q)
{
    uint32_t i, pages = 0, used = 0, frames = 0, left = 0, with = 0,
                granted = 0;
    struct nf_item item;

    /* NF_NONE: it is out, I2 of slots.c. */
    for (i = 0; i < NF_RING; i++) {
        if (q->slots.slots[i].next != NF_NONE)
            continue;
        memcpy(&item, &q->slots.slots[i].item, sizeof(item));
        pages += item.page != NF_NO_PAGE;
        with += item.frame != NF_NO_FRAME;
        granted += item.granted;
    }
    for (i = 0; i < q->pages[NF_TX].n; i++)
        used += q->pages[NF_TX].page[i].state == NF_USED;
    for (i = 0; i < NF_RING; i++) {
        frames += q->given[i].done != NULL;
        left += q->given[i].done ? q->given[i].left : 0;
    }
    if (pages != used)
        return "F3";
    if (frames != q->given_out || left != with || granted != q->granted)
        return "F4";
    return leat_slots_check(&q->slots);
}

static const char *check_rx(const struct nf_queue *q)
{
    const struct nf_pages *p = &q->pages[NF_RX];
    uint32_t i, used = 0, out = 0, posted = q->rx_put - q->rx_taken;

    if (posted > NF_RING)
        return "F5";
    if (q->rx_own)
        return NULL;
    for (i = 0; i < p->n; i++) {
        used += p->page[i].state == NF_USED;
        out += p->page[i].state == NF_OUT;
    }
    if (out != q->out)
        return "F6";
    return used == posted + q->coming.n ? NULL : "F5";
}

const char *leat_nf_queue_check(const struct nf_queue *q)
{
    const char *broken = leat_nf_pages_check(&q->pages[NF_TX]);

    if (!broken)
        broken = leat_nf_pages_check(&q->pages[NF_RX]);
    if (broken || !q->open)
        return broken;
    broken = check_tx(q);
    if (!broken)
        broken = check_rx(q);
    if (!broken)
        broken = leat_ring_check(&q->tx);
    return broken ? broken : leat_ring_check(&q->rx);
}
