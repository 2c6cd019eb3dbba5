/* SPDX-License-Identifier: ISC */

/*
 * Buffers: how they come, and how they go when the last ref does (ref.c).
 *
 *   U1  refs == struct leat_flow_ref that own the buffer; 0: it is free, and its
 *       cell has another life
 *   U2  a buffer in the arena shares its pages, which are marked so
 *       (leat_chunk_mix()); a buffer of whole pages shares none
 *
 *     none --get--> SLOT | PAGES --last ref--> none
 *     none --adopt--> REF --last ref--> none
 */

#include <string.h>
#include <time.h>

#include "internal.h"

static size_t whole_pages(size_t bytes)
{
    return bytes / LEAT_PAGE_SIZE + (bytes % LEAT_PAGE_SIZE != 0);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Gets (bytes) of whole pages from the pool, counted. No lock is held. */
static int chunk_get(struct leat_flow_pool *fp, size_t bytes,
                     struct leat_chunk *out)
{
    int err;

    flow_lock(fp);
    err = flow_reserve(fp, bytes);
    flow_unlock(fp);
    if (err)
        return err;
    err = leat_pool_get(fp->config.pool, bytes / LEAT_PAGE_SIZE, out);
    if (!err)
        return 0;
    flow_lock(fp);
    flow_unreserve(fp, bytes);
    flow_unlock(fp);
    return err;
}

static void chunk_put(struct leat_flow_pool *fp, size_t bytes,
                      struct leat_chunk c)
{
    (void)leat_pool_put(fp->config.pool, c);
    flow_lock(fp);
    flow_unreserve(fp, bytes);
    flow_unlock(fp);
}

/* How many chunks at the edges of slabs are passed over. */
#define EDGES 8

/* Tells whether the byte before (at) lies in the same slab. */
static bool inside(struct leat_flow_pool *fp, const unsigned char *at)
{
    struct leat_cview both = {at - 1, 2};

    return leat_pool_contains(fp->config.pool, both);
}

/*
 * A slab may be memory that the program has of malloc(), which is jemalloc's as
 * well: it knows that memory by its first page and its last, and takes it ill if
 * those become extents. So a chunk at an edge is changed for another. J4
 */
static int past_edges(struct leat_flow_pool *fp, size_t bytes,
                      struct leat_chunk *c)
{
    struct leat_chunk edges[EDGES], next;
    struct leat_view v = leat_chunk_view(*c);
    size_t n = 0;
    int err = 0;

    while (!inside(fp, v.data) || !inside(fp, v.data + v.len)) {
        if (n == EDGES)
            err = LEAT_E_NOMEM;
        else
            err = leat_pool_get(fp->config.pool, bytes / LEAT_PAGE_SIZE,
                                &edges[n]);
        if (err)
            break;
        /* The edge goes where its successor is, to be put below. */
        next = edges[n];
        edges[n++] = *c;
        *c = next;
        v = leat_chunk_view(*c);
    }
    while (n)
        (void)leat_pool_put(fp->config.pool, edges[--n]);
    return err;
}

/* A chunk that the arena may have. U2 */
static int extent_get(struct leat_flow_pool *fp, size_t bytes,
                      struct extent **out)
{
    struct leat_chunk c = {NULL, 0};
    struct extent *e;
    int err = chunk_get(fp, bytes, &c);

    if (err)
        return err;
    err = past_edges(fp, bytes, &c);
    if (!err)
        err = leat_chunk_mix(c);
    flow_lock(fp);
    e = err ? NULL : flow_cell_get(fp, CELL_EXTENT);
    flow_unlock(fp);
    if (!e) {
        chunk_put(fp, bytes, c);
        return err ? err : LEAT_E_NOMEM;
    }
    e->base = leat_chunk_view(c).data;
    e->bytes = bytes;
    e->chunk = c;
    *out = e;
    return 0;
}

/* More extents than this one ask never wants, unless other threads take them. */
#define TRIES 16

/* A slot in the arena, into (b). */
static int slot_get(struct leat_flow_pool *fp, const struct flow_ask *ask,
                    struct leat_flow_buffer *b)
{
    struct extent *ready = NULL;
    size_t wanted = 0;
    int err = 0, tries;

    for (tries = 0; tries < TRIES; tries++) {
        flow_lock(fp);
        fp->ready = ready;
        b->base = flow_arena_get(fp, ask->bytes, ask->align, &b->bytes);
        wanted = fp->wanted;
        ready = fp->ready;
        fp->ready = NULL;
        if (ready) { /* room was made meanwhile, or it is of another size */
            ready->next = fp->gone;
            fp->gone = ready;
            ready = NULL;
        }
        flow_unlock(fp);
        if (b->base)
            break;
        err = wanted ? extent_get(fp, wanted, &ready) : LEAT_E_NOMEM;
        if (err)
            return err;
    }
    if (ready) {
        flow_lock(fp);
        ready->next = fp->gone;
        fp->gone = ready;
        flow_unlock(fp);
    }
    if (!b->base)
        return LEAT_E_NOMEM;
    b->pinned = b->bytes;
    return 0;
}

/* How far after (at) a run of (bytes) crosses no boundary. */
static size_t past_boundary(size_t boundary, const unsigned char *at,
                            size_t bytes)
{
    size_t into = boundary ? (uintptr_t)at & (boundary - 1) : 0;

    return into + bytes <= boundary || !boundary ? 0 : boundary - into;
}

/* Whole pages, into (b). */
static int pages_get(struct leat_flow_pool *fp, const struct flow_ask *ask,
                     struct leat_flow_buffer *b)
{
    size_t bytes = whole_pages(ask->bytes) * LEAT_PAGE_SIZE, off;
    int err = chunk_get(fp, bytes, &b->chunk);

    if (err)
        return err;
    b->base = leat_chunk_view(b->chunk).data;
    off = past_boundary(ask->boundary, b->base, ask->bytes);
    if (off) {
        chunk_put(fp, bytes, b->chunk);
        bytes *= 2;
        err = chunk_get(fp, bytes, &b->chunk);
        if (err)
            return err;
        b->base = leat_chunk_view(b->chunk).data;
        off = past_boundary(ask->boundary, b->base, ask->bytes);
    }
    b->base += off;
    b->bytes = bytes - off;
    b->pinned = bytes;
    return 0;
}

static bool fits_arena(const struct leat_flow_pool *fp, size_t bytes,
                       size_t align)
{
    size_t a = align ? align : 1;

    return fp->stats.subpage && a <= LEAT_PAGE_SIZE && bytes <= fp->small_max &&
           ((bytes + a - 1) & ~(a - 1)) <= fp->small_max;
}

size_t flow_buffer_size(struct leat_flow_pool *fp, size_t bytes)
{
    return fits_arena(fp, bytes, 0) ? bytes + bytes / 4
                                    : whole_pages(bytes) * LEAT_PAGE_SIZE;
}

/* A cell for a buffer that nobody owns yet. */
static struct leat_flow_buffer *cell_for(struct leat_flow_pool *fp,
                                         enum cell_kind kind)
{
    struct leat_flow_buffer *b;

    flow_lock(fp);
    b = flow_cell_get(fp, kind);
    if (!b)
        fp->stats.refused++;
    flow_unlock(fp);
    if (!b)
        return NULL;
    memset((char *)b + sizeof(b->cell), 0, sizeof(*b) - sizeof(b->cell));
    b->fp = fp;
    if (fp->config.flags & LEAT_FLOW_POOL_TRACK)
        b->since_ns = now_ns();
    return b;
}

/* The buffer is there: counted, and with its first owner. */
static void come(struct leat_flow_buffer *b, struct leat_view window,
                 struct leat_flow_ref *out)
{
    struct leat_flow_pool *fp = b->fp;

    flow_lock(fp);
    fp->stats.gets++;
    fp->stats.buffers++;
    if (b->cell.kind == CELL_REF)
        fp->stats.bytes_adopted += b->pinned;
    else
        fp->stats.bytes_buffers += b->pinned;
    if (b->cell.kind == CELL_PAGES)
        fp->stats.bytes_pages += b->pinned;
    flow_unlock(fp);
    b->used = window.len;
    __atomic_store_n(&b->refs, 1, __ATOMIC_RELEASE);
    out->view = window;
    out->buffer = b;
    out->life = b->cell.life;
}

int flow_buffer_get(struct leat_flow_pool *fp, const struct flow_ask *ask,
                    struct leat_flow_ref *out)
{
    bool slot = fits_arena(fp, ask->bytes, ask->align);
    struct leat_flow_buffer *b;
    struct leat_view window;
    int err;

    if (ask->bytes > SIZE_MAX / 4)
        return LEAT_E_OVERFLOW;
    b = cell_for(fp, slot ? CELL_SLOT : CELL_PAGES);
    if (!b)
        return LEAT_E_NOMEM;
    err = slot ? slot_get(fp, ask, b) : pages_get(fp, ask, b);
    if (err) {
        flow_lock(fp);
        fp->stats.refused++;
        flow_cell_put(fp, b);
        flow_unlock(fp);
        return err;
    }
    b->segment = ask->segment;
    window.data = b->base + ask->headroom;
    window.len = ask->window;
    come(b, window, out);
    return 0;
}

int leat_flow_buffer_get(struct leat_flow_pool *fp, size_t bytes,
                         struct leat_flow_ref *out)
{
    struct flow_ask ask = {.bytes = bytes, .window = bytes};
    int err = flow_alive(fp);

    if (err)
        return err;
    return out && bytes ? flow_buffer_get(fp, &ask, out) : LEAT_E_INVALID;
}

int leat_flow_ref_adopt(struct leat_flow_pool *fp, struct leat_ref *from,
                        struct leat_flow_ref *out)
{
    struct leat_flow_buffer *b;
    struct leat_pin pin;
    int err = flow_alive(fp);

    if (err)
        return err;
    if (!from || !out)
        return LEAT_E_INVALID;
    err = leat_ref_pin(from, &pin);
    if (err)
        return err;
    b = cell_for(fp, CELL_REF);
    if (!b)
        return LEAT_E_NOMEM;
    b->pinned = pin.pinned;
    b->base = from->view.data;
    b->bytes = from->view.len;
    (void)leat_ref_move(from, &b->ref);
    come(b, b->ref.view, out);
    return 0;
}

/* Nobody owns it any more. U1 */
void flow_buffer_gone(struct leat_flow_buffer *b)
{
    struct leat_flow_pool *fp = b->fp;
    struct leat_chunk chunk = b->chunk;
    struct leat_ref ref = b->ref;
    size_t pinned = b->pinned;
    enum cell_kind kind = b->cell.kind;

    flow_lock(fp);
    fp->stats.puts++;
    fp->stats.buffers--;
    if (kind == CELL_SLOT)
        flow_arena_put(fp, b->base);
    if (kind == CELL_PAGES)
        fp->stats.bytes_pages -= pinned;
    if (kind == CELL_REF)
        fp->stats.bytes_adopted -= pinned;
    else
        fp->stats.bytes_buffers -= pinned;
    flow_cell_put(fp, b);
    flow_unlock(fp);
    if (kind == CELL_PAGES)
        chunk_put(fp, pinned, chunk);
    if (kind == CELL_REF)
        (void)leat_ref_drop(&ref);
}
