/* SPDX-License-Identifier: ISC */

/*
 * Who is behind which port: a hash table over all ports, of which each has a part
 * of its own.
 *
 *     free --learn--> newest --others are seen--> oldest --room is needed--> free
 *
 *   W1  an address is in the table at most once, whatever ports it was seen at
 *   W2  those of a port are in its part, at most (addresses), and in one line by
 *       when they were seen last
 *   W3  a port's part is changed by its own frames; and by others' only where they
 *       come from an address that it has, unless the switch is (fixed)
 *
 * A guest chooses its addresses, so it may choose them all into one bucket: a
 * look-up takes then as many steps as it has, which W2 bounds.
 */

#include <string.h>

#include "netswitch.h"

static bool same(const uint8_t *a, const uint8_t *b)
{
    return !memcmp(a, b, LEAT_NET_MAC);
}

static uint32_t *bucket(const struct leat_switch *s, const uint8_t *mac)
{
    uint32_t hash = 2166136261u;
    unsigned i;

    for (i = 0; i < LEAT_NET_MAC; i++)
        hash = (hash ^ mac[i]) * 16777619u;
    return &s->buckets[(hash ^ hash >> 15) & s->mask];
}

static uint32_t find(const struct leat_switch *s, const uint8_t *mac)
{
    uint32_t at = *bucket(s, mac);

    while (at != SW_NONE && !same(s->table[at].mac, mac))
        at = s->table[at].next;
    return at;
}

uint32_t leat_sw_find(const struct leat_switch *s, const uint8_t *mac)
{
    uint32_t at = find(s, mac);

    return at == SW_NONE ? SW_NONE : at / s->addresses;
}

/* ------------------------------------------------------------------- lines */

static void unlink_line(struct sw_port *p, uint32_t at)
{
    struct sw_address *table = p->s->table, *e = &table[at];

    if (e->older == SW_NONE)
        p->oldest = e->newer;
    else
        table[e->older].newer = e->newer;
    if (e->newer == SW_NONE)
        p->newest = e->older;
    else
        table[e->newer].older = e->older;
}

static void link_newest(struct sw_port *p, uint32_t at)
{
    struct sw_address *table = p->s->table;

    table[at].older = p->newest;
    table[at].newer = SW_NONE;
    if (p->newest == SW_NONE)
        p->oldest = at;
    else
        table[p->newest].newer = at;
    p->newest = at;
}

static void forget(struct sw_port *p, uint32_t at)
{
    struct sw_address *e = &p->s->table[at];
    uint32_t *link = bucket(p->s, e->mac);

    while (*link != at)
        link = &p->s->table[*link].next;
    *link = e->next;
    unlink_line(p, at);
    e->used = false;
    e->next = p->free;
    p->free = at;
    p->n--;
}

void leat_sw_learn(struct sw_port *p, const uint8_t *mac)
{
    static const uint8_t nobody[LEAT_NET_MAC];
    struct leat_switch *s = p->s;
    struct sw_address *e;
    uint32_t at, *link;

    if (mac[0] & 1 || same(mac, nobody))
        return; /* that is nobody's */
    at = find(s, mac);
    if (at != SW_NONE && at / s->addresses == p->number) {
        unlink_line(p, at);
        link_newest(p, at);
        return;
    }
    if (at != SW_NONE && s->fixed)
        return; /* W3 */
    if (at != SW_NONE)
        forget(&s->ports[at / s->addresses], at); /* W1 */
    if (p->free == SW_NONE) {
        forget(p, p->oldest); /* W2 */
        p->stats.forgotten++;
    }
    at = p->free;
    e = &s->table[at];
    p->free = e->next;
    memcpy(e->mac, mac, LEAT_NET_MAC);
    e->used = true;
    link = bucket(s, mac);
    e->next = *link;
    *link = at;
    link_newest(p, at);
    p->n++;
    p->stats.learnt++;
}

void leat_sw_forget_all(struct sw_port *p)
{
    while (p->oldest != SW_NONE)
        forget(p, p->oldest);
}

void leat_sw_table_init(struct leat_switch *s)
{
    uint32_t i, k;

    for (i = 0; i <= s->mask; i++)
        s->buckets[i] = SW_NONE;
    for (i = 0; i < s->nports; i++) {
        struct sw_port *p = &s->ports[i];

        p->free = i * s->addresses;
        p->oldest = p->newest = SW_NONE;
        for (k = 0; k < s->addresses; k++)
            s->table[p->free + k].next =
                k + 1 < s->addresses ? p->free + k + 1 : SW_NONE;
    }
}

const char *leat_sw_table_check(const struct leat_switch *s)
{
    uint32_t i, at, n, older;

    for (i = 0; i < s->nports; i++) {
        const struct sw_port *p = &s->ports[i];

        older = SW_NONE;
        for (at = p->oldest, n = 0; at != SW_NONE; at = s->table[at].newer) {
            const struct sw_address *e = &s->table[at];

            if (at / s->addresses != i || ++n > s->addresses || !e->used ||
                e->older != older)
                return "W2: the line of a port";
            if (find(s, e->mac) != at)
                return "W1: an address is there twice, or not at all";
            older = at;
        }
        if (p->newest != older || p->n != n)
            return "W2: the addresses of a port";
        for (at = p->free; at != SW_NONE; at = s->table[at].next) {
            if (at / s->addresses != i || ++n > s->addresses ||
                s->table[at].used)
                return "W2: the free ones of a port";
        }
        if (n != s->addresses)
            return "W2: an address is lost";
    }
    return NULL;
}
