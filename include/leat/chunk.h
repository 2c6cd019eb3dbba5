/* SPDX-License-Identifier: ISC */
#ifndef LEAT_CHUNK_H
#define LEAT_CHUNK_H

/*
 * Chunk: contiguous pages of a pool, named by a handle.
 *
 * The handle is a value of two words: the pool, and the number of the chunk's
 * first page with its *generation*. The generation changes each time the chunk
 * goes back, so that a handle kept too long is found, in every build (rule
 * R11): a put, a view, a ref or a split by it fails with LEAT_E_STALE.
 *
 *   what is found                         how it is told
 *   a second put of one handle            LEAT_E_STALE
 *   a handle whose chunk has a new owner  LEAT_E_STALE
 *   a handle of another pool, no handle   LEAT_E_FOREIGN
 *   a page inside a chunk                 LEAT_E_INTERIOR
 *
 * A generation has 29 bits: a stale handle is mistaken for a good one only after
 * its chunk has changed owners exactly a multiple of 2^29 times. Two puts of the
 * same handle at the same instant from two threads are a race in the caller,
 * which may go unseen.
 *
 * Owner:   whoever holds the handle, and hands it on with it.
 */

#include <leat/view.h>

LEAT_BEGIN_DECLS

struct leat_pool;

struct leat_chunk {
    struct leat_pool *pool; /* NULL: the void chunk                          */
    uint64_t id;            /* generation << 35 | page number, which no other
                               pool has, and never 0; an error's
                               value where pool is NULL                      */
};

/* What one generation adds to an id. */
#define LEAT_ID_LIFE ((uint64_t)1 << 35)

/* What is known of a page beside its word, where that says SLOW. */
struct leat_page_desc {
    uint32_t refs;  /* (a) owners: handle, refs. 1 at rest.               */
    uint32_t pages; /* (l) of the chunk that begins here. 1 at rest.      */
};

/*
 * How a pool begins. The library's own; it is laid out here for the calls that
 * are inlined. No two pools of a program have a page number in common.
 */
struct leat_pool_head {
    uintptr_t *units; /* (c) by unit of numbers; entries (l)                */
    uint32_t *state;  /* (c) a word for each page; entries (a)              */
    struct leat_page_desc *desc; /* (c) */
    uint32_t base;   /* (c) the first page's number                         */
    uint32_t ready;  /* (a) pages below this have been set up               */
    uint32_t fast;   /* (a) the same, or 0: no inlined call takes a ref      */
    uint64_t serial; /* (c) libleat: never used twice                       */
    intptr_t slot;   /* (c) libleat: how far from a thread's pointer its
                        struct leat_slot is; 0: there is none               */
};

/* In a thread's own storage: its magazine of the pool (serial). */
struct leat_slot {
    uint64_t serial;
    struct leat_magazine *m;
};

/*
 * The address of a page by its number: what its unit's entry is less than it, the
 * number makes up for.
 */
#define LEAT_NUMBER_ADDR(units, number)                      \
    ((unsigned char *)((units)[(number) / LEAT_UNIT_PAGES] + \
                       (uintptr_t)(number)*LEAT_PAGE_SIZE))

/* In the word: the chunk has more to it; only refs hold it; a generation. */
#define LEAT_STATE_SLOW   1u
#define LEAT_STATE_ORPHAN 4u
#define LEAT_STATE_LIFE   8u /* one generation */

/* Pages in a unit: pages are numbered in units, and slabs are whole units. */
#define LEAT_UNIT_PAGES ((size_t)512)

/* The most pages of an order that every slab has: 2^9 pages, 2 MiB. */
#define LEAT_ORDER_MAX 9

/*
 * Tells whether (c) still names its chunk.
 *
 * Errors:  LEAT_E_STALE, LEAT_E_FOREIGN, LEAT_E_INTERIOR
 *          LEAT_E_FORKED  the pool belongs to the parent process
 */
LEAT_API int leat_chunk_check(struct leat_chunk c);

/*
 * Gives all of the chunk's bytes, or the void view where leat_chunk_check()
 * fails: the error then comes out where bytes are asked of it.
 *
 * Owner:   borrowed: valid while the chunk is not put.
 */
LEAT_API struct leat_view leat_chunk_view(struct leat_chunk c);

/*
 * Gives a window of (len) bytes that starts at a multiple of 64 which differs
 * from page to page (the chunk's *colour*), or at 0 where len leaves no room.
 * Page starts all fall into one set of the first-level cache; headers that are
 * touched in many pages are faster when they do not.
 *
 * Errors:  LEAT_E_RANGE  len exceeds the chunk; those of leat_chunk_check()
 */
LEAT_API int leat_chunk_view_coloured(struct leat_chunk c, size_t len,
                                      struct leat_view *out);

/* Gives how many pages the chunk has. Errors: those of leat_chunk_check(). */
LEAT_API int leat_chunk_pages(struct leat_chunk c, size_t *pages);

/*
 * Cuts a chunk of n pages into n chunks of one page each, which share its
 * bytes: nothing is copied. (pages) has room for (max) handles, in the order of
 * their addresses.
 *
 * Owner:   (c) is used up: it is stale afterwards; each page is put by itself.
 *          Memory that was adopted is released when its last page is put.
 * Errors:  LEAT_E_RANGE  max is less than the chunk's pages
 *          LEAT_E_BUSY   refs are held, or leat_chunk_mix() was called
 *          those of leat_chunk_check()
 */
LEAT_API int leat_chunk_split(struct leat_chunk c, struct leat_chunk *pages,
                              size_t max);

/*
 * Says that the chunk's pages hold bytes of several owners side by side, as an
 * allocator's do, until it goes back to its pool: no export shows them to a peer
 * (rule R2). A view of it is bounced for LEAT_WHY_NEIGHBOURS where
 * leat_export.owner is set, or refused with LEAT_E_PEER; to a file or to io_uring
 * it leaves as it is.
 *
 * Errors:  those of leat_chunk_check()
 * Threads: by the owner, before others know of the chunk.
 */
LEAT_API int leat_chunk_mix(struct leat_chunk c);

/*
 * Tells the frame or bus address of the chunk's page (index), where the backend
 * knows it.
 *
 * Errors:  LEAT_E_UNSUPPORTED  it does not
 *          LEAT_E_RANGE        the chunk has no such page
 */
LEAT_API int leat_chunk_frame(struct leat_chunk c, size_t index, uint64_t *out);

/*
 * Names the owner in pools with LEAT_POOL_TRACK; (tag) is the caller's number.
 * Errors:  LEAT_E_UNSUPPORTED  the pool does not track
 */
LEAT_API int leat_chunk_tag(struct leat_chunk c, uint64_t tag);

/*
 * Finds the chunk that begins at (addr) in (pool), for those who kept only an
 * address. It proves that the address is a chunk's, not that it is still yours.
 * Takes the pool's lock; logarithmic in the number of slabs.
 *
 * Errors:  LEAT_E_FOREIGN   no page of this pool, or not one that is out
 *          LEAT_E_INTERIOR  inside a chunk, or not at a page's start
 */
LEAT_API int leat_chunk_find(struct leat_pool *pool, const void *addr,
                             struct leat_chunk *out);

/*
 * The same for any address inside a chunk: for who was given a view of a chunk's
 * bytes, and has to show its pages to a peer. Linear in the pages before (addr).
 *
 * Errors:  LEAT_E_FOREIGN  no page of this pool, or not one that is out
 *          LEAT_E_STALE    the chunk's handle was put, and refs hold it
 */
LEAT_API int leat_chunk_around(struct leat_pool *pool, const void *addr,
                               struct leat_chunk *out);

LEAT_END_DECLS

#endif
