/* SPDX-License-Identifier: ISC */

#include "bus_fixture.h"

static struct world w;
static struct leat_bus_end *const e = &w.end[1];

static void open_back(void)
{
    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_BACK));
}

Test(bus_key, numbers_are_digits_within_bounds)
{
    static const struct {
        const char *text;
        uint64_t min, max;
        bool good;
        uint64_t is;
    } t[] = {
        {"0", 0, 8, true, 0},
        {"8", 0, 8, true, 8},
        {"9", 0, 8, false, 0},
        {"0", 1, 8, false, 0},
        {"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", 0, UINT64_MAX, false, 0},
        {"99999999999999999999", 0, UINT64_MAX, false, 0},
        {"184467440737095516150", 0, UINT64_MAX, false, 0},
        {"", 0, 8, false, 0},
        {"-1", 0, UINT64_MAX, false, 0},
        {"+1", 0, 8, false, 0},
        {" 1", 0, 8, false, 0},
        {"1 ", 0, 8, false, 0},
        {"01", 0, 8, false, 0},
        {"0x1", 0, 8, false, 0},
        {"1e1", 0, 99, false, 0},
    };

    for (size_t i = 0; i < COUNT(t); i++) {
        uint64_t x = 77;

        open_back();
        table_set(&w.t, FRONT "/ring-ref", t[i].text);
        table_set(&w.t, BACK "/max", t[i].text);
        if (t[i].good) {
            MUST(leat_bus_read_number(e, LEAT_BUS_OTHER, "ring-ref", t[i].min,
                                      t[i].max, &x));
            cr_assert_eq(x, t[i].is);
            MUST(leat_bus_error(e, NULL));
        } else {
            FAILS(LEAT_E_INVALID, leat_bus_read_number(e, LEAT_BUS_OWN, "max",
                                                       t[i].min, t[i].max, &x));
            MUST(leat_bus_error(e, NULL));
            FAILS(LEAT_E_PROTO,
                  leat_bus_read_number(e, LEAT_BUS_OTHER, "ring-ref", t[i].min,
                                       t[i].max, &x));
            FAILS(LEAT_E_PROTO, leat_bus_error(e, NULL));
            cr_assert(strstr(e->text, "ring-ref"));
            cr_assert_eq(x, 77);
        }
        world_close(&w);
    }
}

Test(bus_key, texts_have_a_bound_and_no_nul)
{
    char buf[8] = "before", big[64];

    open_back();
    table_set(&w.t, FRONT "/protocol", "1234567");
    MUST(leat_bus_read(e, LEAT_BUS_OTHER, "protocol", buf, sizeof(buf)));
    cr_assert_str_eq(buf, "1234567");
    table_put(&w.t, FRONT "/protocol", "a\0b", 3);
    FAILS(LEAT_E_PROTO,
          leat_bus_read(e, LEAT_BUS_OTHER, "protocol", buf, sizeof(buf)));
    cr_assert_str_eq(buf, "1234567");
    world_close(&w);
    open_back();
    memset(big, 'x', sizeof(big));
    table_put(&w.t, FRONT "/protocol", big, 8);
    FAILS(LEAT_E_PROTO,
          leat_bus_read(e, LEAT_BUS_OTHER, "protocol", buf, sizeof(buf)));
    cr_assert_str_eq(buf, "1234567");
    world_close(&w);
}

Test(bus_key, what_is_missing)
{
    uint64_t x = 0;
    char buf[8];

    open_back();
    FAILS(LEAT_E_REFERENCE,
          leat_bus_read(e, LEAT_BUS_OTHER, "none", buf, sizeof(buf)));
    FAILS(LEAT_E_REFERENCE,
          leat_bus_read_number(e, LEAT_BUS_OTHER, "none", 0, 1, &x));
    MUST(leat_bus_read_or(e, LEAT_BUS_OTHER, "none", 0, 1, 99, &x));
    cr_assert_eq(x, 99);
    MUST(leat_bus_error(e, NULL));
    MUST(leat_bus_remove(e, "none"));
    FAILS(LEAT_E_INVALID,
          leat_bus_read(e, (enum leat_bus_whose)2, "none", buf, sizeof(buf)));
    FAILS(LEAT_E_INVALID, leat_bus_read(e, LEAT_BUS_OWN, "", buf, 8));
    FAILS(LEAT_E_INVALID, leat_bus_read(e, LEAT_BUS_OWN, "/x", buf, 8));
    FAILS(LEAT_E_INVALID, leat_bus_read_number(e, LEAT_BUS_OWN, "x", 2, 1, &x));
    FAILS(LEAT_E_INVALID, leat_bus_write(e, "x", NULL));
    world_close(&w);
}

Test(bus_key, writes_are_its_own)
{
    open_back();
    MUST(leat_bus_write(e, "feature-barrier", "1"));
    MUST(leat_bus_write_number(e, "sectors", UINT64_MAX));
    cr_assert_str_eq(table_get(&w.t, BACK "/feature-barrier"), "1");
    cr_assert_str_eq(table_get(&w.t, BACK "/sectors"), "18446744073709551615");
    MUST(leat_bus_remove(e, "sectors"));
    cr_assert_null(table_get(&w.t, BACK "/sectors"));
    world_close(&w);
}

static int write_two(void *arg, struct leat_bus_end *end)
{
    int err = *(int *)arg;

    FAILS(LEAT_E_STATE, leat_bus_switch(end, LEAT_BUS_INIT_WAIT));
    FAILS(LEAT_E_STATE, leat_bus_detach(end));
    FAILS(LEAT_E_STATE, leat_bus_transact(end, write_two, arg));
    MUST(leat_bus_write(end, "a", "1"));
    MUST(leat_bus_write(end, "b", "2"));
    return err;
}

Test(bus_key, xsa_295_a_transaction_is_tried_so_often)
{
    int err = 0;

    open_back();
    w.t.begun = 0;
    w.t.conflicts = LEAT_BUS_TRIES - 1;
    MUST(leat_bus_transact(e, write_two, &err));
    cr_assert_eq(w.t.begun, LEAT_BUS_TRIES);
    cr_assert_str_eq(table_get(&w.t, BACK "/b"), "2");
    w.t.conflicts = UINT32_MAX;
    w.t.begun = 0;
    FAILS(LEAT_E_AGAIN, leat_bus_transact(e, write_two, &err));
    cr_assert_eq(w.t.begun, LEAT_BUS_TRIES);
    FAILS(LEAT_E_AGAIN, leat_bus_switch(e, LEAT_BUS_INIT_WAIT));
    cr_assert_eq(leat_bus_mine(e), LEAT_BUS_INITIALISING);
    world_close(&w);
}

Test(bus_key, a_transaction_that_fails_writes_nothing)
{
    int err = LEAT_E_LIMIT;

    open_back();
    FAILS(LEAT_E_LIMIT, leat_bus_transact(e, write_two, &err));
    cr_assert_null(table_get(&w.t, BACK "/a"));
    cr_assert_eq(w.t.tx, 0);
    world_close(&w);
}

/* What a toolstack has removed is not made again by who still writes. */
Test(bus_key, no_state_without_a_directory)
{
    open_back();
    MUST(leat_bus_switch(e, LEAT_BUS_INIT_WAIT));
    cr_assert_str_eq(table_get(&w.t, BACK "/state"), "2");
    table_drop(&w.t, BACK);
    FAILS(LEAT_E_REFERENCE, leat_bus_switch(e, LEAT_BUS_CLOSED));
    cr_assert_eq(leat_bus_mine(e), LEAT_BUS_INIT_WAIT);
    cr_assert_null(table_get(&w.t, BACK "/state"));
    world_close(&w);
}

Test(bus_key, states_that_a_side_can_be_at)
{
    world_open(&w);
    MUST(world_attach(&w, LEAT_BUS_FRONT));
    MUST(world_attach(&w, LEAT_BUS_BACK));
    FAILS(LEAT_E_INVALID, leat_bus_switch(NULL, LEAT_BUS_CLOSED));
    FAILS(LEAT_E_INVALID, leat_bus_switch(&w.end[0], LEAT_BUS_INIT_WAIT));
    FAILS(LEAT_E_INVALID, leat_bus_switch(&w.end[0], LEAT_BUS_UNKNOWN));
    FAILS(LEAT_E_INVALID, leat_bus_switch(&w.end[0], (enum leat_bus_state)9));
    FAILS(LEAT_E_INVALID, leat_bus_switch(e, LEAT_BUS_INITIALISED));
    FAILS(LEAT_E_STATE, leat_bus_switch(e, LEAT_BUS_CONNECTED));
    MUST(leat_bus_switch(&w.end[0], LEAT_BUS_CONNECTED)); /* a network's */
    MUST(leat_bus_switch(&w.end[0], LEAT_BUS_CLOSED));
    FAILS(LEAT_E_STATE, leat_bus_switch(&w.end[0], LEAT_BUS_INITIALISED));
    MUST(leat_bus_switch(e, LEAT_BUS_INIT_WAIT));
    MUST(leat_bus_switch(e, LEAT_BUS_CONNECTED));
    world_close(&w);
}

Test(bus_key, a_device_breaks_its_end)
{
    static char lengthy[500];
    const char *text;

    open_back();
    FAILS(LEAT_E_INVALID, leat_bus_break(e, NULL));
    memset(lengthy, 'y', sizeof(lengthy) - 1);
    FAILS(LEAT_E_PROTO, leat_bus_break(e, lengthy));
    FAILS(LEAT_E_PROTO, leat_bus_break(e, "a second"));
    FAILS(LEAT_E_PROTO, leat_bus_error(e, &text));
    cr_assert_eq(strlen(text), LEAT_BUS_TEXT - 1);
    cr_assert_null(strstr(text, "second"));
    cr_assert_eq(w.seen[1].broken, 0);
    world_close(&w);
}

Test(bus_key, state_names)
{
    cr_assert_str_eq(leat_bus_state_name(LEAT_BUS_INIT_WAIT), "InitWait");
    cr_assert_str_eq(leat_bus_state_name(LEAT_BUS_RECONFIGURED),
                     "Reconfigured");
    cr_assert_str_eq(leat_bus_state_name((enum leat_bus_state)9), "?");
}
