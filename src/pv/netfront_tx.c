/* SPDX-License-Identifier: ISC */

/*
 * What is sent: a frame is a request with the length of all, its extras, and a
 * request for each further fragment; what is under way is known by ids.
 *
 *   F3  each page of the device's that is used to send is of exactly one slot
 *   F4  who is to be told of a frame is told once: when all of its slots were
 *       answered, or drained
 *   F7  a frame is put into the ring as a whole, or not at all; its slots have
 *       room, and ids, before the first is put
 *
 * An extra has no id: it is answered with XEN_NETIF_RSP_NULL and any id, so these
 * are counted.
 */

#include <string.h>

#include "netfront.h"

_Static_assert(sizeof(struct nf_item) == sizeof(uint64_t), "an item");

static uint64_t item_of(const struct nf_item *i)
{
    uint64_t x;

    memcpy(&x, i, sizeof(x));
    return x;
}

int leat_nf_tx_allowed(const struct leat_netfront *f, uint32_t queue,
                       const struct leat_net_meta *meta)
{
    const uint32_t offload = f->info.offload;

    if (f->closing)
        return LEAT_E_CLOSED;
    if (!f->ready || f->pausing)
        return LEAT_E_STATE;
    if (queue >= f->nqueues ||
        meta->flags & ~(LEAT_NET_CSUM_BLANK | LEAT_NET_CSUM_VALID))
        return LEAT_E_INVALID;
    switch (meta->gso) {
    case LEAT_NET_GSO_NONE:
        break;
    case LEAT_NET_GSO_TCPV4:
    case LEAT_NET_GSO_TCPV6:
        if (!meta->gso_size)
            return LEAT_E_INVALID;
        if (!(offload &
              (meta->gso == LEAT_NET_GSO_TCPV4 ? LEAT_NET_OFFLOAD_GSO4
                                               : LEAT_NET_OFFLOAD_GSO6)))
            return LEAT_E_UNSUPPORTED;
        break;
    default:
        return LEAT_E_INVALID;
    }
    return meta->flags & LEAT_NET_CSUM_BLANK &&
                   !(offload &
                     (LEAT_NET_OFFLOAD_CSUM4 | LEAT_NET_OFFLOAD_CSUM6))
               ? LEAT_E_UNSUPPORTED
               : 0;
}

#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_QINQ 0x88a8u

uint32_t leat_nf_ethertype(const unsigned char *head, size_t len)
{
    size_t at;
    uint32_t type;

    for (at = 12; at + 2 <= len && at <= 20; at += 4) {
        type = (uint32_t)head[at] << 8 | head[at + 1];
        if (type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ)
            return type;
    }
    return 0;
}

int leat_nf_tx_judge(const struct leat_netfront *f,
                     const struct leat_net_meta *meta,
                     const unsigned char *head, size_t len)
{
    const uint32_t both = LEAT_NET_OFFLOAD_CSUM4 | LEAT_NET_OFFLOAD_CSUM6;
    uint32_t need;

    if (!(meta->flags & LEAT_NET_CSUM_BLANK) ||
        (f->info.offload & both) == both)
        return 0;
    need = leat_nf_ethertype(head, len) == NF_IPV6 ? LEAT_NET_OFFLOAD_CSUM6
                                                   : LEAT_NET_OFFLOAD_CSUM4;
    return f->info.offload & need ? 0 : LEAT_E_UNSUPPORTED;
}

static void put_gso(struct nf_queue *q, const struct leat_net_meta *meta)
{
    struct netif_extra e;

    memset(&e, 0, sizeof(e)); /* XSA-216 */
    e.type = NETIF_EXTRA_GSO;
    e.u.gso.size = meta->gso_size;
    e.u.gso.type =
        meta->gso == LEAT_NET_GSO_TCPV4 ? NETIF_GSO_TCPV4 : NETIF_GSO_TCPV6;
    (void)ring_put(&q->tx, &e, sizeof(e));
    q->extras++;
}

static uint16_t flags_of(const struct leat_net_meta *meta)
{
    /* A GSO frame has no checksum that could be whole. */
    if (meta->flags & LEAT_NET_CSUM_BLANK || meta->gso)
        return NETTXF_CSUM_BLANK | NETTXF_DATA_VALIDATED;
    return meta->flags & LEAT_NET_CSUM_VALID ? NETTXF_DATA_VALIDATED : 0;
}

void leat_nf_tx_put(struct nf_queue *q, const struct nf_piece *pieces,
                    uint32_t n, size_t len, const struct leat_net_meta *meta,
                    uint16_t given)
{
    struct leat_netfront_stats *st = &q->f->stats;
    uint32_t i;

    for (i = 0; i < n; i++) {
        const struct nf_piece *p = &pieces[i];
        const struct nf_item item = {
            .page = p->page,
            .frame = given,
            .first = i == 0,
            .granted = p->page == NF_NO_PAGE,
        };
        struct netif_tx_request r = {
            .gref = p->ref,
            .offset = p->off,
            .flags = i + 1 < n ? NETTXF_MORE_DATA : 0,
            .size = i ? p->len : (uint16_t)len,
        };
        uint64_t id = 0;

        /* There is room: F7. A ring that is broken takes nothing, and what has
         * an id is drained. */
        (void)leat_slots_get(&q->slots, item_of(&item), &id);
        r.id = (uint16_t)id;
        if (item.granted) {
            q->grants[id & (NF_RING - 1)] = p->grant;
            q->granted++;
        }
        if (!i)
            r.flags |= flags_of(meta) | (meta->gso ? NETTXF_EXTRA_INFO : 0);
        (void)ring_put(&q->tx, &r, sizeof(r));
        if (!i && meta->gso)
            put_gso(q, meta);
    }
    st->tx_frames++;
    st->tx_bytes += len;
    st->tx_slots += n;
    st->tx_gso += meta->gso != LEAT_NET_GSO_NONE;
}

int leat_nf_tx_filter(struct nf_queue *q, const uint8_t *mac, bool add)
{
    const struct nf_item item = {
        .page = NF_NO_PAGE, .frame = NF_NO_FRAME, .message = true};
    struct netif_tx_request r = {.flags = NETTXF_EXTRA_INFO};
    struct netif_extra e;
    uint64_t id = 0;

    if (leat_ring_room(&q->tx) < 2 ||
        leat_slots_get(&q->slots, item_of(&item), &id))
        return LEAT_E_AGAIN;
    r.id = (uint16_t)id;
    memset(&e, 0, sizeof(e));
    e.type = add ? NETIF_EXTRA_MCAST_ADD : NETIF_EXTRA_MCAST_DEL;
    memcpy(e.u.mcast.addr, mac, sizeof(e.u.mcast.addr));
    (void)ring_put(&q->tx, &r, sizeof(r));
    (void)ring_put(&q->tx, &e, sizeof(e));
    q->extras++;
    return 0;
}

/* ----------------------------------------------------------------- answers */

static void told(struct nf_queue *q, uint16_t frame, int err)
{
    struct nf_given *g = &q->given[frame];
    void (*done)(void *, int) = g->done;

    if (err && !g->err)
        g->err = err;
    if (--g->left)
        return;
    g->done = NULL;
    g->next = (uint16_t)q->free_given;
    q->free_given = frame;
    q->given_out--;
    done(g->arg, g->err);
}

/* A slot is not under way any more: its page is whose it was before. */
static void release(struct nf_queue *q, uint32_t slot, uint64_t x, int err)
{
    struct nf_item item;
    int held = 0;

    memcpy(&item, &x, sizeof(item));
    if (item.page != NF_NO_PAGE)
        nf_page_put(&q->pages[NF_TX], item.page);
    if (item.granted) {
        held = leat_nf_revoke(q->f, q->grants[slot]);
        q->granted--;
    }
    if (item.frame != NF_NO_FRAME)
        told(q, item.frame, err ? err : held == LEAT_E_BUSY ? held : 0);
}

static int answer(struct nf_queue *q, const struct netif_tx_response *rsp)
{
    struct leat_netfront_stats *st = &q->f->stats;
    struct nf_item item;
    uint64_t x = 0;

    if (rsp->status == NETIF_RSP_NULL) {
        if (!q->extras)
            return leat_ring_break(&q->tx, "an answer to no extra, id", rsp->id,
                                   0);
        q->extras--;
        return 0;
    }
    if (rsp->status != NETIF_RSP_OKAY && rsp->status != NETIF_RSP_ERROR &&
        rsp->status != NETIF_RSP_DROPPED)
        return leat_ring_break(
            &q->tx, "a status that is none:", (uint16_t)rsp->status, 0);
    if (leat_slots_put(&q->slots, rsp->id, &x))
        return leat_ring_break(&q->tx, "an answer to nothing, id", rsp->id,
                               q->slots.n);
    memcpy(&item, &x, sizeof(item));
    if (item.first) {
        st->tx_okay += rsp->status == NETIF_RSP_OKAY;
        st->tx_failed += rsp->status != NETIF_RSP_OKAY;
    }
    release(q, rsp->id & (NF_RING - 1), x,
            rsp->status == NETIF_RSP_OKAY ? 0 : LEAT_E_SYSTEM);
    return 0;
}

/* Somebody waits for an answer: else nobody has to be woken for one. */
static bool awaited(const struct nf_queue *q)
{
    return q->wants_room || q->given_out || q->granted || q->f->closing ||
           q->f->pausing;
}

/* Takes answers, at most (budget). 0: there may be more; LEAT_E_AGAIN: not. */
static int take(struct nf_queue *q, uint32_t budget, bool *any)
{
    struct netif_tx_response rsp;
    uint32_t n;
    int err = 0;

    q->taking = true;
    for (n = 0; n < budget && !err; n++) {
        err = ring_take(&q->tx, &rsp, sizeof(rsp));
        if (!err)
            err = answer(q, &rsp);
        *any |= !err;
    }
    q->taking = false;
    return err;
}

int leat_nf_tx_take(struct nf_queue *q, uint32_t budget, bool awake, bool *more)
{
    bool again = false, any = false;
    int err = take(q, budget, &any);

    if (!err)
        again = true;
    else if (err == LEAT_E_AGAIN)
        err = awake || !awaited(q) ? 0 : leat_ring_sleep(&q->tx, &again);
    *more |= again;
    if (any && !err && q->wants_room && q->f->ready) {
        q->wants_room = false;
        if (q->f->config.room)
            q->f->config.room(q->f->config.arg, q->f, q->number);
    }
    return err;
}

static bool fits(const struct nf_queue *q, uint32_t slots, uint32_t pages,
                 uint32_t extras)
{
    return leat_ring_room(&q->tx) >= slots + extras &&
           q->slots.n - q->slots.out >= slots &&
           nf_pages_free(&q->pages[NF_TX]) >= pages;
}

/*
 * Nobody may have asked to be woken for an answer, when the last poll was: so that
 * is done before a caller is told that there is no room, and what was answered by
 * then is taken. Each round takes an answer, and there is at most a ring of them.
 */
bool leat_nf_tx_room(struct nf_queue *q, uint32_t slots, uint32_t pages,
                     uint32_t extras)
{
    bool more = true, any = false;
    uint32_t i;

    for (i = 0; !fits(q, slots, pages, extras); i++) {
        if (i == NF_RING || q->taking || leat_ring_sleep(&q->tx, &more) ||
            !more) {
            q->wants_room = true;
            return false;
        }
        (void)take(q, NF_RING, &any); /* a lie is found by the next poll */
    }
    return true;
}

void leat_nf_tx_drop(struct nf_queue *q, int why)
{
    struct leat_slots *s = &q->slots;
    struct nf_item item;
    uint64_t x = 0, id;
    uint32_t i;

    for (i = 0; i < NF_RING && s->out; i++) {
        if (s->slots[i].next != NF_NONE)
            continue;
        id = (uint64_t)s->slots[i].generation << s->index | i;
        if (leat_slots_put(s, id, &x))
            continue;
        memcpy(&item, &x, sizeof(item));
        q->f->stats.tx_lost += item.first;
        release(q, i, x, why);
    }
    q->extras = 0;
}
