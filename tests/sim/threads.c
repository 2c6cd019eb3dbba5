/* SPDX-License-Identifier: ISC */

/*
 * Threads as domains: each seed is an interleaving, and is the same each time.
 * One domain shares and takes back, two map and write, one of them dies, and
 * one is suspended; the hypervisor's invariants hold at each step.
 */

#include <leat/sim_thread.h>

#include "sim.h"

#define ROUNDS 12
#define REF    8

struct world {
    struct leat_sim_threads *t;
    bool gives_up; /* (a) the sharer is done */
    int mapped, taken, busy;
};

static void sound(struct world *w)
{
    const char *broken = leat_sim_threads_check(w->t);

    if (broken)
        printf("# broken: %s\n", broken);
    CHECK(!broken);
}

/* One atomic try, as a kernel makes it. */
static bool end_access(struct leat_sim_domain *d, uint32_t ref)
{
    uint16_t *page = leat_sim_frames(d, NULL)[0];
    uint16_t flags = PERMIT;

    return __atomic_compare_exchange_n(&page[ref * 4], &flags, 0, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static void sharer(void *arg)
{
    struct world *w = arg;
    struct leat_sim_domain *d;
    struct leat_events e;
    uint32_t port = 0;
    unsigned char *p = pages(1);
    char text[16];
    int i, tries;

    MUST(leat_sim_threads_join(w->t, 0, &d));
    e = leat_sim_events(d);
    MUST(e.ops->alloc(e.self, 1, &port));
    snprintf(text, sizeof(text), "%u", port);
    MUST(leat_sim_store(d).ops->write(d, 0, "/port", text, strlen(text)));
    for (i = 0; i < ROUNDS; i++) {
        memset(p, i, PAGE);
        MUST(leat_sim_expose(d, p, 1, LEAT_READ_WRITE));
        grant_entry(d, REF, 1 + (uint32_t)i % 2, p, PERMIT);
        MUST(e.ops->notify(e.self, port));
        leat_sim_point(d);
        for (tries = 0; tries < 10000 && !end_access(d, REF); tries++) {
            w->busy++;
            leat_sim_point(d);
        }
        CHECK(tries < 10000);
        /* Nobody has it, and nobody gets it: what is written now is ours. */
        MUST(leat_sim_conceal(d, p, 1));
        memset(p, 0xee, PAGE);
        leat_sim_point(d);
        CHECK(p[0] == 0xee && p[PAGE - 1] == 0xee);
        w->taken++;
        sound(w);
    }
    w->gives_up = true;
    MUST(leat_sim_leave(d));
    free(p);
}

/* Maps when it can, writes, and looks whether it is alone with its writing. */
static bool map_once(struct world *w, struct leat_sim_domain *d)
{
    struct leat_map m = leat_sim_map(d);
    struct leat_gref g = {0, REF};
    void *base, *cookie;
    int status, err;

    err = m.ops->map(m.self, &g, 1, LEAT_READ_WRITE, &base, &cookie, &status);
    CHECK(!err || err == LEAT_E_REFERENCE || err == LEAT_E_DOMAIN);
    if (err)
        return false;
    w->mapped++;
    ((unsigned char *)base)[9] = 0xaa;
    leat_sim_point(d);
    CHECK(((unsigned char *)base)[9] == 0xaa);
    MUST(m.ops->unmap(m.self, base, 1, cookie));
    return true;
}

static void mapper(void *arg)
{
    struct world *w = arg;
    struct leat_sim_domain *d;
    struct leat_store s;
    struct leat_events e;
    char text[16];
    uint32_t port = 0;
    int tries = 0;

    MUST(leat_sim_threads_join(w->t, 1, &d));
    s = leat_sim_store(d);
    e = leat_sim_events(d);
    while (s.ops->read(s.self, 0, "/port", text, sizeof(text), NULL) &&
           tries++ < 1000)
        leat_sim_point(d);
    MUST(e.ops->bind(e.self, 0, (uint32_t)atoi(text), &port));
    while (!w->gives_up) {
        if (!e.ops->pending(e.self, &port)) {
            map_once(w, d);
            MUST(e.ops->unmask(e.self, port));
        }
        leat_sim_wait(d, -1, 50000);
    }
    MUST(leat_sim_leave(d));
}

/* Dies with a page mapped, again and again. */
static void mortal(void *arg)
{
    struct world *w = arg;
    struct leat_sim_domain *d;
    struct leat_map m;
    struct leat_gref g = {0, REF};
    void *base, *cookie;
    int status, err;

    while (!w->gives_up) {
        err = leat_sim_threads_join(w->t, 2, &d);
        CHECK(!err);
        if (err)
            return;
        m = leat_sim_map(d);
        if (!m.ops->map(m.self, &g, 1, LEAT_READ_ONLY, &base, &cookie, &status))
            w->mapped++;
        leat_sim_point(d);
        leat_sim_die(d);
        sound(w);
    }
}

struct outcome {
    uint64_t turns, trace;
    int mapped, taken, busy;
};

static struct outcome run(uint64_t seed)
{
    struct leat_sim_threads_config c = {.seed = seed};
    struct world w = {0};
    struct outcome o;

    MUST(leat_sim_threads_create(&c, &w.t));
    MUST(leat_sim_threads_add(w.t, sharer, &w));
    MUST(leat_sim_threads_add(w.t, mapper, &w));
    MUST(leat_sim_threads_add(w.t, mortal, &w));
    MUST(leat_sim_threads_run(w.t));
    GIVES(LEAT_E_STATE, leat_sim_threads_run(w.t));
    sound(&w);
    o = (struct outcome){.mapped = w.mapped, .taken = w.taken, .busy = w.busy};
    o.turns = leat_sim_threads_turns(w.t, &o.trace);
    MUST(leat_sim_threads_destroy(w.t));
    return o;
}

static void interleavings(void)
{
    struct outcome o, again, sum = {0};
    uint64_t seed;

    for (seed = 1; seed <= 20 && !here; seed++) {
        o = run(seed);
        again = run(seed);
        CHECK(o.turns == again.turns && o.trace == again.trace);
        CHECK(o.mapped == again.mapped && o.busy == again.busy);
        CHECK(o.taken == ROUNDS);
        if (seed > 1)
            CHECK(o.trace != sum.trace);
        sum.trace = o.trace;
        sum.mapped += o.mapped;
        sum.busy += o.busy;
    }
    /* Both ways of the race were taken. */
    printf("# %d maps, %d tries to end one in use\n", sum.mapped, sum.busy);
    CHECK(sum.mapped > 20 && sum.busy > 0);
    result("each seed is an interleaving, and the same one each time");
}

/* ---------------------------------------------------------------- suspend */

static void sleeper(void *arg)
{
    struct world *w = arg;
    struct leat_lifecycle list;
    enum leat_resumed how = LEAT_CANCELLED;
    struct leat_sim_domain *d;
    struct leat_events e;
    unsigned char *p = pages(1);
    uint32_t port = 0, old = 0;

    MUST(leat_lifecycle_init(&list));
    MUST(leat_sim_threads_join(w->t, 0, &d));
    e = leat_sim_events(d);
    MUST(e.ops->alloc(e.self, 1, &old));
    p[0] = 'x';
    MUST(leat_sim_expose(d, p, 1, LEAT_READ_WRITE));
    grant_entry(d, REF, 1, p, PERMIT);
    GIVES(LEAT_E_STATE, leat_sim_suspend(d, &list, NULL, NULL));
    while (!leat_sim_suspend_asked(d))
        leat_sim_wait(d, -1, UINT64_MAX);
    MUST(leat_sim_suspend(d, &list, &how, NULL));
    CHECK(how == LEAT_RESUMED);
    CHECK(leat_lifecycle_generation(&list) == 1);
    CHECK(leat_sim_generation(d) == 1 && entry_flags(d, REF) == 0);
    GIVES(LEAT_E_REFERENCE, e.ops->notify(e.self, old));
    MUST(e.ops->alloc(e.self, 1, &port));
    /* The mapper of before writes where nobody of now looks. */
    w->taken = 1;
    while (!w->mapped)
        leat_sim_point(d);
    CHECK(p[0] != 'z');
    while (!leat_sim_suspend_asked(d))
        leat_sim_wait(d, -1, UINT64_MAX);
    MUST(leat_sim_suspend(d, &list, &how, NULL));
    CHECK(how == LEAT_CANCELLED && leat_sim_generation(d) == 1);
    MUST(e.ops->notify(e.self, port));
    w->gives_up = true;
    MUST(leat_sim_leave(d));
    free(p);
}

static void toolstack(void *arg)
{
    struct world *w = arg;
    struct leat_sim_domain *t, *d;
    struct leat_gref g = {0, REF};
    struct leat_map m;
    void *base = NULL, *cookie = NULL;
    int status, tries = 0;

    MUST(leat_sim_threads_open(w->t, &t));
    MUST(leat_sim_threads_join(w->t, 1, &d));
    m = leat_sim_map(d);
    while (
        m.ops->map(m.self, &g, 1, LEAT_READ_WRITE, &base, &cookie, &status) &&
        tries++ < 1000)
        leat_sim_point(d);
    CHECK(base);
    MUST(leat_sim_suspend_domain(t, 0, SECOND));
    GIVES(LEAT_E_BUSY, leat_sim_suspend_domain(t, 0, SECOND));
    MUST(leat_sim_resume_domain(t, 0, LEAT_RESUMED));
    GIVES(LEAT_E_BUSY, leat_sim_resume_domain(t, 0, LEAT_RESUMED));
    while (!w->taken)
        leat_sim_point(d);
    ((unsigned char *)base)[0] = 'z';
    w->mapped = 1;
    sound(w);
    while (leat_sim_suspend_domain(t, 0, SECOND) == LEAT_E_BUSY && !here)
        leat_sim_point(d);
    MUST(leat_sim_resume_domain(t, 0, LEAT_CANCELLED));
    while (!w->gives_up)
        leat_sim_point(d);
    MUST(m.ops->unmap(m.self, base, 1, cookie));
    sound(w);
    MUST(leat_sim_leave(d));
    MUST(leat_sim_leave(t));
}

static void suspends(void)
{
    uint64_t seed;

    for (seed = 1; seed <= 20 && !here; seed++) {
        struct leat_sim_threads_config c = {.seed = seed};
        struct world w = {0};

        MUST(leat_sim_threads_create(&c, &w.t));
        MUST(leat_sim_threads_add(w.t, sleeper, &w));
        MUST(leat_sim_threads_add(w.t, toolstack, &w));
        MUST(leat_sim_threads_run(w.t));
        MUST(leat_sim_threads_destroy(w.t));
    }
    result("suspended, resumed as another generation, and cancelled");
}

/* ------------------------------------------------------------------ clock */

static void waits(void *arg)
{
    struct world *w = arg;
    struct leat_sim_fault late = {
        .domain = LEAT_SIM_ANY,
        .op = LEAT_SIM_OP_PORT_ALLOC,
        .action = LEAT_SIM_DELAY,
        .times = 1,
        .value = 30000000,
    };
    struct leat_sim_domain *d;
    struct leat_events e;
    uint64_t from;
    uint32_t port;

    MUST(leat_sim_threads_join(w->t, LEAT_SIM_ANY, &d));
    e = leat_sim_events(d);
    from = leat_sim_now_ns(d);
    GIVES(LEAT_E_AGAIN, leat_sim_wait(d, -1, 3600 * (uint64_t)SECOND));
    CHECK(leat_sim_now_ns(d) - from >= 3600 * (uint64_t)SECOND);
    MUST(leat_sim_fault_add(d, &late));
    from = leat_sim_now_ns(d);
    MUST(e.ops->alloc(e.self, 5, &port));
    CHECK(leat_sim_now_ns(d) - from >= 30 * (uint64_t)SECOND);
    CHECK(leat_sim_port(d).now_ns(d) == leat_sim_now_ns(d));
    GIVES(LEAT_E_STATE, leat_sim_wait(d, -1, UINT64_MAX));
    MUST(leat_sim_leave(d));
}

static void clocks(void)
{
    struct leat_sim_threads_config c = {.seed = 7};
    struct world w = {0};

    MUST(leat_sim_threads_create(&c, &w.t));
    MUST(leat_sim_threads_add(w.t, waits, &w));
    GIVES(LEAT_E_STATE, leat_sim_threads_run(w.t));
    MUST(leat_sim_threads_destroy(w.t));
    result("an hour passes at once; a wait without end is found");
}

/* --------------------------------------------------- the hypervisor is killed
 * */

static void bereft(void *arg)
{
    struct world *w = arg;
    struct leat_sim_domain *d;
    struct leat_gref g = {0, REF};
    struct leat_map m;
    unsigned char *p = pages(1), *other = pages(1);
    void *base, *cookie;
    int status;

    MUST(leat_sim_threads_join(w->t, 0, &d));
    m = leat_sim_map(d);
    MUST(leat_sim_expose(d, p, 1, LEAT_READ_WRITE));
    grant_entry(d, REF, 0, p, PERMIT);
    MUST(m.ops->map(m.self, &g, 1, LEAT_READ_WRITE, &base, &cookie, &status));
    p[7] = 7;
    leat_sim_threads_kill(w->t);
    GIVES(LEAT_E_GONE, leat_sim_wait(d, -1, UINT64_MAX));
    GIVES(LEAT_E_GONE, leat_sim_state(d));
    CHECK(((unsigned char *)base)[7] == 7);
    GIVES(LEAT_E_GONE, leat_sim_expose(d, other, 1, LEAT_READ_WRITE));
    GIVES(LEAT_E_GONE, m.ops->unmap(m.self, base, 1, cookie));
    MUST(leat_sim_conceal(d, p, 1));
    CHECK(p[7] == 7);
    MUST(leat_sim_leave(d));
    free(other);
    free(p);
}

static void killed(void)
{
    struct leat_sim_threads_config c = {.seed = 3};
    struct world w = {0};

    MUST(leat_sim_threads_create(&c, &w.t));
    MUST(leat_sim_threads_add(w.t, bereft, &w));
    MUST(leat_sim_threads_run(w.t));
    MUST(leat_sim_threads_destroy(w.t));
    result("the hypervisor is killed: mappings stay, calls say so");
}

int main(void)
{
    begin();
    interleavings();
    suspends();
    clocks();
    killed();
    return done();
}
