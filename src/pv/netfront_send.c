/* SPDX-License-Identifier: ISC */

/*
 * Frames that are written where the back reads them: into pages of the device's
 * own, which stay granted. netfront_tx.c has the theory.
 */

#include <string.h>

#include "netfront.h"

/* Pages, until they are put into the ring: they go back in either way. */
struct room {
    uint32_t page[LEAT_NETFRONT_SLOTS];
    struct leat_view view[LEAT_NETFRONT_SLOTS];
    uint32_t n;
};

static void get(struct nf_pages *p, struct room *r, size_t size, bool dirty)
{
    for (r->n = 0; size; r->n++) {
        const size_t part = size < p->bytes ? size : p->bytes;
        const uint32_t i = nf_page_get(p);

        r->page[r->n] = i;
        r->view[r->n] = (struct leat_view){p->page[i].bytes, part};
        if (!dirty)
            memset(p->page[i].bytes, 0, part);
        size -= part;
    }
}

/* Gives back those from (from) on, in the order in which they came. */
static void put(struct nf_pages *p, const struct room *r, uint32_t from)
{
    for (; from < r->n; from++)
        nf_page_put(p, r->page[from]);
}

/* What the frame leaves open is known when (fill) has run. */
static bool told_later(const struct leat_netfront_fill *fill)
{
    return fill->flags & LEAT_NETFRONT_META;
}

/* 0, or why no such frame can be sent at all. */
static int check(const struct leat_netfront *f,
                 const struct leat_netfront_fill *fill)
{
    static const struct leat_net_meta none;
    int err;

    if (!f || !fill || !fill->fill ||
        fill->flags & ~(LEAT_NETFRONT_DIRTY | LEAT_NETFRONT_META))
        return LEAT_E_INVALID;
    err = leat_nf_tx_allowed(f, fill->queue,
                             told_later(fill) ? &none : &fill->meta);
    if (err)
        return err;
    return fill->size < LEAT_NET_FRAME_MIN || fill->size > f->info.frame_max
               ? LEAT_E_LENGTH
               : 0;
}

/* How many bytes the caller wrote. */
static int filled(const struct leat_netfront *f,
                  const struct leat_netfront_fill *fill, const struct room *r,
                  size_t *len)
{
    int err;

    *len = fill->size;
    err = fill->fill(fill->arg, r->view, r->n, len);
    if (err)
        return err;
    if (*len > fill->size)
        return LEAT_E_RANGE;
    if (*len < LEAT_NET_FRAME_MIN)
        return LEAT_E_LENGTH;
    if (told_later(fill))
        err = leat_nf_tx_allowed(f, fill->queue, &fill->meta);
    if (err)
        return err;
    return leat_nf_tx_judge(f, &fill->meta, r->view[0].data,
                            *len < r->view[0].len ? *len : r->view[0].len);
}

int leat_netfront_send(struct leat_netfront *f,
                       const struct leat_netfront_fill *fill)
{
    struct nf_piece pieces[LEAT_NETFRONT_SLOTS];
    struct nf_pages *p;
    struct nf_queue *q;
    struct room room;
    uint32_t n;
    size_t len, left;
    int err = check(f, fill);

    if (err)
        return err;
    q = &f->queues[fill->queue];
    p = &q->pages[NF_TX];
    if (q->tx.error)
        return q->tx.error;
    n = (uint32_t)((fill->size + p->bytes - 1) / p->bytes);
    if (!leat_nf_tx_room(
            q, n, n, told_later(fill) || fill->meta.gso != LEAT_NET_GSO_NONE))
        return LEAT_E_AGAIN;
    get(p, &room, fill->size, fill->flags & LEAT_NETFRONT_DIRTY);
    err = filled(f, fill, &room, &len);
    if (err) {
        put(p, &room, 0);
        return err;
    }
    for (n = 0, left = len; left; n++) {
        const struct nf_page *page = &p->page[room.page[n]];

        pieces[n].ref = page->ref;
        pieces[n].off = page->off;
        pieces[n].len = (uint16_t)(left < p->bytes ? left : p->bytes);
        pieces[n].page = (uint16_t)room.page[n];
        left -= pieces[n].len;
    }
    put(p, &room, n);
    leat_nf_tx_put(q, pieces, n, len, &fill->meta, NF_NO_FRAME);
    return 0;
}
