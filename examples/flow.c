/* SPDX-License-Identifier: ISC */

/*
 * A record of 16 KiB, at an odd offset, leaves as a sender of TCP would send it:
 * in segments, with headers in front, each byte copied once; some are lost, and
 * sent again without another copy.
 */

#include <stdio.h>
#include <string.h>

#include <leat/flow.h>
#include <leat/leat.h>

#define HEADERS 54

/* Puts headers in front of a segment and "sends" it. */
static int send_one(struct leat_flow_ref *segment, uint64_t at)
{
    struct leat_builder frame;
    struct leat_view header;
    int err;

    err = leat_flow_ref_builder(segment, &frame);
    if (!err)
        err = leat_builder_prepend(&frame, HEADERS, &header);
    if (!err)
        err = leat_view_write_be32(header, 38, (uint32_t)at);
    if (!err)
        printf("  %zu bytes from %ju\n", leat_builder_len(&frame),
               (uintmax_t)at);
    (void)leat_flow_ref_drop(segment);
    return err;
}

static int send_all(struct leat_flow *flow)
{
    struct leat_flow_position at;
    struct leat_flow_ref segment;
    int err;

    while (!(err = leat_flow_position(flow, &at)) &&
           !(err = leat_flow_take(flow, SIZE_MAX, &segment)))
        if ((err = send_one(&segment, at.read)))
            break;
    return err == LEAT_E_END ? 0 : err;
}

static int run(struct leat_flow_pool *fp)
{
    struct leat_flow_segments how = {.bytes = 1460, .headroom = HEADERS};
    struct leat_flow_config config = {.flags = LEAT_FLOW_RETAIN,
                                      .segments = &how};
    static unsigned char record[3 + 16384];
    struct leat_flow *flow;
    int err;

    leat_constraint_netif(&how.need);
    err = leat_flow_create(&flow, fp, &config);
    if (err)
        return err;
    err = leat_flow_write(flow, record + 3, 16384);
    memset(record, 0xff, sizeof(record)); /* it is ours again */
    if (!err)
        err = leat_flow_close(flow);
    if (!err)
        err = send_all(flow);
    puts("acknowledged: 14600; the rest again");
    if (!err)
        err = leat_flow_ack(flow, 14600);
    if (!err)
        err = leat_flow_rewind(flow, 14600);
    if (!err)
        err = send_all(flow);
    if (!err)
        err = leat_flow_ack(flow, 16384 - 14600);
    (void)leat_flow_destroy(flow);
    return err;
}

int main(void)
{
    struct leat_mmap host = {0};
    struct leat_pool_config config = {0};
    struct leat_flow_pool_config flows = {.limit_bytes = 1 << 20};
    struct leat_flow_pool *fp;
    int err;

    if (leat_mmap_init(&host))
        return 1;
    config.backend = leat_mmap(&host);
    err = leat_pool_create(&flows.pool, &config);
    if (!err)
        err = leat_flow_pool_create(&fp, &flows);
    if (!err) {
        err = run(fp);
        printf("copied: %ju bytes\n",
               (uintmax_t)leat_copies_bytes(leat_flow_pool_copies(fp)));
        (void)leat_flow_pool_destroy(fp);
        (void)leat_pool_destroy(flows.pool);
    }
    if (err)
        printf("%s\n", leat_strerror(err));
    return err != 0;
}
