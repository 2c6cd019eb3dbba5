/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_PEER_H
#define LEAT_TESTS_GUEST_PEER_H

/* The guest that shares: what its parts have in common. */

#include <leat/core.h>
#include <leat/grant_ref.h>
#include <leat/persist.h>

#include "table.h"
#include "tap.h"
#include "xen/box.h"

/* A share, or what is left of one. */
struct slot {
    struct leat_chunk chunk; /* void: it was put */
    struct leat_grant grant;
    unsigned char *base;
    size_t n;
};

#define BLOCKS 8

struct guest {
    struct leat_lifecycle life;
    struct leat_gnttab gnttab;
    struct leat_share stops; /* over it: see stops.c */
    struct leat_pool *pool;  /* what dom0 is shown   */
    struct leat_grants *table;

    /* The box, and what it is shared by. */
    struct leat_persist *boxes;
    struct leat_block box;
    struct leat_shared bytes;
    uint32_t port;
    unsigned serial;

    struct leat_persist *persist;
    struct leat_block blocks[BLOCKS];
    size_t nblocks;

    struct slot slots[PEER_SLOTS];
    struct leat_hook hook;
    bool refuse, off;
    uint64_t refused, cancelled;
};

extern struct guest guest;

#define BOX_GET(field)                              \
    guest_box_get(offsetof(struct peer_box, field), \
                  sizeof(((struct peer_box *)0)->field))
#define BOX_SET(field, value)                       \
    guest_box_set(offsetof(struct peer_box, field), \
                  sizeof(((struct peer_box *)0)->field), value)

/* One read, or write, of 4 or 8 bytes of the box. */
uint64_t guest_box_get(size_t off, size_t size);
void guest_box_set(size_t off, size_t size, uint64_t value);

/* Waits until (arg[which]) is (value): dom0's part of an order. */
void guest_box_await(size_t which, uint64_t value);

/* Does what is asked. */
int guest_order(enum peer_op op, const uint64_t *arg);

/* After a share has ended: its handle is stale, and its chunk put. */
void guest_slot_clear(struct slot *s);

/* stops.c: wraps (under), and stops in it, if (on). */
struct leat_share guest_stops(struct leat_share under);
void guest_stops_set(bool on);

#endif
