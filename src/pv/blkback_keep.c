/* SPDX-License-Identifier: ISC */

/*
 * Pages of the front's that stay mapped: found by their references, bounded in
 * number. Those that were mapped by one operation are a run, which is unmapped as
 * one; where there is no room, the run that was not used longest goes, unless a
 * request uses it.
 *
 *   K1  a page is in the bucket of its reference and in the list of its run, or
 *       free; no reference is there twice
 *   K2  a run is in the line of ages, or free
 *   K3  users of a run == segments of requests under way that lie in it
 *
 * A front may only end such a grant after this side let go, so while it is here a
 * reference means the same page. Where a front lies about that, it is its own
 * page that it does not get back.
 */

#include "blkback.h"

static uint32_t bucket_of(const struct back_keep *k, uint32_t ref)
{
    return ref * 2654435761u >> 7 & k->mask;
}

void leat_back_keep_init(struct back_keep *k)
{
    uint32_t i;

    for (i = 0; i <= k->mask; i++)
        k->buckets[i] = BACK_NONE;
    for (i = 0; i < k->n; i++)
        k->runs[i].newer = k->pages[i].next = i + 1 < k->n ? i + 1 : BACK_NONE;
    k->free_run = k->free_page = k->n ? 0 : BACK_NONE;
    k->oldest = k->newest = BACK_NONE;
    k->used = 0;
}

uint32_t leat_back_keep_find(const struct back_keep *k, uint32_t ref)
{
    uint32_t i = k->n ? k->buckets[bucket_of(k, ref)] : BACK_NONE;

    while (i != BACK_NONE && k->pages[i].ref != ref)
        i = k->pages[i].next;
    return i;
}

static void leave(struct back_keep *k, uint32_t run)
{
    struct back_run *r = &k->runs[run];

    *(r->older == BACK_NONE ? &k->oldest : &k->runs[r->older].newer) = r->newer;
    *(r->newer == BACK_NONE ? &k->newest : &k->runs[r->newer].older) = r->older;
}

static void join(struct back_keep *k, uint32_t run)
{
    struct back_run *r = &k->runs[run];

    r->older = k->newest;
    r->newer = BACK_NONE;
    *(k->newest == BACK_NONE ? &k->oldest : &k->runs[k->newest].newer) = run;
    k->newest = run;
}

volatile unsigned char *leat_back_keep_use(struct back_keep *k, uint32_t page)
{
    const struct back_page *p = &k->pages[page];
    struct back_run *r = &k->runs[p->run];

    if (k->newest != p->run) {
        leave(k, p->run);
        join(k, p->run);
    }
    r->users++;
    return r->base + (size_t)p->at * LEAT_PAGE_SIZE;
}

void leat_back_keep_drop(struct back_keep *k, uint32_t run)
{
    k->runs[run].users--;
}

/* Takes the page (i) out of its bucket. */
static void forget(struct back_keep *k, uint32_t i)
{
    struct back_page *p = &k->pages[i];
    uint32_t *at = &k->buckets[bucket_of(k, p->ref)];

    while (*at != i)
        at = &k->pages[*at].next;
    *at = p->next;
    p->next = k->free_page;
    k->free_page = i;
    k->used--;
}

/* Makes a page of (run) for the reference, as the (at)th. */
static void remember(struct back_keep *k, uint32_t run, uint32_t ref,
                     uint32_t at)
{
    uint32_t i = k->free_page, *bucket = &k->buckets[bucket_of(k, ref)];

    k->free_page = k->pages[i].next;
    k->pages[i] = (struct back_page){.ref = ref,
                                     .run = run,
                                     .at = at,
                                     .sibling = k->runs[run].first,
                                     .next = *bucket};
    *bucket = k->runs[run].first = i;
    k->used++;
}

/* Forgets a run's pages; the run is free then. */
static void empty(struct back_keep *k, uint32_t run)
{
    struct back_run *r = &k->runs[run];
    uint32_t i, next;

    for (i = r->first; i != BACK_NONE; i = next) {
        next = k->pages[i].sibling;
        forget(k, i);
    }
    r->newer = k->free_run;
    k->free_run = run;
}

/* Unmaps a run that nobody uses. */
static void purge(struct back_queue *q, uint32_t run)
{
    struct back_keep *k = &q->keep;

    leat_back_unmap_raw(q->back, k->runs[run].mapping);
    leave(k, run);
    empty(k, run);
}

/* Room for (n) pages and a run, of what nobody uses. */
static bool make_room(struct back_queue *q, uint32_t n)
{
    struct back_keep *k = &q->keep;
    uint32_t run = k->oldest, newer, used = k->used;

    if (n > k->n)
        return false;
    while (run != BACK_NONE &&
           (k->n - k->used < n || k->free_run == BACK_NONE)) {
        newer = k->runs[run].newer;
        if (!k->runs[run].users)
            purge(q, run);
        run = newer;
    }
    q->back->stats.purged += used - k->used;
    return k->n - k->used >= n && k->free_run != BACK_NONE;
}

int leat_back_keep_add(struct back_queue *q, struct leat_gref *grefs,
                       uint32_t n)
{
    struct back_keep *k = &q->keep;
    struct leat_mapping mapping;
    struct leat_shared all;
    uint32_t run, i, m = 0;
    struct back_run *r;
    int err;

    if (!make_room(q, n))
        return LEAT_E_AGAIN;
    run = k->free_run;
    r = &k->runs[run];
    k->free_run = r->newer;
    r->first = BACK_NONE;
    r->users = 0;
    for (i = 0; i < n; i++) {
        if (leat_back_keep_find(k, grefs[i].ref) != BACK_NONE)
            continue;
        remember(k, run, grefs[i].ref, m);
        grefs[m++] = grefs[i];
    }
    /* For reading and writing, whatever it is for now: blkif.h, note 8. */
    err = leat_back_map_raw(q->back, grefs, m, LEAT_READ_WRITE, &mapping, &all);
    if (err) {
        empty(k, run);
        return err;
    }
    r->mapping = mapping;
    r->base = all.peer_bytes;
    join(k, run);
    return 0;
}

void leat_back_keep_purge(struct back_queue *q)
{
    uint32_t run = q->keep.oldest, newer;

    for (; run != BACK_NONE; run = newer) {
        newer = q->keep.runs[run].newer;
        if (!q->keep.runs[run].users)
            purge(q, run);
    }
}

const char *leat_back_keep_check(const struct back_keep *k)
{
    uint32_t run, i, pages = 0, runs = 0, older = BACK_NONE;

    for (run = k->oldest; run != BACK_NONE; run = k->runs[run].newer) {
        if (k->runs[run].older != older || ++runs > k->n)
            return "K2";
        older = run;
        for (i = k->runs[run].first; i != BACK_NONE; i = k->pages[i].sibling) {
            if (k->pages[i].run != run || ++pages > k->n ||
                leat_back_keep_find(k, k->pages[i].ref) != i)
                return "K1";
        }
    }
    if (k->newest != older)
        return "K2";
    if (pages != k->used)
        return "K1";
    for (i = k->free_page; i != BACK_NONE; i = k->pages[i].next)
        if (++pages > k->n)
            return "K1";
    for (run = k->free_run; run != BACK_NONE; run = k->runs[run].newer)
        if (++runs > k->n)
            return "K2";
    if (pages != k->n)
        return "K1";
    return runs == k->n ? NULL : "K2";
}
