/* SPDX-License-Identifier: ISC */

/*
 * What each peer costs, and may cost.
 *
 *   G6  a peer's cost is the sum over its shares and mappings; pages that are
 *       shared twice count once
 *
 * A slot is free again when its peer costs nothing and nothing was set for it.
 */

#include <string.h>

#include "internal.h"

int leat_peer_check(uint32_t domain)
{
    return domain <= LEAT_DOMAIN_MAX ? 0 : LEAT_E_DOMAIN;
}

static bool idle(const struct peer *p)
{
    return p->domain == NONE ||
           (!p->trusted && !p->own && !p->cost.refs && !p->cost.mapped_bytes);
}

int leat_peer_find(struct leat_grants *t, uint32_t domain, bool make,
                   uint32_t *out)
{
    uint32_t i, empty = NONE;

    for (i = 0; i < t->npeers; i++) {
        if (t->peers[i].domain == domain) {
            *out = i;
            return 0;
        }
        if (empty == NONE && idle(&t->peers[i]))
            empty = i;
    }
    if (!make)
        return LEAT_E_DOMAIN;
    if (empty == NONE)
        return LEAT_E_LIMIT;
    memset(&t->peers[empty], 0, sizeof(t->peers[empty]));
    t->peers[empty].domain = domain;
    *out = empty;
    return 0;
}

static bool fits(uint64_t cost, uint64_t more, uint64_t quota)
{
    return !quota || !more || (cost <= quota && more <= quota - cost);
}

int leat_peer_room(const struct leat_grants *t, uint32_t peer,
                   const struct leat_quota *more)
{
    const struct peer *p = &t->peers[peer];
    const struct leat_quota *q = p->own ? &p->quota : &t->config.quota;

    if (fits(p->cost.refs, more->refs, q->refs) &&
        fits(p->cost.pages, more->pages, q->pages) &&
        fits(p->cost.mapped_bytes, more->mapped_bytes, q->mapped_bytes))
        return 0;
    return LEAT_E_LIMIT;
}

/* The slot of (domain), to set something; the lock is held if 0. */
static int slot(struct leat_grants *t, uint32_t domain, uint32_t *peer)
{
    int err = t ? leat_peer_check(domain) : LEAT_E_INVALID;

    if (err)
        return err;
    lock(t);
    err = leat_peer_find(t, domain, true, peer);
    if (err)
        unlock(t);
    return err;
}

int leat_grants_quota(struct leat_grants *t, uint32_t domain,
                      const struct leat_quota *quota)
{
    uint32_t peer = 0;
    int err = quota ? slot(t, domain, &peer) : LEAT_E_INVALID;

    if (err)
        return err;
    t->peers[peer].own = true;
    t->peers[peer].quota = *quota;
    unlock(t);
    return 0;
}

int leat_grants_trust(struct leat_grants *t, uint32_t domain, bool trusted)
{
    uint32_t peer = 0;
    int err = slot(t, domain, &peer);

    if (err)
        return err;
    t->peers[peer].trusted = trusted;
    unlock(t);
    return 0;
}

bool leat_grants_trusted(struct leat_grants *t, uint32_t domain)
{
    bool trusted = false;
    uint32_t peer;

    if (!t)
        return false;
    lock(t);
    if (!leat_peer_find(t, domain, false, &peer))
        trusted = t->peers[peer].trusted;
    unlock(t);
    return trusted;
}

int leat_grants_cost(struct leat_grants *t, uint32_t domain,
                     struct leat_quota *out)
{
    uint32_t peer;
    int err = t && out ? leat_peer_check(domain) : LEAT_E_INVALID;

    if (err)
        return err;
    lock(t);
    if (leat_peer_find(t, domain, false, &peer))
        memset(out, 0, sizeof(*out));
    else
        *out = t->peers[peer].cost;
    unlock(t);
    return 0;
}
