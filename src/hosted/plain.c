/* SPDX-License-Identifier: ISC */

/*
 * The plain calls of libleat: a magazine for each thread and pool, which comes
 * with the thread's first call and goes with the thread.
 *
 *   T1  a slot's serial is that of the pool whose magazine it has, or 0; serials
 *       are never used twice, so a slot of a pool that is gone is never met again
 *   T2  a magazine with thread_prev set is in its thread's list, which the host
 *       lock protects: the thread's exit and the pool's end both take it off
 *
 * The slots are a small table in thread-local storage, found without a call
 * (initial-exec): they are equally far from each thread's pointer, which a pool
 * notes for the calls that are inlined. Two pools that fall into one slot take
 * turns in it; the thread's list has both.
 */

#include <pthread.h>

#include "host.h"

extern inline int leat_pool_get(struct leat_pool *pool, size_t pages,
                                struct leat_chunk *out);
extern inline int leat_pool_put(struct leat_pool *pool, struct leat_chunk c);
extern inline struct leat_magazine *leat_pool_magazine(struct leat_pool *pool);
extern inline int leat_chunk_error(struct leat_chunk c);

#define SLOTS 8u

#define THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))

THREAD_LOCAL struct leat_slot slots[SLOTS];
THREAD_LOCAL struct leat_magazine *mine; /* T2 */

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;

static void link_magazine(struct leat_magazine **head, struct leat_magazine *m)
{
    m->thread_next = *head;
    m->thread_prev = head;
    if (*head)
        (*head)->thread_prev = &m->thread_next;
    *head = m;
}

static void unlink_magazine(struct leat_magazine *m)
{
    *m->thread_prev = m->thread_next;
    if (m->thread_next)
        m->thread_next->thread_prev = m->thread_prev;
    m->thread_prev = NULL;
}

/* The thread ends: its pages go back to their pools. */
static void thread_gone(void *unused)
{
    unsigned i;

    (void)unused;
    leat_host_lock();
    while (mine) {
        struct leat_magazine *m = mine;

        unlink_magazine(m);
        leat_magazine_destroy(m);
    }
    leat_host_unlock();
    for (i = 0; i < SLOTS; i++)
        slots[i].serial = 0;
}

static void make_key(void)
{
    key_made = !pthread_key_create(&key, thread_gone);
}

/* Finds the thread's magazine for (pool), or makes one. NULL: there is none. */
static LEAT_COLD struct leat_magazine *find(struct leat_pool *pool,
                                            struct leat_slot *slot)
{
    struct leat_magazine *m;

    if (pool_alive(pool) || !pool->rounds_max)
        return NULL;
    pthread_once(&key_once, make_key);
    if (!key_made)
        return NULL;
    leat_host_lock();
    for (m = mine; m && m->pool != pool; m = m->thread_next)
        ;
    if (!m && !leat_magazine_create(pool, &m)) {
        link_magazine(&mine, m);
        /* Any value but NULL has the destructor called. */
        if (pthread_setspecific(key, &slots)) {
            unlink_magazine(m);
            leat_magazine_destroy(m);
            m = NULL;
        }
    }
    leat_host_unlock();
    if (m) {
        slot->serial = pool->head.serial;
        slot->m = m;
    }
    return m;
}

/* Where the pool's magazine is, if this is the pool's slot: T1. */
static inline struct leat_slot *slot_of(const struct leat_pool *pool)
{
    return &slots[pool->head.serial % SLOTS];
}

struct leat_magazine *leat_pool_magazine_value(struct leat_pool *pool)
{
    struct leat_slot *slot;

    if (!pool)
        return NULL;
    slot = slot_of(pool);
    return slot->serial == pool->head.serial ? slot->m : find(pool, slot);
}

struct leat_chunk leat_pool_get_value(struct leat_pool *pool, size_t pages)
{
    struct leat_magazine *m = leat_pool_magazine(pool);

    if (LEAT_LIKELY(m && pages == 1))
        return magazine_pop(m);
    if (!pool)
        return chunk_error(LEAT_E_INVALID);
    return leat_pool_get_locked(pool, m, pages, false);
}

int leat_pool_put_value(struct leat_pool *pool, struct leat_chunk c)
{
    struct leat_magazine *m = leat_pool_magazine(pool);

    if (LEAT_LIKELY(m))
        return leat_magazine_put(m, c);
    return pool ? leat_pool_put_locked(pool, NULL, c) : LEAT_E_INVALID;
}

int leat_pool_get_bulk(struct leat_pool *pool, struct leat_chunk *out, size_t n)
{
    struct leat_magazine *m;

    if (!pool)
        return LEAT_E_INVALID;
    m = leat_pool_magazine(pool);
    return m ? leat_magazine_get_bulk(m, out, n)
             : leat_pool_get_bulk_locked(pool, NULL,
                                         (struct handles){out, true}, n);
}

int leat_seam_pool_created(struct leat_pool *pool)
{
    int err = leat_host_pool_add(pool);

#ifdef LEAT_THREAD_POINTER
    pool->head.slot = (unsigned char *)slot_of(pool) - LEAT_THREAD_POINTER();
#endif
    return err;
}

void leat_seam_pool_gone(struct leat_pool *pool)
{
    struct leat_magazine *m;

    leat_host_lock();
    for (m = pool->in_use; m; m = m->next) {
        if (m->thread_prev)
            unlink_magazine(m);
    }
    leat_host_unlock();
    leat_host_pool_remove(pool);
}

void leat_host_thread_forget(void)
{
    mine = NULL;
}
