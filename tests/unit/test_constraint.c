/* SPDX-License-Identifier: ISC */

#include "pool_fixture.h"

static int check(size_t align, size_t multiple, size_t boundary,
                 size_t segments, size_t segment_bytes, uint32_t flags)
{
    struct leat_constraint need = {align,    multiple,      boundary,
                                   segments, segment_bytes, flags};

    return leat_constraint_check(&need);
}

Test(constraint, zero_demands_nothing)
{
    MUST(check(0, 0, 0, 0, 0, 0));
}

Test(constraint, align_is_a_power_of_two_up_to_a_page)
{
    for (size_t align = 1; align <= 4096; align *= 2)
        MUST(check(align, 0, 0, 0, 0, 0));
    FAILS(LEAT_E_INVALID, check(3, 0, 0, 0, 0, 0));
    FAILS(LEAT_E_INVALID, check(8192, 0, 0, 0, 0, 0));
    FAILS(LEAT_E_INVALID, check(SIZE_MAX, 0, 0, 0, 0, 0));
}

Test(constraint, boundary_is_a_power_of_two)
{
    for (size_t boundary = 1; boundary; boundary *= 2)
        MUST(check(0, 0, boundary, 0, 0, 0));
    FAILS(LEAT_E_INVALID, check(0, 0, 3, 0, 0, 0));
    FAILS(LEAT_E_INVALID, check(0, 0, SIZE_MAX, 0, 0, 0));
}

Test(constraint, a_multiple_fits_a_segment_and_the_boundary)
{
    MUST(check(0, 3, 0, 0, 3, 0));
    MUST(check(0, SIZE_MAX, 0, 0, 0, 0));
    MUST(check(0, 4096, 4096, 0, 4096, 0));
    MUST(check(4096, 512, 512, 1, 513, 0));
    FAILS(LEAT_E_INVALID, check(0, 4, 0, 0, 3, 0));
    FAILS(LEAT_E_INVALID, check(0, 513, 512, 0, 0, 0));
}

Test(constraint, flags_are_known)
{
    MUST(check(0, 0, 0, 0, 0, LEAT_NEED_WRITABLE));
    MUST(check(0, 0, 0, 0, 0, LEAT_NEED_REGISTERED));
    FAILS(LEAT_E_INVALID, check(0, 0, 0, 0, 0, 4));
    FAILS(LEAT_E_INVALID, check(0, 0, 0, 0, 0, UINT32_MAX));
    FAILS(LEAT_E_INVALID, leat_constraint_check(NULL));
}

static void assert_same(const struct leat_constraint *a,
                        const struct leat_constraint *b)
{
    cr_assert_eq(a->align, b->align);
    cr_assert_eq(a->multiple, b->multiple);
    cr_assert_eq(a->boundary, b->boundary);
    cr_assert_eq(a->segments, b->segments);
    cr_assert_eq(a->segment_bytes, b->segment_bytes);
    cr_assert_eq(a->flags, b->flags);
}

Test(constraint, merge_takes_the_stricter)
{
    struct leat_constraint a = {512, 512, 0, 11, 0, LEAT_NEED_REGISTERED};
    struct leat_constraint b = {64, 768, 65536, 20, 8192, LEAT_NEED_WRITABLE};
    struct leat_constraint want = {
        512, 1536, 65536, 11, 8192, LEAT_NEED_WRITABLE | LEAT_NEED_REGISTERED};
    struct leat_constraint none = {0}, out;

    MUST(leat_constraint_merge(&a, &b, &out));
    assert_same(&out, &want);
    MUST(leat_constraint_merge(&b, &a, &out));
    assert_same(&out, &want);
    MUST(leat_constraint_merge(&a, &none, &out));
    assert_same(&out, &a);
    MUST(leat_constraint_merge(&none, &b, &out));
    assert_same(&out, &b);
    MUST(leat_constraint_merge(&none, &none, &out));
    assert_same(&out, &none);
    MUST(leat_constraint_merge(&a, &b, &a)); /* in place */
    assert_same(&a, &want);
}

Test(constraint, merge_refuses)
{
    struct leat_constraint mark = {1, 2, 3, 4, 5, 6}, out = mark;
    struct leat_constraint good = {0}, bad = {.align = 3};
    struct leat_constraint seven = {.multiple = 7}, six = {.segment_bytes = 6};
    struct leat_constraint big = {.multiple = SIZE_MAX};
    struct leat_constraint big1 = {.multiple = SIZE_MAX - 1};

    FAILS(LEAT_E_INVALID, leat_constraint_merge(&good, &bad, &out));
    FAILS(LEAT_E_INVALID, leat_constraint_merge(&bad, &good, &out));
    FAILS(LEAT_E_INVALID, leat_constraint_merge(&seven, &six, &out));
    FAILS(LEAT_E_INVALID, leat_constraint_merge(NULL, &good, &out));
    FAILS(LEAT_E_INVALID, leat_constraint_merge(&good, NULL, &out));
    FAILS(LEAT_E_INVALID, leat_constraint_merge(&good, &good, NULL));
    FAILS(LEAT_E_OVERFLOW, leat_constraint_merge(&big, &big1, &out));
    assert_same(&out, &mark);
    MUST(leat_constraint_merge(&big, &big, &out));
    cr_assert_eq(out.multiple, SIZE_MAX);
}

Test(constraint, page_is_what_a_grant_shows)
{
    struct leat_constraint c;

    leat_constraint_page(&c);
    MUST(leat_constraint_check(&c));
    cr_assert(c.align == 4096 && c.multiple == 4096);
    cr_assert(c.segment_bytes == 4096 && c.segments == 0 && c.flags == 0);
    leat_constraint_page(NULL);
}

Test(constraint, blkif_is_sectors_in_a_page)
{
    struct leat_constraint c, was;

    for (size_t sector = 512; sector <= 4096; sector *= 2) {
        MUST(leat_constraint_blkif(sector, 0, &c));
        MUST(leat_constraint_check(&c));
        cr_assert(c.align == sector && c.multiple == sector);
        cr_assert(c.boundary == 4096 && c.segments == 11);
    }
    MUST(leat_constraint_blkif(512, 32, &c));
    cr_assert_eq(c.segments, 32);
    was = c;
    FAILS(LEAT_E_INVALID, leat_constraint_blkif(0, 0, &c));
    FAILS(LEAT_E_INVALID, leat_constraint_blkif(256, 0, &c));
    FAILS(LEAT_E_INVALID, leat_constraint_blkif(520, 0, &c));
    FAILS(LEAT_E_INVALID, leat_constraint_blkif(8192, 0, &c));
    FAILS(LEAT_E_INVALID, leat_constraint_blkif(512, 0, NULL));
    assert_same(&c, &was);
}

Test(constraint, netif_is_anything_within_a_page)
{
    struct leat_constraint c;

    leat_constraint_netif(&c);
    MUST(leat_constraint_check(&c));
    cr_assert(c.align <= 1 && c.multiple <= 1);
    cr_assert(c.boundary == 4096 && c.segments == 18);
    leat_constraint_netif(NULL);
}
