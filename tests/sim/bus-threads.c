/* SPDX-License-Identifier: ISC */

/*
 * Both ends of a device over a bus, as threads, in an order that a seed decides,
 * and is the same each time. They die in the middle; in its last life each sleeps
 * without end where its bus has nothing, so that one that is not woken is never
 * done. They are suspended and resumed, find each other again, by the same ring,
 * and close.
 */

#include <leat/bus_device.h>
#include <leat/sim_thread.h>

#include "../pv/peers.h"
#include "sim.h"

#define FRONT "/local/domain/1/device/vbd/7"
#define BACK  "/local/domain/2/backend/vbd/1/7"

enum {
    SEEDS = 60,
    DEATHS = 3, /* at most, of each end */
    TRIES = 4000
};

static const struct leat_bus_device device = {
    .type = "vbd", .front = 1, .back = 2, .number = 7};

struct world {
    struct leat_sim_threads *t;
    uint64_t seed;
    struct side {
        struct world *w;
        enum leat_bus_side side;
        uint32_t deaths; /* that are still to come          */
        uint32_t joins;
        bool gone; /* it died, and its directory with it */
        bool connected;
        uint64_t ring;
        uint32_t suspends;
    } side[2];
};

static uint32_t draw(struct world *w, uint32_t n)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->seed >> 33) % n;
}

/* One life of an end: whether it closed; else it died, after some turns. */
static bool live(struct side *s)
{
    const bool mortal = s->deaths != 0;
    uint32_t turns = draw(s->w, 24), id = s->side == LEAT_BUS_FRONT ? 1 : 2;
    struct peer p = {.next = (uint64_t)++s->joins << 8 | id};
    struct leat_bus_config c = {0};
    struct leat_sim_domain *d = NULL;
    struct leat_lifecycle life;
    struct leat_port port;
    struct leat_bus b;
    bool more;
    int err;

    MUST(leat_sim_threads_join(s->w->t, id, &d));
    if (here)
        return true;
    port = leat_sim_port(d);
    MUST(leat_lifecycle_init(&life));
    c.store = leat_sim_store(d);
    c.events = leat_sim_events(d);
    c.port = &port;
    c.lifecycle = &life;
    c.fd = leat_sim_fd(d);
    MUST(leat_bus_init(&b, &c));
    while ((err = peer_attach(&p, &b, s->side, id == 1 ? FRONT : BACK)) ==
           LEAT_E_REFERENCE)
        leat_sim_wait(d, -1, 1000); /* there is no device yet */
    MUST(err);
    while (!here && !p.done && !(mortal && !turns--)) {
        if (leat_sim_suspend_asked(d)) {
            MUST(leat_sim_suspend(d, &life, NULL, NULL));
            s->suspends++;
        }
        MUST(leat_bus_poll(&b, 1 + draw(s->w, 4), &more));
        MUST(p.error);
        MUST(leat_bus_error(&p.end, NULL));
        s->connected = peer_connected(&p);
        s->ring = p.ring;
        err = 0;
        if (!more && !p.done)
            err = leat_sim_wait(d, leat_bus_fd(&b), mortal ? 5000 : UINT64_MAX);
        else
            leat_sim_point(d);
        CHECK(!err || (mortal && err == LEAT_E_AGAIN));
    }
    s->connected = false;
    if (!p.done) {
        s->deaths--;
        s->gone = true;
        leat_sim_die(d);
        return false;
    }
    MUST(leat_bus_detach(&p.end));
    MUST(leat_bus_fini(&b));
    MUST(leat_sim_leave(d));
    return true;
}

static void end(void *arg)
{
    while (!here && !live(arg))
        ;
}

static bool both(const struct world *w)
{
    return w->side[0].connected && w->side[1].connected &&
           w->side[0].ring == w->side[1].ring;
}

/* Makes anew the directory of who died, and is there again. */
static void tend(struct world *w, const struct leat_store *s,
                 struct leat_sim_domain *tools)
{
    struct leat_sim_info info;

    for (uint32_t i = 0; i < 2; i++) {
        if (w->side[i].gone && !leat_sim_info(tools, i + 1, &info)) {
            w->side[i].gone = false;
            MUST(leat_bus_device_make_end(s, &device, (enum leat_bus_side)i));
        }
    }
}

static void await(struct world *w, const struct leat_store *s,
                  struct leat_sim_domain *tools)
{
    int tries = 0;

    do {
        tend(w, s, tools);
        leat_sim_wait(tools, -1, 1000);
        CHECK(++tries < TRIES);
    } while (!here && (!both(w) || w->side[0].deaths || w->side[1].deaths));
}

static void toolstack(void *arg)
{
    struct world *w = arg;
    struct leat_sim_domain *tools;
    struct leat_sim_info info;
    struct leat_store s;
    uint32_t who;

    MUST(leat_sim_threads_open(w->t, &tools));
    s = leat_sim_store(tools);
    while (leat_sim_info(tools, 1, &info) || leat_sim_info(tools, 2, &info))
        leat_sim_wait(tools, -1, 1000);
    MUST(leat_bus_device_make(&s, &device));
    await(w, &s, tools);
    who = draw(w, 2);
    MUST(leat_sim_suspend_domain(tools, who + 1, UINT64_MAX));
    w->side[who].connected = false;
    MUST(leat_sim_resume_domain(tools, who + 1, LEAT_RESUMED));
    await(w, &s, tools);
    CHECK(w->side[who].suspends == 1);
    MUST(s.ops->write(s.self, LEAT_STORE_NOW, BACK "/online", "0", 1));
    MUST(s.ops->write(s.self, LEAT_STORE_NOW, BACK "/state", "5", 1));
    MUST(leat_sim_leave(tools));
}

/* Runs one seed; gives what tells it from others. */
static uint64_t run(uint64_t seed)
{
    struct leat_sim_threads_config c = {.seed = seed};
    static struct world w;
    const char *broken;
    uint64_t trace = 0;

    w = (struct world){.seed = seed};
    for (int i = 0; i < 2; i++)
        w.side[i] = (struct side){.w = &w,
                                  .side = (enum leat_bus_side)i,
                                  .deaths = draw(&w, DEATHS + 1)};
    MUST(leat_sim_threads_create(&c, &w.t));
    MUST(leat_sim_threads_add(w.t, end, &w.side[0]));
    MUST(leat_sim_threads_add(w.t, end, &w.side[1]));
    MUST(leat_sim_threads_add(w.t, toolstack, &w));
    MUST(leat_sim_threads_run(w.t));
    broken = leat_sim_threads_check(w.t);
    if (broken)
        printf("# %s\n", broken);
    CHECK(!broken);
    leat_sim_threads_turns(w.t, &trace);
    MUST(leat_sim_threads_destroy(w.t));
    if (here)
        printf("# seed %llu\n", (unsigned long long)seed);
    return trace;
}

int main(void)
{
    uint64_t traces[SEEDS] = {0}, same = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(100);
    for (uint64_t seed = 0; seed < SEEDS && !here; seed++)
        traces[seed] = run(seed);
    result("both find each other again, in any order");
    for (uint64_t seed = 0; seed < 3 && !failed; seed++)
        CHECK(run(seed) == traces[seed]);
    result("a seed is an order");
    for (uint64_t seed = 1; seed < SEEDS; seed++)
        same += traces[seed] == traces[0];
    CHECK(!same);
    result("another is another");
    return done();
}
