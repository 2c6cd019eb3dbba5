/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GRANT_PLAIN_H
#define LEAT_TESTS_GRANT_PLAIN_H

/*
 * Plain arrays that play the grant tables of a few domains in one process, and
 * a hypervisor that does to them what Xen does: it marks entries in use by
 * compare-and-swap, and maps their frames. Each domain's memory is a file, so that
 * its pages can be mapped a second time, one after the other.
 *
 * A test can look, and act as a peer, between any two steps, and have the k-th
 * operation of a backend fail.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <leat/gnttab.h>
#include <leat/grant.h>
#include <leat/grant_map.h>
#include <leat/grant_ref.h>
#include <leat/leat.h>

#include "backend/gnttab.h"

#define PLAIN_DOMAINS 4
#ifndef PLAIN_FRAMES
#define PLAIN_FRAMES 4 /* pages of a table: 2048 references */
#define PLAIN_PAGES  4096
#endif
#define PLAIN_SPARE \
    256 /* of them, at the end, those for pools of the test's own */
#define PLAIN_FRAME_0 1000u /* of a domain's first page */

/* Ends the program where the play itself breaks. */
#define PLAIN_MUST(cond)                                                \
    do {                                                                \
        if (!(cond)) {                                                  \
            printf("Bail out! %s:%d: %s\n", __FILE__, __LINE__, #cond); \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);  \
            abort();                                                    \
        }                                                               \
    } while (0)

struct plain_world;

struct plain_domain {
    struct plain_world *world;
    uint32_t id;
    unsigned char *memory; /* PLAIN_PAGES of them */
    int fd;
    struct gnttab_entry *entries;
    void *frames[PLAIN_FRAMES];
    uint16_t uses[PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME];   /* maps of it      */
    uint16_t writes[PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME]; /* for writing     */
    struct leat_gnttab gnttab;
    struct leat_share inner;
    struct leat_share_ops ops; /* the same, with steps                        */
    struct leat_grants *table;
    struct leat_pool *pool;
    struct leat_static_arena arena;
    void *meta, *pool_meta;
    unsigned exposed, concealed; /* pages, ever */
    bool units;                  /* has expose and conceal */
};

struct plain_world {
    struct plain_domain domain[PLAIN_DOMAINS];

    /* Called before and after each operation of a backend. */
    void (*step)(void *arg, struct plain_domain *d, const char *what);
    void *arg;

    long fail_at; /* the how manieth operation from now fails; 0: none */
    int fail_with;
    long operations; /* so far */
    unsigned mapped; /* pages  */
};

/* A step: 0, or the failure that is due. */
static inline int plain_step(struct plain_domain *d, const char *what)
{
    struct plain_world *w = d->world;

    __atomic_add_fetch(&w->operations, 1, __ATOMIC_RELAXED);
    if (w->step)
        w->step(w->arg, d, what);
    if (w->fail_at && --w->fail_at == 0)
        return w->fail_with;
    return 0;
}

static inline void plain_after(struct plain_domain *d, const char *what)
{
    if (d->world->step)
        d->world->step(d->world->arg, d, what);
}

/* ---------------------------------------------------------- the hypervisor */

/* Marks (ref) of (d) in use by domain (who), as Xen does. */
static inline int plain_use(struct plain_domain *d, uint32_t ref, uint32_t who,
                            enum leat_access access)
{
    struct gnttab_entry *e = &d->entries[ref];
    uint16_t flags, want;

    if (ref >= PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME)
        return LEAT_E_REFERENCE;
    flags = __atomic_load_n(&e->flags, __ATOMIC_ACQUIRE);
    do {
        if ((flags & GNTTAB_TYPE) != GNTTAB_PERMIT ||
            __atomic_load_n(&e->domain, __ATOMIC_RELAXED) != who)
            return LEAT_E_REFERENCE;
        if (access == LEAT_READ_WRITE && flags & GNTTAB_READ_ONLY)
            return LEAT_E_ACCESS;
        want = flags | GNTTAB_READING;
        if (access == LEAT_READ_WRITE)
            want |= GNTTAB_WRITING;
    } while (!__atomic_compare_exchange_n(&e->flags, &flags, want, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
    d->uses[ref]++;
    d->writes[ref] += access == LEAT_READ_WRITE;
    return 0;
}

static inline void plain_unuse(struct plain_domain *d, uint32_t ref,
                               enum leat_access access)
{
    uint16_t drop = 0;

    PLAIN_MUST(d->uses[ref]);
    if (access == LEAT_READ_WRITE && !--d->writes[ref])
        drop |= GNTTAB_WRITING;
    if (!--d->uses[ref])
        drop |= GNTTAB_READING;
    __atomic_fetch_and(&d->entries[ref].flags, (uint16_t)~drop,
                       __ATOMIC_SEQ_CST);
}

/* Where the page of (ref) is, in its owner's memory. */
static inline unsigned char *plain_page(struct plain_domain *d, uint32_t ref)
{
    uint32_t frame = __atomic_load_n(&d->entries[ref].frame, __ATOMIC_RELAXED);

    PLAIN_MUST(frame - PLAIN_FRAME_0 < PLAIN_PAGES);
    return d->memory + (size_t)(frame - PLAIN_FRAME_0) * LEAT_PAGE_SIZE;
}

static inline struct plain_domain *plain_domain(struct plain_world *w,
                                                uint32_t id)
{
    for (size_t i = 0; i < PLAIN_DOMAINS; i++)
        if (w->domain[i].id == id)
            return &w->domain[i];
    return NULL;
}

/* What one mapping is made of, to be undone. */
struct plain_mapping {
    enum leat_access access;
    struct leat_gref grefs[];
};

static inline int plain_map(void *self, const struct leat_gref *grefs, size_t n,
                            enum leat_access access, void **base, void **cookie,
                            int *status)
{
    struct plain_domain *me = self;
    struct plain_mapping *m;
    unsigned char *at;
    int err = plain_step(me, "map");
    size_t i;

    for (i = 0; status && i < n; i++)
        status[i] = err;
    if (err)
        return err;
    for (i = 0; i < n; i++) {
        struct plain_domain *d = plain_domain(me->world, grefs[i].domain);
        int one =
            d ? plain_use(d, grefs[i].ref, me->id, access) : LEAT_E_DOMAIN;

        if (one && !err)
            err = one;
        if (status)
            status[i] = one;
        if (one) /* to be undone below: what came before it */
            break;
    }
    if (err) {
        while (i--)
            plain_unuse(plain_domain(me->world, grefs[i].domain), grefs[i].ref,
                        access);
        return err;
    }
    at = mmap(NULL, n * LEAT_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
              -1, 0);
    m = malloc(sizeof(*m) + n * sizeof(grefs[0]));
    PLAIN_MUST(at != MAP_FAILED && m);
    m->access = access;
    memcpy(m->grefs, grefs, n * sizeof(grefs[0]));
    for (i = 0; i < n; i++) {
        struct plain_domain *d = plain_domain(me->world, grefs[i].domain);

        PLAIN_MUST(
            mmap(at + i * LEAT_PAGE_SIZE, LEAT_PAGE_SIZE,
                 access == LEAT_READ_ONLY ? PROT_READ : PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_FIXED, d->fd,
                 plain_page(d, grefs[i].ref) - d->memory) != MAP_FAILED);
    }
    me->world->mapped += n;
    *base = at;
    *cookie = m;
    return 0;
}

static inline int plain_unmap(void *self, void *base, size_t n, void *cookie)
{
    struct plain_domain *me = self;
    struct plain_mapping *m = cookie;
    int err = plain_step(me, "unmap");

    PLAIN_MUST(munmap(base, n * LEAT_PAGE_SIZE) == 0);
    for (size_t i = 0; i < n; i++) {
        struct plain_domain *d = plain_domain(me->world, m->grefs[i].domain);

        if (d->uses[m->grefs[i].ref])
            plain_unuse(d, m->grefs[i].ref, m->access);
    }
    me->world->mapped -= n;
    free(m);
    return err;
}

/* One side of a copied segment, used for the time of the copy. */
static inline int plain_side(struct plain_domain *me,
                             const struct leat_copy_side *side, uint32_t len,
                             enum leat_access access, unsigned char **out)
{
    struct plain_domain *d;
    int err;

    if (side->local) {
        *out = (unsigned char *)side->local + side->off;
        return 0;
    }
    d = plain_domain(me->world, side->gref.domain);
    if (!d)
        return LEAT_E_DOMAIN;
    if (side->off > LEAT_PAGE_SIZE || len > LEAT_PAGE_SIZE - side->off)
        return LEAT_E_RANGE;
    err = plain_use(d, side->gref.ref, me->id, access);
    if (!err)
        *out = plain_page(d, side->gref.ref) + side->off;
    return err;
}

static inline void plain_unside(struct plain_domain *me,
                                const struct leat_copy_side *side,
                                enum leat_access access)
{
    if (!side->local)
        plain_unuse(plain_domain(me->world, side->gref.domain), side->gref.ref,
                    access);
}

static inline int plain_copy(void *self, struct leat_copy_seg *segs, size_t n)
{
    struct plain_domain *me = self;
    int err = plain_step(me, "copy");

    for (size_t i = 0; i < n && !err; i++) {
        struct leat_copy_seg *s = &segs[i];
        unsigned char *from, *to;

        s->status = plain_side(me, &s->from, s->len, LEAT_READ_ONLY, &from);
        if (s->status)
            continue;
        s->status = plain_side(me, &s->to, s->len, LEAT_READ_WRITE, &to);
        if (!s->status) {
            memmove(to, from, s->len);
            plain_unside(me, &s->to, LEAT_READ_WRITE);
        }
        plain_unside(me, &s->from, LEAT_READ_ONLY);
    }
    return err;
}

static const struct leat_map_ops plain_map_ops = {
    .name = "plain",
    .caps = LEAT_MAP_MAP | LEAT_MAP_COPY,
    .map = plain_map,
    .unmap = plain_unmap,
    .copy = plain_copy,
};

/* ------------------------------------------------------------- the sharing */

static inline int plain_frame(void *arg, const void *page, uint32_t *frame)
{
    struct plain_domain *d = arg;
    size_t off = (uintptr_t)page - (uintptr_t)d->memory;
    int err = plain_step(d, "frame");

    if (err)
        return err;
    if (off >= PLAIN_PAGES * LEAT_PAGE_SIZE)
        return LEAT_E_FOREIGN;
    *frame = PLAIN_FRAME_0 + (uint32_t)(off / LEAT_PAGE_SIZE);
    return 0;
}

static inline int plain_expose(void *self, void *base, size_t n,
                               uint32_t domain, enum leat_access access)
{
    struct plain_domain *d = self;
    int err = plain_step(d, "expose");

    (void)base, (void)domain, (void)access;
    if (!err)
        d->exposed += n;
    return err;
}

static inline int plain_conceal(void *self, void *base, size_t n)
{
    struct plain_domain *d = self;
    int err = plain_step(d, "conceal");

    /* The peer has nothing of it in use. */
    for (size_t i = 0; i < PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME; i++)
        PLAIN_MUST(
            !d->entries[i].flags || plain_page(d, i) < (unsigned char *)base ||
            plain_page(d, i) >= (unsigned char *)base + n * LEAT_PAGE_SIZE);
    if (!err)
        d->concealed += n;
    return err;
}

static inline uint32_t plain_refs(void *self)
{
    struct plain_domain *d = self;

    return d->inner.ops->refs(d->inner.self);
}

static inline int plain_grant(void *self, void *base, size_t n, uint32_t domain,
                              enum leat_access access, const uint32_t *refs)
{
    struct plain_domain *d = self;
    int err = plain_step(d, "grant");

    if (!err)
        err = d->inner.ops->grant(d->inner.self, base, n, domain, access, refs);
    plain_after(d, "granted");
    return err;
}

static inline int plain_end(void *self, uint32_t ref, void *page)
{
    struct plain_domain *d = self;
    int err = plain_step(d, "end");

    if (!err)
        err = d->inner.ops->end(d->inner.self, ref, page);
    plain_after(d, "ended");
    return err;
}

static inline int plain_resumed(void *self)
{
    struct plain_domain *d = self;
    int err = plain_step(d, "resumed");

    return err ? err : d->inner.ops->resumed(d->inner.self);
}

static inline void plain_world_open(struct plain_world *w)
{
    memset(w, 0, sizeof(*w));
    for (uint32_t i = 0; i < PLAIN_DOMAINS; i++) {
        struct plain_domain *d = &w->domain[i];
        size_t bytes = PLAIN_PAGES * LEAT_PAGE_SIZE;
        void *entries = NULL;

        d->world = w;
        d->id = i + 1;
        d->fd = memfd_create("plain", MFD_CLOEXEC);
        PLAIN_MUST(d->fd >= 0 && ftruncate(d->fd, (off_t)bytes) == 0);
        d->memory =
            mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);
        PLAIN_MUST(d->memory != MAP_FAILED);
        PLAIN_MUST(posix_memalign(&entries, LEAT_PAGE_SIZE,
                                  PLAIN_FRAMES * LEAT_PAGE_SIZE) == 0);
        memset(entries, 0, PLAIN_FRAMES * LEAT_PAGE_SIZE);
        d->entries = entries;
        for (size_t f = 0; f < PLAIN_FRAMES; f++)
            d->frames[f] = (char *)entries + f * LEAT_PAGE_SIZE;
        d->gnttab = (struct leat_gnttab){.frames = d->frames,
                                         .nframes = PLAIN_FRAMES,
                                         .frame = plain_frame,
                                         .arg = d};
        d->inner = leat_gnttab(&d->gnttab);
    }
}

/* A table of (d), with (config) but for what the play sets; and (pool). */
static inline void plain_open(struct plain_domain *d,
                              struct leat_grants_config config,
                              struct leat_pool_config pool)
{
    d->ops = *d->inner.ops;
    d->ops.refs = plain_refs;
    d->ops.grant = plain_grant;
    d->ops.end = plain_end;
    d->ops.resumed = plain_resumed;
    d->ops.expose = d->units ? plain_expose : NULL;
    d->ops.conceal = d->units ? plain_conceal : NULL;
    config.share = (struct leat_share){&d->ops, d};
    config.map = (struct leat_map){&plain_map_ops, d};
    PLAIN_MUST(leat_grants_meta_size(&config, &config.meta_bytes) == 0);
    config.meta = d->meta = malloc(config.meta_bytes);
    PLAIN_MUST(leat_grants_create(&d->table, &config) == 0);

    d->arena = (struct leat_static_arena){.base = d->memory,
                                          .bytes = (PLAIN_PAGES - PLAIN_SPARE) *
                                                   LEAT_PAGE_SIZE};
    pool.backend = leat_static(&d->arena);
    PLAIN_MUST(leat_pool_meta_size(&pool, &pool.meta_bytes) == 0);
    pool.meta = d->pool_meta = malloc(pool.meta_bytes);
    PLAIN_MUST(leat_pool_create(&d->pool, &pool) == 0);
}

static inline void plain_close(struct plain_domain *d)
{
    const char *broken = leat_grants_check(d->table);

    if (broken)
        fprintf(stderr, "%s\n", broken);
    PLAIN_MUST(!broken);
    for (size_t i = 0; i < PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME; i++)
        PLAIN_MUST(!d->entries[i].flags && !d->uses[i]);
    PLAIN_MUST(d->exposed == d->concealed);
    PLAIN_MUST(leat_grants_destroy(d->table) == 0);
    PLAIN_MUST(leat_pool_destroy(d->pool) == 0);
    free(d->meta);
    free(d->pool_meta);
}

static inline void plain_world_close(struct plain_world *w)
{
    PLAIN_MUST(!w->mapped);
    for (size_t i = 0; i < PLAIN_DOMAINS; i++) {
        munmap(w->domain[i].memory, PLAIN_PAGES * LEAT_PAGE_SIZE);
        close(w->domain[i].fd);
        free(w->domain[i].entries);
    }
}

#endif
