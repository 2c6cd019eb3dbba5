/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SIM_DEVICE_H
#define LEAT_TESTS_SIM_DEVICE_H

/*
 * What the tests of a device share, whose two ends are processes of their own:
 * what each end opens in its domain, and the toolstack, which makes the device,
 * kills who serves an end, and looks at how far the two have come.
 */

#include <leat/bus_device.h>
#include <leat/receive.h>

#include "sim.h"

/* ------------------------------------------------------------------- an end */

static inline struct leat_grants *table_of(struct leat_grants_config c)
{
    struct leat_grants *t = NULL;

    MUST(leat_grants_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(leat_grants_create(&t, &c));
    return t;
}

/* It looks at its store and events when it is polled, and has no descriptor. */
static inline void open_bus(struct leat_bus *bus, struct leat_sim_domain *d,
                            struct leat_lifecycle *life)
{
    const struct leat_bus_config c = {.store = leat_sim_store(d),
                                      .events = leat_sim_events(d),
                                      .fd = -1,
                                      .lifecycle = life};

    MUST(leat_bus_init(bus, &c));
}

/* Sleeps until there is something to do, but not for longer than (ns). */
static inline void doze(struct leat_sim_domain *d, uint64_t ns)
{
    int err = leat_sim_wait(d, -1, ns);

    CHECK(!err || err == LEAT_E_AGAIN);
}

/* Nothing of (table) stays out: what a back held that was killed, comes back. */
static inline void let_go(struct leat_grants *table)
{
    struct leat_grants_stats s;

    for (int i = 0; i < 2000; i++) {
        MUST(leat_grant_poll(table, 100, NULL));
        MUST(leat_grants_stats(table, &s));
        if (!s.quarantined)
            break;
        usleep(1000);
    }
    CHECK(!s.quarantined && !s.shares_live);
}

/* What a front is told when it is spawned, and how it reads that. */
static inline void *args(enum leat_receive_mode mode, uint32_t seed)
{
    return (void *)(uintptr_t)(seed << 2 | mode);
}

static inline enum leat_receive_mode mode_of(const void *arg)
{
    return (enum leat_receive_mode)((uintptr_t)arg & 3);
}

static inline uint32_t seed_of(const void *arg)
{
    return (uint32_t)((uintptr_t)arg >> 2) * 7919;
}

/* -------------------------------------------------------------- the toolstack */

static struct leat_sim_domain *toolstack;
static struct leat_store store;

static inline void open_toolstack(void)
{
    MUST(leat_sim_start(dir, NULL));
    MUST(leat_sim_open(dir, &toolstack));
    store = leat_sim_store(toolstack);
}

static inline void close_toolstack(void)
{
    MUST(leat_sim_leave(toolstack));
    MUST(leat_sim_stop(dir));
}

/* Waits until a counter has grown by (n). */
static inline void progress(const uint32_t *counter, uint32_t n)
{
    uint32_t from = __atomic_load_n(counter, __ATOMIC_ACQUIRE);

    for (int i = 0; i < 10000; i++) {
        if (__atomic_load_n(counter, __ATOMIC_ACQUIRE) - from >= n)
            return;
        usleep(1000);
    }
    CHECK(!"it goes on");
}

static inline void await_life(uint32_t domain, bool there)
{
    struct leat_sim_info info;

    for (int i = 0; i < 5000; i++) {
        if (!leat_sim_info(toolstack, domain, &info) == there)
            return;
        usleep(1000);
    }
    CHECK(!"a domain comes, or goes");
}

/* Kills the one that serves (domain), and starts (fn) in its place. */
static inline pid_t again(pid_t child, const struct leat_bus_device *device,
                          uint32_t domain, int (*fn)(void *), void *arg)
{
    kill_it(child);
    await_life(domain, false);
    child = spawn(fn, arg);
    await_life(domain, true);
    MUST(leat_bus_device_make_end(&store, device,
                                  domain == device->front ? LEAT_BUS_FRONT
                                                          : LEAT_BUS_BACK));
    return child;
}

static inline void result_of(enum leat_receive_mode mode, const char *what)
{
    static const char *const names[] = {"by copy", "by revoke", "shared"};
    char text[100];

    snprintf(text, sizeof(text), "%s: %s", names[mode], what);
    result(text);
}

#endif
