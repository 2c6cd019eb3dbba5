/* SPDX-License-Identifier: ISC */

/*
 * Connects to what a front wrote: its keys are read once each, checked, and only
 * then used; what cannot be breaks the end, and nothing of it stays.
 *
 *   B5  of a queue that is not open nothing is mapped and no port is bound
 */

#include <string.h>

#include "blkback.h"

static int read_refs(struct leat_blkback *b, uint32_t queue, uint32_t pages,
                     struct leat_gref *grefs)
{
    struct leat_device_text key;
    uint32_t i;
    int err = 0;

    for (i = 0; i < pages && !err; i++) {
        uint64_t ref = 0;

        leat_device_key(&key, b->nqueues > 1, queue, "ring-ref");
        if (pages > 1)
            leat_device_add_number(&key, i);
        err = leat_device_need(&b->end, key.text, &ref);
        grefs[i] = (struct leat_gref){leat_bus_peer(&b->end), (uint32_t)ref};
    }
    return err;
}

static bool called(void *arg)
{
    (void)arg; /* leat_blkback_poll() looks at all rings */
    return false;
}

static void clear_requests(struct back_queue *q)
{
    uint32_t i, depth = q->back->config.depth;

    for (i = 0; i < depth; i++) {
        q->requests[i].state = BACK_FREE;
        q->requests[i].nsegs = 0;
        q->requests[i].barrier = false;
        q->requests[i].next = i + 1 < depth ? i + 1 : BACK_NONE;
    }
    q->free = 0;
    q->first = q->last = BACK_NONE;
    q->under_way = 0;
    q->barrier = false;
}

static int fail(struct leat_blkback *b, const char *what, uint32_t queue,
                int err)
{
    struct leat_device_text t;

    leat_device_text(&t, what);
    leat_device_add_number(&t, queue);
    return leat_device_fail(&b->end, t.text, err);
}

int leat_back_queue_open(struct back_queue *q, const struct leat_gref *grefs,
                         uint32_t pages, enum leat_blkif_layout layout)
{
    struct leat_blkback *b = q->back;
    struct leat_ring_config ring = {
        .name = "blk",
        .end = LEAT_RING_BACK,
        .slot = leat_blkif_slot(layout),
        .copies = &b->copies,
    };
    int err = leat_back_map_raw(b, grefs, pages, LEAT_READ_WRITE, &q->mapping,
                                &ring.pages);

    if (err)
        return err;
    err = leat_ring_init(&q->ring, &ring);
    if (err) {
        leat_back_unmap_raw(b, q->mapping);
        return err;
    }
    q->layout = layout;
    clear_requests(q);
    leat_back_keep_init(&q->keep);
    q->open = true;
    return 0;
}

void leat_back_queue_close(struct back_queue *q)
{
    if (!q->open)
        return;
    (void)leat_bus_port_close(&q->port); /* a resume has closed it */
    leat_back_keep_purge(q);
    leat_back_unmap_raw(q->back, q->mapping);
    q->open = false;
}

static int open_queue(struct leat_blkback *b, uint32_t number, uint32_t pages,
                      enum leat_blkif_layout layout)
{
    struct leat_gref grefs[1u << LEAT_RING_ORDER_MAX];
    struct back_queue *q = &b->queues[number];
    uint64_t channel = 0;
    struct leat_device_text key;
    int err = read_refs(b, number, pages, grefs);

    leat_device_key(&key, b->nqueues > 1, number, "event-channel");
    if (!err)
        err = leat_device_need(&b->end, key.text, &channel);
    if (err)
        return err;
    err = leat_back_queue_open(q, grefs, pages, layout);
    if (err)
        return fail(b, "ring ", number, err);
    err = leat_bus_port_bind(b->config.bus, &q->port, leat_bus_peer(&b->end),
                             (uint32_t)channel, called, q);
    return err ? fail(b, "event channel ", number, err) : 0;
}

/* What is agreed for all queues. */
static int read_terms(struct leat_blkback *b, uint32_t *pages,
                      enum leat_blkif_layout *layout)
{
    uint64_t queues, order, persistent;
    char protocol[32];
    int err =
        leat_bus_read_or(&b->end, LEAT_BUS_OTHER, "multi-queue-num-queues", 1,
                         b->config.queues, 1, &queues);

    if (!err)
        err = leat_bus_read_or(&b->end, LEAT_BUS_OTHER, "ring-page-order", 0,
                               b->config.ring_order - 1, 0, &order);
    if (!err)
        err = leat_bus_read_or(&b->end, LEAT_BUS_OTHER, "feature-persistent", 0,
                               UINT32_MAX, 0, &persistent);
    if (err)
        return err;
    err = leat_bus_read(&b->end, LEAT_BUS_OTHER, "protocol", protocol,
                        sizeof(protocol));
    if (err && err != LEAT_E_REFERENCE)
        return err;
    if (leat_blkif_layout_of(err ? NULL : protocol, layout))
        return leat_bus_break(&b->end, "the key protocol has no known value");
    b->nqueues = (uint32_t)queues;
    *pages = 1u << order;
    b->persistent =
        persistent && !(b->config.flags & LEAT_BLKBACK_NO_PERSISTENT);
    return 0;
}

int leat_back_connect(struct leat_blkback *b)
{
    enum leat_blkif_layout layout = LEAT_BLKIF_64;
    uint32_t pages = 1, i;
    int err = read_terms(b, &pages, &layout);

    for (i = 0; i < b->nqueues && !err; i++)
        err = open_queue(b, i, pages, layout);
    if (err) {
        leat_back_disconnect(b);
        return err;
    }
    b->stats.ring_pages = pages;
    return 0;
}

void leat_back_disconnect(struct leat_blkback *b)
{
    uint32_t i;

    for (i = 0; i < b->nqueues; i++)
        leat_back_queue_close(&b->queues[i]);
    b->nqueues = 0;
    b->persistent = false;
    b->stats.ring_pages = 0;
}

bool leat_back_idle(const struct leat_blkback *b)
{
    uint32_t i;

    for (i = 0; i < b->nqueues; i++) {
        if (b->queues[i].open && b->queues[i].under_way)
            return false;
    }
    return true;
}
