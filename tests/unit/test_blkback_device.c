/* SPDX-License-Identifier: ISC */

/*
 * blkback over a bus: what it writes into the store, what it reads there, and whom
 * it serves then.
 */

#include "pv/back_device.h"

Test(blkback_device, says_what_it_offers)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){.queues = 3});
    run(&d);
    SAYS(&d, "state", "2");
    SAYS(&d, "sectors", "2048");
    SAYS(&d, "sector-size", "512");
    SAYS(&d, "physical-sector-size", "4096");
    SAYS(&d, "info", "0");
    SAYS(&d, "max-ring-page-order", "4");
    SAYS(&d, "multi-queue-max-queues", "3");
    SAYS(&d, "feature-max-indirect-segments", "64");
    SAYS(&d, "feature-persistent", "1");
    SAYS(&d, "feature-flush-cache", "1");
    SAYS(&d, "feature-barrier", "1");
    SAYS(&d, "feature-discard", "1");
    SAYS(&d, "discard-granularity", "512");
    SAYS(&d, "discard-alignment", "0");
    SAYS(&d, "discard-secure", "1");
    close_device(&d);
}

Test(blkback_device, says_no_to_what_is_left_out)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){0});
    /* As if one had been there before, with more to offer. */
    MUST(leat_blkback_close(d.b, true));
    MUST(leat_blkback_destroy(d.b));
    free(d.w.config.meta);
    memset(d.events, 0, sizeof(d.events));
    table_set(&d.t, BACK "/mode", "r");
    d.w.disk.info.flags |= LEAT_DISK_IS_CDROM | LEAT_DISK_IS_REMOVABLE;
    open_back(&d,
              (struct leat_blkback_config){.ring_order = 1,
                                           .flags = LEAT_BLKBACK_NO_PERSISTENT |
                                                    LEAT_BLKBACK_NO_INDIRECT |
                                                    LEAT_BLKBACK_NO_FLUSH});
    run(&d);
    SAYS(&d, "state", "2");
    SAYS(&d, "info", "7");
    SAYS(&d, "max-ring-page-order", "0");
    SAYS(&d, "feature-max-indirect-segments", "none");
    SAYS(&d, "feature-persistent", "0");
    SAYS(&d, "feature-flush-cache", "0");
    SAYS(&d, "feature-barrier", "0");
    SAYS(&d, "feature-discard", "0");
    SAYS(&d, "discard-granularity", "none");
    SAYS(&d, "discard-secure", "none");
    close_device(&d);
}

Test(blkback_device, serves_each_order_and_layout)
{
    static const char *const protocols[] = {NULL, BLKIF_PROTOCOL_32,
                                            BLKIF_PROTOCOL_64};
    static struct device d;

    for (uint32_t order = 0; order <= 4; order++) {
        unsigned char *page;
        struct leat_blkback_stats s;
        uint32_t ref;

        open_device(&d, (struct leat_blkback_config){0});
        connect_front(&d, order, protocols[order % 3]);
        ref = front_page(&d.w, LEAT_READ_WRITE, 0, &page);
        cr_assert_eq(ask(&d, BLKIF_READ, 9, ref), BLKIF_OKAY);
        cr_assert_eq(page[100], play_byte(9 * 512 + 100));
        cr_assert_eq(ask(&d, BLKIF_WRITE, 100, ref), BLKIF_OKAY);
        cr_assert_eq(d.w.disk.bytes[100 * 512 + 100], page[100]);
        MUST(leat_blkback_stats(d.b, &s));
        cr_assert_eq(s.ring_pages, 1u << order);
        cr_assert_eq(s.queues, 1);
        cr_assert_eq(s.persistent, 0); /* this front did not offer it */
        close_device(&d);
    }
}

Test(blkback_device, serves_several_queues_and_persistent_grants)
{
    static struct device d;
    struct back_options o = {0};
    struct leat_gref grefs[16];
    struct leat_blkback_stats s;
    struct leat_blkif_response rsp;
    struct leat_blkif_request r;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){.queues = 2});
    run(&d);
    set(&d, "multi-queue-num-queues", "2");
    set(&d, "feature-persistent", "1");
    for (uint32_t i = 0; i < 2; i++) {
        char key[40];

        front_ring_open(&d.w, &d.w.ring[i], &o, grefs);
        snprintf(key, sizeof(key), "queue-%u/ring-ref", i);
        set_number(&d, key, grefs[0].ref);
        snprintf(key, sizeof(key), "queue-%u/event-channel", i);
        set_number(&d, key, channel(&d));
    }
    set(&d, "state", "3");
    run(&d);
    SAYS(&d, "state", "4");
    ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
    r = front_move(BLKIF_READ, 0, &ref, 1);
    for (int i = 0; i < 10; i++) {
        front_put_on(&d.w, 0, &r);
        front_put_on(&d.w, 1, &r);
        run(&d);
        cr_assert(front_take_on(&d.w, 0, &rsp) && rsp.status == BLKIF_OKAY);
        cr_assert(front_take_on(&d.w, 1, &rsp) && rsp.status == BLKIF_OKAY);
    }
    MUST(leat_blkback_stats(d.b, &s));
    cr_assert_eq(s.queues, 2);
    cr_assert_eq(s.persistent, 2); /* each queue has its own */
    cr_assert_eq(s.hits, 18);
    close_device(&d);
}

/* Each key that cannot be ends in Closing, with a text where xenbus has it. */
Test(blkback_device, keys_that_lie)
{
    static const struct {
        const char *key, *value, *text;
    } lies[] = {
        {"ring-ref", "", "ring-ref"},
        {"ring-ref", "-1", "ring-ref"},
        {"ring-ref", "4294967296", "ring-ref"},
        {"ring-ref", "2000", "ring 0"},
        {"ring-ref", NULL, "no key ring-ref"},
        {"event-channel", "99999", "event channel 0"},
        {"event-channel", NULL, "no key event-channel"},
        {"event-channel", "x", "event-channel"},
        {"protocol", "arm-abi", "protocol"},
        {"ring-page-order", "5", "ring-page-order"},
        {"ring-page-order", "1", "no key ring-ref0"},
        {"multi-queue-num-queues", "0", "multi-queue-num-queues"},
        {"multi-queue-num-queues", "2", "multi-queue-num-queues"},
        {"feature-persistent", "maybe", "feature-persistent"},
    };
    static struct device d;

    for (size_t i = 0; i < COUNT(lies); i++) {
        open_device(&d, (struct leat_blkback_config){0});
        run(&d);
        offer(&d, 0, NULL);
        set(&d, lies[i].key, lies[i].value);
        set(&d, "state", "3");
        run(&d);
        SAYS(&d, "state", "5");
        cr_assert(strstr(leat_blkback_text(d.b), lies[i].text), "%zu: %s", i,
                  leat_blkback_text(d.b));
        cr_assert_str_eq(table_get(&d.t, &TEXT[1]), leat_blkback_text(d.b));
        cr_assert_eq(d.events[LEAT_BLKBACK_BROKEN], 1);
        cr_assert_eq(d.events[LEAT_BLKBACK_CONNECTED], 0);
        cr_assert_eq(d.w.g.world.mapped, 0);
        /* It is served when it comes anew, and keeps to the protocol. */
        set(&d, "state", "6");
        run(&d);
        set(&d, lies[i].key, NULL);
        take_back(&d, &d.w.ring[0]);
        set(&d, "state", "1");
        connect_front(&d, 0, NULL);
        cr_assert_str_eq(leat_blkback_text(d.b), "");
        close_device(&d);
    }
}

Test(blkback_device, a_ring_that_lies_closes_the_device_with_a_text)
{
    static struct device d;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
    cr_assert_eq(ask(&d, BLKIF_READ, 0, ref), BLKIF_OKAY);
    d.w.ring[0].words[W_REQ_PROD] += 33;
    run(&d);
    SAYS(&d, "state", "5");
    cr_assert(strstr(leat_blkback_text(d.b), "req_prod is ahead by 33"), "%s",
              leat_blkback_text(d.b));
    cr_assert_str_eq(table_get(&d.t, &TEXT[1]), leat_blkback_text(d.b));
    cr_assert_eq(d.w.g.world.mapped, 0);
    cr_assert_eq(d.events[LEAT_BLKBACK_DISCONNECTED], 1);
    close_device(&d);
}

Test(blkback_device, create_refuses_what_is_none)
{
    static struct device d;
    struct leat_blkback_config c;
    struct leat_blkback *b = (void *)1;
    size_t need = 7;

    open_device(&d, (struct leat_blkback_config){0});
    c = d.w.config;
#define REFUSED(err, field, value)               \
    do {                                         \
        c = d.w.config;                          \
        c.field = value;                         \
        FAILS(err, leat_blkback_create(&b, &c)); \
    } while (0)
    FAILS(LEAT_E_INVALID, leat_blkback_create(NULL, &c));
    FAILS(LEAT_E_INVALID, leat_blkback_create(&b, NULL));
    REFUSED(LEAT_E_INVALID, bus, NULL);
    REFUSED(LEAT_E_INVALID, path, NULL);
    REFUSED(LEAT_E_INVALID, grants, NULL);
    REFUSED(LEAT_E_INVALID, disk.ops, NULL);
    REFUSED(LEAT_E_INVALID, meta, NULL);
    REFUSED(LEAT_E_INVALID, flags, 1u << 20);
    REFUSED(LEAT_E_INVALID, queues, LEAT_BLKBACK_QUEUES + 1);
    REFUSED(LEAT_E_INVALID, ring_order, 6);
    REFUSED(LEAT_E_INVALID, segments, 4097);
    REFUSED(LEAT_E_INVALID, segments, 10);
    REFUSED(LEAT_E_INVALID, depth, 1025);
    REFUSED(LEAT_E_INVALID, persistent, 65537);
    REFUSED(LEAT_E_NOMEM, meta_bytes, d.w.config.meta_bytes - 1);
    c = d.w.config;
    FAILS(LEAT_E_INVALID, leat_blkback_meta_size(NULL, &need));
    FAILS(LEAT_E_INVALID, leat_blkback_meta_size(&c, NULL));
    cr_assert_eq(b, (void *)1);
    FAILS(LEAT_E_INVALID, leat_blkback_destroy(NULL));
    FAILS(LEAT_E_INVALID, leat_blkback_poll(d.b, 0, &(bool){0}));
    FAILS(LEAT_E_INVALID, leat_blkback_close(NULL, true));
    FAILS(LEAT_E_INVALID, leat_blkback_look(NULL, NULL));
    cr_assert_null(leat_blkback_copies(NULL));
    close_device(&d);
}
