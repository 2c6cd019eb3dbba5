/* SPDX-License-Identifier: ISC */

/* The stream: what goes in comes out, in order, and how it ends. */

#include "flow_fixture.h"

static unsigned char in[200000], out[200000];

Test(flow, bytes_of_any_length_and_offset)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    uint64_t random = 3;
    size_t at = 0, back = 0, got;

    open_flows(&f, 512, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 100000});
    fill(in, sizeof(in), 0);
    while (back < sizeof(in)) {
        size_t len;
        int err;

        random = random * 6364136223846793005u + 1442695040888963407u;
        len = (random >> 33) % 20000;
        if (len > sizeof(in) - at)
            len = sizeof(in) - at;
        err = leat_flow_write(flow, in + at, len);
        cr_assert(!err || err == LEAT_E_AGAIN, "%s", leat_strerror(err));
        if (!err)
            at += len;
        len = (random >> 13) % 20000;
        err = leat_flow_read_into(flow, out + back, len, &got);
        cr_assert(!err || err == LEAT_E_AGAIN, "%s", leat_strerror(err));
        if (!err)
            back += got;
        assert_flows(&f);
    }
    cr_assert_eq(memcmp(in, out, sizeof(in)), 0);
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_IN], sizeof(in));
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_OUT], sizeof(in));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow, the_writer_reuses_its_buffer_at_once)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref ref;
    unsigned char record[16387];

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){0});
    fill(record, sizeof(record), 0);
    MUST(leat_flow_write(flow, record + 3, 16384));
    memset(record, 0, sizeof(record));
    MUST(leat_flow_take(flow, SIZE_MAX, &ref));
    cr_assert_eq(ref.view.len, 16384);
    cr_assert(filled(ref.view.data, 16384, 3));
    cr_assert_eq(leat_copies_bytes(leat_flow_pool_copies(f.fp)), 16384);
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow, what_is_given_is_not_copied)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref ref, back;
    unsigned char *there;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 10000});
    MUST(leat_flow_buffer_get(f.fp, 5000, &ref));
    there = ref.view.data;
    fill(there, 5000, 0);
    MUST(leat_flow_give(flow, &ref));
    cr_assert_null(ref.buffer);
    FAILS(LEAT_E_STALE, leat_flow_give(flow, &ref));

    MUST(leat_flow_buffer_get(f.fp, 6000, &ref));
    FAILS(LEAT_E_AGAIN, leat_flow_give(flow, &ref));
    cr_assert_eq(ref.view.len, 6000);
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_buffer_get(f.fp, 10001, &ref));
    FAILS(LEAT_E_LIMIT, leat_flow_give(flow, &ref));
    MUST(leat_flow_ref_drop(&ref));

    MUST(leat_flow_take(flow, 1000, &back));
    cr_assert_eq(back.view.data, there);
    cr_assert_eq(back.view.len, 1000);
    MUST(leat_flow_ref_drop(&back));
    MUST(leat_flow_take(flow, 100000, &back));
    cr_assert_eq(back.view.data, there + 1000);
    cr_assert_eq(back.view.len, 4000);
    MUST(leat_flow_destroy(flow)); /* what was taken stays */
    cr_assert(filled(back.view.data, 4000, 1000));
    cr_assert_eq(leat_copies_bytes(leat_flow_pool_copies(f.fp)), 0);
    MUST(leat_flow_ref_drop(&back));
    close_flows(&f);
}

Test(flow, a_fresh_buffer_crosses_pieces)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref ref;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){0});
    fill(in, 9000, 0);
    for (size_t at = 0; at < 9000; at += 3000) {
        MUST(leat_flow_buffer_get(f.fp, 3000, &ref));
        memcpy(ref.view.data, in + at, 3000);
        MUST(leat_flow_give(flow, &ref));
    }
    MUST(leat_flow_read(flow, 8000, &ref));
    cr_assert_eq(ref.view.len, 8000);
    cr_assert(filled(ref.view.data, 8000, 0));
    cr_assert_eq(leat_flow_pool_copies(f.fp)->count[LEAT_WHY_OUT], 1);
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_OUT], 8000);
    memset(ref.view.data, 0, 8000); /* it is the reader's alone */
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_read(flow, 8000, &ref));
    cr_assert_eq(ref.view.len, 1000);
    cr_assert(filled(ref.view.data, 1000, 8000));
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow, backpressure)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    size_t n = 99;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 1000});
    MUST(leat_flow_write(flow, in, 600));
    FAILS(LEAT_E_AGAIN, leat_flow_write(flow, in, 401));
    FAILS(LEAT_E_LIMIT, leat_flow_write(flow, in, 1001));
    MUST(leat_flow_write_some(flow, in, 5000, &n));
    cr_assert_eq(n, 400);
    FAILS(LEAT_E_AGAIN, leat_flow_write_some(flow, in, 1, &n));
    cr_assert_eq(n, 400);
    MUST(leat_flow_write(flow, NULL, 0)); /* no bytes find room */
    MUST(leat_flow_read_into(flow, out, 1, &n));
    MUST(leat_flow_write(flow, in, 1));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

/* The table in leat/flow.h. */
Test(flow, how_it_ends)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref ref, none;
    size_t n;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){0});
    FAILS(LEAT_E_AGAIN, leat_flow_read_into(flow, out, 1, &n));
    FAILS(LEAT_E_AGAIN, leat_flow_read(flow, 1, &ref));
    FAILS(LEAT_E_AGAIN, leat_flow_take(flow, 1, &ref));
    MUST(leat_flow_read_into(flow, NULL, 0, &n));
    cr_assert_eq(n, 0);
    FAILS(LEAT_E_INVALID, leat_flow_read(flow, 0, &ref));
    FAILS(LEAT_E_INVALID, leat_flow_take(flow, 0, &ref));

    MUST(leat_flow_write(flow, "abc", 3));
    MUST(leat_flow_close(flow));
    FAILS(LEAT_E_CLOSED, leat_flow_close(flow));
    FAILS(LEAT_E_CLOSED, leat_flow_write(flow, "d", 1));
    FAILS(LEAT_E_CLOSED, leat_flow_write(flow, NULL, 0));
    FAILS(LEAT_E_CLOSED, leat_flow_write_some(flow, "d", 1, &n));
    MUST(leat_flow_buffer_get(f.fp, 10, &ref));
    FAILS(LEAT_E_CLOSED, leat_flow_give(flow, &ref));
    MUST(leat_flow_read_into(flow, out, 10, &n));
    cr_assert_eq(n, 3);
    FAILS(LEAT_E_END, leat_flow_read_into(flow, out, 1, &n));
    FAILS(LEAT_E_END, leat_flow_read_into(flow, out, 0, &n));
    FAILS(LEAT_E_END, leat_flow_read(flow, 1, &none));
    FAILS(LEAT_E_END, leat_flow_take(flow, 1, &none));
    MUST(leat_flow_stop(flow));
    FAILS(LEAT_E_CLOSED, leat_flow_read_into(flow, out, 1, &n));
    MUST(leat_flow_destroy(flow));

    flow = flow_of(&f, (struct leat_flow_config){0});
    MUST(leat_flow_write(flow, "abc", 3));
    MUST(leat_flow_stop(flow));
    cr_assert_eq(flow_stats(f.fp).bytes_unread, 0);
    FAILS(LEAT_E_CLOSED, leat_flow_stop(flow));
    FAILS(LEAT_E_END, leat_flow_write(flow, "d", 1));
    FAILS(LEAT_E_END, leat_flow_write(flow, NULL, 0));
    FAILS(LEAT_E_END, leat_flow_give(flow, &ref));
    FAILS(LEAT_E_CLOSED, leat_flow_read_into(flow, out, 1, &n));
    FAILS(LEAT_E_CLOSED, leat_flow_read_into(flow, out, 0, &n));
    FAILS(LEAT_E_CLOSED, leat_flow_take(flow, 1, &none));
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_close(flow));
    FAILS(LEAT_E_CLOSED, leat_flow_write(flow, "d", 1));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow, no_bytes_given_are_dropped)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref ref, none;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 1});
    MUST(leat_flow_write(flow, "x", 1)); /* also in a full one */
    MUST(leat_flow_buffer_get(f.fp, 10, &ref));
    MUST(leat_flow_ref_slice(&ref, 10, 0, &none));
    MUST(leat_flow_give(flow, &none));
    cr_assert_null(none.buffer);
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow, arguments)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_config config = {.flags = 2};
    struct leat_flow_segments how = {0};
    struct leat_flow_position at;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    FAILS(LEAT_E_INVALID, leat_flow_create(&flow, f.fp, &config));
    config.flags = 0;
    FAILS(LEAT_E_INVALID, leat_flow_create(NULL, f.fp, &config));
    FAILS(LEAT_E_INVALID, leat_flow_create(&flow, NULL, &config));
    FAILS(LEAT_E_INVALID, leat_flow_create(&flow, f.fp, NULL));
    config.segments = &how;
    FAILS(LEAT_E_INVALID, leat_flow_create(&flow, f.fp, &config));
    how.bytes = 5000;
    how.need.boundary = 4096;
    FAILS(LEAT_E_BOUNDARY, leat_flow_create(&flow, f.fp, &config));
    flow = flow_of(&f, (struct leat_flow_config){0});
    FAILS(LEAT_E_INVALID, leat_flow_write(flow, NULL, 1));
    FAILS(LEAT_E_INVALID, leat_flow_write(NULL, in, 1));
    FAILS(LEAT_E_INVALID, leat_flow_write_some(flow, in, 1, NULL));
    FAILS(LEAT_E_INVALID, leat_flow_read_into(flow, out, 1, NULL));
    FAILS(LEAT_E_INVALID, leat_flow_position(flow, NULL));
    FAILS(LEAT_E_INVALID, leat_flow_give(flow, NULL));
    FAILS(LEAT_E_UNSUPPORTED, leat_flow_ack(flow, 0));
    FAILS(LEAT_E_UNSUPPORTED, leat_flow_rewind(flow, 0));
    MUST(leat_flow_write(flow, in, 7));
    MUST(leat_flow_position(flow, &at));
    cr_assert_eq(at.written, 7);
    cr_assert_eq(at.read, 0);
    FAILS(LEAT_E_BUSY, leat_flow_pool_destroy(f.fp));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

/* A ref of no bytes that is given is gone at once: nothing of it is kept. */
Test(flow, no_bytes_that_are_given)
{
    struct leat_flow_ref whole, none = {0};
    struct flow_fixture f;
    struct leat_flow *flow;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){0});
    MUST(leat_flow_buffer_get(f.fp, 100, &whole));
    MUST(leat_flow_ref_slice(&whole, 50, 0, &none));
    MUST(leat_flow_ref_drop(&whole));
    cr_assert_eq(flow_stats(f.fp).buffers, 1);
    MUST(leat_flow_give(flow, &none));
    cr_assert_null(none.buffer);
    cr_assert_eq(flow_stats(f.fp).buffers, 0);
    FAILS(LEAT_E_AGAIN, leat_flow_take(flow, 1, &whole));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}
