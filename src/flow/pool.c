/* SPDX-License-Identifier: ISC */

/*
 * The flow pool: bounds, books, and what fork() does.
 *
 *   N1  bytes_held == bytes_extents + bytes_pages, and what is on its way: it
 *       never exceeds limit_bytes
 *   N2  in a forked child nothing is touched: another thread may have been in the
 *       middle of it
 */

#include <string.h>
#include <sys/mman.h>

#include "internal.h"

static unsigned long forks; /* how many forks this process is away */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_child(void)
{
    __atomic_fetch_add(&forks, 1, __ATOMIC_RELAXED);
}

static void register_fork(void)
{
    pthread_atfork(NULL, NULL, in_child);
}

int flow_alive(const struct leat_flow_pool *fp)
{
    if (!fp)
        return LEAT_E_INVALID;
    return fp->forks == __atomic_load_n(&forks, __ATOMIC_RELAXED)
               ? 0
               : LEAT_E_FORKED;
}

void flow_lock(struct leat_flow_pool *fp)
{
    pthread_mutex_lock(&fp->lock);
}

/* N1: what the arena gave back counts until the pool has it. */
void flow_unlock(struct leat_flow_pool *fp)
{
    while (fp->gone) {
        struct extent *e = fp->gone;
        struct leat_chunk c = e->chunk;
        size_t bytes = e->bytes;

        fp->gone = e->next;
        flow_cell_put(fp, e);
        pthread_mutex_unlock(&fp->lock);
        (void)leat_pool_put(fp->config.pool, c);
        pthread_mutex_lock(&fp->lock);
        fp->stats.bytes_held -= bytes;
    }
    pthread_mutex_unlock(&fp->lock);
}

int flow_reserve(struct leat_flow_pool *fp, size_t bytes)
{
    size_t limit = fp->config.limit_bytes;

    if (limit && (bytes > limit || fp->stats.bytes_held > limit - bytes))
        return LEAT_E_LIMIT;
    fp->stats.bytes_held += bytes;
    return 0;
}

void flow_unreserve(struct leat_flow_pool *fp, size_t bytes)
{
    fp->stats.bytes_held -= bytes;
}

/* How many pages the struct itself takes. */
#define OWN_BYTES                                           \
    ((sizeof(struct leat_flow_pool) + LEAT_PAGE_SIZE - 1) & \
     ~(LEAT_PAGE_SIZE - 1))

static void give_up(struct leat_flow_pool *fp)
{
    flow_arena_fini(fp);
    flow_extents_fini(fp);
    flow_cells_fini(fp);
    pthread_mutex_destroy(&fp->lock);
    (void)munmap(fp, OWN_BYTES);
}

int leat_flow_pool_create(struct leat_flow_pool **out,
                          const struct leat_flow_pool_config *config)
{
    struct leat_flow_pool *fp;
    int err = 0;

    if (!out || !config || !config->pool)
        return LEAT_E_INVALID;
    if (config->flags & ~(LEAT_FLOW_POOL_PAGES | LEAT_FLOW_POOL_TRACK))
        return LEAT_E_INVALID;
    if (config->meta_limit_bytes && config->meta_limit_bytes < OWN_BYTES)
        return LEAT_E_NOMEM;
    pthread_once(&once, register_fork);
    fp = mmap(NULL, OWN_BYTES, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fp == MAP_FAILED)
        return LEAT_E_NOMEM;
    fp->config = *config;
    fp->forks = __atomic_load_n(&forks, __ATOMIC_RELAXED);
    fp->stats.bytes_meta = OWN_BYTES;
    fp->stats.bytes_limit = config->limit_bytes;
    pthread_mutex_init(&fp->lock, NULL);
    err = flow_extents_init(fp);
    if (!err && !(config->flags & LEAT_FLOW_POOL_PAGES))
        err = flow_arena_init(fp);
    if (err) {
        give_up(fp);
        return err;
    }
    *out = fp;
    return 0;
}

int leat_flow_pool_destroy(struct leat_flow_pool *fp)
{
    int err = flow_alive(fp);
    bool busy;

    if (err)
        return err;
    flow_lock(fp);
    busy = fp->stats.buffers || fp->stats.flows;
    flow_unlock(fp);
    if (busy)
        return LEAT_E_BUSY;
    give_up(fp);
    return 0;
}

struct leat_copies *leat_flow_pool_copies(struct leat_flow_pool *fp)
{
    return fp ? &fp->copies : NULL;
}

int leat_flow_pool_stats(struct leat_flow_pool *fp, struct leat_flow_stats *out)
{
    int err = flow_alive(fp);

    if (err)
        return err;
    if (!out)
        return LEAT_E_INVALID;
    flow_lock(fp);
    *out = fp->stats;
    flow_unlock(fp);
    out->bytes_unread = __atomic_load_n(&fp->unread, __ATOMIC_RELAXED);
    out->bytes_retained = __atomic_load_n(&fp->retained, __ATOMIC_RELAXED);
    leat_copies_read(&fp->copies, &out->copies);
    return 0;
}
