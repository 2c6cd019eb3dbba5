/* SPDX-License-Identifier: ISC */
#ifndef LEAT_RING_H
#define LEAT_RING_H

/*
 * The shared ring: requests from a front to a back, and a response to each, in
 * the same slots. One or several pages that both ends can write.
 *
 *     bytes 0..15   four indexes: req_prod, req_event, rsp_prod, rsp_event
 *     bytes 16..63  nothing of ours
 *     bytes 64..    slots, as many as fit, rounded down to a power of two
 *
 * Indexes count for ever and wrap at 2^32. Each end keeps its own in private
 * memory, and takes from the ring only the other's producer index, which it
 * checks: one that cannot be breaks the ring, for good, with a text that says
 * what was found. Messages are copied out once, and in once (leat/shared.h).
 *
 * Notifications are held off: an end writes into its event field at which index
 * of the other's it wants to be woken, and is not woken for others.
 *
 * Both ends use the same calls: a message is *put* (a request, in front; a
 * response, in back), those put are *pushed* together, and the other's are
 * *taken*.
 *
 * Owner:   a struct leat_ring is the caller's memory; its fields are private.
 * Errors:  LEAT_E_INVALID  NULL, or an argument out of its set; in all calls
 *          LEAT_E_PROTO    the ring is broken; in all that say so
 * Threads: one at a time on one end; the ends may be anywhere.
 *
 * Source: xen/io/ring.h. XSA-39, XSA-86, XSA-155.
 */

#include <leat/shared.h>

LEAT_BEGIN_DECLS

#define LEAT_RING_HEAD      64u
#define LEAT_RING_ORDER_MAX 4u
#define LEAT_RING_NAME_MAX  31u

/* The longest text of a broken ring, with its NUL. */
#define LEAT_RING_TEXT 160u

enum leat_ring_end {
    LEAT_RING_FRONT = 0, /* puts requests, takes responses */
    LEAT_RING_BACK = 1,  /* takes requests, puts responses */
};

/* Zero it, then set its fields. */
struct leat_ring_config {
    const char *name; /* for the text; cut at LEAT_RING_NAME_MAX; copied    */
    enum leat_ring_end end;
    struct leat_shared pages; /* 2^order whole pages, order at most
                                 LEAT_RING_ORDER_MAX                        */
    size_t slot;              /* bytes: the longer of request and response  */
    uint32_t start; /* front: the index that both ends begin at, which is 0
                       where the back is not ours; back: must be 0          */
    struct leat_copies *copies; /* where messages are counted, as
                                   LEAT_WHY_SHARED: together, by push, sleep,
                                   and a take that finds none               */
};

struct leat_ring {
    struct leat_shared pages;
    enum leat_ring_end end; /* (c) */
    uint32_t slot;          /* (c) bytes                                    */
    uint32_t slots;         /* (c) a power of two                           */
    uint32_t put;           /* our producer index, with what is not pushed  */
    uint32_t pushed;        /* what of it the peer was shown                */
    uint32_t taken;         /* our consumer index                           */
    uint32_t seen;          /* the peer's producer index, checked           */
    int error;              /* 0, or LEAT_E_PROTO for good                  */
    uint32_t moved;         /* messages since they were counted,            */
    size_t moved_bytes;     /* and their bytes                              */
    struct leat_copies *copies;
    char name[LEAT_RING_NAME_MAX + 1];
    char text[LEAT_RING_TEXT];
};

/*
 * Gives how many slots of (slot) bytes a ring of 2^(order) pages has; 0 where
 * there is no such ring: (slot) is 0, or none fits, or (order) is too large.
 */
LEAT_API uint32_t leat_ring_slots(size_t slot, unsigned order);

/*
 * Begins. The front writes the head, of pages that it has zeroed and not yet
 * shown; the back, afterwards, attaches where the ring's responses stand, as a
 * back does that takes over: it takes the requests that follow, again. That is
 * safe only where all that the one before had put was pushed, for a response
 * lies where its request lay; else the front begins anew.
 *
 * Owner:   (pages) and (copies) are borrowed until the ring is used no more.
 * Errors:  LEAT_E_LENGTH  not 2^order pages, or no slot fits
 *          LEAT_E_ALIGN   not page-aligned
 *          LEAT_E_PROTO   back: there are more requests than slots
 */
LEAT_API int leat_ring_init(struct leat_ring *r,
                            const struct leat_ring_config *config);

/*
 * Gives how many messages can be put now: in front, slots without a request
 * whose response was not taken; in back, requests taken and not answered. 0 of
 * a broken ring.
 */
LEAT_API uint32_t leat_ring_room(const struct leat_ring *r);

/*
 * Puts a message of (len) bytes, at most a slot; the rest of the slot is zeroed.
 * The peer sees it after the next push. Its padding is the caller's: build it in
 * a structure that was zeroed (XSA-216).
 *
 * Errors:  LEAT_E_AGAIN   there is no room
 *          LEAT_E_LENGTH  longer than a slot, or 0
 *          LEAT_E_PROTO
 */
LEAT_API int leat_ring_put(struct leat_ring *r, const void *message,
                           size_t len);

/*
 * Shows the peer all that was put. (*notify): it asked to be woken for one of
 * these, and the caller has to.
 * Errors:  LEAT_E_PROTO
 */
LEAT_API int leat_ring_push(struct leat_ring *r, bool *notify);

/*
 * Takes the next message: copies the first (len) bytes of its slot, each once,
 * to private memory.
 *
 * Errors:  LEAT_E_AGAIN   there is none
 *          LEAT_E_LENGTH  longer than a slot, or 0
 *          LEAT_E_PROTO   the peer's index cannot be: XSA-39
 */
LEAT_API int leat_ring_take(struct leat_ring *r, void *message, size_t len);

/*
 * Asks to be woken for the next message. (*more): there is one already, so do
 * not sleep.
 * Errors:  LEAT_E_PROTO
 */
LEAT_API int leat_ring_sleep(struct leat_ring *r, bool *more);

/*
 * What a poll does. (each) is called for each message, with a copy of it in
 * (message), and may put, push and break; an error of it ends the poll.
 */
struct leat_ring_poll {
    void *message; /* (len) private bytes */
    size_t len;
    int (*each)(void *arg, void *message);
    void *arg;
    uint32_t budget; /* messages, at most; not 0 */
    bool awake;      /* do not ask to be woken: the caller looks again, as one
                        that spins does (leat/wait.h)                       */
};

/*
 * Takes what there is, at most the budget, whatever the peer puts meanwhile
 * (XSA-391), and asks to be woken if nothing is left, unless (awake). (*more):
 * there may be more, call again before sleeping.
 *
 * Errors:  that of (each): its message is taken, and others may be left
 *          LEAT_E_LENGTH, LEAT_E_PROTO, as take. What came before was taken.
 */
LEAT_API int leat_ring_poll(struct leat_ring *r,
                            const struct leat_ring_poll *poll, bool *more);

/*
 * Breaks the ring: for who finds a lie in a message. (what), and the two values,
 * go into the text. A ring that is broken keeps its first text.
 * Gives LEAT_E_PROTO.
 */
LEAT_API int leat_ring_break(struct leat_ring *r, const char *what, uint64_t is,
                             uint64_t bound);

/*
 * 0, or LEAT_E_PROTO; and in (*text), unless NULL, what was found: one line, ""
 * of a ring that is whole. Owner: borrowed from (r).
 */
LEAT_API int leat_ring_state(const struct leat_ring *r, const char **text);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_ring_check(const struct leat_ring *r);

LEAT_END_DECLS

#endif
