/* SPDX-License-Identifier: ISC */

/* Buffers and their refs. */

#include "flow_fixture.h"

Test(flow_buffer, a_ref_moves_and_is_found_when_it_is_old)
{
    struct flow_fixture f;
    struct leat_flow_ref a, b = {0}, part, copy, none = {0};

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    FAILS(LEAT_E_INVALID, leat_flow_buffer_get(f.fp, 0, &a));
    FAILS(LEAT_E_INVALID, leat_flow_buffer_get(f.fp, 1, NULL));
    FAILS(LEAT_E_OVERFLOW, leat_flow_buffer_get(f.fp, SIZE_MAX, &a));
    MUST(leat_flow_buffer_get(f.fp, 300, &a));
    cr_assert_eq(a.view.len, 300);
    FAILS(LEAT_E_STALE, leat_flow_ref_move(&none, &b));
    MUST(leat_flow_ref_move(&a, &b));
    FAILS(LEAT_E_STATE, leat_flow_ref_move(&b, &b));
    FAILS(LEAT_E_STALE, leat_flow_ref_drop(&a));
    FAILS(LEAT_E_RANGE, leat_flow_ref_slice(&b, 200, 101, &part));
    MUST(leat_flow_ref_slice(&b, 200, 100, &part));
    copy = b;
    MUST(leat_flow_ref_drop(&b));
    cr_assert_eq(leat_flow_ref_view(&part).len, 100);
    MUST(leat_flow_ref_drop(&part));
    FAILS(LEAT_E_STALE, leat_flow_ref_drop(&copy));
    FAILS(LEAT_E_STALE, leat_flow_ref_slice(&copy, 0, 1, &part));
    MUST(leat_flow_buffer_get(f.fp, 300, &a)); /* the same cell, most likely */
    FAILS(LEAT_E_STALE, leat_flow_ref_drop(&copy));
    MUST(leat_flow_ref_drop(&a));
    close_flows(&f);
}

Test(flow_buffer, what_is_adopted_goes_home)
{
    struct flow_fixture f;
    struct leat_chunk c;
    struct leat_view v;
    struct leat_ref ref, none = {0};
    struct leat_flow_ref out = {0};
    struct leat_builder b;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    c = get(f.p.pool, 3);
    MUST(leat_view_slice(leat_chunk_view(c), 100, 9000, &v));
    MUST(leat_ref_take(c, v, &ref));
    MUST(leat_pool_put(f.p.pool, c));
    FAILS(LEAT_E_STALE, leat_flow_ref_adopt(f.fp, &none, &out));
    MUST(leat_flow_ref_adopt(f.fp, &ref, &out));
    FAILS(LEAT_E_STALE, leat_ref_drop(&ref));
    cr_assert_eq(out.view.data, v.data);
    cr_assert_eq(flow_stats(f.fp).bytes_adopted, 3 * PAGE);
    cr_assert_eq(flow_stats(f.fp).bytes_held, 0);
    FAILS(LEAT_E_UNSUPPORTED, leat_flow_ref_builder(&out, &b));
    MUST(leat_flow_ref_drop(&out));
    close_flows(&f);
}

Test(flow_buffer, room_around_it_is_one_owners)
{
    struct flow_fixture f;
    struct leat_flow_ref ref, part;
    struct leat_builder b;
    struct leat_view head;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    MUST(leat_flow_buffer_get(f.fp, 1000, &ref));
    MUST(leat_flow_ref_slice(&ref, 100, 500, &part));
    FAILS(LEAT_E_BUSY, leat_flow_ref_builder(&part, &b));
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_ref_builder(&part, &b));
    cr_assert_eq(leat_builder_headroom(&b), 100);
    cr_assert_eq(leat_builder_len(&b), 500);
    cr_assert_geq(leat_builder_tailroom(&b), 400);
    MUST(leat_builder_prepend(&b, 100, &head));
    memset(head.data, 1, head.len);
    MUST(leat_flow_ref_drop(&part));
    FAILS(LEAT_E_STALE, leat_flow_ref_builder(&part, &b));
    close_flows(&f);
}

/* A buffer of every size class and around it: all its bytes are its own. */
Test(flow_buffer, sizes)
{
    struct flow_fixture f;
    struct leat_flow_ref refs[64];
    size_t n = 0;

    open_flows(&f, 512, (struct leat_flow_pool_config){0});
    for (size_t size = 1; size < 40000; size += size / 3 + 1, n++) {
        cr_assert_lt(n, COUNT(refs));
        MUST(leat_flow_buffer_get(f.fp, size, &refs[n]));
        memset(refs[n].view.data, (int)n, size);
    }
    for (size_t i = 0; i < n; i++) {
        cr_assert(
            all_bytes(refs[i].view.data, refs[i].view.len, (unsigned char)i));
        MUST(leat_flow_ref_drop(&refs[i]));
    }
    close_flows(&f);
}

struct hook {
    struct leat_flow_pool *fp;
    struct leat_flow_ref cache[8];
    unsigned calls;
};

/* The pool asks for memory back: it gets a flow's buffers, in the middle. */
static void reclaim(void *arg, struct leat_pool *pool, size_t pages)
{
    struct hook *h = arg;

    (void)pool;
    (void)pages;
    h->calls++;
    for (size_t i = 0; i < COUNT(h->cache); i++)
        if (h->cache[i].buffer)
            MUST(leat_flow_ref_drop(&h->cache[i]));
}

Test(flow_buffer, reclaim_may_drop_buffers)
{
    struct flow_fixture f;
    struct leat_flow_pool_config config = {0};
    struct leat_flow_ref ref;
    struct hook h = {0};
    size_t i;

    open_static(&f.p, 64,
                (struct leat_pool_config){.reclaim = reclaim, .arg = &h});
    config.pool = f.p.pool;
    MUST(leat_flow_pool_create(&f.fp, &config));
    for (i = 0; i < COUNT(h.cache); i++)
        MUST(leat_flow_buffer_get(f.fp, 8 * PAGE, &h.cache[i]));
    cr_assert_eq(h.calls, 0);
    MUST(leat_flow_buffer_get(f.fp, 600, &ref));
    cr_assert_eq(h.calls, 1);
    MUST(leat_flow_ref_drop(&ref));
    close_flows(&f);
}
