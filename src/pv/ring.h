/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PV_RING_H
#define LEAT_SRC_PV_RING_H

/*
 * What devices do with each message, inline: leat_ring_take() and leat_ring_put()
 * for the common case, and those calls for all others. ring.c has the theory.
 */

#include <string.h>

#include <leat/ring.h>

static inline bool ring_is_front(const struct leat_ring *r)
{
    return r->end == LEAT_RING_FRONT;
}

static inline struct leat_shared ring_slot(const struct leat_ring *r,
                                           uint32_t at)
{
    struct leat_shared s = {
        r->pages.peer_bytes + LEAT_RING_HEAD +
            (size_t)(at & (r->slots - 1)) * r->slot,
        r->slot,
    };

    return s;
}

/* Words of a slot: of any type, and moved whole. */
typedef uint32_t __attribute__((may_alias)) ring_word;
typedef uintptr_t __attribute__((may_alias)) ring_long;

/*
 * Messages are short, and there are many of them: where a slot is aligned, they go
 * by words here, each moved once as leat_shared_copy_out() does it, and are counted
 * together. (len) is at most a slot.
 */
#define RING_MOVE(type, one)                                          \
    for (; len - at >= sizeof(type); at += sizeof(type)) {            \
        type x_;                                                      \
        volatile type *shared_ =                                      \
            (volatile type *)(volatile void *)(slot.peer_bytes + at); \
                                                                      \
        one;                                                          \
    }
#define RING_MOVE_OUT(type)                                          \
    RING_MOVE(type, x_ = __atomic_load_n(shared_, __ATOMIC_RELAXED); \
              memcpy(to + at, &x_, sizeof(x_)))
#define RING_MOVE_IN(type)                              \
    RING_MOVE(type, memcpy(&x_, from + at, sizeof(x_)); \
              __atomic_store_n(shared_, x_, __ATOMIC_RELAXED))

/* Whether slots are aligned, as the pages and their head are. */
static inline bool ring_by_words(const struct leat_ring *r)
{
    return !(r->slot % sizeof(ring_word));
}

static inline void ring_moved(struct leat_ring *r, size_t len)
{
    r->moved++;
    r->moved_bytes += len;
}

static inline void ring_move_out(struct leat_ring *r, struct leat_shared slot,
                                 unsigned char *to, size_t len)
{
    size_t at = 0;

    ring_moved(r, len);
    if (!((uintptr_t)slot.peer_bytes % sizeof(ring_long)))
        RING_MOVE_OUT(ring_long)
    RING_MOVE_OUT(ring_word)
    RING_MOVE_OUT(unsigned char)
}

static inline void ring_move_in(struct leat_ring *r, struct leat_shared slot,
                                const unsigned char *from, size_t len)
{
    size_t at = 0;

    ring_moved(r, len);
    if (!((uintptr_t)slot.peer_bytes % sizeof(ring_long)))
        RING_MOVE_IN(ring_long)
    RING_MOVE_IN(ring_word)
    RING_MOVE_IN(unsigned char)
}

static inline uint32_t ring_room(const struct leat_ring *r)
{
    return ring_is_front(r) ? r->slots - (r->put - r->taken)
                            : r->taken - r->put;
}

/* leat_ring_take() of (len) bytes, which is not 0. Common: it was seen before. */
static inline int ring_take(struct leat_ring *r, void *message, size_t len)
{
    if (r->error || r->seen == r->taken || len > r->slot || !ring_by_words(r))
        return leat_ring_take(r, message, len);
    ring_move_out(r, ring_slot(r, r->taken), (unsigned char *)message, len);
    r->taken++;
    return 0;
}

/* leat_ring_put() of (len) bytes. Common: they are all of a slot. */
static inline int ring_put(struct leat_ring *r, const void *message, size_t len)
{
    if (r->error || !ring_room(r) || len != r->slot || !ring_by_words(r))
        return leat_ring_put(r, message, len);
    ring_move_in(r, ring_slot(r, r->put), (const unsigned char *)message, len);
    r->put++;
    return 0;
}

#endif
