/* SPDX-License-Identifier: ISC */

/*
 * A queue takes requests out of its ring, and puts responses into it. blkback.c
 * has the theory.
 */

#include <string.h>

#include "blkback.h"

void leat_back_answer(struct back_queue *q, uint64_t id, uint8_t operation,
                      int16_t status)
{
    const struct leat_blkif_response r = {
        .id = id, .status = status, .operation = operation};
    struct leat_blkback_stats *st = &q->back->stats;
    unsigned char bytes[BLKIF_RESPONSE_MAX];

    ++*(status == BLKIF_OKAY    ? &st->okay
        : status == BLKIF_ERROR ? &st->error
                                : &st->unsupported);
    /* There is room, by N3 of the ring; one that is broken takes nothing. */
    (void)ring_put(&q->ring, bytes,
                   leat_blkif_response_out(q->layout, &r, bytes));
}

/* What the front is told of an indirect one is what it is inside. */
static uint8_t echo(const struct leat_blkif_request *r)
{
    return r->operation == BLKIF_INDIRECT ? r->inner : r->operation;
}

static void count(struct leat_blkback_stats *st,
                  const struct leat_blkif_request *r)
{
    switch (echo(r)) {
    case BLKIF_READ:
        st->reads++;
        break;
    case BLKIF_WRITE:
        st->writes++;
        break;
    case BLKIF_BARRIER:
        st->barriers++;
        break;
    case BLKIF_FLUSH:
        st->flushes++;
        break;
    case BLKIF_DISCARD:
        st->discards++;
        break;
    default:
        st->unknown++;
    }
    st->indirect += r->operation == BLKIF_INDIRECT;
}

static void refuse(struct back_queue *q, const struct leat_blkif_request *r,
                   enum back_fault fault)
{
    struct leat_blkback_stats *st = &q->back->stats;
    uint64_t *sums[] = {
        [BACK_BAD_SEGMENTS] = &st->bad_segments,
        [BACK_BAD_RANGE] = &st->bad_range,
        [BACK_BAD_ALIGNMENT] = &st->bad_alignment,
        [BACK_BAD_ACCESS] = &st->bad_access,
        [BACK_BAD_GRANT] = &st->bad_grant,
    };

    if (fault != BACK_UNSUPPORTED)
        ++*sums[fault];
    leat_back_answer(q, r->id, echo(r),
                     fault == BACK_UNSUPPORTED ? BLKIF_UNSUPPORTED
                                               : BLKIF_ERROR);
}

/*
 * Copies the segments of an indirect request to private memory, once, and lets
 * go of the pages that they lay in.
 */
static enum back_fault fetch(struct back_queue *q,
                             const struct leat_blkif_request *r)
{
    const uint32_t n = leat_blkif_pages(r->segments);
    struct leat_gref grefs[BLKIF_INDIRECT_PAGES];
    struct leat_shared pages[BLKIF_INDIRECT_PAGES];
    uint32_t runs[BLKIF_INDIRECT_PAGES];
    struct leat_blkback *b = q->back;
    struct back_held held;
    uint32_t i;

    for (i = 0; i < n; i++)
        grefs[i] = (struct leat_gref){leat_bus_peer(&b->end), r->u.pages[i]};
    if (leat_back_map(q, grefs, n, LEAT_READ_ONLY, pages, runs, &held))
        return BACK_BAD_GRANT;
    for (i = 0; i < n; i++) {
        uint32_t first = i * BLKIF_INDIRECT_PER_PAGE;
        uint32_t here = r->segments - first;

        if (here > BLKIF_INDIRECT_PER_PAGE)
            here = BLKIF_INDIRECT_PER_PAGE;
        (void)leat_shared_copy_out(pages[i], 0, b->segments + first,
                                   here * sizeof(b->segments[0]), &b->copies);
    }
    leat_back_unmap(q, runs, n, &held);
    return BACK_FINE;
}

/* Maps the (n) segments, and narrows each page to its sectors. */
static enum back_fault attach(struct back_queue *q, struct back_request *req,
                              const struct leat_blkif_segment *seg, uint32_t n)
{
    struct leat_blkback *b = q->back;
    uint32_t i;

    for (i = 0; i < n; i++)
        b->grefs[i] = (struct leat_gref){leat_bus_peer(&b->end), seg[i].ref};
    if (leat_back_map(q, b->grefs, n,
                      req->op == LEAT_DISK_READ ? LEAT_READ_WRITE
                                                : LEAT_READ_ONLY,
                      req->segs, req->runs, &req->held))
        return BACK_BAD_GRANT;
    for (i = 0; i < n; i++) {
        req->segs[i].peer_bytes += (size_t)seg[i].first * BLKIF_SECTOR;
        req->segs[i].len =
            ((size_t)seg[i].last - seg[i].first + 1) * BLKIF_SECTOR;
    }
    req->nsegs = n;
    return BACK_FINE;
}

/* Sectors that are moved. (req) has an operation for the disk then. */
static enum back_fault move(struct back_queue *q, struct back_request *req,
                            const struct leat_blkif_request *r)
{
    const struct leat_blkif_segment *seg = r->u.seg;
    struct leat_blkback *b = q->back;
    enum back_fault fault = BACK_FINE;

    if (!r->segments) /* of a flush or a barrier */
        return BACK_FINE;
    if (r->operation == BLKIF_INDIRECT) {
        fault = fetch(q, r);
        seg = b->segments;
    }
    if (!fault)
        fault = leat_back_judge_segments(b, seg, r->segments, &req->sectors);
    if (!fault)
        fault = leat_back_judge_range(b, r->sector, req->sectors);
    if (fault)
        return fault;
    req->op = echo(r) == BLKIF_READ ? LEAT_DISK_READ : LEAT_DISK_WRITE;
    req->steps |= BACK_MOVE;
    return attach(q, req, seg, r->segments);
}

static enum back_fault discard(struct back_queue *q, struct back_request *req,
                               const struct leat_blkif_request *r)
{
    enum back_fault fault =
        leat_back_judge_range(q->back, r->sector, r->sectors);

    req->sectors = r->sectors;
    req->steps = BACK_DISCARD;
    /* blkif.h: the flag is ignored where it was not offered. */
    if (r->flags & BLKIF_SECURE && q->back->flags & LEAT_DISK_CAN_ERASE)
        req->flags = LEAT_DISK_SECURE;
    return fault;
}

/* Makes a request of what was taken, or says what is wrong with it. */
static enum back_fault prepare(struct back_queue *q, struct back_request *req,
                               const struct leat_blkif_request *r)
{
    enum back_fault fault = leat_back_judge_op(q->back, r);

    if (fault)
        return fault;
    if (r->operation == BLKIF_DISCARD)
        return discard(q, req, r);
    if (r->operation == BLKIF_FLUSH || r->operation == BLKIF_BARRIER)
        req->steps = BACK_FLUSH_FIRST | (r->segments ? BACK_FLUSH_LAST : 0);
    req->barrier = r->operation == BLKIF_BARRIER;
    return move(q, req, r);
}

static void handle(struct back_queue *q, const unsigned char *bytes)
{
    struct back_request *req = &q->requests[q->free];
    struct leat_blkif_request r;
    enum back_fault fault;

    leat_blkif_request_in(q->layout, bytes, &r);
    count(&q->back->stats, &r);
    req->status = 0;
    req->steps = 0;
    req->flags = 0;
    req->barrier = false;
    req->nsegs = 0;
    req->held.mapped = false;
    req->id = r.id;
    req->operation = echo(&r);
    req->sector = r.sector;
    req->sectors = 0;
    fault = prepare(q, req, &r);
    if (fault) {
        refuse(q, &r, fault);
        return;
    }
    q->free = req->next;
    q->under_way++;
    q->barrier |= req->barrier;
    leat_back_begin(q, req);
}

int leat_back_take(struct back_queue *q, uint32_t budget, bool *more)
{
    unsigned char bytes[BLKIF_REQUEST_MAX];
    uint32_t n;
    int err;

    for (n = 0; q->free != BACK_NONE && !q->barrier; n++) {
        if (n == budget) {
            *more = true;
            return 0;
        }
        err = ring_take(&q->ring, bytes, leat_blkif_slot(q->layout));
        if (err)
            return err == LEAT_E_AGAIN ? 0 : err;
        handle(q, bytes);
    }
    return 0;
}

int leat_back_show(struct back_queue *q)
{
    bool notify = false;
    int err = leat_ring_push(&q->ring, &notify);

    if (!err && notify) {
        q->back->stats.notifies++;
        (void)leat_bus_port_notify(&q->port);
    }
    return err;
}

const char *leat_back_queue_check(const struct back_queue *q)
{
    const struct leat_blkback_config *c = &q->back->config;
    uint32_t i, k, free = 0, waiting = 0, out = 0, barriers = 0;
    uint64_t users = 0, runs = 0;
    const char *broken = leat_back_keep_check(&q->keep);

    if (!q->open)
        return NULL;
    for (i = q->free; i != BACK_NONE && free <= c->depth;
         i = q->requests[i].next, free++) {
        if (q->requests[i].state != BACK_FREE)
            return "B1";
    }
    for (i = q->first; i != BACK_NONE && waiting <= c->depth;
         i = q->requests[i].next, waiting++) {
        if (q->requests[i].state != BACK_WAITING)
            return "B1";
    }
    for (i = 0; i < c->depth; i++) {
        const struct back_request *r = &q->requests[i];

        if (r->state == BACK_FREE)
            continue;
        out++;
        barriers += r->barrier;
        for (k = 0; k < r->nsegs; k++)
            users += r->runs[k] != BACK_NONE;
    }
    if (free + out != c->depth || out != q->under_way || waiting > out)
        return "B1";
    if (barriers != q->barrier)
        return "B2";
    for (i = q->keep.oldest; i != BACK_NONE; i = q->keep.runs[i].newer)
        runs += q->keep.runs[i].users;
    return broken ? broken : users != runs ? "K3" : leat_ring_check(&q->ring);
}
