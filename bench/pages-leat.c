/* SPDX-License-Identifier: ISC */

/*
 * leat, through its public headers: by a magazine that the thread holds
 * ("handle") and by the plain calls, which find it. This program is built
 * twice, with the static and with the shared library.
 *
 * Its slabs lie in transparent huge pages and have been touched, but for
 * "fresh" (huge, not touched) and "rss" (neither). The pool never zeroes: no
 * peer does.
 */

#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

/* A handle in one word, as with the other peers: leat/page.h. */
#define PEER_ITEM struct leat_page

struct peer {
    struct leat_magazine *m;
};

static struct leat_mmap backend;
static struct leat_pool *pool;

#include "duo.h"

enum {
    HANDLE,
    PLAIN
};

static bool handles;
static size_t warm_pages;

static void peer_open(int variant, size_t pages, unsigned flags)
{
    struct leat_pool_config config = {
        .backend = leat_mmap(&backend),
        .limit_pages = pages,
        .zero = LEAT_ZERO_NEVER,
    };

    handles = variant == HANDLE;
    warm_pages = flags & PEER_TOUCHED ? pages / 2 : 0;
    backend.flags = (flags & PEER_HUGE ? LEAT_MMAP_THP : 0) |
                    (flags & PEER_TOUCHED ? LEAT_MMAP_PREFAULT : 0);
    if (leat_mmap_init(&backend) || leat_pool_create(&pool, &config))
        bench_die("no pool");
}

static void warm_up(struct peer *p);

static void peer_enter(struct peer *p)
{
    p->m = NULL;
    if (handles && leat_magazine_create(pool, &p->m))
        bench_die("no magazine");
    warm_up(p);
}

static void peer_leave(struct peer *p)
{
    if (p->m)
        leat_magazine_destroy(p->m);
}

BENCH_INLINE void *peer_addr(struct leat_page page)
{
    return leat_chunk_addr(leat_page_chunk(pool, page));
}

BENCH_INLINE bool peer_get(struct peer *p, struct leat_page *out,
                           const int variant)
{
    struct leat_chunk c;

    if (variant == HANDLE)
        return !leat_page_get(p->m, out);
    if (leat_pool_get(pool, 1, &c))
        return false;
    *out = leat_chunk_page(c);
    return true;
}

BENCH_INLINE int peer_put(struct peer *p, struct leat_page page,
                          const int variant)
{
    return variant == HANDLE ? leat_page_put(p->m, page)
                             : leat_pool_put(pool, leat_page_chunk(pool, page));
}

BENCH_INLINE bool peer_get_bulk(struct peer *p, struct leat_page *out, size_t n,
                                const int variant)
{
    struct leat_chunk c[WORK_BULK];
    size_t i;

    if (variant == HANDLE)
        return !leat_page_get_bulk(p->m, out, n);
    if (leat_pool_get_bulk(pool, c, n))
        return false;
    for (i = 0; i < n; i++)
        out[i] = leat_chunk_page(c[i]);
    return true;
}

BENCH_INLINE int peer_put_bulk(struct peer *p, struct leat_page *pages,
                               size_t n, const int variant)
{
    struct leat_chunk c[WORK_BULK];
    size_t i;

    if (variant == HANDLE)
        return leat_page_put_bulk(p->m, pages, n, NULL);
    for (i = 0; i < n; i++)
        c[i] = leat_page_chunk(pool, pages[i]);
    return leat_pool_put_bulk(pool, c, n, NULL);
}

/*
 * Slabs come with the first pages, and magazines and the depot fill with those
 * that go back; the other peers have theirs from the start.
 */
static void warm_up(struct peer *p)
{
    static struct leat_page pages[WORK_LIVE];
    size_t i;

    for (i = 0; i < warm_pages; i++)
        work_get(p, &pages[i], handles ? HANDLE : PLAIN);
    while (i--)
        peer_put(p, pages[i], handles ? HANDLE : PLAIN);
}

/* Pages in a batch, of those that were handed over last. */
static uint64_t handed;

/* A whole magazine handed over, and given back. */
static uint64_t work_handover(struct peer *p, uint64_t n)
{
    uint64_t from = bench_now(), i;
    struct leat_batch batch;
    size_t pages = 0;
    int bad = 0;

    for (i = 0; i < n; i++) {
        if (leat_magazine_take(p->m, &batch))
            bench_die("no batch");
        BENCH_USE(batch.id);
        pages += leat_batch_pages(batch);
        bad |= leat_magazine_give(p->m, batch);
    }
    handed = pages / n;
    return work_end(from, bad);
}

/* The same, and a view of each of its pages. */
static uint64_t work_handover_viewed(struct peer *p, uint64_t n)
{
    uint64_t from = bench_now(), i;
    struct leat_batch batch;
    struct leat_view v;
    size_t all = 0, pages, j;
    int bad = 0;

    for (i = 0; i < n; i++) {
        if (leat_magazine_take(p->m, &batch))
            bench_die("no batch");
        pages = leat_batch_pages(batch);
        all += pages;
        for (j = 0; j < pages; j++) {
            bad |= leat_batch_view(batch, j, &v);
            BENCH_USE(v.data);
        }
        bad |= leat_magazine_give(p->m, batch);
    }
    handed = all / n;
    return work_end(from, bad);
}

static void run_handover(const struct bench *b)
{
    const struct bench_case *c = b->what;
    double ns;

    cpu_pin(0);
    peer_open(c->variant, c->pages, c->flags);
    peer_enter(&work_peer);
    ns = bench_measure(b, c->work, &work_peer);
    bench_report(b, "ns", ns / (double)handed);
}

/* What --sizes and --offsets say, of a chunk. */
static struct leat_view window(struct leat_view all)
{
    size_t off = bench_has_offset ? bench_offset : 14;
    size_t len = bench_param ? bench_param : 1500;

    if (leat_view_slice(all, off, len, &all))
        bench_die("no such window of a page");
    return all;
}

/* An owned, counted reference to a window, taken and dropped. */
static uint64_t work_ref(struct peer *p, uint64_t n)
{
    struct leat_chunk c = leat_magazine_get_value(p->m);
    struct leat_view v = window(leat_chunk_view(c));
    uint64_t from = bench_now(), ns, i;
    int bad = 0;

    for (i = 0; i < n; i++) {
        struct leat_ref ref;

        bad |= leat_ref_take(c, v, &ref);
        BENCH_USE(&ref);
        bad |= leat_ref_drop(&ref);
    }
    ns = work_end(from, bad);
    leat_magazine_put(p->m, c);
    return ns;
}

static uint64_t work_slice(struct peer *p, uint64_t n)
{
    struct leat_chunk c = leat_magazine_get_value(p->m);
    struct leat_view all = leat_chunk_view(c), part = all;
    size_t off = bench_has_offset ? bench_offset : 14;
    size_t len = bench_param ? bench_param : 1500;
    uint64_t from = bench_now(), ns, i;
    int bad = 0;

    BENCH_HIDE(all.data);
    BENCH_HIDE(all.len);
    for (i = 0; i < n; i++) {
        BENCH_HIDE(off);
        BENCH_HIDE(len);
        bad |= leat_view_slice(all, off, len, &part);
        BENCH_USE(part.data);
        BENCH_USE(part.len);
    }
    ns = work_end(from, bad);
    leat_magazine_put(p->m, c);
    return ns;
}

#include "leat-bytes.h"

/* Chunks of any size: by the plain calls, for a magazine has single pages. */
static uint64_t work_sized(struct peer *p, uint64_t n)
{
    size_t pages = (bench_param + BENCH_PAGE - 1) / BENCH_PAGE;
    uint64_t from = bench_now(), i;
    int bad = 0;

    (void)p;
    for (i = 0; i < n; i++) {
        struct leat_chunk c;

        if (leat_pool_get(pool, pages, &c))
            bench_die("a get failed");
        BENCH_USE(leat_chunk_addr(c));
        bad |= leat_pool_put(pool, c);
    }
    return work_end(from, bad);
}

WORK_LOOPS(handle, HANDLE)
WORK_LOOPS(plain, PLAIN)
DUO_LOOPS(handle, HANDLE)
DUO_LOOPS(plain, PLAIN)

/* clang-format off */
#define OWN_CASE(name_, work_, run_)                                           \
    {                                                                          \
        .name = name_, .variant = HANDLE, .pages = 8191,                       \
        .flags = WORK_TOUCHED, .per = 1, .work = work_, .run = run_            \
    }

static const struct bench_case handle_cases[] = {
    WORK_CASES(handle, HANDLE),
    WORK_CASES_UNTOUCHED(handle, HANDLE),
    WORK_CASES_FRESH(handle, HANDLE),
    WORK_CASES_THP(handle, HANDLE),
    DUO_CASES(handle, HANDLE),
    OWN_CASE("handover", work_handover, run_handover),
    OWN_CASE("viewed", work_handover_viewed, run_handover),
    OWN_CASE("headers", work_headers, run_headers),
    OWN_CASE("coloured", work_headers, run_headers),
    OWN_CASE("bounce", NULL, run_bounce),
    {.name = "ref", .variant = HANDLE, .pages = 8191, .flags = WORK_TOUCHED, .per = 1, .work = work_ref, .run = work_run, .numbers = BENCH_MAY},
    {.name = "slice", .variant = HANDLE, .pages = 8191, .flags = WORK_TOUCHED, .per = 1, .work = work_slice, .run = work_run, .numbers = BENCH_MAY},
};

static const struct bench_case plain_cases[] = {
    WORK_CASES(plain, PLAIN),
    WORK_CASES_UNTOUCHED(plain, PLAIN),
    WORK_CASES_FRESH(plain, PLAIN),
    WORK_CASES_THP(plain, PLAIN),
    DUO_CASES(plain, PLAIN),
    {.name = "sized", .variant = PLAIN, .pages = 8191, .flags = WORK_TOUCHED,
     .per = 1, .work = work_sized, .run = work_run, .numbers = BENCH_MUST},
};

const struct bench_variant bench_variants[] = {
    {"handle", handle_cases, sizeof handle_cases / sizeof *handle_cases},
    {"plain", plain_cases, sizeof plain_cases / sizeof *plain_cases},
    {NULL, NULL, 0},
};
/* clang-format on */
