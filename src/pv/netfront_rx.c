/* SPDX-License-Identifier: ISC */

/*
 * What comes: slots become frames. A frame is a response, its extras, and a
 * response for each further fragment; or, where it was so agreed, a slot before
 * it that says how it is to be segmented.
 *
 *     nothing --first--> open --extras--> open --fragments--> whole --> told
 *
 *   F5  a page is of a posted index, or of the frame that is open, or free; the
 *       back answers indexes in order, and each by its own id: its index
 *   F8  a slot is copied out of the ring once, and judged before it is used:
 *       off + len <= a page
 *   F9  of a frame at most LEAT_NETFRONT_SLOTS slots are kept; the frame that has
 *       more is refused, and its pages go back at once
 *
 * A frame may be pushed in parts: what is there of it is kept. An extra takes the
 * place of a response, and the page of its index was not used. A fragment of no
 * bytes adds none (XSA-448).
 *
 * Source: xen/io/netif.h; xennet_get_responses() of Linux, which relies on the
 * order, too.
 */

#include <string.h>

#include "netfront.h"

#define EXTRAS_MAX 8u

union slot {
    struct netif_rx_response rsp;
    struct netif_extra extra;
};

static int lie(struct nf_queue *q, const char *what, uint64_t is,
               uint64_t bound)
{
    return leat_ring_break(&q->rx, what, is, bound);
}

/* The page that was posted as the next index. */
static void claim(struct nf_queue *q, struct nf_part *part)
{
    const uint32_t i = q->rx_taken++ & (NF_RING - 1);

    if (q->rx_own)
        part->own = q->rx_own[i];
    else
        part->page = q->rx_page[i];
}

static void discard(struct nf_queue *q)
{
    struct nf_coming *c = &q->coming;

    while (c->n)
        leat_nf_part_drop(q, &c->part[--c->n]);
    c->len = 0;
}

static int gso(struct nf_queue *q, const struct netif_extra *e)
{
    struct leat_net_meta *meta = &q->coming.meta;
    const uint32_t offload = q->f->config.offload;

    if (e->u.gso.type != NETIF_GSO_TCPV4 && e->u.gso.type != NETIF_GSO_TCPV6)
        return lie(q, "GSO of type", e->u.gso.type, NETIF_GSO_TCPV6);
    if (!e->u.gso.size)
        return lie(q, "GSO of size", 0, 1);
    meta->gso = e->u.gso.type == NETIF_GSO_TCPV4 ? LEAT_NET_GSO_TCPV4
                                                 : LEAT_NET_GSO_TCPV6;
    meta->gso_size = e->u.gso.size;
    if (!(offload & (meta->gso == LEAT_NET_GSO_TCPV4 ? LEAT_NET_OFFLOAD_GSO4
                                                     : LEAT_NET_OFFLOAD_GSO6)))
        return lie(q, "GSO that was not asked for, of type", e->u.gso.type, 0);
    return 0;
}

static int extra(struct nf_queue *q, const struct netif_extra *e)
{
    struct nf_coming *c = &q->coming;
    struct nf_part unused;

    if (e->type == 0 || e->type >= NETIF_EXTRA_MAX)
        return lie(q, "an extra of type", e->type, NETIF_EXTRA_MAX - 1);
    if (++c->slots >= NF_FATAL)
        return lie(q, "slots of a frame", c->slots, NF_FATAL - 1);
    claim(q, &unused);
    leat_nf_part_drop(q, &unused);
    c->refused |= c->kinds & 1u << e->type; /* doubled: which one counts? */
    c->kinds |= 1u << e->type;
    c->extras = e->flags & NETIF_EXTRA_MORE;
    return e->type == NETIF_EXTRA_GSO ? gso(q, e) : 0;
}

/* GSO told beforehand: LEAT_NETFRONT_PREFIX. */
static int prefix(struct nf_queue *q, const struct netif_rx_response *r)
{
    struct nf_coming *c = &q->coming;
    struct nf_part unused;

    if (!(q->f->config.flags & LEAT_NETFRONT_PREFIX))
        return lie(q, "a prefix that was not asked for, of", r->offset, 0);
    if (c->open || r->status || !r->offset || !(r->flags & NETRXF_MORE_DATA))
        return lie(q, "a prefix of", r->offset, (uint16_t)r->status);
    claim(q, &unused);
    leat_nf_part_drop(q, &unused);
    c->meta.gso_size = r->offset;
    /* Of which kind it is, its headers tell where both may be. */
    c->meta.gso = q->f->config.offload & LEAT_NET_OFFLOAD_GSO4
                      ? LEAT_NET_GSO_TCPV4
                      : LEAT_NET_GSO_TCPV6;
    c->unkind = c->meta.gso == LEAT_NET_GSO_TCPV4 &&
                q->f->config.offload & LEAT_NET_OFFLOAD_GSO6;
    c->slots = 1;
    c->open = c->more = true;
    c->prefixed = true;
    return 0;
}

static void begin(struct nf_queue *q, const struct netif_rx_response *r)
{
    struct nf_coming *c = &q->coming;

    if (r->flags & NETRXF_CSUM_BLANK)
        c->meta.flags = LEAT_NET_CSUM_BLANK | LEAT_NET_CSUM_VALID;
    else if (r->flags & NETRXF_DATA_VALIDATED)
        c->meta.flags = LEAT_NET_CSUM_VALID;
    c->extras = r->flags & NETRXF_EXTRA_INFO;
    c->open = true;
    c->prefixed = false;
}

static int judge(struct nf_queue *q, const struct netif_rx_response *r)
{
    const uint16_t id = (uint16_t)q->rx_taken;

    if (r->id != id)
        return lie(q, "an answer to nothing, id", r->id, id);
    if (r->status < NETIF_RSP_DROPPED)
        return lie(q, "a status that is none:", (uint16_t)r->status, 0);
    if (r->status > 0 &&
        (uint32_t)r->offset + (uint32_t)r->status > (uint32_t)LEAT_PAGE_SIZE)
        return lie(q, "a fragment ends at",
                   (uint32_t)r->offset + (uint32_t)r->status, LEAT_PAGE_SIZE);
    return 0;
}

static int data(struct nf_queue *q, const struct netif_rx_response *r)
{
    struct nf_coming *c = &q->coming;
    struct nf_part beyond, *part = &c->part[c->n];
    int err = judge(q, r);

    if (err)
        return err;
    if (r->flags & NETRXF_GSO_PREFIX)
        return prefix(q, r);
    if (!c->open || c->prefixed)
        begin(q, r);
    else if (r->flags & NETRXF_EXTRA_INFO)
        return lie(q, "extras behind a fragment, flags", r->flags, 0);
    if (++c->slots >= NF_FATAL)
        return lie(q, "slots of a frame", c->slots, NF_FATAL - 1);
    c->more = r->flags & NETRXF_MORE_DATA;
    c->failed |= r->status < 0;
    if (c->n == LEAT_NETFRONT_SLOTS)
        part = &beyond;
    claim(q, part);
    part->off = r->offset;
    part->len = r->status > 0 ? (uint32_t)r->status : 0;
    if (part == &beyond || part->len > LEAT_NET_FRAME_MAX - c->len)
        c->refused = true; /* F9 */
    if (part->len && !c->refused && !c->failed) {
        c->len += part->len;
        c->n++;
        return 0;
    }
    leat_nf_part_drop(q, part);
    if (c->refused || c->failed)
        discard(q);
    return 0;
}

/* A frame is whole: it is told, or counted. */
static void whole(struct nf_queue *q)
{
    struct leat_netfront_stats *st = &q->f->stats;
    struct nf_coming *c = &q->coming;

    st->rx_slots += c->slots;
    if (c->failed) {
        st->rx_failed++;
    } else if (c->refused || c->len < LEAT_NET_FRAME_MIN) {
        st->rx_refused++;
    } else {
        leat_nf_tell(q);
    }
    /* Where it was told, its parts have gone. */
    discard(q);
    c->slots = c->kinds = 0;
    c->open = c->refused = c->failed = c->prefixed = c->unkind = false;
    memset(&c->meta, 0, sizeof(c->meta));
}

int leat_nf_rx_take(struct nf_queue *q, uint32_t budget, bool awake, bool *more)
{
    struct nf_coming *c = &q->coming;
    union slot slot;
    uint32_t n;
    bool again = true;
    int err = 0;

    for (n = 0; n < budget && !err; n++) {
        err = ring_take(&q->rx, &slot, sizeof(slot));
        if (err)
            break;
        err = c->extras ? extra(q, &slot.extra) : data(q, &slot.rsp);
        if (!err && !c->extras && !c->more)
            whole(q);
    }
    if (err == LEAT_E_AGAIN) {
        again = false;
        err = awake ? 0 : leat_ring_sleep(&q->rx, &again);
    }
    *more |= again;
    return err;
}

static int post_own(struct nf_queue *q, uint32_t *ref)
{
    struct nf_shown *s = &q->rx_own[q->rx_put & (NF_RING - 1)];
    int err = leat_nf_show(q->f, s);

    if (err)
        return err;
    q->f->stats.shares++;
    *ref = s->ref;
    return 0;
}

static int post_page(struct nf_queue *q, uint32_t *ref)
{
    struct nf_pages *p = &q->pages[NF_RX];
    uint32_t i;

    if (!nf_pages_free(p))
        return LEAT_E_LIMIT;
    i = nf_page_get(p);
    q->rx_page[q->rx_put & (NF_RING - 1)] = (uint16_t)i;
    *ref = p->page[i].ref;
    return 0;
}

int leat_nf_rx_post(struct nf_queue *q)
{
    struct netif_rx_request r;
    int err = 0;

    if (q->rx.error)
        return q->rx.error;
    memset(&r, 0, sizeof(r));
    while (leat_ring_room(&q->rx)) {
        err = q->rx_own ? post_own(q, &r.gref) : post_page(q, &r.gref);
        if (err) /* what is posted does; more when there is some */
            return 0;
        r.id = (uint16_t)q->rx_put++;
        err = ring_put(&q->rx, &r, sizeof(r));
        if (err)
            return err;
    }
    return 0;
}

void leat_nf_rx_drop(struct nf_queue *q)
{
    struct nf_part part;

    discard(q);
    while (q->rx_taken != q->rx_put) {
        claim(q, &part);
        leat_nf_part_drop(q, &part);
    }
    memset(&q->coming, 0, sizeof(q->coming));
}
