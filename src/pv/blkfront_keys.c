/* SPDX-License-Identifier: ISC */

/*
 * The store of a front: what it asks for, after the back was found to wait; and
 * what the disk is, after the back has connected, for Linux's writes that only
 * then. Each key of the back's is read once, and one that has no sense breaks the
 * end.
 *
 * Source: xen/io/blkif.h; drivers/block/xen-blkback/xenbus.c of Linux.
 */

#include "blkfront.h"

/* A disk's bytes fit into 63 bits. */
#define SECTORS_MAX (((uint64_t)1 << 54) - 1)

/* The key (name) of a queue, with (number) behind it unless FRONT_NONE. */
static const char *key_of(struct leat_device_text *k, bool several,
                          uint32_t queue, const char *name, uint32_t number)
{
    leat_device_key(k, several, queue, name);
    if (number != FRONT_NONE)
        leat_device_add_number(k, number);
    return k->text;
}

/* A number of the back's. */
static int other_says(struct leat_blkfront *f, const char *key, uint64_t max,
                      uint64_t otherwise, uint64_t *out)
{
    return leat_bus_read_or(&f->end, LEAT_BUS_OTHER, key, 0, max, otherwise,
                            out);
}

/* -------------------------------------------------------------- what it asks */

static int write_refs(struct leat_blkfront *f, uint32_t queue)
{
    const struct front_queue *q = &f->queues[queue];
    const bool several = f->nqueues > 1;
    uint32_t refs[1u << LEAT_RING_ORDER_MAX], i;
    struct leat_device_text k;
    int err = leat_grant_refs(q->grant, refs, 1u << LEAT_RING_ORDER_MAX);

    for (i = 0; i < f->info.ring_pages && !err; i++)
        err = leat_bus_write_number(
            &f->end,
            key_of(&k, several, queue, "ring-ref",
                   f->info.ring_pages > 1 ? i : FRONT_NONE),
            refs[i]);
    return err ? err
               : leat_bus_write_number(
                     &f->end,
                     key_of(&k, several, queue, "event-channel", FRONT_NONE),
                     leat_bus_port_number(&q->port));
}

/* What another connection, of other terms, may have left. */
static int remove_others(struct leat_blkfront *f)
{
    static const char *const names[] = {"multi-queue-num-queues",
                                        "ring-page-order", "ring-ref",
                                        "event-channel", "feature-persistent"};
    struct leat_device_text k;
    uint32_t i;
    int err = 0;

    for (i = 0; i < sizeof(names) / sizeof(names[0]) && !err; i++)
        err = leat_bus_remove(&f->end, names[i]);
    for (i = 0; i < 1u << LEAT_RING_ORDER_MAX && !err; i++)
        err = leat_bus_remove(&f->end, key_of(&k, false, 0, "ring-ref", i));
    for (i = 0; i < f->config.queues && !err; i++)
        err = leat_bus_remove(&f->end, key_of(&k, false, 0, "queue-", i));
    return err;
}

static uint32_t log2_of(uint32_t pages)
{
    return (uint32_t)__builtin_ctz(pages);
}

static int write_terms(struct leat_blkfront *f)
{
    int err =
        leat_bus_write(&f->end, "protocol", leat_blkif_protocol(f->layout));

    if (!err && f->nqueues > 1)
        err = leat_bus_write_number(&f->end, "multi-queue-num-queues",
                                    f->nqueues);
    if (!err && f->info.ring_pages > 1)
        err = leat_bus_write_number(&f->end, "ring-page-order",
                                    log2_of(f->info.ring_pages));
    if (!err && !(f->config.flags & LEAT_BLKFRONT_NO_PERSISTENT) &&
        f->mode != LEAT_RECEIVE_REVOKE)
        err = leat_bus_write_number(&f->end, "feature-persistent", 1);
    return err;
}

static int ask(void *arg, struct leat_bus_end *e)
{
    struct leat_blkfront *f = arg;
    uint32_t i;
    int err = remove_others(f);

    (void)e;
    if (!err)
        err = write_terms(f);
    for (i = 0; i < f->nqueues && !err; i++)
        err = write_refs(f, i);
    return err;
}

static bool called(void *arg)
{
    (void)arg; /* leat_blkfront_poll() looks at all rings */
    return false;
}

static int open_queues(struct leat_blkfront *f, uint32_t queues)
{
    int err = 0;

    for (f->nqueues = 0; f->nqueues < queues && !err; f->nqueues++) {
        struct front_queue *q = &f->queues[f->nqueues];

        err = leat_front_queue_open(q, f->info.ring_pages);
        if (!err)
            err = leat_bus_port_alloc(f->config.bus, &q->port,
                                      leat_bus_peer(&f->end), called, q);
    }
    return err;
}

int leat_front_negotiate(struct leat_blkfront *f)
{
    const struct leat_blkfront_config *c = &f->config;
    uint64_t queues = 0, order = 0;
    int err = other_says(f, "multi-queue-max-queues", UINT32_MAX, 1, &queues);

    if (!err)
        err = other_says(f, "max-ring-page-order", UINT32_MAX, 0, &order);
    if (err)
        return err;
    if (order > c->ring_order - 1)
        order = c->ring_order - 1;
    if (queues > c->queues)
        queues = c->queues;
    f->info.ring_pages = 1u << order;
    err = open_queues(f, queues ? (uint32_t)queues : 1);
    if (!err)
        err = leat_bus_transact(&f->end, ask, f);
    if (err)
        leat_front_disconnect(f);
    return err;
}

void leat_front_disconnect(struct leat_blkfront *f)
{
    uint32_t i;

    for (i = 0; i < f->nqueues; i++)
        leat_front_queue_close(&f->queues[i]);
    f->nqueues = 0;
}

/* ---------------------------------------------------------- what the disk is */

/* A back that has died since it was seen says nothing, and is no liar. */
static int missing(struct leat_blkfront *f, const char *text)
{
    char state[8];

    if (leat_bus_read(&f->end, LEAT_BUS_OTHER, "state", state, sizeof(state)) ==
        LEAT_E_REFERENCE)
        return LEAT_E_AGAIN; /* which is seen next */
    return leat_bus_break(&f->end, text);
}

int leat_front_read_sectors(struct leat_blkfront *f, uint64_t *sectors)
{
    const uint32_t unit = f->info.sector_bytes / BLKIF_SECTOR;
    int err = leat_bus_read_number(&f->end, LEAT_BUS_OTHER, "sectors", 0,
                                   SECTORS_MAX, sectors);

    if (err == LEAT_E_REFERENCE)
        return missing(f, "no key sectors");
    if (!err)
        *sectors -= *sectors % unit;
    return err;
}

static int read_geometry(struct leat_blkfront *f,
                         struct leat_blkfront_info *info)
{
    uint64_t sector = 0, physical = 0, flags = 0;
    int err = other_says(f, "sector-size", UINT32_MAX, BLKIF_SECTOR, &sector);

    if (!err)
        err = other_says(f, "physical-sector-size", UINT32_MAX, sector,
                         &physical);
    if (!err)
        err = other_says(f, "info", UINT32_MAX, 0, &flags);
    if (err)
        return err;
    if (sector < BLKIF_SECTOR || sector > LEAT_PAGE_SIZE ||
        sector & (sector - 1))
        return leat_bus_break(&f->end,
                              "sector-size is no power of two from 512 to "
                              "4096");
    if (physical < sector || physical % sector)
        physical = sector; /* it is an advice */
    info->sector_bytes = (uint32_t)sector;
    info->physical_bytes = (uint32_t)physical;
    info->read_only = flags & BLKIF_INFO_READ_ONLY;
    info->cdrom = flags & BLKIF_INFO_CDROM;
    info->removable = flags & BLKIF_INFO_REMOVABLE;
    return 0;
}

static int read_flag(struct leat_blkfront *f, const char *key, bool *out)
{
    uint64_t x = 0;
    int err = other_says(f, key, UINT32_MAX, 0, &x);

    *out = x != 0;
    return err;
}

static int read_discard(struct leat_blkfront *f,
                        struct leat_blkfront_info *info)
{
    uint64_t granularity = 0, alignment = 0;
    int err = read_flag(f, "feature-discard", &info->discard);

    if (!err)
        err = read_flag(f, "discard-secure", &info->secure);
    if (!err)
        err = other_says(f, "discard-granularity", UINT32_MAX,
                         info->sector_bytes, &granularity);
    if (!err)
        err = other_says(f, "discard-alignment", UINT32_MAX, 0, &alignment);
    info->secure &= info->discard;
    info->discard_granularity = (uint32_t)granularity;
    info->discard_alignment = (uint32_t)alignment;
    return err;
}

static int read_features(struct leat_blkfront *f,
                         struct leat_blkfront_info *info)
{
    uint64_t segments = 0;
    int err = read_flag(f, "feature-flush-cache", &info->flush);

    if (!err)
        err = read_flag(f, "feature-barrier", &info->barrier);
    if (!err)
        err = read_flag(f, "feature-persistent", &info->persistent);
    if (!err)
        err = other_says(f, "feature-max-indirect-segments", UINT32_MAX, 0,
                         &segments);
    if (!err)
        err = read_discard(f, info);
    if (segments > f->config.segments)
        segments = f->config.segments;
    info->indirect = segments > BLKIF_SEGMENTS;
    info->segments = info->indirect ? (uint32_t)segments : BLKIF_SEGMENTS;
    info->persistent &= !(f->config.flags & LEAT_BLKFRONT_NO_PERSISTENT) &&
                        f->mode != LEAT_RECEIVE_REVOKE;
    return err;
}

int leat_front_read_disk(struct leat_blkfront *f)
{
    struct leat_blkfront_info info = f->info;
    int err = read_geometry(f, &info);

    if (!err)
        err = read_features(f, &info);
    if (err)
        return err;
    info.mode = f->mode;
    info.queues = f->nqueues;
    info.bytes_max = f->config.request_pages * (uint32_t)LEAT_PAGE_SIZE;
    f->info = info;
    return leat_front_read_sectors(f, &f->info.sectors);
}
