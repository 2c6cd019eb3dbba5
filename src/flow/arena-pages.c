/* SPDX-License-Identifier: ISC */

/* No arena: a build without jemalloc. Each buffer is whole pages. */

#include "internal.h"

uint32_t leat_flow_caps(void)
{
    return 0;
}

int flow_arena_init(struct leat_flow_pool *fp)
{
    (void)fp;
    return 0;
}

void flow_arena_fini(struct leat_flow_pool *fp)
{
    (void)fp;
}

void *flow_arena_get(struct leat_flow_pool *fp, size_t bytes, size_t align,
                     size_t *room)
{
    (void)fp;
    (void)bytes;
    (void)align;
    (void)room;
    return NULL;
}

void flow_arena_put(struct leat_flow_pool *fp, void *base)
{
    (void)fp;
    (void)base;
}
