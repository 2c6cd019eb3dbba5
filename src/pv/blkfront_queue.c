/* SPDX-License-Identifier: ISC */

/*
 * A queue puts requests into its ring, and takes answers out of it.
 *
 *     request --split--> parts, each a request of the ring with an id of its own
 *
 *   F5  each slot of the ring that is not answered has one id that is out, and
 *       an answer to any other, or of another operation, or with a status that
 *       is none, breaks the ring
 */

#include <string.h>

#include "blkfront.h"

static uint64_t part_out(struct front_part p)
{
    return (uint64_t)p.page << 22 | p.n << 12 | p.request;
}

static struct front_part part_in(uint64_t item)
{
    return (struct front_part){
        .request = item & 0xfff,
        .n = item >> 12 & 0x3ff,
        .page = (uint32_t)(item >> 22),
    };
}

int leat_front_queue_open(struct front_queue *q, uint32_t pages)
{
    struct leat_blkfront *f = q->front;
    const uint32_t domain = leat_bus_peer(&f->end);
    struct leat_ring_config ring = {
        .name = "blk",
        .end = LEAT_RING_FRONT,
        .slot = leat_blkif_slot(f->layout),
        .copies = &f->messages,
    };
    struct leat_view view;
    int err = leat_pool_get(f->config.pool, pages, &q->chunk);

    if (err)
        return err;
    view = leat_chunk_view(q->chunk);
    memset(view.data, 0, view.len);
    err = leat_shared_of(view.data, view.len, &ring.pages);
    if (!err)
        err = leat_ring_init(&q->ring, &ring);
    if (!err)
        err = leat_slots_init(&q->slots, q->entries, q->ring.slots, 64);
    if (!err)
        err = leat_grant_share_view(f->config.grants, q->chunk, view, domain,
                                    LEAT_READ_WRITE, 0, &q->grant);
    if (err) {
        (void)leat_pool_put(f->config.pool, q->chunk);
        return err;
    }
    q->open = true;
    return 0;
}

/* What the back still holds stays in quarantine until it lets go. */
void leat_front_queue_close(struct front_queue *q)
{
    if (!q->open)
        return;
    (void)leat_bus_port_close(&q->port); /* a resume has closed it */
    (void)leat_grant_revoke(q->grant);   /* and ended it           */
    (void)leat_pool_put(q->front->config.pool, q->chunk);
    q->open = false;
}

/* -------------------------------------------------------------------- sends */

static uint8_t wire_op(const struct leat_blk *u)
{
    static const uint8_t ops[] = {
        [LEAT_BLK_READ] = BLKIF_READ,       [LEAT_BLK_WRITE] = BLKIF_WRITE,
        [LEAT_BLK_FLUSH] = BLKIF_FLUSH,     [LEAT_BLK_BARRIER] = BLKIF_BARRIER,
        [LEAT_BLK_DISCARD] = BLKIF_DISCARD,
    };

    return ops[u->op];
}

/* Writes the segments to a page of the device's own. */
static int indirect(struct leat_blkfront *f, const struct front_request *r,
                    struct front_part *part, struct leat_blkif_request *wire)
{
    uint32_t page;
    int err = leat_front_own_take(f, &page);

    if (err)
        return err;
    (void)leat_shared_copy_in(f->own[page].bytes, 0, r->seg + r->sent,
                              part->n * sizeof(*r->seg), &f->messages);
    wire->inner = wire->operation;
    wire->operation = BLKIF_INDIRECT;
    wire->u.pages[0] = f->own[page].ref;
    part->page = page;
    f->stats.indirect++;
    return 0;
}

/* Puts the next part of (r). */
static int put(struct front_queue *q, struct front_request *r)
{
    struct leat_blkfront *f = q->front;
    struct front_part part = {
        .request = (uint32_t)(r - f->requests),
        .n = r->nsegs - r->sent < f->info.segments ? r->nsegs - r->sent
                                                   : f->info.segments,
        .page = FRONT_NO_PAGE,
    };
    unsigned char bytes[BLKIF_REQUEST_MAX];
    struct leat_blkif_request wire;
    uint64_t sectors = 0;
    uint32_t i;
    int err = 0;

    wire.operation = wire_op(r->user);
    wire.segments = (uint16_t)part.n;
    wire.handle = 0;
    wire.flags = r->user->flags & LEAT_BLK_SECURE ? BLKIF_SECURE : 0;
    wire.sector =
        r->user->op == LEAT_BLK_FLUSH ? 0 : r->user->sector + r->offset;
    wire.sectors = r->user->sectors;
    if (part.n > BLKIF_SEGMENTS)
        err = indirect(f, r, &part, &wire);
    else
        memcpy(wire.u.seg, r->seg + r->sent, part.n * sizeof(*r->seg));
    if (err)
        return err;
    for (i = 0; i < part.n; i++)
        sectors +=
            (uint64_t)r->seg[r->sent + i].last - r->seg[r->sent + i].first + 1;
    /* As many slots as the ring has: F5. */
    err = leat_slots_get(&q->slots, part_out(part), &wire.id);
    if (!err)
        err = ring_put(&q->ring, bytes,
                       leat_blkif_request_out(f->layout, &wire, bytes));
    if (err)
        return err;
    r->parts++;
    r->sent += part.n;
    r->offset += sectors;
    f->stats.sent++;
    f->stats.segments += part.n;
    return 0;
}

int leat_front_send(struct front_queue *q, struct front_request *r)
{
    int err;

    do {
        if (!leat_ring_room(&q->ring))
            return leat_ring_state(&q->ring, NULL) ? LEAT_E_PROTO
                                                   : LEAT_E_AGAIN;
        err = put(q, r);
        if (err)
            return err;
    } while (r->sent < r->nsegs);
    r->whole = true;
    return 0;
}

int leat_front_tell(struct front_queue *q)
{
    bool notify = false;
    int err = leat_ring_push(&q->ring, &notify);

    if (!err && notify) {
        q->front->stats.notifies++;
        (void)leat_bus_port_notify(&q->port);
    }
    return err;
}

/* ------------------------------------------------------------------ answers */

static bool status_ok(int16_t status)
{
    return status == BLKIF_OKAY || status == BLKIF_ERROR ||
           status == BLKIF_UNSUPPORTED;
}

/* A back that does not know an operation is not asked for it again. */
static void withdraw(struct leat_blkfront_info *info, enum leat_blk_op op)
{
    switch (op) {
    case LEAT_BLK_FLUSH:
        info->flush = false;
        break;
    case LEAT_BLK_BARRIER:
        info->barrier = false;
        break;
    case LEAT_BLK_DISCARD:
        info->discard = info->secure = false;
        break;
    default:
        break;
    }
}

static int answer(void *arg, void *bytes)
{
    struct front_queue *q = arg;
    struct leat_blkfront *f = q->front;
    struct leat_blkif_response a;
    struct front_request *r;
    struct front_part part;
    uint64_t item;

    leat_blkif_response_in(f->layout, bytes, &a);
    if (leat_slots_find(&q->slots, a.id, &item))
        return leat_ring_break(&q->ring, "an answer to what was not asked, id",
                               a.id, q->slots.n);
    part = part_in(item);
    r = &f->requests[part.request];
    if (a.operation != wire_op(r->user) &&
        !(part.page != FRONT_NO_PAGE && a.operation == BLKIF_INDIRECT))
        return leat_ring_break(&q->ring, "an answer of another operation",
                               a.operation, wire_op(r->user));
    if (!status_ok(a.status))
        return leat_ring_break(&q->ring, "an answer of no known status",
                               (uint16_t)a.status, (uint16_t)BLKIF_ERROR);
    (void)leat_slots_put(&q->slots, a.id, &item);
    if (part.page != FRONT_NO_PAGE)
        leat_front_own_give(f, part.page);
    if (a.status == BLKIF_UNSUPPORTED)
        withdraw(&f->info, r->user->op);
    if (a.status != BLKIF_OKAY && !r->err)
        r->err = a.status == BLKIF_ERROR ? LEAT_E_SYSTEM : LEAT_E_UNSUPPORTED;
    r->parts--;
    if (r->whole && !r->parts)
        leat_front_finish(f, part.request);
    return 0;
}

int leat_front_collect(struct front_queue *q, uint32_t budget, bool awake,
                       bool *more)
{
    unsigned char bytes[BLKIF_RESPONSE_MAX];
    struct leat_ring_poll poll = {
        .message = bytes,
        .len = leat_blkif_response_bytes(q->front->layout),
        .each = answer,
        .arg = q,
        .budget = budget,
        .awake = awake,
    };
    bool some = false;
    int err = leat_ring_poll(&q->ring, &poll, &some);

    *more |= some;
    return err;
}

static void recall(void *arg, uint64_t item)
{
    struct front_part part = part_in(item);

    if (part.page != FRONT_NO_PAGE)
        leat_front_own_give(arg, part.page);
}

void leat_front_recall(struct front_queue *q)
{
    if (q->open)
        (void)leat_slots_drain(&q->slots, recall, q->front);
}
