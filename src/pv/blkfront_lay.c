/* SPDX-License-Identifier: ISC */

/* How a device lies in the memory that its owner gave. */

#include <string.h>

#include "blkfront.h"

#define FLAGS                                             \
    (LEAT_BLKFRONT_STRICT | LEAT_BLKFRONT_NO_PERSISTENT | \
     LEAT_BLKFRONT_X86_32 | LEAT_BLKFRONT_FAIL)

#define REQUESTS_MAX      4096u
#define REQUEST_PAGES_MAX 1024u
#define PAGES_MAX         32768u
#define QUEUE_PAGES       352u /* 32 direct requests */
#define INDIRECT_PAGES    8u   /* of a queue         */
#define UNIT_PAGES        8u   /* are granted by one operation */

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

int leat_front_defaults(const struct leat_blkfront_config *from,
                        struct leat_blkfront_config *c)
{
    if (!from)
        return LEAT_E_INVALID;
    *c = *from;
    if (c->flags & ~FLAGS || c->queues > LEAT_BLKFRONT_QUEUES ||
        c->ring_order > LEAT_RING_ORDER_MAX + 1 ||
        c->segments > BLKIF_INDIRECT_PER_PAGE || c->requests > REQUESTS_MAX ||
        c->request_pages > REQUEST_PAGES_MAX || c->pages > PAGES_MAX ||
        (unsigned)c->mode > LEAT_RECEIVE_SHARED)
        return LEAT_E_INVALID;
    if (!c->queues)
        c->queues = 1;
    if (!c->ring_order)
        c->ring_order = LEAT_RING_ORDER_MAX + 1;
    if (!c->segments)
        c->segments = 32;
    if (c->segments < BLKIF_SEGMENTS)
        c->segments = BLKIF_SEGMENTS;
    if (!c->requests)
        c->requests = 64;
    if (!c->request_pages)
        c->request_pages = 64;
    if (!c->pages)
        c->pages = larger(QUEUE_PAGES * c->queues, c->request_pages);
    return c->pages < c->request_pages ? LEAT_E_INVALID : 0;
}

/* Pages of the device's own: those of payload, and of indirect segments. */
static uint32_t own_of(const struct leat_blkfront_config *c)
{
    return c->pages + c->queues * INDIRECT_PAGES;
}

void leat_front_persist(const struct leat_blkfront *f, uint32_t domain,
                        struct leat_persist_config *p)
{
    *p = (struct leat_persist_config){
        .grants = f->config.grants,
        .pool = f->config.pool,
        .domain = domain,
        .access = LEAT_READ_WRITE, /* blkif.h: they are used for both */
        .unit_pages = UNIT_PAGES,
        .units_max = (f->own_max + UNIT_PAGES - 1) / UNIT_PAGES,
        .reuse = LEAT_REUSE_LIFO,
        .meta = f->persist_meta,
        .meta_bytes = f->persist_bytes,
    };
}

static size_t lay_request(const struct leat_blkfront_config *c, size_t segs,
                          unsigned char *base, size_t at,
                          struct front_request *r)
{
    r->seg = leat_device_take(base, &at, segs * sizeof(*r->seg));
    r->own = leat_device_take(base, &at, segs * sizeof(*r->own));
    if (c->mode ==
        LEAT_RECEIVE_REVOKE) { /* and COPY, where the store says so */
        r->views = leat_device_take(base, &at, segs * sizeof(*r->views));
        r->runs = leat_device_take(base, &at, segs * sizeof(*r->runs));
    }
    return at;
}

/* Where all of it lies; without (base), how much it is. */
static int lay(const struct leat_blkfront_config *c, unsigned char *base,
               struct leat_blkfront **out, size_t *bytes)
{
    struct leat_blkfront none = {0}, *f;
    struct leat_persist_config persist;
    struct front_request request;
    struct front_queue queue;
    const uint32_t slots =
        leat_ring_slots(leat_blkif_slot(LEAT_BLKIF_32), c->ring_order - 1);
    size_t at = 0;
    uint32_t i;
    int err;

    f = leat_device_take(base, &at, sizeof(*f));
    if (!base)
        f = &none;
    f->config = *c;
    f->own_max = own_of(c);
    f->segs_max = 2 * c->request_pages;
    f->queues = leat_device_take(base, &at, c->queues * sizeof(*f->queues));
    for (i = 0; i < c->queues; i++) {
        struct front_queue *q = base ? &f->queues[i] : &queue;

        q->entries = leat_device_take(base, &at, slots * sizeof(*q->entries));
    }
    f->requests =
        leat_device_take(base, &at, c->requests * sizeof(*f->requests));
    for (i = 0; i < c->requests; i++)
        at = lay_request(c, f->segs_max, base, at,
                         base ? &f->requests[i] : &request);
    f->own = leat_device_take(base, &at, f->own_max * sizeof(*f->own));
    leat_front_persist(f, 0, &persist);
    if (!persist.grants) /* only to be asked for its size */
        persist.grants = (struct leat_grants *)(uintptr_t)DEVICE_LINE;
    if (!persist.pool)
        persist.pool = (struct leat_pool *)(uintptr_t)DEVICE_LINE;
    err = leat_persist_meta_size(&persist, &f->persist_bytes);
    if (err)
        return err;
    f->persist_meta = leat_device_take(base, &at, f->persist_bytes);
    *bytes = at;
    if (out)
        *out = f;
    return 0;
}

int leat_blkfront_meta_size(const struct leat_blkfront_config *config,
                            size_t *bytes)
{
    struct leat_blkfront_config c;
    size_t need;
    int err = bytes ? leat_front_defaults(config, &c) : LEAT_E_INVALID;

    if (!err)
        err = lay(&c, NULL, NULL, &need);
    if (!err)
        *bytes = need + DEVICE_LINE - 1;
    return err;
}

struct leat_blkfront *leat_front_lay(const struct leat_blkfront_config *c)
{
    unsigned char *meta = c->meta;
    struct leat_blkfront *f = NULL;
    size_t bytes;
    uint32_t i;

    memset(meta, 0, c->meta_bytes);
    (void)lay(c, leat_device_base(meta), &f, &bytes);
    f->mode = c->mode;
    f->layout = c->flags & LEAT_BLKFRONT_X86_32 ? LEAT_BLKIF_32 : LEAT_BLKIF_64;
    f->generation = 1;
    for (i = 0; i < c->queues; i++)
        f->queues[i].front = f;
    for (i = 0; i < c->requests; i++)
        f->requests[i].next = i + 1 < c->requests ? i + 1 : FRONT_NONE;
    f->head = f->tail = f->cursor = FRONT_NONE;
    f->failed = f->failed_at = FRONT_NONE;
    f->own_free = FRONT_NONE;
    return f;
}
