/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_INTERNAL_H
#define LEAT_SRC_INTERNAL_H

/*
 * The pool's structures, shared by the files that implement it.
 *
 * Pages are numbered. A *unit* is 512 numbers in a row; a slab takes whole
 * units, so that a number leads to an address by one table (units[]) and to what
 * is known of the page by plain arrays (state[], desc[]) beside the slabs.
 *
 * A pool's numbers begin at head.base, where no other pool's do, so the number in
 * an id tells a foreign page without the pool beside it. Inside the library a
 * page is its place in the arrays, id_page(): the number less the base.
 *
 * state[page], 32 bits, is all that the fast path knows of a page:
 *
 *     31 .......................... 3   2       1     0
 *     generation                        ORPHAN  TAIL  SLOW
 *
 *   a free page, or a private chunk of one page   flags 0
 *   a chunk with anything more to it              SLOW: look into desc[]
 *   its handle was put, refs remain               SLOW | ORPHAN
 *   a page inside a chunk                         TAIL
 *
 * The word is written when a chunk is put, not when it is got: the generation
 * goes up by one and is then that of the next handle, which nobody holds while
 * the page is free. So one comparison of a handle with the word finds every
 * handle that is not to be used, and a get touches nothing but the magazine.
 *
 * Lock order is in port.h. Field tags: (c) constant, (a) atomic, (l) under the
 * pool's lock, (o) by the owning thread.
 */

#include <leat/core.h>

#include "../port/port.h"

#ifndef LEAT_DEBUG
#define LEAT_DEBUG 0
#endif

#if LEAT_DEBUG
#define LEAT_ASSERT(cond) ((cond) ? (void)0 : __builtin_trap())
#else
#define LEAT_ASSERT(cond) ((void)sizeof(cond))
#endif

/* Kept out of line, so that what calls it rarely stays short. */
#define LEAT_COLD     __attribute__((noinline, cold))
#define LEAT_NOINLINE __attribute__((noinline))
/* Into each caller, whose arguments are constants. */
#define LEAT_ALWAYS inline __attribute__((always_inline))

#define STATE_SLOW   LEAT_STATE_SLOW
#define STATE_TAIL   2u
#define STATE_ORPHAN LEAT_STATE_ORPHAN
#define STATE_FLAGS  7u
#define STATE_LIFE   LEAT_STATE_LIFE

_Static_assert(LEAT_ID_LIFE == (uint64_t)STATE_LIFE << 32,
               "a life of the state word is a life of the id");

#define UNIT_PAGES 512u

/* Tag and age, in pools that track. */
struct page_track {
    uint64_t tag;      /* (a) */
    uint64_t since_ns; /* (a) */
};

/* The latest events of a page, in debug builds. */
struct page_events {
    struct leat_event ring[LEAT_EVENTS]; /* (l) */
    uint64_t count;                      /* (l) */
};

/* A block of free pages, as ids ready to hand out: a magazine's contents. */
struct leat_rounds {
    struct leat_rounds
        *next;      /* (l) in the depot's lists                       */
    uint32_t n;     /* (l) valid while the block is in no magazine    */
    uint32_t batch; /* (l) odd while out as a batch, and a generation */
    uint64_t ids[]; /* (c) room for pool->rounds_max                  */
};

struct slab {
    struct leat_slab mem;
    uint32_t first; /* (l) number of its first page                      */
    uint32_t pages; /* (l) 0: the slot is unused                         */
    uint32_t free;  /* (l) free pages                                    */
    uint32_t hint;  /* (l) no page before this number is free            */
    uint32_t live;  /* (l) adopted: pages that are still out             */
    uint32_t next;  /* (l) next slab in order of coming, or NO_SLAB      */
    bool adopted;   /* (l) */
    void (*release)(void *arg, void *base, size_t pages); /* (l) */
    void *arg;                                            /* (l) */
};

#define NO_SLAB UINT32_MAX

/* A thread that is in the reclaim hook: on its stack, in the pool's list. */
struct reclaiming {
    const void *self;        /* (c) */
    struct reclaiming *next; /* (l) */
};

struct leat_pool {
    struct leat_pool_head head;
    uint32_t numbers; /* (c) how many page numbers there are           */
    int dead;         /* (a) an error that every call then gives       */

    /* Constant. */
    struct leat_pool_config config;
    uint32_t *unit_slab;  /* entries (l): slab of each unit, or NO_SLAB    */
    uint64_t *free_bits;  /* (l) one bit a number: free in a slab          */
    uint64_t *mark_bits;  /* (l) scratch: idle in a magazine or the depot  */
    uint64_t *mixed_bits; /* (a) its chunk holds bytes of several owners  */
    struct slab *slabs;   /* (l) slots                                     */
    uint32_t *by_addr;    /* (l) slabs in order of address                 */
    struct page_track *track;
    struct page_events *events;
    struct leat_magazine *magazines; /* slots */
    unsigned char *blocks; /* struct leat_rounds, nblocks of them    */
    size_t block_bytes;
    uint32_t nblocks;
    uint32_t rounds_max; /* pages in a magazine; 0: none                  */
    uint32_t nunits;
    uint32_t slab_units_max;
    uint32_t adopt_units_max;
    uint32_t threads;
    size_t limit;  /* pages                                               */
    int limit_err; /* what is said when it is reached                     */
    size_t meta_bytes;
    bool meta_ours; /* from the backend, to be given back                 */
    bool exact;
    bool slow_get; /* each get has more to do: zero, track, debug          */

    struct leat_lock lock;

    /* (l) from here on. */
    size_t used; /* pages out, in magazines and in the depot              */
    size_t in_slabs;
    size_t in_free;
    size_t in_depot;
    size_t in_adopted;
    uint32_t blocks_used; /* blocks from here on have never been used       */
    uint64_t puts_seen;   /* the most that statistics have told             */
    size_t run_chunks;    /* chunks of more than one page that are out, and   */
    size_t run_pages;     /* their pages                                      */
    size_t adopted_chunks;
    uint32_t nslabs;
    uint32_t first_slab; /* in order of coming */
    uint32_t last_slab;
    uint32_t slab_hint;  /* no slab in a slot before this has free pages    */
    uint32_t slab_slots; /* slots from here on have never been used        */
    uint32_t slab_units;
    uint32_t adopt_units;
    struct leat_rounds *depot_full; /* oldest first                        */
    struct leat_rounds *depot_last;
    struct leat_rounds *depot_empty;
    struct leat_magazine *in_use; /* magazines */
    uint32_t nmagazines;
    struct leat_waiter *oldest;
    struct leat_waiter *newest;
    struct calls *serving; /* who calls waiters that are served            */
    size_t waiting;
    bool low; /* the low watermark was told, the high one not yet          */
    struct reclaiming *reclaiming; /* threads that are in the reclaim hook */
    struct growing *growing;       /* threads that are at the backend      */
    uint64_t turns;                /* times that one has gone there        */

    struct leat_stats stats;   /* counters only; gets and puts see stats.c   */
    struct leat_copies copies; /* (a) */

    /* libleat: list of pools, under the host's lock. */
    struct leat_pool *host_next;
    struct leat_pool **host_prev;
};

/* The page's place in the pool's arrays; not below (ready): not this pool's. */
static inline uint32_t id_page(const struct leat_pool *pool, uint64_t id)
{
    return (uint32_t)id - pool->head.base;
}

/* The state word that the chunk of (id) has while nothing is special of it. */
static inline uint32_t id_state(uint64_t id)
{
    return (uint32_t)(id >> 32);
}

static inline uint64_t make_id(const struct leat_pool *pool, uint32_t page,
                               uint32_t state)
{
    return (uint64_t)(state & ~STATE_FLAGS) << 32 | (pool->head.base + page);
}

static inline uint32_t state_load(const struct leat_pool *pool, uint32_t page)
{
    return __atomic_load_n(&pool->head.state[page], __ATOMIC_RELAXED);
}

static inline void state_store(struct leat_pool *pool, uint32_t page,
                               uint32_t word)
{
    __atomic_store_n(&pool->head.state[page], word, __ATOMIC_RELAXED);
}

static inline struct leat_chunk chunk_error(int err)
{
    struct leat_chunk c;

    c.pool = NULL;
    c.id = (uint64_t)(int64_t)err;
    return c;
}

static inline unsigned char *page_addr(const struct leat_pool *pool,
                                       uint32_t page)
{
    return LEAT_NUMBER_ADDR(pool->head.units, pool->head.base + page);
}

static inline struct slab *page_slab(const struct leat_pool *pool,
                                     uint32_t page)
{
    return &pool->slabs[pool->unit_slab[page / UNIT_PAGES]];
}

/* The number of the page at (addr), which lies in the slab (slot). */
static inline uint32_t addr_page(const struct leat_pool *pool, uint32_t slot,
                                 const void *addr)
{
    const struct slab *s = &pool->slabs[slot];

    return s->first + (uint32_t)(((uintptr_t)addr - (uintptr_t)s->mem.base) /
                                 LEAT_PAGE_SIZE);
}

static inline bool bit_get(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static inline uint32_t desc_pages(const struct leat_pool *pool, uint32_t page)
{
    return __atomic_load_n(&pool->head.desc[page].pages, __ATOMIC_RELAXED);
}

static inline void desc_pages_set(struct leat_pool *pool, uint32_t page,
                                  uint32_t pages)
{
    __atomic_store_n(&pool->head.desc[page].pages, pages, __ATOMIC_RELAXED);
}

/* A thread that is at the backend: the same. */
struct growing {
    const void *self;     /* (c) */
    uint64_t turn;        /* (c) */
    struct growing *next; /* (l) */
};

/* 0, or why no call may use the pool. */
static inline int pool_alive(const struct leat_pool *pool)
{
    if (LEAT_UNLIKELY(!pool))
        return LEAT_E_INVALID;
    return __atomic_load_n(&pool->dead, __ATOMIC_RELAXED);
}

/* layout.c: how the metadata is laid out; the pool is so far into the block. */
#define LAYOUT_ALIGN   64u
#define LAYOUT_POOL_AT 64u
int leat_layout_plan(struct leat_pool *plan,
                     const struct leat_pool_config *config, size_t *bytes);
void leat_layout_carve(struct leat_pool *pool, unsigned char *meta);

/* slab.c: the free set. All under the lock but leat_pool_grow(). */
int leat_slab_take(struct leat_pool *pool, size_t pages, uint32_t *first);
void leat_slab_give(struct leat_pool *pool, uint32_t first, uint32_t pages);
int leat_slab_add(struct leat_pool *pool, const struct leat_slab *mem,
                  uint32_t *slot);
void leat_slab_remove(struct leat_pool *pool, uint32_t slot);
uint32_t leat_slab_find(const struct leat_pool *pool, const void *addr);
size_t leat_run_align(const struct leat_pool *pool, size_t pages);
int leat_pool_grow(struct leat_pool *pool, size_t pages);
bool leat_pool_grows_beside(struct leat_pool *pool, uint64_t turns);

/* Handles of many pages: an array of struct leat_chunk, or of struct leat_page. */
struct handles {
    void *at;
    bool chunks;
};

static inline void handle_set(struct leat_pool *pool, struct handles out,
                              size_t i, uint64_t id)
{
    if (out.chunks) {
        ((struct leat_chunk *)out.at)[i].pool = pool;
        ((struct leat_chunk *)out.at)[i].id = id;
    } else {
        ((struct leat_page *)out.at)[i].id = id;
    }
}

/* Handle (i) as a chunk; a page is taken for one of (pool). */
static inline struct leat_chunk handle_chunk(struct leat_pool *pool,
                                             struct handles in, size_t i)
{
    struct leat_chunk c = {pool, 0};

    if (in.chunks)
        return ((const struct leat_chunk *)in.at)[i];
    c.id = ((const struct leat_page *)in.at)[i].id;
    return c;
}

/* get.c and put.c: the ways that take the lock. */
struct leat_chunk leat_pool_get_locked(struct leat_pool *pool,
                                       struct leat_magazine *m, size_t pages,
                                       bool zero);
int leat_pool_get_bulk_locked(struct leat_pool *pool, struct leat_magazine *m,
                              struct handles out, size_t n);
int leat_pool_put_locked(struct leat_pool *pool, struct leat_magazine *m,
                         struct leat_chunk c);

/* chunk.c: what is wrong with a handle, counted. */
int leat_chunk_refuse(struct leat_pool *pool, struct leat_chunk c);

/*
 * 0 and the state word of the chunk that (c) names, or what is wrong with it. A
 * dead pool has no number ready, so leat_chunk_refuse() is where that is found.
 */
static inline int chunk_valid(struct leat_pool *pool, struct leat_chunk c,
                              uint32_t *word)
{
    uint32_t page = id_page(pool, c.id);

    *word = 0;
    if (LEAT_UNLIKELY(c.pool != pool ||
                      page >=
                          __atomic_load_n(&pool->head.ready, __ATOMIC_ACQUIRE)))
        return leat_chunk_refuse(pool, c);
    *word = __atomic_load_n(&pool->head.state[page], __ATOMIC_ACQUIRE);
    if (LEAT_UNLIKELY((*word & ~STATE_SLOW) != id_state(c.id))) /* H1 */
        return leat_chunk_refuse(pool, c);
    return 0;
}

/* The last owner of a chunk has gone: it is free, or its memory's owner's. */
void leat_chunk_last_owner(struct leat_pool *pool, struct leat_magazine *m,
                           uint32_t page);

/* Zero, tag and age, for the new owner. The lock is not held. */
void leat_chunk_prepare(struct leat_pool *pool, uint32_t page, size_t pages,
                        bool zero);

/* Takes a run off the free set and makes a chunk of it. Under the lock. */
int leat_chunk_form(struct leat_pool *pool, size_t pages, uint64_t *id);

/*
 * What is owed to callbacks once the lock is dropped: gathered under the lock by
 * leat_calls_gather() after pages came or went, made by leat_calls_make() without it. A
 * thread that comes here again from a callback adds to what it is about already,
 * so a line that serves itself takes no more stack than one waiter.
 */
struct calls {
    struct leat_waiter *served;
    struct leat_waiter **end;
    const void *self; /* the thread, while this is in the pool's list */
    struct calls *next;
    bool water_low;
    bool water_high;
};
void leat_calls_gather(struct leat_pool *pool, struct calls *calls);
void leat_calls_make(struct leat_pool *pool, struct calls *calls);

/* depot.c: blocks of pages, between magazines and the free set. */
bool leat_depot_spill(struct leat_pool *pool);
void leat_block_store(struct leat_pool *pool, struct leat_rounds *r);
void leat_block_spill(struct leat_pool *pool, struct leat_rounds *r);
struct leat_rounds *leat_block_empty(struct leat_pool *pool);
void leat_block_retire(struct leat_pool *pool, struct leat_rounds *r);
int leat_magazine_load(struct leat_magazine *m);
void leat_magazine_restock(struct leat_magazine *m);
void leat_magazine_unload(struct leat_magazine *m);

/*
 * magazine.c. Its own thread's: the spare block takes the place of the loaded
 * one, if it is as empty, or as full, as is wanted.
 */
bool leat_magazine_swap(struct leat_magazine *m, bool full);
void leat_magazine_spill(struct leat_magazine *m);
size_t leat_magazine_pages(const struct leat_magazine *m);
void leat_magazine_push(struct leat_magazine *m, uint64_t id);

/* Changes the blocks of a magazine: (loaded), of which (n) are pages, (spare). */
void leat_magazine_blocks(struct leat_magazine *m, struct leat_rounds *loaded,
                          size_t n, struct leat_rounds *spare);

/* A magazine as another thread sees it: both blocks, and what is in them. */
struct magazine_seen {
    const struct leat_rounds *block[2]; /* NULL: none */
    size_t pages[2];
};
void leat_magazine_see(const struct leat_magazine *m,
                       struct magazine_seen *seen);

struct leat_chunk leat_magazine_get_slow(struct leat_magazine *m);

/* leat_magazine_get(), with its result in registers all the way. */
static inline struct leat_chunk magazine_pop(struct leat_magazine *m)
{
    uint64_t *top = m->top;
    struct leat_chunk c;

    if (LEAT_UNLIKELY(top <= m->floor))
        return leat_magazine_get_slow(m);
    c.pool = m->pool;
    c.id = top[-1];
    __atomic_store_n(&m->top, top - 1, __ATOMIC_RELAXED);
    __atomic_store_n(&m->gets, m->gets + 1, __ATOMIC_RELEASE);
    return c;
}

/* batch.c: tells whether a page is out as a part of a batch. */
bool leat_batch_has(const struct leat_pool *pool, uint32_t page);

/* mix.c: why (v) may not be shown to the peer of (pool), if so. */
enum leat_reason leat_peer_offence(struct leat_pool *pool, struct leat_cview v);

/* Tells whether (page) is of a chunk that was mixed. B1 */
static inline bool leat_chunk_mixed(const struct leat_pool *pool, uint32_t page)
{
    return __atomic_load_n(&pool->mixed_bits[page / 64], __ATOMIC_ACQUIRE) >>
               (page % 64) &
           1;
}

/* mix.c: the chunk goes back, so its pages hold nobody's bytes. */
void leat_chunk_unmix(struct leat_pool *pool, uint32_t page, uint32_t pages);

/* out.c: what is out, under the lock. */
size_t leat_pool_pages_out(const struct leat_pool *pool);
void leat_pool_mark_idle(struct leat_pool *pool);

/* debug.c: nothing at all, unless the build is for debugging. */
#if LEAT_DEBUG
void leat_debug_event(struct leat_pool *pool, uint32_t page,
                      enum leat_event_what what);
void leat_debug_poison(void *addr, size_t bytes);
void leat_debug_unpoison(void *addr, size_t bytes);
#else
#define leat_debug_event(pool, page, what) ((void)0)
#define leat_debug_poison(addr, bytes)     ((void)0)
#define leat_debug_unpoison(addr, bytes)   ((void)0)
#endif

/*
 * The seam between the core and libleat: src/core/plain.c has the one side,
 * src/hosted/plain.c the other. A library has one of the two.
 */
int leat_seam_pool_created(struct leat_pool *pool);
void leat_seam_pool_gone(struct leat_pool *pool);

#endif
