/* SPDX-License-Identifier: ISC */

/*
 * What puts the Xen share backend below the pools of the core's own tests.
 *
 * It is linked in front of a test as it is (--wrap): a pool over an arena or over
 * mmap is made as asked, so that a configuration is refused for what is wrong with
 * it; then it gives way to one over born-granted pages, of as many pages. A pool
 * over a backend of the test's own stays.
 */

#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>
#include <leat/xen_share.h>

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
    }
    x.limit_pages = pages + x.unit_pages - 1;
    x.limit_pages -= x.limit_pages % x.unit_pages;
    return x;
}

int __wrap_leat_pool_create(struct leat_pool **out,
                            const struct leat_pool_config *config)
{
    struct leat_pool *pool = NULL;
    struct leat_pool_config c;
    struct leat_xen_share_config xc;
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
    xc = like(config);
    err = __real_leat_pool_destroy(pool);
    b = err ? NULL : calloc(1, sizeof(*b));
    if (!b)
        return err ? err : LEAT_E_NOMEM;
    err = leat_xen_share_open(&b->x, &xc, NULL);
    if (err)
        goto out_free;
    c.backend = leat_xen_share_backend(b->x);
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
    else
        err = leat_xen_share_close(b->x);
    free(b);
    return err;
}
