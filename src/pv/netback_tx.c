/* SPDX-License-Identifier: ISC */

/*
 * What the guest sends.
 *
 *     slots --take, check--> frames --pages--> bytes --port--> answered
 *
 *   T1  a slot is copied out of the ring once, and nothing of it is read again
 *   T2  each slot that was taken is answered once, an extra with NETIF_RSP_NULL,
 *       after the frame's pages are used no more
 *   T3  of a frame at most NB_SLOTS slots are kept; those beyond are answered
 *       with an error as they come, and the frame with them
 *   T4  off + len <= a page, for each slot that is kept; the sum of all (len) is
 *       the frame's
 *
 * What is refused, with NETIF_RSP_ERROR: a frame of more than NB_SLOTS slots;
 * shorter than an Ethernet header; whose fragments are longer than it says;
 * whose pages cannot be had; whose headers are not what its flags say.
 *
 * What breaks the device: bytes beyond a page, a frame without its end, an extra
 * that is unknown, GSO of no kind or of size 0, more than slots_fatal slots.
 *
 * A fragment of no bytes adds none: it is answered as the rest of its frame, and
 * its page is not touched (XSA-448).
 */

#include <string.h>

#include "netback.h"

#define EXTRAS_MAX 8u

union slot {
    struct netif_tx_request req;
    struct netif_extra extra;
};

static int broken(struct nb_queue *q, const char *what, uint64_t is,
                  uint64_t bound)
{
    return leat_ring_break(&q->tx, what, is, bound);
}

static int answer(struct nb_queue *q, uint16_t id, int status)
{
    struct netif_tx_response rsp;

    memset(&rsp, 0, sizeof(rsp)); /* XSA-216 */
    rsp.id = id;
    rsp.status = (int16_t)status;
    return ring_put(&q->tx, &rsp, sizeof(rsp));
}

/* The next slot of a frame that has begun: there has to be one. */
static int next(struct nb_queue *q, union slot *slot, const char *what)
{
    int err = ring_take(&q->tx, slot, sizeof(*slot));

    return err == LEAT_E_AGAIN ? broken(q, what, 0, 1) : err;
}

static int gso(struct nb_queue *q, struct nb_frame *f,
               const struct netif_extra *extra)
{
    if (extra->u.gso.type != NETIF_GSO_TCPV4 &&
        extra->u.gso.type != NETIF_GSO_TCPV6)
        return broken(q, "GSO of type", extra->u.gso.type, NETIF_GSO_TCPV6);
    if (!extra->u.gso.size)
        return broken(q, "GSO of size", 0, 1);
    f->meta.gso = extra->u.gso.type == NETIF_GSO_TCPV4 ? LEAT_NET_GSO_TCPV4
                                                       : LEAT_NET_GSO_TCPV6;
    f->meta.gso_size = extra->u.gso.size;
    return 0;
}

/* All extras of a frame; of two of a kind the last one counts. */
static int extras(struct nb_queue *q, struct nb_frame *f)
{
    union slot slot;
    int err;

    do {
        err = next(q, &slot, "extras are missing:");
        if (err)
            return err;
        if (++f->extras > EXTRAS_MAX)
            return broken(q, "extras", f->extras, EXTRAS_MAX);
        switch (slot.extra.type) {
        case NETIF_EXTRA_GSO:
            err = gso(q, f, &slot.extra);
            break;
        case NETIF_EXTRA_MCAST_ADD:
        case NETIF_EXTRA_MCAST_DEL:
            f->send = false;
            if (!leat_nb_filter_change(q->n, slot.extra.u.mcast.addr,
                                       slot.extra.type ==
                                           NETIF_EXTRA_MCAST_ADD))
                f->status = NETIF_RSP_ERROR;
            break;
        case NETIF_EXTRA_HASH: /* its own, and of no use to us */
            break;
        default:
            err = broken(q, "an extra of type", slot.extra.type,
                         NETIF_EXTRA_MAX - 1);
        }
    } while (!err && slot.extra.flags & NETIF_EXTRA_MORE);
    return err;
}

static void keep(struct nb_frame *f, const struct netif_tx_request *req)
{
    f->slots[f->n++] = (struct nb_slot){
        .ref = req->gref,
        .id = req->id,
        .off = req->offset,
        .len = req->size,
        .part = NB_NONE,
    };
}

/* The fragments behind the first; gives how many bytes they have. */
static int fragments(struct nb_queue *q, struct nb_frame *f, uint32_t *bytes,
                     uint32_t *slots)
{
    union slot slot;
    int err;

    do {
        err = next(q, &slot, "a frame without its end:");
        if (err)
            return err;
        if (++*slots >= q->n->config.slots_fatal)
            return broken(q, "slots of a frame", *slots,
                          q->n->config.slots_fatal - 1);
        if (f->n < NB_SLOTS) {
            keep(f, &slot.req);
            *bytes += slot.req.size;
        } else { /* T3 */
            f->status = NETIF_RSP_ERROR;
            err = answer(q, slot.req.id, NETIF_RSP_ERROR);
        }
    } while (!err && slot.req.flags & NETTXF_MORE_DATA);
    return err;
}

/* T4. */
static int measure(struct nb_queue *q, struct nb_frame *f, uint32_t bytes)
{
    uint32_t i;

    f->len = f->slots[0].len;
    if (f->status || bytes > f->len || f->len < LEAT_NET_FRAME_MIN) {
        if (f->send)
            f->status = NETIF_RSP_ERROR;
        return 0;
    }
    f->slots[0].len = (uint16_t)(f->len - bytes);
    for (i = 0; i < f->n; i++) {
        uint32_t end = (uint32_t)f->slots[i].off + f->slots[i].len;

        if (end > LEAT_PAGE_SIZE)
            return broken(q, "a fragment ends at", end, LEAT_PAGE_SIZE);
    }
    return 0;
}

/* Takes a frame. LEAT_E_AGAIN: there is none. */
static int take(struct nb_queue *q, struct nb_frame *f, uint32_t *slots)
{
    union slot slot;
    uint32_t bytes = 0;
    int err = ring_take(&q->tx, &slot, sizeof(slot));

    if (err)
        return err;
    f->n = f->extras = 0;
    f->status = NETIF_RSP_OKAY;
    f->send = true;
    f->priv = false;
    f->at = NULL;
    memset(&f->meta, 0, sizeof(f->meta));
    keep(f, &slot.req);
    *slots = 1;
    if (slot.req.flags & NETTXF_CSUM_BLANK)
        f->meta.flags = LEAT_NET_CSUM_BLANK | LEAT_NET_CSUM_VALID;
    else if (slot.req.flags & NETTXF_DATA_VALIDATED)
        f->meta.flags = LEAT_NET_CSUM_VALID;
    if (slot.req.flags & NETTXF_EXTRA_INFO)
        err = extras(q, f);
    if (!err && slot.req.flags & NETTXF_MORE_DATA)
        err = fragments(q, f, &bytes, slots);
    *slots += f->extras;
    return err ? err : measure(q, f, bytes);
}

/* ------------------------------------------------------------- to the port */

/* Makes the first (want) bytes private; gives what of the slots is left. */
static int pull(struct nb_queue *q, const struct nb_frame *f, uint32_t want,
                struct leat_shared *segs, size_t *nsegs)
{
    unsigned char *head = q->n->scratch->head;
    uint32_t at = 0, i;
    int err = 0;

    *nsegs = 0;
    for (i = 0; i < f->n && !err; i++) {
        struct leat_shared s = f->slots[i].bytes;
        size_t part = s.len < want - at ? s.len : want - at;

        if (part) {
            err = leat_shared_copy_out(s, 0, head + at, part,
                                       &q->n->stats.copied);
            at += (uint32_t)part;
        }
        if (!err && part < s.len)
            err = leat_shared_slice(s, part, s.len - part, &segs[(*nsegs)++]);
    }
    return err;
}

static int to_port(void *arg, const struct leat_net_frame *frame)
{
    struct leat_netback *n = arg;

    return n->config.port.ops->send(n->config.port.self, frame);
}

/* Sees to the headers. Gives 0, or why it is no frame. */
static int judge(struct leat_net_frame *out, unsigned char *head)
{
    bool was_blank = out->meta.flags & LEAT_NET_CSUM_BLANK;
    size_t len =
        out->head.len < LEAT_NET_HEAD_MAX ? out->head.len : LEAT_NET_HEAD_MAX;
    const struct leat_cview view = {head, len};
    int err = leat_net_meta_find(view, out->len, &out->meta);

    if (!err && out->meta.gso && !was_blank)
        err = leat_net_pseudo(head, len, out->len);
    return err;
}

/* Sends a frame whose bytes are there, and says so in its status. */
static int send(struct nb_queue *q, struct nb_frame *f)
{
    struct leat_netback *n = q->n;
    const struct leat_netport_ops *ops = n->config.port.ops;
    struct leat_shared segs[NB_SLOTS];
    struct leat_net_frame out = {.segs = segs, .len = f->len, .meta = f->meta};
    bool look = f->meta.gso || f->meta.flags & LEAT_NET_CSUM_BLANK;
    uint32_t want = look ? LEAT_NET_HEAD_MAX : ops->head;
    unsigned char *head = n->scratch->head;
    int err = 0;

    if (f->priv) {
        head = f->at;
        out.head = (struct leat_cview){head, f->len};
    } else {
        want = want < f->len ? want : f->len;
        err = pull(q, f, want, segs, &out.nsegs);
        out.head = (struct leat_cview){head, want};
    }
    if (!err && look)
        err = judge(&out, head);
    if (err) {
        f->status = NETIF_RSP_ERROR;
        n->stats.tx_refused++;
        return 0;
    }
    if (look && leat_net_leaves(&out.meta, out.head) & ~ops->offload) {
        n->stats.finished++;
        err = leat_net_finish(&out, ops->offload, n->scratch->finish,
                              &n->stats.copied, to_port, n);
    } else {
        err = to_port(n, &out);
    }
    if (err) {
        f->status = NETIF_RSP_DROPPED;
        n->stats.tx_lost++;
        return err == LEAT_E_GONE ? err : 0;
    }
    n->stats.tx_frames++;
    n->stats.tx_bytes += f->len;
    n->stats.tx_gso += f->meta.gso != LEAT_NET_GSO_NONE;
    return 0;
}

static int respond(struct nb_queue *q, const struct nb_frame *f)
{
    uint32_t i;
    int err = 0;

    for (i = 0; i < f->n && !err; i++)
        err = answer(q, f->slots[i].id, f->status);
    for (i = 0; i < f->extras && !err; i++)
        err = answer(q, 0, NETIF_RSP_NULL);
    return err;
}

/* The frames of one round: sent, and answered. */
static int pass(struct nb_queue *q, uint32_t nframes)
{
    struct leat_netback *n = q->n;
    struct nb_mapped maps;
    bool notify = false;
    uint32_t i;
    int gone = 0, err = 0, one;

    maps.n = 0;
    leat_nb_pages_get(q, nframes, &maps);
    n->sending = true;
    for (i = 0; i < nframes; i++) {
        struct nb_frame *f = &n->scratch->frames[i];

        if (f->send && f->status != NETIF_RSP_OKAY)
            n->stats.tx_refused++;
        if (!f->send || f->status != NETIF_RSP_OKAY)
            continue;
        one = send(q, f);
        gone = gone ? gone : one;
    }
    n->sending = false;
    for (i = 0; i < maps.n; i++)
        leat_nb_unmap(n, maps.m[i], maps.pages[i]);
    for (i = 0; i < nframes && !err; i++)
        err = respond(q, &n->scratch->frames[i]); /* T2 */
    if (!err)
        err = leat_ring_push(&q->tx, &notify);
    if (!err && notify)
        leat_nb_notify(q, 0);
    return err ? err : gone;
}

int leat_nb_tx_poll(struct nb_queue *q, uint32_t budget, bool *more)
{
    struct leat_netback *n = q->n;
    uint32_t frames, room, slots, bytes;
    int err = 0, got = 0;

    while (budget && !err && !got) {
        room = NB_SEGS;
        bytes = 0;
        for (frames = 0; budget && frames < NB_FRAMES && room >= NB_SLOTS &&
                         NB_STAGE - bytes >= 65536;
             frames++) {
            struct nb_frame *f = &n->scratch->frames[frames];

            got = take(q, f, &slots);
            if (got)
                break;
            budget -= slots < budget ? slots : budget;
            n->stats.tx_slots += slots;
            room -= f->n;
            bytes += (f->len + 63) & ~63u;
        }
        if (frames && (!got || got == LEAT_E_AGAIN))
            err = pass(q, frames);
    }
    if (got && got != LEAT_E_AGAIN)
        return got;
    if (!err && got == LEAT_E_AGAIN && n->awake)
        return 0;
    if (!err && got == LEAT_E_AGAIN) {
        bool again;

        err = leat_ring_sleep(&q->tx, &again);
        *more |= !err && again;
    } else {
        *more = true;
    }
    return err;
}
