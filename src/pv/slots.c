/* SPDX-License-Identifier: ISC */

/*
 * Slots with generations.
 *
 *   I1  out + the length of the free line == n
 *   I2  a slot is out  <=>  next == OUT
 *   I3  a generation is that of the id that the slot gave last, and 0 before
 *       there was one; it goes up by one, below (mask + 1), each time
 *
 *     free --get, generation + 1--> out --put, drain--> free, last in line
 *
 * An id of 64 bits has a generation of 32; what is above is 0.
 */

#include <leat/slots.h>

#define OUT  0xffffffffu
#define NONE 0xfffffffeu

int leat_slots_init(struct leat_slots *s, struct leat_slots_entry *memory,
                    uint32_t n, unsigned bits)
{
    uint32_t index = 0, i;

    if (!s || !memory || !n || n > LEAT_SLOTS_MAX ||
        (bits != 16 && bits != 32 && bits != 64))
        return LEAT_E_INVALID;
    while ((n - 1) >> index)
        index++;
    if (index >= bits)
        return LEAT_E_INVALID;
    bits -= index;
    *s = (struct leat_slots){
        .slots = memory,
        .n = n,
        .index = index,
        .mask = bits < 32 ? ((uint32_t)1 << bits) - 1 : UINT32_MAX,
        .last = n - 1,
    };
    for (i = 0; i < n; i++)
        memory[i] = (struct leat_slots_entry){.next = i + 1 < n ? i + 1 : NONE};
    return 0;
}

int leat_slots_get(struct leat_slots *s, uint64_t item, uint64_t *id)
{
    struct leat_slots_entry *slot;
    uint32_t i;

    if (!s || !id)
        return LEAT_E_INVALID;
    if (s->out == s->n)
        return LEAT_E_AGAIN;
    i = s->first;
    slot = &s->slots[i];
    s->first = slot->next;
    s->out++;
    slot->item = item;
    slot->generation = (slot->generation + 1) & s->mask; /* I3 */
    slot->next = OUT;
    *id = (uint64_t)slot->generation << s->index | i;
    return 0;
}

/* 0, or what is wrong with (id); its slot. */
static int look(const struct leat_slots *s, uint64_t id, uint32_t *out)
{
    uint64_t generation = id >> s->index;
    uint32_t i = (uint32_t)(id & (((uint64_t)1 << s->index) - 1));
    const struct leat_slots_entry *slot;

    if (i >= s->n || generation > s->mask)
        return LEAT_E_REFERENCE;
    slot = &s->slots[i];
    if (slot->next != OUT || slot->generation != generation)
        return LEAT_E_STALE;
    *out = i;
    return 0;
}

static void release(struct leat_slots *s, uint32_t i)
{
    s->slots[i].next = NONE;
    if (s->out == s->n)
        s->first = i;
    else
        s->slots[s->last].next = i;
    s->last = i;
    s->out--;
}

int leat_slots_find(const struct leat_slots *s, uint64_t id, uint64_t *item)
{
    uint32_t i;
    int err = s && item ? look(s, id, &i) : LEAT_E_INVALID;

    if (!err)
        *item = s->slots[i].item;
    return err;
}

int leat_slots_put(struct leat_slots *s, uint64_t id, uint64_t *item)
{
    uint32_t i;
    int err = s && item ? look(s, id, &i) : LEAT_E_INVALID;

    if (err)
        return err;
    *item = s->slots[i].item;
    release(s, i);
    return 0;
}

int leat_slots_drain(struct leat_slots *s,
                     void (*each)(void *arg, uint64_t item), void *arg)
{
    uint32_t i;

    if (!s || !each)
        return LEAT_E_INVALID;
    for (i = 0; i < s->n && s->out; i++) {
        if (s->slots[i].next != OUT)
            continue;
        release(s, i);
        each(arg, s->slots[i].item);
    }
    return 0;
}

const char *leat_slots_check(const struct leat_slots *s)
{
    uint32_t i, n, out = 0;

    if (!s)
        return "no slots";
    for (i = 0; i < s->n; i++) {
        out += s->slots[i].next == OUT;
        if (s->slots[i].generation > s->mask)
            return "I3";
    }
    if (out != s->out)
        return "I2";
    for (i = s->first, n = 0; n < s->n - s->out; n++) {
        if (i >= s->n || s->slots[i].next == OUT)
            return "I1";
        if (n + 1 == s->n - s->out &&
            (i != s->last || s->slots[i].next != NONE))
            return "I1";
        i = s->slots[i].next;
    }
    return NULL;
}
