/* SPDX-License-Identifier: ISC */

/*
 * The front end of leat sim block: domain 1, in this process. It reads the image
 * through one device's rings and writes it through another's, many blocks at a
 * time; then reads the second disk back, in order, for its SHA-256.
 *
 *     a slot:  free --> reads --> writes --> free --> ...
 *     then:    free --> reads back --> is hashed, when its turn comes --> free
 *
 * In the middle, if asked: what was acknowledged is flushed, then the back end's
 * process is killed, and another takes its place; or this domain is suspended and
 * resumed. The SHA-256 at the end is of all blocks, so none may be lost.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <leat/leat.h>

#include "sim-block.h"

#define BUDGET     64
#define SECOND     1000000000u
#define PATIENCE   20.0 /* seconds without anything happening */
#define PAGES_MAX  64u  /* of a block */
#define POOL_PAGES 16384u

enum slot_state {
    IS_FREE,
    IS_READING,
    IS_WRITING,
    IS_READ_BACK,
    IS_HERE /* read back, and its turn has not come */
};

struct slot {
    struct front *front;
    enum slot_state state;
    struct leat_blk blk;
    uint64_t at; /* bytes */
    uint32_t len;
    double began;
    struct leat_chunk chunk; /* COPY, REVOKE */
    struct leat_view view;
    struct leat_blk_page *pages[DISKS]; /* SHARED */
    struct leat_blk_part *parts;
};

struct front {
    struct block_job *job;
    struct leat_sim_domain *domain;
    struct leat_lifecycle life;
    struct leat_gnttab table_pages;
    struct leat_bus bus;
    struct leat_grants *table;
    struct leat_pool *pool, *private;
    struct leat_blkfront *end[DISKS];
    struct slot *slots;
    struct digest *digest;
    struct progress progress;
    unsigned char *bounce; /* SHARED: between two devices' pages */
    uint64_t next, done;   /* bytes that were begun, and that are */
    uint64_t happened;     /* counts whatever does */
    unsigned connected, closed, paused;
    struct leat_blk flush;
    bool flushing;
    bool failed;
    int err;
    const char *what; /* that failed */
};

static void fail(struct front *f, const char *what, int err)
{
    if (f->failed)
        return;
    f->failed = true;
    f->err = err;
    f->what = what;
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
        fail(f, "the back end lied", LEAT_E_PROTO);
    }
}

static int open_table(struct front *f)
{
    struct leat_grants_config c = {.lifecycle = &f->life};
    int err = leat_sim_gnttab(f->domain, &f->table_pages);

    c.share = leat_gnttab(&f->table_pages);
    if (!err)
        err = leat_grants_meta_size(&c, &c.meta_bytes);
    if (!err)
        c.meta = malloc(c.meta_bytes);
    return err ? err : leat_grants_create(&f->table, &c);
}

static int open_end(struct front *f, int disk)
{
    const struct block_job *j = f->job;
    struct leat_blkfront_config c = {
        .bus = &f->bus,
        .path = block_path(LEAT_BUS_FRONT, disk),
        .grants = f->table,
        .pool = f->pool,
        .mode = j->mode,
        .trusted = true,
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
                                    .peer = BLOCK_BACK + 1};
    struct leat_bus_config bus = {.fd = -1, .lifecycle = &f->life};
    int err = leat_sim_join(f->job->sim, BLOCK_FRONT, &f->domain), i;

    if (!err)
        err = leat_lifecycle_init(&f->life);
    if (err)
        return err;
    pool.backend = leat_sim_backend(f->domain);
    err = leat_pool_create(&f->pool, &pool);
    if (!err)
        err = open_table(f);
    bus.store = leat_sim_store(f->domain);
    bus.events = leat_sim_events(f->domain);
    if (!err)
        err = leat_bus_init(&f->bus, &bus);
    if (!err && !block_make_ends(f->job, true))
        err = LEAT_E_SYSTEM;
    for (i = 0; i < DISKS && !err; i++)
        err = open_end(f, i);
    return err;
}

/* One round; it sleeps where nothing happened, and there is nothing to do. */
static void turn(struct front *f)
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
        fail(f, "the simulation", err);
    if (tool_interrupted())
        fail(f, "interrupted", 0);
}

/* Turns until (*counter) is (n); for as long as anything happens. */
static bool turn_until(struct front *f, const unsigned *counter, unsigned n)
{
    double since = tool_now();
    uint64_t seen = f->happened;

    while (*counter != n && !f->failed) {
        turn(f);
        if (f->happened != seen) {
            seen = f->happened;
            since = tool_now();
        }
        if (tool_now() - since > PATIENCE)
            fail(f, "the back end does nothing", 0);
    }
    return !f->failed;
}

/* -------------------------------------------------------------------- slots */

static bool take_pages(struct front *f, struct slot *s)
{
    const uint32_t pages = f->job->block / (uint32_t)LEAT_PAGE_SIZE;
    int err = 0, i;

    s->front = f;
    if (f->job->mode != LEAT_RECEIVE_SHARED) {
        err = leat_pool_get(f->pool, pages, &s->chunk);
        if (!err)
            s->view = leat_chunk_view(s->chunk);
        return !err || tool_fail("sim block: %s", leat_strerror(err));
    }
    s->parts = calloc(pages, sizeof *s->parts);
    for (i = 0; i < DISKS && !err; i++) {
        s->pages[i] = calloc(pages, sizeof *s->pages[i]);
        err = !s->pages[i] || !s->parts
                  ? LEAT_E_NOMEM
                  : leat_blkfront_pages(f->end[i], s->pages[i], pages);
    }
    return !err || tool_fail("sim block: %s", leat_strerror(err));
}

static void put_pages(struct front *f, struct slot *s)
{
    const uint32_t pages = f->job->block / (uint32_t)LEAT_PAGE_SIZE;
    int i;

    if (s->chunk.pool)
        (void)leat_pool_put(f->pool, s->chunk);
    for (i = 0; i < DISKS; i++) {
        if (s->pages[i])
            (void)leat_blkfront_pages_put(f->end[i], s->pages[i], pages);
        free(s->pages[i]);
    }
    free(s->parts);
}

/* ---------------------------------------------------------------- the blocks */

static void took(struct latencies *l, double seconds)
{
    if (l->n < l->room)
        l->ns[l->n++] = (uint64_t)(seconds * 1e9);
}

static void submit(struct slot *s, int disk, enum leat_blk_op op,
                   void (*done)(void *arg, struct leat_blk *r, int err))
{
    struct front *f = s->front;
    uint32_t left = s->len, i;
    int err;

    s->blk = (struct leat_blk){.op = op,
                               .sector = s->at / 512,
                               .views = &s->view,
                               .parts = s->parts,
                               .n = 1,
                               .done = done,
                               .arg = s};
    s->view.len = s->len;
    if (f->job->mode == LEAT_RECEIVE_SHARED) {
        for (i = 0; left; i++) {
            uint32_t here = left < LEAT_PAGE_SIZE ? left : LEAT_PAGE_SIZE;

            s->parts[i] = (struct leat_blk_part){&s->pages[disk][i], 0, here};
            left -= here;
        }
        s->blk.n = i;
    }
    s->began = tool_now();
    err = leat_blkfront_submit(f->end[disk], &s->blk);
    if (err)
        fail(f, "a request", err);
}

/* Bytes of a block that was read back, by copies out of shared memory. */
static const unsigned char *bytes_of(struct slot *s, int disk)
{
    struct front *f = s->front;
    uint32_t at, n;

    if (f->job->mode != LEAT_RECEIVE_SHARED)
        return s->view.data;
    for (at = 0; at < s->len; at += n) {
        n = s->len - at < LEAT_PAGE_SIZE ? s->len - at : LEAT_PAGE_SIZE;
        (void)leat_shared_copy_out(s->pages[disk][at / LEAT_PAGE_SIZE].bytes, 0,
                                   f->bounce + at, n, &f->job->carried);
    }
    return f->bounce;
}

static void written(void *arg, struct leat_blk *r, int err)
{
    struct slot *s = arg;
    struct front *f = s->front;

    (void)r;
    f->happened++;
    if (err) {
        fail(f, "a write", err);
        return;
    }
    took(&f->job->writes, tool_now() - s->began);
    s->state = IS_FREE;
    f->done += s->len;
}

/* SHARED: each device has pages of its own, so the command moves the bytes. */
static void carry_over(struct slot *s)
{
    const unsigned char *from = bytes_of(s, DISK_FROM);
    struct front *f = s->front;
    uint32_t at, n;

    for (at = 0; at < s->len; at += n) {
        n = s->len - at < LEAT_PAGE_SIZE ? s->len - at : LEAT_PAGE_SIZE;
        (void)leat_shared_copy_in(s->pages[DISK_TO][at / LEAT_PAGE_SIZE].bytes,
                                  0, from + at, n, &f->job->carried);
    }
}

static void was_read(void *arg, struct leat_blk *r, int err)
{
    struct slot *s = arg;
    struct front *f = s->front;

    (void)r;
    f->happened++;
    if (err) {
        fail(f, "a read", err);
        return;
    }
    took(&f->job->reads, tool_now() - s->began);
    if (f->job->mode == LEAT_RECEIVE_SHARED)
        carry_over(s);
    s->state = IS_WRITING;
    submit(s, DISK_TO, LEAT_BLK_WRITE, written);
}

static void was_read_back(void *arg, struct leat_blk *r, int err)
{
    struct slot *s = arg;

    (void)r;
    s->front->happened++;
    s->state = IS_HERE;
    if (err)
        fail(s->front, "reading back", err);
}

/* Gives free slots the next blocks. */
static void begin_blocks(struct front *f, enum slot_state state)
{
    const struct block_job *j = f->job;
    uint32_t i;

    for (i = 0; i < j->depth && f->next < j->bytes && !f->failed; i++) {
        struct slot *s = &f->slots[i];

        if (s->state != IS_FREE)
            continue;
        s->at = f->next;
        s->len = j->bytes - f->next < j->block ? (uint32_t)(j->bytes - f->next)
                                               : j->block;
        f->next += s->len;
        s->state = state;
        if (state == IS_READING)
            submit(s, DISK_FROM, LEAT_BLK_READ, was_read);
        else
            submit(s, DISK_TO, LEAT_BLK_READ, was_read_back);
    }
}

/* Hashes what is here of which the turn has come. */
static void hash_blocks(struct front *f)
{
    bool found = true;
    uint32_t i;

    while (found && !f->failed) {
        found = false;
        for (i = 0; i < f->job->depth; i++) {
            struct slot *s = &f->slots[i];

            if (s->state != IS_HERE || s->at != f->done)
                continue;
            found = true;
            if (!digest_feed(f->digest, bytes_of(s, DISK_TO), s->len))
                fail(f, "SHA-256", 0);
            f->done += s->len;
            s->state = IS_FREE;
        }
    }
}

/* ----------------------------------------------------------------- disasters */

static void flushed(void *arg, struct leat_blk *r, int err)
{
    struct front *f = arg;

    (void)r;
    f->happened++;
    f->flushing = false;
    if (err)
        fail(f, "a flush", err);
}

static bool flush(struct front *f)
{
    double since = tool_now();
    int err;

    f->flush =
        (struct leat_blk){.op = LEAT_BLK_FLUSH, .done = flushed, .arg = f};
    f->flushing = true;
    err = leat_blkfront_submit(f->end[DISK_TO], &f->flush);
    if (err)
        fail(f, "a flush", err);
    while (f->flushing && !f->failed) {
        turn(f);
        if (tool_now() - since > PATIENCE)
            fail(f, "a flush does not end", 0);
    }
    return !f->failed;
}

/* Turns until blocks are being written, so that some are lost on their way. */
static void fill(struct front *f)
{
    const double began = tool_now();
    uint32_t i;

    while (!f->failed) {
        begin_blocks(f, IS_READING);
        for (i = 0; i < f->job->depth; i++) {
            if (f->slots[i].state == IS_WRITING)
                return;
        }
        turn(f);
        if (f->done == f->job->bytes)
            return;
        if (tool_now() - began > PATIENCE)
            fail(f, "the back end does nothing", 0);
    }
}

/* What is under way stays so: the next back end gets it again. */
static void kill_back(struct front *f)
{
    struct block_job *j = f->job;
    double began;

    if (!flush(f))
        return;
    j->flushed = f->done;
    fill(f);
    began = tool_now();
    if (!block_kill_back(j) || !block_start_back(j) ||
        !block_make_ends(j, false)) {
        fail(f, "the back end", 0);
        return;
    }
    f->connected = 0;
    if (turn_until(f, &f->connected, DISKS))
        j->outage_seconds = tool_now() - began;
}

static void suspend(struct front *f)
{
    struct block_job *j = f->job;
    pid_t child = block_suspend(j);
    double began = tool_now();
    int i, err = 0, status = 0;

    if (child < 0) {
        fail(f, "a suspend", 0);
        return;
    }
    while (!leat_sim_suspend_asked(f->domain) && !f->failed) {
        turn(f);
        if (tool_now() - began > PATIENCE)
            fail(f, "nobody asks for a suspend", 0);
    }
    for (i = 0; i < DISKS && !err && !f->failed; i++)
        err = leat_blkfront_pause(f->end[i]);
    if (!err && turn_until(f, &f->paused, DISKS))
        err = leat_sim_suspend(f->domain, &f->life, NULL, NULL);
    for (i = 0; i < DISKS && !err && !f->failed; i++)
        err = leat_blkfront_resume(f->end[i]);
    if (err)
        fail(f, "a suspend", err);
    if (turn_until(f, &f->connected, DISKS))
        j->outage_seconds = tool_now() - began;
    if (waitpid(child, &status, 0) != child || status)
        fail(f, "a suspend, as it was asked for", 0);
}

/* ------------------------------------------------------------------ the whole */

static bool copy(struct front *f)
{
    struct block_job *j = f->job;
    bool before = j->disaster != NO_DISASTER;
    double began = tool_now();

    progress_begin(&f->progress, "copying through the rings", j->bytes);
    while (f->done < j->bytes && !f->failed) {
        begin_blocks(f, IS_READING);
        turn(f);
        progress_at(&f->progress, f->done);
        if (before && f->done >= j->bytes / 2) {
            before = false;
            if (j->disaster == KILL_BACKEND)
                kill_back(f);
            else
                suspend(f);
        }
    }
    if (!f->failed)
        (void)flush(f);
    progress_end(&f->progress);
    j->copy_seconds = tool_now() - began;
    return !f->failed;
}

static bool read_back(struct front *f)
{
    struct block_job *j = f->job;
    double began = tool_now();

    f->next = f->done = 0;
    f->digest = digest_new();
    if (!f->digest)
        return false;
    progress_begin(&f->progress, "reading it back", j->bytes);
    while (f->done < j->bytes && !f->failed) {
        begin_blocks(f, IS_READ_BACK);
        turn(f);
        hash_blocks(f);
        progress_at(&f->progress, f->done);
    }
    progress_end(&f->progress);
    j->verify_seconds = tool_now() - began;
    return !f->failed && digest_end(f->digest, j->sha_rings);
}

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

    for (k = 0; k < f->job->depth; k++)
        put_pages(f, &f->slots[k]);
    if (!block_take_offline(f->job))
        return false;
    for (i = 0; i < DISKS; i++)
        (void)leat_blkfront_close(f->end[i], false);
    if (!turn_until(f, &f->closed, DISKS))
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
        fail(f, "the end", err);
    return !err;
}

static bool prepare(struct front *f)
{
    struct block_job *j = f->job;
    size_t blocks = (size_t)((j->bytes + j->block - 1) / j->block);
    uint32_t i;

    f->slots = calloc(j->depth, sizeof *f->slots);
    f->bounce = malloc(j->block);
    j->reads.ns = calloc(blocks, sizeof *j->reads.ns);
    j->writes.ns = calloc(blocks, sizeof *j->writes.ns);
    j->reads.room = j->writes.room = blocks;
    if (!f->slots || !f->bounce || !j->reads.ns || !j->writes.ns)
        return tool_fail("out of memory");
    for (i = 0; i < j->depth; i++) {
        if (!take_pages(f, &f->slots[i]))
            return false;
    }
    return true;
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
    good = turn_until(f, &f->connected, DISKS) && prepare(f) && copy(f) &&
           read_back(f);
    if (good) {
        results(f);
        good = close_front(f);
    }
    digest_free(f->digest);
    free(f->slots);
    free(f->bounce);
    if (f->failed && f->err)
        return tool_fail("sim block: %s: %s", f->what, leat_strerror(f->err));
    if (f->failed)
        return tool_fail("sim block: %s", f->what);
    return good;
}
