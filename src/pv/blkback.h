/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PV_BLKBACK_H
#define LEAT_PV_BLKBACK_H

/* What the files of blkback have in common. blkback.c has the theory. */

#include <leat/blkback.h>
#include <leat/grant_map.h>
#include <leat/ring.h>

#include "blkif.h"
#include "device.h"
#include "ring.h"

#define BACK_NONE UINT32_MAX

/* ----------------------------------------------------- pages that are kept */

/* Pages that were mapped by one operation, and go by one. */
struct back_run {
    struct leat_mapping mapping;
    volatile unsigned char *base;
    uint32_t users;        /* segments that use it                           */
    uint32_t first;        /* of its pages                                   */
    uint32_t older, newer; /* by their last use; (newer) also of the free    */
};

struct back_page {
    uint32_t ref;
    uint32_t run;
    uint32_t at;      /* in the run, in pages                                */
    uint32_t sibling; /* the next of the run                                 */
    uint32_t next;    /* of the bucket, or of the free                       */
};

struct back_keep {
    struct back_run *runs;
    struct back_page *pages;
    uint32_t *buckets;
    uint32_t n;    /* (c) of pages, and of runs                          */
    uint32_t mask; /* (c) buckets - 1                                    */
    uint32_t used; /* pages                                              */
    uint32_t free_run, free_page;
    uint32_t oldest, newest;
};

/* --------------------------------------------------------------- a request */

/* Its pages that are not kept: mapped for it alone, by one operation. */
struct back_held {
    struct leat_mapping mapping;
    bool mapped;
};

enum back_state {
    BACK_FREE = 0,
    BACK_WAITING = 1, /* for its turn at the disk                            */
    BACK_AT_DISK = 2,
};

/* What a request still has to do, in this order. */
#define BACK_FLUSH_FIRST 1u
#define BACK_MOVE        2u
#define BACK_DISCARD     4u
#define BACK_FLUSH_LAST  8u

struct back_request {
    enum back_state state;
    uint32_t next; /* of the free, or of those that wait */
    uint32_t steps;
    uint32_t doing; /* at the disk: one of them */
    bool barrier;
    int status;           /* of leat: the first that failed                 */
    uint64_t id;          /* the front's: echoed, and nothing else          */
    uint8_t operation;    /* echoed                                         */
    uint8_t flags;        /* LEAT_DISK_SECURE                               */
    enum leat_disk_op op; /* of BACK_MOVE                                   */
    uint64_t sector, sectors;
    uint32_t nsegs;
    struct leat_shared *segs; /* (c) room for (segments)                     */
    uint32_t *runs;           /* (c) the same: which kept run, or BACK_NONE  */
    struct back_held held;
};

/* ----------------------------------------------------------------- a queue */

struct back_queue {
    struct leat_blkback *back;
    uint32_t number;
    bool open;
    struct leat_ring ring;
    struct leat_mapping mapping; /* of the ring */
    struct leat_bus_port port;
    enum leat_blkif_layout layout;
    struct back_request *requests;
    uint32_t free;
    uint32_t first, last; /* that wait for the disk */
    uint32_t under_way;   /* taken, not answered */
    bool barrier;         /* one is under way: nothing is taken */
    struct back_keep keep;
};

/* ---------------------------------------------------------------- a device */

struct leat_blkback {
    struct leat_blkback_config config; /* (c) with the defaults              */
    struct leat_bus_end end;
    bool persistent;            /* this front's grants are kept            */
    bool stopping;              /* nothing is taken any more               */
    bool now;                   /* closes without waiting for the front    */
    struct leat_device_steps steps;
    bool closed;                /* told                                    */
    int error;                  /* of the store, to be given by a poll     */
    uint32_t offered;           /* segments of an indirect request; 0: none */
    struct leat_disk_info disk; /* as it was told of last                  */
    uint32_t flags;             /* LEAT_DISK_*: what the front may have of it */
    struct back_queue *queues;  /* config.queues of them                   */
    uint32_t nqueues;           /* connected                               */
    bool begun;                 /* the disk was given something since it was
                                     polled                                  */
    struct leat_blkif_segment *segments; /* private copies, and references   */
    struct leat_gref *grefs;
    struct leat_gref *missing;
    struct leat_copies copies;
    struct leat_blkback_stats stats;
    char text[LEAT_BUS_TEXT];
};

/* blkback_lay.c: a config with its defaults; a device in its memory. */
int leat_back_defaults(const struct leat_blkback_config *from,
                       struct leat_blkback_config *c);
struct leat_blkback *leat_back_lay(const struct leat_blkback_config *c);

/* blkback_serve.c: a round; (*lied) is a queue whose ring is broken. */
int leat_back_serve(struct leat_blkback *b, uint32_t budget, bool awake,
                    bool *more, struct back_queue **lied);

/* What is wrong with a request. */
enum back_fault {
    BACK_FINE = 0,
    BACK_BAD_SEGMENTS,
    BACK_BAD_RANGE,
    BACK_BAD_ALIGNMENT,
    BACK_BAD_ACCESS,
    BACK_BAD_GRANT,
    BACK_UNSUPPORTED,
};

/* blkback_judge.c: a private copy of what the peer wrote, against the disk. */
enum back_fault leat_back_judge_segments(const struct leat_blkback *b,
                                         const struct leat_blkif_segment *seg,
                                         uint32_t n, uint64_t *sectors);
enum back_fault leat_back_judge_range(const struct leat_blkback *b,
                                      uint64_t sector, uint64_t sectors);
enum back_fault leat_back_judge_op(const struct leat_blkback *b,
                                   const struct leat_blkif_request *r);

/* blkback_keep.c */
void leat_back_keep_init(struct back_keep *k);
uint32_t leat_back_keep_find(const struct back_keep *k, uint32_t ref);
volatile unsigned char *leat_back_keep_use(struct back_keep *k, uint32_t page);
void leat_back_keep_drop(struct back_keep *k, uint32_t run);
int leat_back_keep_add(struct back_queue *q, struct leat_gref *grefs,
                       uint32_t n);
void leat_back_keep_purge(struct back_queue *q);
const char *leat_back_keep_check(const struct back_keep *k);

/*
 * blkback_map.c. Maps (n) pages of the front's: where each is, and which kept run
 * it is of, or BACK_NONE; those that are not kept are in (held). All or nothing.
 */
int leat_back_map(struct back_queue *q, const struct leat_gref *grefs,
                  uint32_t n, enum leat_access access,
                  struct leat_shared *pages, uint32_t *runs,
                  struct back_held *held);
void leat_back_unmap(struct back_queue *q, const uint32_t *runs, uint32_t n,
                     struct back_held *held);
int leat_back_map_raw(struct leat_blkback *b, const struct leat_gref *grefs,
                      uint32_t n, enum leat_access access,
                      struct leat_mapping *mapping, struct leat_shared *out);
void leat_back_unmap_raw(struct leat_blkback *b, struct leat_mapping m);

/* blkback_queue.c: takes requests, at most (budget); shows responses. */
int leat_back_take(struct back_queue *q, uint32_t budget, bool *more);
int leat_back_show(struct back_queue *q);
void leat_back_answer(struct back_queue *q, uint64_t id, uint8_t operation,
                      int16_t status);
const char *leat_back_queue_check(const struct back_queue *q);

/* blkback_disk.c: a request's way through the disk. */
void leat_back_begin(struct back_queue *q, struct back_request *r);
void leat_back_resume(struct back_queue *q);
void leat_back_drop(struct back_queue *q);
int leat_back_collect(struct leat_blkback *b, uint32_t budget, bool *more);

/*
 * blkback_connect.c. A queue by itself: its ring, of (pages) pages, and no port.
 * And all of them, by the front's keys.
 */
int leat_back_queue_open(struct back_queue *q, const struct leat_gref *grefs,
                         uint32_t pages, enum leat_blkif_layout layout);
void leat_back_queue_close(struct back_queue *q);
int leat_back_connect(struct leat_blkback *b);
void leat_back_disconnect(struct leat_blkback *b);
bool leat_back_idle(const struct leat_blkback *b);

/* blkback_keys.c: what a back writes. */
int leat_back_geometry(struct leat_blkback *b);
int leat_back_announce(struct leat_blkback *b);
int leat_back_write_size(struct leat_blkback *b);

/* blkback_bus.c: what the bus says is done. */
extern const struct leat_bus_end_ops leat_back_ops;
void leat_back_advance(struct leat_blkback *b);
void leat_back_break(struct leat_blkback *b, const char *text);

/* Tells the owner. */
void leat_back_tell(struct leat_blkback *b, enum leat_blkback_event what);

#endif
