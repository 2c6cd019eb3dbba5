/* SPDX-License-Identifier: ISC */

/*
 * The front end of leat sim block: domain 1, in this process. It reads the image
 * through one device's rings and writes it through another's, many blocks at a
 * time; then reads the second disk back, in order, for its SHA-256.
 *
 *     a slot:  free --> reads --> writes --> free --> ...
 *     then:    free --> reads back --> is hashed, when its turn comes --> free
 *
 * In the middle, if asked, there is a disaster (sim-block-disaster.c), and what was
 * flushed before is looked for at once. The SHA-256 at the end is of all blocks, so
 * none may be lost.
 */

#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

#include "sim-block-front.h"

#define BUDGET     64
#define SECOND     1000000000u
#define POOL_PAGES 16384u

void block_fail(struct front *f, const char *what, int err)
{
    if (f->failed)
        return;
    f->failed = true;
    f->err = err;
    f->what = what;
}

void block_request_failed(struct front *f, const char *what, int disk, int err)
{
    if (!f->failed)
        tool_fail("sim block: %s: %s: %s", f->job->file[disk].name, what,
                  err == LEAT_E_SYSTEM ? "the back end says that it failed"
                                       : leat_strerror(err));
    block_fail(f, NULL, 0);
}

/* ------------------------------------------------------------- opening, ends */

static void event(void *arg, struct leat_blkfront *end,
                  enum leat_blkfront_event what)
{
    struct front *f = arg;

    f->happened++;
    if (what == LEAT_BLKFRONT_CONNECTED)
        f->connected++;
    if (what == LEAT_BLKFRONT_DISCONNECTED && f->connected)
        f->connected--;
    f->closed += what == LEAT_BLKFRONT_CLOSED;
    f->paused += what == LEAT_BLKFRONT_PAUSED;
    if (what == LEAT_BLKFRONT_BROKEN) {
        tool_fail("sim block: %s", leat_blkfront_text(end));
        block_fail(f, "the back end lied", LEAT_E_PROTO);
    }
}

static int open_bus(struct front *f)
{
    struct leat_grants_config c = {.lifecycle = &f->life};
    int err = leat_sim_gnttab(f->domain, &f->table_pages);

    c.share = leat_gnttab(&f->table_pages);
    return err ? err : side_open(f->domain, c, &f->table, &f->bus);
}

static int open_end(struct front *f, int disk)
{
    const struct block_job *j = f->job;
    struct leat_blkfront_config c = {
        .bus = &f->bus,
        .path = side_device(&j->side, LEAT_BUS_FRONT, disk),
        .grants = f->table,
        .pool = f->pool,
        .mode = j->mode,
        .trusted = j->mode == LEAT_RECEIVE_SHARED,
        .segments = 64,
        .requests = j->depth + 1,
        .request_pages = j->block / LEAT_PAGE_SIZE,
        .pages = (j->depth + 1) * (j->block / (uint32_t)LEAT_PAGE_SIZE),
        .event = event,
        .arg = f,
    };
    int err = leat_blkfront_meta_size(&c, &c.meta_bytes);

    if (!err)
        c.meta = malloc(c.meta_bytes);
    return err ? err : leat_blkfront_create(&f->end[disk], &c);
}

static int open_front(struct front *f)
{
    struct leat_pool_config pool = {.limit_pages = POOL_PAGES,
                                    .peer = SIDE_BACK + 1};
    int err = leat_sim_join(f->job->side.sim, SIDE_FRONT, &f->domain), i;

    if (!err)
        err = leat_lifecycle_init(&f->life);
    if (err)
        return err;
    pool.backend = leat_sim_backend(f->domain);
    err = leat_pool_create(&f->pool, &pool);
    if (!err)
        err = open_bus(f);
    if (!err && !side_make(&f->job->side, true))
        err = LEAT_E_SYSTEM;
    for (i = 0; i < DISKS && !err; i++)
        err = open_end(f, i);
    return err;
}

void block_turn(struct front *f)
{
    const uint64_t before = f->happened;
    bool again = false, more;
    int err = leat_bus_poll(&f->bus, BUDGET, &again), i;

    for (i = 0; i < DISKS && !err; i++) {
        err = leat_blkfront_poll(f->end[i], BUDGET, &more);
        again |= more;
    }
    if (!err && !again && f->happened == before) {
        err = leat_sim_wait(f->domain, -1, SECOND / 10);
        if (err == LEAT_E_AGAIN)
            err = 0;
    }
    if (err)
        block_fail(f, "the simulation", err);
    if (tool_interrupted())
        block_fail(f, "interrupted", 0);
}

bool block_turn_until(struct front *f, const unsigned *counter, unsigned n)
{
    double since = tool_now();
    uint64_t seen = f->happened;

    while (*counter != n && !f->failed) {
        block_turn(f);
        if (f->happened != seen) {
            seen = f->happened;
            since = tool_now();
        }
        if (tool_now() - since > BLOCK_PATIENCE)
            block_fail(f, "the back end does nothing", 0);
    }
    return !f->failed;
}

/* ------------------------------------------------------------------ the whole */

static void add_copies(struct leat_copies *to, const struct leat_copies *from)
{
    int i;

    for (i = 0; i < LEAT_REASONS; i++) {
        to->count[i] += from->count[i];
        to->bytes[i] += from->bytes[i];
    }
}

static void results(struct front *f)
{
    struct block_job *j = f->job;
    int i;

    for (i = 0; i < DISKS; i++) {
        (void)leat_blkfront_info(f->end[i], &j->info[i]);
        (void)leat_blkfront_stats(f->end[i], &j->front[i]);
        add_copies(&j->payload, leat_blkfront_copies(f->end[i]));
        add_copies(&j->messages, leat_blkfront_messages(f->end[i]));
    }
    leat_copies_read(leat_pool_copies(f->pool), &j->pool);
}

/* Both devices close, and the back end sees it. */
static bool close_front(struct front *f)
{
    uint32_t k;
    int i, err = 0;

    block_slots_close(f);
    if (!side_take_offline(&f->job->side))
        return false;
    for (i = 0; i < DISKS; i++)
        (void)leat_blkfront_close(f->end[i], false);
    if (!block_turn_until(f, &f->closed, DISKS))
        return false;
    for (i = 0; i < DISKS && !err; i++)
        err = leat_blkfront_destroy(f->end[i]);
    if (!err)
        err = leat_bus_fini(&f->bus);
    for (k = 0; k < 1000 && !err; k++) { /* what a back end held that died */
        struct leat_grants_stats s;

        err = leat_grant_poll(f->table, 1000, NULL);
        if (err || leat_grants_stats(f->table, &s) || !s.quarantined)
            break;
        (void)leat_sim_wait(f->domain, -1, SECOND / 1000);
    }
    if (!err)
        err = leat_grants_destroy(f->table);
    if (!err)
        err = leat_pool_destroy(f->pool);
    if (!err)
        err = leat_sim_leave(f->domain);
    if (err)
        block_fail(f, "the end", err);
    return !err;
}

bool block_run(struct block_job *j)
{
    static struct front front;
    struct front *f = &front;
    int err;
    bool good;

    f->job = j;
    err = open_front(f);
    if (err)
        return tool_fail("sim block: %s", leat_strerror(err));
    good = block_turn_until(f, &f->connected, DISKS) && block_slots_open(f) &&
           block_copy(f) && block_read_back(f);
    if (good) {
        results(f);
        good = close_front(f);
    }
    digest_free(f->digest);
    free(f->slots);
    free(f->bounce);
    free(f->state);
    free(f->sums);
    if (f->failed && f->err)
        return tool_fail("sim block: %s: %s", f->what, leat_strerror(f->err));
    if (f->failed && f->what)
        return tool_fail("sim block: %s", f->what);
    return good;
}
