/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_DISK_PLAY_H
#define LEAT_TESTS_PV_DISK_PLAY_H

/*
 * A disk that a test plays: requests are done when the test lets them, in its
 * order, and fail as it says. Bytes move when a request is done, not when it is
 * taken, so pages that were let go of too early are found: they are not there.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/disk.h>

#include "pv/disk_check.h"

enum {
    PLAY_SECTORS = 2048,
    PLAY_DEPTH = 64,
    PLAY_LOG = 256
};

struct disk_play {
    unsigned char bytes[PLAY_SECTORS * 512];
    struct leat_disk_info info;
    struct leat_disk_request held[PLAY_DEPTH];
    uint32_t n;
    uint32_t room;      /* requests under way, at most                       */
    bool hold;          /* nothing is done                                   */
    bool newest_first;  /* in which order                                    */
    bool dead;          /* poll() is LEAT_E_GONE                             */
    int status;         /* of what is done from now on; those that fail do
                           nothing                                           */
    int refuse;         /* what submit() gives from now on                   */
    long checked;       /* submits that were refused by the check of a disk:
                           the back let through what is wrong                */
    char log[PLAY_LOG]; /* r w f d, and S: as they were done                 */
    uint32_t logged;
};

static inline int play_info(void *self, struct leat_disk_info *out)
{
    *out = ((struct disk_play *)self)->info;
    return 0;
}

static inline int play_submit(void *self, const struct leat_disk_request *req)
{
    struct disk_play *d = self;
    int err = leat_disk_check(&d->info, req);

    if (err) {
        d->checked++;
        return err;
    }
    if (d->refuse)
        return d->refuse;
    if (d->n == d->room)
        return LEAT_E_AGAIN;
    d->held[d->n++] = *req;
    return 0;
}

static inline void play_do(struct disk_play *d,
                           const struct leat_disk_request *r)
{
    unsigned char *at = d->bytes + r->sector * 512;
    char what = "rwfd"[r->op];
    size_t i, k;

    if (r->op == LEAT_DISK_DISCARD)
        memset(at, 0, r->sectors * 512);
    for (i = 0; i < r->nsegs; i++) {
        for (k = 0; k < r->segs[i].len; k++, at++) {
            if (r->op == LEAT_DISK_READ)
                r->segs[i].peer_bytes[k] = *at;
            else
                *at = r->segs[i].peer_bytes[k];
        }
    }
    if (r->flags & LEAT_DISK_SECURE)
        what = 'S';
    if (d->logged + 1 < PLAY_LOG)
        d->log[d->logged++] = what;
}

static inline int play_poll(void *self, struct leat_disk_done *done, size_t max,
                            size_t *n)
{
    struct disk_play *d = self;

    if (d->dead) {
        d->n = 0;
        return LEAT_E_GONE;
    }
    *n = 0;
    while (!d->hold && d->n && *n < max) {
        uint32_t i = d->newest_first ? d->n - 1 : 0;
        struct leat_disk_request r = d->held[i];

        memmove(d->held + i, d->held + i + 1,
                (d->n - i - 1) * sizeof(d->held[0]));
        d->n--;
        if (!d->status)
            play_do(d, &r);
        done[*n].cookie = r.cookie;
        done[(*n)++].status = d->status;
    }
    return 0;
}

static inline int play_fd(void *self)
{
    (void)self;
    return -1;
}

static const struct leat_disk_ops play_ops = {
    .name = "play",
    .info = play_info,
    .submit = play_submit,
    .poll = play_poll,
    .fd = play_fd,
};

static inline unsigned char play_byte(size_t at)
{
    return (unsigned char)(at / 512 * 13 + at % 512 + 1);
}

static inline struct leat_disk play_open(struct disk_play *d)
{
    memset(d, 0, sizeof(*d));
    for (size_t i = 0; i < sizeof(d->bytes); i++)
        d->bytes[i] = play_byte(i);
    d->room = PLAY_DEPTH;
    d->info = (struct leat_disk_info){
        .sectors = PLAY_SECTORS,
        .sector_bytes = 512,
        .physical_bytes = 4096,
        .flags =
            LEAT_DISK_CAN_FLUSH | LEAT_DISK_CAN_DISCARD | LEAT_DISK_CAN_ERASE,
        .segments = 4096,
        .depth = PLAY_DEPTH,
    };
    return (struct leat_disk){.ops = &play_ops, .self = d};
}

#endif
