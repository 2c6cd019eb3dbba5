/* SPDX-License-Identifier: ISC */

/*
 * A frame is whole, and its reader gets it in one of three ways.
 *
 *   F10  what a reader gets as private is in no page that the back can still
 *        write: it was copied out once, or its grant has ended
 *   F6   a page that a reader has of the device's own (SHARED) is not posted
 *        until it gives it back, which it can do once
 *
 * No way stands in for another: a frame that cannot be had so is lost, and
 * counted.
 */

#include <string.h>

#include "netfront.h"

void leat_nf_part_drop(struct nf_queue *q, struct nf_part *part)
{
    struct leat_netfront *f = q->f;
    int err;

    if (!q->rx_own) {
        nf_page_put(&q->pages[NF_RX], part->page);
        return;
    }
    err = leat_grant_revoke(part->own.grant);
    f->stats.revokes++;
    f->stats.held += err == LEAT_E_BUSY;
    (void)leat_pool_put(f->config.pool, part->own.chunk);
}

/* Which kind a prefix did not say; where the first piece does not either, it is
 * IPv4. */
static void kind(struct nf_queue *q, const struct leat_netfront_piece *first)
{
    struct leat_net_meta *meta = &q->coming.meta;
    unsigned char head[24];
    size_t n = 0;

    if (!q->coming.unkind)
        return;
    for (; n < sizeof(head); n++) {
        if (first->view.data && n < first->view.len)
            head[n] = first->view.data[n];
        else if (first->view.data ||
                 leat_shared_read_u8(first->shared, n, &head[n]))
            break;
    }
    if (leat_nf_ethertype(head, n) == NF_IPV6)
        meta->gso = LEAT_NET_GSO_TCPV6;
}

static void tell(struct nf_queue *q, uint32_t n)
{
    struct leat_netfront *f = q->f;
    struct leat_netfront_frame frame = {
        .queue = q->number,
        .n = n,
        .len = q->coming.len,
        .pieces = f->pieces,
    };

    kind(q, &f->pieces[0]);
    frame.meta = q->coming.meta;
    f->stats.rx_frames++;
    f->stats.rx_bytes += frame.len;
    f->stats.rx_gso += frame.meta.gso != LEAT_NET_GSO_NONE;
    if (f->config.receive)
        f->config.receive(f->config.arg, f, &frame);
}

/* What of private pieces the reader did not take goes back. */
static void rest(struct nf_queue *q, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        const struct leat_chunk c = q->f->pieces[i].chunk;

        if (c.pool)
            (void)leat_pool_put(c.pool, c);
    }
}

static void copy(struct nf_queue *q, uint32_t n)
{
    struct leat_netfront *f = q->f;
    struct nf_pages *pages = &q->pages[NF_RX];
    struct nf_coming *c = &q->coming;
    struct leat_netfront_piece *to = &f->pieces[0];
    uint32_t i, at = 0;
    int err = leat_pool_get(f->config.to,
                            (c->len + LEAT_PAGE_SIZE - 1) / LEAT_PAGE_SIZE,
                            &to->chunk);

    for (i = 0; i < n; i++) {
        const struct nf_part *part = &c->part[i];
        const struct leat_shared from = {pages->page[part->page].bytes,
                                         LEAT_PAGE_SIZE};

        if (!err && !i) {
            to->view = leat_chunk_view(to->chunk);
            to->view.len = c->len;
        }
        if (!err)
            (void)leat_shared_copy_out(from, part->off, to->view.data + at,
                                       part->len, &f->copies);
        at += part->len;
        nf_page_put(pages, part->page);
    }
    if (err) {
        f->stats.rx_lost++;
        return;
    }
    f->stats.copied_bytes += at;
    tell(q, 1);
    rest(q, 1);
}

static void revoke(struct nf_queue *q, uint32_t n)
{
    struct leat_netfront *f = q->f;
    struct nf_coming *c = &q->coming;
    uint32_t i;
    int err = 0;

    for (i = 0; i < n; i++) {
        struct leat_netfront_piece *to = &f->pieces[i];
        int one = leat_nf_revoke(f, c->part[i].own.grant);

        to->chunk = c->part[i].own.chunk;
        to->view = leat_chunk_view(to->chunk);
        to->view.data += c->part[i].off;
        to->view.len = c->part[i].len;
        err = err ? err : one;
    }
    if (!err) {
        tell(q, n);
    } else if (err == LEAT_E_BUSY) {
        f->stats.rx_held++;
    } else { /* a resume was between */
        f->stats.rx_lost++;
    }
    rest(q, n);
}

/* A page's token: its life, its queue, and its number, which is never 0. */
static uint64_t token(const struct nf_queue *q, uint32_t page)
{
    return (uint64_t)q->pages[NF_RX].life[page] << 32 | q->number << 16 |
           (page + 1);
}

static void give_back(struct nf_queue *q, uint32_t page)
{
    struct nf_pages *p = &q->pages[NF_RX];

    p->life[page]++;
    q->out--;
    nf_page_put(p, page);
}

static void share(struct nf_queue *q, uint32_t n)
{
    struct leat_netfront *f = q->f;
    struct nf_pages *pages = &q->pages[NF_RX];
    uint32_t page[LEAT_NETFRONT_SLOTS], i;

    for (i = 0; i < n; i++) {
        const struct nf_part *part = &q->coming.part[i];
        struct leat_netfront_piece *to = &f->pieces[i];

        page[i] = part->page;
        pages->page[page[i]].state = NF_OUT;
        to->shared.peer_bytes = pages->page[page[i]].bytes + part->off;
        to->shared.len = part->len;
        to->page = token(q, page[i]);
    }
    q->out += n;
    tell(q, n);
    for (i = 0; i < n; i++) {
        if (f->pieces[i].page)
            give_back(q, page[i]);
    }
}

void leat_nf_tell(struct nf_queue *q)
{
    static const struct leat_netfront_piece none;
    const uint32_t n = q->coming.n;
    uint32_t i;

    for (i = 0; i < n; i++)
        q->f->pieces[i] = none;
    q->coming.n = 0; /* from here on the parts are the reader's, or free */
    if (q->f->mode == LEAT_RECEIVE_COPY)
        copy(q, n);
    else if (q->f->mode == LEAT_RECEIVE_REVOKE)
        revoke(q, n);
    else
        share(q, n);
}

int leat_netfront_done(struct leat_netfront *f,
                       struct leat_netfront_piece *piece)
{
    struct nf_queue *q;
    uint32_t page, number;

    if (!f || !piece)
        return LEAT_E_INVALID;
    page = (uint32_t)(piece->page & 0xffffu) - 1;
    number = (uint32_t)(piece->page >> 16 & 0xffffu);
    if (!piece->page || number >= f->config.queues)
        return LEAT_E_STALE;
    q = &f->queues[number];
    if (page >= q->pages[NF_RX].n ||
        q->pages[NF_RX].page[page].state != NF_OUT ||
        token(q, page) != piece->page)
        return LEAT_E_STALE;
    give_back(q, page);
    memset(piece, 0, sizeof(*piece));
    return 0;
}
