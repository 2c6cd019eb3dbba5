/* SPDX-License-Identifier: ISC */

/*
 * A reserved range of addresses, in which the kernel's pages are mapped.
 *
 *   N1  a page that is FREE is mapped, inaccessible and ours
 *   N2  out == pages that are OUT, lost == pages that are LOST
 *
 * A mapping is put over the reservation, and the reservation over the mapping,
 * each by one mmap(MAP_FIXED), so there is no moment in which the addresses are
 * anybody's. But an mmap that fails within a driver has unmapped what was there:
 * a hole, which is closed only if nobody came first.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "parts.h"

#define NOTHING (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

int leat_xen_range_init(struct leat_xen_range *r, size_t pages)
{
    void *base;

    memset(r, 0, sizeof(*r));
    if (pages > LEAT_PAGES_MAX)
        return LEAT_E_OVERFLOW;
    r->used = calloc(pages, 1);
    if (!r->used)
        return LEAT_E_NOMEM;
    base = mmap(NULL, pages << LEAT_PAGE_SHIFT, PROT_NONE, NOTHING, -1, 0);
    if (base == MAP_FAILED) {
        free(r->used);
        return LEAT_E_NOMEM;
    }
    r->base = base;
    r->pages = pages;
    return 0;
}

void leat_xen_range_fini(struct leat_xen_range *r)
{
    /* Runs between the lost pages. */
    for (size_t i = 0, n; i < r->pages; i += n) {
        unsigned char kind = r->used[i];

        for (n = 1; i + n < r->pages && r->used[i + n] == kind; n++)
            ;
        if (kind != RANGE_LOST)
            munmap(r->base + (i << LEAT_PAGE_SHIFT), n << LEAT_PAGE_SHIFT);
    }
    free(r->used);
}

/* The first run of (n) free pages within [from, to). */
static bool run(const struct leat_xen_range *r, size_t from, size_t to,
                size_t n, size_t *first)
{
    for (size_t i = from, free = 0; i < to; i++) {
        free = r->used[i] == RANGE_FREE ? free + 1 : 0;
        if (free == n) {
            *first = i + 1 - n;
            return true;
        }
    }
    return false;
}

int leat_xen_range_take(struct leat_xen_range *r, size_t n, size_t *first)
{
    if (!n || n > r->pages)
        return LEAT_E_LIMIT;
    if (!run(r, r->next, r->pages, n, first) && !run(r, 0, r->pages, n, first))
        return LEAT_E_LIMIT;
    memset(r->used + *first, RANGE_OUT, n);
    r->next = (*first + n) % r->pages;
    r->out += n;
    return 0;
}

void leat_xen_range_give(struct leat_xen_range *r, size_t first, size_t n,
                         bool hole)
{
    unsigned char *at = r->base + (first << LEAT_PAGE_SHIFT);
    int how = hole ? MAP_FIXED_NOREPLACE : MAP_FIXED;
    void *got;
    bool good;

    if (!n)
        return;
    got = mmap(at, n << LEAT_PAGE_SHIFT, PROT_NONE, NOTHING | how, -1, 0);
    good = got == at;
    r->out -= n;
    if (!good && got != MAP_FAILED)
        munmap(got, n << LEAT_PAGE_SHIFT); /* Linux before 4.17 */
    if (!good)
        r->lost += n;
    memset(r->used + first, good ? RANGE_FREE : RANGE_LOST, n);
}

void leat_xen_range_lose(struct leat_xen_range *r, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        r->lost += r->used[i] != RANGE_LOST;
        r->used[i] = RANGE_LOST;
    }
}

bool leat_xen_range_find(const struct leat_xen_range *r, const void *page,
                         size_t n, size_t *first)
{
    uintptr_t off = (uintptr_t)page - (uintptr_t)r->base;

    if (off % LEAT_PAGE_SIZE || off >> LEAT_PAGE_SHIFT >= r->pages)
        return false;
    *first = off >> LEAT_PAGE_SHIFT;
    return n <= r->pages - *first;
}

const char *leat_xen_range_check(const struct leat_xen_range *r)
{
    size_t out = 0, lost = 0;

    for (size_t i = 0; i < r->pages; i++) {
        out += r->used[i] == RANGE_OUT;
        lost += r->used[i] == RANGE_LOST;
    }
    return out == r->out && lost == r->lost ? NULL : "N2: pages out and lost";
}
