/* SPDX-License-Identifier: ISC */

/*
 * The extents that an arena has, by address: jemalloc gives one back by its
 * address, and the pool wants the chunk's handle.
 *
 *   T1  each extent is one chunk of the pool, whole: none is split or merged
 *   T2  an extent is in the table while the arena has it, and in no list else
 */

#include <leat/stats.h>

#include "internal.h"

#define BUCKETS_MIN 64u
#define BUCKETS_MAX 65536u

static struct extent **bucket(struct leat_flow_pool *fp, const void *base)
{
    uint64_t page = (uintptr_t)base >> LEAT_PAGE_SHIFT;

    page *= 0x9e3779b97f4a7c15u;
    return &fp->table[page >> 32 & (fp->buckets - 1)];
}

int flow_extents_init(struct leat_flow_pool *fp)
{
    struct leat_stats stats;
    int err = leat_pool_stats(fp->config.pool, &stats);
    uint64_t pages;

    if (err)
        return err;
    pages = stats.pages_limit;
    if (fp->config.limit_bytes &&
        fp->config.limit_bytes / LEAT_PAGE_SIZE < pages)
        pages = fp->config.limit_bytes / LEAT_PAGE_SIZE;
    fp->buckets = BUCKETS_MIN;
    while (fp->buckets < BUCKETS_MAX && fp->buckets < pages)
        fp->buckets *= 2;
    fp->table = flow_map(fp, fp->buckets * sizeof(*fp->table), 0);
    return fp->table ? 0 : LEAT_E_NOMEM;
}

void flow_extents_fini(struct leat_flow_pool *fp)
{
    if (fp->table)
        flow_unmap(fp, fp->table, fp->buckets * sizeof(*fp->table));
    fp->table = NULL;
}

void flow_extent_add(struct leat_flow_pool *fp, struct extent *e)
{
    struct extent **at = bucket(fp, e->base);

    e->next = *at;
    *at = e;
    fp->stats.extents++;
    fp->stats.bytes_extents += e->bytes;
}

struct extent *flow_extent_remove(struct leat_flow_pool *fp, const void *base)
{
    struct extent **at = bucket(fp, base);
    struct extent *e;

    while (*at && (*at)->base != base)
        at = &(*at)->next;
    e = *at;
    if (!e)
        return NULL;
    *at = e->next;
    fp->stats.extents--;
    fp->stats.bytes_extents -= e->bytes;
    return e;
}
