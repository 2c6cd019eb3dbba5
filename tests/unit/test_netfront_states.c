/* SPDX-License-Identifier: ISC */

/*
 * netfront over a bus, from its start to its end, beside a back that dies, lies, or
 * goes through its states as it likes; and a store that fails.
 */

#include "pv/net_device.h"

/* The one that was is looked at, as it is now; and another one waits for us. */
static void another_back(void)
{
    run();
    back("state", "1");
    run();
    back("state", "2");
    run();
}

Test(netfront_states, a_back_that_lies_breaks_it_and_it_comes_again)
{
    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    connect();
    frames_pass();
    MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
    run();
    net_answer(&d.w, 0, 0x1234, NETIF_RSP_OKAY);
    run();
    cr_assert_eq(d.events[LEAT_NETFRONT_BROKEN], 1);
    cr_assert_eq(d.events[LEAT_NETFRONT_DISCONNECTED], 0); /* it was told */
    cr_assert_not_null(
        strstr(leat_netfront_text(d.w.f), "an answer to nothing"), "%s",
        leat_netfront_text(d.w.f));
    cr_assert_not(leat_netfront_connected(d.w.f));
    FAILS(LEAT_E_STATE, net_send(&d.w, 0, 100, &(struct net_writer){0}));
    cr_assert_neq(number("state"), 4);
    back("state", "6");
    another_back();
    connect();
    cr_assert_str_eq(leat_netfront_text(d.w.f), "");
    frames_pass();
    close_device();
}

Test(netfront_states, the_back_dies_and_another_comes)
{
    static const char *const deaths[] = {"6", "5", NULL, "1", "2", "0"};

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    for (size_t i = 0; i < COUNT(deaths); i++) {
        connect();
        frames_pass();
        MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
        run();
        back("state", deaths[i]);
        run();
        cr_assert_eq(d.events[LEAT_NETFRONT_DISCONNECTED], i + 1);
        cr_assert_eq(net_stats(&d.w).tx_lost, i + 1);
        if (number("state") != 4)
            back("state", "6");
        another_back();
    }
    connect();
    frames_pass();
    cr_assert_eq(net_stats(&d.w).connects, COUNT(deaths) + 1);
    close_device();
}

/* A back that goes from any state to any, by chance, and dies in each. */
Test(netfront_states, a_back_that_walks_through_all_states)
{
    static const char *const states[] = {NULL, "0", "1", "2", "3",
                                         "4",  "5", "6", "7", "8"};
    uint32_t x = 1;

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    for (uint32_t walk = 0; walk < 100; walk++) {
        for (uint32_t i = 0; i < 8; i++) {
            x = x * 1664525 + 1013904223;
            back("state", states[(x >> 16) % COUNT(states)]);
            run();
            if (leat_netfront_connected(d.w.f))
                MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
            run();
            cr_assert_leq(number("state"), 6);
        }
        back("state", "6");
        another_back();
        connect();
        frames_pass();
    }
    close_device();
}

Test(netfront_states, it_closes_when_the_back_has_answered)
{
    static struct net_taken t;

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    connect();
    MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
    FAILS(LEAT_E_BUSY, leat_netfront_destroy(d.w.f));
    MUST(leat_netfront_close(d.w.f, false));
    FAILS(LEAT_E_CLOSED, net_send(&d.w, 0, 100, &(struct net_writer){0}));
    run();
    says_that("state", "4"); /* a frame is under way */
    cr_assert(net_take_frame(&d.w, 0, &t));
    net_answer_frame(&d.w, 0, &t, NETIF_RSP_OKAY);
    run();
    says_that("state", "5");
    cr_assert_eq(net_stats(&d.w).tx_okay, 1);
    back("state", "5");
    run();
    says_that("state", "6");
    back("state", "6");
    run();
    close_device();
}

Test(netfront_states, to_close_at_once_waits_for_nothing)
{
    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    connect();
    MUST(net_send(&d.w, 0, 100, &(struct net_writer){0}));
    MUST(leat_netfront_close(d.w.f, true));
    says_that("state", "6");
    cr_assert_eq(net_stats(&d.w).tx_lost, 1);
    close_device();

    /* Before it was connected; and where its directory is gone. */
    open_world(&the_device);
    MUST(create((struct leat_netfront_config){0}));
    MUST(leat_netfront_close(d.w.f, false));
    run();
    close_device();
}

Test(netfront_states, pause_lets_go_of_all_and_resume_comes_again)
{
    struct leat_grants_stats s;

    open_world(&the_device);
    open_device((struct leat_netfront_config){0});
    for (unsigned i = 0; i < 2; i++) {
        connect();
        frames_pass();
        FAILS(LEAT_E_STATE, leat_netfront_resume(d.w.f));
        MUST(leat_netfront_pause(d.w.f));
        FAILS(LEAT_E_STATE, leat_netfront_pause(d.w.f));
        FAILS(LEAT_E_STATE, net_send(&d.w, 0, 100, &(struct net_writer){0}));
        run();
        says_that("state", "5");
        cr_assert_eq(d.events[LEAT_NETFRONT_PAUSED], i);
        back("state", "5");
        run();
        back("state", "6");
        run();
        cr_assert_eq(d.events[LEAT_NETFRONT_PAUSED], i + 1);
        s = grants_stats(d.w.g.a->table);
        cr_assert_eq(s.quarantined, 0);
        MUST(leat_netfront_resume(d.w.f));
        run();
        says_that("state", "1");
        back("state", "2");
        run();
    }
    connect();
    frames_pass();
    close_device();
}

Test(netfront_states, the_link_goes_down_and_up)
{
    open_world(&the_device);
    back("carrier", "0");
    open_device((struct leat_netfront_config){0});
    connect();
    cr_assert_not(info().link);
    back("carrier", "1");
    run();
    cr_assert(info().link);
    cr_assert_eq(d.events[LEAT_NETFRONT_LINK], 1);
    back("carrier", "1");
    run();
    cr_assert_eq(d.events[LEAT_NETFRONT_LINK], 1);
    back("carrier", "x");
    run();
    cr_assert_eq(d.events[LEAT_NETFRONT_BROKEN], 1);
    close_device();
}

/* The k-th operation of the store fails, for every k: it is tried again. */
Test(netfront_states, each_operation_of_the_store_fails_once)
{
    uint32_t tried = 0;

    for (uint32_t k = 1;; k++) {
        bool more, more2, failed = false;

        open_world(&the_device);
        back("feature-rx-copy", "1");
        back("feature-ctrl-ring", "1");
        MUST(create((struct leat_netfront_config){0}));
        back("state", "2");
        d.t.fail_in = k;
        d.t.fail_with = LEAT_E_NOMEM;
        for (int i = 0; i < 50; i++) {
            int err = leat_bus_poll(&d.bus, 8, &more);

            failed |= err != 0;
            err = leat_netfront_poll(d.w.f, 8, &more2);
            failed |= err != 0;
            net_sound(&d.w);
        }
        tried += failed;
        if (d.t.fail_in) {
            d.t.fail_in = 0;
            close_device();
            cr_assert_gt(k, 20);
            cr_assert_gt(tried, 20);
            return;
        }
        says_that("state", "4");
        close_device();
    }
}
