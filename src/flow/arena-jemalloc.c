/* SPDX-License-Identifier: ISC */

/*
 * Buffers of less than a few pages: a jemalloc arena of the flow pool's own.
 *
 * Its extents are slabs of one size class each, one to a handful of pages, and
 * each is one chunk of the pool. The hooks never call the pool: jemalloc calls
 * them with its locks held, and a pool may call back. So a hook gives what was
 * got before (fp->ready) or refuses and notes what was wanted; buffer.c then gets
 * that without a lock, and asks once more. In the same way a chunk that comes back
 * is put when the lock has been dropped.
 *
 *   J1  all calls to the arena are made under the flow pool's lock. With a decay
 *       time of 0 what is freed leaves the arena before the call returns, so no
 *       free extent is there to be split or merged, and those hooks refuse
 *   J2  an alignment above a page is asked for by the arena's own metadata alone
 *       (the library asks for no more): that is mapped, not the pool's (R1)
 *   J3  an ask above the largest slab is jemalloc's growing ahead (opt.retain);
 *       refused, it asks for what it needs
 *   J4  no extent has the first or the last page of a slab: buffer.c
 */

#include <string.h>
#include <sys/mman.h>

#include "internal.h"

uint32_t leat_flow_caps(void)
{
    return LEAT_FLOW_CAP_SUBPAGE;
}

static struct leat_flow_pool *owner(extent_hooks_t *hooks)
{
    return (struct leat_flow_pool *)(void *)((char *)hooks -
                                             offsetof(struct leat_flow_pool,
                                                      hooks));
}

static void *metadata_get(struct leat_flow_pool *fp, size_t size, size_t align)
{
    struct extent *e = flow_cell_get(fp, CELL_EXTENT);

    if (!e)
        return NULL;
    e->base = flow_map(fp, size, align);
    if (!e->base) {
        flow_cell_put(fp, e);
        return NULL;
    }
    e->bytes = size;
    e->next = fp->mapped;
    fp->mapped = e;
    return e->base;
}

static void metadata_put(struct leat_flow_pool *fp, const void *base)
{
    struct extent **at = &fp->mapped, *e;

    while (*at && (*at)->base != base)
        at = &(*at)->next;
    e = *at;
    if (!e)
        return;
    *at = e->next;
    flow_unmap(fp, e->base, e->bytes);
    flow_cell_put(fp, e);
}

static void *hook_alloc(extent_hooks_t *hooks, void *where, size_t size,
                        size_t align, bool *zero, bool *commit, unsigned arena)
{
    struct leat_flow_pool *fp = owner(hooks);
    struct extent *e = fp->ready;
    void *base;

    (void)arena;
    if (where)
        return NULL;
    if (align > LEAT_PAGE_SIZE) { /* J2 */
        base = metadata_get(fp, size, align);
        if (base)
            *zero = *commit = true;
        return base;
    }
    if (size > fp->extent_max) /* J3 */
        return NULL;
    if (!e || e->bytes != size) {
        fp->wanted = size;
        fp->stats.hooks_refused++;
        return NULL;
    }
    fp->ready = NULL;
    flow_extent_add(fp, e);
    fp->stats.hooks++;
    if (*zero)
        memset(e->base, 0, size);
    *commit = true;
    return e->base;
}

/* Takes an extent back: 0 is jemalloc's "done". T1 */
static bool hook_dalloc(extent_hooks_t *hooks, void *base, size_t size,
                        bool committed, unsigned arena)
{
    struct leat_flow_pool *fp = owner(hooks);
    struct extent *e = flow_extent_remove(fp, base);

    (void)committed;
    (void)arena;
    (void)size;
    if (e) {
        e->next = fp->gone;
        fp->gone = e;
    } else {
        metadata_put(fp, base);
    }
    return false;
}

static void hook_destroy(extent_hooks_t *hooks, void *base, size_t size,
                         bool committed, unsigned arena)
{
    (void)hook_dalloc(hooks, base, size, committed, arena);
}

static int read_size(const char *name, size_t *out)
{
    size_t len = sizeof(*out);

    return mallctl(name, out, &len, NULL, 0);
}

/* The same for a name of one of many: arenas.bin.<i>.size. */
static int read_of(const char *name, size_t i, size_t *out)
{
    size_t mib[8], n = 8, len = sizeof(*out);
    int err = mallctlnametomib(name, mib, &n);

    if (err)
        return err;
    mib[2] = i;
    return mallctlbymib(mib, n, out, &len, NULL, 0);
}

/* What sizes the arena serves from slabs, and how long those are. */
static int read_classes(struct leat_flow_pool *fp)
{
    size_t len = sizeof(unsigned), i, size;
    unsigned bins = 0;

    if (mallctl("arenas.nbins", &bins, &len, NULL, 0) || !bins)
        return LEAT_E_UNSUPPORTED;
    if (read_of("arenas.bin.0.size", bins - 1, &fp->small_max))
        return LEAT_E_UNSUPPORTED;
    for (i = 0; i < bins; i++) {
        if (read_of("arenas.bin.0.slab_size", i, &size))
            return LEAT_E_UNSUPPORTED;
        if (size > fp->extent_max)
            fp->extent_max = size;
    }
    return 0;
}

static int set_decay(const char *name, unsigned arena)
{
    size_t mib[8], n = 8;
    ssize_t none = 0;
    int err = mallctlnametomib(name, mib, &n);

    if (err)
        return err;
    mib[1] = arena;
    return mallctlbymib(mib, n, NULL, NULL, &none, sizeof(none));
}

static int destroy(unsigned arena)
{
    size_t mib[3], n = 3;
    int err = mallctlnametomib("arena.0.destroy", mib, &n);

    if (err)
        return err;
    mib[1] = arena;
    return mallctlbymib(mib, n, NULL, NULL, NULL, 0);
}

int flow_arena_init(struct leat_flow_pool *fp)
{
    extent_hooks_t *hooks = &fp->hooks;
    size_t len = sizeof(fp->arena), page;
    bool aborts = false;
    int err;

    len = sizeof(aborts);
    if (mallctl("opt.xmalloc", &aborts, &len, NULL, 0) == 0 && aborts)
        return LEAT_E_UNSUPPORTED; /* R8 */
    if (read_size("arenas.page", &page) || page != LEAT_PAGE_SIZE)
        return LEAT_E_UNSUPPORTED;
    err = read_classes(fp);
    if (err)
        return err;
    hooks->alloc = hook_alloc;
    hooks->dalloc = hook_dalloc;
    hooks->destroy = hook_destroy;
    len = sizeof(fp->arena);
    flow_lock(fp);
    err = mallctl("arenas.create", &fp->arena, &len, (void *)&hooks,
                  sizeof(hooks));
    flow_unlock(fp);
    if (err)
        return fp->mapped ? LEAT_E_LIMIT : LEAT_E_NOMEM;
    fp->stats.subpage = 1;
    if (set_decay("arena.0.dirty_decay_ms", fp->arena) ||
        set_decay("arena.0.muzzy_decay_ms", fp->arena)) {
        flow_arena_fini(fp);
        return LEAT_E_UNSUPPORTED;
    }
    return 0;
}

void flow_arena_fini(struct leat_flow_pool *fp)
{
    if (fp->stats.subpage) {
        flow_lock(fp);
        (void)destroy(fp->arena);
        flow_unlock(fp);
        fp->stats.subpage = 0;
    }
    while (fp->mapped)
        metadata_put(fp, fp->mapped->base);
}

void *flow_arena_get(struct leat_flow_pool *fp, size_t bytes, size_t align,
                     size_t *room)
{
    int flags = MALLOCX_ARENA(fp->arena) | MALLOCX_TCACHE_NONE;
    void *base;

    if (align > 1)
        flags |= MALLOCX_ALIGN(align);
    fp->wanted = 0;
    base = mallocx(bytes, flags);
    if (base)
        *room = sallocx(base, flags);
    return base;
}

void flow_arena_put(struct leat_flow_pool *fp, void *base)
{
    dallocx(base, MALLOCX_ARENA(fp->arena) | MALLOCX_TCACHE_NONE);
}
