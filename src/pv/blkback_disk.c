/* SPDX-License-Identifier: ISC */

/*
 * A request's way through the disk: one step after the other, in the order of
 * their bits, each with a turn of its own.
 *
 *     waiting --submitted--> at the disk --told, last step or failed--> answered
 *        ^                        |
 *        +------- next step ------+
 *
 * Those that wait are served oldest first. A barrier waits until nothing else is
 * under way in its queue, from which nothing is taken meanwhile.
 *
 * The front's pages are let go of before the response is put.
 */

#include <string.h>

#include "blkback.h"

/* Told in one call of the disk's. */
#define BACK_TOLD 16u

static uint32_t index_of(const struct back_queue *q,
                         const struct back_request *r)
{
    return (uint32_t)(r - q->requests);
}

static int16_t status_of(int err)
{
    return err == 0                    ? BLKIF_OKAY
           : err == LEAT_E_UNSUPPORTED ? BLKIF_UNSUPPORTED
                                       : BLKIF_ERROR;
}

static void count(struct leat_blkback *b, const struct back_request *r)
{
    const uint64_t bytes = r->sectors * LEAT_DISK_SECTOR;

    if (r->status)
        b->stats.bad_disk += r->status != LEAT_E_UNSUPPORTED;
    else if (r->doing == BACK_DISCARD)
        b->stats.discard_bytes += bytes;
    else if (r->nsegs)
        *(r->op == LEAT_DISK_READ ? &b->stats.read_bytes
                                  : &b->stats.write_bytes) += bytes;
}

static void finish(struct back_queue *q, struct back_request *r)
{
    count(q->back, r);
    leat_back_unmap(q, r->runs, r->nsegs, &r->held);
    leat_back_answer(q, r->id, r->operation, status_of(r->status));
    if (r->barrier)
        q->barrier = false;
    r->nsegs = 0;
    r->barrier = false;
    r->state = BACK_FREE;
    r->next = q->free;
    q->free = index_of(q, r);
    q->under_way--;
}

/* The next step as a request of the disk's. */
static void compose(const struct back_queue *q, const struct back_request *r,
                    struct leat_disk_request *out)
{
    memset(out, 0, sizeof(*out));
    out->cookie = (uint64_t)q->number << 32 | index_of(q, r);
    if (r->doing == BACK_FLUSH_FIRST || r->doing == BACK_FLUSH_LAST) {
        out->op = LEAT_DISK_FLUSH;
        return;
    }
    out->sector = r->sector;
    out->sectors = r->sectors;
    if (r->doing == BACK_DISCARD) {
        out->op = LEAT_DISK_DISCARD;
        out->flags = r->flags;
        return;
    }
    out->op = r->op;
    out->segs = r->segs;
    out->nsegs = r->nsegs;
}

void leat_back_resume(struct back_queue *q)
{
    struct leat_blkback *b = q->back;
    struct leat_disk_request step;
    struct back_request *r;
    int err;

    while (q->first != BACK_NONE) {
        r = &q->requests[q->first];
        if (r->barrier && q->under_way > 1)
            return;
        r->doing = r->steps & -r->steps;
        compose(q, r, &step);
        err = b->config.disk.ops->submit(b->config.disk.self, &step);
        if (err == LEAT_E_AGAIN) {
            b->stats.waits++;
            return;
        }
        q->first = r->next;
        if (err) {
            r->status = err;
            finish(q, r);
            continue;
        }
        r->steps &= ~r->doing;
        r->state = BACK_AT_DISK;
        b->begun = true;
    }
}

void leat_back_begin(struct back_queue *q, struct back_request *r)
{
    uint32_t i = index_of(q, r);

    r->state = BACK_WAITING;
    r->next = BACK_NONE;
    if (q->first == BACK_NONE)
        q->first = i;
    else
        q->requests[q->last].next = i;
    q->last = i;
    leat_back_resume(q);
}

/* What the disk told of a step. */
static void settle(struct back_queue *q, struct back_request *r, int status)
{
    r->status = status;
    if (status || !r->steps) {
        finish(q, r);
        return;
    }
    /* Before those that wait: it came before them. */
    r->state = BACK_WAITING;
    r->next = q->first;
    if (q->first == BACK_NONE)
        q->last = index_of(q, r);
    q->first = index_of(q, r);
}

static void told(struct leat_blkback *b, const struct leat_disk_done *done)
{
    const uint32_t number = (uint32_t)(done->cookie >> 32);
    const uint32_t i = (uint32_t)done->cookie;
    struct back_queue *q;

    if (number >= b->nqueues || i >= b->config.depth)
        return;
    q = &b->queues[number];
    if (q->requests[i].state == BACK_AT_DISK)
        settle(q, &q->requests[i], done->status);
}

void leat_back_drop(struct back_queue *q)
{
    struct back_request *r;

    while (q->first != BACK_NONE) {
        r = &q->requests[q->first];
        q->first = r->next;
        r->status = LEAT_E_GONE;
        finish(q, r);
    }
}

/* The disk is no more: what it had, has failed. */
static void fail_all(struct leat_blkback *b)
{
    uint32_t n, i;

    for (n = 0; n < b->nqueues; n++) {
        struct back_queue *q = &b->queues[n];

        for (i = 0; i < b->config.depth; i++)
            if (q->requests[i].state == BACK_AT_DISK)
                settle(q, &q->requests[i], LEAT_E_GONE);
    }
}

int leat_back_collect(struct leat_blkback *b, uint32_t budget, bool *more)
{
    const struct leat_disk *d = &b->config.disk;
    struct leat_disk_done done[BACK_TOLD];
    uint32_t sum = 0;
    size_t n, i;
    int err;

    do {
        if (sum >= budget) {
            *more = true;
            return 0;
        }
        b->begun = false;
        n = 0;
        err = d->ops->poll(d->self, done, BACK_TOLD, &n);
        if (err == LEAT_E_AGAIN) {
            *more = true;
            return 0;
        }
        if (err) {
            fail_all(b);
            return err;
        }
        for (i = 0; i < n; i++)
            told(b, &done[i]);
        for (i = 0; n && i < b->nqueues; i++)
            leat_back_resume(&b->queues[i]);
        sum += (uint32_t)n;
    } while (n || b->begun);
    return 0;
}
