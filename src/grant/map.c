/* SPDX-License-Identifier: ISC */

/*
 * Mappings: slots, and what each costs the peers whose pages it shows.
 *
 *     NONE --map--> MAPPING --the backend agrees--> LIVE --unmap--> NONE
 *
 *   G10  a slot is in the list of the free  <=>  its state is NONE
 *   G11  the debits of a mapping are its pages, by peer
 *
 * A mapping of before a resume keeps its slot until it is unmapped: its address
 * range is still there, and nothing is behind it.
 */

#include <string.h>

#include "internal.h"

static void refund(struct leat_grants *t, uint32_t *debits)
{
    while (*debits != NONE) {
        struct debit *d = &t->debits[*debits];
        uint32_t here = *debits;

        t->peers[d->peer].cost.mapped_bytes -=
            (uint64_t)d->pages * LEAT_PAGE_SIZE;
        *debits = d->next;
        d->next = t->debit_free;
        t->debit_free = here;
    }
}

/* Charges one page of (domain). */
static int charge_page(struct leat_grants *t, uint32_t domain, uint32_t *debits)
{
    const struct leat_quota more = {.mapped_bytes = LEAT_PAGE_SIZE};
    uint32_t peer, i = *debits;
    int err;

    /* The same as the page before, as a rule. */
    while (i != NONE && t->peers[t->debits[i].peer].domain != domain)
        i = t->debits[i].next;
    if (i == NONE) {
        err = leat_peer_check(domain);
        if (!err)
            err = leat_peer_find(t, domain, true, &peer);
        if (!err && t->debit_free == NONE)
            err = LEAT_E_LIMIT;
        if (err)
            return err;
        err = leat_peer_room(t, peer, &more);
        if (err)
            return err;
        i = t->debit_free;
        t->debit_free = t->debits[i].next;
        t->debits[i].peer = peer;
        t->debits[i].pages = 0;
        t->debits[i].next = *debits;
        *debits = i;
    } else {
        err = leat_peer_room(t, t->debits[i].peer, &more);
        if (err)
            return err;
    }
    t->debits[i].pages++;
    t->peers[t->debits[i].peer].cost.mapped_bytes += LEAT_PAGE_SIZE;
    return 0;
}

/* Takes a slot, and charges the peers. Under the lock. */
static int book(struct leat_grants *t, const struct leat_gref *grefs, size_t n,
                enum leat_access access, uint32_t *out)
{
    uint32_t slot = t->map_free;
    struct mapping *m;
    int err = 0;
    size_t i;

    if (t->suspended)
        return LEAT_E_STATE;
    if (slot == NONE)
        return LEAT_E_LIMIT;
    m = &t->mappings[slot];
    m->debits = NONE;
    for (i = 0; i < n && !err; i++)
        err = charge_page(t, grefs[i].domain, &m->debits);
    if (err) {
        refund(t, &m->debits);
        return err;
    }
    t->map_free = m->next;
    m->n = n;
    m->generation = t->stats.generation;
    m->access = (uint8_t)access;
    m->state = MAP_MAPPING;
    t->stats.mappings++;
    *out = slot;
    return 0;
}

/* Gives the slot back. Under the lock. */
static void unbook(struct leat_grants *t, uint32_t slot)
{
    struct mapping *m = &t->mappings[slot];

    refund(t, &m->debits);
    m->state = MAP_NONE;
    m->life++;
    m->next = t->map_free;
    t->map_free = slot;
    t->stats.mappings--;
}

int leat_grant_map(struct leat_grants *t, const struct leat_gref *grefs,
                   size_t n, enum leat_access access, int *status,
                   struct leat_mapping *out)
{
    const struct leat_map *b;
    void *base = NULL, *cookie = NULL;
    uint32_t slot = NONE;
    struct mapping *m;
    int err;

    if (!t || !grefs || !n || !out || n > LEAT_PAGES_MAX ||
        (access != LEAT_READ_WRITE && access != LEAT_READ_ONLY))
        return LEAT_E_INVALID;
    if (!t->nmaps)
        return LEAT_E_UNSUPPORTED;
    b = &t->config.map;
    lock(t);
    err = book(t, grefs, n, access, &slot);
    if (err)
        t->stats.refused++;
    unlock(t);
    if (err)
        return err;
    err = b->ops->map(b->self, grefs, n, access, &base, &cookie, status);
    lock(t);
    m = &t->mappings[slot];
    if (err) {
        unbook(t, slot);
        t->stats.refused++;
    } else {
        m->base = base;
        m->cookie = cookie;
        m->state = MAP_LIVE;
        t->stats.maps++;
        t->stats.mapped += n;
        t->stats.pages_mapped += n;
        out->table = t;
        out->id = (uint64_t)m->life << 32 | slot;
    }
    unlock(t);
    return err;
}

/* The mapping of (m). Under the lock. */
static int find(struct leat_mapping m, struct mapping **out)
{
    uint32_t slot = (uint32_t)m.id;

    if (slot >= m.table->nmaps ||
        m.table->mappings[slot].life != (uint32_t)(m.id >> 32) ||
        m.table->mappings[slot].state != MAP_LIVE)
        return LEAT_E_STALE;
    *out = &m.table->mappings[slot];
    return 0;
}

int leat_grant_unmap(struct leat_mapping m)
{
    struct leat_grants *t = m.table;
    const struct leat_map *b;
    struct mapping *found, was;
    int err;

    if (!t)
        return LEAT_E_INVALID;
    b = &t->config.map;
    lock(t);
    err = find(m, &found);
    if (!err) {
        was = *found;
        found->state = MAP_MAPPING; /* nobody else's from here on */
    }
    unlock(t);
    if (err)
        return err;
    err = b->ops->unmap(b->self, was.base, was.n, was.cookie);
    lock(t);
    unbook(t, (uint32_t)m.id);
    t->stats.unmaps++;
    t->stats.pages_mapped -= was.n;
    /* The grants of before a resume are gone: that is no failure. */
    if (was.generation != t->stats.generation)
        err = 0;
    unlock(t);
    return err;
}

int leat_mapping_shared(struct leat_mapping m, enum leat_access access,
                        struct leat_shared *out)
{
    struct mapping *found;
    int err;

    if (!m.table || !out ||
        (access != LEAT_READ_WRITE && access != LEAT_READ_ONLY))
        return LEAT_E_INVALID;
    lock(m.table);
    err = find(m, &found);
    if (!err && found->generation != m.table->stats.generation)
        err = LEAT_E_STALE;
    if (!err && access == LEAT_READ_WRITE && found->access == LEAT_READ_ONLY)
        err = LEAT_E_ACCESS;
    if (!err)
        err = leat_shared_of(found->base, found->n * LEAT_PAGE_SIZE, out);
    unlock(m.table);
    return err;
}
