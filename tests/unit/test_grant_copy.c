/* SPDX-License-Identifier: ISC */

#include <leat/grant_copy.h>

#include "grant_fixture.h"

static struct grant_fixture f;
static struct leat_copies copies;
static struct leat_copy_seg segs[16];
static struct leat_copy_batch batch;
static struct leat_chunk pages;
static struct leat_grant grant;
static struct leat_gref grefs[4];

/* Four pages of A's, granted to B, each byte its offset's. */
static void open_four(void)
{
    uint32_t refs[4];

    open_grants(&f, (struct leat_grants_config){0});
    pages = get(f.a->pool, 4);
    for (size_t i = 0; i < 4 * PAGE; i++)
        bytes_of(pages)[i] = (unsigned char)(i * 7 >> 3);
    MUST(leat_grant_share(f.a->table, pages, 2, LEAT_READ_WRITE, &grant));
    MUST(leat_grant_refs(grant, refs, 4));
    for (size_t i = 0; i < 4; i++)
        grefs[i] = (struct leat_gref){1, refs[i]};
    memset(&copies, 0, sizeof(copies));
    MUST(leat_copy_init(&batch, f.b->table, segs, COUNT(segs), &copies));
}

static void shut(void)
{
    MUST(leat_grant_revoke(grant));
    MUST(leat_pool_put(f.a->pool, pages));
    close_grants(&f);
}

TestSuite(grant_copy, .init = open_four, .fini = shut);

static struct leat_view view(void *data, size_t len)
{
    struct leat_view v;

    MUST(leat_view_of(data, len, &v));
    return v;
}

Test(grant_copy, at_every_alignment_and_across_edges)
{
    static const size_t offs[] = {0, 1, 63, 4095, 4096, 5000};
    static const size_t lens[] = {1, 2, 4095, 4096, 4097, 9000};
    static unsigned char got[3 * 4096], put[3 * 4096];

    for (size_t i = 0; i < COUNT(offs); i++) {
        for (size_t j = 0; j < COUNT(lens); j++) {
            size_t off = offs[i], len = lens[j];
            size_t first = off / PAGE, last = (off + len - 1) / PAGE;

            memset(got, 0, sizeof(got));
            MUST(leat_copy_from(&batch, grefs, 4, off, view(got + 3, len)));
            cr_assert_eq(batch.n, last - first + 1);
            MUST(leat_copy_run(&batch));
            cr_assert_eq(memcmp(got + 3, bytes_of(pages) + off, len), 0);
            cr_assert(got[2] == 0 && got[len + 3] == 0);
            MUST(leat_copy_reset(&batch));

            for (size_t k = 0; k < len; k++)
                put[k] = (unsigned char)(k * 13 + i + j);
            MUST(leat_copy_to(&batch, grefs, 4, off,
                              leat_view_const(view(put, len))));
            MUST(leat_copy_run(&batch));
            cr_assert_eq(memcmp(put, bytes_of(pages) + off, len), 0);
            MUST(leat_copy_reset(&batch));
        }
    }
    cr_assert_eq(grants_stats(f.b->table).copies,
                 2 * COUNT(offs) * COUNT(lens));
}

Test(grant_copy, between_pages_of_peers)
{
    static unsigned char want[6000];

    memcpy(want, bytes_of(pages) + 100, 6000);
    MUST(leat_copy_between(&batch, grefs, 2, 100, grefs + 2, 2, 1001, 6000));
    for (size_t i = 0; i < batch.n; i++) {
        cr_assert_leq(segs[i].from.off + segs[i].len, PAGE);
        cr_assert_leq(segs[i].to.off + segs[i].len, PAGE);
    }
    MUST(leat_copy_run(&batch));
    cr_assert_eq(memcmp(want, bytes_of(pages) + 2 * PAGE + 1001, 6000), 0);
    cr_assert_eq(leat_copies_bytes(&copies), 6000);
    cr_assert_eq(copies.count[LEAT_WHY_SHARED], batch.n);
}

Test(grant_copy, no_status_goes_unread)
{
    struct leat_gref bad[3] = {grefs[0], {1, 1999}, {99, 8}};
    static unsigned char got[3 * 4096];
    size_t seg = 0;
    int status = 0;

    MUST(leat_copy_from(&batch, bad, 3, 0, view(got, 3 * PAGE)));
    FAILS(LEAT_E_STATE, leat_copy_failed(&batch, &seg, &status));
    FAILS(LEAT_E_REFERENCE, leat_copy_run(&batch));
    cr_assert_eq(memcmp(got, bytes_of(pages), PAGE), 0, "the first succeeded");
    cr_assert_eq(leat_copies_bytes(&copies), PAGE);
    FAILS(LEAT_E_STATE, leat_copy_run(&batch));
    FAILS(LEAT_E_STATE, leat_copy_reset(&batch));
    FAILS(LEAT_E_STATE, leat_copy_from(&batch, grefs, 1, 0, view(got, 1)));
    MUST(leat_copy_failed(&batch, &seg, &status));
    cr_assert(seg == 1 && status == LEAT_E_REFERENCE);
    FAILS(LEAT_E_STATE, leat_copy_reset(&batch));
    MUST(leat_copy_failed(&batch, &seg, &status));
    cr_assert(seg == 2 && status == LEAT_E_DOMAIN);
    MUST(leat_copy_reset(&batch));
    FAILS(LEAT_E_STATE, leat_copy_failed(&batch, &seg, &status));
    cr_assert_eq(grants_stats(f.b->table).copy_failed, 2);
    MUST(leat_copy_run(&batch));
    FAILS(LEAT_E_END, leat_copy_failed(&batch, &seg, &status));
}

Test(grant_copy, a_read_only_grant_is_not_written)
{
    struct leat_chunk c = get(f.a->pool, 1);
    struct leat_gref ro = {1, 0};
    struct leat_grant g;
    unsigned char byte = 1;
    size_t seg;
    int status;

    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_ONLY, &g));
    ro.ref = ref_of(g);
    MUST(leat_copy_to(&batch, &ro, 1, 17, leat_view_const(view(&byte, 1))));
    FAILS(LEAT_E_ACCESS, leat_copy_run(&batch));
    cr_assert_eq(bytes_of(c)[17], 0);
    MUST(leat_copy_failed(&batch, &seg, &status));
    MUST(leat_copy_reset(&batch));
    MUST(leat_copy_from(&batch, &ro, 1, 17, view(&byte, 1)));
    MUST(leat_copy_run(&batch));
    cr_assert_eq(byte, 0);
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_copy, no_bytes_are_checked_and_nothing_to_do)
{
    unsigned char byte = 5;

    MUST(leat_copy_from(&batch, grefs, 4, 4 * PAGE, view(&byte, 0)));
    FAILS(LEAT_E_RANGE,
          leat_copy_from(&batch, grefs, 4, 4 * PAGE + 1, view(&byte, 0)));
    cr_assert_eq(batch.n, 0);
    MUST(leat_copy_run(&batch));
    cr_assert_eq(byte, 5);
    cr_assert_eq(grants_stats(f.b->table).copies, 0);
}

Test(grant_copy, what_does_not_fit_adds_nothing)
{
    static unsigned char got[4 * 4096];

    for (size_t i = 0; i < 15; i++)
        MUST(leat_copy_from(&batch, grefs, 1, i, view(got + i, 1)));
    FAILS(LEAT_E_SEGMENTS,
          leat_copy_from(&batch, grefs, 2, 4095, view(got, 2)));
    cr_assert_eq(batch.n, 15);
    MUST(leat_copy_from(&batch, grefs, 1, 15, view(got + 15, 1)));
    FAILS(LEAT_E_SEGMENTS, leat_copy_from(&batch, grefs, 1, 0, view(got, 1)));
    FAILS(LEAT_E_RANGE, leat_copy_from(&batch, grefs, 1, 1, view(got, PAGE)));
    FAILS(LEAT_E_RANGE,
          leat_copy_from(&batch, grefs, 1, SIZE_MAX, view(got, 1)));
    FAILS(LEAT_E_STALE,
          leat_copy_from(&batch, grefs, 1, 0, (struct leat_view){NULL, 0}));
    MUST(leat_copy_run(&batch));
    cr_assert_eq(memcmp(got, bytes_of(pages), 16), 0);
}

Test(grant_copy, a_backend_that_tries_nothing_fails_all)
{
    static unsigned char got[2];
    size_t seg;
    int status;

    MUST(leat_copy_from(&batch, grefs, 1, 0, view(got, 1)));
    MUST(leat_copy_from(&batch, grefs, 1, 1, view(got + 1, 1)));
    f.world.fail_at = 1;
    f.world.fail_with = LEAT_E_GONE;
    FAILS(LEAT_E_GONE, leat_copy_run(&batch));
    for (size_t i = 0; i < 2; i++) {
        MUST(leat_copy_failed(&batch, &seg, &status));
        cr_assert(seg == i && status == LEAT_E_STATE);
    }
    FAILS(LEAT_E_END, leat_copy_failed(&batch, &seg, &status));
    MUST(leat_copy_reset(&batch));
}
