/* SPDX-License-Identifier: ISC */

/*
 * Both ends of a shared ring. What is done with each message is in ring.h, too.
 *
 *   N1  our producer index, and where we stand in the peer's, are private: the
 *       ring's words of ours are written, never read back (XSA-86)
 *   N2  of the peer's words its producer index is read, once a look, and checked
 *       before use; its event field only decides whether to wake it
 *   N3  front: put - taken <= slots;   back: taken - put <= slots
 *   N4  front: seen - taken <= pushed - taken, no response without a request;
 *       back:  taken - pushed <= seen - pushed <= slots, no request
 *       where a response was not shown yet, and none taken back
 *   N5  pushed - put is never shown: the peer sees a message after its bytes
 *   N6  a ring that was found broken stays so, and is touched no more
 *
 * All differences are modulo 2^32, so nothing happens where an index wraps.
 *
 *             whole --a producer that cannot be, leat_ring_break()--> broken
 *
 * A slot is written only by who may: the front's next request goes where the
 * response of a whole round ago was taken, the back's next response where a
 * request was taken (N3).
 */

#include <string.h>

#include <leat/ring.h>

#include "../core/copy.h"
#include "ring.h"

/* Where the words lie: what we produce, what the peer does; as FRONT sees it. */
enum {
    REQ_PROD = 0,
    REQ_EVENT = 4,
    RSP_PROD = 8,
    RSP_EVENT = 12
};

static volatile uint32_t *word(const struct leat_ring *r, unsigned at)
{
    return (volatile uint32_t *)(volatile void *)(r->pages.peer_bytes + at);
}

static uint32_t load(const struct leat_ring *r, unsigned at)
{
    return __atomic_load_n(word(r, at), __ATOMIC_ACQUIRE);
}

static void store(const struct leat_ring *r, unsigned at, uint32_t x)
{
    __atomic_store_n(word(r, at), x, __ATOMIC_RELEASE);
}

/*
 * A store that a load after it does not overtake: what push and sleep rely on, each
 * on its side, so that one of the two sees the other. No exchange: there is nothing
 * in it that a peer could make us repeat (XSA-295).
 */
static void store_first(const struct leat_ring *r, unsigned at, uint32_t x)
{
    __atomic_store_n(word(r, at), x, __ATOMIC_SEQ_CST);
}

static uint32_t load_then(const struct leat_ring *r, unsigned at)
{
    return __atomic_load_n(word(r, at), __ATOMIC_SEQ_CST);
}

uint32_t leat_ring_slots(size_t slot, unsigned order)
{
    size_t n, fit;

    if (!slot || order > LEAT_RING_ORDER_MAX)
        return 0;
    fit = ((LEAT_PAGE_SIZE << order) - LEAT_RING_HEAD) / slot;
    if (!fit)
        return 0;
    for (n = 1; n <= fit / 2; n *= 2)
        ;
    return (uint32_t)n;
}

/* The order of (len) bytes of pages; too large: there is none. */
static unsigned order_of(size_t len)
{
    unsigned order = 0;

    while (order <= LEAT_RING_ORDER_MAX && LEAT_PAGE_SIZE << order != len)
        order++;
    return order;
}

static void name_it(struct leat_ring *r, const char *name)
{
    size_t i;

    for (i = 0; name && name[i] && i < LEAT_RING_NAME_MAX; i++)
        r->name[i] = name[i];
}

int leat_ring_init(struct leat_ring *r, const struct leat_ring_config *config)
{
    struct leat_ring new;
    uint32_t prod;

    if (!r || !config || !config->pages.peer_bytes || !config->copies ||
        (config->end != LEAT_RING_FRONT && config->end != LEAT_RING_BACK) ||
        (config->end == LEAT_RING_BACK && config->start))
        return LEAT_E_INVALID;
    if ((uintptr_t)config->pages.peer_bytes % LEAT_PAGE_SIZE)
        return LEAT_E_ALIGN;
    memset(&new, 0, sizeof(new));
    new.pages = config->pages;
    new.end = config->end;
    new.copies = config->copies;
    new.slots = leat_ring_slots(config->slot, order_of(config->pages.len));
    if (!new.slots)
        return LEAT_E_LENGTH;
    new.slot = (uint32_t)config->slot;
    name_it(&new, config->name);
    if (ring_is_front(&new)) {
        new.put = new.pushed = new.taken = new.seen = config->start;
        store(&new, RSP_PROD, config->start);
        store(&new, RSP_EVENT, config->start + 1);
        store(&new, REQ_EVENT, config->start + 1);
        store(&new, REQ_PROD, config->start);
    } else {
        new.put = new.pushed = new.taken = new.seen = load(&new, RSP_PROD);
        prod = load(&new, REQ_PROD);
        if (prod - new.put > new.slots)
            return LEAT_E_PROTO;
    }
    *r = new;
    return 0;
}

uint32_t leat_ring_room(const struct leat_ring *r)
{
    if (!r || r->error)
        return 0;
    return ring_room(r);
}

/* What was moved since, into the books: two atomic additions for many messages. */
static void count(struct leat_ring *r)
{
    if (!r->moved)
        return;
    leat_copies_count(r->copies, LEAT_WHY_SHARED, r->moved, r->moved_bytes);
    r->moved = 0;
    r->moved_bytes = 0;
}

static void move_out(struct leat_ring *r, struct leat_shared slot,
                     unsigned char *to, size_t len)
{
    if (ring_by_words(r))
        ring_move_out(r, slot, to, len);
    else
        leat_shared_copy_out(slot, 0, to, len, r->copies);
}

static void move_in(struct leat_ring *r, struct leat_shared slot,
                    const unsigned char *from, size_t len)
{
    if (ring_by_words(r))
        ring_move_in(r, slot, from, len);
    else
        leat_shared_copy_in(slot, 0, from, len, r->copies);
}

/* Zeroes the rest of a slot, from (at): filling, which is no copy. */
static void zero(struct leat_shared s, size_t at)
{
    typedef uintptr_t __attribute__((may_alias)) wide;
    volatile unsigned char *to = s.peer_bytes + at, *end = s.peer_bytes + s.len;

    while (to < end && (uintptr_t)to % sizeof(wide))
        __atomic_store_n(to++, 0, __ATOMIC_RELAXED);
    for (; (size_t)(end - to) >= sizeof(wide); to += sizeof(wide))
        __atomic_store_n((volatile wide *)(volatile void *)to, 0,
                         __ATOMIC_RELAXED);
    while (to < end)
        __atomic_store_n(to++, 0, __ATOMIC_RELAXED);
}

/* 0, or why no message of (len) bytes can be moved. */
static int allowed(const struct leat_ring *r, const void *message, size_t len)
{
    if (!r || !message)
        return LEAT_E_INVALID;
    if (!len || len > r->slot)
        return LEAT_E_LENGTH;
    return r->error;
}

int leat_ring_put(struct leat_ring *r, const void *message, size_t len)
{
    int err = allowed(r, message, len);
    struct leat_shared slot;

    if (err)
        return err;
    if (!leat_ring_room(r))
        return LEAT_E_AGAIN;
    slot = ring_slot(r, r->put);
    move_in(r, slot, message, len);
    zero(slot, len);
    r->put++;
    return 0;
}

int leat_ring_push(struct leat_ring *r, bool *notify)
{
    uint32_t old, event;

    if (!r || !notify)
        return LEAT_E_INVALID;
    count(r);
    if (r->error)
        return r->error;
    old = r->pushed;
    if (r->put == old) {
        *notify = false;
        return 0;
    }
    r->pushed = r->put;
    store_first(r, ring_is_front(r) ? REQ_PROD : RSP_PROD, r->put); /* N5 */
    event = load_then(r, ring_is_front(r) ? REQ_EVENT : RSP_EVENT);
    *notify = r->put - event < r->put - old;
    return 0;
}

/* The peer's producer index, checked: N2, N4. */
static int judge(struct leat_ring *r, uint32_t prod)
{
    uint32_t is, bound;

    if (ring_is_front(r)) {
        is = prod - r->taken;
        bound = r->pushed - r->taken;
    } else {
        is = prod - r->pushed;
        bound = r->slots;
        if (is < r->taken - r->pushed)
            return leat_ring_break(r, "req_prod went back to", prod, r->taken);
    }
    if (is > bound)
        return leat_ring_break(r,
                               ring_is_front(r) ? "rsp_prod is ahead by"
                                                : "req_prod is ahead by",
                               is, bound);
    r->seen = prod;
    return 0;
}

/* 0, LEAT_E_AGAIN where there is nothing to take, or LEAT_E_PROTO. */
static int look(struct leat_ring *r)
{
    int err = 0;

    if (r->seen == r->taken)
        err = judge(r, load(r, ring_is_front(r) ? RSP_PROD : REQ_PROD));
    return err ? err : r->seen == r->taken ? LEAT_E_AGAIN : 0;
}

int leat_ring_take(struct leat_ring *r, void *message, size_t len)
{
    int err = allowed(r, message, len);

    if (!err)
        err = look(r);
    if (err) {
        if (err == LEAT_E_AGAIN)
            count(r);
        return err;
    }
    move_out(r, ring_slot(r, r->taken), message, len);
    r->taken++;
    return 0;
}

int leat_ring_sleep(struct leat_ring *r, bool *more)
{
    int err;

    if (!r || !more)
        return LEAT_E_INVALID;
    count(r);
    err = r->error ? r->error : look(r);
    if (err == LEAT_E_AGAIN) {
        store_first(r, ring_is_front(r) ? RSP_EVENT : REQ_EVENT, r->taken + 1);
        err = judge(r, load_then(r, ring_is_front(r) ? RSP_PROD : REQ_PROD));
    }
    if (err)
        return err;
    *more = r->seen != r->taken;
    return 0;
}

int leat_ring_poll(struct leat_ring *r, const struct leat_ring_poll *poll,
                   bool *more)
{
    uint32_t n;
    int err;

    if (!poll || !more || !poll->each || !poll->budget)
        return LEAT_E_INVALID;
    for (n = 0; n < poll->budget; n++) {
        err = leat_ring_take(r, poll->message, poll->len);
        if (err == LEAT_E_AGAIN && poll->awake) {
            *more = false;
            return 0;
        }
        if (err == LEAT_E_AGAIN)
            return leat_ring_sleep(r, more);
        if (!err)
            err = poll->each(poll->arg, poll->message);
        if (err)
            return err;
    }
    *more = true;
    return 0;
}
