/* SPDX-License-Identifier: ISC */

#include <errno.h>

#include <criterion/criterion.h>

#include <leat/sim_fault.h>

static bool same(struct leat_sim_fault a, struct leat_sim_fault b)
{
    return a.domain == b.domain && a.op == b.op && a.action == b.action &&
           a.skip == b.skip && a.times == b.times && a.value == b.value;
}

#define RULE(...) ((struct leat_sim_fault){__VA_ARGS__})

Test(sim_fault, each_part_is_read)
{
    static const struct {
        const char *text;
        struct leat_sim_fault want;
    } good[] = {
        {"map:delay=5000@1",
         RULE(1, LEAT_SIM_OP_MAP, LEAT_SIM_DELAY, 0, 0, 5000)},
        {"unmap:keep",
         RULE(LEAT_SIM_ANY, LEAT_SIM_OP_UNMAP, LEAT_SIM_KEEP, 0, 0, 0)},
        {"any:fail=EAGAIN+6*1",
         RULE(LEAT_SIM_ANY, LEAT_SIM_OP_ANY, LEAT_SIM_FAIL, 6, 1, EAGAIN)},
        {"register:fail=ENOSPC*2+1@0",
         RULE(0, LEAT_SIM_OP_REGISTER, LEAT_SIM_FAIL, 1, 2, ENOSPC)},
        {"port-bind:fail=12",
         RULE(LEAT_SIM_ANY, LEAT_SIM_OP_PORT_BIND, LEAT_SIM_FAIL, 0, 0, 12)},
        {"conceal:fail=ENOMEM",
         RULE(LEAT_SIM_ANY, LEAT_SIM_OP_CONCEAL, LEAT_SIM_FAIL, 0, 0, ENOMEM)},
        {"suspended:delay=0@4294967295",
         RULE(LEAT_SIM_ANY, LEAT_SIM_OP_SUSPENDED, LEAT_SIM_DELAY, 0, 0, 0)},
    };
    struct leat_sim_fault f;
    size_t i, n;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        n = 9;
        cr_assert_eq(leat_sim_fault_parse(good[i].text, &f, 1, &n), 0, "%s",
                     good[i].text);
        cr_assert_eq(n, 1);
        cr_assert(same(f, good[i].want), "%s", good[i].text);
    }
}

Test(sim_fault, several_and_none)
{
    struct leat_sim_fault f[3];
    size_t n = 9;

    cr_assert_eq(leat_sim_fault_parse("", f, 3, &n), 0);
    cr_assert_eq(n, 0);
    cr_assert_eq(
        leat_sim_fault_parse("copy:delay=1,store:fail=EINVAL+2", f, 3, &n), 0);
    cr_assert_eq(n, 2);
    cr_assert(f[0].op == LEAT_SIM_OP_COPY && f[0].value == 1);
    cr_assert(f[1].op == LEAT_SIM_OP_STORE && f[1].skip == 2 &&
              f[1].value == EINVAL);
}

Test(sim_fault, what_is_no_rule_leaves_the_number)
{
    static const char *const bad[] = {
        "map",          "map:fail",         "fly:keep",
        "map:keep=1",   "map:fail=",        "map:fail=FLY",
        "map:delay=1x", "map:delay=EAGAIN", "map:delay=-1",
        "unmap:keep@",  "unmap:keep+-1",    "unmap:keep*4294967296",
    };
    struct leat_sim_fault f[2];
    size_t i, n = 9;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(leat_sim_fault_parse(bad[i], f, 2, &n), LEAT_E_INVALID,
                     "%s", bad[i]);
    cr_assert_eq(
        leat_sim_fault_parse("unmap:keep,unmap:keep,unmap:keep", f, 2, &n),
        LEAT_E_LIMIT);
    cr_assert_eq(leat_sim_fault_parse(NULL, f, 2, &n), LEAT_E_INVALID);
    cr_assert_eq(n, 9);
}
