/* SPDX-License-Identifier: ISC */

#include <leat/grant_ops.h>

#include "bus_fixture.h"

static struct world w;

static struct {
    uint32_t there, gone;
    char path[300];
    struct leat_bus_class *ends;
} told;

static void there(void *arg, const char *path)
{
    cr_assert_eq(arg, &w);
    told.there++;
    snprintf(told.path, sizeof(told.path), "%s", path);
    if (told.ends)
        MUST(leat_bus_class_unwatch(told.ends));
}

static void gone(void *arg, const char *path)
{
    cr_assert_eq(arg, &w);
    told.gone++;
    snprintf(told.path, sizeof(told.path), "%s", path);
}

static const struct leat_bus_class_ops class_ops = {.there = there,
                                                    .gone = gone};

Test(bus_device, is_made_whole)
{
    static const struct leat_bus_key front[] = {{"virtual-device", "51712"}};
    static const struct leat_bus_key back[] = {{"mode", "w"}, {"type", "phy"}};
    struct leat_store s = table_store(&w.t, 0);
    struct leat_bus_device d = {
        .type = "vbd",
        .front = 1,
        .back = 2,
        .number = 51712,
        .front_keys = front,
        .front_n = 1,
        .back_keys = back,
        .back_n = 2,
    };
    struct table_key *k;

    world_open(&w);
    table_set(&w.t, FRONT "/ring-ref", "of before");
    w.t.conflicts = 3;
    MUST(leat_bus_device_make(&s, &d));
    cr_assert_null(table_get(&w.t, FRONT "/ring-ref"));
    cr_assert_str_eq(table_get(&w.t, FRONT "/backend"), BACK);
    cr_assert_str_eq(table_get(&w.t, FRONT "/backend-id"), "2");
    cr_assert_str_eq(table_get(&w.t, FRONT "/state"), "1");
    cr_assert_str_eq(table_get(&w.t, FRONT "/virtual-device"), "51712");
    cr_assert_str_eq(table_get(&w.t, BACK "/frontend"), FRONT);
    cr_assert_str_eq(table_get(&w.t, BACK "/frontend-id"), "1");
    cr_assert_str_eq(table_get(&w.t, BACK "/online"), "1");
    cr_assert_str_eq(table_get(&w.t, BACK "/mode"), "w");
    cr_assert_str_eq(table_get(&w.t, BACK "/type"), "phy");
    k = table_find(&w.t, FRONT "/backend");
    cr_assert(k->perms[0].domain == 1 && !k->perms[0].access);
    cr_assert(k->perms[1].domain == 2 && k->perms[1].access == LEAT_STORE_READ);
    k = table_find(&w.t, BACK "/state");
    cr_assert(k->perms[0].domain == 2 && !k->perms[0].access);
    cr_assert(k->perms[1].domain == 1 && k->perms[1].access == LEAT_STORE_READ);
    table_set(&w.t, FRONT "/ring-ref", "of before");
    table_set(&w.t, BACK "/sectors", "of before");
    MUST(leat_bus_device_make_end(&s, &d, LEAT_BUS_BACK));
    cr_assert_not_null(table_get(&w.t, FRONT "/ring-ref"));
    cr_assert_null(table_get(&w.t, BACK "/sectors"));
    cr_assert_str_eq(table_get(&w.t, BACK "/frontend"), FRONT);
    FAILS(LEAT_E_INVALID,
          leat_bus_device_make_end(&s, &d, (enum leat_bus_side)2));
    MUST(leat_bus_device_remove(&s, &d));
    cr_assert_null(table_find(&w.t, FRONT));
    cr_assert_null(table_find(&w.t, BACK));
    MUST(leat_bus_device_remove(&s, &d)); /* there is none */
    world_close(&w);
}

Test(bus_device, refuses_and_leaves_nothing)
{
    struct leat_store s = table_store(&w.t, 0);
    struct leat_bus_device d = {.type = "vif", .front = 1, .back = 2};
    static char lengthy[300] = "/";
    struct leat_bus_device bad;

    world_open(&w);
    FAILS(LEAT_E_INVALID, leat_bus_device_make(NULL, &d));
    FAILS(LEAT_E_INVALID, leat_bus_device_make(&s, NULL));
    bad = d;
    bad.type = NULL;
    FAILS(LEAT_E_INVALID, leat_bus_device_make(&s, &bad));
    bad = d;
    bad.back = LEAT_DOMAIN_MAX + 1;
    FAILS(LEAT_E_INVALID, leat_bus_device_make(&s, &bad));
    bad = d;
    bad.back_path = "backend/vif";
    FAILS(LEAT_E_INVALID, leat_bus_device_make(&s, &bad));
    memset(lengthy + 1, 'x', sizeof(lengthy) - 2);
    bad.back_path = lengthy;
    FAILS(LEAT_E_LENGTH, leat_bus_device_make(&s, &bad));
    w.t.conflicts = 1000;
    FAILS(LEAT_E_AGAIN, leat_bus_device_make(&s, &d));
    w.t.conflicts = 0;
    /* Each operation of the transaction. */
    for (uint32_t k = 1; k <= 14; k++) {
        w.t.fail_in = k;
        w.t.fail_with = LEAT_E_LIMIT;
        FAILS(LEAT_E_LIMIT, leat_bus_device_make(&s, &d));
        cr_assert_null(table_find(&w.t, "/local/domain/1/device/vif"));
        cr_assert_null(table_find(&w.t, "/local/domain/2/backend/vif"));
        cr_assert_eq(w.t.tx, 0);
    }
    world_close(&w);
}

Test(bus_device, a_backend_finds_its_devices)
{
    static struct leat_bus_class c;
    struct leat_store s = table_store(&w.t, 0);
    struct leat_bus_device d = the_device;

    world_open(&w);
    FAILS(LEAT_E_INVALID,
          leat_bus_class_watch(&w.bus[1], &c, LEAT_BUS_BACK, "/x", NULL, &w));
    MUST(leat_bus_class_watch(&w.bus[1], &c, LEAT_BUS_BACK,
                              "/local/domain/2/backend/vbd", &class_ops, &w));
    FAILS(LEAT_E_BUSY,
          leat_bus_class_watch(&w.bus[1], &c, LEAT_BUS_BACK,
                               "/local/domain/2/backend/vbd", &class_ops, &w));
    world_poll(&w, LEAT_BUS_BACK);
    cr_assert_eq(told.there, 1);
    cr_assert_str_eq(told.path, BACK);
    told.there = 0;
    d.number = 5;
    d.front = 3;
    MUST(leat_bus_device_make(&s, &d));
    world_poll(&w, LEAT_BUS_BACK);
    cr_assert(told.there > 0 && !told.gone);
    cr_assert_str_eq(told.path, "/local/domain/2/backend/vbd/3/5");
    MUST(leat_bus_device_remove(&s, &d));
    world_poll(&w, LEAT_BUS_BACK);
    cr_assert_eq(told.gone, 1);
    cr_assert_str_eq(told.path, "/local/domain/2/backend/vbd/3/5");
    table_drop(&w.t, "/local/domain/2/backend");
    world_poll(&w, LEAT_BUS_BACK);
    cr_assert_eq(told.gone, 2);
    cr_assert_str_eq(told.path, "/local/domain/2/backend/vbd");
    /* One that is told may end it. */
    told.ends = &c;
    d.number = 6;
    MUST(leat_bus_device_make(&s, &d));
    told.there = 0;
    world_poll(&w, LEAT_BUS_BACK);
    cr_assert_eq(told.there, 1);
    FAILS(LEAT_E_STATE, leat_bus_class_unwatch(&c));
    world_close(&w);
}

Test(bus_device, a_frontend_finds_its_devices)
{
    static struct leat_bus_class c;

    world_open(&w);
    told.there = told.gone = 0;
    MUST(leat_bus_class_watch(&w.bus[0], &c, LEAT_BUS_FRONT,
                              "/local/domain/1/device/vbd", &class_ops, &w));
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(told.there, 1);
    cr_assert_str_eq(told.path, FRONT);
    table_set(&w.t, FRONT "/queue-0/ring-ref", "8");
    world_poll(&w, LEAT_BUS_FRONT);
    cr_assert_eq(told.there, 2);
    cr_assert_str_eq(told.path, FRONT);
    MUST(leat_bus_class_unwatch(&c));
    world_close(&w);
}
