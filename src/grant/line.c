/* SPDX-License-Identifier: ISC */

/*
 * The line of those who wait for a block of a persistent pool.
 *
 *   B4  a waiter is in line  <=>  waiter.persist is set; while the line is not
 *       empty nobody gets a block but its oldest
 *
 * One thread serves at a time, so a callback that puts a block, or waits again,
 * takes no more stack than one.
 */

#include "persist.h"

static void unlink_waiter(struct leat_persist *p, struct leat_block_waiter *w)
{
    *(w->prev ? &w->prev->next : &p->oldest) = w->next;
    *(w->next ? &w->next->prev : &p->newest) = w->prev;
    w->next = w->prev = NULL;
    w->persist = NULL;
    p->stats.waiting--;
}

void leat_block_serve(struct leat_persist *p)
{
    struct leat_block_waiter *w;

    if (p->serving)
        return;
    p->serving = true;
    while ((w = p->oldest) && (p->closing || p->free_first != NONE)) {
        void (*served)(void *, struct leat_block) = w->served;
        struct leat_block b = {NULL, 0};
        void *arg = w->arg;

        unlink_waiter(p, w);
        if (!p->closing)
            leat_block_take(p, &b);
        leat_layer_lock_drop(&p->lock);
        served(arg, b);
        leat_layer_lock_take(&p->lock);
    }
    p->serving = false;
}

int leat_persist_wait(struct leat_persist *p, struct leat_block_waiter *w,
                      void (*served)(void *arg, struct leat_block b), void *arg)
{
    int err = 0;

    if (!p || !w || !served)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    p->calls++;
    if (p->closing)
        err = LEAT_E_CLOSED;
    else if (w->persist)
        err = LEAT_E_BUSY;
    if (err)
        goto out;
    w->served = served;
    w->arg = arg;
    w->persist = p;
    w->next = NULL;
    w->prev = p->newest;
    *(p->newest ? &p->newest->next : &p->oldest) = w;
    p->newest = w;
    p->stats.waiting++;
    p->stats.waits++;
    /* It may be that only a unit is missing. */
    if (p->free_first == NONE && !p->serving)
        err = leat_persist_grow(p);
    if (err && !p->nunits && !p->growing && w->persist == p)
        unlink_waiter(p, w); /* there is nothing to wait for */
    else
        err = 0;
    leat_block_serve(p);
out:
    leat_layer_lock_drop(&p->lock);
    leat_persist_end(p);
    return err;
}

int leat_persist_cancel(struct leat_persist *p, struct leat_block_waiter *w)
{
    int err = 0;

    if (!p || !w)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    if (w->persist == p)
        unlink_waiter(p, w);
    else
        err = LEAT_E_STATE;
    leat_layer_lock_drop(&p->lock);
    return err;
}
