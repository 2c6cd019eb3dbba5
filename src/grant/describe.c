/* SPDX-License-Identifier: ISC */

/* What is told of shares, and of the table. */

#include <string.h>

#include "internal.h"

void leat_share_describe(struct leat_grants *t, uint32_t first,
                         struct leat_grant_info *out)
{
    const struct share *s = &t->shares[first];

    memset(out, 0, sizeof(*out));
    out->grant.table = t;
    out->grant.id = (uint64_t)s->life << 32 | first;
    out->ref = first;
    out->pages = s->n;
    out->held = s->held;
    out->domain = t->peers[s->peer].domain;
    out->access = (enum leat_access)s->access;
    out->state = s->state == SHARE_SUSPENDING ? LEAT_GRANT_REVOKING
                                              : (enum leat_grant_state)s->state;
    out->in_the_way = s->in_the_way;
    out->tag = s->tag;
    out->age_ns = now_ns(t) - s->since_ns;
    out->memory = s->keeps.view.data;
    out->pool = s->keeps.chunk.pool;
}

/* Finds the share of (g); the lock is held if 0. */
static int find(struct leat_grant g, uint32_t *first)
{
    int err;

    if (!g.table)
        return LEAT_E_INVALID;
    lock(g.table);
    err = leat_share_find(g, first);
    if (err)
        unlock(g.table);
    return err;
}

int leat_grant_refs(struct leat_grant g, uint32_t *refs, size_t max)
{
    uint32_t first = 0, r;
    int err = refs ? find(g, &first) : LEAT_E_INVALID;

    if (err)
        return err;
    if (g.table->suspended)
        err = LEAT_E_STATE;
    else if (max < g.table->shares[first].n)
        err = LEAT_E_RANGE;
    for (r = first; !err && r != NONE; r = g.table->refs[r].next)
        *refs++ = r;
    unlock(g.table);
    return err;
}

int leat_grant_ref(struct leat_grant g, uint32_t *ref)
{
    uint32_t first = 0;
    int err = ref ? find(g, &first) : LEAT_E_INVALID;

    if (err)
        return err;
    if (g.table->suspended)
        err = LEAT_E_STATE; /* it may be another's by the time it is used */
    else
        *ref = first;
    unlock(g.table);
    return err;
}

int leat_grant_tag(struct leat_grant g, uint64_t tag)
{
    uint32_t first = 0;
    int err = find(g, &first);

    if (err)
        return err;
    g.table->shares[first].tag = tag;
    unlock(g.table);
    return 0;
}

void leat_share_refs(struct leat_grant g, uint32_t *refs)
{
    uint32_t first = 0, r;

    if (find(g, &first))
        return;
    for (r = first; r != NONE; r = g.table->refs[r].next)
        *refs++ = r;
    unlock(g.table);
}

void leat_share_quiet(struct leat_grant g, uint64_t tag)
{
    uint32_t first = 0;

    if (find(g, &first))
        return;
    g.table->shares[first].quiet = true;
    g.table->shares[first].tag = tag;
    unlock(g.table);
}

int leat_grant_describe(struct leat_grant g, struct leat_grant_info *out)
{
    uint32_t first = 0;
    int err = out ? find(g, &first) : LEAT_E_INVALID;

    if (err)
        return err;
    leat_share_describe(g.table, first, out);
    unlock(g.table);
    return 0;
}

int leat_grants_each(struct leat_grants *t,
                     int (*fn)(void *arg, const struct leat_grant_info *info),
                     void *arg)
{
    struct leat_grant_info info;
    uint32_t i;
    int err = 0;

    if (!t || !fn)
        return LEAT_E_INVALID;
    for (i = LEAT_GRANT_RESERVED; i < t->nrefs && !err; i++) {
        bool is;

        lock(t);
        is = t->shares[i].state != SHARE_NONE &&
             t->shares[i].state != SHARE_SHARING;
        if (is)
            leat_share_describe(t, i, &info);
        unlock(t);
        if (is)
            err = fn(arg, &info);
    }
    return err;
}

int leat_grants_stats(struct leat_grants *t, struct leat_grants_stats *out)
{
    uint64_t now, age;
    uint32_t i;

    if (!t || !out)
        return LEAT_E_INVALID;
    lock(t);
    *out = t->stats;
    now = now_ns(t);
    for (i = 0; out->quarantined && i < t->nrefs; i++) {
        if (t->shares[i].state != LEAT_GRANT_QUARANTINED)
            continue;
        out->pages_held += t->shares[i].held;
        age = now - t->shares[i].since_ns;
        if (age > out->oldest_ns)
            out->oldest_ns = age;
    }
    unlock(t);
    return 0;
}
