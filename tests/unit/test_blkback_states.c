/* SPDX-License-Identifier: ISC */

/*
 * blkback over a bus, from its start to its end: a front that dies in each state,
 * one that closes, a disk that is resized, a store that fails.
 */

#include "pv/back_device.h"

/* The owner closes it from within the event. */
Test(blkback_states, may_be_closed_by_its_event)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){0});
    d.close_when_broken = true;
    connect_front(&d, 0, NULL);
    d.w.ring[0].words[W_REQ_PROD] += 33;
    run(&d);
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 1);
    close_device(&d);
}

/*
 * A front that dies in each state, its directory and all, with requests at the
 * disk; and one that only starts anew.
 */
Test(blkback_states, a_front_that_dies_in_each_state)
{
    static struct device d;

    for (int at = 1; at <= 6; at++)
        for (int anew = 0; anew < 2; anew++) {
            uint32_t ref;

            open_device(&d, (struct leat_blkback_config){0});
            run(&d);
            if (at >= 2)
                offer(&d, 0, NULL);
            if (at >= 3) {
                set(&d, "state", "3");
                run(&d);
                SAYS(&d, "state", "4");
            }
            if (at >= 4) {
                struct leat_blkif_request r;

                set(&d, "state", "4");
                ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
                r = front_move(BLKIF_READ, 0, &ref, 1);
                d.w.disk.hold = true;
                front_put(&d.w, &r);
                run(&d);
            }
            if (at >= 5)
                set(&d, "state", "5");
            run(&d);
            if (at >= 6)
                set(&d, "state", "6");
            if (anew)
                set(&d, "state", "1");
            else
                table_drop(&d.t, FRONT);
            run(&d);
            if (at >= 4) {
                /* The disk still has its page: it stays mapped. */
                cr_assert_eq(d.w.disk.n, 1);
                cr_assert_eq(d.w.g.a->uses[ref], 1);
                FAILS(LEAT_E_BUSY, leat_blkback_destroy(d.b));
                d.w.disk.hold = false;
                run(&d);
            }
            cr_assert_eq(d.w.g.world.mapped, 0, "at %d", at);
            if (d.w.ring[0].base)
                take_back(&d, &d.w.ring[0]);
            if (!anew) {
                struct leat_store s = table_store(&d.t, 0);

                MUST(s.ops->mkdir(s.self, 0, FRONT));
                set(&d, "state", "1");
            }
            connect_front(&d, 0, NULL);
            ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
            cr_assert_eq(ask(&d, BLKIF_READ, 0, ref), BLKIF_OKAY);
            close_device(&d);
        }
}

Test(blkback_states, closes_in_order_when_the_front_does)
{
    static struct device d;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    set(&d, "state", "5");
    run(&d);
    SAYS(&d, "state", "5");
    cr_assert_eq(d.w.g.world.mapped, 0);
    set(&d, "state", "6");
    run(&d);
    SAYS(&d, "state", "6");
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 0); /* it is online */
    take_back(&d, &d.w.ring[0]);
    set(&d, "state", "1");
    connect_front(&d, 0, NULL);
    table_set(&d.t, BACK "/online", "0");
    set(&d, "state", "5");
    run(&d);
    set(&d, "state", "6");
    run(&d);
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 1);
    close_device(&d);
}

/* Our own close: the front is served until it has closed. */
Test(blkback_states, serves_while_it_waits_for_the_front_to_close)
{
    static struct device d;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    ref = front_page(&d.w, LEAT_READ_WRITE, 9, NULL);
    MUST(leat_blkback_close(d.b, false));
    SAYS(&d, "state", "5");
    cr_assert_eq(ask(&d, BLKIF_WRITE, 0, ref), BLKIF_OKAY);
    cr_assert_eq(d.w.disk.bytes[0], 9);
    set(&d, "state", "5");
    run(&d);
    set(&d, "state", "6");
    run(&d);
    cr_assert_eq(d.events[LEAT_BLKBACK_CLOSED], 1);
    cr_assert_eq(d.w.g.world.mapped, 0);
    close_device(&d);
}

/* A back that takes the place of one that died serves nothing of before. */
Test(blkback_states, started_again_it_waits_for_the_front)
{
    static struct device d;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    /* It dies: what the hypervisor does, we do; the store stays as it is. */
    leat_back_disconnect(d.b);
    MUST(leat_bus_detach(&d.b->end));
    free(d.w.config.meta);
    SAYS(&d, "state", "4");
    ref = front_page(&d.w, LEAT_READ_WRITE, 9, NULL);
    open_back(&d, (struct leat_blkback_config){0});
    run(&d);
    cr_assert(!leat_blkback_connected(d.b));
    cr_assert_eq(d.w.g.world.mapped, 0);
    cr_assert_str_neq(says(&d, "state"), "4");
    take_back(&d, &d.w.ring[0]);
    set(&d, "state", "1");
    connect_front(&d, 0, NULL);
    cr_assert_eq(ask(&d, BLKIF_WRITE, 0, ref), BLKIF_OKAY);
    close_device(&d);
}

Test(blkback_states, tells_of_a_resize_by_its_state)
{
    static struct device d;
    struct leat_store s;
    char path[300], token[64];
    bool changed, state = false;
    uint32_t ref;

    open_device(&d, (struct leat_blkback_config){0});
    connect_front(&d, 0, NULL);
    MUST(leat_blkback_look(d.b, &changed));
    cr_assert(!changed);
    s = table_store(&d.t, 1);
    MUST(s.ops->watch(s.self, BACK, "front"));
    while (!s.ops->event(s.self, path, sizeof(path), token, sizeof(token)))
        ;
    d.w.disk.info.sectors = 1024;
    MUST(leat_blkback_look(d.b, &changed));
    cr_assert(changed);
    SAYS(&d, "sectors", "1024");
    SAYS(&d, "state", "4");
    while (!s.ops->event(s.self, path, sizeof(path), token, sizeof(token)))
        state |= !strcmp(path, BACK "/state");
    cr_assert(state);
    ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
    cr_assert_eq(ask(&d, BLKIF_READ, 1024 - 7, ref), BLKIF_ERROR);
    cr_assert_eq(ask(&d, BLKIF_READ, 1024 - 8, ref), BLKIF_OKAY);
    close_device(&d);
}

/* Each operation of the store or of the events fails once, at any time. */
Test(blkback_states, a_store_that_fails_is_tried_again)
{
    static struct device d;

    for (uint32_t k = 1; k < 80; k++) {
        bool more;
        uint32_t ref;

        open_device(&d, (struct leat_blkback_config){0});
        run(&d);
        offer(&d, 0, NULL);
        set(&d, "state", "3");
        d.t.fail_with = LEAT_E_GONE;
        d.t.fail_in = k;
        for (int i = 0; i < 20; i++) {
            (void)leat_bus_poll(&d.bus, 8, &more);
            (void)leat_blkback_poll(d.b, 8, &more);
        }
        d.t.fail_in = 0;
        SAYS(&d, "state", "4");
        run(&d);
        ref = front_page(&d.w, LEAT_READ_WRITE, 0, NULL);
        cr_assert_eq(ask(&d, BLKIF_READ, 0, ref), BLKIF_OKAY);
        close_device(&d);
    }
}
