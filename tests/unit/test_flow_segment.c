/* SPDX-License-Identifier: ISC */

/* Segments: a record at an odd offset leaves in them, copied once. */

#include "flow_fixture.h"

#define RECORD  16384
#define PAYLOAD 1460
#define HEADER  54
#define NSEGS   12

static const struct leat_flow_segments how = {
    .bytes = PAYLOAD,
    .headroom = HEADER,
    .need = {.boundary = 4096},
};

/* Puts headers in front; tells whether it is as it must be. */
static void check_segment(struct leat_flow_ref *ref, size_t i)
{
    size_t len = i + 1 < NSEGS ? PAYLOAD : RECORD - PAYLOAD * (NSEGS - 1);
    struct leat_builder b;
    struct leat_view header, all;

    cr_assert_eq(ref->view.len, len);
    cr_assert(filled(ref->view.data, len, 3 + i * PAYLOAD));
    MUST(leat_flow_ref_builder(ref, &b));
    cr_assert_eq(leat_builder_headroom(&b), HEADER);
    MUST(leat_builder_prepend(&b, HEADER, &header));
    memset(header.data, 0xee, header.len);
    all = leat_builder_view(&b);
    cr_assert_eq(all.len, HEADER + len);
    cr_assert_eq((uintptr_t)all.data / PAGE,
                 ((uintptr_t)all.data + all.len - 1) / PAGE);
    cr_assert(filled(ref->view.data, len, 3 + i * PAYLOAD));
}

/* Each leaves under the constraint as it is, in one segment. */
static void leaves_as_it_is(struct flow_fixture *f, struct leat_flow_ref *ref)
{
    struct leat_view segs[2];
    struct leat_export ex = {.segs = segs, .max_segs = 2, .pool = f->p.pool};

    MUST(leat_export(&ref->view, 1, &how.need, LEAT_REFUSE, &ex));
    cr_assert_eq(ex.nsegs, 1);
    cr_assert_eq(segs[0].data, ref->view.data);
    MUST(leat_export_end(&ex, 0));
}

static void one_copy(struct flow_fixture *f, enum leat_reason why)
{
    const struct leat_copies *c = leat_flow_pool_copies(f->fp);

    cr_assert_eq(leat_copies_bytes(c), RECORD);
    cr_assert_eq(c->bytes[why], RECORD);
    cr_assert_eq(c->count[why], 1);
}

Test(flow_segment, a_written_record)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref refs[NSEGS], none;
    unsigned char record[RECORD + 3];

    open_flows(&f, 128, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.segments = &how});
    fill(record, sizeof(record), 0);
    MUST(leat_flow_write(flow, record + 3, RECORD));
    memset(record, 0, sizeof(record));
    for (size_t i = 0; i < NSEGS; i++) {
        MUST(leat_flow_take(flow, SIZE_MAX, &refs[i]));
        leaves_as_it_is(&f, &refs[i]);
        check_segment(&refs[i], i);
    }
    FAILS(LEAT_E_AGAIN, leat_flow_take(flow, SIZE_MAX, &none));
    one_copy(&f, LEAT_WHY_IN);
    for (size_t i = 0; i < NSEGS; i++)
        MUST(leat_flow_ref_drop(&refs[i]));
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow_segment, memory_of_the_callers_own)
{
    struct flow_fixture f;
    struct leat_flow_ref refs[NSEGS];
    unsigned char record[RECORD + 3];
    struct leat_cview from = {record + 3, RECORD};
    struct leat_flow_segments bad = how;
    size_t n = 99;

    open_flows(&f, 128, (struct leat_flow_pool_config){0});
    fill(record, sizeof(record), 0);
    FAILS(LEAT_E_SEGMENTS,
          leat_flow_segment(f.fp, &how, from, refs, NSEGS - 1, &n));
    FAILS(LEAT_E_STALE, leat_flow_segment(f.fp, &how, (struct leat_cview){0},
                                          refs, NSEGS, &n));
    bad.need.boundary = 1024;
    FAILS(LEAT_E_BOUNDARY,
          leat_flow_segment(f.fp, &bad, from, refs, NSEGS, &n));
    bad = how;
    bad.need.segment_bytes = PAYLOAD;
    FAILS(LEAT_E_INVALID, leat_flow_segment(f.fp, &bad, from, refs, NSEGS, &n));
    bad = how;
    bad.bytes = 0;
    FAILS(LEAT_E_INVALID, leat_flow_segment(f.fp, &bad, from, refs, NSEGS, &n));
    cr_assert_eq(n, 99);
    MUST(leat_flow_segment(f.fp, &how, from, refs, NSEGS, &n));
    cr_assert_eq(n, NSEGS);
    for (size_t i = 0; i < NSEGS; i++)
        check_segment(&refs[i], i);
    one_copy(&f, LEAT_WHY_IN);
    for (size_t i = 0; i < NSEGS; i++)
        MUST(leat_flow_ref_drop(&refs[i]));
    from.len = 0;
    MUST(leat_flow_segment(f.fp, &how, from, NULL, 0, &n));
    cr_assert_eq(n, 0);
    close_flows(&f);
}

Test(flow_segment, a_given_record)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref buffer, record, ref;

    open_flows(&f, 128, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.segments = &how});
    MUST(leat_flow_buffer_get(f.fp, RECORD + 3, &buffer));
    fill(buffer.view.data, RECORD + 3, 0);
    MUST(leat_flow_ref_slice(&buffer, 3, RECORD, &record));
    MUST(leat_flow_ref_drop(&buffer));
    MUST(leat_flow_give(flow, &record));
    for (size_t i = 0; i < NSEGS; i++) {
        MUST(leat_flow_take(flow, SIZE_MAX, &ref));
        check_segment(&ref, i);
        MUST(leat_flow_ref_drop(&ref));
    }
    cr_assert_eq(leat_flow_pool_copies(f.fp)->bytes[LEAT_WHY_OUT], RECORD);
    cr_assert_eq(leat_copies_bytes(leat_flow_pool_copies(f.fp)), RECORD);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow_segment, retransmitted_without_a_copy)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    struct leat_flow_ref refs[NSEGS], again;
    struct leat_builder b;
    unsigned char record[RECORD + 3];

    open_flows(&f, 128, (struct leat_flow_pool_config){.retain_ratio = 2});
    flow = flow_of(&f, (struct leat_flow_config){.segments = &how,
                                                 .flags = LEAT_FLOW_RETAIN});
    fill(record, sizeof(record), 0);
    MUST(leat_flow_write(flow, record + 3, RECORD));
    for (size_t i = 0; i < NSEGS; i++) {
        MUST(leat_flow_take(flow, SIZE_MAX, &refs[i]));
        check_segment(&refs[i], i);
    }
    MUST(leat_flow_ack(flow, 3 * PAYLOAD));
    MUST(leat_flow_rewind(flow, 3 * PAYLOAD));
    /* The first transmission is not over: its headers are in that room. */
    MUST(leat_flow_take(flow, SIZE_MAX, &again));
    FAILS(LEAT_E_BUSY, leat_flow_ref_builder(&again, &b));
    MUST(leat_flow_ref_drop(&again));
    for (size_t i = 0; i < NSEGS; i++)
        MUST(leat_flow_ref_drop(&refs[i]));
    MUST(leat_flow_rewind(flow, 3 * PAYLOAD));
    for (size_t i = 3; i < NSEGS; i++) {
        MUST(leat_flow_take(flow, SIZE_MAX, &again));
        check_segment(&again, i);
        MUST(leat_flow_ref_drop(&again));
    }
    one_copy(&f, LEAT_WHY_IN);
    MUST(leat_flow_ack(flow, RECORD - 3 * PAYLOAD));
    cr_assert_eq(flow_stats(f.fp).buffers, 0);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

/* What has been taken is closed, retained or not: its room is its owner's. */
Test(flow_segment, what_was_taken_grows_no_more)
{
    for (uint32_t flags = 0; flags <= LEAT_FLOW_RETAIN;
         flags += LEAT_FLOW_RETAIN) {
        struct leat_flow_ref one, two;
        struct flow_fixture f;
        struct leat_flow *flow;
        struct leat_builder b;
        unsigned char *tail;

        open_flows(&f, 64, (struct leat_flow_pool_config){0});
        flow = flow_of(
            &f, (struct leat_flow_config){.segments = &how, .flags = flags});
        MUST(leat_flow_write(flow, "abc", 3));
        MUST(leat_flow_take(flow, SIZE_MAX, &one));
        MUST(leat_flow_ref_builder(&one, &b));
        tail = one.view.data + 3;
        memset(tail, 0xee, 4);
        MUST(leat_flow_write(flow, "defg", 4));
        cr_assert(all_bytes(tail, 4, 0xee), "the taker's room");
        MUST(leat_flow_take(flow, SIZE_MAX, &two));
        cr_assert_neq(two.buffer, one.buffer);
        cr_assert_eq(two.view.len, 4);
        cr_assert_eq(memcmp(two.view.data, "defg", 4), 0);
        MUST(leat_flow_ref_drop(&one));
        MUST(leat_flow_ref_drop(&two));
        if (flags)
            MUST(leat_flow_ack(flow, 7));
        MUST(leat_flow_destroy(flow));
        close_flows(&f);
    }
}

/* Other boundaries, rooms and alignments. */
Test(flow_segment, no_boundary_is_crossed)
{
    static unsigned char record[70000];
    static const struct leat_flow_segments all[] = {
        {.bytes = 4096, .need = {.boundary = 4096, .align = 512}},
        {.bytes = 100, .headroom = 28, .need = {.boundary = 128}},
        {.bytes = 2000, .headroom = 40, .tailroom = 16, .need.boundary = 4096},
        {.bytes = 9000, .headroom = 54, .need = {.boundary = 16384}},
        {.bytes = 30000, .headroom = 54, .need = {.boundary = 65536}},
        {.bytes = 3000, .headroom = 54, .need = {.boundary = 8192}},
    };

    for (size_t k = 0; k < COUNT(all); k++) {
        static struct leat_flow_ref refs[1000];
        struct leat_cview from = {record + 5, 60001};
        const struct leat_flow_segments *s = &all[k];
        struct flow_fixture f;
        size_t n, at = 0;

        fill(record, sizeof(record), 0);
        open_flows(&f, 1024, (struct leat_flow_pool_config){0});
        MUST(leat_flow_segment(f.fp, s, from, refs, COUNT(refs), &n));
        for (size_t i = 0; i < n; at += refs[i++].view.len) {
            uintptr_t first = (uintptr_t)refs[i].view.data - s->headroom;
            uintptr_t last = (uintptr_t)refs[i].view.data + refs[i].view.len +
                             s->tailroom - 1;
            struct leat_builder b;

            cr_assert_eq(first / s->need.boundary, last / s->need.boundary);
            if (s->need.align)
                cr_assert_eq(first % s->need.align, 0);
            MUST(leat_flow_ref_builder(&refs[i], &b));
            cr_assert_geq(leat_builder_headroom(&b), s->headroom);
            cr_assert_geq(leat_builder_tailroom(&b), s->tailroom);
            cr_assert(filled(refs[i].view.data, refs[i].view.len, 5 + at));
        }
        cr_assert_eq(at, 60001);
        assert_flows(&f);
        for (size_t i = 0; i < n; i++)
            MUST(leat_flow_ref_drop(&refs[i]));
        close_flows(&f);
    }
}
