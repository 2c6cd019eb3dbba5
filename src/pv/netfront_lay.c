/* SPDX-License-Identifier: ISC */

/*
 * How a device lies in the memory that its owner gave: the device, its queues, and
 * what each of them needs, in lines of the cache of their own; and the persistent
 * pools, which are made once the peer is known.
 */

#include <string.h>

#include "netfront.h"

#define FLAGS                                                              \
    (LEAT_NETFRONT_STRICT | LEAT_NETFRONT_HALVES | LEAT_NETFRONT_HOT |     \
     LEAT_NETFRONT_PREFIX | LEAT_NETFRONT_NO_SG | LEAT_NETFRONT_NO_SPLIT | \
     LEAT_NETFRONT_NO_STATIC | LEAT_NETFRONT_MULTICAST)

#define FILTER_MAX 4096u

/* In range, with its default where it is 0. */
static bool in_range(uint32_t *x, uint32_t otherwise, uint32_t min,
                     uint32_t max)
{
    *x = *x ? *x : otherwise;
    return *x >= min && *x <= max;
}

int leat_nf_defaults(const struct leat_netfront_config *from,
                     struct leat_netfront_config *c)
{
    if (!from)
        return LEAT_E_INVALID;
    *c = *from;
    if (c->flags & ~FLAGS || c->offload & ~LEAT_NET_OFFLOAD_ALL ||
        !in_range(&c->queues, 1, 1, LEAT_NETFRONT_QUEUES) ||
        !in_range(&c->tx_pages, 1024, NF_PAGES_MIN, NF_PAGES_MAX) ||
        !in_range(&c->rx_pages, 1024, NF_PAGES_MIN, NF_PAGES_MAX) ||
        !in_range(&c->filter, 64, 1, FILTER_MAX) || !c->grants || !c->pool)
        return LEAT_E_INVALID;
    switch (c->mode) {
    case LEAT_RECEIVE_COPY:
        return c->to ? 0 : LEAT_E_INVALID;
    case LEAT_RECEIVE_REVOKE:
    case LEAT_RECEIVE_SHARED:
        return 0;
    default:
        return LEAT_E_INVALID;
    }
}

/* Pages of the device's own, of one queue and direction; REVOKE receives in
 * others, but where the store forbids that. */
static uint32_t pages_of(const struct leat_netfront_config *c, enum nf_way way)
{
    return way == NF_TX ? c->tx_pages : c->rx_pages;
}

static struct leat_persist_config persist_of(
    const struct leat_netfront_config *c, enum nf_way way)
{
    const bool halves = way == NF_TX && c->flags & LEAT_NETFRONT_HALVES;
    const uint32_t pages = pages_of(c, way);

    return (struct leat_persist_config){
        .grants = c->grants,
        .pool = c->pool,
        .access = way == NF_TX ? LEAT_READ_ONLY : LEAT_READ_WRITE,
        .units_max = (size_t)(halves ? (pages + 1) / 2 : pages) * c->queues,
        .halves = halves,
    };
}

static size_t lay_pages(const struct leat_netfront_config *c,
                        unsigned char *base, size_t at, enum nf_way way,
                        struct nf_pages *p)
{
    const uint32_t n = pages_of(c, way);
    uint32_t line = 1;

    while (line < n)
        line *= 2;
    p->page = leat_device_take(base, &at, n * sizeof(*p->page));
    p->block = leat_device_take(base, &at, n * sizeof(*p->block));
    p->life = leat_device_take(base, &at, n * sizeof(*p->life));
    p->line = leat_device_take(base, &at, line * sizeof(*p->line));
    p->mask = line - 1;
    p->max = p->cap = n;
    p->bytes = (uint32_t)LEAT_PAGE_SIZE;
    if (way == NF_TX && c->flags & LEAT_NETFRONT_HALVES)
        p->bytes /= 2;
    p->hot = c->flags & LEAT_NETFRONT_HOT;
    return at;
}

static size_t lay_queue(const struct leat_netfront_config *c,
                        unsigned char *base, size_t at, struct nf_queue *q)
{
    at = lay_pages(c, base, at, NF_TX, &q->pages[NF_TX]);
    at = lay_pages(c, base, at, NF_RX, &q->pages[NF_RX]);
    q->entries = leat_device_take(base, &at, NF_RING * sizeof(*q->entries));
    q->grants = leat_device_take(base, &at, NF_RING * sizeof(*q->grants));
    q->given = leat_device_take(base, &at, NF_RING * sizeof(*q->given));
    q->rx_page = leat_device_take(base, &at, NF_RING * sizeof(*q->rx_page));
    q->own = leat_device_take(base, &at, NF_RING * sizeof(*q->own));
    return at;
}

/* Where all of it lies; without (base), how much it is. */
static int lay(const struct leat_netfront_config *c, unsigned char *base,
               struct leat_netfront **out, size_t *bytes)
{
    struct leat_persist_config persist;
    struct leat_netfront *f;
    struct nf_queue dummy;
    size_t at = 0, need;
    uint32_t i, way;
    int err = 0;

    f = leat_device_take(base, &at, sizeof(*f));
    for (way = NF_TX; way <= NF_RX && !err; way++) {
        void *meta;

        persist = persist_of(c, (enum nf_way)way);
        err = leat_persist_meta_size(&persist, &need);
        meta = leat_device_take(base, &at, err ? 0 : need);
        if (base) {
            f->persist_meta[way] = meta;
            f->persist_bytes[way] = need;
        }
    }
    if (err)
        return err;
    {
        void *queues = leat_device_take(base, &at, c->queues * sizeof(dummy));
        void *filter = leat_device_take(base, &at, c->filter * LEAT_NET_MAC);

        if (base) {
            f->queues = queues;
            f->filter = filter;
        }
    }
    for (i = 0; i < c->queues; i++)
        at = lay_queue(c, base, at, base ? &f->queues[i] : &dummy);
    if (out)
        *out = f;
    *bytes = at;
    return 0;
}

int leat_netfront_meta_size(const struct leat_netfront_config *config,
                            size_t *bytes)
{
    struct leat_netfront_config c;
    size_t need = 0;
    int err = bytes ? leat_nf_defaults(config, &c) : LEAT_E_INVALID;

    if (!err)
        err = lay(&c, NULL, NULL, &need);
    if (!err)
        *bytes = need + DEVICE_LINE - 1;
    return err;
}

struct leat_netfront *leat_nf_lay(const struct leat_netfront_config *c)
{
    unsigned char *meta = c->meta;
    struct leat_netfront *f = NULL;
    size_t bytes = 0;
    uint32_t i;

    memset(meta, 0, c->meta_bytes);
    (void)lay(c, leat_device_base(meta), &f, &bytes);
    f->config = *c;
    f->mode = c->mode;
    f->filtering = c->flags & LEAT_NETFRONT_MULTICAST;
    for (i = 0; i < c->queues; i++) {
        f->queues[i].f = f;
        f->queues[i].number = i;
        (void)leat_slots_init(&f->queues[i].slots, f->queues[i].entries,
                              NF_RING, 16);
    }
    return f;
}

static int make(struct leat_netfront *f, enum nf_way way,
                enum leat_access access)
{
    struct leat_persist_config p = persist_of(&f->config, way);

    p.domain = leat_bus_peer(&f->end);
    p.access = access;
    p.meta = f->persist_meta[way];
    p.meta_bytes = f->persist_bytes[way];
    return leat_persist_create(&f->persist[way], &p);
}

/*
 * Where pages are born granted, for writing, there are none to be read alone: then
 * what is sent could be changed by the back, for itself.
 */
static int make_tx(struct leat_netfront *f)
{
    struct leat_block block;
    int err = make(f, NF_TX, LEAT_READ_ONLY);

    if (err)
        return err;
    err = leat_persist_get(f->persist[NF_TX], &block);
    if (!err)
        return leat_persist_put(block);
    if (err != LEAT_E_ACCESS) /* it is told when it connects */
        return 0;
    (void)leat_persist_close(f->persist[NF_TX], NULL, NULL);
    return make(f, NF_TX, LEAT_READ_WRITE);
}

int leat_nf_start(struct leat_netfront *f)
{
    const bool own = f->mode == LEAT_RECEIVE_REVOKE;
    uint32_t i;
    int err = make_tx(f);

    if (err)
        return err;
    if (!own)
        err = make(f, NF_RX, LEAT_READ_WRITE);
    if (err) {
        (void)leat_persist_close(f->persist[NF_TX], NULL, NULL);
        return err;
    }
    for (i = 0; i < f->config.queues; i++) {
        struct nf_queue *q = &f->queues[i];

        q->pages[NF_TX].persist = f->persist[NF_TX];
        q->pages[NF_RX].persist = f->persist[NF_RX];
        q->rx_own = own ? q->own : NULL;
    }
    return 0;
}

void leat_nf_stop(struct leat_netfront *f)
{
    uint32_t i, way;

    for (way = NF_TX; way <= NF_RX; way++) {
        for (i = 0; i < f->config.queues; i++)
            leat_nf_pages_drop(&f->queues[i].pages[way]);
        if (f->persist[way])
            (void)leat_persist_close(f->persist[way], NULL, NULL);
        f->persist[way] = NULL;
    }
}
