/* SPDX-License-Identifier: ISC */

/*
 * Suspend and resume: before, access is ended or the suspend is refused; after,
 * every grant is one of before.
 *
 *     LIVE --suspend--> SUSPENDED --cancelled--> LIVE, by the same references
 *       ^                  |
 *       +--- refused ------+--resumed--> no more: its handle is stale
 *
 *   G12  the table is suspended  =>  each share is SUSPENDED, or is never let
 *        go of
 *
 * A share that the peer holds is in the way, and so is one in quarantine that
 * does not drain: such a page would be written after the moment that the suspend
 * stands for. All of them are named, not the first alone.
 */

#include "internal.h"

/* Ends what is live or in quarantine; 0, or it is in the way. */
static int try_end(struct leat_grants *t, uint32_t first)
{
    struct share *s = &t->shares[first];
    bool quarantined = s->state == LEAT_GRANT_QUARANTINED;
    struct leat_grant_info info;
    size_t all = SIZE_MAX;
    int err;

    if (s->never)
        return LEAT_E_BUSY;
    if (quarantined)
        leat_quarantine_remove(t, first);
    else
        t->stats.shares_live--;
    s->state = SHARE_SUSPENDING;
    leat_share_describe(t, first, &info);
    info.state = LEAT_GRANT_QUARANTINED;
    unlock(t);
    err = leat_share_end(t, first, &all);
    if (!err && quarantined) {
        err = leat_share_finish(t, first, true);
        if (!err)
            leat_grants_tell(t, LEAT_GRANT_DRAINED, &info);
    }
    lock(t);
    if (quarantined && err)
        leat_quarantine_add(t, first);
    else if (quarantined)
        t->stats.revokes++;
    else
        s->state = LEAT_GRANT_SUSPENDED;
    return err;
}

/* Conceals the run of the share at (first), unless that was done for another. */
static int conceal(struct leat_grants *t, uint32_t first)
{
    const struct leat_share *b = &t->config.share;
    struct share *s = &t->shares[first];
    uint32_t r;
    int err;

    for (r = leat_hash_find(t, s->keeps.view.data, first); r != NONE;
         r = leat_hash_more(t, r)) {
        if (t->shares[t->refs[r].first].concealed)
            return 0;
    }
    if (b->ops->conceal) {
        unlock(t);
        err = b->ops->conceal(b->self, s->keeps.view.data, s->n);
        lock(t);
        if (err)
            return err;
    }
    s->concealed = true;
    return 0;
}

/* Brings a suspended share back as it was. It fails where the backend does. */
static int bring_back(struct leat_grants *t, uint32_t first)
{
    const struct leat_share *b = &t->config.share;
    struct share *s = &t->shares[first];
    uint32_t domain = t->peers[s->peer].domain;
    uint32_t r, i = 0;
    int err = 0;

    unlock(t);
    if (s->concealed && b->ops->expose)
        err = b->ops->expose(b->self, s->keeps.view.data, s->n, domain,
                             (enum leat_access)s->access);
    lock(t);
    if (!err)
        s->concealed = false;
    for (r = first; r != NONE && !err; r = t->refs[r].next, i++) {
        if (t->refs[r].state != REF_ENDED)
            continue;
        unlock(t);
        err = b->ops->grant(b->self,
                            s->keeps.view.data + (size_t)i * LEAT_PAGE_SIZE, 1,
                            domain, (enum leat_access)s->access, &r);
        lock(t);
        if (err)
            break;
        t->refs[r].state = REF_GRANTED;
        s->held++;
        t->stats.grants++;
    }
    return err;
}

/* Whether a share keeps its bytes: where no other peer will see them. */
static bool keeps_bytes(const struct leat_grants *t, const struct share *s)
{
    return s->quiet ||
           leat_pool_peer(s->keeps.chunk.pool) == t->peers[s->peer].domain;
}

/* The share is no more, and its owner is told. */
static void lose(struct leat_grants *t, uint32_t first)
{
    struct share *s = &t->shares[first];
    struct leat_grant_info info;
    size_t all = SIZE_MAX;
    bool concealed = s->concealed, quiet = s->quiet;
    uint32_t r = leat_hash_find(t, s->keeps.view.data, first);
    int err;

    if (concealed && r != NONE) /* so is the run for those that it leaves */
        t->shares[t->refs[r].first].concealed = true;
    leat_share_describe(t, first, &info);
    t->stats.lost++;
    s->keep = keeps_bytes(t, s);
    s->state = LEAT_GRANT_REVOKING;
    unlock(t);
    err = leat_share_end(t, first, &all);
    if (!err)
        err = leat_share_finish(t, first, !concealed);
    lock(t);
    if (err)
        leat_quarantine_add(t, first);
    if (quiet)
        return;
    unlock(t);
    leat_grants_tell(t, LEAT_GRANT_LOST, &info);
    lock(t);
}

/*
 * Every share that is SUSPENDED comes back; one that cannot is lost. Those come
 * first for which their run was concealed: others of that run lean on it.
 */
static void undo(struct leat_grants *t)
{
    uint32_t pass, i;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < t->nrefs; i++) {
            struct share *s = &t->shares[i];

            if (s->state != LEAT_GRANT_SUSPENDED ||
                (pass == 0 && !s->concealed))
                continue;
            if (bring_back(t, i)) {
                lose(t, i);
            } else {
                s->state = LEAT_GRANT_LIVE;
                t->stats.shares_live++;
            }
        }
    }
}

int leat_grants_suspend(void *arg)
{
    struct leat_grants *t = arg;
    uint32_t i;
    int err = 0, one;

    lock(t);
    t->suspended = true; /* nothing new begins */
    for (i = 0; i < t->nrefs; i++) {
        struct share *s = &t->shares[i];

        s->in_the_way = s->concealed = false;
        if (s->state == SHARE_NONE)
            continue;
        if (s->state == LEAT_GRANT_LIVE || s->state == LEAT_GRANT_QUARANTINED)
            one = try_end(t, i);
        else
            one = LEAT_E_BUSY; /* another thread is at it */
        if (one) {
            s->in_the_way = true;
            err = one;
        }
    }
    for (i = 0; i < t->nrefs && !err; i++) {
        if (t->shares[i].state == LEAT_GRANT_SUSPENDED) {
            err = conceal(t, i);
            t->shares[i].in_the_way = err != 0;
        }
    }
    if (err) {
        undo(t);
        t->suspended = false;
        leat_refs_serve(t);
    }
    unlock(t);
    if (err)
        leat_persists_resumed(t); /* what was put off meanwhile */
    return err;
}

void leat_grants_resume(void *arg, enum leat_resumed how)
{
    struct leat_grants *t = arg;
    const struct leat_share *b = &t->config.share;
    uint32_t i;
    int err = 0;

    lock(t);
    if (how == LEAT_CANCELLED) {
        undo(t);
    } else {
        t->stats.generation++;
        unlock(t);
        if (b->ops && b->ops->resumed)
            err = b->ops->resumed(b->self);
        lock(t);
        for (i = 0; i < t->nrefs && !err; i++) {
            if (t->shares[i].state == LEAT_GRANT_SUSPENDED)
                lose(t, i);
        }
    }
    /* Without a table under it, nothing can be shared any more. */
    t->suspended = err != 0;
    t->resuming = !err;
    unlock(t);
    if (!err)
        leat_persists_resumed(t);
    lock(t);
    t->resuming = false;
    leat_refs_serve(t);
    unlock(t);
}
