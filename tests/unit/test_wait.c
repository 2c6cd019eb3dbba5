/* SPDX-License-Identifier: ISC */

#include <leat/wait.h>

#include "pool_fixture.h"

static struct {
    uint64_t now, polls, armed, sleeps, relaxes, slept_ns;
    uint64_t comes; /* the poll that finds something; 0: none does */
    int fails, sleep_gives;
    bool wakes; /* a sleep is ended by what comes then */
} s;

static uint64_t now_ns(void *self)
{
    (void)self;
    return s.now;
}

static void relax(void *self)
{
    (void)self;
    s.relaxes++;
    s.now += 100;
}

static const struct leat_port clock_port = {.now_ns = now_ns, .relax = relax};

static int poll_it(void *arg, bool arm)
{
    cr_assert_eq(arg, &s);
    s.polls++;
    s.armed += arm;
    if (s.comes && s.polls >= s.comes)
        return s.fails;
    return LEAT_E_AGAIN;
}

static int sleep_it(void *arg, uint64_t timeout_ns)
{
    cr_assert_eq(arg, &s);
    cr_assert(s.armed > 0); /* or nobody would wake it */
    s.sleeps++;
    s.slept_ns = timeout_ns;
    s.now += 1000;
    if (s.wakes)
        s.comes = s.polls + 1;
    return s.sleep_gives;
}

static struct leat_wait fresh(uint64_t spin_ns)
{
    struct leat_wait w = {
        .poll = poll_it,
        .sleep = sleep_it,
        .arg = &s,
        .spin_ns = spin_ns,
        .port = &clock_port,
    };

    memset(&s, 0, sizeof(s));
    s.now = 5000;
    return w;
}

Test(wait, refuses)
{
    struct leat_wait w = fresh(0);

    FAILS(LEAT_E_INVALID, leat_wait(NULL, 1));
    w.poll = NULL;
    FAILS(LEAT_E_INVALID, leat_wait(&w, 1));
    w = fresh(0);
    w.sleep = NULL;
    FAILS(LEAT_E_INVALID, leat_wait(&w, 1));
}

Test(wait, what_comes_while_spinning_is_not_slept_for)
{
    struct leat_wait w = fresh(50000);

    s.comes = 40;
    MUST(leat_wait(&w, UINT64_MAX));
    cr_assert_eq(s.polls, 40);
    cr_assert(!s.armed && !s.sleeps);
    cr_assert_eq(w.spins, 1);
    cr_assert_eq(w.sleeps, 0);
}

Test(wait, the_spin_is_bounded)
{
    struct leat_wait w = fresh(20000);

    s.wakes = true;
    MUST(leat_wait(&w, 1000000));
    /* 100 ns a poll, looked at in batches of 16. */
    cr_assert(s.relaxes >= 200 && s.relaxes <= 216);
    cr_assert_eq(s.armed, 2);
    cr_assert_eq(s.sleeps, 1);
    cr_assert_eq(s.slept_ns, 1000000 - 100 * s.relaxes);
    cr_assert_eq(w.sleeps, 1);
}

Test(wait, without_spin_or_clock_it_sleeps_at_once)
{
    struct leat_wait w = fresh(0);

    s.wakes = true;
    MUST(leat_wait(&w, UINT64_MAX));
    cr_assert(s.relaxes == 0 && s.armed == 2 && s.slept_ns == UINT64_MAX);
    w = fresh(20000);
    s.now = 0; /* a clock that there is not */
    s.wakes = true;
    MUST(leat_wait(&w, 7));
    cr_assert(s.relaxes == 0 && s.slept_ns == 7);
}

Test(wait, time_is_over)
{
    struct leat_wait w = fresh(20000);

    s.sleep_gives = LEAT_E_AGAIN;
    FAILS(LEAT_E_AGAIN, leat_wait(&w, 1000));
    cr_assert_eq(s.slept_ns, 0); /* the spin took it all */
    w = fresh(0);
    FAILS(LEAT_E_AGAIN, leat_wait(&w, 1000)); /* woken for nothing */
    cr_assert_eq(s.sleeps, 1);
}

Test(wait, errors_come_through)
{
    struct leat_wait w = fresh(20000);

    s.comes = 3;
    s.fails = LEAT_E_PROTO;
    FAILS(LEAT_E_PROTO, leat_wait(&w, 1000));
    cr_assert_eq(s.sleeps, 0);
    w = fresh(0);
    s.sleep_gives = LEAT_E_GONE;
    FAILS(LEAT_E_GONE, leat_wait(&w, 1000));
}
