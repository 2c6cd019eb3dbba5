/* SPDX-License-Identifier: ISC */

/*
 * The free set: one bit for each page number, and the slabs it is made of.
 *
 *   S1  a slab takes whole units of page numbers, and no two slabs share one
 *   S2  a bit is set  =>  its page is in a slab, in no magazine, in no block of
 *       the depot, and out to nobody
 *   S3  slab.free == bits set in it;  pool.in_free == their sum
 *   S4  no page of a slab before slab.hint is free; no slab in a slot before
 *       pool.slab_hint has a free page
 *   S5  a unit's generations go on when one slab goes and another comes, so a
 *       handle of the old one stays stale; between the two no handle fits
 *
 * Runs are taken first fit, lowest number first: that keeps what is used
 * together and whole slabs free for trim.
 */

#include <string.h>

#include "internal.h"

/* The first bit at or after (from) and before (to) that is (set), or (to). */
static uint32_t bit_next(const uint64_t *bits, uint32_t from, uint32_t to,
                         bool set)
{
    while (from < to) {
        uint64_t word = set ? bits[from / 64] : ~bits[from / 64];

        word &= ~(uint64_t)0 << (from % 64);
        if (word) {
            uint32_t at = (from & ~63u) + (uint32_t)__builtin_ctzll(word);

            return at < to ? at : to;
        }
        from = (from & ~63u) + 64;
    }
    return to;
}

static void bits_set(uint64_t *bits, uint32_t from, uint32_t n, bool set)
{
    while (n) {
        uint32_t k = 64 - from % 64;
        uint64_t mask;

        if (k > n)
            k = n;
        mask = (k == 64 ? ~(uint64_t)0 : ((uint64_t)1 << k) - 1) << (from % 64);
        if (set)
            bits[from / 64] |= mask;
        else
            bits[from / 64] &= ~mask;
        from += k;
        n -= k;
    }
}

/* What a run of (pages) is aligned to, in pages. */
size_t leat_run_align(const struct leat_pool *pool, size_t pages)
{
    size_t align = 1;

    if (!(pool->config.flags & LEAT_POOL_NATURAL))
        return 1;
    while (align < pages && align < (size_t)1 << LEAT_ORDER_MAX)
        align *= 2;
    return align;
}

/* Finds a free run in (s); NO_SLAB's value when there is none. */
static uint32_t run_find(const struct leat_pool *pool, const struct slab *s,
                         size_t pages)
{
    size_t align = leat_run_align(pool, pages);
    uintptr_t base = (uintptr_t)s->mem.base >> LEAT_PAGE_SHIFT;
    uint32_t end = s->first + s->pages;
    uint32_t at = s->hint;

    for (;;) {
        uint32_t stop;

        at = bit_next(pool->free_bits, at, end, true);
        if (align > 1 && at < end) {
            size_t past = (base + (at - s->first)) & (align - 1);

            if (past) {
                /* To the next aligned page, which need not be free. */
                if (align - past >= end - at)
                    return NO_SLAB;
                at += (uint32_t)(align - past);
                continue;
            }
        }
        if (pages > end - at)
            return NO_SLAB;
        stop = bit_next(pool->free_bits, at, at + (uint32_t)pages, false);
        if (stop - at == pages)
            return at;
        at = stop;
    }
}

int leat_slab_take(struct leat_pool *pool, size_t pages, uint32_t *first)
{
    uint32_t i, at;

    if (pages > pool->limit || pool->used > pool->limit - pages)
        return pool->limit_err;
    if (pages > pool->in_free)
        return LEAT_E_NOMEM;
    for (i = pool->slab_hint; i < pool->slab_slots; i++) {
        struct slab *s = &pool->slabs[i];

        if (!s->free || s->adopted) {
            if (i == pool->slab_hint)
                pool->slab_hint++;
            continue;
        }
        if (pages > s->free)
            continue;
        at = run_find(pool, s, pages);
        if (at == NO_SLAB)
            continue;
        bits_set(pool->free_bits, at, (uint32_t)pages, false);
        if (at == s->hint)
            s->hint = at + (uint32_t)pages;
        s->free -= (uint32_t)pages;
        pool->in_free -= pages;
        pool->used += pages;
        *first = at;
        return 0;
    }
    return LEAT_E_NOMEM;
}

void leat_slab_give(struct leat_pool *pool, uint32_t first, uint32_t pages)
{
    struct slab *s = page_slab(pool, first);
    uint32_t slot = (uint32_t)(s - pool->slabs);

    LEAT_ASSERT(first >= s->first && first + pages <= s->first + s->pages);
    LEAT_ASSERT(bit_next(pool->free_bits, first, first + pages, true) ==
                first + pages); /* S2 */
    bits_set(pool->free_bits, first, pages, true);
    s->free += pages;
    if (first < s->hint)
        s->hint = first;
    if (slot < pool->slab_hint)
        pool->slab_hint = slot;
    pool->in_free += pages;
    pool->used -= pages;
}

/* Finds (want) free units in a row. */
static uint32_t units_find(const struct leat_pool *pool, uint32_t want)
{
    uint32_t i, run = 0;

    for (i = 0; i < pool->nunits; i++) {
        run = pool->unit_slab[i] == NO_SLAB ? run + 1 : 0;
        if (run == want)
            return i + 1 - want;
    }
    return NO_SLAB;
}

/* Where (base) belongs in by_addr: the first slab that begins after it. */
static uint32_t addr_rank(const struct leat_pool *pool, uintptr_t base)
{
    uint32_t lo = 0, hi = pool->nslabs;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if ((uintptr_t)pool->slabs[pool->by_addr[mid]].mem.base <= base)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

uint32_t leat_slab_find(const struct leat_pool *pool, const void *addr)
{
    uint32_t rank = addr_rank(pool, (uintptr_t)addr);
    const struct slab *s;

    if (!rank)
        return NO_SLAB;
    s = &pool->slabs[pool->by_addr[rank - 1]];
    if ((uintptr_t)addr - (uintptr_t)s->mem.base >=
        (size_t)s->pages * LEAT_PAGE_SIZE)
        return NO_SLAB;
    return pool->by_addr[rank - 1];
}

/*
 * Sets up the words of a slab's numbers; those that a slab leaves over in its
 * last unit become the inside of nothing, which no handle names.
 */
static void init_numbers(struct leat_pool *pool, uint32_t first, uint32_t pages)
{
    uint32_t end = (first + pages + UNIT_PAGES - 1) & ~(UNIT_PAGES - 1);
    uint32_t i;

    if (end > pool->numbers)
        end = pool->numbers;
    for (i = first; i < end; i++) {
        uint32_t word = state_load(pool, i) & ~STATE_FLAGS;

        /*
         * 0 is a number that has never been in a slab. Neighbours start apart,
         * so that a handle made up from another's names nothing.
         */
        if (!word)
            word = ((pool->head.base + i) * 2654435761u | STATE_LIFE) &
                   ~STATE_FLAGS;
        state_store(pool, i, i < first + pages ? word : word | STATE_TAIL);
        pool->head.desc[i].refs = 1;
        desc_pages_set(pool, i, 1);
    }
    if (end > pool->head.ready)
        __atomic_store_n(&pool->head.ready, end, __ATOMIC_RELEASE);
    if (!LEAT_DEBUG)
        __atomic_store_n(&pool->head.fast, pool->head.ready, __ATOMIC_RELEASE);
}

int leat_slab_add(struct leat_pool *pool, const struct leat_slab *mem,
                  uint32_t *slot)
{
    uint32_t units = (uint32_t)((mem->pages + UNIT_PAGES - 1) / UNIT_PAGES);
    uint32_t unit = units_find(pool, units);
    uint32_t i, rank;
    struct slab *s;

    if (unit == NO_SLAB)
        return LEAT_E_NOMEM;
    for (i = 0; i < pool->slab_slots && pool->slabs[i].pages; i++)
        ;
    if (i == pool->slab_slots)
        pool->slab_slots++;
    s = &pool->slabs[i];
    memset(s, 0, sizeof(*s));
    s->mem = *mem;
    s->first = unit * UNIT_PAGES;
    s->pages = (uint32_t)mem->pages;
    s->hint = s->first;
    s->next = NO_SLAB;
    init_numbers(pool, s->first, s->pages);

    rank = addr_rank(pool, (uintptr_t)mem->base);
    memmove(&pool->by_addr[rank + 1], &pool->by_addr[rank],
            (pool->nslabs - rank) * sizeof(*pool->by_addr));
    pool->by_addr[rank] = i;
    pool->nslabs++;
    if (pool->last_slab == NO_SLAB)
        pool->first_slab = i;
    else
        pool->slabs[pool->last_slab].next = i;
    pool->last_slab = i;
    for (rank = 0; rank < units; rank++) {
        pool->unit_slab[unit + rank] = i;
        pool->head.units[pool->head.base / UNIT_PAGES + unit + rank] =
            (uintptr_t)mem->base -
            (uintptr_t)(pool->head.base + s->first) * LEAT_PAGE_SIZE;
    }
    *slot = i;
    return 0;
}

void leat_slab_remove(struct leat_pool *pool, uint32_t slot)
{
    struct slab *s = &pool->slabs[slot];
    uint32_t units = (s->pages + UNIT_PAGES - 1) / UNIT_PAGES;
    uint32_t rank = addr_rank(pool, (uintptr_t)s->mem.base) - 1;
    uint32_t i, before = NO_SLAB;

    memmove(&pool->by_addr[rank], &pool->by_addr[rank + 1],
            (pool->nslabs - rank - 1) * sizeof(*pool->by_addr));
    pool->nslabs--;
    for (i = pool->first_slab; i != slot; i = pool->slabs[i].next)
        before = i;
    if (before == NO_SLAB)
        pool->first_slab = s->next;
    else
        pool->slabs[before].next = s->next;
    if (pool->last_slab == slot)
        pool->last_slab = before;
    for (i = 0; i < units; i++)
        pool->unit_slab[s->first / UNIT_PAGES + i] = NO_SLAB;
    bits_set(pool->free_bits, s->first, s->pages, false);
    for (i = s->first; i < s->first + s->pages; i++)
        state_store(pool, i, state_load(pool, i) | STATE_TAIL); /* S5 */
    s->pages = 0;
    s->free = 0;
}
