/* SPDX-License-Identifier: ISC */

/* The invariants of a table, walked. Their texts stand where they are kept. */

#include "internal.h"

static bool of_share(const struct ref *r)
{
    return r->state == REF_GRANTED || r->state == REF_ENDED;
}

static const char *check_refs(const struct leat_grants *t)
{
    uint64_t free = 0, held = 0, of_shares = 0, listed = 0;
    uint32_t i;

    for (i = 0; i < t->nrefs; i++) {
        const struct ref *r = &t->refs[i];

        if ((r->state == REF_RESERVED) != (i < LEAT_GRANT_RESERVED))
            return "G1 a reserved reference was given out";
        free += r->state == REF_FREE;
        held += r->state == REF_HELD;
        of_shares += of_share(r);
    }
    if (free != t->stats.refs_free || held != t->stats.refs_held ||
        of_shares != t->stats.refs_granted ||
        free + held + of_shares != t->stats.refs)
        return "G2 free + held + granted == refs";
    for (i = t->free_first; i != NONE; i = t->refs[i].next) {
        if (t->refs[i].state != REF_FREE || ++listed > free)
            return "G2 the free list has what is not free";
    }
    return listed == (t->born ? 0 : free)
               ? NULL
               : "G2 a free reference is not in the list";
}

static const char *check_line(const struct leat_grants *t)
{
    const struct leat_refs_waiter *w, *before = NULL;
    uint64_t n = 0;

    for (w = t->oldest; w; before = w, w = w->next, n++) {
        if (w->table != t || w->prev != before)
            return "G3 the line is broken";
    }
    return n == t->stats.waiting && before == t->newest
               ? NULL
               : "G3 the line is not as long as it says";
}

/* One share: its references, its chunk, its place in the hash. */
static const char *check_share(const struct leat_grants *t, uint32_t first)
{
    const struct share *s = &t->shares[first];
    uint32_t r, n = 0, held = 0;

    for (r = first; r != NONE && n <= s->n; r = t->refs[r].next, n++) {
        const struct ref *ref = &t->refs[r];
        uint32_t at;

        if (!of_share(ref) || ref->first != first ||
            ref->page != s->keeps.view.data + (size_t)n * LEAT_PAGE_SIZE)
            return "G9 a share has a reference that is not its own";
        held += ref->state == REF_GRANTED;
        for (at = leat_hash_find(t, ref->page, NONE); at != r;
             at = leat_hash_more(t, at)) {
            const struct share *other;

            if (at == NONE)
                return "G5 a shared page is not in the hash";
            other = &t->shares[t->refs[at].first];
            if (other->peer != s->peer || other->n != s->n ||
                other->keeps.view.data != s->keeps.view.data ||
                other->access != s->access)
                return "G7 a page is in shares that differ";
        }
    }
    if (n != s->n || (held != s->held && s->state != LEAT_GRANT_REVOKING &&
                      s->state != SHARE_SUSPENDING))
        return "G9 held == references that are granted";
    return s->keeps.chunk.pool ? NULL : "G4 a share without its chunk";
}

static const char *check_shares(const struct leat_grants *t)
{
    uint64_t live = 0, quarantined = 0, listed = 0, refs = 0;
    const char *broken = NULL;
    uint32_t i;

    for (i = 0; i < t->nrefs && !broken; i++) {
        const struct share *s = &t->shares[i];

        if (s->state == SHARE_NONE)
            continue;
        live += s->state == LEAT_GRANT_LIVE;
        quarantined += s->state == LEAT_GRANT_QUARANTINED;
        listed -= s->state == LEAT_GRANT_QUARANTINED && s->never;
        refs += s->n;
        broken = check_share(t, i);
        if (t->suspended && !s->never && s->state != LEAT_GRANT_SUSPENDED)
            broken = "G12 a share lives through a suspend";
    }
    if (broken)
        return broken;
    if (refs != t->stats.refs_granted)
        return "G9 the references of shares are those granted";
    if (live != t->stats.shares_live || quarantined != t->stats.quarantined)
        return "G8 the gauges of shares";
    listed += quarantined;
    for (i = t->quarantine_first; i != NONE; i = t->shares[i].newer) {
        if (t->shares[i].state != LEAT_GRANT_QUARANTINED || !listed--)
            return "G8 the list has what is not in quarantine";
    }
    return listed ? "G8 a share in quarantine is not in the list" : NULL;
}

/* Chains that have what is of no share; the rest was met from the shares. */
static const char *check_hash(const struct leat_grants *t)
{
    uint64_t n = 0;
    uint32_t b, i;

    for (b = 0; b < t->nbuckets; b++) {
        for (i = t->buckets[b]; i != NONE; i = t->refs[i].chain) {
            if (!of_share(&t->refs[i]) || ++n > t->stats.refs_granted)
                return "G5 the hash has what is not shared";
        }
    }
    return n == t->stats.refs_granted ? NULL : "G5 the hash misses a page";
}

static const char *check_peers(const struct leat_grants *t)
{
    uint64_t refs = 0, pages = 0, mapped = 0;
    uint32_t i;

    for (i = 0; i < t->npeers; i++) {
        if (t->peers[i].domain == NONE)
            continue;
        refs += t->peers[i].cost.refs;
        pages += t->peers[i].cost.pages;
        mapped += t->peers[i].cost.mapped_bytes;
    }
    if (refs != t->stats.refs_granted || pages != t->stats.pages_shared)
        return "G6 what peers cost is what is shared";
    for (i = 0; i < t->nmaps; i++) {
        const struct mapping *m = &t->mappings[i];
        uint64_t n = 0;
        uint32_t d;

        if (m->state == MAP_NONE)
            continue;
        for (d = m->debits; d != NONE; d = t->debits[d].next)
            n += t->debits[d].pages;
        if (n != m->n)
            return "G11 the debits of a mapping are its pages";
        mapped -= n * LEAT_PAGE_SIZE;
    }
    return mapped ? "G6 what peers cost is what is mapped" : NULL;
}

static const char *check_slots(const struct leat_grants *t)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = t->map_free; i != NONE; i = t->mappings[i].next) {
        if (t->mappings[i].state != MAP_NONE || ++n > t->nmaps)
            return "G10 a slot in use is in the list of the free";
    }
    return n + t->stats.mappings == t->nmaps ? NULL
                                             : "G10 a free slot is not listed";
}

const char *leat_grants_check(struct leat_grants *t)
{
    const char *broken;

    if (!t)
        return "no table";
    lock(t);
    broken = check_refs(t);
    if (!broken)
        broken = check_line(t);
    if (!broken)
        broken = check_hash(t);
    if (!broken)
        broken = check_shares(t);
    if (!broken)
        broken = check_peers(t);
    if (!broken)
        broken = check_slots(t);
    unlock(t);
    return broken;
}
