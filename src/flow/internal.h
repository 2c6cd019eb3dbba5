/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_FLOW_INTERNAL_H
#define LEAT_SRC_FLOW_INTERNAL_H

/*
 * The structures of libleat-flow. It stands on libleat's public calls alone.
 *
 * Lock order: a flow's, its flow pool's. Neither is held when a pool is called
 * that may call back: what is wanted of it is got before, and what it is to have
 * back is put after. Field tags: (c) constant, (a) atomic, (l) under the lock.
 */

#include <pthread.h>

#include <leat/flow.h>

#include "../core/copy.h"

#if LEAT_FLOW_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#ifndef LEAT_DEBUG
#define LEAT_DEBUG 0
#endif

/* What a cell is used as. */
enum cell_kind {
    CELL_FREE = 0,
    CELL_SLOT,   /* a buffer in the arena          */
    CELL_PAGES,  /* a buffer that is a chunk       */
    CELL_REF,    /* a buffer that was adopted      */
    CELL_PIECE,  /* a buffer's place in a flow     */
    CELL_FLOW,   /* a flow                         */
    CELL_LAYOUT, /* a flow's segments              */
    CELL_EXTENT, /* a chunk that the arena has     */
};

/*
 * Everything small is a cell of one size. It begins alike in all, and a cell's
 * life outlives what it is used as, so a ref that was kept too long is found.
 */
struct cell {
    uint64_t life; /* (a) goes up when it is freed */
    enum cell_kind kind;
    struct cell *next; /* (l) free, or what it is in   */
};

#define CELL_BYTES 256u

struct leat_flow_buffer {
    struct cell cell;
    struct leat_flow_pool *fp;
    uint32_t refs;       /* (a) owners                                      */
    uint32_t kept;       /* (a) those of them that are pieces of a flow     */
    bool segment;        /* (c) a segment: the room around it is nobody's   */
    unsigned char *base; /* (c) */
    size_t bytes;        /* (c) room                                        */
    size_t pinned;       /* (c) */
    size_t used;         /* (a) sum of the refs' windows                    */
    uint64_t since_ns;   /* (c) with LEAT_FLOW_POOL_TRACK                   */
    struct leat_chunk chunk; /* (c) CELL_PAGES */
    struct leat_ref ref;     /* (c) CELL_REF   */
};

/* Bytes of a flow in a row. Under the flow's lock. */
struct piece {
    struct cell cell;
    struct piece *next;
    struct leat_flow_ref ref; /* its window: the bytes there are             */
    uint64_t pos;             /* the place in the stream of the first        */
    size_t room;              /* bytes that may still be appended            */
    bool own;                 /* laid out by a write                         */
};

/* A chunk that the arena has, by its address. */
struct extent {
    struct cell cell;
    struct extent *next;
    unsigned char *base;
    size_t bytes;
    struct leat_chunk chunk; /* void: mapped for the arena's own metadata   */
};

struct line {
    struct leat_flow_waiter *oldest;
    struct leat_flow_waiter *newest;
};

enum {
    LINE_NONE,
    LINE_WRITE,
    LINE_READ,
    LINE_DUE,
    LINES
};

struct leat_flow {
    struct cell cell;
    struct leat_flow_pool *fp;
    pthread_mutex_t lock;
    const struct leat_flow_segments *segments; /* (c) a cell, or NULL */
    size_t capacity;                           /* (c) */
    uint32_t flags;                            /* (c) */
    bool closed;                               /* (l) the writer ended it   */
    bool stopped;                              /* (l) the reader did        */
    bool calling;                              /* (l) waiters are called    */
    struct leat_flow_position at;              /* (l) */
    struct piece *first;                       /* (l) oldest                */
    struct piece *last;                        /* (l) */
    struct piece *here;                        /* (l) has at.read; or NULL  */
    struct line lines[LINES];                  /* (l) */
};

struct leat_flow_pool {
    struct leat_flow_pool_config config; /* (c) */
    unsigned long forks;                 /* (c) */
    pthread_mutex_t lock;
    struct leat_copies copies;    /* (a) */
    uint64_t unread;              /* (a) bytes in all flows, not read        */
    uint64_t retained;            /* (a) read and not acknowledged           */
    struct leat_flow_stats stats; /* (l), without those                      */

    /* meta.c */
    struct cell *free;         /* (l) */
    struct cell_block *blocks; /* (l) */

    /* arena-*.c */
    size_t small_max;      /* (c) the arena gives up to this; 0: no arena   */
    size_t extent_max;     /* (c) what it asks for at once                  */
    size_t wanted;         /* (l) what was refused in this call             */
    struct extent *ready;  /* (l) what can be had in this call              */
    struct extent *gone;   /* (l) chunks to be put                          */
    struct extent *mapped; /* (l) the arena's metadata                      */
    struct extent **table; /* (l) extents by address                        */
    size_t buckets;        /* (c) a power of two                            */
    unsigned arena;        /* (c) */
#if LEAT_FLOW_JEMALLOC
    extent_hooks_t hooks; /* (c) */
#endif
};

/* pool.c */
int flow_alive(const struct leat_flow_pool *fp);
void flow_lock(struct leat_flow_pool *fp);
void flow_unlock(struct leat_flow_pool *fp); /* and puts what has gone */
int flow_reserve(struct leat_flow_pool *fp, size_t bytes);
void flow_unreserve(struct leat_flow_pool *fp, size_t bytes);

/* meta.c. Under the lock, but map and unmap of a pool that is coming. */
void *flow_map(struct leat_flow_pool *fp, size_t bytes, size_t align);
void flow_unmap(struct leat_flow_pool *fp, void *at, size_t bytes);
void *flow_cell_get(struct leat_flow_pool *fp, enum cell_kind kind);
void flow_cell_put(struct leat_flow_pool *fp, void *cell);
void flow_cells_fini(struct leat_flow_pool *fp);
int flow_cells_each(struct leat_flow_pool *fp,
                    int (*fn)(void *arg, struct cell *cell), void *arg);

/* extent.c: the table of extents. Under the lock. */
int flow_extents_init(struct leat_flow_pool *fp);
void flow_extents_fini(struct leat_flow_pool *fp);
void flow_extent_add(struct leat_flow_pool *fp, struct extent *e);
struct extent *flow_extent_remove(struct leat_flow_pool *fp, const void *base);

/*
 * arena-jemalloc.c, arena-pages.c. get and put are under the lock; a get that
 * fails for want of an extent leaves its size in fp->wanted.
 */
int flow_arena_init(struct leat_flow_pool *fp);
void flow_arena_fini(struct leat_flow_pool *fp);
void *flow_arena_get(struct leat_flow_pool *fp, size_t bytes, size_t align,
                     size_t *room);
void flow_arena_put(struct leat_flow_pool *fp, void *base);

/* buffer.c */
struct flow_ask {
    size_t bytes;    /* all of it                                          */
    size_t align;    /* a power of two, at most a page; 0: any             */
    size_t boundary; /* not crossed; 0: none                               */
    size_t headroom; /* the window begins here                             */
    size_t window;   /* and is so long                                     */
    bool segment;
};
int flow_buffer_get(struct leat_flow_pool *fp, const struct flow_ask *ask,
                    struct leat_flow_ref *out);
void flow_buffer_gone(struct leat_flow_buffer *b);
/* What a fresh buffer of (bytes) would pin. */
size_t flow_buffer_size(struct leat_flow_pool *fp, size_t bytes);

/* ref.c */
int flow_ref_owned(const struct leat_flow_ref *ref);
void flow_ref_void(struct leat_flow_ref *ref);
void flow_ref_grow(struct leat_flow_ref *ref, size_t bytes);
void flow_ref_keep(struct leat_flow_ref *ref, bool kept);
size_t flow_room_after(const struct leat_flow_ref *ref);

/* segment.c */
int flow_segments_check(const struct leat_flow_segments *how);
void flow_segments_ask(const struct leat_flow_segments *how, size_t window,
                       struct flow_ask *ask);

/* pieces.c: under the flow's lock, but get and drop. */
int flow_pieces_get(struct leat_flow *flow, size_t bytes, struct piece **list);
void flow_pieces_drop(struct leat_flow *flow, struct piece *list);
void flow_piece_append(struct leat_flow *flow, struct piece *piece);
size_t flow_piece_fill(struct leat_flow *flow, struct piece *piece,
                       const unsigned char *src, size_t len, bool begins);
struct piece *flow_pieces_trim(struct leat_flow *flow);
void flow_advance(struct leat_flow *flow, uint64_t to);
static inline uint64_t piece_end(const struct piece *p)
{
    return p->pos + p->ref.view.len;
}

/* wait.c: under the flow's lock; flow_leave() drops it and calls who is due. */
int flow_enter(struct leat_flow *flow);
void flow_leave(struct leat_flow *flow, struct piece *drop);
int flow_write_state(const struct leat_flow *flow);
int flow_read_state(const struct leat_flow *flow);

/* The bytes that count against the capacity; those that can be read. */
static inline size_t flow_held(const struct leat_flow *flow)
{
    return (size_t)(flow->at.written - (flow->flags & LEAT_FLOW_RETAIN
                                            ? flow->at.acked
                                            : flow->at.read));
}
static inline size_t flow_unread(const struct leat_flow *flow)
{
    return (size_t)(flow->at.written - flow->at.read);
}

/* compact.c: the policy, for the oldest piece. No lock is held. */
void flow_compact_first(struct leat_flow *flow);

#endif
