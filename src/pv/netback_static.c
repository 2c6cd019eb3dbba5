/* SPDX-License-Identifier: ISC */

/*
 * Pages that the guest had mapped for good (static grants).
 *
 *   G22  a reference is in the table at most once, and n <= max <= cells / 2
 *   G23  between the cell where a reference would be, by its hash, and the one
 *        where it is, no cell is empty
 *   G24  each is a mapping of its own: the guest may take back any of them
 *   G25  a page that was found is used only while (changes) is what it was
 *
 * Reference 0 is reserved (LEAT_GRANT_RESERVED), so it marks an empty cell.
 */

#include "netback.h"

static uint32_t home(const struct nb_statics *s, uint32_t ref)
{
    return ref * 2654435769u >> 7 & s->mask;
}

uint32_t leat_nb_static_cells(uint32_t max)
{
    uint32_t cells = 2;

    while (cells < 2 * max)
        cells *= 2;
    return cells;
}

/* The cell that has (ref), or the empty one where it would be. */
static uint32_t cell(const struct nb_statics *s, uint32_t ref)
{
    uint32_t at = home(s, ref);

    while (s->table[at].ref && s->table[at].ref != ref)
        at = (at + 1) & s->mask;
    return at;
}

const struct nb_static *leat_nb_static_find(const struct nb_statics *s,
                                            uint32_t ref,
                                            enum leat_access access)
{
    const struct nb_static *found;

    if (!s->n || !ref)
        return NULL;
    found = &s->table[cell(s, ref)];
    if (!found->ref ||
        (access == LEAT_READ_WRITE && found->access == LEAT_READ_ONLY))
        return NULL;
    return found;
}

static int add(struct leat_netback *n, struct nb_statics *s,
               const struct netif_gref *entry)
{
    const struct leat_gref gref = {n->domain, entry->ref};
    struct nb_static new = {
        .ref = entry->ref,
        .access = entry->flags & NETIF_GREF_READ_ONLY ? LEAT_READ_ONLY
                                                      : LEAT_READ_WRITE,
    };
    uint32_t at;
    int err;

    if (!entry->ref || entry->flags & ~NETIF_GREF_READ_ONLY)
        return LEAT_E_INVALID;
    if (s->n == s->max)
        return LEAT_E_LIMIT;
    at = cell(s, entry->ref);
    if (s->table[at].ref)
        return LEAT_E_BUSY;
    err = leat_nb_map(n, &gref, 1, new.access, &new.mapping);
    if (err)
        return err;
    err = leat_mapping_shared(new.mapping, new.access, &new.bytes);
    if (err) {
        leat_nb_unmap(n, new.mapping, 1);
        return err;
    }
    s->table[at] = new;
    s->n++;
    s->changes++; /* G25 */
    n->stats.statics++;
    return 0;
}

int leat_nb_static_add(struct leat_netback *n, struct nb_statics *s,
                       const struct netif_gref *list, uint32_t count)
{
    uint32_t i;
    int err = 0;

    for (i = 0; i < count && !err; i++)
        err = add(n, s, &list[i]);
    if (!err)
        return 0;
    for (i--; i--;) /* XSA-362: those before the one that failed */
        leat_nb_static_del(n, s, list[i].ref);
    return err;
}

/* Closes the gap at (gap): G23. */
static void close_gap(struct nb_statics *s, uint32_t gap)
{
    uint32_t at = gap;

    for (;;) {
        s->table[gap].ref = 0;
        do {
            at = (at + 1) & s->mask;
            if (!s->table[at].ref)
                return;
            /* Until one whose way from home leads over the gap. */
        } while (((at - home(s, s->table[at].ref)) & s->mask) <
                 ((at - gap) & s->mask));
        s->table[gap] = s->table[at];
        gap = at;
    }
}

int leat_nb_static_del(struct leat_netback *n, struct nb_statics *s,
                       uint32_t ref)
{
    uint32_t at;

    if (!ref || !s->n)
        return LEAT_E_REFERENCE;
    at = cell(s, ref);
    if (!s->table[at].ref)
        return LEAT_E_REFERENCE;
    leat_nb_unmap(n, s->table[at].mapping, 1);
    close_gap(s, at);
    s->n--;
    s->changes++; /* G25 */
    n->stats.statics--;
    return 0;
}

void leat_nb_static_clear(struct leat_netback *n, struct nb_statics *s)
{
    uint32_t i;

    for (i = 0; s->n && i <= s->mask; i++) {
        if (!s->table[i].ref)
            continue;
        leat_nb_unmap(n, s->table[i].mapping, 1);
        s->table[i].ref = 0;
        s->n--;
        s->changes++; /* G25 */
        n->stats.statics--;
    }
}
