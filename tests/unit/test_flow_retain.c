/* SPDX-License-Identifier: ISC */

/* What was read can be read again until it is acknowledged. */

#include "flow_fixture.h"

static unsigned char in[50000], out[50000];

Test(flow_retain, again_after_the_buffer_was_reused)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_position at;
    size_t n;

    open_flows(&f, 128, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 50000,
                                                 .flags = LEAT_FLOW_RETAIN});
    fill(in, sizeof(in), 0);
    MUST(leat_flow_write(flow, in, 30000));
    memset(in, 0, sizeof(in));
    MUST(leat_flow_read_into(flow, out, 20000, &n));
    cr_assert(filled(out, 20000, 0));
    cr_assert_eq(flow_stats(f.fp).bytes_retained, 20000);
    cr_assert_eq(flow_stats(f.fp).bytes_unread, 10000);

    MUST(leat_flow_ack(flow, 7001)); /* in the middle of a piece */
    cr_assert_eq(flow_stats(f.fp).bytes_retained, 12999);
    assert_flows(&f);
    FAILS(LEAT_E_RANGE, leat_flow_rewind(flow, 7000));
    FAILS(LEAT_E_RANGE, leat_flow_rewind(flow, 20001));
    MUST(leat_flow_rewind(flow, 7001));
    cr_assert_eq(flow_stats(f.fp).bytes_retained, 0);
    assert_flows(&f);
    MUST(leat_flow_read_into(flow, out, 40000, &n));
    cr_assert_eq(n, 22999);
    cr_assert(filled(out, n, 7001));

    /* A selective one, and back. */
    MUST(leat_flow_rewind(flow, 15000));
    MUST(leat_flow_read_into(flow, out, 100, &n));
    cr_assert(filled(out, 100, 15000));
    MUST(leat_flow_rewind(flow, 30000));
    MUST(leat_flow_position(flow, &at));
    cr_assert_eq(at.acked, 7001);
    cr_assert_eq(at.read, 30000);
    cr_assert_eq(at.sent, 30000);

    FAILS(LEAT_E_RANGE, leat_flow_ack(flow, 23000));
    MUST(leat_flow_ack(flow, 0));
    MUST(leat_flow_ack(flow, 22999));
    cr_assert_eq(flow_stats(f.fp).buffers, 0);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow_retain, it_counts_against_the_capacity)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    size_t n;

    open_flows(&f, 128, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 1000,
                                                 .flags = LEAT_FLOW_RETAIN});
    MUST(leat_flow_write(flow, in, 1000));
    MUST(leat_flow_read_into(flow, out, 1000, &n));
    FAILS(LEAT_E_AGAIN, leat_flow_write(flow, in, 1));
    MUST(leat_flow_ack(flow, 10));
    MUST(leat_flow_write(flow, in, 10));
    FAILS(LEAT_E_AGAIN, leat_flow_write(flow, in, 1));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

/* What a late acknowledgement covers need not be read again. */
Test(flow_retain, acknowledged_beyond_a_rewind)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_position at;
    size_t n;

    open_flows(&f, 128, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.flags = LEAT_FLOW_RETAIN});
    MUST(leat_flow_write(flow, in, 1000));
    MUST(leat_flow_read_into(flow, out, 800, &n));
    MUST(leat_flow_rewind(flow, 100));
    MUST(leat_flow_ack(flow, 500));
    MUST(leat_flow_position(flow, &at));
    cr_assert_eq(at.read, 500);
    cr_assert_eq(flow_stats(f.fp).bytes_unread, 500);
    assert_flows(&f);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow_retain, after_the_end)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    size_t n;

    open_flows(&f, 128, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.flags = LEAT_FLOW_RETAIN});
    MUST(leat_flow_write(flow, "abcdef", 6));
    MUST(leat_flow_close(flow));
    MUST(leat_flow_read_into(flow, out, 10, &n));
    FAILS(LEAT_E_END, leat_flow_read_into(flow, out, 10, &n));
    MUST(leat_flow_rewind(flow, 2));
    MUST(leat_flow_read_into(flow, out, 10, &n));
    cr_assert_eq(n, 4);
    cr_assert_eq(memcmp(out, "cdef", 4), 0);
    MUST(leat_flow_ack(flow, 6));
    FAILS(LEAT_E_END, leat_flow_read_into(flow, out, 10, &n));
    MUST(leat_flow_stop(flow));
    FAILS(LEAT_E_CLOSED, leat_flow_ack(flow, 0));
    FAILS(LEAT_E_CLOSED, leat_flow_rewind(flow, 6));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

/* Random work against a plain array. */
Test(flow_retain, as_an_array_would)
{
    static unsigned char all[400000];
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_position at = {0};
    uint64_t random = 11;

    fill(all, sizeof(all), 0);
    open_flows(&f, 256, (struct leat_flow_pool_config){.retain_ratio = 4});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 40000,
                                                 .flags = LEAT_FLOW_RETAIN});
    for (int i = 0; i < 4000; i++) {
        struct leat_flow_ref ref;
        size_t n = 0, len;
        int err = 0;

        random = random * 6364136223846793005u + 1442695040888963407u;
        len = (random >> 33) % 9000;
        switch ((random >> 20) % 7) {
        case 0:
            if (at.written + len < sizeof(all))
                err = leat_flow_write(flow, all + at.written, len);
            break;
        case 1:
            if (!len || at.written + len >= sizeof(all))
                break;
            MUST(leat_flow_buffer_get(f.fp, len, &ref));
            memcpy(ref.view.data, all + at.written, len);
            err = leat_flow_give(flow, &ref);
            if (err)
                MUST(leat_flow_ref_drop(&ref));
            break;
        case 2:
            err = leat_flow_read_into(flow, out, len, &n);
            if (!err)
                cr_assert_eq(memcmp(out, all + at.read, n), 0);
            break;
        case 3:
        case 4:
            err = (random >> 60) % 2 ? leat_flow_take(flow, len + 1, &ref)
                                     : leat_flow_read(flow, len + 1, &ref);
            if (err)
                break;
            cr_assert_eq(memcmp(ref.view.data, all + at.read, ref.view.len), 0);
            MUST(leat_flow_ref_drop(&ref));
            break;
        case 5:
            if (at.sent > at.acked)
                MUST(leat_flow_ack(flow, len % (at.sent - at.acked + 1)));
            break;
        default:
            if (at.sent > at.acked)
                MUST(leat_flow_rewind(
                    flow, at.acked + len % (at.sent - at.acked + 1)));
            break;
        }
        cr_assert(!err || err == LEAT_E_AGAIN, "%s", leat_strerror(err));
        MUST(leat_flow_position(flow, &at));
        assert_flows(&f);
    }
    cr_assert_gt(at.acked, 100000);
    cr_assert_gt(leat_flow_pool_copies(f.fp)->count[LEAT_WHY_RETAIN], 10);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}
