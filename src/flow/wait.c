/* SPDX-License-Identifier: ISC */

/*
 * Waiting for room, or for bytes; and how a flow's lock is taken and dropped.
 *
 *     none --wait--> WRITE | READ --it can--> DUE --called--> none
 *                        |
 *                        +--cancel--> none
 *
 *   V1  when the lock is dropped, nobody stands in a line whose time has come,
 *       but behind one whose time has not
 *   V2  one thread at a time calls who is due, without the lock; what its calls
 *       make due is called after, by it. So no stack grows with the line
 */

#include "internal.h"

int flow_enter(struct leat_flow *flow)
{
    int err = flow ? flow_alive(flow->fp) : LEAT_E_INVALID;

    if (!err)
        pthread_mutex_lock(&flow->lock);
    return err;
}

int flow_write_state(const struct leat_flow *flow)
{
    if (flow->closed)
        return LEAT_E_CLOSED;
    return flow->stopped ? LEAT_E_END : 0;
}

int flow_read_state(const struct leat_flow *flow)
{
    if (flow->stopped)
        return LEAT_E_CLOSED;
    return flow->closed && !flow_unread(flow) ? LEAT_E_END : 0;
}

static void join(struct line *line, struct leat_flow_waiter *w)
{
    w->next = NULL;
    w->prev = line->newest;
    if (w->prev)
        w->prev->next = w;
    else
        line->oldest = w;
    line->newest = w;
}

static void leave(struct line *line, struct leat_flow_waiter *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        line->oldest = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        line->newest = w->prev;
    w->next = w->prev = NULL;
}

/* Tells whether (w)'s time has come, and with which error. */
static bool ripe(const struct leat_flow *flow, struct leat_flow_waiter *w)
{
    if (w->line == LINE_WRITE) {
        w->err = flow_write_state(flow);
        return w->err || flow->capacity - flow_held(flow) >= w->bytes;
    }
    w->err = flow_read_state(flow);
    return w->err || flow->closed || flow_unread(flow) >= w->bytes;
}

static void make_due(struct leat_flow *flow)
{
    struct leat_flow_waiter *w;
    unsigned i;

    for (i = LINE_WRITE; i <= LINE_READ; i++)
        while ((w = flow->lines[i].oldest) && ripe(flow, w)) {
            leave(&flow->lines[i], w);
            w->line = LINE_DUE;
            join(&flow->lines[LINE_DUE], w);
        }
}

/* Drops the lock and the pieces, and calls who is due. V1, V2 */
void flow_leave(struct leat_flow *flow, struct piece *drop)
{
    struct leat_flow_waiter *w;

    make_due(flow);
    if (drop) {
        pthread_mutex_unlock(&flow->lock);
        flow_pieces_drop(flow, drop);
        pthread_mutex_lock(&flow->lock);
    }
    if (flow->calling) {
        pthread_mutex_unlock(&flow->lock);
        return;
    }
    flow->calling = true;
    while ((w = flow->lines[LINE_DUE].oldest)) {
        void (*ready)(void *arg, int err) = w->ready;
        void *arg = w->arg;
        int err = w->err;

        leave(&flow->lines[LINE_DUE], w);
        w->line = LINE_NONE;
        w->flow = NULL;
        pthread_mutex_unlock(&flow->lock);
        ready(arg, err);
        pthread_mutex_lock(&flow->lock);
    }
    flow->calling = false;
    pthread_mutex_unlock(&flow->lock);
}

static int wait_in(struct leat_flow *flow, unsigned line,
                   struct leat_flow_waiter *w, size_t bytes,
                   void (*ready)(void *arg, int err), void *arg)
{
    int err;

    if (!w || !ready)
        return LEAT_E_INVALID;
    err = flow_enter(flow);
    if (err)
        return err;
    if (w->line != LINE_NONE)
        err = LEAT_E_BUSY;
    else if (bytes > flow->capacity)
        err = LEAT_E_LIMIT;
    if (!err) {
        w->flow = flow;
        w->bytes = bytes ? bytes : 1;
        w->ready = ready;
        w->arg = arg;
        w->line = line;
        join(&flow->lines[line], w);
    }
    flow_leave(flow, NULL);
    return err;
}

int leat_flow_wait_write(struct leat_flow *flow, struct leat_flow_waiter *w,
                         size_t bytes, void (*ready)(void *arg, int err),
                         void *arg)
{
    return wait_in(flow, LINE_WRITE, w, bytes, ready, arg);
}

int leat_flow_wait_read(struct leat_flow *flow, struct leat_flow_waiter *w,
                        size_t bytes, void (*ready)(void *arg, int err),
                        void *arg)
{
    return wait_in(flow, LINE_READ, w, bytes, ready, arg);
}

int leat_flow_cancel(struct leat_flow *flow, struct leat_flow_waiter *w)
{
    int err;

    if (!w)
        return LEAT_E_INVALID;
    err = flow_enter(flow);
    if (err)
        return err;
    if (w->flow == flow && (w->line == LINE_WRITE || w->line == LINE_READ)) {
        leave(&flow->lines[w->line], w);
        w->line = LINE_NONE;
        w->flow = NULL;
    } else {
        err = LEAT_E_STATE;
    }
    flow_leave(flow, NULL); /* who stood behind it may be due */
    return err;
}
