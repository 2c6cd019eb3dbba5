/* SPDX-License-Identifier: ISC */

/*
 * The static backend: one arena, given whole as one slab.
 *
 *     arena:  | odd bytes | metadata pages | pages of the slab ... | odd bytes |
 *
 * Metadata is whole pages, so that none of it shares a page with what may be
 * shown to a peer (R1).
 */

#include <string.h>

#include <leat/static.h>

static size_t odd_bytes(const struct leat_static_arena *a)
{
    return (LEAT_PAGE_SIZE - (uintptr_t)a->base % LEAT_PAGE_SIZE) %
           LEAT_PAGE_SIZE;
}

static size_t whole_pages(const struct leat_static_arena *a)
{
    size_t odd = odd_bytes(a);

    if (!a->base || a->bytes < odd)
        return 0;
    return (a->bytes - odd) / LEAT_PAGE_SIZE;
}

static unsigned char *first_page(const struct leat_static_arena *a)
{
    return (unsigned char *)a->base + odd_bytes(a);
}

static size_t static_pages_max(void *self)
{
    const struct leat_static_arena *a = self;

    return whole_pages(a) - a->meta_pages;
}

static int static_slab_get(void *self, size_t pages, struct leat_slab *out)
{
    struct leat_static_arena *a = self;
    size_t have = static_pages_max(self);

    if (pages > have)
        return LEAT_E_NOMEM;
    if (__atomic_exchange_n(&a->slab_out, true, __ATOMIC_ACQ_REL))
        return LEAT_E_NOMEM;
    out->base = first_page(a) + a->meta_pages * LEAT_PAGE_SIZE;
    out->pages = have;
    out->cookie = NULL;
    return 0;
}

static void static_slab_put(void *self, const struct leat_slab *slab)
{
    struct leat_static_arena *a = self;

    (void)slab;
    __atomic_store_n(&a->slab_out, false, __ATOMIC_RELEASE);
}

static int static_meta_get(void *self, size_t bytes, void **out)
{
    struct leat_static_arena *a = self;
    size_t pages = bytes / LEAT_PAGE_SIZE + (bytes % LEAT_PAGE_SIZE != 0);

    if (pages >= whole_pages(a))
        return LEAT_E_NOMEM;
    if (__atomic_exchange_n(&a->meta_out, true, __ATOMIC_ACQ_REL))
        return LEAT_E_BUSY;
    a->meta_pages = pages;
    memset(first_page(a), 0, pages * LEAT_PAGE_SIZE);
    *out = first_page(a);
    return 0;
}

static void static_meta_put(void *self, void *mem, size_t bytes)
{
    struct leat_static_arena *a = self;

    (void)mem;
    (void)bytes;
    a->meta_pages = 0;
    __atomic_store_n(&a->meta_out, false, __ATOMIC_RELEASE);
}

static int static_frame(void *self, const struct leat_slab *slab,
                        const void *page, uint64_t *out)
{
    const struct leat_static_arena *a = self;
    uintptr_t off = (uintptr_t)page - (uintptr_t)first_page(a);

    (void)slab;
    if (!a->has_frames)
        return LEAT_E_UNSUPPORTED;
    if (off / LEAT_PAGE_SIZE >= whole_pages(a))
        return LEAT_E_FOREIGN;
    *out = a->frame + off / LEAT_PAGE_SIZE * a->frame_step;
    return 0;
}

static const struct leat_backend_ops static_ops = {
    .name = "static",
    .caps = LEAT_CAP_RETURN | LEAT_CAP_META | LEAT_CAP_FRAME,
    .slab_get = static_slab_get,
    .slab_put = static_slab_put,
    .pages_max = static_pages_max,
    .meta_get = static_meta_get,
    .meta_put = static_meta_put,
    .frame = static_frame,
};

struct leat_backend leat_static(struct leat_static_arena *arena)
{
    struct leat_backend b = {.ops = &static_ops, .self = arena};

    return b;
}
