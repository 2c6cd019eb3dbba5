/* SPDX-License-Identifier: ISC */

/*
 * Flows: how they come, go and end.
 *
 *     open --close--> closed --all is read--> at its end
 *       |               |
 *       +-----stop------+--> stopped: nothing is in it any more
 *
 *   Y1  acked <= read <= sent <= written, but that a rewind takes (read) back;
 *       without LEAT_FLOW_RETAIN, acked == read == sent
 *   Y2  written - acked (read, where it does not retain) <= capacity
 */

#include <string.h>

#include "internal.h"

#define CAPACITY ((size_t)256 << 10)

static void cell_put(struct leat_flow_pool *fp, void *cell)
{
    flow_lock(fp);
    flow_cell_put(fp, cell);
    flow_unlock(fp);
}

/* A copy of the segments, in a cell. */
struct layout {
    struct cell cell;
    struct leat_flow_segments segments;
};

_Static_assert(sizeof(struct layout) <= CELL_BYTES, "a cell");

static struct layout *layout_of(const struct leat_flow *flow)
{
    return (struct layout *)(void *)((char *)(uintptr_t)flow->segments -
                                     offsetof(struct layout, segments));
}

int leat_flow_create(struct leat_flow **out, struct leat_flow_pool *fp,
                     const struct leat_flow_config *config)
{
    struct layout *layout = NULL;
    struct leat_flow *flow;
    int err = flow_alive(fp);

    if (err)
        return err;
    if (!out || !config || config->flags & ~LEAT_FLOW_RETAIN)
        return LEAT_E_INVALID;
    if (config->segments) {
        err = flow_segments_check(config->segments);
        if (err)
            return err;
    }
    flow_lock(fp);
    flow = flow_cell_get(fp, CELL_FLOW);
    if (flow && config->segments)
        layout = flow_cell_get(fp, CELL_LAYOUT);
    if (flow && config->segments && !layout) {
        flow_cell_put(fp, flow);
        flow = NULL;
    }
    if (flow)
        fp->stats.flows++;
    flow_unlock(fp);
    if (!flow)
        return LEAT_E_NOMEM;
    memset((char *)flow + sizeof(flow->cell), 0,
           sizeof(*flow) - sizeof(flow->cell));
    flow->fp = fp;
    flow->capacity = config->capacity ? config->capacity : CAPACITY;
    flow->flags = config->flags;
    if (layout) {
        layout->segments = *config->segments;
        flow->segments = &layout->segments;
    }
    pthread_mutex_init(&flow->lock, NULL);
    *out = flow;
    return 0;
}

/* Takes all that is in the flow out of it. Under its lock. */
static struct piece *empty(struct leat_flow *flow)
{
    struct piece *all = flow->first;

    __atomic_fetch_sub(&flow->fp->unread, flow_unread(flow), __ATOMIC_RELAXED);
    __atomic_fetch_sub(&flow->fp->retained, flow->at.read - flow->at.acked,
                       __ATOMIC_RELAXED);
    flow->first = flow->last = flow->here = NULL;
    flow->at.acked = flow->at.read = flow->at.sent = flow->at.written;
    return all;
}

int leat_flow_destroy(struct leat_flow *flow)
{
    int err = flow_enter(flow);
    struct leat_flow_pool *fp;
    struct piece *all;
    unsigned i;

    if (err)
        return err;
    fp = flow->fp;
    for (i = LINE_WRITE; i < LINES; i++)
        if (flow->lines[i].oldest)
            err = LEAT_E_BUSY;
    if (flow->calling)
        err = LEAT_E_BUSY;
    if (err) {
        pthread_mutex_unlock(&flow->lock);
        return err;
    }
    all = empty(flow);
    pthread_mutex_unlock(&flow->lock);
    flow_pieces_drop(flow, all);
    if (flow->segments)
        cell_put(fp, layout_of(flow));
    pthread_mutex_destroy(&flow->lock);
    flow_lock(fp);
    fp->stats.flows--;
    flow_cell_put(fp, flow);
    flow_unlock(fp);
    return 0;
}

int leat_flow_close(struct leat_flow *flow)
{
    int err = flow_enter(flow);

    if (err)
        return err;
    if (flow->closed)
        err = LEAT_E_CLOSED;
    flow->closed = true;
    flow_leave(flow, NULL);
    return err;
}

int leat_flow_stop(struct leat_flow *flow)
{
    int err = flow_enter(flow);

    if (err)
        return err;
    if (flow->stopped)
        err = LEAT_E_CLOSED;
    flow->stopped = true;
    flow_leave(flow, empty(flow));
    return err;
}

int leat_flow_position(struct leat_flow *flow, struct leat_flow_position *out)
{
    int err = out ? flow_enter(flow) : LEAT_E_INVALID;

    if (err)
        return err;
    *out = flow->at;
    pthread_mutex_unlock(&flow->lock);
    return 0;
}

/* 0, or why nothing is acknowledged or read again. */
static int retains(const struct leat_flow *flow)
{
    if (!(flow->flags & LEAT_FLOW_RETAIN))
        return LEAT_E_UNSUPPORTED;
    return flow->stopped ? LEAT_E_CLOSED : 0;
}

int leat_flow_ack(struct leat_flow *flow, uint64_t len)
{
    int err = flow_enter(flow);
    struct piece *drop = NULL;

    if (err)
        return err;
    err = retains(flow);
    if (!err && len > flow->at.sent - flow->at.acked)
        err = LEAT_E_RANGE;
    if (!err) {
        uint64_t to = flow->at.acked + len;

        /* What was to be read again has come after all. */
        if (to > flow->at.read)
            flow_advance(flow, to);
        __atomic_fetch_sub(&flow->fp->retained, len, __ATOMIC_RELAXED);
        flow->at.acked = to;
        drop = flow_pieces_trim(flow);
    }
    flow_leave(flow, drop);
    if (!err)
        flow_compact_first(flow);
    return err;
}

int leat_flow_rewind(struct leat_flow *flow, uint64_t at)
{
    int err = flow_enter(flow);

    if (err)
        return err;
    err = retains(flow);
    if (!err && (at < flow->at.acked || at > flow->at.sent))
        err = LEAT_E_RANGE;
    if (!err) {
        uint64_t back = flow->at.read - at;

        __atomic_fetch_add(&flow->fp->unread, back, __ATOMIC_RELAXED);
        __atomic_fetch_sub(&flow->fp->retained, back, __ATOMIC_RELAXED);
        flow->at.read = at;
        flow->here = flow->first;
        while (flow->here && piece_end(flow->here) <= at)
            flow->here = flow->here->next;
    }
    flow_leave(flow, NULL);
    return err;
}
