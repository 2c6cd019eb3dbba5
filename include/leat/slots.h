/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SLOTS_H
#define LEAT_SLOTS_H

/*
 * What is under way, by ids that a peer gives back.
 *
 * An id goes out with a request and comes back with the response. It is never
 * trusted: it is a slot's number with the slot's generation, so one that was
 * never given, that comes back twice, or that is of a request of before, is
 * found (XSA-376). Slots are used again oldest first, so a narrow generation
 * repeats as late as can be.
 *
 *     bits [0, index)     the slot; index: the fewest bits that number them all
 *     bits [index, bits)  its generation, at most 32 bits of it
 *
 * Generations wrap: with n slots and g bits of generation, an id is given again
 * after 2^g uses of its slot, and a stale response that late is not found.
 *
 * Owner:   struct and memory are the caller's.
 * Errors:  LEAT_E_INVALID  NULL, or an argument out of its set; in all calls
 * Threads: one at a time.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

#define LEAT_SLOTS_MAX 65536u

struct leat_slots_entry {
    uint64_t item;
    uint32_t generation; /* of the id that is out, or was last */
    uint32_t next;       /* free: the next in line; else it is out */
};

struct leat_slots {
    struct leat_slots_entry *slots;
    uint32_t n;           /* (c) */
    uint32_t index;       /* (c) bits                      */
    uint32_t mask;        /* (c) of a generation           */
    uint32_t out;         /* how many are out              */
    uint32_t first, last; /* the line of free ones         */
};

/*
 * Begins, with (n) free slots in (memory). (bits): how wide an id is, 16, 32 or
 * 64.
 *
 * Errors:  LEAT_E_INVALID  (n) is 0 or beyond LEAT_SLOTS_MAX, or no bit is left
 *                          for a generation
 */
LEAT_API int leat_slots_init(struct leat_slots *s,
                             struct leat_slots_entry *memory, uint32_t n,
                             unsigned bits);

/*
 * Takes a slot for (item), whatever that is to the caller, and gives its id.
 * Errors:  LEAT_E_AGAIN  all are out
 */
LEAT_API int leat_slots_get(struct leat_slots *s, uint64_t item, uint64_t *id);

/*
 * Finds the item of an id that is out; put also makes its slot free.
 *
 * Errors:  LEAT_E_REFERENCE  no slot can have this id
 *          LEAT_E_STALE      it is not out: a duplicate, an old one, or one that
 *                            was not given yet
 */
LEAT_API int leat_slots_find(const struct leat_slots *s, uint64_t id,
                             uint64_t *item);
LEAT_API int leat_slots_put(struct leat_slots *s, uint64_t id, uint64_t *item);

/*
 * Calls (each) for every slot that is out, and makes them all free: for a
 * device whose peer is gone. Ids of before stay stale. (each) must not call
 * these.
 */
LEAT_API int leat_slots_drain(struct leat_slots *s,
                              void (*each)(void *arg, uint64_t item),
                              void *arg);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_slots_check(const struct leat_slots *s);

LEAT_END_DECLS

#endif
