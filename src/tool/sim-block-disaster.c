/* SPDX-License-Identifier: ISC */

/*
 * What happens in the middle of leat sim block: what was acknowledged is flushed,
 * and requests are brought under way; then the back end is killed, and another
 * takes its place, or this domain is suspended and resumed. When both devices are
 * connected again, and what was under way came to its end:
 *
 *   D1  each block whose write was done before a flush began that was done before
 *       the disaster is read back, and is what was written
 */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "sim-block-front.h"

static uint64_t blocks(const struct front *f)
{
    return (f->job->bytes + f->job->block - 1) / f->job->block;
}

static void flushed(void *arg, struct leat_blk *r, int err)
{
    struct front *f = arg;
    uint64_t n;

    (void)r;
    f->happened++;
    f->flushing = false;
    if (err)
        block_request_failed(f, "a flush", DISK_TO, err);
    for (n = 0; n < blocks(f) && !err; n++) {
        if (f->state[n] == BLOCK_FLUSHING)
            f->state[n] = BLOCK_KEPT;
    }
}

bool block_flush(struct front *f)
{
    double since = tool_now();
    uint64_t n;
    int err;

    for (n = 0; n < blocks(f); n++) {
        if (f->state[n] == BLOCK_ACKED)
            f->state[n] = BLOCK_FLUSHING;
    }
    f->flush =
        (struct leat_blk){.op = LEAT_BLK_FLUSH, .done = flushed, .arg = f};
    f->flushing = true;
    err = leat_blkfront_submit(f->end[DISK_TO], &f->flush);
    if (err)
        block_request_failed(f, "a flush", DISK_TO, err);
    while (f->flushing && !f->failed) {
        block_turn(f);
        if (tool_now() - since > BLOCK_PATIENCE)
            block_fail(f, "a flush does not end", 0);
    }
    return !f->failed;
}

/* Turns until blocks are being written, so that some are lost on their way. */
static void fill(struct front *f)
{
    const double began = tool_now();
    uint32_t i;

    while (!f->failed) {
        block_begin(f, IS_READING);
        for (i = 0; i < f->job->depth; i++) {
            if (f->slots[i].state == IS_WRITING)
                return;
        }
        block_turn(f);
        if (f->done == f->job->bytes)
            return;
        if (tool_now() - began > BLOCK_PATIENCE)
            block_fail(f, "the back end does nothing", 0);
    }
}

/* What is under way stays so: the next back end gets it again. */
static void kill_back(struct front *f)
{
    struct block_job *j = f->job;
    double began;

    began = tool_now();
    if (!side_kill_back(&j->side) || !side_start_back(&j->side) ||
        !side_make(&j->side, false)) {
        block_fail(f, "the back end", 0);
        return;
    }
    f->connected = 0;
    if (block_turn_until(f, &f->connected, DISKS))
        j->outage_seconds = tool_now() - began;
}

static void suspend(struct front *f)
{
    struct block_job *j = f->job;
    pid_t child = side_suspend(&j->side);
    double began = tool_now();
    int i, err = 0, status = 0;

    if (child < 0) {
        block_fail(f, "a suspend", 0);
        return;
    }
    while (!leat_sim_suspend_asked(f->domain) && !f->failed) {
        block_turn(f);
        if (tool_now() - began > BLOCK_PATIENCE)
            block_fail(f, "nobody asks for a suspend", 0);
    }
    for (i = 0; i < DISKS && !err && !f->failed; i++)
        err = leat_blkfront_pause(f->end[i]);
    if (!err && block_turn_until(f, &f->paused, DISKS))
        err = leat_sim_suspend(f->domain, &f->life, NULL, NULL);
    for (i = 0; i < DISKS && !err && !f->failed; i++)
        err = leat_blkfront_resume(f->end[i]);
    if (err)
        block_fail(f, "a suspend", err);
    if (block_turn_until(f, &f->connected, DISKS))
        j->outage_seconds = tool_now() - began;
    if (waitpid(child, &status, 0) != child || status)
        block_fail(f, "a suspend, as it was asked for", 0);
}

/* Turns until no block is under way. */
static void drain(struct front *f)
{
    double since = tool_now();
    bool busy = true;
    uint32_t i;

    while (busy && !f->failed) {
        busy = false;
        for (i = 0; i < f->job->depth; i++)
            busy |= f->slots[i].state != IS_FREE;
        if (busy)
            block_turn(f);
        if (tool_now() - since > BLOCK_PATIENCE)
            block_fail(f, "what was under way does not end", 0);
    }
}

/* Compares a block that was read back; its slot is free again. */
static void compare(struct front *f, struct slot *s)
{
    struct digest *d = digest_new();
    char sum[DIGEST_HEX];

    if (!d || !digest_feed(d, block_bytes(s, DISK_TO), s->len) ||
        !digest_end(d, sum)) {
        block_fail(f, "SHA-256", 0);
    } else if (strcmp(sum, f->sums[s->at / f->job->block])) {
        tool_fail("sim block: %s: what was flushed is lost, at byte %llu",
                  f->job->file[DISK_TO].name, (unsigned long long)s->at);
        block_fail(f, NULL, 0);
    } else {
        f->job->found += s->len;
    }
    digest_free(d);
    s->state = IS_FREE;
}

/* D1: (depth) blocks at a time. (owed) are those that were KEPT then. */
static void check(struct front *f, const unsigned char *owed)
{
    double since = tool_now();
    uint64_t n = 0, seen = f->happened;
    bool busy = true;
    uint32_t i;

    while ((busy || n < blocks(f)) && !f->failed) {
        busy = false;
        for (i = 0; i < f->job->depth; i++) {
            struct slot *s = &f->slots[i];

            if (s->state == IS_HERE)
                compare(f, s);
            while (n < blocks(f) && owed[n] != BLOCK_KEPT)
                n++;
            if (s->state == IS_FREE && n < blocks(f) && !f->failed)
                block_reread(s, n++);
            busy |= s->state != IS_FREE;
        }
        if (busy)
            block_turn(f);
        if (f->happened != seen) {
            seen = f->happened;
            since = tool_now();
        }
        if (tool_now() - since > BLOCK_PATIENCE)
            block_fail(f, "the back end does nothing", 0);
    }
}

void block_disaster(struct front *f)
{
    struct block_job *j = f->job;
    unsigned char *owed = malloc(blocks(f));
    uint64_t n;

    if (!owed) {
        block_fail(f, "out of memory", 0);
        return;
    }
    if (block_flush(f)) {
        fill(f);
        memcpy(owed, f->state, blocks(f));
        for (n = 0; n < blocks(f); n++) {
            if (owed[n] == BLOCK_KEPT)
                j->flushed += block_length(f, n);
        }
    }
    if (!f->failed && j->disaster == KILL_BACKEND)
        kill_back(f);
    else if (!f->failed)
        suspend(f);
    drain(f);
    check(f, owed);
    free(owed);
}
