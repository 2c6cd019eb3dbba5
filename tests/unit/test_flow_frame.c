/* SPDX-License-Identifier: ISC */

/* A frame into a flow and a flow into frames, with one copy. */

#include <leat/flow_frame.h>

#include "pv/net_world.h"

static struct net_world w;
static struct net_taken taken;
static unsigned char frame[N_BYTES], got[N_BYTES];
static struct leat_flow_pool *fp;
static struct leat_flow *flow;
static size_t skip;
static int result;

static void receive(void *arg, struct leat_netfront *f,
                    struct leat_netfront_frame *fr)
{
    (void)arg, (void)f;
    result = leat_flow_take_frame(flow, fp, fr, skip);
}

static void open_flow(enum leat_receive_mode mode, size_t capacity)
{
    struct leat_flow_pool_config c = {0};
    struct leat_flow_config config = {.capacity = capacity};

    net_open(&w, (struct net_options){.config.mode = mode});
    w.f->config.receive = receive;
    c.pool = w.to.pool;
    MUST(leat_flow_pool_create(&fp, &c));
    MUST(leat_flow_create(&flow, fp, &config));
}

static void close_flow(void)
{
    MUST(leat_flow_destroy(flow));
    MUST(leat_flow_pool_destroy(fp));
    net_close(&w);
}

/* Reads (len) bytes out of the flow, in odd pieces. */
static void read_all(size_t len)
{
    size_t at = 0, n = 0;

    while (at < len) {
        MUST(leat_flow_read_into(flow, got + at, at % 97 + 1, &n));
        at += n;
    }
    cr_assert_eq(at, len);
    FAILS(LEAT_E_AGAIN, leat_flow_read_into(flow, got, 1, &n));
}

static uint64_t copied(void)
{
    return leat_copies_bytes(leat_flow_pool_copies(fp)) +
           leat_copies_bytes(leat_netfront_copies(w.f));
}

Test(flow_frame, a_frame_is_taken_with_one_copy_at_most)
{
    static const struct {
        enum leat_receive_mode mode;
        size_t len, part;
        unsigned copies;
    } cases[] = {
        {LEAT_RECEIVE_COPY, 1514, 4096, 1},
        {LEAT_RECEIVE_COPY, 20000, 4096, 1},
        {LEAT_RECEIVE_REVOKE, 1514, 4096, 0},
        {LEAT_RECEIVE_REVOKE, 9000, 4096, 1},
        {LEAT_RECEIVE_SHARED, 1514, 4096, 1},
        {LEAT_RECEIVE_SHARED, 1514, 5, 1}, /* the head is in several */
        {LEAT_RECEIVE_SHARED, 20000, 4096, 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t part = cases[i].part;
        uint64_t before, want = cases[i].copies * cases[i].len;

        open_flow(cases[i].mode, 0);
        skip = 14;
        if (part < 100) /* seventeen short ones, and the rest */
            part = 90;
        net_pattern(frame, cases[i].len, 5);
        before = copied();
        net_frame(&w, 0, frame, cases[i].len, part, 0);
        cr_assert_null(net_run(&w));
        MUST(result);
        /* Of what is copied for the flow the head is not. */
        if (cases[i].mode != LEAT_RECEIVE_COPY && want)
            want -= skip;
        cr_assert_eq(copied() - before, want, "case %zu", i);
        read_all(cases[i].len - skip);
        cr_assert_eq(memcmp(got, frame + skip, cases[i].len - skip), 0);
        close_flow();
    }
}

Test(flow_frame, all_or_nothing)
{
    for (int m = 0; m < 3; m++) {
        open_flow((enum leat_receive_mode)m, 2000);
        skip = 0;
        for (int i = 0; i < 2; i++) {
            net_frame(&w, 0, frame, 1500, 1000, 0);
            cr_assert_null(net_run(&w));
            cr_assert_eq(result, i ? LEAT_E_AGAIN : 0);
        }
        read_all(1500);
        net_frame(&w, 0, frame, 3000, 1000, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(result, LEAT_E_LIMIT);
        skip = 3000;
        net_frame(&w, 0, frame, 3000, 1000, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(result, 0);
        skip = 3001;
        net_frame(&w, 0, frame, 3000, 1000, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(result, LEAT_E_RANGE);
        read_all(0);
        MUST(leat_flow_close(flow));
        skip = 0;
        net_frame(&w, 0, frame, 1500, 1000, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(result, LEAT_E_CLOSED);
        close_flow();
    }
}

Test(flow_frame, a_flow_is_cut_into_frames_with_one_copy)
{
    static const unsigned char head[54] = {1, 2, 3};
    const size_t total = 100000;
    struct leat_flow_fill from = {.head = head, .head_bytes = sizeof(head)};
    struct leat_netfront_fill fill = {.fill = leat_flow_fill, .arg = &from};
    static const size_t sizes[] = {60, 1514, 9014, 65535};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t at = 0, frames = 0;
        uint64_t before;
        unsigned char *bytes = malloc(total);

        open_flow(LEAT_RECEIVE_COPY, total);
        from.flow = flow;
        fill.size = sizes[i];
        FAILS(LEAT_E_AGAIN, leat_netfront_send(w.f, &fill));
        net_pattern(bytes, total, 9);
        MUST(leat_flow_write(flow, bytes, total));
        MUST(leat_flow_close(flow));
        before = copied();
        for (;; frames++) {
            int err = leat_netfront_send(w.f, &fill);

            if (err == LEAT_E_END)
                break;
            MUST(err);
            MUST(leat_netfront_push(w.f));
            cr_assert(net_take_frame(&w, 0, &taken));
            cr_assert_eq(memcmp(taken.bytes, head, sizeof(head)), 0);
            cr_assert_eq(memcmp(taken.bytes + sizeof(head), bytes + at,
                                taken.len - sizeof(head)),
                         0);
            at += taken.len - sizeof(head);
            cr_assert(taken.len == sizes[i] || at == total);
            net_answer_frame(&w, 0, &taken, NETIF_RSP_OKAY);
            cr_assert_null(net_run(&w));
        }
        cr_assert_eq(at, total);
        cr_assert_eq(copied() - before, total + frames * sizeof(head));
        free(bytes);
        close_flow();
    }
}

Test(flow_frame, what_cannot_be)
{
    unsigned char bytes[64];
    const struct leat_view v = {bytes, sizeof(bytes)};
    struct leat_flow_fill from = {.head = bytes, .head_bytes = sizeof(bytes)};
    struct leat_netfront_frame none = {.n = 0};
    size_t len = 7;

    open_flow(LEAT_RECEIVE_COPY, 0);
    from.flow = flow;
    FAILS(LEAT_E_LENGTH, leat_flow_fill(&from, &v, 1, &len));
    FAILS(LEAT_E_LENGTH, leat_flow_fill(&from, &v, 0, &len));
    from.head_bytes = 14;
    FAILS(LEAT_E_AGAIN, leat_flow_fill(&from, &v, 1, &len));
    FAILS(LEAT_E_INVALID, leat_flow_fill(NULL, &v, 1, &len));
    FAILS(LEAT_E_INVALID, leat_flow_fill(&from, NULL, 1, &len));
    FAILS(LEAT_E_INVALID, leat_flow_fill(&from, &v, 1, NULL));
    from.head = NULL;
    FAILS(LEAT_E_INVALID, leat_flow_fill(&from, &v, 1, &len));
    from.flow = NULL;
    FAILS(LEAT_E_INVALID, leat_flow_fill(&from, &v, 1, &len));
    cr_assert_eq(len, 7);
    FAILS(LEAT_E_INVALID, leat_flow_take_frame(flow, fp, &none, 0));
    FAILS(LEAT_E_INVALID, leat_flow_take_frame(flow, fp, NULL, 0));
    FAILS(LEAT_E_INVALID, leat_flow_take_frame(flow, NULL, &none, 0));
    FAILS(LEAT_E_INVALID, leat_flow_take_frame(NULL, fp, &none, 0));
    close_flow();
}
