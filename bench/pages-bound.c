/* SPDX-License-Identifier: ISC */

/*
 * The bound: an array that the thread owns, with nothing found and nothing
 * kept. "inline" is what no library can be faster than; "call" is the same
 * behind a call, as every library is. A page put by another thread than its
 * owner would be lost to it, so the cases where that happens are not here.
 *
 * Its pages lie in transparent huge pages and have been touched.
 */

#define PEER_ITEM void *

struct peer {
    char none;
};

#include "duo.h"

#define NOINLINE __attribute__((noinline))

enum {
    INLINE,
    CALL,
    OWNER,
    ATOMIC
};

static __thread struct {
    size_t top;
    void *pages[(1u << 20) + 16384];
} stack;

/* Pages that no thread has yet, and how many a second one will be given. */
static unsigned char *memory;
static size_t left;

#define SECOND 1024u

static void peer_open(int variant, size_t pages, unsigned flags)
{
    (void)variant;
    left = pages + SECOND;
    memory = bench_memory(left, flags & PEER_HUGE, flags & PEER_TOUCHED);
}

static void peer_enter(struct peer *p)
{
    size_t n = left > SECOND ? left - SECOND : left;

    (void)p;
    for (left -= n; n--; memory += BENCH_PAGE)
        stack.pages[stack.top++] = memory;
}

static void peer_leave(struct peer *p)
{
    (void)p;
}

BENCH_INLINE void *peer_addr(void *item)
{
    return item;
}

static NOINLINE void *get(void)
{
    return stack.pages[--stack.top];
}

static NOINLINE void put(void *page)
{
    stack.pages[stack.top++] = page;
}

BENCH_INLINE bool peer_get(struct peer *p, void **out, const int variant)
{
    (void)p;
    *out = variant == CALL ? get() : stack.pages[--stack.top];
    return true;
}

BENCH_INLINE int peer_put(struct peer *p, void *item, const int variant)
{
    (void)p;
    if (variant == CALL)
        put(item);
    else
        stack.pages[stack.top++] = item;
    return 0;
}

BENCH_INLINE bool peer_get_bulk(struct peer *p, void **out, size_t n,
                                const int variant)
{
    size_t i;

    for (i = 0; i < n; i++)
        peer_get(p, &out[i], variant);
    return true;
}

BENCH_INLINE int peer_put_bulk(struct peer *p, void **items, size_t n,
                               const int variant)
{
    size_t i;

    for (i = 0; i < n; i++)
        peer_put(p, items[i], variant);
    return 0;
}

/* A window with its bounds checked, by value: no view can be less. */
struct window {
    unsigned char *at;
    size_t len;
};

static inline bool cut(struct window w, size_t off, size_t len,
                       struct window *out)
{
    if (off > w.len || len > w.len - off)
        return false;
    out->at = w.at + off;
    out->len = len;
    return true;
}

static uint64_t work_slice(struct peer *p, uint64_t n)
{
    struct window all = {stack.pages[0], BENCH_PAGE}, part = all;
    size_t off = bench_has_offset ? bench_offset : 14;
    size_t len = bench_param ? bench_param : 1500;
    uint64_t from = bench_now(), i;
    int bad = 0;

    (void)p;
    BENCH_HIDE(all.at);
    BENCH_HIDE(all.len);
    for (i = 0; i < n; i++) {
        BENCH_HIDE(off);
        BENCH_HIDE(len);
        bad |= !cut(all, off, len, &part);
        BENCH_USE(part.at);
        BENCH_USE(part.len);
    }
    return work_end(from, bad);
}

/*
 * What a counted reference costs at least: a window and its count, one up, one
 * down. By a thread that owns the count, which is checked; and by any thread.
 */
static struct {
    void *owner;
    uint64_t refs;
} count;

BENCH_INLINE uint64_t work_count(uint64_t n, const int variant)
{
    struct window all = {stack.pages[0], BENCH_PAGE}, part = all;
    void *self = &stack;
    uint64_t from, i;
    int bad = 0;

    count.owner = self;
    from = bench_now();
    for (i = 0; i < n; i++) {
        BENCH_HIDE(self);
        bad |= variant == OWNER && count.owner != self;
        if (variant == OWNER)
            count.refs++;
        else
            __atomic_add_fetch(&count.refs, 1, __ATOMIC_RELAXED);
        part = all;
        BENCH_USE(part.at);
        bad |= variant == OWNER && count.owner != self;
        if (variant == OWNER)
            count.refs--;
        else
            __atomic_sub_fetch(&count.refs, 1, __ATOMIC_ACQ_REL);
        BENCH_USE(&count);
    }
    return work_end(from, bad);
}

static uint64_t work_owner(struct peer *p, uint64_t n)
{
    (void)p;
    return work_count(n, OWNER);
}

static uint64_t work_atomic(struct peer *p, uint64_t n)
{
    (void)p;
    return work_count(n, ATOMIC);
}

WORK_LOOPS(inline, INLINE)
WORK_LOOPS(call, CALL)

#define VIEW(name_, work_)                                             \
    {                                                                  \
        .name = name_, .pages = 8191, .flags = WORK_TOUCHED, .per = 1, \
        .work = work_, .run = work_run, .numbers = BENCH_MAY           \
    }

/* clang-format off */
static const struct bench_case inline_cases[] = {
    WORK_CASES(inline, INLINE),
    WORK_CASES_UNTOUCHED(inline, INLINE),
    WORK_CASES_FRESH(inline, INLINE),
    WORK_CASES_THP(inline, INLINE),
    DUO_THREADS(inline, INLINE),
    VIEW("slice", work_slice),
};

static const struct bench_case call_cases[] = {
    WORK_CASES(call, CALL),
    WORK_CASES_UNTOUCHED(call, CALL),
    DUO_THREADS(call, CALL),
};

static const struct bench_case owner_cases[] = {VIEW("ref", work_owner)};
static const struct bench_case atomic_cases[] = {VIEW("ref", work_atomic)};

#define VARIANT(name) {#name, name##_cases, sizeof name##_cases / sizeof *name##_cases}

const struct bench_variant bench_variants[] = {
    VARIANT(inline),
    VARIANT(call),
    VARIANT(owner),
    VARIANT(atomic),
    {NULL, NULL, 0},
};
/* clang-format on */
