/* SPDX-License-Identifier: ISC */

/*
 * From a page to the references by which it is shared: chains of a hash.
 *
 *   G5  a reference is in the chain of its page  <=>  its state is GRANTED or
 *       ENDED
 */

#include "internal.h"

static uint32_t *bucket(const struct leat_grants *t, const void *page)
{
    uint64_t x = (uintptr_t)page / LEAT_PAGE_SIZE;

    x *= 0x9e3779b97f4a7c15u;
    return &t->buckets[(x >> 32) & (t->nbuckets - 1)];
}

uint32_t leat_hash_find(const struct leat_grants *t, const void *page,
                        uint32_t not_first)
{
    uint32_t i;

    for (i = *bucket(t, page); i != NONE; i = t->refs[i].chain) {
        if (t->refs[i].page == page && t->refs[i].first != not_first)
            return i;
    }
    return NONE;
}

uint32_t leat_hash_more(const struct leat_grants *t, uint32_t ref)
{
    const void *page = t->refs[ref].page;

    do
        ref = t->refs[ref].chain;
    while (ref != NONE && t->refs[ref].page != page);
    return ref;
}

void leat_hash_add(struct leat_grants *t, uint32_t ref)
{
    uint32_t *b = bucket(t, t->refs[ref].page);

    t->refs[ref].chain = *b;
    *b = ref;
}

void leat_hash_remove(struct leat_grants *t, uint32_t ref)
{
    uint32_t *p = bucket(t, t->refs[ref].page);

    while (*p != ref)
        p = &t->refs[*p].chain;
    *p = t->refs[ref].chain;
}
