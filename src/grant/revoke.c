/* SPDX-License-Identifier: ISC */

/*
 * Revoking, and what becomes of what cannot be revoked at once: see end.c.
 */

#include "internal.h"

int leat_share_find(struct leat_grant g, uint32_t *first)
{
    uint32_t ref = (uint32_t)g.id;

    if (ref >= g.table->nrefs)
        return LEAT_E_STALE;
    if (g.table->shares[ref].life != (uint32_t)(g.id >> 32) ||
        g.table->shares[ref].state == SHARE_NONE)
        return LEAT_E_STALE;
    *first = ref;
    return 0;
}

void leat_grants_tell(struct leat_grants *t, enum leat_grant_event what,
                      const struct leat_grant_info *info)
{
    if (t->config.event)
        t->config.event(t->config.arg, what, info);
}

/* Makes the share at (first) this thread's. Under the lock. */
static int begin(struct leat_grants *t, uint32_t first)
{
    struct share *s = &t->shares[first];

    if (t->suspended ||
        (s->state != LEAT_GRANT_LIVE && s->state != LEAT_GRANT_QUARANTINED))
        return LEAT_E_STATE;
    if (s->never)
        return LEAT_E_UNSUPPORTED;
    if (s->state == LEAT_GRANT_QUARANTINED)
        leat_quarantine_remove(t, first);
    else
        t->stats.shares_live--;
    s->state = LEAT_GRANT_REVOKING;
    return 0;
}

/* Goes as far as it gets. The share is this thread's, (was) QUARANTINED or not. */
static int go_on(struct leat_grants *t, uint32_t first, bool was,
                 size_t *budget)
{
    struct share *s = &t->shares[first];
    int err = leat_share_end(t, first, budget);

    if (!err)
        err = leat_share_finish(t, first, true);
    lock(t);
    if (err) {
        s->never = t->letgo == LEAT_LETGO_NEVER;
        if (!was)
            s->since_ns = now_ns(t);
        leat_quarantine_add(t, first);
    } else {
        t->stats.revokes++;
    }
    unlock(t);
    return err;
}

static int revoke(struct leat_grant g, bool keep)
{
    struct leat_grants *t = g.table;
    size_t all = SIZE_MAX;
    uint32_t first;
    bool was;
    int err;

    if (!t)
        return LEAT_E_INVALID;
    lock(t);
    err = leat_share_find(g, &first);
    if (!err && keep) {
        const struct share *s = &t->shares[first];

        if (leat_pool_peer(s->keeps.chunk.pool) != t->peers[s->peer].domain)
            err = LEAT_E_PEER;
    }
    was = !err && t->shares[first].state == LEAT_GRANT_QUARANTINED;
    if (!err)
        err = begin(t, first);
    if (!err)
        t->shares[first].keep = keep;
    unlock(t);
    return err ? err : go_on(t, first, was, &all);
}

int leat_grant_revoke(struct leat_grant g)
{
    return revoke(g, false);
}

int leat_grant_revoke_keep(struct leat_grant g)
{
    return revoke(g, true);
}

int leat_grant_poll(struct leat_grants *t, size_t budget, size_t *drained)
{
    struct leat_grant_info info;
    uint32_t first, end;
    size_t n = 0, left;
    int err;

    if (!t)
        return LEAT_E_INVALID;
    lock(t);
    if (t->suspended) {
        unlock(t);
        return LEAT_E_STATE;
    }
    end = t->quarantine_last; /* each share once */
    while (budget && (first = t->quarantine_first) != NONE) {
        leat_share_describe(t, first, &info);
        err = begin(t, first);
        unlock(t);
        left = budget;
        if (!err)
            err = go_on(t, first, true, &budget);
        budget -= budget == left; /* whatever happens, it comes to an end */
        if (!err) {
            n++;
            leat_grants_tell(t, LEAT_GRANT_DRAINED, &info);
        }
        lock(t);
        if (first == end || t->suspended)
            break;
    }
    unlock(t);
    if (drained)
        *drained = n;
    return 0;
}

int leat_grant_told(struct leat_grant g)
{
    struct leat_grants *t = g.table;
    struct leat_grant_info info;
    size_t all = SIZE_MAX;
    bool waits = false;
    uint32_t first;
    int err;

    if (!t)
        return LEAT_E_INVALID;
    if (t->letgo != LEAT_LETGO_TOLD)
        return LEAT_E_UNSUPPORTED;
    lock(t);
    err = t->suspended ? LEAT_E_STATE : leat_share_find(g, &first);
    if (!err) {
        waits = t->shares[first].state == LEAT_GRANT_QUARANTINED;
        t->shares[first].told = true;
        if (waits) {
            leat_share_describe(t, first, &info);
            err = begin(t, first);
        }
    }
    unlock(t);
    if (err || !waits)
        return err;
    err = go_on(t, first, true, &all);
    if (!err)
        leat_grants_tell(t, LEAT_GRANT_DRAINED, &info);
    return err;
}
