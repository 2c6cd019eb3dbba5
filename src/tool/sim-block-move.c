/* SPDX-License-Identifier: ISC */

/*
 * The blocks of leat sim block: read, written, and read back.
 *
 *     NONE --its write is done--> ACKED --a flush begins--> FLUSHING
 *          --that is done--> KEPT
 */

#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

#include "sim-block-front.h"

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

bool block_slots_open(struct front *f)
{
    struct block_job *j = f->job;
    size_t blocks = (size_t)((j->bytes + j->block - 1) / j->block);
    uint32_t i;

    f->slots = calloc(j->depth, sizeof *f->slots);
    f->bounce = malloc(j->block);
    f->state = calloc(blocks, 1);
    if (j->disaster != NO_DISASTER)
        f->sums = calloc(blocks, sizeof *f->sums);
    j->reads.ns = calloc(blocks, sizeof *j->reads.ns);
    j->writes.ns = calloc(blocks, sizeof *j->writes.ns);
    j->reads.room = j->writes.room = blocks;
    if (!f->slots || !f->bounce || !f->state || !j->reads.ns || !j->writes.ns ||
        (j->disaster != NO_DISASTER && !f->sums))
        return tool_fail("out of memory");
    for (i = 0; i < j->depth; i++) {
        if (!take_pages(f, &f->slots[i]))
            return false;
    }
    return true;
}

void block_slots_close(struct front *f)
{
    uint32_t i;

    for (i = 0; i < f->job->depth; i++)
        put_pages(f, &f->slots[i]);
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
        block_request_failed(f, "a request", disk, err);
}

/* Bytes of a block that was read back, by copies out of shared memory. */
const unsigned char *block_bytes(struct slot *s, int disk)
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
        block_request_failed(f, "a write", DISK_TO, err);
        return;
    }
    took(&f->job->writes, tool_now() - s->began);
    s->state = IS_FREE;
    f->state[s->at / f->job->block] = BLOCK_ACKED;
    f->done += s->len;
}

/* SHARED: each device has pages of its own, so the command moves the bytes. */
static void carry_over(struct slot *s, const unsigned char *from)
{
    struct front *f = s->front;
    uint32_t at, n;

    if (f->job->mode != LEAT_RECEIVE_SHARED)
        return;
    for (at = 0; at < s->len; at += n) {
        n = s->len - at < LEAT_PAGE_SIZE ? s->len - at : LEAT_PAGE_SIZE;
        (void)leat_shared_copy_in(s->pages[DISK_TO][at / LEAT_PAGE_SIZE].bytes,
                                  0, from + at, n, &f->job->carried);
    }
}

/* What a block must be when it is read back after a disaster. */
static bool sum(const unsigned char *bytes, size_t len, char hex[DIGEST_HEX])
{
    struct digest *d = digest_new();
    bool good = d && digest_feed(d, bytes, len) && digest_end(d, hex);

    digest_free(d);
    return good;
}

static void was_read(void *arg, struct leat_blk *r, int err)
{
    struct slot *s = arg;
    struct front *f = s->front;
    const unsigned char *bytes;

    (void)r;
    f->happened++;
    if (err) {
        block_request_failed(f, "a read", DISK_FROM, err);
        return;
    }
    took(&f->job->reads, tool_now() - s->began);
    bytes = block_bytes(s, DISK_FROM);
    if (f->sums && !sum(bytes, s->len, f->sums[s->at / f->job->block])) {
        block_fail(f, "SHA-256", 0);
        return;
    }
    carry_over(s, bytes);
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
        block_request_failed(s->front, "reading back", DISK_TO, err);
}

uint32_t block_length(const struct front *f, uint64_t n)
{
    uint64_t left = f->job->bytes - n * f->job->block;

    return left < f->job->block ? (uint32_t)left : f->job->block;
}

static void begin(struct slot *s, uint64_t n, enum slot_state state)
{
    s->at = n * s->front->job->block;
    s->len = block_length(s->front, n);
    s->state = state;
    if (state == IS_READING)
        submit(s, DISK_FROM, LEAT_BLK_READ, was_read);
    else
        submit(s, DISK_TO, LEAT_BLK_READ, was_read_back);
}

void block_reread(struct slot *s, uint64_t n)
{
    begin(s, n, IS_READ_BACK);
}

/* Gives free slots the next blocks. */
void block_begin(struct front *f, enum slot_state state)
{
    const struct block_job *j = f->job;
    uint32_t i;

    for (i = 0; i < j->depth && f->next < j->bytes && !f->failed; i++) {
        if (f->slots[i].state != IS_FREE)
            continue;
        begin(&f->slots[i], f->next / j->block, state);
        f->next += f->slots[i].len;
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
            if (!digest_feed(f->digest, block_bytes(s, DISK_TO), s->len))
                block_fail(f, "SHA-256", 0);
            f->done += s->len;
            s->state = IS_FREE;
        }
    }
}

bool block_copy(struct front *f)
{
    struct block_job *j = f->job;
    bool before = j->disaster != NO_DISASTER;
    double began = tool_now();

    progress_begin(&f->progress, "copying through the rings", j->bytes);
    while (f->done < j->bytes && !f->failed) {
        block_begin(f, IS_READING);
        block_turn(f);
        progress_at(&f->progress, f->done);
        if (before && f->done >= j->bytes / 2) {
            before = false;
            block_disaster(f);
        }
    }
    if (!f->failed)
        (void)block_flush(f);
    progress_end(&f->progress);
    j->copy_seconds = tool_now() - began;
    return !f->failed;
}

bool block_read_back(struct front *f)
{
    struct block_job *j = f->job;
    double began = tool_now();

    f->next = f->done = 0;
    f->digest = digest_new();
    if (!f->digest)
        return false;
    progress_begin(&f->progress, "reading it back", j->bytes);
    while (f->done < j->bytes && !f->failed) {
        block_begin(f, IS_READ_BACK);
        block_turn(f);
        hash_blocks(f);
        progress_at(&f->progress, f->done);
    }
    progress_end(&f->progress);
    j->verify_seconds = tool_now() - began;
    return !f->failed && digest_end(f->digest, j->sha_rings);
}
