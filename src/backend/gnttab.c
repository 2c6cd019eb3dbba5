/* SPDX-License-Identifier: ISC */

/*
 * The gnttab backend: entries of a version-1 grant table.
 *
 *     flags 0 --domain, frame--> flags 0 --barrier, flags--> granted
 *        ^                                                     |
 *        +------- compare-and-swap of flags, not in use -------+
 *
 * The hypervisor sets the bits of use in the same word, atomically, and only
 * where the grant's bits are still there: so the swap either finds them, or takes
 * the grant away before. There is no look that an act could rely on.
 */

#include <string.h>

#include <leat/gnttab.h>

#include "gnttab.h"

/* A word that changes in other bits again and again is not waited for: XSA-295 */
#define TRIES 4

static struct gnttab_entry *entry_at(const struct leat_gnttab *g, uint32_t ref)
{
    struct gnttab_entry *page = g->frames[ref / LEAT_GNTTAB_PER_FRAME];

    return &page[ref % LEAT_GNTTAB_PER_FRAME];
}

static uint32_t gnttab_refs(void *self)
{
    const struct leat_gnttab *g = self;

    if (!g->frames || !g->frame || !g->expose != !g->conceal ||
        g->nframes > LEAT_GNTTAB_FRAMES_MAX)
        return 0;
    return g->nframes * LEAT_GNTTAB_PER_FRAME;
}

/* Domain and frame, which mean nothing until there are flags. */
static void set(struct gnttab_entry *e, uint16_t domain, uint32_t frame)
{
    __atomic_store_n(&e->domain, domain, __ATOMIC_RELAXED);
    __atomic_store_n(&e->frame, frame, __ATOMIC_RELAXED);
}

static int gnttab_grant(void *self, void *base, size_t n, uint32_t domain,
                        enum leat_access access, const uint32_t *refs)
{
    const struct leat_gnttab *g = self;
    uint16_t flags = GNTTAB_PERMIT;
    uint32_t frame = 0;
    size_t i;
    int err = 0;

    for (i = 0; i < n && !err; i++) {
        struct gnttab_entry *e = entry_at(g, refs[i]);

        if (__atomic_load_n(&e->flags, __ATOMIC_ACQUIRE))
            err = LEAT_E_BUSY; /* somebody else's: it was never free */
        else
            err = g->frame(g->arg, (char *)base + i * LEAT_PAGE_SIZE, &frame);
        if (!err)
            set(e, (uint16_t)domain, frame);
    }
    if (err) {
        for (i--; i--;)
            set(entry_at(g, refs[i]), 0, 0);
        return err;
    }
    if (access == LEAT_READ_ONLY)
        flags |= GNTTAB_READ_ONLY;
    for (i = 0; i < n; i++)
        __atomic_store_n(&entry_at(g, refs[i])->flags, flags, __ATOMIC_RELEASE);
    return 0;
}

static int gnttab_end(void *self, uint32_t ref, void *page)
{
    struct gnttab_entry *e = entry_at(self, ref);
    uint16_t flags = __atomic_load_n(&e->flags, __ATOMIC_RELAXED);
    int i;

    (void)page;
    for (i = 0; i < TRIES; i++) {
        /* In use, or nothing that this table would have written. */
        if (flags & (GNTTAB_READING | GNTTAB_WRITING))
            return LEAT_E_BUSY;
        if (__atomic_compare_exchange_n(&e->flags, &flags, 0, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
            set(e, 0, 0);
            return 0;
        }
    }
    return LEAT_E_BUSY;
}

static int gnttab_expose(void *self, void *base, size_t n, uint32_t domain,
                         enum leat_access access)
{
    const struct leat_gnttab *g = self;

    return g->expose ? g->expose(g->arg, base, n, domain, access) : 0;
}

static int gnttab_conceal(void *self, void *base, size_t n)
{
    const struct leat_gnttab *g = self;

    return g->conceal ? g->conceal(g->arg, base, n) : 0;
}

static int gnttab_entry(void *self, uint32_t ref, struct leat_grant_entry *out)
{
    const struct gnttab_entry *e;
    uint16_t flags;

    if (ref >= gnttab_refs(self))
        return LEAT_E_REFERENCE;
    e = entry_at(self, ref);
    flags = __atomic_load_n(&e->flags, __ATOMIC_ACQUIRE);
    out->domain = __atomic_load_n(&e->domain, __ATOMIC_RELAXED);
    out->frame = __atomic_load_n(&e->frame, __ATOMIC_RELAXED);
    out->access = flags & GNTTAB_READ_ONLY ? LEAT_READ_ONLY : LEAT_READ_WRITE;
    out->granted = (flags & GNTTAB_TYPE) == GNTTAB_PERMIT;
    out->reading = flags & GNTTAB_READING;
    out->writing = flags & GNTTAB_WRITING;
    return 0;
}

static int gnttab_resumed(void *self)
{
    struct leat_gnttab *g = self;
    uint32_t ref, had = g->nframes;
    int err = g->resumed ? g->resumed(g->arg, g) : 0;

    if (!err && (g->nframes < had || !g->frames))
        err = LEAT_E_INVALID;
    for (ref = LEAT_GRANT_RESERVED; !err && ref < gnttab_refs(g); ref++) {
        __atomic_store_n(&entry_at(g, ref)->flags, 0, __ATOMIC_RELAXED);
        set(entry_at(g, ref), 0, 0);
    }
    return err;
}

static const struct leat_share_ops gnttab_ops = {
    .name = "gnttab",
    .caps = LEAT_SHARE_ON_DEMAND | LEAT_SHARE_INSPECT,
    .letgo = LEAT_LETGO_KNOWN,
    .refs = gnttab_refs,
    .grant = gnttab_grant,
    .expose = gnttab_expose,
    .conceal = gnttab_conceal,
    .end = gnttab_end,
    .entry = gnttab_entry,
    .resumed = gnttab_resumed,
};

struct leat_share leat_gnttab(struct leat_gnttab *g)
{
    struct leat_share b = {.ops = &gnttab_ops, .self = g};

    return b;
}
