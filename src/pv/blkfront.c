/* SPDX-License-Identifier: ISC */

/*
 * The front end of a block device.
 *
 *     submit --judged--> in line --laid, shown--> in a ring --answered--> done
 *        |                  ^                         |
 *        +-- refused        +---- the back died ------+
 *
 *   F1  a request is free, in line, or has failed and is to be told of it
 *   F2  all before the cursor of the line are whole in rings, none behind it is
 *       there in any part
 *   F3  a request is done once, from a poll or a close
 *   F4  over several queues a barrier is alone
 *   F5  an answer that does not match what is out breaks the device
 *   F6  a page of the device's own is free, or out
 *   F7  the back is shown pages of the pool that serves it, and of those no more
 *       than the request touches; REVOKE: for no longer than it takes
 *   F8  what a back can make this do by one poll is bounded by the budget and by
 *       the requests under way
 *
 * Nothing that a back writes is believed but by its own slot's id (F5), nor is it
 * read twice: answers are copied out of the ring, keys are read once each.
 *
 * Files: blkfront_judge (what is refused), _fill (segments), _own (pages), _line
 * (order), _queue (the ring), _keys (the store), _bus (the order of states), _lay
 * (memory).
 */

#include "blkfront.h"

/* What can be seen to be wrong before the peer is known. */
static int complete(const struct leat_blkfront_config *config)
{
    size_t need = 0;
    int err = leat_blkfront_meta_size(config, &need);

    if (err)
        return err;
    if (!config->bus || !config->path || !config->grants || !config->pool ||
        !config->meta)
        return LEAT_E_INVALID;
    return config->meta_bytes < need ? LEAT_E_NOMEM : 0;
}

/* What depends on the peer: F7. */
static int begin(struct leat_blkfront *f)
{
    const uint32_t domain = leat_bus_peer(&f->end);
    struct leat_persist_config persist;

    if (leat_pool_peer(f->config.pool) != domain)
        return LEAT_E_PEER;
    if (f->mode == LEAT_RECEIVE_SHARED) {
        int err;

        if (!leat_bus_trusted(&f->end))
            return LEAT_E_PEER;
        err = leat_grants_trust(f->config.grants, domain, true);
        if (err)
            return err;
    }
    if (leat_bus_strict(&f->end))
        f->mode = LEAT_RECEIVE_COPY;
    leat_front_persist(f, domain, &persist);
    return leat_persist_create(&f->persist, &persist);
}

int leat_blkfront_create(struct leat_blkfront **out,
                         const struct leat_blkfront_config *config)
{
    struct leat_blkfront_config c;
    struct leat_blkfront *f;
    int err = out ? complete(config) : LEAT_E_INVALID;

    if (err)
        return err;
    (void)leat_front_defaults(config, &c);
    f = leat_front_lay(&c);
    err = leat_bus_attach(&f->end, &(struct leat_bus_end_config){
                                       .bus = c.bus,
                                       .side = LEAT_BUS_FRONT,
                                       .path = c.path,
                                       .ops = &leat_front_ops,
                                       .arg = f,
                                       .trusted = c.trusted,
                                   });
    if (err)
        return err;
    err = begin(f);
    if (err) {
        (void)leat_bus_detach(&f->end);
        return err;
    }
    leat_front_advance(f);
    *out = f;
    return 0;
}

int leat_blkfront_destroy(struct leat_blkfront *f)
{
    int err;

    if (!f)
        return LEAT_E_INVALID;
    if (!f->closed || f->own_out || f->failed != FRONT_NONE)
        return LEAT_E_BUSY;
    err = leat_bus_detach(&f->end);
    if (!err)
        leat_front_own_end(f);
    return err;
}

/* ----------------------------------------------------------------- requests */

int leat_blkfront_submit(struct leat_blkfront *f, struct leat_blk *r)
{
    uint64_t bytes;
    int err;

    if (!f || !r)
        return LEAT_E_INVALID;
    if (f->closing || f->closed)
        return LEAT_E_CLOSED;
    if (!f->was_connected)
        return LEAT_E_STATE;
    err = leat_front_judge(f, r, &bytes);
    if (!err)
        err = leat_front_enter(f, r, bytes);
    if (!err)
        leat_front_pump(f);
    return err;
}

/* The first queue whose ring is broken breaks the device. */
static void find_lie(struct leat_blkfront *f)
{
    const char *text;
    uint32_t i;

    for (i = 0; i < f->nqueues && f->connected; i++) {
        if (leat_ring_state(&f->queues[i].ring, &text))
            leat_front_break(f, text);
    }
}

int leat_blkfront_push(struct leat_blkfront *f)
{
    uint32_t i;

    if (!f)
        return LEAT_E_INVALID;
    for (i = 0; i < f->nqueues && f->connected; i++)
        (void)leat_front_tell(&f->queues[i]);
    return 0;
}

/* A close that waits for those under way. */
static void close_when_idle(struct leat_blkfront *f)
{
    if (!f->closing || f->closed)
        return;
    if (!f->connected) /* nobody will answer them */
        leat_front_fail_all(f, LEAT_E_CLOSED);
    if (f->head == FRONT_NONE)
        (void)leat_bus_close(&f->end);
    leat_front_advance(f);
}

/* A pause that waits for those in rings. */
static void pause_when_idle(struct leat_blkfront *f)
{
    const enum leat_bus_state mine = leat_bus_mine(&f->end);

    if (!f->pausing || f->paused)
        return;
    if (f->connected && (f->head != f->cursor ||
                         (f->head != FRONT_NONE && f->requests[f->head].parts)))
        return;
    if (mine == LEAT_BUS_INITIALISED || mine == LEAT_BUS_CONNECTED)
        (void)leat_bus_switch(&f->end, LEAT_BUS_CLOSING);
    leat_front_advance(f);
}

static int poll(struct leat_blkfront *f, uint32_t budget, bool awake,
                bool *more)
{
    bool again = false;
    uint32_t i;
    int err;

    if (!f || !more || !budget)
        return LEAT_E_INVALID;
    for (i = 0; i < f->nqueues && f->connected; i++)
        (void)leat_front_collect(&f->queues[i], budget, awake, &again);
    leat_front_pump(f);
    (void)leat_blkfront_push(f);
    find_lie(f);
    close_when_idle(f);
    pause_when_idle(f);
    leat_front_tell_failed(f, &again);
    err = f->error;
    f->error = 0;
    if (err) /* what the store did not do */
        leat_front_advance(f);
    *more = again;
    return err;
}

int leat_blkfront_poll(struct leat_blkfront *f, uint32_t budget, bool *more)
{
    return poll(f, budget, false, more);
}

int leat_blkfront_spin(struct leat_blkfront *f, uint32_t budget, bool *more)
{
    return poll(f, budget, true, more);
}

int leat_blkfront_close(struct leat_blkfront *f, bool now)
{
    bool more = false;

    if (!f)
        return LEAT_E_INVALID;
    f->closing = true;
    f->now |= now;
    f->pausing = f->paused = false;
    close_when_idle(f);
    leat_front_tell_failed(f, &more);
    return 0;
}

int leat_blkfront_pause(struct leat_blkfront *f)
{
    if (!f)
        return LEAT_E_INVALID;
    if (f->closing || f->closed)
        return LEAT_E_CLOSED;
    if (f->pausing)
        return LEAT_E_STATE;
    f->pausing = true;
    pause_when_idle(f);
    return 0;
}

int leat_blkfront_resume(struct leat_blkfront *f)
{
    if (!f)
        return LEAT_E_INVALID;
    if (f->closing || f->closed)
        return LEAT_E_CLOSED;
    if (!f->pausing)
        return LEAT_E_STATE;
    f->pausing = f->paused = false;
    leat_front_advance(f);
    leat_front_pump(f);
    return 0;
}

/* ------------------------------------------------------------------- looks */

int leat_blkfront_info(const struct leat_blkfront *f,
                       struct leat_blkfront_info *out)
{
    if (!f || !out)
        return LEAT_E_INVALID;
    if (!f->connected)
        return LEAT_E_STATE;
    *out = f->info;
    return 0;
}

bool leat_blkfront_connected(const struct leat_blkfront *f)
{
    return f && f->connected;
}

const char *leat_blkfront_text(const struct leat_blkfront *f)
{
    return f ? f->text : "";
}

int leat_blkfront_stats(const struct leat_blkfront *f,
                        struct leat_blkfront_stats *out)
{
    uint32_t i;

    if (!f || !out)
        return LEAT_E_INVALID;
    *out = f->stats;
    out->persistent = f->nown;
    out->waiting = 0;
    for (i = f->cursor; i != FRONT_NONE; i = f->requests[i].next)
        out->waiting++;
    return 0;
}

const struct leat_copies *leat_blkfront_copies(const struct leat_blkfront *f)
{
    return f ? &f->copies : NULL;
}

const struct leat_copies *leat_blkfront_messages(const struct leat_blkfront *f)
{
    return f ? &f->messages : NULL;
}

const char *leat_blkfront_check(const struct leat_blkfront *f)
{
    const char *broken;
    uint32_t i, out = 0, parts = 0;

    if (!f)
        return NULL;
    broken = leat_front_line_check(f);
    if (!broken)
        broken = leat_front_own_check(f);
    for (i = 0; i < f->nqueues && !broken; i++) {
        const struct front_queue *q = &f->queues[i];

        if (!q->open)
            continue;
        out += q->slots.out;
        broken = leat_slots_check(&q->slots);
        if (!broken)
            broken = leat_ring_check(&q->ring);
    }
    for (i = f->head; i != FRONT_NONE && !broken; i = f->requests[i].next)
        parts += f->requests[i].parts;
    return broken ? broken : out != parts ? "F5" : NULL;
}
