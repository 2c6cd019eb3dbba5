/* SPDX-License-Identifier: ISC */

#include "bus_fixture.h"

static struct world w;

Test(bus, init_and_fini_refuse)
{
    struct leat_bus_config c = {.fd = -1};
    struct leat_bus b;

    FAILS(LEAT_E_INVALID, leat_bus_init(NULL, &c));
    FAILS(LEAT_E_INVALID, leat_bus_init(&b, NULL));
    FAILS(LEAT_E_INVALID, leat_bus_init(&b, &c)); /* no store */
    FAILS(LEAT_E_INVALID, leat_bus_fini(NULL));
    cr_assert_eq(leat_bus_fd(NULL), -1);
    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    FAILS(LEAT_E_BUSY, leat_bus_fini(&w.bus[0]));
    FAILS(LEAT_E_BUSY, world_attach(&w, LEAT_BUS_FRONT));
    world_close(&w);
}

Test(bus, attach_reads_where_the_other_is)
{
    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    MUST(world_attach(&w, LEAT_BUS_BACK));
    cr_assert_eq(leat_bus_peer(&w.end[0]), 2);
    cr_assert_eq(leat_bus_peer(&w.end[1]), 1);
    cr_assert_str_eq(leat_bus_other_path(&w.end[0]), BACK);
    cr_assert_str_eq(leat_bus_other_path(&w.end[1]), FRONT);
    cr_assert_str_eq(leat_bus_path(&w.end[1]), BACK);
    cr_assert_eq(leat_bus_mine(&w.end[0]), LEAT_BUS_INITIALISING);
    cr_assert_eq(w.seen[0].states, 0); /* it is called by a poll alone */
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(w.seen[0].states, 1);
    cr_assert_eq(w.seen[0].state, LEAT_BUS_INITIALISING);
    world_close(&w);
}

Test(bus, attach_refuses_what_has_no_sense)
{
    static const struct {
        const char *key, *value;
        int err;
    } bad[] = {
        {FRONT "/backend", "backend/vbd", LEAT_E_INVALID},
        {FRONT "/backend-id", "-1", LEAT_E_INVALID},
        {FRONT "/backend-id", "32752", LEAT_E_INVALID},
        {FRONT "/backend-id", "", LEAT_E_INVALID},
        {FRONT "/state", "9", LEAT_E_INVALID},
        {FRONT "/state", "connected", LEAT_E_INVALID},
    };
    static char lengthy[400];

    for (size_t i = 0; i < COUNT(bad); i++) {
        world_open(&w);
        table_set(&w.t, bad[i].key, bad[i].value);
        FAILS(bad[i].err, world_attach(&w, LEAT_BUS_FRONT));
        cr_assert_null(w.end[0].bus);
        world_close(&w);
    }
    world_open(&w);
    memset(lengthy, 'x', sizeof(lengthy) - 1);
    lengthy[0] = '/';
    table_set(&w.t, FRONT "/backend", lengthy);
    FAILS(LEAT_E_INVALID, world_attach(&w, LEAT_BUS_FRONT));
    table_drop(&w.t, FRONT "/backend");
    FAILS(LEAT_E_REFERENCE, world_attach(&w, LEAT_BUS_FRONT));
    world_close(&w);
}

Test(bus, trusted_0_is_strict)
{
    static const struct {
        const char *value;
        bool trusted, strict;
    } is[] = {{"1", true, false},
              {"0", false, true},
              {"", false, true},
              {"yes", false, true},
              {"99999999999999999999999999", false, true}};

    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    cr_assert(leat_bus_trusted(&w.end[0]) && !leat_bus_strict(&w.end[0]));
    world_close(&w);
    for (size_t i = 0; i < COUNT(is); i++) {
        world_open(&w);
        table_set(&w.t, FRONT "/trusted", is[i].value);
        MUST(world_attach(&w, LEAT_BUS_FRONT));
        cr_assert_eq(leat_bus_trusted(&w.end[0]), is[i].trusted);
        cr_assert_eq(leat_bus_strict(&w.end[0]), is[i].strict);
        world_close(&w);
    }
}

/* What a peer can write as its state: an error with a text, and no more. */
Test(bus, absurd_states_break_the_end)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"", 0},
        {"9", 1},
        {"-1", 2},
        {"04", 2},
        {"4 ", 2},
        {" 4", 2},
        {"4\n", 2},
        {"4\0", 2},
        {"\0", 1},
        {"0x4", 3},
        {"+4", 2},
        {"4294967300", 10},
        {"999999999", 9},
        {"four", 4},
        {"\xff", 1},
        {"%s%n", 4},
        {"2", 1} /* what no front is at */,
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *text;

        world_open(&w);
        MUST(world_attach(&w, LEAT_BUS_BACK));
        table_put(&w.t, FRONT "/state", bad[i].bytes, bad[i].len);
        world_poll(&w, LEAT_BUS_BACK);
        cr_assert_eq(w.seen[1].broken, 1, "%zu", i);
        cr_assert_eq(w.seen[1].states, 0);
        FAILS(LEAT_E_PROTO, leat_bus_error(&w.end[1], &text));
        cr_assert_str_eq(text, w.seen[1].text);
        cr_assert(strstr(text, FRONT) && strchr(text, ':'));
        /* It does not believe more until the other begins anew. */
        table_set(&w.t, FRONT "/state", "4");
        world_poll(&w, LEAT_BUS_BACK);
        cr_assert_eq(w.seen[1].broken, 1);
        cr_assert_eq(w.seen[1].states, 0);
        table_set(&w.t, FRONT "/state", "6");
        world_poll(&w, LEAT_BUS_BACK);
        MUST(leat_bus_error(&w.end[1], &text));
        cr_assert_str_eq(text, "");
        cr_assert_eq(w.seen[1].states, 1);
        cr_assert_eq(w.seen[1].state, LEAT_BUS_CLOSED);
        world_close(&w);
    }
}

static void state_is(enum leat_bus_side side, enum leat_bus_state s)
{
    static const char *const path[] = {BACK "/state", FRONT "/state"};
    char text[2] = {(char)('0' + s), 0};

    table_set(&w.t, path[side], text);
    world_poll(&w, side);
}

/* Which state of the other's may follow which; where this end was at 2
 * meanwhile, and where it was not. */
Test(bus, states_that_cannot_follow)
{
    static const struct {
        enum leat_bus_side side;
        enum leat_bus_state from, to;
        bool offered, good;
    } is[] = {
        {LEAT_BUS_BACK, 1, 3, false, true},
        {LEAT_BUS_BACK, 1, 4, false, true},
        {LEAT_BUS_BACK, 3, 4, false, true},
        {LEAT_BUS_BACK, 4, 3, false, false},
        {LEAT_BUS_BACK, 4, 3, true, true},
        {LEAT_BUS_BACK, 5, 3, false, false},
        {LEAT_BUS_BACK, 6, 4, false, false},
        {LEAT_BUS_BACK, 6, 4, true, true},
        {LEAT_BUS_BACK, 4, 7, false, true},
        {LEAT_BUS_BACK, 1, 7, false, false},
        {LEAT_BUS_BACK, 3, 8, false, true},
        {LEAT_BUS_BACK, 7, 4, false, true},
        {LEAT_BUS_BACK, 4, 1, false, true},
        {LEAT_BUS_BACK, 4, 6, false, true},
        {LEAT_BUS_BACK, 6, 5, false, true},
        {LEAT_BUS_FRONT, 1, 2, false, true},
        {LEAT_BUS_FRONT, 2, 4, false, true},
        {LEAT_BUS_FRONT, 5, 4, false, false},
        {LEAT_BUS_FRONT, 6, 4, false, false},
        {LEAT_BUS_FRONT, 6, 3, false, true},
        {LEAT_BUS_FRONT, 4, 2, false, true},
        {LEAT_BUS_FRONT, 2, 7, false, true},
        {LEAT_BUS_FRONT, 5, 7, false, false},
    };

    for (size_t i = 0; i < COUNT(is); i++) {
        const enum leat_bus_side side = is[i].side;

        world_open(&w);
        MUST(world_attach(&w, side));
        state_is(side, is[i].from);
        cr_assert_eq(w.seen[side].broken, 0);
        if (is[i].offered)
            MUST(leat_bus_switch(&w.end[side], LEAT_BUS_INIT_WAIT));
        state_is(side, is[i].to);
        cr_assert_eq(w.seen[side].broken, !is[i].good, "%zu", i);
        cr_assert_eq(leat_bus_other(&w.end[side]),
                     is[i].good ? is[i].to : is[i].from);
        world_close(&w);
    }
}

Test(bus, gone_and_refused_are_unknown)
{
    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    state_is(LEAT_BUS_FRONT, LEAT_BUS_CONNECTED);
    table_drop(&w.t, "/local/domain/2"); /* far above it */
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(w.seen[0].state, LEAT_BUS_UNKNOWN);
    state_is(LEAT_BUS_FRONT, LEAT_BUS_INITIALISING);
    cr_assert_eq(w.seen[0].state, LEAT_BUS_INITIALISING);
    w.t.refuse = BACK "/state";
    table_set(&w.t, BACK "/state", "2");
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(w.seen[0].state, LEAT_BUS_UNKNOWN);
    cr_assert_eq(w.seen[0].broken, 0);
    world_close(&w);
}

Test(bus, keys_of_the_other_are_told)
{
    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    world_poll(&w, LEAT_BUS_FRONT);
    w.seen[0].keys = 0;
    table_set(&w.t, BACK "/sectors", "8");
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(w.seen[0].keys, 1);
    cr_assert_str_eq(w.seen[0].key, "sectors");
    table_set(&w.t, BACK "/queue-0/port", "8");
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_str_eq(w.seen[0].key, "queue-0/port");
    table_set(&w.t, BACK "/state", "1");
    table_set(&w.t, "/local/domain/2/backend/vbd/1/517120/x", "a neighbour");
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_str_eq(w.seen[0].key, "queue-0/port");
    world_close(&w);
}

/* Who is told may detach: nothing of it is touched any more. */
Test(bus, detach_while_told)
{
    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    w.seen[0].e = &w.end[0];
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(w.seen[0].states, 1);
    cr_assert_eq(w.seen[0].keys, 0);
    cr_assert_null(w.end[0].bus);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    table_set(&w.t, BACK "/state", "x");
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(w.seen[0].broken, 1);
    cr_assert_null(w.end[0].bus);
    world_close(&w);
}

/* Each operation fails once: nothing is lost, for the next poll tries again. */
Test(bus, a_failure_is_tried_again)
{
    for (uint32_t k = 1; k < 12; k++) {
        int err = 0;
        bool more = false;

        world_open(&w);
        MUST(world_attach(&w, LEAT_BUS_BACK));
        w.t.fail_in = k;
        w.t.fail_with = LEAT_E_NOMEM;
        err = leat_bus_poll(&w.bus[1], 8, &more);
        cr_assert(err == 0 || err == LEAT_E_NOMEM);
        cr_assert(err == LEAT_E_NOMEM || w.t.fail_in);
        w.t.fail_in = 0;
        world_poll(&w, LEAT_BUS_BACK);
        cr_assert_eq(w.seen[1].states, 1, "%u", k);
        cr_assert_eq(w.seen[1].state, LEAT_BUS_INITIALISING);
        world_close(&w);
    }
}

Test(bus, a_resume_begins_anew)
{
    struct leat_bus_port p = {0};

    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    state_is(LEAT_BUS_FRONT, LEAT_BUS_INIT_WAIT);
    MUST(leat_bus_switch(&w.end[0], LEAT_BUS_INITIALISED));
    MUST(leat_lifecycle_suspend(&w.life, NULL));
    MUST(leat_lifecycle_resume(&w.life, LEAT_CANCELLED));
    cr_assert_eq(w.seen[0].resumed, 0);
    cr_assert_str_eq(table_get(&w.t, FRONT "/state"), "3");
    table_die(&w.t, 1);
    MUST(leat_lifecycle_suspend(&w.life, NULL));
    MUST(leat_lifecycle_resume(&w.life, LEAT_RESUMED));
    cr_assert_eq(w.seen[0].resumed, 1);
    cr_assert_str_eq(table_get(&w.t, FRONT "/state"), "1");
    cr_assert_eq(leat_bus_mine(&w.end[0]), LEAT_BUS_INITIALISING);
    cr_assert_eq(leat_bus_port_number(&p), 0);
    w.seen[0].states = 0;
    world_poll(&w, LEAT_BUS_FRONT); /* told again, though it is the same */
    cr_assert_eq(w.seen[0].states, 1);
    cr_assert_eq(w.t.client[1].watches, 1);
    world_close(&w);
}
