/* SPDX-License-Identifier: ISC */

/*
 * Frames are placed into what the guest has posted, many at a time, and then told
 * together. netback_rx.c has where they come from, and the rules X1 to X6.
 */

#include <string.h>

#include "netback.h"

/* --------------------------------------------------------------- a batch */

void leat_nb_rx_begin(struct nb_rx *rx, struct leat_netback *n)
{
    memset(rx, 0, sizeof(*rx));
    rx->n = n;
    rx->copying = !leat_copy_init(&rx->batch, n->config.grants,
                                  n->scratch->segs, NB_SEGS, &n->stats.copied);
}

/* Writes what was staged; what fails has its frame told. */
static void write_pages(struct nb_rx *rx)
{
    struct leat_netback *n = rx->n;
    size_t seg, i;
    int status, err;

    if (!rx->copying || !rx->batch.n)
        return;
    err = leat_copy_run(&rx->batch);
    n->stats.copies += rx->batch.n;
    n->stats.grant_calls++;
    while (!leat_copy_failed(&rx->batch, &seg, &status)) {
        n->scratch->failed[n->scratch->owner[seg]] = true;
        err = 0;
    }
    for (i = 0; err && i < rx->batch.n; i++)
        n->scratch->failed[n->scratch->owner[i]] = true;
    (void)leat_copy_reset(&rx->batch);
}

static int tell(struct nb_rx *rx)
{
    struct nb_scratch *s = rx->n->scratch;
    uint32_t i;
    int err = 0;

    for (i = 0; i < rx->nout && !err; i++) {
        struct nb_out *out = &s->out[i];

        if (out->data && s->failed[out->frame])
            out->u.rsp.status = NETIF_RSP_ERROR; /* X3 */
        err = ring_put(&out->q->rx, &out->u, sizeof(out->u));
    }
    for (i = 0; i < rx->nframes; i++)
        rx->n->stats.rx_failed += s->failed[i];
    return err;
}

int leat_nb_rx_flush(struct nb_rx *rx)
{
    struct leat_netback *n = rx->n;
    uint32_t i;
    int err;

    write_pages(rx);
    err = tell(rx);
    for (i = 0; i < n->nqueues && !err; i++) {
        bool notify = false;

        err = leat_ring_push(&n->queues[i].rx, &notify);
        if (!err && notify)
            leat_nb_notify(&n->queues[i], 1);
    }
    rx->nout = rx->nframes = rx->used = 0;
    return err;
}

/* ---------------------------------------------------------------- a frame */

/* The response to the next request; its page is (*page). */
static struct nb_out *respond(struct nb_rx *rx, struct nb_queue *q,
                              struct nb_posted *page)
{
    struct nb_out *out = &rx->n->scratch->out[rx->nout++];

    *page = *nb_posted_at(q, 0);
    leat_nb_rx_consume(q);
    memset(out, 0, sizeof(*out)); /* XSA-216 */
    out->q = q;
    out->frame = (uint8_t)rx->nframes;
    return out;
}

static struct nb_out *respond_data(struct nb_rx *rx, struct nb_queue *q,
                                   struct nb_posted *page, size_t len,
                                   bool more)
{
    struct nb_out *out = respond(rx, q, page);

    out->data = true;
    out->u.rsp.id = page->id;
    out->u.rsp.flags = more ? NETRXF_MORE_DATA : 0;
    out->u.rsp.status = (int16_t)len;
    rx->n->stats.rx_slots++;
    return out;
}

static bool prefixed(const struct leat_netback *n,
                     const struct leat_net_meta *meta)
{
    return (meta->gso == LEAT_NET_GSO_TCPV4 && n->prefix4) ||
           (meta->gso == LEAT_NET_GSO_TCPV6 && n->prefix6);
}

static void respond_prefix(struct nb_rx *rx, struct nb_queue *q,
                           const struct leat_net_meta *meta)
{
    struct nb_posted page;
    struct nb_out *out = respond_data(rx, q, &page, 0, true);

    out->u.rsp.flags |= NETRXF_GSO_PREFIX;
    out->u.rsp.offset = meta->gso_size;
}

static void respond_gso(struct nb_rx *rx, struct nb_queue *q,
                        const struct leat_net_meta *meta)
{
    struct nb_posted page;
    struct nb_out *out = respond(rx, q, &page);

    out->u.extra.type = NETIF_EXTRA_GSO;
    out->u.extra.u.gso.size = meta->gso_size;
    out->u.extra.u.gso.type =
        meta->gso == LEAT_NET_GSO_TCPV4 ? NETIF_GSO_TCPV4 : NETIF_GSO_TCPV6;
}

static void flags(struct nb_out *first, const struct leat_net_meta *meta,
                  bool extra)
{
    if (meta->flags & LEAT_NET_CSUM_BLANK)
        first->u.rsp.flags |= NETRXF_CSUM_BLANK | NETRXF_DATA_VALIDATED;
    else if (meta->flags & LEAT_NET_CSUM_VALID)
        first->u.rsp.flags |= NETRXF_DATA_VALIDATED;
    if (extra)
        first->u.rsp.flags |= NETRXF_EXTRA_INFO;
}

static void counted(struct nb_rx *rx, size_t len,
                    const struct leat_net_meta *meta)
{
    rx->n->scratch->failed[rx->nframes++] = false;
    rx->n->stats.rx_frames++;
    rx->n->stats.rx_bytes += len;
    rx->n->stats.rx_gso += meta->gso != LEAT_NET_GSO_NONE;
}

/* Writes (len) bytes at (from), which are private, to the page of (at). */
static int write_one(struct nb_rx *rx, const struct nb_posted *at,
                     const unsigned char *from, size_t len)
{
    struct leat_netback *n = rx->n;
    const struct leat_shared page = {at->page, LEAT_PAGE_SIZE};
    const struct leat_gref gref = {n->domain, at->ref};
    const struct leat_cview bytes = {from, len};

    if (page.peer_bytes) {
        n->stats.rx_static++;
        return leat_shared_copy_in(page, 0, from, len, &n->stats.copied);
    }
    if (!rx->copying)
        return LEAT_E_UNSUPPORTED;
    n->stats.rx_copied++;
    n->scratch->owner[rx->batch.n] = (uint8_t)rx->nframes;
    return leat_copy_to(&rx->batch, &gref, 1, 0, bytes);
}

/* Whether the batch has room for a frame of (slots). */
bool leat_nb_rx_fits(const struct nb_rx *rx, uint32_t slots)
{
    return rx->nout + slots <= NB_POSTED && rx->nframes + 1 < NB_POSTED &&
           (!rx->copying || rx->batch.n + slots <= NB_SEGS);
}

/*
 * Places a frame of private bytes, which stay until the batch is flushed.
 * LEAT_E_LIMIT: the guest has no room (X2).
 */
int leat_nb_rx_place(struct nb_rx *rx, struct nb_queue *q,
                     const unsigned char *bytes, size_t len,
                     const struct leat_net_meta *meta)
{
    bool prefix = prefixed(rx->n, meta), extra = meta->gso && !prefix;
    uint32_t pages = nb_pages(len), slots = pages + prefix + extra, i;
    struct nb_posted page;
    bool failed = false;

    if (!len || len > LEAT_NET_FRAME_MAX || (pages > 1 && !rx->n->sg))
        return LEAT_E_LENGTH;
    leat_nb_rx_look(q);
    if (q->nposted < slots)
        (void)leat_nb_rx_fill(q);
    if (q->nposted < slots)
        return LEAT_E_LIMIT;
    if (!leat_nb_rx_fits(rx, slots)) {
        const uint32_t used = rx->used; /* by this one, too */
        int err = leat_nb_rx_flush(rx);

        if (err)
            return err;
        rx->used = used;
    }
    if (prefix)
        respond_prefix(rx, q, meta);
    for (i = 0; i < pages; i++) {
        size_t at = (size_t)i * LEAT_PAGE_SIZE;
        size_t part = len - at < LEAT_PAGE_SIZE ? len - at : LEAT_PAGE_SIZE;
        struct nb_out *out = respond_data(rx, q, &page, part, i + 1 < pages);

        failed |= write_one(rx, &page, bytes + at, part) != 0;
        if (i)
            continue;
        flags(out, meta, extra);
        if (extra)
            respond_gso(rx, q, meta);
    }
    i = rx->nframes;
    counted(rx, len, meta);
    rx->n->scratch->failed[i] = failed;
    return 0;
}

struct placing {
    struct nb_rx *rx;
    struct nb_queue *q;
};

/* Brings (frame) into the stage, and places it. */
static int stage(void *arg, const struct leat_net_frame *frame)
{
    const struct placing *p = arg;
    struct leat_netback *n = p->rx->n;
    unsigned char *to = n->scratch->stage;
    const struct leat_view room = {to, NB_STAGE};
    size_t at = frame->head.len, i;
    int err;

    if (!frame->nsegs) {
        err = leat_nb_rx_place(p->rx, p->q, frame->head.data, frame->len,
                               &frame->meta);
        return err ? err : leat_nb_rx_flush(p->rx);
    }
    if (frame->len > LEAT_NET_FRAME_MAX)
        return LEAT_E_LENGTH;
    err = leat_view_copy_in(room, 0, frame->head.data, at, &n->stats.copied);
    for (i = 0; i < frame->nsegs && !err; i++) {
        if (frame->segs[i].len > frame->len - at)
            return LEAT_E_RANGE;
        err = leat_shared_copy_out(frame->segs[i], 0, to + at,
                                   frame->segs[i].len, &n->stats.copied);
        at += frame->segs[i].len;
    }
    if (!err)
        err = leat_nb_rx_place(p->rx, p->q, to, frame->len, &frame->meta);
    return err ? err : leat_nb_rx_flush(p->rx);
}

/* Places a frame that leaves more than the guest takes, finished. */
int leat_nb_rx_finish(struct nb_rx *rx, struct nb_queue *q,
                      const struct leat_net_frame *frame)
{
    struct placing p = {rx, q};
    int err = leat_nb_rx_flush(rx);

    if (err)
        return err;
    rx->n->stats.finished++;
    return leat_net_finish(frame, rx->n->takes, rx->n->scratch->finish,
                           &rx->n->stats.copied, stage, &p);
}

/* By the flow, so that the frames of one do not overtake each other. */
struct nb_queue *leat_nb_rx_choose(struct leat_netback *n,
                                   struct leat_cview head, size_t len)
{
    struct leat_net_headers is = {.flow = 0};

    if (n->nqueues > 1)
        (void)leat_net_headers(head, len, &is);
    return &n->queues[is.flow % n->nqueues];
}

void leat_nb_rx_lost(struct leat_netback *n)
{
    n->stats.rx_lost++;
}

/* Responds to a frame that lies in the guest's pages. */
void leat_nb_rx_straight(struct nb_rx *rx, struct nb_queue *q, size_t len,
                         const struct leat_net_meta *meta)
{
    uint32_t pages = nb_pages(len), i;
    struct nb_posted page;

    for (i = 0; i < pages; i++) {
        size_t left = len - (size_t)i * LEAT_PAGE_SIZE;
        struct nb_out *out = respond_data(
            rx, q, &page, left < LEAT_PAGE_SIZE ? left : LEAT_PAGE_SIZE,
            i + 1 < pages);

        rx->n->stats.rx_static++;
        if (i)
            continue;
        flags(out, meta, meta->gso);
        if (meta->gso)
            respond_gso(rx, q, meta);
    }
    counted(rx, len, meta);
}

/* ------------------------------------------------------- what is delivered */

int leat_nb_rx_deliver(void *arg, const struct leat_net_frame *frame)
{
    struct leat_netback *n = arg;
    struct nb_queue *q;
    struct placing p;
    struct nb_rx rx;
    int err;

    if (!n->connected)
        return LEAT_E_AGAIN;
    if (n->sending) { /* X6 */
        leat_nb_rx_lost(n);
        return LEAT_E_AGAIN;
    }
    if (frame->head.len < LEAT_NET_FRAME_MIN || frame->head.len > frame->len)
        return LEAT_E_LENGTH;
    if (leat_nb_filter_drops(n, frame->head.data)) {
        n->stats.rx_filtered++;
        return 0;
    }
    q = leat_nb_rx_choose(n, frame->head, frame->len);
    leat_nb_rx_begin(&rx, n);
    p = (struct placing){&rx, q};
    if (leat_net_leaves(&frame->meta, frame->head) & ~n->takes)
        err = leat_nb_rx_finish(&rx, q, frame);
    else
        err = stage(&p, frame);
    if (err)
        leat_nb_rx_lost(n);
    return err == LEAT_E_LIMIT ? LEAT_E_AGAIN : err;
}
