/* SPDX-License-Identifier: ISC */

/*
 * Who is under way. All requests that were taken and not done stand in one line,
 * in the order in which they came:
 *
 *     head ... in rings ...  cursor  ... waiting ...  tail
 *
 *   F1  a request is free, in line, or has failed and is to be told of it
 *   F2  all of those before the cursor are whole, none behind it has any segment
 *       in a ring
 *   F3  a request is done once: when all of it was sent and answered, or when it
 *       failed
 *   F4  over several queues a barrier is alone
 *
 * The cursor moves on only when all of its request is in a ring, so one that has
 * to wait, for pages or for slots, keeps those behind it waiting: none overtakes.
 * It waits only while others are under way, whose ends bring what it waits for.
 */

#include "blkfront.h"

static void unlink(struct leat_blkfront *f, uint32_t number)
{
    struct front_request *r = &f->requests[number];

    if (r->before == FRONT_NONE)
        f->head = r->next;
    else
        f->requests[r->before].next = r->next;
    if (r->next == FRONT_NONE)
        f->tail = r->before;
    else
        f->requests[r->next].before = r->before;
    if (f->cursor == number)
        f->cursor = r->next;
    f->stats.under_way--;
}

int leat_front_enter(struct leat_blkfront *f, struct leat_blk *user,
                     uint64_t bytes)
{
    const uint32_t number = f->free;
    struct front_request *r;
    int err;

    if (number == FRONT_NONE)
        return LEAT_E_LIMIT;
    r = &f->requests[number];
    r->user = user;
    err = leat_front_lay_views(f, r, bytes);
    if (err)
        return err;
    f->free = r->next;
    r->state = FRONT_TAKEN;
    r->shown = 0;
    r->sent = r->parts = 0;
    r->offset = 0;
    r->whole = false;
    r->err = 0;
    r->nruns = 0;
    r->before = f->tail;
    r->next = FRONT_NONE;
    if (f->tail == FRONT_NONE)
        f->head = number;
    else
        f->requests[f->tail].next = number;
    f->tail = number;
    if (f->cursor == FRONT_NONE)
        f->cursor = number;
    f->stats.under_way++;
    return 0;
}

/* --------------------------------------------------------------------- ends */

static void count(struct leat_blkfront *f, const struct leat_blk *u, int err)
{
    struct leat_blkfront_stats *st = &f->stats;
    const struct leat_view *v = u->views;
    uint64_t bytes = 0;
    size_t i;

    st->failed += err != 0;
    for (i = 0; i < u->n && u->op <= LEAT_BLK_BARRIER; i++)
        bytes += f->mode == LEAT_RECEIVE_SHARED ? u->parts[i].len : v[i].len;
    switch (u->op) {
    case LEAT_BLK_READ:
        st->reads++;
        st->read_bytes += err ? 0 : bytes;
        break;
    case LEAT_BLK_WRITE:
        st->writes++;
        st->write_bytes += err ? 0 : bytes;
        break;
    case LEAT_BLK_BARRIER:
        st->barriers++;
        st->write_bytes += err ? 0 : bytes;
        break;
    case LEAT_BLK_FLUSH:
        st->flushes++;
        break;
    case LEAT_BLK_DISCARD:
        st->discards++;
        st->discard_bytes += err ? 0 : u->sectors * BLKIF_SECTOR;
    }
}

/* The request is free before its owner is told, who may submit the next. */
static void tell(struct leat_blkfront *f, uint32_t number, int err)
{
    struct front_request *r = &f->requests[number];
    struct leat_blk *u = r->user;

    count(f, u, err);
    r->user = NULL;
    r->state = FRONT_FREE;
    r->next = f->free;
    f->free = number;
    if (u->done)
        u->done(u->arg, u, err);
}

void leat_front_finish(struct leat_blkfront *f, uint32_t number)
{
    struct front_request *r = &f->requests[number];
    int err = leat_front_end(f, r, !r->err);

    if (r->user->op == LEAT_BLK_BARRIER)
        f->barrier = false;
    unlink(f, number);
    tell(f, number, r->err ? r->err : err);
}

void leat_front_fail(struct leat_blkfront *f, uint32_t number, int err)
{
    struct front_request *r = &f->requests[number];

    (void)leat_front_end(f, r, false);
    if (r->user->op == LEAT_BLK_BARRIER)
        f->barrier = false;
    unlink(f, number);
    r->state = FRONT_FAILED;
    r->err = err;
    r->next = FRONT_NONE;
    if (f->failed == FRONT_NONE)
        f->failed = number;
    else
        f->requests[f->failed_at].next = number;
    f->failed_at = number;
}

void leat_front_fail_all(struct leat_blkfront *f, int err)
{
    while (f->head != FRONT_NONE)
        leat_front_fail(f, f->head, err);
}

void leat_front_tell_failed(struct leat_blkfront *f, bool *more)
{
    /* Those that fail again, or anew, meanwhile are the next poll's. */
    uint32_t number = f->failed;

    f->failed = f->failed_at = FRONT_NONE;
    while (number != FRONT_NONE) {
        uint32_t next = f->requests[number].next;

        tell(f, number, f->requests[number].err);
        number = next;
    }
    *more |= f->failed != FRONT_NONE;
}

/* -------------------------------------------------------------------- sends */

static struct front_queue *roomiest(struct leat_blkfront *f)
{
    struct front_queue *best = &f->queues[0];
    uint32_t i, room = leat_ring_room(&best->ring);

    for (i = 1; i < f->nqueues; i++) {
        uint32_t have = leat_ring_room(&f->queues[i].ring);

        if (have > room) {
            room = have;
            best = &f->queues[i];
        }
    }
    return best;
}

/* What is lacking comes back where others, or parts of this one, are under way. */
static int judge(const struct leat_blkfront *f, uint32_t number, int err)
{
    const bool lacks =
        err == LEAT_E_LIMIT || err == LEAT_E_BUSY || err == LEAT_E_NOMEM;

    return lacks && (f->head != number || f->requests[number].parts)
               ? LEAT_E_AGAIN
               : err;
}

/* LEAT_E_AGAIN: not now. */
static int send(struct leat_blkfront *f, uint32_t number)
{
    struct front_request *r = &f->requests[number];
    const bool alone = r->user->op == LEAT_BLK_BARRIER && f->nqueues > 1;
    int err;

    if (f->barrier || (alone && f->head != number))
        return LEAT_E_AGAIN;
    err = leat_front_show(f, r);
    if (err)
        return judge(f, number, err);
    if (!r->sent && !r->parts)
        r->queue = (uint32_t)(roomiest(f) - f->queues);
    err = leat_front_send(&f->queues[r->queue], r);
    if (!err)
        f->barrier = alone;
    return judge(f, number, err);
}

void leat_front_pump(struct leat_blkfront *f)
{
    int err;

    while (f->connected && !f->pausing && f->cursor != FRONT_NONE) {
        uint32_t number = f->cursor;

        err = send(f, number);
        if (err == LEAT_E_AGAIN || err == LEAT_E_PROTO)
            return; /* a poll finds the ring broken, too */
        if (err)
            leat_front_fail(f, number, err);
        else
            f->cursor = f->requests[number].next;
    }
}

/* All of them are sent again: none of their parts is in a ring any more. */
void leat_front_again(struct leat_blkfront *f)
{
    uint32_t i, next;

    for (i = f->head; i != FRONT_NONE; i = next) {
        struct front_request *r = &f->requests[i];
        const bool was = r->sent || r->whole;

        next = r->next;
        f->stats.resent += was;
        r->sent = r->parts = 0;
        r->offset = 0;
        r->whole = false;
        r->err = 0;
        if (was && f->config.flags & LEAT_BLKFRONT_FAIL && !f->now)
            leat_front_fail(f, i, LEAT_E_GONE);
    }
    f->cursor = f->head;
    f->barrier = false;
}

/* Those that this disk, which is another, cannot do fail. */
void leat_front_judge_again(struct leat_blkfront *f)
{
    uint32_t i, next;

    for (i = f->head; i != FRONT_NONE; i = next) {
        uint64_t bytes;
        int err = leat_front_judge(f, f->requests[i].user, &bytes);

        next = f->requests[i].next;
        if (!err)
            err = leat_front_fits(f, &f->requests[i]);
        if (err)
            leat_front_fail(f, i, err);
    }
}

const char *leat_front_line_check(const struct leat_blkfront *f)
{
    uint32_t i, n = 0, free = 0, failed = 0, before = FRONT_NONE;
    bool behind = false;

    for (i = f->head; i != FRONT_NONE; i = f->requests[i].next, n++) {
        const struct front_request *r = &f->requests[i];

        if (n == f->config.requests || r->state != FRONT_TAKEN ||
            r->before != before)
            return "F1";
        behind |= i == f->cursor;
        if (behind == r->whole || (behind && i != f->cursor && r->parts))
            return "F2";
        if (r->whole && !r->parts)
            return "F3";
        before = i;
    }
    if (before != f->tail || behind != (f->cursor != FRONT_NONE))
        return "F1";
    for (i = f->free; i != FRONT_NONE && free <= f->config.requests;
         i = f->requests[i].next, free++) {
        if (f->requests[i].state != FRONT_FREE)
            return "F1";
    }
    for (i = f->failed; i != FRONT_NONE && failed <= f->config.requests;
         i = f->requests[i].next, failed++) {
        if (f->requests[i].state != FRONT_FAILED)
            return "F1";
    }
    if (n != f->stats.under_way || n + free + failed != f->config.requests)
        return "F1";
    return f->barrier && n && f->requests[f->head].user->op != LEAT_BLK_BARRIER
               ? "F4"
               : NULL;
}
