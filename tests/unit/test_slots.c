/* SPDX-License-Identifier: ISC */

#include <leat/slots.h>

#include "pool_fixture.h"

#define WHOLE(s)                                    \
    do {                                            \
        const char *broken_ = leat_slots_check(&s); \
        cr_assert(!broken_, "%s", broken_);         \
    } while (0)

Test(slots, init_refuses)
{
    struct leat_slots_entry mem[2];
    struct leat_slots s;

    FAILS(LEAT_E_INVALID, leat_slots_init(NULL, mem, 2, 64));
    FAILS(LEAT_E_INVALID, leat_slots_init(&s, NULL, 2, 64));
    FAILS(LEAT_E_INVALID, leat_slots_init(&s, mem, 0, 64));
    FAILS(LEAT_E_INVALID, leat_slots_init(&s, mem, LEAT_SLOTS_MAX + 1, 64));
    FAILS(LEAT_E_INVALID, leat_slots_init(&s, mem, LEAT_SLOTS_MAX, 16));
    FAILS(LEAT_E_INVALID, leat_slots_init(&s, mem, 2, 63));
    MUST(leat_slots_init(&s, mem, 2, 16));
    WHOLE(s);
}

/* XSA-376: ids that the peer made up, or says twice, or says late. */
Test(slots, xsa_376_finds_each_lie)
{
    static const unsigned widths[] = {16, 32, 64};

    for (size_t k = 0; k < COUNT(widths); k++) {
        struct leat_slots_entry mem[6];
        struct leat_slots s;
        uint64_t id[6], item = 77, old;

        MUST(leat_slots_init(&s, mem, 6, widths[k]));
        FAILS(LEAT_E_STALE, leat_slots_put(&s, 0, &item)); /* not given */
        for (uint64_t i = 0; i < 6; i++) {
            MUST(leat_slots_get(&s, 100 + i, &id[i]));
            cr_assert(widths[k] == 64 || id[i] >> widths[k] == 0);
        }
        FAILS(LEAT_E_AGAIN, leat_slots_get(&s, 1, &old));
        FAILS(LEAT_E_REFERENCE, leat_slots_put(&s, 6 | id[0], &item));
        FAILS(LEAT_E_REFERENCE, leat_slots_put(&s, 7, &item));
        FAILS(LEAT_E_REFERENCE, leat_slots_put(&s, UINT64_MAX, &item));
        FAILS(LEAT_E_REFERENCE,
              leat_slots_find(&s, id[0] | (uint64_t)1 << 63, &item));
        FAILS(LEAT_E_STALE, leat_slots_find(&s, id[0] + 8, &item));
        cr_assert_eq(item, 77);
        MUST(leat_slots_find(&s, id[2], &item));
        cr_assert_eq(item, 102);
        MUST(leat_slots_put(&s, id[2], &item));
        FAILS(LEAT_E_STALE, leat_slots_put(&s, id[2], &item)); /* twice */
        old = id[2];
        MUST(leat_slots_get(&s, 200, &id[2]));
        cr_assert(id[2] != old);
        FAILS(LEAT_E_STALE, leat_slots_put(&s, old, &item)); /* of before */
        cr_assert_eq(item, 102);
        MUST(leat_slots_put(&s, id[2], &item));
        cr_assert_eq(item, 200);
        FAILS(LEAT_E_INVALID, leat_slots_put(&s, id[0], NULL));
        WHOLE(s);
    }
}

/* A width of 16 bits: every id of before is stale until generations wrap. */
Test(slots, a_narrow_generation_repeats_late)
{
    static unsigned char seen[65536];
    struct leat_slots_entry mem[256];
    struct leat_slots s;
    uint64_t id, item;

    MUST(leat_slots_init(&s, mem, 256, 16));
    for (uint32_t i = 0; i < 65536; i++) {
        MUST(leat_slots_get(&s, i, &id));
        cr_assert(id < 65536 && !seen[id]++);
        MUST(leat_slots_put(&s, id, &item));
        cr_assert_eq(item, i);
    }
    MUST(leat_slots_get(&s, 0, &id));
    cr_assert_eq(seen[id], 1);
    WHOLE(s);
}

static void note(void *arg, uint64_t item)
{
    *(uint64_t *)arg |= (uint64_t)1 << item;
}

Test(slots, drain_gives_back_all_that_is_out)
{
    struct leat_slots_entry mem[8];
    struct leat_slots s;
    uint64_t id[8], item, set = 0;

    MUST(leat_slots_init(&s, mem, 8, 64));
    for (uint64_t i = 0; i < 8; i++)
        MUST(leat_slots_get(&s, i, &id[i]));
    MUST(leat_slots_put(&s, id[3], &item));
    MUST(leat_slots_drain(&s, note, &set));
    cr_assert_eq(set, 0xf7);
    WHOLE(s);
    for (uint64_t i = 0; i < 8; i++)
        FAILS(LEAT_E_STALE, leat_slots_put(&s, id[i], &item));
    set = 0;
    MUST(leat_slots_drain(&s, note, &set));
    cr_assert_eq(set, 0);
    FAILS(LEAT_E_INVALID, leat_slots_drain(&s, NULL, NULL));
    for (uint64_t i = 0; i < 8; i++)
        MUST(leat_slots_get(&s, i, &id[i]));
    FAILS(LEAT_E_AGAIN, leat_slots_get(&s, 9, &item));
    WHOLE(s);
}
