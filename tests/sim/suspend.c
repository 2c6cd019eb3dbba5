/* SPDX-License-Identifier: ISC */

/*
 * Domains in processes of their own that are suspended from outside: one agrees,
 * one refuses, one does not answer, one is killed meanwhile.
 */

#include "sim.h"

static int refuse(void *arg)
{
    (void)arg;
    return LEAT_E_BUSY;
}

/* Suspends (times) times, as a program does; then waits to be killed. */
static int sleeper(void *arg)
{
    struct leat_hook hook = {.suspend = refuse}, *who = NULL;
    struct leat_lifecycle list;
    enum leat_resumed how;
    struct leat_sim_domain *d;
    int *mode = arg, err;

    MUST(leat_lifecycle_init(&list));
    if (*mode == 1)
        MUST(leat_lifecycle_add(&list, &hook));
    MUST(leat_sim_join(dir, 4, &d));
    MUST(leat_sim_store(d).ops->write(d, 0, "ready", "1", 1));
    for (;;) {
        while (*mode == 2 || !leat_sim_suspend_asked(d)) {
            err = leat_sim_wait(d, -1, UINT64_MAX);
            if (err)
                return err != LEAT_E_GONE;
            if (*mode == 2)
                usleep(10000);
        }
        err = leat_sim_suspend(d, &list, &how, &who);
        if (err == LEAT_E_GONE)
            return 0;
        CHECK(*mode == 1 ? err == LEAT_E_BUSY && who == &hook : !err);
    }
}

static pid_t ready(struct leat_sim_domain *t, int *mode)
{
    pid_t child = spawn(sleeper, mode);
    char value[8];
    int i;

    for (i = 0; i < 5000; i++) {
        if (!leat_sim_store(t).ops->read(t, 0, "/local/domain/4/ready", value,
                                         sizeof(value), NULL))
            break;
        usleep(1000);
    }
    CHECK(i < 5000);
    return child;
}

static void ended(struct leat_sim_domain *t, pid_t child)
{
    struct leat_sim_info info;
    int i;

    kill_it(child);
    for (i = 0; i < 5000 && !leat_sim_info(t, 4, &info); i++)
        usleep(1000);
    CHECK(i < 5000);
}

int main(void)
{
    struct leat_sim_domain *t;
    struct leat_sim_info info;
    int mode = 0;
    pid_t child;

    begin();
    MUST(leat_sim_start(dir, NULL));
    MUST(leat_sim_open(dir, &t));
    child = ready(t, &mode);
    MUST(leat_sim_suspend_domain(t, 4, 10 * (uint64_t)SECOND));
    MUST(leat_sim_resume_domain(t, 4, LEAT_RESUMED));
    MUST(leat_sim_info(t, 4, &info));
    CHECK(info.generation == 1 && info.life == LEAT_SIM_RUNNING);
    MUST(leat_sim_suspend_domain(t, 4, 10 * (uint64_t)SECOND));
    MUST(leat_sim_resume_domain(t, 4, LEAT_CANCELLED));
    MUST(leat_sim_info(t, 4, &info));
    CHECK(info.generation == 1);
    MUST(leat_sim_suspend_domain(t, 4, 10 * (uint64_t)SECOND));
    ended(t, child);
    result("one agrees, and is killed in its sleep");

    mode = 1;
    child = ready(t, &mode);
    GIVES(LEAT_E_REFUSED, leat_sim_suspend_domain(t, 4, 10 * (uint64_t)SECOND));
    MUST(leat_sim_info(t, 4, &info));
    CHECK(info.life == LEAT_SIM_RUNNING);
    ended(t, child);
    result("one refuses, and goes on");

    mode = 2;
    child = ready(t, &mode);
    GIVES(LEAT_E_AGAIN, leat_sim_suspend_domain(t, 4, 50000000));
    MUST(leat_sim_info(t, 4, &info));
    CHECK(info.life == LEAT_SIM_RUNNING);
    ended(t, child);
    result("one does not answer, and is cancelled");

    mode = 0;
    child = ready(t, &mode);
    MUST(leat_sim_suspend_domain(t, 4, 10 * (uint64_t)SECOND));
    MUST(leat_sim_leave(t));
    MUST(leat_sim_stop(dir));
    reap(child); /* a sleeper hears that the hypervisor has ended */
    CHECK(nothing_left());
    result("the hypervisor ends while one sleeps");
    return done();
}
