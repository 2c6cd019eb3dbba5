/* SPDX-License-Identifier: ISC */

/*
 * The front end of "leat bench block": it has requests under way in one of the
 * three ways, waits for the back as it is told, and counts what that took.
 */

#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

#include "block-leat.h"

#define SECOND 1000000000u

struct slot {
    struct bench_front *front;
    struct leat_blk blk;
    struct leat_chunk chunk;
    struct leat_view view;
    struct leat_blk_page *pages; /* SHARED */
    struct leat_blk_part *parts;
};

struct bench_front {
    const struct leat_bench *bench;
    struct leat_end leat;
    struct leat_blkfront *end;
    struct leat_wait wait;
    struct slot slots[BLOCK_DEPTH_MAX];
    unsigned done[BLOCK_DEPTH_MAX], ndone;
    bool connected, closed;
    double copies, grants, sleeps, requests;
};

/* -------------------------------------------------------------------- opening */

static void event(void *arg, struct leat_blkfront *end,
                  enum leat_blkfront_event what)
{
    struct bench_front *f = arg;

    if (what == LEAT_BLKFRONT_BROKEN)
        device_die(leat_blkfront_text(end));
    if (what == LEAT_BLKFRONT_DISCONNECTED && f->connected)
        device_die("the back end is gone");
    f->connected |= what == LEAT_BLKFRONT_CONNECTED;
    f->closed |= what == LEAT_BLKFRONT_CLOSED;
}

static int look(void *arg, bool arm)
{
    struct bench_front *f = arg;
    const bool was = f->connected;
    bool more = false, again = false;
    int err = 0;

    if (arm)
        err = leat_bus_poll(&f->leat.bus, LEAT_BUDGET, &again);
    if (!err)
        err = arm ? leat_blkfront_poll(f->end, LEAT_BUDGET, &more)
                  : leat_blkfront_spin(f->end, LEAT_BUDGET, &more);
    if (err)
        return err;
    return again || more || f->ndone || f->connected != was || f->closed
               ? 0
               : LEAT_E_AGAIN;
}

static int rest(void *arg, uint64_t timeout_ns)
{
    const struct bench_front *f = arg;

    return leat_end_rest(&f->leat, timeout_ns);
}

/* Once; the caller knows what it waits for. */
static void wait_once(struct bench_front *f)
{
    int err = leat_wait(&f->wait, SECOND);

    if (err && err != LEAT_E_AGAIN)
        leat_die("the front end", err);
}

static int open_end(struct bench_front *f)
{
    const uint32_t pages = f->bench->c->bytes / (uint32_t)LEAT_PAGE_SIZE;
    struct leat_blkfront_config c = {
        .bus = &f->leat.bus,
        .path = LEAT_FRONT_PATH,
        .grants = f->leat.table,
        .pool = f->leat.pool,
        .mode = f->bench->mode,
        .flags = LEAT_BLKFRONT_STRICT,
        .trusted = true,
        .segments = pages,
        .requests = BLOCK_DEPTH_MAX,
        .request_pages = pages,
        .pages = BLOCK_DEPTH_MAX * pages,
        .event = event,
        .arg = f,
    };
    int err = leat_blkfront_meta_size(&c, &c.meta_bytes);

    if (!err)
        c.meta = malloc(c.meta_bytes);
    return err ? err : leat_blkfront_create(&f->end, &c);
}

/* Bytes for each slot: of the caller's, or the device's own pages. */
static int take_pages(struct bench_front *f)
{
    const uint32_t bytes = f->bench->c->bytes;
    const uint32_t pages = bytes / (uint32_t)LEAT_PAGE_SIZE;
    unsigned i;
    uint32_t k;
    int err = 0;

    for (i = 0; i < f->bench->c->depth && !err; i++) {
        struct slot *s = &f->slots[i];

        s->front = f;
        if (f->bench->mode != LEAT_RECEIVE_SHARED) {
            err = leat_pool_get(f->leat.pool, pages, &s->chunk);
            if (!err)
                s->view = leat_chunk_view(s->chunk);
            continue;
        }
        s->pages = calloc(pages, sizeof *s->pages);
        s->parts = calloc(pages, sizeof *s->parts);
        if (!s->pages || !s->parts)
            return LEAT_E_NOMEM;
        err = leat_blkfront_pages(f->end, s->pages, pages);
        for (k = 0; k < pages; k++)
            s->parts[k] = (struct leat_blk_part){&s->pages[k], 0,
                                                 (uint32_t)LEAT_PAGE_SIZE};
    }
    return err;
}

struct bench_front *bench_front_open(const struct leat_bench *bench)
{
    static struct bench_front front;
    struct bench_front *f = &front;
    int err;

    f->bench = bench;
    f->wait = (struct leat_wait){.poll = look,
                                 .sleep = rest,
                                 .arg = f,
                                 .spin_ns = bench->spin_ns,
                                 .port = leat_bench_port()};
    err = leat_end_front(&f->leat, f->bench->dir);
    pair_meet(&f->bench->d->pair); /* the back can join */
    pair_meet(&f->bench->d->pair); /* and has           */
    if (!err)
        err = leat_end_make(&f->leat, "vbd", 51712);
    if (!err)
        err = open_end(f);
    if (err)
        leat_die("the front end", err);
    pair_meet(&f->bench->d->pair); /* it can connect */
    while (!f->connected)
        wait_once(f);
    err = take_pages(f);
    if (err)
        leat_die("its pages", err);
    return f;
}

void bench_front_close(struct bench_front *f)
{
    const uint32_t pages = f->bench->c->bytes / (uint32_t)LEAT_PAGE_SIZE;
    unsigned i;
    int err;

    for (i = 0; i < f->bench->c->depth; i++) {
        if (f->slots[i].pages)
            (void)leat_blkfront_pages_put(f->end, f->slots[i].pages, pages);
        else
            (void)leat_pool_put(f->leat.pool, f->slots[i].chunk);
    }
    f->connected = false;
    err = leat_end_offline(&f->leat, LEAT_BACK_PATH);
    if (!err)
        err = leat_blkfront_close(f->end, false);
    while (!err && !f->closed)
        wait_once(f);
    if (!err)
        err = leat_blkfront_destroy(f->end);
    if (!err)
        err = leat_end_close(&f->leat);
    if (err)
        leat_die("the end", err);
}

/* ---------------------------------------------------------------- the requests */

/* All bytes of a slot, where they are: in SHARED, in the peer's reach. */
static void touch(struct bench_front *f, struct slot *s)
{
    const uint32_t pages = f->bench->c->bytes / (uint32_t)LEAT_PAGE_SIZE;
    const bool write = f->bench->c->write;
    uint32_t k;

    if (f->bench->mode != LEAT_RECEIVE_SHARED) {
        if (write)
            block_fill(s->view.data, s->view.len);
        else
            block_look(s->view.data, s->view.len);
        return;
    }
    for (k = 0; k < pages; k++) {
        if (write)
            block_fill(s->pages[k].bytes.peer_bytes, LEAT_PAGE_SIZE);
        else
            block_look(s->pages[k].bytes.peer_bytes, LEAT_PAGE_SIZE);
    }
}

static void done(void *arg, struct leat_blk *r, int err)
{
    struct slot *s = arg;
    struct bench_front *f = s->front;

    (void)r;
    if (err)
        leat_die("a request", err);
    if (!f->bench->c->write)
        touch(f, s);
    f->done[f->ndone++] = (unsigned)(s - f->slots);
}

static void submit(void *arg, unsigned slot, uint64_t off)
{
    struct bench_front *f = arg;
    const struct block_case *c = f->bench->c;
    struct slot *s = &f->slots[slot];
    int err;

    if (c->write)
        touch(f, s);
    s->blk = (struct leat_blk){
        .op = c->write ? LEAT_BLK_WRITE : LEAT_BLK_READ,
        .sector = off / LEAT_DISK_SECTOR,
        .views = &s->view,
        .parts = s->parts,
        .n = s->parts ? c->bytes / LEAT_PAGE_SIZE : 1,
        .done = done,
        .arg = s,
    };
    err = leat_blkfront_submit(f->end, &s->blk);
    if (err)
        leat_die("a request", err);
}

static unsigned wait(void *arg, unsigned slots[BLOCK_DEPTH_MAX])
{
    struct bench_front *f = arg;
    unsigned n;

    (void)leat_blkfront_push(f->end);
    while (!f->ndone)
        wait_once(f);
    n = f->ndone;
    memcpy(slots, f->done, n * sizeof *slots);
    f->ndone = 0;
    return n;
}

/* Called before, and after: what was between is told. */
static void count(void *arg, bool now)
{
    struct bench_front *f = arg;
    const double sign = now ? -1 : 1;
    struct leat_blkfront_stats s;
    struct leat_copies bounces;
    uint64_t copies, i;

    if (leat_blkfront_stats(f->end, &s))
        device_die("no counters");
    leat_copies_read(leat_pool_copies(f->leat.pool), &bounces);
    copies = s.copied;
    for (i = 0; i < LEAT_REASONS; i++)
        copies += bounces.count[i];
    f->requests += sign * (double)(s.reads + s.writes);
    f->copies += sign * (double)copies;
    f->grants += sign * (double)(s.shares + s.revokes);
    f->sleeps += sign * (double)f->wait.sleeps;
    if (now)
        pair_go(&f->bench->d->pair, PAIR_COUNT);
}

struct block_peer bench_front_peer(struct bench_front *f)
{
    struct block_peer peer = {
        .arg = f, .submit = submit, .wait = wait, .count = count};

    return peer;
}

void bench_front_report(const struct bench_front *f, double back_grants)
{
    const struct device *d = f->bench->d;

    if (f->requests < 1) /* so many exactly: nothing is counted */
        return;
    device_report(d, "copies", f->copies / f->requests);
    device_report(d, "grants", f->grants / f->requests + back_grants);
    device_report(d, "sleeps", f->sleeps / f->requests);
}
