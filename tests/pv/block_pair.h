/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_BLOCK_PAIR_H
#define LEAT_TESTS_PV_BLOCK_PAIR_H

/*
 * Both ends of a block device in one process, over plain arrays: blkfront in
 * domain 1, blkback and a disk of memory in domain 2.
 */

#include <leat/blkback.h>
#include <leat/blkfront.h>
#include <leat/memory_disk.h>

#include "pair.h"

#define PAIR_FRONT "/local/domain/1/device/vbd/51712"
#define PAIR_BACK  "/local/domain/2/backend/vbd/1/51712"

enum {
    PAIR_SECTORS = 4096,
    PAIR_DEPTH = 64
};

struct block_pair {
    struct pair_worlds w;
    struct leat_blkfront_config front;
    struct leat_blkback_config back;
    struct leat_blkfront *f;
    struct leat_blkback *b;
    struct leat_memory_disk disk;
    struct leat_disk_done line[PAIR_DEPTH];
    struct leat_copies copies;
    unsigned char *bytes; /* of the disk */
    uint32_t events[8];
};

static const struct leat_bus_device pair_device = {
    .type = "vbd", .front = 1, .back = 2, .number = 51712};

static inline void pair_event(void *arg, struct leat_blkfront *f,
                              enum leat_blkfront_event what)
{
    struct block_pair *p = arg;

    (void)f;
    p->events[what]++;
}

static inline void pair_sound(struct block_pair *p)
{
    const char *broken = p->f ? leat_blkfront_check(p->f) : NULL;

    cr_assert_null(broken, "%s", broken);
    broken = p->b ? leat_blkback_check(p->b) : NULL;
    cr_assert_null(broken, "%s", broken);
}

/*
 * Both buses and both ends, until there is nothing to do. An end is polled as its
 * owner would: where its bus had something for it, or it asked for more.
 */
static inline void pair_run(struct block_pair *p)
{
    bool front = true, back = true;

    for (int i = 0; front || back; i++) {
        cr_assert_lt(i, 10000, "it does not end");
        back |= pair_bus(&p->w.back_bus);
        if (back && p->b)
            MUST(leat_blkback_poll(p->b, 64, &back));
        else
            back = false;
        front |= pair_bus(&p->w.front_bus);
        if (front && p->f)
            MUST(leat_blkfront_poll(p->f, 64, &front));
        else
            front = false;
        pair_sound(p);
        back |= pair_bus(&p->w.back_bus);
    }
}

static inline void pair_open_back(struct block_pair *p)
{
    p->back.bus = &p->w.back_bus;
    p->back.path = PAIR_BACK;
    p->back.grants = p->w.g.b->table;
    p->back.disk = leat_memory_disk(&p->disk);
    MUST(leat_blkback_meta_size(&p->back, &p->back.meta_bytes));
    p->back.meta = malloc(p->back.meta_bytes);
    MUST(leat_blkback_create(&p->b, &p->back));
}

static inline void pair_close_back(struct block_pair *p, bool now)
{
    MUST(leat_blkback_close(p->b, now));
    if (!now)
        pair_run(p);
    MUST(leat_blkback_destroy(p->b));
    free(p->back.meta);
    p->b = NULL;
}

static inline int pair_create_front(struct block_pair *p)
{
    int err;

    p->front.bus = &p->w.front_bus;
    p->front.path = PAIR_FRONT;
    p->front.grants = p->w.g.a->table;
    p->front.pool = p->w.g.a->pool;
    p->front.event = pair_event;
    p->front.arg = p;
    MUST(leat_blkfront_meta_size(&p->front, &p->front.meta_bytes));
    p->front.meta = malloc(p->front.meta_bytes);
    err = leat_blkfront_create(&p->f, &p->front);
    if (err)
        free(p->front.meta);
    return err;
}

static inline void pair_worlds(struct block_pair *p)
{
    pair_worlds_open(&p->w, &pair_device, 2048);
}

static inline void pair_disk(struct block_pair *p,
                             struct leat_memory_disk_config disk)
{
    p->bytes = malloc(PAIR_SECTORS * 512);
    for (size_t i = 0; i < PAIR_SECTORS * 512; i++)
        p->bytes[i] = (unsigned char)(i / 512 * 7 + i % 512);
    disk.bytes = p->bytes;
    disk.sectors = PAIR_SECTORS;
    disk.line = p->line;
    disk.depth = PAIR_DEPTH;
    disk.copies = &p->copies;
    MUST(leat_memory_disk_init(&p->disk, &disk));
}

static inline void pair_open(struct block_pair *p,
                             struct leat_blkfront_config front,
                             struct leat_blkback_config back,
                             struct leat_memory_disk_config disk)
{
    memset(p, 0, sizeof(*p));
    pair_worlds(p);
    pair_disk(p, disk);
    p->front = front;
    p->back = back;
    pair_open_back(p);
    MUST(pair_create_front(p));
    pair_run(p);
    cr_assert(leat_blkfront_connected(p->f), "%s", leat_blkfront_text(p->f));
    cr_assert(leat_blkback_connected(p->b), "%s", leat_blkback_text(p->b));
}

/* Ends it: nothing is out, on either side. */
static inline void pair_close(struct block_pair *p)
{
    MUST(leat_blkfront_close(p->f, false));
    pair_run(p);
    cr_assert_eq(p->events[LEAT_BLKFRONT_CLOSED], 1);
    MUST(leat_blkfront_destroy(p->f));
    p->f = NULL;
    free(p->front.meta);
    if (p->b)
        pair_close_back(p, true);
    (void)leat_grant_poll(p->w.g.a->table, 64, NULL);
    pair_worlds_idle(&p->w);
    close_grants(&p->w.g);
    free(p->bytes);
}

/* --------------------------------------------------------------- a request */

static inline struct leat_view pair_pages(struct block_pair *p,
                                          struct leat_chunk *c, uint32_t pages)
{
    *c = get(p->w.g.a->pool, pages);
    return leat_chunk_view(*c);
}

struct pair_request {
    struct leat_blk blk;
    int err;
    uint32_t times; /* it was done */
};

static inline void pair_done(void *arg, struct leat_blk *blk, int err)
{
    struct pair_request *r = arg;

    cr_assert_eq(blk, &r->blk);
    r->err = err;
    r->times++;
}

static inline int pair_submit(struct block_pair *p, struct pair_request *r,
                              enum leat_blk_op op, uint64_t sector,
                              const struct leat_view *views, size_t n)
{
    r->blk.op = op;
    r->blk.sector = sector;
    r->blk.views = views;
    r->blk.n = n;
    r->blk.done = pair_done;
    r->blk.arg = r;
    r->err = 1;
    r->times = 0;
    return leat_blkfront_submit(p->f, &r->blk);
}

/* The same, to its end: what it was done with. */
static inline int pair_do(struct block_pair *p, enum leat_blk_op op,
                          uint64_t sector, const struct leat_view *views,
                          size_t n)
{
    struct pair_request r = {.err = 0};
    int err = pair_submit(p, &r, op, sector, views, n);

    if (err) {
        cr_assert_eq(r.times, 0);
        return err;
    }
    pair_run(p);
    cr_assert_eq(r.times, 1);
    return r.err;
}

static inline struct leat_blkfront_stats pair_stats(struct block_pair *p)
{
    struct leat_blkfront_stats s;

    MUST(leat_blkfront_stats(p->f, &s));
    return s;
}

static inline struct leat_blkfront_info pair_info(struct block_pair *p)
{
    struct leat_blkfront_info i;

    MUST(leat_blkfront_info(p->f, &i));
    return i;
}

#endif
