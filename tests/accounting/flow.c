/* SPDX-License-Identifier: ISC */

/*
 * Every byte that a flow copies is accounted for (rule R5).
 *
 *   A1  over each call, the payload that memcpy and memmove have moved is what
 *       the counters say
 *   A3  a record of 16 KiB at offset 3 leaves in segments with room for headers,
 *       and each of its bytes has then moved once
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/flow.h>
#include <leat/static.h>

#include "payload.h"

#define ARENA_PAGES 512
#define ROUNDS      20000

static _Alignas(4096) unsigned char arena_bytes[ARENA_PAGES * 4096];
static _Alignas(64) unsigned char meta_bytes[1 << 20];
static unsigned char user[65536];

static struct leat_flow_pool *fp;
static int cases, failures;

static void result(bool good, const char *text)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++cases, text);
    failures += !good;
}

static void must(int err, int line)
{
    if (!err)
        return;
    printf("Bail out! line %d: %s\n", line, leat_strerror(err));
    exit(1);
}
#define MUST(call) must(call, __LINE__)

static uint64_t draw(uint64_t below)
{
    static uint64_t x = 0x1eaf;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x % below;
}

/* A1, for what was called since the last time. */
static bool settle(const char *what)
{
    static uint64_t moved, counted;
    uint64_t m = payload_moved() - moved;
    uint64_t c = leat_copies_bytes(leat_flow_pool_copies(fp)) - counted;

    moved += m;
    counted += c;
    if (m != c)
        printf("# %s: %llu bytes moved, %llu counted\n", what,
               (unsigned long long)m, (unsigned long long)c);
    return m == c;
}

static struct leat_flow *flow_make(const struct leat_flow_segments *how)
{
    struct leat_flow_config config = {.flags = LEAT_FLOW_RETAIN,
                                      .segments = how};
    struct leat_flow *flow;

    MUST(leat_flow_create(&flow, fp, &config));
    return flow;
}

/* One call of any kind; AGAIN is an answer too. */
static bool call(struct leat_flow *flow)
{
    size_t len = 1 + draw(20000), n = 0;
    struct leat_flow_position at;
    struct leat_flow_ref ref, part;

    switch (draw(7)) {
    case 0:
        (void)leat_flow_write(flow, user + draw(100), len);
        return settle("leat_flow_write");
    case 1:
        (void)leat_flow_write_some(flow, user, len, &n);
        return settle("leat_flow_write_some");
    case 2:
        MUST(leat_flow_buffer_get(fp, len, &ref));
        MUST(leat_flow_ref_slice(&ref, 0, 1 + draw(len), &part));
        MUST(leat_flow_ref_drop(&ref));
        if (leat_flow_give(flow, &part))
            MUST(leat_flow_ref_drop(&part));
        return settle("leat_flow_give");
    case 3:
        (void)leat_flow_read_into(flow, user, len, &n);
        return settle("leat_flow_read_into");
    case 4:
        if (!leat_flow_read(flow, len, &ref))
            MUST(leat_flow_ref_drop(&ref));
        return settle("leat_flow_read");
    case 5:
        if (!leat_flow_take(flow, len, &ref))
            MUST(leat_flow_ref_drop(&ref));
        return settle("leat_flow_take");
    default:
        MUST(leat_flow_position(flow, &at));
        MUST(leat_flow_ack(flow, draw(at.sent - at.acked + 1)));
        return settle("leat_flow_ack");
    }
}

static void any_calls(const struct leat_flow_segments *how, const char *text)
{
    struct leat_flow *flow = flow_make(how);
    bool good = true;

    for (int i = 0; i < ROUNDS; i++)
        good &= call(flow);
    MUST(leat_flow_destroy(flow));
    result(good && settle("leat_flow_destroy"), text);
}

static void record(const struct leat_flow_segments *how)
{
    struct leat_flow *flow = flow_make(how);
    uint64_t moved = payload_moved();
    struct leat_flow_ref segs[12], given;
    struct leat_view header;
    struct leat_builder b;
    size_t n = 0, bytes = 0;

    MUST(leat_flow_write(flow, user + 3, 16384));
    while (!leat_flow_take(flow, SIZE_MAX, &given)) {
        MUST(leat_flow_ref_builder(&given, &b));
        MUST(leat_builder_prepend(&b, 54, &header));
        bytes += given.view.len;
        n++;
        MUST(leat_flow_ref_drop(&given));
    }
    result(n == 12 && bytes == 16384 && payload_moved() - moved == 16384 &&
               settle("a record written"),
           "A3: a record that is written moves once");
    MUST(leat_flow_destroy(flow));

    moved = payload_moved();
    MUST(leat_flow_segment(fp, how, (struct leat_cview){user + 3, 16384}, segs,
                           12, &n));
    result(n == 12 && payload_moved() - moved == 16384 &&
               settle("leat_flow_segment"),
           "A3: a record that is cut moves once");
    while (n)
        MUST(leat_flow_ref_drop(&segs[--n]));
}

int main(void)
{
    struct leat_flow_segments how = {.bytes = 1460, .headroom = 54};
    struct leat_static_arena arena = {.base = arena_bytes,
                                      .bytes = sizeof(arena_bytes)};
    struct leat_pool_config config = {.meta = meta_bytes,
                                      .meta_bytes = sizeof(meta_bytes),
                                      .zero = LEAT_ZERO_NEVER};
    struct leat_flow_pool_config flows = {.retain_ratio = 4};
    const struct leat_copies *copies;

    how.need.boundary = 4096;
    config.backend = leat_static(&arena);
    MUST(leat_pool_create(&flows.pool, &config));
    MUST(leat_flow_pool_create(&fp, &flows));
    payload_add(arena_bytes, sizeof(arena_bytes));
    payload_add(user, sizeof(user));
    copies = leat_flow_pool_copies(fp);

    record(&how);
    any_calls(NULL, "A1: any calls");
    any_calls(&how, "A1: any calls, with segments");
    result(copies->bytes[LEAT_WHY_IN] && copies->bytes[LEAT_WHY_OUT] &&
               copies->bytes[LEAT_WHY_RETAIN],
           "A2: in, out and retain were all copied for");
    result(!leat_flow_pool_destroy(fp) && !leat_pool_destroy(flows.pool),
           "nothing was left out");
    printf("1..%d\n", cases);
    return failures != 0;
}
