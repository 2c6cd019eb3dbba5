/* SPDX-License-Identifier: ISC */

/* A switch, on whose ports tests stand: where each frame comes out. */

#include "pool_fixture.h"

#include <leat/netswitch.h>

#include "pv/frames.h"

enum {
    PORTS = 5,
    LINE = 64
};

/* One who stands on a port, or is an uplink of it. */
struct end {
    struct leat_netport port; /* of the switch */
    unsigned char last[65536];
    size_t len;
    struct leat_net_meta meta;
    const volatile unsigned char *where; /* the first segment */
    unsigned n;                          /* frames that came  */
    int fails;
    struct leat_netport *echo; /* where it sends, from within */
    int echoed;

    /* Of an uplink. */
    struct leat_netport_ops ops;
    struct leat_net_sink sink;
    unsigned waiting; /* frames to be asked for */
    unsigned asked;
    int gives; /* an error, in place of a frame */
    uint32_t nqueues;
    uint32_t queue[LINE]; /* those that were asked */
};

static struct leat_switch *s;
static struct end end[PORTS];
static void *meta;

static void sound(void)
{
    const char *broken = leat_switch_check(s);

    cr_assert_null(broken, "%s", broken);
}

static int took(void *arg, const struct leat_net_frame *f)
{
    struct end *e = arg;
    size_t at = f->head.len;

    if (e->fails)
        return e->fails;
    memcpy(e->last, f->head.data, at);
    for (size_t i = 0; i < f->nsegs; i++) {
        for (size_t k = 0; k < f->segs[i].len; k++)
            e->last[at++] = f->segs[i].peer_bytes[k];
    }
    cr_assert_eq(at, f->len);
    e->where = f->nsegs ? f->segs[0].peer_bytes : NULL;
    e->len = at;
    e->meta = f->meta;
    e->n++;
    if (e->echo)
        e->echoed = e->echo->ops->send(e->echo->self, f);
    return 0;
}

static void stand(unsigned i)
{
    const struct leat_net_sink sink = {.deliver = took, .arg = &end[i]};

    MUST(leat_switch_port(s, i, &end[i].port));
    MUST(end[i].port.ops->attach(end[i].port.self, &sink));
}

static void open_switch(struct leat_switch_config c, unsigned stands)
{
    memset(end, 0, sizeof(end));
    if (!c.ports)
        c.ports = PORTS;
    MUST(leat_switch_meta_size(&c, &c.meta_bytes));
    c.meta = meta = malloc(c.meta_bytes);
    MUST(leat_switch_create(&s, &c));
    for (unsigned i = 0; i < stands; i++)
        stand(i);
    sound();
}

static void close_switch(void)
{
    sound();
    for (unsigned i = 0; i < PORTS; i++) {
        struct leat_netport p;

        if (leat_switch_uplink(s, i, NULL) == LEAT_E_RANGE)
            break;
        MUST(leat_switch_port(s, i, &p));
        MUST(p.ops->attach(p.self, NULL));
    }
    sound();
    MUST(leat_switch_destroy(s));
    free(meta);
}

static void address(unsigned char *to, uint32_t x)
{
    memset(to, 0, 6);
    to[0] = 2;
    memcpy(to + 2, &x, 4);
}

#define EVERYONE 0xffffffffu
#define GROUP    0xfffffff0u /* and up: multicast */

static void head_of(unsigned char *h, uint32_t from, uint32_t to)
{
    address(h, to);
    address(h + 6, from);
    if (to >= GROUP)
        h[0] = 3;
    if (to == EVERYONE)
        memset(h, 0xff, 6);
    h[12] = 0x88;
    h[13] = 0xb5;
}

static int send_by(unsigned port, uint32_t from, uint32_t to)
{
    unsigned char h[60] = {0};
    struct leat_net_frame f = {.head = {h, 60}, .len = 60};
    int err;

    head_of(h, from, to);
    err = end[port].port.ops->send(end[port].port.self, &f);
    sound();
    return err;
}

/* Sends, and gives who got it, as bits. */
static unsigned got(unsigned port, uint32_t from, uint32_t to)
{
    unsigned before[PORTS], who = 0;

    for (unsigned i = 0; i < PORTS; i++)
        before[i] = end[i].n;
    MUST(send_by(port, from, to));
    for (unsigned i = 0; i < PORTS; i++) {
        cr_assert(end[i].n - before[i] <= 1);
        who |= (end[i].n - before[i]) << i;
    }
    return who;
}

static struct leat_switch_stats stats(unsigned port)
{
    struct leat_switch_stats out;

    MUST(leat_switch_stats(s, port, &out));
    return out;
}

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

/* ------------------------------------------------------------------ uplinks */

static int up_send(void *self, const struct leat_net_frame *f)
{
    return took(self, f);
}

static int up_receive(void *self, uint32_t queue,
                      const struct leat_net_room *room, struct leat_net_meta *m,
                      size_t *len)
{
    struct end *e = self;
    unsigned char h[60] = {0};

    if (e->asked < LINE)
        e->queue[e->asked] = queue;
    e->asked++;
    if (e->gives)
        return e->gives;
    if (!e->waiting)
        return LEAT_E_AGAIN;
    e->waiting--;
    head_of(h, 500 + (uint32_t)(e - end), EVERYONE);
    for (size_t i = 0; i < 60; i++)
        room->segs[0].peer_bytes[i] = h[i];
    cr_assert_eq(room->bytes, LEAT_NET_FRAME_MAX);
    m->flags = LEAT_NET_CSUM_VALID;
    *len = 60;
    return 0;
}

static int up_attach(void *self, const struct leat_net_sink *sink)
{
    struct end *e = self;

    e->sink = sink ? *sink : (struct leat_net_sink){0};
    return 0;
}

static uint32_t up_queues(void *self)
{
    return ((struct end *)self)->nqueues;
}

static struct leat_netport up(unsigned i, bool asks)
{
    struct end *e = &end[i];

    e->ops.name = "up";
    e->ops.send = up_send;
    e->ops.attach = asks ? NULL : up_attach;
    e->ops.receive = asks ? up_receive : NULL;
    e->ops.queues = asks && e->nqueues ? up_queues : NULL;
    return (struct leat_netport){&e->ops, e};
}

Test(netswitch, asks_its_uplinks_in_turn)
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

Test(netswitch, an_uplink_that_ends_is_asked_no_more)
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

Test(netswitch, all_queues_of_an_uplink_are_asked)
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

Test(netswitch, an_uplink_that_delivers)
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

Test(netswitch, finishes_for_an_uplink)
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
Test(netswitch, a_loop_of_switches_ends)
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
