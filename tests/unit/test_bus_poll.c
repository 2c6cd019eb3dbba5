/* SPDX-License-Identifier: ISC */

#include "bus_fixture.h"

static struct world w;
static struct leat_bus *const bus = &w.bus[1];

static struct one {
    struct leat_bus_port p;
    uint32_t calls, wants;
    struct leat_bus_port *closes, *again;
} one[8];

static bool called(void *arg)
{
    struct one *o = arg;
    bool more;

    o->calls++;
    FAILS(LEAT_E_STATE, leat_bus_poll(bus, 1, &more));
    FAILS(LEAT_E_STATE, leat_bus_fini(bus));
    if (o->again)
        MUST(leat_bus_port_again(o->again));
    if (o->closes) {
        MUST(leat_bus_port_close(o->closes));
        o->closes = NULL;
        return true; /* which concerns nobody any more */
    }
    return o->wants && o->wants--;
}

/* Ports of both domains, bound, and the first call of each done. */
static void open_ports(uint32_t n, struct leat_bus_port *front)
{
    world_open(&w);
    memset(one, 0, sizeof(one));
    for (uint32_t i = 0; i < n; i++) {
        MUST(leat_bus_port_alloc(&w.bus[0], &front[i], 2, called, &one[7]));
        MUST(leat_bus_port_bind(bus, &one[i].p, 1, front[i].port, called,
                                &one[i]));
    }
    world_poll(&w, LEAT_BUS_BACK);
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(one[i].calls, 1); /* a bound port is pending at once */
        one[i].calls = 0;
    }
}

static void close_ports(uint32_t n, struct leat_bus_port *front)
{
    for (uint32_t i = 0; i < n; i++) {
        if (front[i].bus)
            MUST(leat_bus_port_close(&front[i]));
        if (one[i].p.bus)
            MUST(leat_bus_port_close(&one[i].p));
    }
    for (uint32_t i = 1; i < TABLE_PORTS; i++)
        cr_assert(!w.t.port[i].open);
    world_close(&w);
}

Test(bus_poll, refuses)
{
    struct leat_bus_port p = {0};
    bool more = true;

    world_open(&w);
    FAILS(LEAT_E_INVALID, leat_bus_poll(NULL, 1, &more));
    FAILS(LEAT_E_INVALID, leat_bus_poll(bus, 0, &more));
    FAILS(LEAT_E_INVALID, leat_bus_poll(bus, 1, NULL));
    FAILS(LEAT_E_INVALID, leat_bus_port_alloc(bus, &p, 1, NULL, NULL));
    FAILS(LEAT_E_STATE, leat_bus_port_close(&p));
    FAILS(LEAT_E_STATE, leat_bus_port_notify(&p));
    FAILS(LEAT_E_STATE, leat_bus_port_again(&p));
    cr_assert_eq(leat_bus_port_number(&p), 0);
    FAILS(LEAT_E_REFERENCE,
          leat_bus_port_bind(bus, &p, 1, 99999, called, &one[0]));
    cr_assert_null(p.bus);
    MUST(leat_bus_port_alloc(bus, &p, 1, called, &one[0]));
    FAILS(LEAT_E_BUSY, leat_bus_port_alloc(bus, &p, 1, called, &one[0]));
    FAILS(LEAT_E_BUSY, leat_bus_fini(bus));
    MUST(leat_bus_port_close(&p));
    world_close(&w);
}

Test(bus_poll, a_notification_is_one_call)
{
    struct leat_bus_port front[3];
    bool more;

    memset(front, 0, sizeof(front));
    open_ports(3, front);
    MUST(leat_bus_port_notify(&front[1]));
    MUST(leat_bus_port_notify(&front[1]));
    MUST(leat_bus_poll(bus, 16, &more));
    cr_assert(!more && !one[0].calls && one[1].calls == 1 && !one[2].calls);
    MUST(leat_bus_port_notify(&front[1]));
    MUST(leat_bus_poll(bus, 16, &more));
    cr_assert_eq(one[1].calls, 2); /* it was unmasked */
    close_ports(3, front);
}

/* XSA-391: one that notifies while it is being called is called next time. */
Test(bus_poll, xsa_391_a_port_is_called_once_a_poll)
{
    struct leat_bus_port front[2];
    bool more;

    memset(front, 0, sizeof(front));
    open_ports(2, front);
    one[0].wants = 3;
    one[0].again = &one[0].p;
    for (uint32_t i = 1; i <= 5; i++) {
        if (i == 4)
            one[0].again = NULL;
        MUST(leat_bus_port_notify(&front[0]));
        MUST(leat_bus_poll(bus, 16, &more));
        cr_assert_eq(one[0].calls, i);
        cr_assert_eq(more, i < 4);
    }
    cr_assert_eq(one[1].calls, 0);
    close_ports(2, front);
}

/* A flood of watch events costs the budget, and starves no port. */
Test(bus_poll, xsa_391_a_flood_costs_the_budget)
{
    struct leat_bus_stats s;
    struct leat_bus_port front[4];
    char path[64];
    bool more = false;

    memset(front, 0, sizeof(front));
    open_ports(4, front);
    MUST(world_attach(&w, LEAT_BUS_BACK));
    world_poll(&w, LEAT_BUS_BACK);
    w.seen[1].keys = 0;
    for (uint32_t i = 0; i < 60; i++) {
        snprintf(path, sizeof(path), FRONT "/k%u", i);
        table_set(&w.t, path, "x");
    }
    for (uint32_t i = 0; i < 4; i++)
        MUST(leat_bus_port_notify(&front[i]));
    MUST(leat_bus_poll(bus, 8, &more));
    cr_assert(more);
    cr_assert_eq(w.seen[1].keys, 4);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_eq(one[i].calls, 1);
    cr_assert_eq(world_poll(&w, LEAT_BUS_BACK), 8); /* 56 more, and none */
    cr_assert_eq(w.seen[1].keys, 60);
    MUST(leat_bus_stats(bus, &s));
    cr_assert_eq(s.ports, 4);
    cr_assert_eq(s.ends, 1);
    cr_assert_eq(s.watches, 1);
    cr_assert_eq(s.dropped, 0);
    cr_assert_eq(s.watch_events, 61);
    close_ports(4, front);
}

Test(bus_poll, what_is_for_nobody_is_dropped)
{
    struct leat_bus_stats s;
    struct leat_bus_port front[1];
    struct leat_events e = table_events(&w.t, 2);
    uint32_t stray, far;
    bool more;

    memset(front, 0, sizeof(front));
    open_ports(1, front);
    MUST(e.ops->alloc(e.self, 1, &stray));
    MUST(table_events(&w.t, 1).ops->bind(&w.t.client[1], 2, stray, &far));
    for (uint32_t i = 0; i < 10; i++) {
        MUST(table_notify(&w.t.client[1], far));
        table_tell(&w.t.client[2], "/x", "somebody else's");
        table_tell(&w.t.client[2], "/x", "leat-bus-ffffffff");
        table_tell(&w.t.client[2], "/x", "");
        MUST(leat_bus_poll(bus, 16, &more));
        cr_assert(!more);
    }
    MUST(leat_bus_stats(bus, &s));
    cr_assert_eq(s.dropped, 31); /* the port stays masked: once */
    MUST(e.ops->close(e.self, stray));
    MUST(table_close(&w.t.client[1], far));
    close_ports(1, front);
}

Test(bus_poll, ports_close_each_other_while_called)
{
    for (uint32_t who = 0; who < 3; who++) {
        struct leat_bus_port front[3];
        bool more = true;

        memset(front, 0, sizeof(front));
        open_ports(3, front);
        for (uint32_t i = 0; i < 3; i++)
            MUST(leat_bus_port_again(&one[i].p));
        one[1].closes = &one[who].p;
        MUST(leat_bus_poll(bus, 16, &more));
        cr_assert_null(leat_bus_check(bus));
        cr_assert(!one[who].p.bus);
        cr_assert_eq(more, who != 1);
        cr_assert_eq(one[2].calls, who != 2);
        one[1].closes = NULL;
        MUST(leat_bus_poll(bus, 16, &more));
        cr_assert(!more);
        close_ports(3, front);
    }
}

Test(bus_poll, calls_again_keep_the_budget)
{
    struct leat_bus_port front[4];
    bool more;

    memset(front, 0, sizeof(front));
    open_ports(4, front);
    for (uint32_t i = 0; i < 4; i++) {
        one[i].wants = 2;
        MUST(leat_bus_port_again(&one[i].p));
    }
    for (uint32_t n = 0, sum = 0; n < 6; n++, sum = 0) {
        MUST(leat_bus_poll(bus, 2, &more));
        for (uint32_t i = 0; i < 4; i++)
            sum += one[i].calls;
        cr_assert_eq(sum, 2 * (n + 1));
        cr_assert(more);
    }
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_eq(one[i].calls, 3); /* in turn */
    MUST(leat_bus_poll(bus, 2, &more));
    cr_assert(!more);
    close_ports(4, front);
}

Test(bus_poll, a_resume_closes_ports)
{
    struct leat_bus_port p[2] = {{0}};

    world_open(&w);
    MUST(leat_bus_port_alloc(&w.bus[0], &p[0], 2, called, &one[0]));
    MUST(leat_bus_port_alloc(&w.bus[0], &p[1], 2, called, &one[1]));
    MUST(leat_bus_port_again(&p[1]));
    MUST(leat_lifecycle_suspend(&w.life, NULL));
    table_die(&w.t, 1);
    MUST(leat_lifecycle_resume(&w.life, LEAT_RESUMED));
    FAILS(LEAT_E_STATE, leat_bus_port_notify(&p[0]));
    FAILS(LEAT_E_STATE, leat_bus_port_close(&p[1]));
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(one[1].calls, 0);
    world_close(&w);
}
