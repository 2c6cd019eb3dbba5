/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PV_BLKFRONT_H
#define LEAT_PV_BLKFRONT_H

/* What the files of blkfront have in common. blkfront.c has the theory. */

#include <leat/blkfront.h>
#include <leat/export.h>
#include <leat/ring.h>
#include <leat/slots.h>

#include "blkif.h"
#include "device.h"
#include "ring.h"

#define FRONT_NONE UINT32_MAX

/* ------------------------------------------------- pages of the device's own */

struct front_own {
    struct leat_block block;
    struct leat_shared bytes;
    uint32_t ref;
    uint32_t next; /* of the free */
    uint32_t life; /* odd while it is out */
};

/* --------------------------------------------------------------- a request */

/* Contiguous pages that are granted for one request, REVOKE. */
struct front_run {
    struct leat_grant grant;
    uint32_t pages;
    bool bounce; /* they are the export's, not the caller's */
};

enum front_state {
    FRONT_FREE = 0,
    FRONT_TAKEN = 1,  /* in (line), and perhaps in a ring */
    FRONT_FAILED = 2, /* to be told by the next poll      */
};

struct front_request {
    struct leat_blk *user;
    enum front_state state;
    uint32_t before, next; /* in (line); or (next) of the free, of the failed */
    uint32_t queue;
    bool laid;       /* its segments lie, but for their references           */
    uint64_t shown;  /* in which generation they have those; 0: in none      */
    uint32_t nsegs;  /* and of them                                          */
    uint32_t sent;   /* are in a ring, or were                               */
    bool whole;      /* all that there is was sent                           */
    uint32_t parts;  /* requests of the ring that are not answered           */
    uint64_t offset; /* sectors that were sent                               */
    int err;         /* the first                                            */
    struct leat_blkif_segment *seg; /* (c) room for (segs_max)               */
    uint32_t *own;                  /* (c) COPY, SHARED: each segment's page */
    struct leat_view *views;        /* (c) REVOKE: the export's segments,    */
    struct front_run *runs;         /* (c) and what was granted of them      */
    uint32_t nruns;
    struct leat_export ex;
};

/* A request of the ring, as it lies in the queue's slots. */
struct front_part {
    uint32_t request; /* 12 bits                                             */
    uint32_t n;       /* segments: 10 bits                                   */
    uint32_t page;    /* the indirect one's, or FRONT_NO_PAGE: 20 bits       */
};
#define FRONT_NO_PAGE 0xfffffu

/* ----------------------------------------------------------------- a queue */

struct front_queue {
    struct leat_blkfront *front;
    bool open;
    struct leat_ring ring;
    struct leat_chunk chunk; /* of the ring */
    struct leat_grant grant;
    struct leat_bus_port port;
    struct leat_slots slots;
    struct leat_slots_entry *entries; /* (c) */
};

/* ---------------------------------------------------------------- a device */

struct leat_blkfront {
    struct leat_blkfront_config config; /* (c) with the defaults             */
    struct leat_bus_end end;
    enum leat_receive_mode mode; /* (c) */
    uint32_t segs_max;           /* (c) segments of a request                */
    enum leat_blkif_layout layout;
    bool was_connected; /* once, so (info) has a sense                       */
    bool connected;
    struct leat_device_steps steps;
    bool closing, now;     /* leat_blkfront_close()                          */
    bool pausing, paused;
    bool closed;         /* told                                             */
    bool polling;        /* in poll: (done) is called                        */
    int error;           /* of the store, to be given by a poll              */
    uint64_t generation; /* of references: 1 and on                          */
    struct leat_blkfront_info info;

    struct front_queue *queues; /* config.queues of them                     */
    uint32_t nqueues;           /* open                                      */

    struct front_request *requests;
    uint32_t free;
    uint32_t head, tail;        /* (line): all that are under way, in order  */
    uint32_t cursor;            /* in it: the first that is not whole        */
    uint32_t failed, failed_at; /* first and last                            */
    bool barrier;               /* one was sent, over several queues         */

    struct leat_persist *persist;
    struct front_own *own;
    uint32_t own_max;  /* (c) */
    uint32_t nown;     /* that were got                                      */
    uint32_t own_free; /* of them                                            */
    uint32_t own_out;  /* SHARED: the caller's                               */

    void *persist_meta; /* (c) */
    size_t persist_bytes;
    struct leat_copies copies, messages;
    struct leat_blkfront_stats stats;
    char text[LEAT_BUS_TEXT];
};

/* blkfront_lay.c: a config with its defaults; a device in its memory. */
int leat_front_defaults(const struct leat_blkfront_config *from,
                        struct leat_blkfront_config *c);
struct leat_blkfront *leat_front_lay(const struct leat_blkfront_config *c);
void leat_front_persist(const struct leat_blkfront *f, uint32_t domain,
                        struct leat_persist_config *p);

/* blkfront_own.c: pages of the device's own. LEAT_E_LIMIT: none is free. */
int leat_front_own_take(struct leat_blkfront *f, uint32_t *number);
void leat_front_own_give(struct leat_blkfront *f, uint32_t number);
int leat_front_own_refresh(struct leat_blkfront *f);
void leat_front_own_end(struct leat_blkfront *f);
const char *leat_front_own_check(const struct leat_blkfront *f);

/* blkfront_judge.c: whether this disk can do it; bytes in all. */
int leat_front_judge(const struct leat_blkfront *f, const struct leat_blk *r,
                     uint64_t *bytes);

/*
 * blkfront_fill.c: segments. Lays what submit can refuse; tells whether they fit
 * another disk; lays, when its turn has come, what others may have, and gets
 * references. And ends: (moved) says whether the disk did it. Gives the error that
 * is told.
 */
int leat_front_lay_views(struct leat_blkfront *f, struct front_request *r,
                         uint64_t bytes);
int leat_front_fits(const struct leat_blkfront *f,
                    const struct front_request *r);
int leat_front_show(struct leat_blkfront *f, struct front_request *r);
int leat_front_end(struct leat_blkfront *f, struct front_request *r,
                   bool moved);

/* blkfront_line.c: who is under way, in which order. */
int leat_front_enter(struct leat_blkfront *f, struct leat_blk *user,
                     uint64_t bytes);
void leat_front_pump(struct leat_blkfront *f);
void leat_front_fail(struct leat_blkfront *f, uint32_t number, int err);
void leat_front_fail_all(struct leat_blkfront *f, int err);
void leat_front_tell_failed(struct leat_blkfront *f, bool *more);
void leat_front_finish(struct leat_blkfront *f, uint32_t number);
void leat_front_again(struct leat_blkfront *f);
void leat_front_judge_again(struct leat_blkfront *f);
const char *leat_front_line_check(const struct leat_blkfront *f);

/*
 * blkfront_queue.c: a queue by itself, its ring of (pages) pages, and no port;
 * a request into it, LEAT_E_AGAIN: not all; answers out of it.
 */
int leat_front_queue_open(struct front_queue *q, uint32_t pages);
void leat_front_queue_close(struct front_queue *q);
int leat_front_send(struct front_queue *q, struct front_request *r);
int leat_front_collect(struct front_queue *q, uint32_t budget, bool awake,
                       bool *more);
int leat_front_tell(struct front_queue *q);
void leat_front_recall(struct front_queue *q);

/* blkfront_keys.c: what a front writes, and what it reads. */
int leat_front_negotiate(struct leat_blkfront *f);
int leat_front_read_disk(struct leat_blkfront *f);
int leat_front_read_sectors(struct leat_blkfront *f, uint64_t *sectors);
void leat_front_disconnect(struct leat_blkfront *f);

/* blkfront_bus.c: what the bus says is done. */
extern const struct leat_bus_end_ops leat_front_ops;
void leat_front_advance(struct leat_blkfront *f);
void leat_front_break(struct leat_blkfront *f, const char *text);

#endif
