/* SPDX-License-Identifier: ISC */

/* A switch whose ports have uplinks: it asks some of them, others deliver. */

#include "pv/switch_ends.h"

Test(netswitch_uplinks, asks_its_uplinks_in_turn)
{
    struct leat_netport a, b;
    bool more = false;

    open_switch((struct leat_switch_config){0}, 2);
    a = up(2, true);
    b = up(4, true);
    MUST(leat_switch_uplink(s, 2, &a));
    MUST(leat_switch_uplink(s, 4, &b));
    end[2].waiting = 100;
    end[4].waiting = 100;
    MUST(leat_switch_poll(s, 10, &more));
    cr_assert(more);
    cr_assert_eq(end[2].waiting, 95, "each its turn");
    cr_assert_eq(end[4].waiting, 95);
    cr_assert_eq(end[0].n, 10);
    cr_assert_eq(end[0].meta.flags, LEAT_NET_CSUM_VALID);
    cr_assert_eq(end[2].n, 5, "what came by the other");
    for (int i = 0; i < 50 && more; i++)
        MUST(leat_switch_poll(s, 16, &more));
    cr_assert(!more);
    cr_assert_eq(end[0].n, 200);
    cr_assert_eq(end[1].n, 200);
    cr_assert_eq(stats(4).frames, 100);
    cr_assert_eq(got(0, 1, 502), 0x04, "who is behind it was learnt");
    close_switch();
}

Test(netswitch_uplinks, an_uplink_that_ends_is_asked_no_more)
{
    struct leat_netport a;
    bool more = true;

    open_switch((struct leat_switch_config){0}, 2);
    a = up(2, true);
    MUST(leat_switch_uplink(s, 2, &a));
    end[2].gives = LEAT_E_LENGTH;
    MUST(leat_switch_poll(s, 3, &more));
    cr_assert(more, "one bad frame is no end");
    cr_assert_eq(stats(2).refused, 3);
    end[2].gives = LEAT_E_END;
    MUST(leat_switch_poll(s, 100, &more));
    cr_assert(!more);
    cr_assert(stats(2).ended);
    MUST(leat_switch_poll(s, 100, &more));
    cr_assert_eq(end[2].asked, 4);
    cr_assert_eq(got(0, 1, 2), 0x06, "it is sent to all the same");
    close_switch();
}

Test(netswitch_uplinks, all_queues_of_an_uplink_are_asked)
{
    struct leat_netport a;
    bool more;

    open_switch((struct leat_switch_config){0}, 2);
    end[2].nqueues = 3;
    a = up(2, true);
    MUST(leat_switch_uplink(s, 2, &a));
    end[2].waiting = 5;
    MUST(leat_switch_poll(s, 100, &more));
    cr_assert(!more);
    cr_assert_eq(end[2].asked, 8);
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(end[2].queue[i], i % 3);
    close_switch();
}

Test(netswitch_uplinks, an_uplink_that_delivers)
{
    unsigned char h[60] = {0};
    struct leat_net_frame f = {.head = {h, 60}, .len = 60};
    struct leat_netport a;
    bool more = true;

    open_switch((struct leat_switch_config){0}, 2);
    a = up(2, false);
    MUST(leat_switch_uplink(s, 2, &a));
    cr_assert_not_null(end[2].sink.deliver);
    head_of(h, 9, EVERYONE);
    MUST(end[2].sink.deliver(end[2].sink.arg, &f));
    cr_assert_eq(end[0].n + end[1].n, 2);
    cr_assert_eq(end[2].n, 0);
    cr_assert_eq(got(0, 1, 9), 0x04);
    MUST(leat_switch_poll(s, 9, &more));
    cr_assert(!more);
    MUST(leat_switch_uplink(s, 2, NULL));
    cr_assert_null(end[2].sink.deliver);
    cr_assert_eq(got(0, 1, 9), 0x02, "it is forgotten");
    close_switch();
}

Test(netswitch_uplinks, finishes_for_an_uplink)
{
    static struct made_frame f;
    struct leat_net_frame frame = {.nsegs = 0};
    struct leat_switch_stats st;
    struct leat_netport a;

    open_switch((struct leat_switch_config){0}, 2);
    a = up(2, true);
    MUST(leat_switch_uplink(s, 2, &a));
    frame_make(&f, (struct frame_of){
                       .protocol = F_TCP, .payload = 4321, .blank = true});
    frame.head = (struct leat_cview){f.bytes, f.len};
    frame.len = f.len;
    frame.meta = (struct leat_net_meta){.flags = LEAT_NET_CSUM_BLANK,
                                        .gso = LEAT_NET_GSO_TCPV4,
                                        .gso_size = 1000};
    MUST(end[0].port.ops->send(end[0].port.self, &frame));
    cr_assert_eq(end[1].n, 1, "who stands here gets it as it is");
    cr_assert_eq(end[1].len, f.len);
    cr_assert_eq(end[2].n, 5);
    cr_assert_eq(end[2].len, f.end + 321);
    cr_assert(frame_right(end[2].last, end[2].len, f.l3, f.l4, false, F_TCP));
    cr_assert_eq(stats(2).finished, 1);
    cr_assert_eq(stats(2).delivered, 1);
    st = stats(2);
    cr_assert_gt(leat_copies_bytes(&st.copies), 4321);
    end[2].ops.offload = LEAT_NET_OFFLOAD_ALL;
    MUST(end[0].port.ops->send(end[0].port.self, &frame));
    cr_assert_eq(end[2].n, 6);
    cr_assert_eq(stats(2).finished, 1);
    close_switch();
}

/* Two lines between two switches: what is sent round comes to an end. */
Test(netswitch_uplinks, a_loop_of_switches_ends)
{
    struct leat_switch_config c = {.ports = 3};
    struct leat_switch *other;
    struct leat_netport p;

    open_switch((struct leat_switch_config){0}, 2);
    MUST(leat_switch_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(leat_switch_create(&other, &c));
    MUST(leat_switch_port(other, 0, &p));
    MUST(leat_switch_uplink(s, 3, &p));
    cr_assert_eq(leat_switch_uplink(s, 4, &p), LEAT_E_BUSY);
    MUST(leat_switch_port(other, 1, &p));
    MUST(leat_switch_uplink(s, 4, &p));
    for (int i = 0; i < 10; i++)
        cr_assert_eq(got(0, 1, EVERYONE), 0x02);
    cr_assert_gt(stats(3).refused + stats(4).refused, 0);
    cr_assert_null(leat_switch_check(other));
    cr_assert_eq(leat_switch_destroy(other), LEAT_E_BUSY);
    close_switch();
    MUST(leat_switch_destroy(other));
    free(c.meta);
}
