/* SPDX-License-Identifier: ISC */

/* A switch, on whose ports tests stand: where each frame comes out. */

#include "pv/switch_ends.h"

Test(netswitch, learns_who_is_where)
{
    open_switch((struct leat_switch_config){0}, PORTS);
    cr_assert_eq(got(0, 100, 101), 0x1e, "not known: to all others");
    cr_assert_eq(got(1, 101, 100), 0x01);
    cr_assert_eq(got(0, 100, 101), 0x02);
    cr_assert_eq(got(4, 104, EVERYONE), 0x0f);
    cr_assert_eq(got(4, 104, GROUP + 1), 0x0f);
    cr_assert_eq(got(1, 101, 101), 0, "its own: nobody");
    cr_assert_eq(got(1, 102, 100), 0x01, "two are behind one port");
    cr_assert_eq(got(3, 103, 102), 0x02);
    cr_assert_eq(stats(1).addresses, 2);
    cr_assert_eq(stats(1).learnt, 2);
    cr_assert_eq(stats(0).flooded, 1);
    cr_assert_eq(stats(0).frames, 2);
    cr_assert_eq(stats(0).bytes, 120);
    cr_assert_eq(stats(0).delivered, 4);
    close_switch();
}

Test(netswitch, gives_frames_as_they_are)
{
    unsigned char h[20] = {0}, body[3000];
    struct leat_shared segs[2] = {{body, 1000}, {body + 1000, 2000}};
    struct leat_net_frame f = {.head = {h, 20},
                               .segs = segs,
                               .nsegs = 2,
                               .len = 3020,
                               .meta = {.flags = LEAT_NET_CSUM_BLANK,
                                        .gso = LEAT_NET_GSO_TCPV6,
                                        .gso_size = 77}};

    open_switch((struct leat_switch_config){0}, 3);
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = frame_byte(i);
    head_of(h, 1, 2);
    MUST(end[0].port.ops->send(end[0].port.self, &f));
    cr_assert_eq(end[2].where, body, "from where the sender has it");
    cr_assert_eq(end[2].len, 3020);
    cr_assert_arr_eq(end[2].last + 20, body, 3000);
    cr_assert_eq(end[2].meta.gso_size, 77);
    cr_assert_eq(end[2].meta.flags, LEAT_NET_CSUM_BLANK);
    close_switch();
}

Test(netswitch, what_is_nobodys_is_not_learnt)
{
    unsigned char h[60] = {0};
    struct leat_net_frame f = {.head = {h, 60}, .len = 60};

    open_switch((struct leat_switch_config){0}, 3);
    head_of(h, 1, 2);
    memset(h + 6, 0, 6);
    MUST(end[0].port.ops->send(end[0].port.self, &f));
    h[6] = 1;
    MUST(end[0].port.ops->send(end[0].port.self, &f));
    memset(h + 6, 0xff, 6);
    MUST(end[0].port.ops->send(end[0].port.self, &f));
    cr_assert_eq(stats(0).learnt, 0);
    cr_assert_eq(stats(0).frames, 3);
    close_switch();
}

Test(netswitch, who_makes_addresses_up_displaces_its_own)
{
    open_switch((struct leat_switch_config){.addresses = 8}, 3);
    (void)got(0, 1, 2);
    (void)got(1, 2, 1);
    for (uint32_t x = 1000; x < 3000; x++)
        MUST(send_by(2, x, 1));
    cr_assert_eq(stats(2).addresses, 8);
    cr_assert_eq(stats(2).learnt, 2000);
    cr_assert_eq(stats(2).forgotten, 1992);
    cr_assert_eq(got(0, 1, 2), 0x02, "others' are where they were");
    cr_assert_eq(got(1, 2, 1), 0x01);
    cr_assert_eq(got(0, 1, 2999), 0x04);
    cr_assert_eq(got(0, 1, 2991), 0x06, "it was silent longest");
    cr_assert_eq(got(0, 1, 2992), 0x04);
    MUST(send_by(2, 2992, 1)); /* it is heard again */
    MUST(send_by(2, 5000, 1));
    cr_assert_eq(got(0, 1, 2992), 0x04);
    cr_assert_eq(got(0, 1, 2993), 0x06);
    close_switch();
}

Test(netswitch, an_address_moves_unless_it_is_fixed)
{
    for (unsigned fixed = 0; fixed < 2; fixed++) {
        open_switch((struct leat_switch_config){.fixed = fixed != 0}, 3);
        (void)got(0, 1, 9);
        (void)got(2, 1, 9);
        cr_assert_eq(got(1, 2, 1), fixed ? 0x01 : 0x04);
        cr_assert_eq(stats(0).addresses, fixed);
        /* Who had it goes: now the other may have it. */
        MUST(end[0].port.ops->attach(end[0].port.self, NULL));
        (void)got(2, 1, 9);
        cr_assert_eq(got(1, 2, 1), 0x04);
        close_switch();
    }
}

Test(netswitch, filters_multicast)
{
    uint8_t list[2][6];
    struct leat_net_filter f = {.on = true, .list = list, .n = 1};

    open_switch((struct leat_switch_config){0}, 3);
    address(list[0], GROUP + 1);
    list[0][0] = 3;
    address(list[1], GROUP + 2);
    list[1][0] = 3;
    MUST(end[1].port.ops->filter(end[1].port.self, &f));
    cr_assert_eq(got(0, 1, GROUP + 1), 0x06);
    cr_assert_eq(got(0, 1, GROUP + 2), 0x04);
    cr_assert_eq(stats(1).filtered, 1);
    cr_assert_eq(got(0, 1, EVERYONE), 0x06);
    cr_assert_eq(got(0, 1, 77), 0x06, "one that is not known is not multicast");
    f.n = 2;
    MUST(end[1].port.ops->filter(end[1].port.self, &f));
    cr_assert_eq(got(0, 1, GROUP + 2), 0x06);
    f.on = false;
    MUST(end[1].port.ops->filter(end[1].port.self, &f));
    cr_assert_eq(got(0, 1, GROUP + 3), 0x06);
    f = (struct leat_net_filter){.on = true, .n = 1};
    cr_assert_eq(end[1].port.ops->filter(end[1].port.self, &f), LEAT_E_INVALID);
    close_switch();
}

Test(netswitch, who_has_no_room_loses_alone)
{
    open_switch((struct leat_switch_config){0}, 4);
    (void)got(1, 2, 1);
    end[1].fails = LEAT_E_AGAIN;
    cr_assert_eq(got(0, 1, EVERYONE), 0x0c);
    cr_assert_eq(got(0, 1, 2), 0, "and the sender is not told");
    cr_assert_eq(stats(1).lost, 2);
    cr_assert_eq(stats(2).lost + stats(3).lost, 0);
    close_switch();
}

Test(netswitch, refuses_what_is_no_frame)
{
    unsigned char h[60] = {0};
    struct leat_net_frame f = {.head = {h, 13}, .len = 60};

    open_switch((struct leat_switch_config){0}, 2);
    cr_assert_eq(end[0].port.ops->send(end[0].port.self, &f), LEAT_E_LENGTH);
    f.head.len = 60;
    f.len = 59;
    cr_assert_eq(end[0].port.ops->send(end[0].port.self, &f), LEAT_E_LENGTH);
    f.len = 65536;
    cr_assert_eq(end[0].port.ops->send(end[0].port.self, &f), LEAT_E_LENGTH);
    cr_assert_eq(stats(0).refused, 3);
    cr_assert_eq(stats(0).frames + end[1].n, 0);
    close_switch();
}

Test(netswitch, what_is_sent_from_within_is_lost)
{
    open_switch((struct leat_switch_config){0}, 3);
    end[1].echo = &end[1].port;
    cr_assert_eq(got(0, 1, 2), 0x06);
    cr_assert_eq(end[1].echoed, LEAT_E_AGAIN);
    cr_assert_eq(stats(1).refused, 1);
    cr_assert_eq(stats(1).frames, 0);
    cr_assert_eq(got(0, 1, 2), 0x06, "and it goes on");
    close_switch();
}

/* ------------------------------------------------------------- a model of it */

struct known {
    uint32_t who;
    int port;
    long seen;
};

static struct known known[256];
static size_t nknown;

static void model_learn(uint32_t who, int port, unsigned most, long now)
{
    size_t i, n = 0, oldest = 0;

    for (i = 0; i < nknown && known[i].who != who; i++)
        ;
    if (i < nknown && known[i].port != port)
        known[i] = known[--nknown], i = nknown;
    if (i == nknown) {
        for (size_t k = 0; k < nknown; k++) {
            if (known[k].port != port)
                continue;
            if (!n++ || known[k].seen < known[oldest].seen)
                oldest = k;
        }
        if (n == most)
            known[oldest] = known[--nknown];
        i = nknown++;
    }
    known[i] = (struct known){who, port, now};
}

static unsigned model_where(uint32_t to, int from)
{
    for (size_t i = 0; i < nknown; i++) {
        if (known[i].who == to)
            return known[i].port == from ? 0 : 1u << known[i].port;
    }
    return 0x1fu & ~(1u << from);
}

Test(netswitch, is_as_its_model)
{
    unsigned seed = 1;

    for (unsigned round = 0; round < 20; round++) {
        unsigned most = 1 + round % 6;

        nknown = 0;
        open_switch((struct leat_switch_config){.addresses = most}, PORTS);
        for (long t = 0; t < 1000; t++) {
            uint32_t who, to;
            unsigned port;

            seed = seed * 1103515245 + 12345;
            who = seed >> 16 & 31;
            seed = seed * 1103515245 + 12345;
            to = seed >> 16 & 31;
            port = (seed >> 24) % PORTS;
            model_learn(who, (int)port, most, t);
            cr_assert_eq(got(port, who, to), model_where(to, (int)port),
                         "round %u, step %ld", round, t);
        }
        close_switch();
    }
}

Test(netswitch, refuses)
{
    struct leat_switch_config c = {.ports = 1};
    struct leat_net_sink none = {0}, sink = {.deliver = took, .arg = end};
    struct leat_netport p = {NULL, NULL}, a;
    struct leat_switch *out = NULL;
    struct leat_switch_stats st;
    size_t n = 7;
    bool more;

    cr_assert_eq(leat_switch_meta_size(&c, &n), LEAT_E_INVALID);
    c.ports = LEAT_SWITCH_PORTS + 1;
    cr_assert_eq(leat_switch_meta_size(&c, &n), LEAT_E_INVALID);
    c.ports = LEAT_SWITCH_PORTS;
    c.addresses = LEAT_SWITCH_ADDRESSES + 1;
    cr_assert_eq(leat_switch_meta_size(&c, &n), LEAT_E_INVALID);
    cr_assert_eq(n, 7);
    c.addresses = LEAT_SWITCH_ADDRESSES;
    MUST(leat_switch_meta_size(&c, &n));
    cr_assert_eq(leat_switch_create(&out, &c), LEAT_E_INVALID, "no memory");
    c.meta = &n;
    c.meta_bytes = sizeof(n);
    cr_assert_eq(leat_switch_create(&out, &c), LEAT_E_NOMEM);
    cr_assert_null(out);

    open_switch((struct leat_switch_config){0}, 1);
    cr_assert_eq(leat_switch_port(s, PORTS, &p), LEAT_E_RANGE);
    cr_assert_eq(leat_switch_port(s, 1, NULL), LEAT_E_INVALID);
    cr_assert_eq(leat_switch_stats(s, PORTS, &st), LEAT_E_RANGE);
    cr_assert_eq(leat_switch_uplink(s, 1, &p), LEAT_E_INVALID, "no ops");
    a = up(2, true);
    cr_assert_eq(leat_switch_uplink(s, PORTS, &a), LEAT_E_RANGE);
    cr_assert_eq(leat_switch_uplink(s, 0, &a), LEAT_E_BUSY);
    MUST(leat_switch_port(s, 2, &p));
    MUST(leat_switch_uplink(s, 2, &a));
    cr_assert_eq(leat_switch_uplink(s, 2, &a), LEAT_E_BUSY);
    cr_assert_eq(p.ops->attach(p.self, &sink), LEAT_E_BUSY);
    cr_assert_eq(leat_switch_port(s, 2, &p), LEAT_E_BUSY);
    cr_assert_eq(end[0].port.ops->attach(end[0].port.self, &none),
                 LEAT_E_INVALID);
    cr_assert_eq(end[0].port.ops->attach(end[0].port.self, &sink), LEAT_E_BUSY);
    cr_assert_eq(leat_switch_poll(s, 0, &more), LEAT_E_INVALID);
    cr_assert_eq(leat_switch_destroy(s), LEAT_E_BUSY);
    cr_assert_eq(leat_switch_destroy(NULL), LEAT_E_INVALID);
    close_switch();
}
