/* SPDX-License-Identifier: ISC */

/*
 * What puts the Xen share backend below the pools of the core's own tests.
 *
 * It is linked in front of a test as it is (--wrap): a pool over an arena or over
 * mmap is made as asked, so that a configuration is refused for what is wrong with
 * it; then it gives way to one over born-granted pages, of as many pages. A pool
 * over a backend of the test's own stays.
 *
 * Tests know their arena, so what is over one is made to look like it in three
 * things: the pages lie where the arena had them, hold what it held, and when
 * there are no more the error is LEAT_E_NOMEM, where a share says LEAT_E_LIMIT.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/xen_share.h"
#include <leat/leat.h>

int __real_leat_pool_create(struct leat_pool **out,
                            const struct leat_pool_config *config);
int __wrap_leat_pool_create(struct leat_pool **out,
                            const struct leat_pool_config *config);
int __real_leat_pool_destroy(struct leat_pool *pool);
int __wrap_leat_pool_destroy(struct leat_pool *pool);

/* Pools over Xen, by a lock that spins: tests make few at a time. */
static struct below {
    struct below *next;
    struct leat_pool *pool;
    struct leat_xen_share *x;
    void *arena;           /* whose place they took                  */
    unsigned char *held;   /* and what it held                       */
    struct leat_backend b; /* of the share                           */
    struct leat_backend_ops ops;
} * all;
static char lock;

static void put_in(struct below *b)
{
    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
        ;
    b->next = all;
    all = b;
    __atomic_clear(&lock, __ATOMIC_RELEASE);
}

static struct below *take_out(const struct leat_pool *pool)
{
    struct below *b, **at = &all;

    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
        ;
    while (*at && (*at)->pool != pool)
        at = &(*at)->next;
    b = *at;
    if (b)
        *at = b->next;
    __atomic_clear(&lock, __ATOMIC_RELEASE);
    return b;
}

/* As many pages, in one slab where they were in one. */
static struct leat_xen_share_config like(const struct leat_pool_config *config)
{
    struct leat_xen_share_config x = {.unit_pages = LEAT_UNIT_PAGES};
    size_t pages = config->limit_pages, meta = 0;

    if (!strcmp(config->backend.ops->name, "static")) {
        pages = config->backend.ops->pages_max(config->backend.self);
        leat_pool_meta_size(config, &meta);
        if (!config->meta) /* then it lies in the arena */
            pages -= (meta + LEAT_PAGE_SIZE - 1) >> LEAT_PAGE_SHIFT;
        x.unit_pages = pages;
    } else {
        /* Of mmap, slabs that lie free beside others take but addresses. */
        pages *= 4;
    }
    x.limit_pages = pages + x.unit_pages - 1;
    x.limit_pages -= x.limit_pages % x.unit_pages;
    return x;
}

/* Where the pool's pages lie in an arena, NULL if it is none. */
static void *arena_of(const struct leat_pool_config *config)
{
    const struct leat_static_arena *a = config->backend.self;
    uintptr_t first = (uintptr_t)a->base + LEAT_PAGE_SIZE - 1;
    size_t meta = 0;

    if (strcmp(config->backend.ops->name, "static"))
        return NULL;
    if (!config->meta)
        leat_pool_meta_size(config, &meta);
    meta += LEAT_PAGE_SIZE - 1;
    return (void *)(first - first % LEAT_PAGE_SIZE + meta -
                    meta % LEAT_PAGE_SIZE);
}

/*
 * Born-granted pages come to lie where the arena has its pages, for tests know
 * addresses in it; and lie there no more, before it is given back: then the arena
 * has ordinary memory again.
 */
static int move(struct leat_xen_share *x, void *to, int prot)
{
    size_t bytes = x->range.pages << LEAT_PAGE_SHIFT;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    unsigned char *from = x->range.base;
    void *got = mmap(to, bytes, PROT_NONE,
                     flags | MAP_NORESERVE | (to ? MAP_FIXED : 0), -1, 0);

    if (got == MAP_FAILED)
        return LEAT_E_NOMEM;
    x->range.base = got;
    if (prot == PROT_NONE)
        return munmap(from, bytes) ? LEAT_E_SYSTEM : 0;
    return mmap(from, bytes, prot, flags | MAP_FIXED, -1, 0) == from
               ? 0
               : LEAT_E_NOMEM;
}

static int get_held(void *self, size_t pages, struct leat_slab *out)
{
    struct below *b = self;
    int err = b->b.ops->slab_get(b->b.self, pages, out);

    if (!err)
        memcpy(out->base, b->held, out->pages << LEAT_PAGE_SHIFT);
    return err == LEAT_E_LIMIT ? LEAT_E_NOMEM : err;
}

static void put_held(void *self, const struct leat_slab *slab)
{
    struct below *b = self;

    b->b.ops->slab_put(b->b.self, slab);
}

static size_t held_pages(void *self)
{
    struct below *b = self;

    return b->b.ops->pages_max(b->b.self);
}

/* The share, in the arena's clothes. */
static int dress(struct below *b, void *arena)
{
    size_t bytes = b->x->range.pages << LEAT_PAGE_SHIFT;

    b->held = malloc(bytes);
    if (!b->held)
        return LEAT_E_NOMEM;
    memcpy(b->held, arena, bytes);
    b->arena = arena;
    b->ops = (struct leat_backend_ops){
        .name = "xen",
        .caps = LEAT_CAP_RETURN | LEAT_CAP_META,
        .slab_get = get_held,
        .slab_put = put_held,
        .pages_max = held_pages,
        .meta_get = b->b.ops->meta_get,
        .meta_put = b->b.ops->meta_put,
    };
    return move(b->x, arena, PROT_NONE);
}

int __wrap_leat_pool_create(struct leat_pool **out,
                            const struct leat_pool_config *config)
{
    struct leat_pool *pool = NULL;
    struct leat_pool_config c;
    struct leat_xen_share_config xc;
    void *arena;
    struct below *b;
    int err;

    err = __real_leat_pool_create(out ? &pool : NULL, config);
    if (err)
        return err;
    c = *config;
    if (strcmp(c.backend.ops->name, "static") &&
        strcmp(c.backend.ops->name, "mmap")) {
        *out = pool;
        return 0;
    }
    arena = arena_of(config);
    xc = like(config);
    err = __real_leat_pool_destroy(pool);
    b = err ? NULL : calloc(1, sizeof(*b));
    if (!b)
        return err ? err : LEAT_E_NOMEM;
    err = leat_xen_share_open(&b->x, &xc, NULL);
    if (err)
        goto out_free;
    b->b = c.backend = leat_xen_share_backend(b->x);
    if (arena) {
        err = dress(b, arena);
        c.backend = (struct leat_backend){&b->ops, b};
    }
    if (err)
        goto out_share;
    c.meta = NULL;
    c.meta_bytes = 0;
    err = __real_leat_pool_create(&b->pool, &c);
    if (err)
        goto out_share;
    put_in(b);
    *out = b->pool;
    return 0;
out_share:
    leat_xen_share_close(b->x);
    free(b->held);
out_free:
    free(b);
    return err;
}

/* A test ends with its pools: so do the pages, all of which must be back. */
int __wrap_leat_pool_destroy(struct leat_pool *pool)
{
    struct below *b = take_out(pool);
    int err = __real_leat_pool_destroy(pool);

    if (!b)
        return err;
    if (err) {
        put_in(b);
        return err;
    }
    if (leat_xen_share_check(b->x))
        err = LEAT_E_STATE;
    if (!err && b->arena)
        err = move(b->x, NULL, PROT_READ | PROT_WRITE);
    if (!err)
        err = leat_xen_share_close(b->x);
    free(b->held);
    free(b);
    return err;
}
