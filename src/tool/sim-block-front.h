/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SIM_BLOCK_FRONT_H
#define LEAT_SRC_TOOL_SIM_BLOCK_FRONT_H

/*
 * The state of the front end of leat sim block: sim-block-front.c has the theory.
 */

#include "sim-block.h"

#define BLOCK_PATIENCE 20.0 /* seconds without anything happening */

enum slot_state {
    IS_FREE,
    IS_READING,
    IS_WRITING,
    IS_READ_BACK,
    IS_HERE /* read back, and its turn has not come */
};

/* Of a block of the second disk. */
enum block_state {
    BLOCK_NONE,
    BLOCK_ACKED,    /* its write was done                                 */
    BLOCK_FLUSHING, /* a flush was begun after that                       */
    BLOCK_KEPT      /* and done: whatever dies, it is there               */
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
    struct leat_pool *pool;
    struct leat_blkfront *end[DISKS];
    struct slot *slots;
    struct digest *digest;
    struct progress progress;
    unsigned char *bounce; /* SHARED: between two devices' pages */
    uint64_t next, done;   /* bytes that were begun, and that are */
    uint64_t happened;     /* counts whatever does */
    unsigned connected, closed, paused;
    unsigned char *state;     /* enum block_state, of each block */
    char (*sums)[DIGEST_HEX]; /* of what was written; for a disaster */
    struct leat_blk flush;
    bool flushing;
    bool failed;
    int err;
    const char *what; /* that failed */
};

/* sim-block-front.c: remembers the first failure; NULL (what): it was told. */
void block_fail(struct front *f, const char *what, int err);
/* Tells what became of a request. */
void block_request_failed(struct front *f, const char *what, int disk, int err);
/* One round; it sleeps where nothing happened, and there is nothing to do. */
void block_turn(struct front *f);
/* Turns until (*counter) is (n); for as long as anything happens. */
bool block_turn_until(struct front *f, const unsigned *counter, unsigned n);

/* sim-block-move.c */
bool block_slots_open(struct front *f);
void block_slots_close(struct front *f);
void block_begin(struct front *f, enum slot_state state);
bool block_copy(struct front *f);
bool block_read_back(struct front *f);
/* Reads block (n) of the second disk back, into a slot that is free. */
void block_reread(struct slot *s, uint64_t n);
/* The private bytes of a slot that was read. Owner: borrowed, until the next. */
const unsigned char *block_bytes(struct slot *s, int disk);
uint32_t block_length(const struct front *f, uint64_t n);

/* sim-block-disaster.c */
bool block_flush(struct front *f);
void block_disaster(struct front *f);

#endif
