/* SPDX-License-Identifier: ISC */

/*
 * References: the free ones in the order in which they came back, and a line of
 * those who wait for some.
 *
 *   G1  references 0 to 7 are RESERVED, and no other is
 *   G2  free + held + granted == refs; the list of the free has exactly those
 *       that are FREE, each once; or none, where references come with the pages
 *   G3  a waiter is in line  <=>  waiter.table is set; while the line is not
 *       empty nobody gets references but its oldest, and all that it wants at
 *       once: so nobody holds some while waiting for more
 */

#include "internal.h"

void leat_refs_give(struct leat_grants *t, uint32_t ref)
{
    t->refs[ref].state = REF_FREE;
    t->refs[ref].page = NULL;
    t->refs[ref].first = NONE;
    t->refs[ref].next = NONE;
    t->stats.refs_free++;
    if (t->born)
        return; /* it is never asked for */
    if (t->free_last == NONE)
        t->free_first = ref;
    else
        t->refs[t->free_last].next = ref;
    t->free_last = ref;
}

/* Takes the (n) longest free, chained from (*first), as HELD. */
static void take(struct leat_grants *t, uint32_t *first, size_t n)
{
    uint32_t last = NONE;

    *first = t->free_first;
    t->stats.refs_free -= n;
    t->stats.refs_held += n;
    while (n--) {
        last = t->free_first;
        t->free_first = t->refs[last].next;
        t->refs[last].state = REF_HELD;
    }
    t->refs[last].next = NONE;
    if (t->free_first == NONE)
        t->free_last = NONE;
}

int leat_refs_take(struct leat_grants *t, uint32_t *first, size_t n)
{
    if (t->oldest && !t->resuming)
        return LEAT_E_BUSY; /* G3 */
    if (n > t->stats.refs_free)
        return LEAT_E_LIMIT;
    take(t, first, n);
    return 0;
}

/* Writes the chain from (ref) to (refs), and takes it apart. */
static void list(struct leat_grants *t, uint32_t ref, uint32_t *refs)
{
    while (ref != NONE) {
        uint32_t next = t->refs[ref].next;

        t->refs[ref].next = NONE;
        *refs++ = ref;
        ref = next;
    }
}

static void unlink_waiter(struct leat_grants *t, struct leat_refs_waiter *w)
{
    *(w->prev ? &w->prev->next : &t->oldest) = w->next;
    *(w->next ? &w->next->prev : &t->newest) = w->prev;
    w->next = w->prev = NULL;
    w->table = NULL;
    t->stats.waiting--;
}

/*
 * Serves who stands first, as long as there is enough. A callback that brings
 * more references comes back here only to find that somebody serves.
 */
void leat_refs_serve(struct leat_grants *t)
{
    struct leat_refs_waiter *w;

    if (t->serving)
        return;
    t->serving = true;
    while ((w = t->oldest) && !t->suspended && !t->resuming &&
           w->n <= t->stats.refs_free) {
        void (*served)(void *, uint32_t *, size_t) = w->served;
        uint32_t *refs = w->refs;
        size_t n = w->n;
        void *arg = w->arg;
        uint32_t first;

        unlink_waiter(t, w);
        take(t, &first, n);
        list(t, first, refs);
        t->stats.served++;
        unlock(t);
        served(arg, refs, n);
        lock(t);
    }
    t->serving = false;
}

int leat_grant_refs_get(struct leat_grants *t, uint32_t *refs, size_t n)
{
    uint32_t first;
    int err = 0;

    if (!t || (!refs && n))
        return LEAT_E_INVALID;
    if (t->born)
        return LEAT_E_UNSUPPORTED;
    if (!n)
        return 0;
    lock(t);
    if (t->suspended)
        err = LEAT_E_STATE;
    if (!err)
        err = leat_refs_take(t, &first, n);
    if (!err)
        list(t, first, refs);
    unlock(t);
    return err;
}

int leat_refs_held(const struct leat_grants *t, uint32_t ref)
{
    if (ref >= t->nrefs)
        return LEAT_E_REFERENCE;
    switch (t->refs[ref].state) {
    case REF_HELD:
        return 0;
    case REF_GRANTED:
    case REF_ENDED:
        return LEAT_E_BUSY;
    default:
        return LEAT_E_REFERENCE;
    }
}

int leat_grant_refs_put(struct leat_grants *t, const uint32_t *refs, size_t n)
{
    int err = 0;
    size_t i;

    if (!t || (!refs && n))
        return LEAT_E_INVALID;
    lock(t);
    /* One that is named twice is found, for it is free by then. */
    for (i = 0; i < n && !err; i++) {
        err = leat_refs_held(t, refs[i]);
        if (!err)
            t->refs[refs[i]].state = REF_FREE;
    }
    if (err)
        n = i - 1;
    for (i = 0; i < n; i++) {
        if (err) {
            t->refs[refs[i]].state = REF_HELD;
        } else {
            leat_refs_give(t, refs[i]);
            t->stats.refs_held--;
        }
    }
    if (!err)
        leat_refs_serve(t);
    unlock(t);
    return err;
}

size_t leat_grant_refs_free(struct leat_grants *t)
{
    size_t n;

    if (!t)
        return 0;
    lock(t);
    n = t->stats.refs_free;
    unlock(t);
    return n;
}

int leat_grant_refs_wait(struct leat_grants *t, struct leat_refs_waiter *w,
                         uint32_t *refs, size_t n,
                         void (*served)(void *arg, uint32_t *refs, size_t n),
                         void *arg)
{
    int err = 0;

    if (!t || !w || !refs || !n || !served)
        return LEAT_E_INVALID;
    if (t->born)
        return LEAT_E_UNSUPPORTED;
    lock(t);
    if (w->table) {
        err = LEAT_E_BUSY;
    } else if (n > t->stats.refs) {
        err = LEAT_E_LIMIT;
    } else {
        w->refs = refs;
        w->n = n;
        w->served = served;
        w->arg = arg;
        w->table = t;
        w->next = NULL;
        w->prev = t->newest;
        *(t->newest ? &t->newest->next : &t->oldest) = w;
        t->newest = w;
        t->stats.waiting++;
        t->stats.waits++;
        leat_refs_serve(t);
    }
    unlock(t);
    return err;
}

int leat_grant_refs_cancel(struct leat_grants *t, struct leat_refs_waiter *w)
{
    int err = 0;

    if (!t || !w)
        return LEAT_E_INVALID;
    lock(t);
    if (w->table == t) {
        unlink_waiter(t, w);
        leat_refs_serve(t); /* those behind it may fit */
    } else {
        err = LEAT_E_STATE;
    }
    unlock(t);
    return err;
}
