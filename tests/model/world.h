/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_WORLD_H
#define LEAT_TESTS_WORLD_H

/*
 * A pool and what must be true of it, kept apart and as simply as can be: a
 * list of what is out, each with a pattern in its bytes, and the line of those
 * who wait.
 *
 *   M1  a page is in one holding at most, and its bytes are its owner's
 *   M2  a get succeeds when there is room for it, and fails as told when not
 *   M3  nobody waits whose wish could be granted
 *   M4  statistics add up to what is out
 */

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

#define PAGE     LEAT_PAGE_SIZE
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
    HELD = 300,    /* holdings at a time, at most     */
    REFS = 3,      /* refs of one holding             */
    LINE = 6,      /* waiters in line                 */
    BATCHES = 3,   /* batches out                     */
    STALE = 64,    /* handles that were put, kept     */
    REGIONS = 6,   /* pieces of memory to be adopted  */
    REGION = 5,    /* pages of each                   */
    ADOPTABLE = 4, /* of them at a time               */
    ARENA = 1024,  /* pages of the largest arena      */
};

/* What a run is made of. */
struct kind {
    const char *name;
    size_t arena; /* pages; 0: mmap */
    uint32_t mmap_flags;
    struct leat_pool_config config;
};

struct holding {
    struct leat_chunk c; /* its handle, if it is not put */
    bool handle;
    unsigned char *at;
    size_t pages;
    uint64_t owner; /* the pattern */
    int region;     /* adopted: of which; else -1 */
    size_t nrefs;
    struct leat_ref refs[REFS];
};

struct wish {
    struct leat_waiter w;
    struct world *world;
    size_t pages;
    bool used;
};

struct world {
    const struct kind *kind;
    struct leat_pool *pool;
    struct leat_magazine *m;
    struct leat_static_arena arena;
    struct leat_mmap mmap;
    void *meta;
    uint64_t seed, random, owners, op;
    const char *doing;
    jmp_buf failed;

    struct holding held[HELD];
    size_t nheld, out, limit;
    struct leat_chunk stale[STALE];
    size_t nstale;
    struct wish wishes[LINE];
    struct wish *line[LINE];
    size_t nline;
    struct leat_batch batches[BATCHES];
    uint64_t batch_owner[BATCHES];
    size_t nbatches, batch_pages;
    size_t region_pages[REGIONS]; /* that are still out */
    size_t released, reclaims;
};

static _Alignas(1 << 21) unsigned char world_arena[ARENA * 4096];
static _Alignas(4096) unsigned char world_region[REGIONS][REGION * 4096];

static inline uint64_t world_random(struct world *w)
{
    uint64_t x = w->random += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static inline size_t world_below(struct world *w, size_t n)
{
    return (size_t)(world_random(w) % n);
}

#define FAIL(w, ...)                                                         \
    do {                                                                     \
        printf("# seed %ju, %s, operation %ju (%s): ", (uintmax_t)(w)->seed, \
               (w)->kind->name, (uintmax_t)(w)->op, (w)->doing);             \
        printf(__VA_ARGS__);                                                 \
        printf(" (%s:%d)\n", __FILE__, __LINE__);                            \
        longjmp((w)->failed, 1);                                             \
    } while (0)
#define HOLDS(w, cond)                    \
    do {                                  \
        if (!(cond))                      \
            FAIL(w, "not so: %s", #cond); \
    } while (0)
#define GIVES(w, err, call)                                             \
    do {                                                                \
        int got_ = (call);                                              \
        if (got_ != (err))                                              \
            FAIL(w, "%s gave %s, not %s", #call, leat_error_name(got_), \
                 leat_error_name(err));                                 \
    } while (0)

/* Writes the owner's pattern, or verifies that it is there still. */
static inline void world_fill(unsigned char *at, size_t pages, uint64_t owner)
{
    for (size_t i = 0; i < pages * PAGE; i += 8) {
        uint64_t word = owner * 0x9e3779b97f4a7c15u + i;

        memcpy(at + i, &word, 8);
    }
}

static inline bool world_filled(const unsigned char *at, size_t pages,
                                uint64_t owner)
{
    for (size_t i = 0; i < pages * PAGE; i += 8) {
        uint64_t word = owner * 0x9e3779b97f4a7c15u + i;

        if (memcmp(at + i, &word, 8))
            return false;
    }
    return true;
}

static inline bool world_zero(const unsigned char *at, size_t pages)
{
    return !*at && !memcmp(at, at + 1, pages * PAGE - 1);
}

/* Tells whether (n) pages at (at) touch what is out (M1). */
static inline bool world_taken(const struct world *w, const unsigned char *at,
                               size_t n)
{
    const unsigned char *end = at + n * PAGE;
    struct leat_view v;

    for (size_t i = 0; i < w->nheld; i++) {
        const struct holding *h = &w->held[i];

        if (at < h->at + h->pages * PAGE && h->at < end)
            return true;
    }
    for (size_t i = 0; i < w->nbatches; i++)
        for (size_t k = 0; k < leat_batch_pages(w->batches[i]); k++)
            if (!leat_batch_view(w->batches[i], k, &v) && at < v.data + PAGE &&
                v.data < end)
                return true;
    return false;
}

/* Tells whether an arena has (n) free pages together, aligned as asked. */
static inline bool world_run(const struct world *w, size_t n)
{
    size_t step = 1;

    if (w->kind->config.flags & LEAT_POOL_NATURAL && n <= 512)
        while (step < n)
            step *= 2;
    for (size_t i = 0; i + n <= w->kind->arena; i += step)
        if (!world_taken(w, world_arena + i * PAGE, n))
            return true;
    return false;
}

/* What a get of (n) pages must give, if no page is idle in a magazine (M2). */
static inline int world_expect(const struct world *w, size_t n)
{
    const struct leat_pool_config *c = &w->kind->config;

    if (w->nline)
        return LEAT_E_BUSY;
    if (n > w->limit - w->out)
        return c->limit_pages &&
                       (!w->kind->arena || c->limit_pages <= w->kind->arena)
                   ? LEAT_E_LIMIT
                   : LEAT_E_NOMEM;
    if (w->kind->arena && n > 1 && !world_run(w, n))
        return LEAT_E_NOMEM;
    return 0;
}

/* A new holding: where it may be, what its bytes are, and its pattern (M1). */
static inline struct holding *world_hold(struct world *w, struct leat_chunk c,
                                         size_t pages, bool zeroed, int region)
{
    struct leat_view v = leat_chunk_view(c);
    struct holding *h;

    HOLDS(w, w->nheld < HELD);
    HOLDS(w, v.data && v.len == pages * PAGE);
    HOLDS(w, (uintptr_t)v.data % PAGE == 0);
    HOLDS(w, v.data == leat_chunk_addr(c));
    HOLDS(w, !world_taken(w, v.data, pages));
    if (w->kind->arena && region < 0)
        HOLDS(w, v.data >= world_arena &&
                     v.data + v.len <= world_arena + w->kind->arena * PAGE);
    if (zeroed)
        HOLDS(w, world_zero(v.data, pages));
    h = &w->held[w->nheld++];
    memset(h, 0, sizeof(*h));
    h->c = c;
    h->handle = true;
    h->at = v.data;
    h->pages = pages;
    h->owner = ++w->owners;
    h->region = region;
    world_fill(h->at, pages, h->owner);
    if (region < 0)
        w->out += pages;
    return h;
}

/* Takes (h) off the list: what it had is to be free now. */
static inline void world_let_go(struct world *w, struct holding *h)
{
    HOLDS(w, world_filled(h->at, h->pages, h->owner));
    if (h->region < 0)
        w->out -= h->pages;
    else
        w->region_pages[h->region] -= h->pages;
    *h = w->held[--w->nheld];
}

static inline void world_was_put(struct world *w, struct leat_chunk c)
{
    w->stale[w->nstale++ % STALE] = c;
}

static inline int world_count(void *arg, const struct leat_out *out)
{
    struct world *w = arg;

    for (size_t i = 0; i < w->nheld; i++)
        if (w->held[i].at == out->bytes.data)
            return w->held[i].pages * PAGE == out->bytes.len &&
                           w->held[i].nrefs + w->held[i].handle == out->owners
                       ? 0
                       : 1;
    return w->nbatches ? 0 : 1;
}

/* Verifies everything (M3, M4, and the pool's own invariants). */
static inline void world_check(struct world *w)
{
    const char *broken = leat_pool_check(w->pool);
    struct leat_stats s;
    size_t adopted = 0;

    if (broken)
        FAIL(w, "%s", broken);
    GIVES(w, 0, leat_pool_stats(w->pool, &s));
    HOLDS(w, s.pages_slabs == s.pages_free + s.pages_depot + s.pages_magazines +
                                  s.pages_out);
    HOLDS(w, s.pages_out == w->out);
    HOLDS(w, s.waiting == w->nline);
    for (size_t i = 0; i < REGIONS; i++)
        adopted += w->region_pages[i] ? REGION : 0;
    HOLDS(w, s.pages_adopted == adopted);
    if (!w->nbatches)
        HOLDS(w, s.gets - s.puts == w->nheld);
    GIVES(w, 0, leat_pool_each_out(w->pool, world_count, w));
    if (w->nline && (w->kind->arena || w->line[0]->pages == 1)) {
        size_t waiting = w->nline;

        w->nline = 0;
        HOLDS(w, world_expect(w, w->line[0]->pages) != 0);
        w->nline = waiting;
    }
}

#endif
