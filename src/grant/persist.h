/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_GRANT_PERSIST_H
#define LEAT_SRC_GRANT_PERSIST_H

/*
 * A persistent pool's structures. Blocks are numbered, unit by unit; what is known
 * of them lies in arrays beside (R1).
 */

#include <leat/persist.h>

#include "internal.h"

struct unit {
    struct leat_chunk chunk; /* (l) */
    struct leat_grant grant; /* (l) the void one: not shared              */
    unsigned char *base;     /* (l) */
    bool sharing;            /* (l) a thread is at it                     */
};

struct block {
    uint32_t next; /* (l) the next free one     */
    uint32_t life; /* (l) of the handle, or of the next one */
    bool out;      /* (l) */
};

struct leat_persist {
    struct leat_persist_config config; /* (c) */
    uint32_t per_page;                 /* (c) blocks in a page  */
    uint32_t per_unit;                 /* (c) blocks in a unit  */
    uint32_t block_bytes;              /* (c) */
    struct unit *units;                /* entries (l) */
    struct block *blocks;              /* entries (l) */
    uint32_t *refs;                    /* entries (l): of each page        */
    struct leat_layer_lock lock;

    /* Under the table's lock: its list of those who share again after a resume,
     * and who is being called. */
    struct leat_persist *next;
    uint64_t resumed; /* the generation for which it has done so          */
    bool pinned;
    bool due; /* its end was put off: who unpins it, or resumes, ends it  */

    /* (l) from here on. */
    uint32_t free_first;
    uint32_t free_last;
    uint32_t nunits;  /* units that have blocks                           */
    uint32_t growing; /* threads that make one more                       */
    uint32_t out;     /* blocks that are out                              */
    uint32_t calls;   /* calls that have still to go through persist_end  */
    struct leat_block_waiter *oldest;
    struct leat_block_waiter *newest;
    bool serving;
    bool closing;
    bool ending; /* the units are being revoked; nothing else comes        */
    size_t held; /* of them, those that the peer holds                     */
    void (*closed)(void *arg, size_t held);
    void *arg;
    struct leat_persist_stats stats;
};

/* persist.c: shares the unit, which is this thread's by (sharing). */
int leat_persist_share(struct leat_persist *p, uint32_t unit);

/* Makes one more unit; takes the first free block. Under the lock, which grow
 * drops meanwhile. */
int leat_persist_grow(struct leat_persist *p);
void leat_block_take(struct leat_persist *p, struct leat_block *out);

/* line.c: under the lock, which it drops meanwhile. */
void leat_block_serve(struct leat_persist *p);

/* close.c: into the table's list; and how a call that counted itself in (calls)
 * goes: the last one after a close ends the pool. */
void leat_persist_join(struct leat_persist *p);
void leat_persist_end(struct leat_persist *p);

#endif
