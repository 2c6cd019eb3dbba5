/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_FAKE_BACKEND_H
#define LEAT_TESTS_FAKE_BACKEND_H

/*
 * A backend of the test's own, which counts what is asked of it, gives slabs of
 * a size that the test chooses, and refuses when it is told to.
 */

#include "pool_fixture.h"

#define FAKE_SLABS 16

struct fake {
    struct leat_backend_ops ops; /* a copy, so that a test can leave some out */
    size_t slab_pages;           /* pages in each slab; more where more asked */
    size_t most;                 /* slabs that it gives                       */
    int refuse;                  /* unless 0, what slab_get gives             */
    size_t gets, puts, discards, discarded_pages, metas;
    struct leat_slab slabs[FAKE_SLABS]; /* those that are out */
};

static inline int fake_get(void *self, size_t pages, struct leat_slab *out)
{
    struct fake *b = self;
    void *base = NULL;

    if (b->refuse)
        return b->refuse;
    if (b->gets - b->puts == b->most)
        return LEAT_E_NOMEM;
    if (pages < b->slab_pages)
        pages = b->slab_pages;
    if (posix_memalign(&base, PAGE, pages * PAGE))
        return LEAT_E_NOMEM;
    memset(base, 0x77, pages * PAGE);
    for (size_t i = 0; i < FAKE_SLABS; i++)
        if (!b->slabs[i].base) {
            b->slabs[i] = (struct leat_slab){base, pages, &b->slabs[i]};
            b->gets++;
            *out = b->slabs[i];
            return 0;
        }
    free(base);
    return LEAT_E_NOMEM;
}

static inline void fake_put(void *self, const struct leat_slab *slab)
{
    struct leat_slab *mine = slab->cookie;
    struct fake *b = self;

    cr_assert(mine >= b->slabs && mine < b->slabs + FAKE_SLABS);
    cr_assert_eq(mine->base, slab->base);
    cr_assert_eq(mine->pages, slab->pages);
    b->puts++;
    free(mine->base);
    mine->base = NULL;
}

/*
 * Leaves anything in the pages, as a backend may. Builds for debugging poison
 * free pages, so this writes past the sanitizer.
 */
__attribute__((no_sanitize("address"))) static inline int fake_discard(
    void *self, const struct leat_slab *slab, size_t first, size_t pages)
{
    struct fake *b = self;

    cr_assert(pages > 0 && first < slab->pages);
    cr_assert_leq(pages, slab->pages - first);
    for (size_t i = 0; i < pages * PAGE; i++)
        ((volatile unsigned char *)slab->base)[first * PAGE + i] = 0xdd;
    b->discards++;
    b->discarded_pages += pages;
    return 0;
}

static inline int fake_meta_get(void *self, size_t bytes, void **out)
{
    struct fake *b = self;

    if (posix_memalign(out, 64, bytes))
        return LEAT_E_NOMEM;
    memset(*out, 0, bytes);
    b->metas++;
    return 0;
}

static inline void fake_meta_put(void *self, void *mem, size_t bytes)
{
    struct fake *b = self;

    (void)bytes;
    b->metas--;
    free(mem);
}

static inline size_t fake_pages_max(void *self)
{
    (void)self;
    return 0;
}

static inline size_t fake_slab_pages(void *self)
{
    return ((struct fake *)self)->slab_pages;
}

/* All operations, and slabs of one unit. */
static inline struct leat_backend fake_backend(struct fake *b)
{
    *b = (struct fake){
        .ops = {.name = "fake",
                .caps = LEAT_CAP_GROW | LEAT_CAP_RETURN | LEAT_CAP_META |
                        LEAT_CAP_DISCARD,
                .slab_get = fake_get,
                .slab_put = fake_put,
                .discard = fake_discard,
                .pages_max = fake_pages_max,
                .slab_pages = fake_slab_pages,
                .meta_get = fake_meta_get,
                .meta_put = fake_meta_put},
        .slab_pages = LEAT_UNIT_PAGES,
        .most = FAKE_SLABS,
    };
    return (struct leat_backend){&b->ops, b};
}

/* Ends a test: everything went back to the backend. */
static inline void fake_close(struct fake *b, struct leat_pool *pool)
{
    assert_sound(pool);
    MUST(leat_pool_destroy(pool));
    if (b->ops.slab_put)
        cr_assert_eq(b->gets, b->puts);
    cr_assert_eq(b->metas, 0);
}

#endif
