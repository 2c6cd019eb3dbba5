/* SPDX-License-Identifier: ISC */

/*
 * The books: a count and a sum of bytes for each reason.
 *
 * Counters are added to with relaxed atomics: each is whole and only grows, but
 * a reader may see the count of a copy before its bytes.
 */

#include <leat/error.h>

#include "copy.h"

static const char *const names[] = {
    [LEAT_WHY_NONE] = "none",
    [LEAT_WHY_ADDRESS] = "address",
    [LEAT_WHY_LENGTH] = "length",
    [LEAT_WHY_BOUNDARY] = "boundary",
    [LEAT_WHY_SEGMENTS] = "segments",
    [LEAT_WHY_PEER] = "peer",
    [LEAT_WHY_ACCESS] = "access",
    [LEAT_WHY_POLICY] = "policy",
    [LEAT_WHY_IN] = "in",
    [LEAT_WHY_OUT] = "out",
    [LEAT_WHY_SHARED] = "shared",
    [LEAT_WHY_COALESCE] = "coalesce",
    [LEAT_WHY_UNSHARE] = "unshare",
    [LEAT_WHY_RETURN] = "return",
    [LEAT_WHY_NEIGHBOURS] = "neighbours",
    [LEAT_WHY_RETAIN] = "retain",
    [LEAT_WHY_REGISTERED] = "registered",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == LEAT_REASONS,
               "each reason has a name");

/* The bounces are a range of the reasons, and two that came later. */
static bool is_bounce(size_t why)
{
    return (why >= LEAT_WHY_ADDRESS && why <= LEAT_WHY_POLICY) ||
           why == LEAT_WHY_NEIGHBOURS || why == LEAT_WHY_REGISTERED;
}

/* The enum's type may be unsigned or not: ask as if it were. */
static bool known(enum leat_reason why)
{
    return (unsigned)why < LEAT_REASONS;
}

const char *leat_reason_name(enum leat_reason why)
{
    return known(why) ? names[why] : NULL;
}

int leat_copies_add(struct leat_copies *copies, enum leat_reason why,
                    size_t bytes)
{
    if (!copies || !known(why) || why == LEAT_WHY_NONE)
        return LEAT_E_INVALID;
    leat_copies_count(copies, why, 1, bytes);
    return 0;
}

static uint64_t read_one(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void leat_copies_read(const struct leat_copies *from, struct leat_copies *out)
{
    size_t i;

    if (!out)
        return;
    for (i = 0; i < LEAT_REASONS; i++) {
        out->count[i] = from ? read_one(&from->count[i]) : 0;
        out->bytes[i] = from ? read_one(&from->bytes[i]) : 0;
    }
}

uint64_t leat_copies_bytes(const struct leat_copies *copies)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; copies && i < LEAT_REASONS; i++)
        sum += read_one(&copies->bytes[i]);
    return sum;
}

uint64_t leat_copies_bounces(const struct leat_copies *copies, uint64_t *bytes)
{
    uint64_t n = 0, sum = 0;
    size_t i;

    for (i = 0; copies && i < LEAT_REASONS; i++) {
        if (!is_bounce(i))
            continue;
        n += read_one(&copies->count[i]);
        sum += read_one(&copies->bytes[i]);
    }
    if (bytes)
        *bytes = sum;
    return n;
}
