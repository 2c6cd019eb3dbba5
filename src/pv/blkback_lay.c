/* SPDX-License-Identifier: ISC */

/*
 * How a device lies in the memory that its owner gave: the device, its queues, and
 * what each of them needs, in lines of the cache of their own.
 */

#include <string.h>

#include "blkback.h"

#define FLAGS                                              \
    (LEAT_BLKBACK_READ_ONLY | LEAT_BLKBACK_NO_PERSISTENT | \
     LEAT_BLKBACK_NO_INDIRECT | LEAT_BLKBACK_NO_FLUSH |    \
     LEAT_BLKBACK_NO_BARRIER | LEAT_BLKBACK_NO_DISCARD)

#define DEPTH_MAX      1024u
#define PERSISTENT_MAX 65536u

int leat_back_defaults(const struct leat_blkback_config *from,
                       struct leat_blkback_config *c)
{
    if (!from)
        return LEAT_E_INVALID;
    *c = *from;
    if (c->flags & ~FLAGS || c->queues > LEAT_BLKBACK_QUEUES ||
        c->ring_order > LEAT_RING_ORDER_MAX + 1 ||
        c->segments > BLKIF_INDIRECT_SEGMENTS || c->depth > DEPTH_MAX ||
        c->persistent > PERSISTENT_MAX)
        return LEAT_E_INVALID;
    if (!c->queues)
        c->queues = 1;
    if (!c->ring_order)
        c->ring_order = LEAT_RING_ORDER_MAX + 1;
    if (!c->segments)
        c->segments = 64;
    if (c->segments < BLKIF_SEGMENTS)
        return LEAT_E_INVALID;
    if (!c->depth)
        c->depth = 32;
    if (!c->persistent)
        c->persistent = c->depth * BLKIF_SEGMENTS;
    if (c->flags & LEAT_BLKBACK_NO_PERSISTENT)
        c->persistent = 0;
    return 0;
}

static uint32_t buckets_of(uint32_t pages)
{
    uint32_t n = 1;

    while (n < pages)
        n *= 2;
    return n;
}

static size_t lay_queue(const struct leat_blkback_config *c,
                        unsigned char *base, size_t at, struct back_queue *q)
{
    const uint32_t buckets = buckets_of(c->persistent);
    struct leat_shared *segs;
    uint32_t *runs, i;

    q->requests = leat_device_take(base, &at, c->depth * sizeof(*q->requests));
    segs = leat_device_take(base, &at,
                            (size_t)c->depth * c->segments * sizeof(*segs));
    runs = leat_device_take(base, &at,
                            (size_t)c->depth * c->segments * sizeof(*runs));
    q->keep.runs =
        leat_device_take(base, &at, c->persistent * sizeof(*q->keep.runs));
    q->keep.pages =
        leat_device_take(base, &at, c->persistent * sizeof(*q->keep.pages));
    q->keep.buckets =
        leat_device_take(base, &at, buckets * sizeof(*q->keep.buckets));
    q->keep.n = c->persistent;
    q->keep.mask = buckets - 1;
    for (i = 0; base && i < c->depth; i++) {
        q->requests[i].segs = segs + (size_t)i * c->segments;
        q->requests[i].runs = runs + (size_t)i * c->segments;
    }
    return at;
}

/* Where all of it lies; without (base), how much it is. */
static size_t lay(const struct leat_blkback_config *c, unsigned char *base,
                  struct leat_blkback **out)
{
    struct leat_blkback none, *b;
    struct back_queue dummy;
    size_t at = 0;
    uint32_t i;

    b = leat_device_take(base, &at, sizeof(*b));
    if (!base)
        b = &none;
    b->queues = leat_device_take(base, &at, c->queues * sizeof(*b->queues));
    b->segments =
        leat_device_take(base, &at, c->segments * sizeof(*b->segments));
    b->grefs = leat_device_take(base, &at, c->segments * sizeof(*b->grefs));
    b->missing = leat_device_take(base, &at, c->segments * sizeof(*b->missing));
    for (i = 0; i < c->queues; i++)
        at = lay_queue(c, base, at, base ? &b->queues[i] : &dummy);
    if (out)
        *out = b;
    return at;
}

int leat_blkback_meta_size(const struct leat_blkback_config *config,
                           size_t *bytes)
{
    struct leat_blkback_config c;
    int err = bytes ? leat_back_defaults(config, &c) : LEAT_E_INVALID;

    if (!err)
        *bytes = lay(&c, NULL, NULL) + DEVICE_LINE - 1;
    return err;
}

struct leat_blkback *leat_back_lay(const struct leat_blkback_config *c)
{
    unsigned char *meta = c->meta;
    struct leat_blkback *b;
    uint32_t i;

    memset(meta, 0, c->meta_bytes);
    lay(c, leat_device_base(meta), &b);
    b->config = *c;
    for (i = 0; i < c->queues; i++) {
        b->queues[i].back = b;
        b->queues[i].number = i;
    }
    return b;
}
