/* SPDX-License-Identifier: ISC */

/* A few bytes that keep many: reported, and copied out where the policy says. */

#include "flow_fixture.h"

static int note(void *arg, const struct leat_pin *pin)
{
    struct leat_pin *all = arg;

    all->used += pin->used;
    all->pinned += pin->pinned;
    all->tracked |= pin->tracked;
    all->age_ns++;
    return 0;
}

static int stop(void *arg, const struct leat_pin *pin)
{
    (void)pin;
    ++*(int *)arg;
    return 42;
}

Test(flow_pin, reported)
{
    struct flow_fixture f;
    struct leat_flow_ref big, small, other;
    struct leat_pin pin, all = {0};
    int calls = 0;

    open_flows(&f, 64,
               (struct leat_flow_pool_config){.flags = LEAT_FLOW_POOL_TRACK});
    MUST(leat_flow_buffer_get(f.fp, 40000, &big));
    MUST(leat_flow_buffer_get(f.fp, 30000, &other));
    MUST(leat_flow_ref_slice(&big, 20000, 100, &small));
    MUST(leat_flow_ref_drop(&big));
    usleep(1000);
    MUST(leat_flow_ref_pin(&small, &pin));
    cr_assert_eq(pin.used, 100);
    cr_assert_eq(pin.pinned, 10 * PAGE);
    cr_assert(pin.tracked);
    cr_assert_geq(pin.age_ns, 1000000);

    MUST(leat_flow_pool_pins(f.fp, 4, note, &all));
    cr_assert_eq(all.age_ns, 1);
    cr_assert_eq(all.used, 100);
    cr_assert_eq(all.pinned, 10 * PAGE);
    cr_assert_eq(leat_flow_pool_pins(f.fp, 0, stop, &calls), 42);
    cr_assert_eq(calls, 1);
    FAILS(LEAT_E_INVALID, leat_flow_pool_pins(f.fp, 4, NULL, NULL));
    MUST(leat_flow_ref_drop(&small));
    MUST(leat_flow_ref_drop(&other));
    FAILS(LEAT_E_STALE, leat_flow_ref_pin(&small, &pin));
    close_flows(&f);
}

Test(flow_pin, what_was_adopted_has_its_pools_age)
{
    struct flow_fixture f;
    struct leat_flow_pool_config config = {0};
    struct leat_flow_ref out;
    struct leat_chunk c;
    struct leat_view v;
    struct leat_ref ref;
    struct leat_pin pin;

    open_static(&f.p, 16, (struct leat_pool_config){.flags = LEAT_POOL_TRACK});
    config.pool = f.p.pool;
    MUST(leat_flow_pool_create(&f.fp, &config));
    c = get(f.p.pool, 8);
    MUST(leat_view_slice(leat_chunk_view(c), 1, 10, &v));
    MUST(leat_ref_take(c, v, &ref));
    MUST(leat_pool_put(f.p.pool, c));
    usleep(1000);
    MUST(leat_flow_ref_adopt(f.fp, &ref, &out));
    MUST(leat_flow_ref_pin(&out, &pin));
    cr_assert_eq(pin.pinned, 8 * PAGE);
    cr_assert(pin.tracked);
    cr_assert_geq(pin.age_ns, 1000000);
    MUST(leat_flow_ref_drop(&out));
    close_flows(&f);
}

Test(flow_pin, copied_out_above_the_ratio)
{
    struct flow_fixture f;
    struct leat_flow_ref big, small;
    unsigned char *there;
    bool copied = true;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    MUST(leat_flow_buffer_get(f.fp, 40960, &big));
    fill(big.view.data, 40960, 0);
    there = big.view.data;
    MUST(leat_flow_ref_slice(&big, 8192, 4096, &small));
    MUST(leat_flow_ref_drop(&big));
    MUST(leat_flow_ref_compact(&small, 10, &copied));
    cr_assert(!copied); /* exactly ten times is not above it */
    cr_assert_eq(small.view.data, there + 8192);
    MUST(leat_flow_ref_compact(&small, 9, &copied));
    cr_assert(copied);
    cr_assert(filled(small.view.data, 4096, 8192));
    cr_assert_leq(flow_stats(f.fp).bytes_held, 2 * PAGE);
    cr_assert_eq(leat_flow_pool_copies(f.fp)->count[LEAT_WHY_RETAIN], 1);
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_RETAIN], 4096);
    MUST(leat_flow_ref_compact(&small, 0, &copied));
    cr_assert(!copied); /* a fresh one would pin as much */
    MUST(leat_flow_ref_drop(&small));
    close_flows(&f);
}

/* A flow does it by itself: at a give, and when most was acknowledged. */
Test(flow_pin, by_policy)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref big, small;
    unsigned char out[40960];
    size_t n;

    open_flows(&f, 64, (struct leat_flow_pool_config){.retain_ratio = 8});
    flow = flow_of(&f, (struct leat_flow_config){.flags = LEAT_FLOW_RETAIN});
    MUST(leat_flow_buffer_get(f.fp, 40960, &big));
    fill(big.view.data, 40960, 0);
    MUST(leat_flow_ref_slice(&big, 500, 50, &small));
    MUST(leat_flow_give(flow, &small));
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_RETAIN], 50);
    MUST(leat_flow_give(flow, &big));
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_RETAIN], 50);

    MUST(leat_flow_read_into(flow, out, sizeof(out), &n));
    cr_assert(filled(out, 50, 500));
    cr_assert(filled(out + 50, n - 50, 0));
    MUST(leat_flow_ack(flow, 50 + 30000));
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_RETAIN], 50);
    MUST(leat_flow_ack(flow, 10000));
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_RETAIN], 50 + 960);
    cr_assert_leq(flow_stats(f.fp).bytes_held, 2 * PAGE);
    assert_flows(&f);
    MUST(leat_flow_rewind(flow, 50 + 40000));
    MUST(leat_flow_read_into(flow, out, 960, &n));
    cr_assert(filled(out, 960, 40000));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}
