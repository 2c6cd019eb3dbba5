/* SPDX-License-Identifier: ISC */

/*
 * Constraints: numbers, and the well-known ones. What they do to memory is in
 * plan.c.
 */

#include <leat/constraint.h>

#define NEED_FLAGS (LEAT_NEED_WRITABLE | LEAT_NEED_REGISTERED)

/* Of xen/io/blkif.h and xen/io/netif.h. */
#define BLKIF_SEGMENTS 11
#define NETIF_SLOTS    18

static bool power_of_two(size_t x)
{
    return x && !(x & (x - 1));
}

int leat_constraint_check(const struct leat_constraint *need)
{
    if (!need || need->flags & ~NEED_FLAGS)
        return LEAT_E_INVALID;
    if (need->align &&
        (!power_of_two(need->align) || need->align > LEAT_PAGE_SIZE))
        return LEAT_E_INVALID;
    if (need->boundary &&
        (!power_of_two(need->boundary) || need->multiple > need->boundary))
        return LEAT_E_INVALID;
    if (need->segment_bytes && need->multiple > need->segment_bytes)
        return LEAT_E_INVALID;
    return 0;
}

/* The stricter of two upper bounds, where 0 is none. */
static size_t least(size_t a, size_t b)
{
    return !a || (b && b < a) ? b : a;
}

static size_t greatest_divisor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The least common multiple, where 0 demands nothing. */
static int common_multiple(size_t a, size_t b, size_t *out)
{
    size_t factor;

    if (!a || !b) {
        *out = a + b;
        return 0;
    }
    factor = b / greatest_divisor(a, b);
    if (a > SIZE_MAX / factor)
        return LEAT_E_OVERFLOW;
    *out = a * factor;
    return 0;
}

int leat_constraint_merge(const struct leat_constraint *a,
                          const struct leat_constraint *b,
                          struct leat_constraint *out)
{
    struct leat_constraint both;
    int err;

    if (!out || leat_constraint_check(a) || leat_constraint_check(b))
        return LEAT_E_INVALID;
    err = common_multiple(a->multiple, b->multiple, &both.multiple);
    if (err)
        return err;
    both.align = a->align > b->align ? a->align : b->align;
    both.boundary = least(a->boundary, b->boundary);
    both.segments = least(a->segments, b->segments);
    both.segment_bytes = least(a->segment_bytes, b->segment_bytes);
    both.flags = a->flags | b->flags;
    err = leat_constraint_check(&both);
    if (err)
        return err;
    *out = both;
    return 0;
}

static const struct leat_constraint page = {
    .align = LEAT_PAGE_SIZE,
    .multiple = LEAT_PAGE_SIZE,
    .boundary = LEAT_PAGE_SIZE,
    .segment_bytes = LEAT_PAGE_SIZE,
};

static const struct leat_constraint netif = {
    .boundary = LEAT_PAGE_SIZE,
    .segments = NETIF_SLOTS,
    .segment_bytes = LEAT_PAGE_SIZE,
};

void leat_constraint_page(struct leat_constraint *out)
{
    if (out)
        *out = page;
}

int leat_constraint_blkif(size_t sector_bytes, size_t segments,
                          struct leat_constraint *out)
{
    if (!out || !power_of_two(sector_bytes) || sector_bytes < 512 ||
        sector_bytes > LEAT_PAGE_SIZE)
        return LEAT_E_INVALID;
    *out = page;
    out->align = sector_bytes;
    out->multiple = sector_bytes;
    out->segments = segments ? segments : BLKIF_SEGMENTS;
    return 0;
}

void leat_constraint_netif(struct leat_constraint *out)
{
    if (out)
        *out = netif;
}
