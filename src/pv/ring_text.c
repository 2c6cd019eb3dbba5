/* SPDX-License-Identifier: ISC */

/*
 * A broken ring, and its text; and the invariants that src/pv/ring.c names.
 */

#include <string.h>

#include <leat/ring.h>

/* Adds (s), as much as there is room for. */
static size_t add(char *text, size_t at, const char *s)
{
    while (*s && at + 1 < LEAT_RING_TEXT)
        text[at++] = *s++;
    text[at] = '\0';
    return at;
}

static size_t add_number(char *text, size_t at, uint64_t x)
{
    char digits[21];
    size_t i = sizeof(digits) - 1;

    digits[i] = '\0';
    do
        digits[--i] = (char)('0' + x % 10);
    while (x /= 10);
    return add(text, at, digits + i);
}

int leat_ring_break(struct leat_ring *r, const char *what, uint64_t is,
                    uint64_t bound)
{
    size_t at;

    if (!r || !what)
        return LEAT_E_INVALID;
    if (r->error)
        return r->error;
    r->error = LEAT_E_PROTO; /* N6 */
    at = add(r->text, 0, "ring ");
    at = add(r->text, at, r->name[0] ? r->name : "without a name");
    at = add(r->text, at, ": ");
    at = add(r->text, at, what);
    at = add(r->text, at, " ");
    at = add_number(r->text, at, is);
    at = add(r->text, at, ", against ");
    add_number(r->text, at, bound);
    return r->error;
}

int leat_ring_state(const struct leat_ring *r, const char **text)
{
    if (!r)
        return LEAT_E_INVALID;
    if (text)
        *text = r->text;
    return r->error;
}

const char *leat_ring_check(const struct leat_ring *r)
{
    bool front;

    if (!r)
        return "no ring";
    front = r->end == LEAT_RING_FRONT;
    if (!r->slots || r->slots & (r->slots - 1) ||
        (uint64_t)r->slots * r->slot + LEAT_RING_HEAD > r->pages.len)
        return "slots";
    if ((front ? r->put - r->taken : r->taken - r->put) > r->slots)
        return "N3";
    if (front && r->seen - r->taken > r->pushed - r->taken)
        return "N4";
    if (!front && (r->seen - r->pushed > r->slots ||
                   r->taken - r->pushed > r->seen - r->pushed))
        return "N4";
    if (r->put - r->pushed > r->slots)
        return "N5";
    if (!r->error != !r->text[0])
        return "N6";
    return NULL;
}
