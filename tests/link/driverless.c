/* SPDX-License-Identifier: ISC */

/* A program without devices, and with a backend of its own: driverless.sh. */

#include <string.h>

#include <leat/core.h>

#define PAGES 16

static _Alignas(4096) unsigned char memory[PAGES * 4096];
static _Alignas(64) unsigned char meta[65536];
static int given;

static int slab_get(void *self, size_t pages, struct leat_slab *out)
{
    (void)self;
    if (given || pages > PAGES)
        return LEAT_E_NOMEM;
    given = 1;
    out->base = memory;
    out->pages = PAGES;
    out->cookie = NULL;
    return 0;
}

static void slab_put(void *self, const struct leat_slab *slab)
{
    (void)self;
    (void)slab;
    given = 0;
}

static size_t pages_max(void *self)
{
    (void)self;
    return PAGES;
}

extern const struct leat_backend_ops backend_of_mine;

const struct leat_backend_ops backend_of_mine = {
    .name = "mine",
    .caps = LEAT_CAP_RETURN,
    .slab_get = slab_get,
    .slab_put = slab_put,
    .pages_max = pages_max,
};

int main(void)
{
    struct leat_pool_config config = {
        .backend = {.ops = &backend_of_mine},
        .meta = meta,
        .meta_bytes = sizeof meta,
    };
    struct leat_pool *pool;
    struct leat_chunk chunk;
    struct leat_view v;
    char back[4];

    if (leat_pool_create(&pool, &config))
        return 1;
    if (leat_pool_get(pool, 2, &chunk))
        return 2;
    if (leat_view_slice(leat_chunk_view(chunk), 4095, 4, &v) ||
        leat_view_copy_in(v, 0, "leat", 4, leat_pool_copies(pool)) ||
        leat_cview_copy_out(leat_view_const(v), 0, back, 4,
                            leat_pool_copies(pool)) ||
        memcmp(back, "leat", 4))
        return 3;
    if (leat_pool_put(pool, chunk) || leat_pool_destroy(pool) || given)
        return 4;
    return 0;
}
