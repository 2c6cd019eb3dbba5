/* SPDX-License-Identifier: ISC */

/*
 * How a table's metadata is laid out: the table itself, and its arrays behind
 * it, each aligned to a line of cache.
 *
 *     | table | refs | shares | buckets | mappings | debits | peers |
 */

#include <string.h>

#include "internal.h"

#define LINE 64u

/* What it would be without a limit. */
enum {
    MAPS = 256,
    PEERS = 64
};

/* Adds an array of (n) times (size) to (*at), and tells where it begins. */
static int add(size_t *at, size_t n, size_t size, size_t *begin)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) ||
        __builtin_add_overflow(bytes, LINE - 1, &bytes))
        return LEAT_E_OVERFLOW;
    bytes &= ~(size_t)(LINE - 1);
    *begin = *at;
    return __builtin_add_overflow(*at, bytes, at) ? LEAT_E_OVERFLOW : 0;
}

/* Where the arrays begin, from the table's own beginning. */
struct places {
    size_t table, refs, shares, buckets, mappings, debits, peers, end;
};

static int places(const struct leat_grants *p, struct places *out)
{
    size_t at = 0;
    int err = add(&at, 1, sizeof(*p), &out->table);

    if (!err)
        err = add(&at, p->nrefs, sizeof(*p->refs), &out->refs);
    if (!err)
        err = add(&at, p->nrefs, sizeof(*p->shares), &out->shares);
    if (!err)
        err = add(&at, p->nbuckets, sizeof(*p->buckets), &out->buckets);
    if (!err)
        err = add(&at, p->nmaps, sizeof(*p->mappings), &out->mappings);
    if (!err)
        err = add(&at, p->ndebits, sizeof(*p->debits), &out->debits);
    if (!err)
        err = add(&at, p->npeers, sizeof(*p->peers), &out->peers);
    out->end = at;
    return err;
}

static int plan_share(struct leat_grants *plan)
{
    const struct leat_share_ops *ops = plan->config.share.ops;
    uint32_t have, most = plan->config.refs_max;

    plan->nbuckets = 1;
    if (!ops)
        return most ? LEAT_E_INVALID : 0;
    if (!ops->refs || !ops->end || !ops->expose != !ops->conceal ||
        !(ops->caps & LEAT_SHARE_ON_DEMAND) != !ops->grant ||
        !(ops->caps & LEAT_SHARE_BORN) != !ops->born ||
        (!ops->grant && !ops->born))
        return LEAT_E_INVALID;
    plan->born = !ops->grant;
    have = ops->refs(plan->config.share.self);
    plan->nrefs = most && most < have ? most : have;
    if (plan->nrefs <= LEAT_GRANT_RESERVED || plan->nrefs > 1u << 30)
        return LEAT_E_INVALID;
    while (plan->nbuckets < plan->nrefs)
        plan->nbuckets *= 2;
    plan->letgo = ops->letgo;
    return 0;
}

static int plan_map(struct leat_grants *plan)
{
    const struct leat_map_ops *ops = plan->config.map.ops;
    uint32_t most = plan->config.maps_max;

    if (!ops || !(ops->caps & LEAT_MAP_MAP))
        return most ? LEAT_E_INVALID : 0;
    if (!ops->map || !ops->unmap || most > 1u << 30)
        return LEAT_E_INVALID;
    plan->nmaps = most ? most : MAPS;
    /* One peer a mapping, and as many again for those of several. */
    plan->ndebits = 2 * plan->nmaps + plan->npeers;
    return 0;
}

int leat_grants_plan(struct leat_grants *plan,
                     const struct leat_grants_config *config, size_t *bytes)
{
    struct places at;
    int err;

    if (!config || !bytes || (!config->share.ops && !config->map.ops) ||
        config->peers_max > LEAT_DOMAIN_MAX + 1)
        return LEAT_E_INVALID;
    if (config->map.ops && config->map.ops->caps & LEAT_MAP_COPY &&
        !config->map.ops->copy)
        return LEAT_E_INVALID;
    memset(plan, 0, sizeof(*plan));
    plan->config = *config;
    plan->npeers = config->peers_max ? config->peers_max : PEERS;
    err = plan_share(plan);
    if (!err)
        err = plan_map(plan);
    if (!err)
        err = places(plan, &at);
    if (err)
        return err;
    *bytes = at.end;
    return 0;
}

void leat_grants_carve(struct leat_grants *t, unsigned char *meta)
{
    struct places at = {0};

    places(t, &at);
    t->refs = (struct ref *)(meta + at.refs);
    t->shares = (struct share *)(meta + at.shares);
    t->buckets = (uint32_t *)(meta + at.buckets);
    t->mappings = (struct mapping *)(meta + at.mappings);
    t->debits = (struct debit *)(meta + at.debits);
    t->peers = (struct peer *)(meta + at.peers);
}

int leat_grants_meta_size(const struct leat_grants_config *config,
                          size_t *bytes)
{
    struct leat_grants plan;
    size_t need;
    int err = bytes ? leat_grants_plan(&plan, config, &need) : LEAT_E_INVALID;

    if (err)
        return err;
    if (__builtin_add_overflow(need, LINE - 1, &need)) /* at any alignment */
        return LEAT_E_OVERFLOW;
    *bytes = need;
    return 0;
}
