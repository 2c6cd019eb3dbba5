/* SPDX-License-Identifier: ISC */

/*
 * What a simulated domain gives to pools and to the grant layer: slabs of
 * anonymous memory, and the table.
 */

#include <sys/mman.h>

#include "domain.h"

static struct leat_backend inner(void *self)
{
    return leat_mmap(&((struct leat_sim_domain *)self)->memory);
}

static int slab_get(void *self, size_t pages, struct leat_slab *out)
{
    struct leat_backend b = inner(self);

    return b.ops->slab_get(b.self, pages, out);
}

/* Pages of it that are exposed still are the hypervisor's to forget. */
static void slab_put(void *self, const struct leat_slab *slab)
{
    struct leat_backend b = inner(self);
    size_t n, at;

    for (at = 0; at < slab->pages; at += n) {
        n = slab->pages - at;
        if (n > LEAT_SIM_UNIT_PAGES)
            n = LEAT_SIM_UNIT_PAGES;
        leat_sim_conceal(self, slab->base + at * SIM_PAGE, n);
    }
    b.ops->slab_put(b.self, slab);
}

static size_t pages_max(void *self)
{
    struct leat_backend b = inner(self);

    return b.ops->pages_max(b.self);
}

static size_t slab_pages(void *self)
{
    struct leat_backend b = inner(self);

    return b.ops->slab_pages(b.self);
}

static int meta_get(void *self, size_t bytes, void **out)
{
    struct leat_backend b = inner(self);

    return b.ops->meta_get(b.self, bytes, out);
}

static void meta_put(void *self, void *mem, size_t bytes)
{
    struct leat_backend b = inner(self);

    b.ops->meta_put(b.self, mem, bytes);
}

static int frame(void *self, const struct leat_slab *slab, const void *page,
                 uint64_t *out)
{
    uint32_t number;
    int err = leat_sim_frame(self, page, &number);

    (void)slab;
    if (!err)
        *out = number;
    return err;
}

static const struct leat_backend_ops backend_ops = {
    .name = "sim",
    .caps = LEAT_CAP_GROW | LEAT_CAP_RETURN | LEAT_CAP_META | LEAT_CAP_FRAME |
            LEAT_CAP_ZEROED,
    .slab_get = slab_get,
    .slab_put = slab_put,
    .pages_max = pages_max,
    .slab_pages = slab_pages,
    .meta_get = meta_get,
    .meta_put = meta_put,
    .frame = frame,
};

struct leat_backend leat_sim_backend(struct leat_sim_domain *d)
{
    struct leat_backend b = {.ops = &backend_ops, .self = d};

    return b;
}

static int gnttab_frame(void *arg, const void *page, uint32_t *out)
{
    return leat_sim_frame(arg, page, out);
}

static int gnttab_expose(void *arg, void *base, size_t n, uint32_t domain,
                         enum leat_access access)
{
    (void)domain;
    return leat_sim_expose(arg, base, n, access);
}

static int gnttab_conceal(void *arg, void *base, size_t n)
{
    return leat_sim_conceal(arg, base, n);
}

int leat_sim_gnttab(struct leat_sim_domain *d, struct leat_gnttab *g)
{
    if (!d || !g)
        return LEAT_E_INVALID;
    memset(g, 0, sizeof(*g));
    g->frames = leat_sim_frames(d, &g->nframes);
    g->frame = gnttab_frame;
    g->expose = gnttab_expose;
    g->conceal = gnttab_conceal;
    g->arg = d;
    return 0;
}
