/* SPDX-License-Identifier: ISC */

/*
 * Ending: a page is taken from a peer, or is kept.
 *
 *     LIVE --revoke--> REVOKING --all ended, concealed--> no more
 *                      |     ^
 *                      v     | poll, told, another revoke
 *                    QUARANTINED
 *
 *   G8  a share is in quarantine's list  <=>  its state is QUARANTINED and it
 *       may still be let go of
 *   G9  held == references of the share that are GRANTED
 *
 * The backend's end is one atomic try (XSA-396), made without the lock by the one
 * thread that moved the share to REVOKING. What has ended once is not tried
 * again.
 */

#include <string.h>

#include "internal.h"

/* Ends are booked so many at a time. */
#define SOME 32u

int leat_share_end(struct leat_grants *t, uint32_t first, size_t *budget)
{
    const struct leat_share *b = &t->config.share;
    struct share *s = &t->shares[first];
    uint32_t ended[SOME], r = first;
    int err = 0, one;

    if (t->letgo == LEAT_LETGO_TOLD && !s->told && s->held)
        return LEAT_E_BUSY;
    while (r != NONE && *budget) {
        uint32_t tried = 0, n = 0;

        for (; r != NONE && tried < SOME && *budget; r = t->refs[r].next) {
            if (t->refs[r].state != REF_GRANTED)
                continue;
            tried++;
            --*budget;
            one = b->ops->end(b->self, r, t->refs[r].page);
            if (!one)
                ended[n++] = r;
            else if (!err)
                err = one;
        }
        lock(t);
        t->stats.ends += tried;
        t->stats.held += tried - n;
        s->held -= n; /* G9 */
        while (n--)
            t->refs[ended[n]].state = REF_ENDED;
        unlock(t);
    }
    if (!err && s->held)
        err = LEAT_E_BUSY; /* the budget was not enough */
    return err;
}

/* The share is no more. Under the lock. */
static void forget(struct leat_grants *t, uint32_t first, bool last,
                   struct leat_ref *keeps)
{
    struct share *s = &t->shares[first];
    struct leat_quota *cost = &t->peers[s->peer].cost;
    uint32_t r, next;

    *keeps = s->keeps;
    for (r = first; r != NONE; r = next) {
        next = t->refs[r].next;
        leat_hash_remove(t, r);
        leat_refs_give(t, r);
    }
    t->stats.refs_granted -= s->n;
    cost->refs -= s->n;
    if (last) {
        cost->pages -= s->n;
        t->stats.pages_shared -= s->n;
    }
    s->state = SHARE_NONE;
    s->life++;
    memset(&s->keeps, 0, sizeof(s->keeps));
}

int leat_share_finish(struct leat_grants *t, uint32_t first, bool exposed)
{
    const struct leat_share *b = &t->config.share;
    struct share *s = &t->shares[first];
    struct leat_view run = s->keeps.view;
    struct leat_ref keeps;
    bool last;
    int err = 0;

    /* While the share is in the hash, nobody else gets at the pages. */
    lock(t);
    last = leat_hash_find(t, run.data, first) == NONE;
    if (!last)
        forget(t, first, false, &keeps);
    unlock(t);
    if (last) {
        if (exposed && b->ops->conceal)
            err = b->ops->conceal(b->self, run.data, run.len / LEAT_PAGE_SIZE);
        if (err)
            return err;
        if (!s->keep)
            memset(run.data, 0, run.len);
        lock(t);
        forget(t, first, true, &keeps);
        unlock(t);
    }
    leat_ref_drop(&keeps); /* C1: from here on it may be anybody's */
    lock(t);
    leat_refs_serve(t);
    unlock(t);
    return 0;
}

void leat_quarantine_add(struct leat_grants *t, uint32_t first)
{
    struct share *s = &t->shares[first];

    s->state = LEAT_GRANT_QUARANTINED;
    t->stats.quarantined++;
    if (s->never)
        return;
    s->newer = NONE;
    s->older = t->quarantine_last;
    *(s->older == NONE ? &t->quarantine_first : &t->shares[s->older].newer) =
        first;
    t->quarantine_last = first;
}

void leat_quarantine_remove(struct leat_grants *t, uint32_t first)
{
    struct share *s = &t->shares[first];

    t->stats.quarantined--;
    if (s->never)
        return;
    *(s->older == NONE ? &t->quarantine_first : &t->shares[s->older].newer) =
        s->newer;
    *(s->newer == NONE ? &t->quarantine_last : &t->shares[s->newer].older) =
        s->older;
    s->newer = s->older = NONE;
}
