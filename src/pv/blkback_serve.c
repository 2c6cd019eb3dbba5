/* SPDX-License-Identifier: ISC */

/* A round over all queues and the disk. See blkback.c. */

#include "blkback.h"

/* One ring: what it gives, unless it is about to be let go of. */
static int take_from(struct back_queue *q, uint32_t budget, bool *more)
{
    leat_back_resume(q);
    return q->back->stopping ? 0 : leat_back_take(q, budget, more);
}

/* Asks for an event where more could be taken. */
static int sleep_on(struct back_queue *q, bool *more)
{
    bool some = false;
    int err = 0;

    if (q->free != BACK_NONE && !q->barrier)
        err = leat_ring_sleep(&q->ring, &some);
    *more |= some;
    return err;
}

int leat_back_serve(struct leat_blkback *b, uint32_t budget, bool awake,
                    bool *more, struct back_queue **lied)
{
    bool again = false;
    uint32_t i;
    int err;

    for (i = 0; i < b->nqueues; i++) {
        if (take_from(&b->queues[i], budget, &again))
            *lied = &b->queues[i];
    }
    err = leat_back_collect(b, budget, &again);
    for (i = 0; i < b->nqueues; i++) {
        if (leat_back_show(&b->queues[i]) && !b->stopping)
            *lied = &b->queues[i];
    }
    again |= b->begun;
    for (i = 0; !again && !awake && !b->stopping && i < b->nqueues; i++) {
        if (sleep_on(&b->queues[i], &again))
            *lied = &b->queues[i];
    }
    *more = again;
    return err;
}
