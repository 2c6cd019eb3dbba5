/* SPDX-License-Identifier: ISC */

/*
 * Both ends of a device over a bus, in processes: the back is killed at each of
 * its states, as soon as it has written it, and so is the front; the toolstack
 * makes the device anew, and the two connect again, by the same ring. A domain is
 * suspended and resumed while it is connected.
 */

#include <leat/bus_device.h>
#include <leat/sim_thread.h>

#include <poll.h>

#include "../pv/peers.h"
#include "sim.h"

#define FRONT "/local/domain/1/device/vbd/7"
#define BACK  "/local/domain/2/backend/vbd/1/7"

static const struct leat_bus_device device = {
    .type = "vbd", .front = 1, .back = 2, .number = 7};

struct role {
    enum leat_bus_side side;
    int dies; /* at this state; -1: at none */
};

static int dies_at;

/* As soon as it has written that state. */
static void die(const struct peer *p)
{
    if ((int)leat_bus_mine(&p->end) == dies_at)
        raise(SIGKILL);
}

static const char *path_of(enum leat_bus_side side)
{
    return side == LEAT_BUS_FRONT ? FRONT : BACK;
}

static int end(void *arg)
{
    const struct role *r = arg;
    struct leat_lifecycle life;
    struct leat_sim_domain *d = join(r->side == LEAT_BUS_FRONT ? 1 : 2);
    struct leat_port port;
    struct peer p = {.next = (uint64_t)getpid() << 8, .stepped = die};
    struct leat_bus b;
    bool more, stop = false;
    int err;

    if (here)
        return 1;
    port = leat_sim_port(d);
    MUST(leat_lifecycle_init(&life));
    struct leat_bus_config c = {
        .store = leat_sim_store(d),
        .events = leat_sim_events(d),
        .port = &port,
        .lifecycle = &life,
        .fd = leat_sim_fd(d),
    };
    MUST(leat_bus_init(&b, &c));
    err = LEAT_E_REFERENCE; /* the device is not there at once */
    for (int i = 0; err && i < 5000; i++) {
        err = peer_attach(&p, &b, r->side, path_of(r->side));
        usleep(err ? 1000 : 0);
    }
    MUST(err);
    dies_at = r->dies;
    die(&p);
    while (!here && !stop) {
        if (leat_sim_suspend_asked(d))
            MUST(leat_sim_suspend(d, &life, NULL, NULL));
        MUST(leat_bus_poll(&b, 16, &more));
        CHECK(p.error == 0);
        CHECK(!leat_bus_error(&p.end, NULL));
        if (r->dies >= LEAT_BUS_CLOSING && peer_connected(&p))
            MUST(leat_bus_close(&p.end));
        die(&p);
        stop = p.done;
        if (!more && !stop) {
            err = leat_sim_wait(d, leat_bus_fd(&b), SECOND / 20);
            CHECK(!err || err == LEAT_E_AGAIN);
        }
    }
    MUST(leat_bus_detach(&p.end));
    MUST(leat_bus_fini(&b));
    MUST(leat_sim_leave(d));
    return here;
}

static struct leat_sim_domain *toolstack;

static void make(void)
{
    struct leat_store s = leat_sim_store(toolstack);

    MUST(leat_bus_device_make(&s, &device));
}

static int state_of(enum leat_bus_side side)
{
    struct leat_store s = leat_sim_store(toolstack);
    char key[100], text[8] = "0";

    snprintf(key, sizeof(key), "%s/state", path_of(side));
    return s.ops->read(s.self, LEAT_STORE_NOW, key, text, sizeof(text), NULL)
               ? 0
               : atoi(text);
}

/* Whether both come to (state) within a while. */
static bool both_at(int state)
{
    for (int i = 0; i < 5000; i++) {
        if (state_of(LEAT_BUS_FRONT) == state &&
            state_of(LEAT_BUS_BACK) == state)
            return true;
        usleep(1000);
    }
    printf("# front at %d, back at %d\n", state_of(LEAT_BUS_FRONT),
           state_of(LEAT_BUS_BACK));
    return false;
}

/* Waits until a domain that was killed is no more. */
static void await_gone(uint32_t domain)
{
    struct leat_sim_info info;

    for (int i = 0; i < 5000; i++) {
        if (leat_sim_info(toolstack, domain, &info) == LEAT_E_DOMAIN)
            return;
        usleep(1000);
    }
    CHECK(!"gone");
}

/* The device closes: the toolstack says so where it says so on Xen. */
static void close_device(pid_t front, pid_t back)
{
    struct leat_store s = leat_sim_store(toolstack);

    MUST(s.ops->write(s.self, LEAT_STORE_NOW, BACK "/online", "0", 1));
    MUST(s.ops->write(s.self, LEAT_STORE_NOW, BACK "/state", "5", 1));
    reap(front);
    reap(back);
}

static void run(enum leat_bus_side victim, int dies)
{
    const struct leat_store store = leat_sim_store(toolstack);
    static struct role role[2];
    pid_t pid[2];
    int status = 0;

    for (int i = 0; i < 2; i++)
        role[i] = (struct role){(enum leat_bus_side)i, -1};
    role[victim].dies = dies;
    pid[0] = spawn(end, &role[0]);
    pid[1] = spawn(end, &role[1]);
    for (int i = 0; i < 2; i++) {
        struct leat_sim_info info;

        for (int k = 0;
             k < 5000 && leat_sim_info(toolstack, (uint32_t)i + 1, &info); k++)
            usleep(1000);
    }
    make();
    if (dies >= 0) {
        CHECK(waitpid(pid[victim], &status, 0) == pid[victim]);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        await_gone(victim + 1);
        role[victim].dies = -1;
        pid[victim] = spawn(end, &role[victim]);
        for (int k = 0; k < 5000; k++) {
            struct leat_sim_info info;

            if (!leat_sim_info(toolstack, victim + 1, &info))
                break;
            usleep(1000);
        }
        /* The other's directory and end stay; only the dead one's is new. */
        MUST(leat_bus_device_make_end(&store, &device, victim));
    }
    CHECK(both_at(LEAT_BUS_CONNECTED));
    if (dies < 0) {
        MUST(leat_sim_suspend_domain(toolstack, victim + 1,
                                     5 * (uint64_t)SECOND));
        MUST(leat_sim_resume_domain(toolstack, victim + 1, LEAT_RESUMED));
        usleep(20000);
        CHECK(both_at(LEAT_BUS_CONNECTED));
    }
    close_device(pid[0], pid[1]);
    await_gone(1);
    await_gone(2);
}

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* Whether it is, now or soon. */
static bool becomes(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 1000) == 1;
}

/*
 * A watch fires, and the domain looks at something else, which reads the socket
 * that it comes by: whoever sleeps then must be woken, until it was taken.
 */
static void sleeps(bool (*looks)(struct leat_sim_domain *d))
{
    const struct leat_store tools = leat_sim_store(toolstack);
    struct leat_sim_domain *d;
    struct leat_store s;
    char path[100], token[8];

    MUST(leat_sim_join(dir, 1, &d));
    s = leat_sim_store(d);
    MUST(s.ops->watch(s.self, "a", "1"));
    MUST(s.ops->watch(s.self, "b", "2"));
    MUST(s.ops->watch(s.self, "c", "3"));
    for (int i = 0; i < 3; i++) { /* each fires at once */
        CHECK(becomes(leat_sim_fd(d)));
        MUST(s.ops->event(s.self, path, sizeof(path), token, sizeof(token)));
    }
    GIVES(LEAT_E_AGAIN,
          s.ops->event(s.self, path, sizeof(path), token, sizeof(token)));
    CHECK(!readable(leat_sim_fd(d)) && !readable(s.ops->fd(s.self)));
    MUST(tools.ops->write(tools.self, LEAT_STORE_NOW, "/local/domain/1/a", "x",
                          1));
    MUST(tools.ops->write(tools.self, LEAT_STORE_NOW, "/local/domain/1/b", "x",
                          1));
    CHECK(becomes(leat_sim_fd(d)));
    CHECK(looks(d));
    CHECK(becomes(leat_sim_fd(d)) && becomes(s.ops->fd(s.self)));
    MUST(leat_sim_wait(d, leat_sim_fd(d), SECOND));
    MUST(s.ops->event(s.self, path, sizeof(path), token, sizeof(token)));
    CHECK(!strcmp(token, "1"));
    CHECK(becomes(leat_sim_fd(d)) && becomes(s.ops->fd(s.self)));
    MUST(s.ops->unwatch(s.self, "b", "2"));
    GIVES(LEAT_E_AGAIN,
          s.ops->event(s.self, path, sizeof(path), token, sizeof(token)));
    CHECK(!readable(leat_sim_fd(d)) && !readable(s.ops->fd(s.self)));
    GIVES(LEAT_E_AGAIN, leat_sim_wait(d, leat_sim_fd(d), 0));
    MUST(leat_sim_leave(d));
    await_gone(1);
}

static int asks(void *arg)
{
    struct leat_sim_domain *t;

    (void)arg;
    MUST(leat_sim_open(dir, &t));
    GIVES(LEAT_E_AGAIN, leat_sim_suspend_domain(t, 1, SECOND / 2));
    MUST(leat_sim_leave(t));
    return here;
}

/* The same of a request to suspend, which somebody who takes watches reads; until
 * somebody looked whether there is one, or it is over. */
static void sleeps_through_a_suspend(bool looks)
{
    struct leat_sim_domain *d;
    struct leat_store s;
    char path[100], token[8];
    pid_t child;

    MUST(leat_sim_join(dir, 1, &d));
    s = leat_sim_store(d);
    child = spawn(asks, NULL);
    CHECK(becomes(leat_sim_fd(d)));
    GIVES(LEAT_E_AGAIN,
          s.ops->event(s.self, path, sizeof(path), token, sizeof(token)));
    CHECK(readable(leat_sim_fd(d)) && !readable(s.ops->fd(s.self)));
    if (looks) {
        CHECK(leat_sim_suspend_asked(d));
        CHECK(!readable(leat_sim_fd(d)));
    }
    reap(child);
    MUST(leat_sim_state(d));
    CHECK(!leat_sim_suspend_asked(d) && !readable(leat_sim_fd(d)));
    MUST(leat_sim_leave(d));
    await_gone(1);
}

static bool looks_for_suspend(struct leat_sim_domain *d)
{
    return !leat_sim_suspend_asked(d);
}

static bool looks_at_state(struct leat_sim_domain *d)
{
    return !leat_sim_state(d);
}

static bool unwatches_another(struct leat_sim_domain *d)
{
    const struct leat_store s = leat_sim_store(d);

    return !s.ops->unwatch(s.self, "c", "3");
}

static bool was_woken(struct leat_sim_domain *d)
{
    return !leat_sim_wait(d, leat_sim_fd(d), SECOND);
}

int main(void)
{
    static const struct {
        enum leat_bus_side side;
        int dies;
        const char *name;
    } is[] = {
        {LEAT_BUS_FRONT, -1, "the front is suspended and resumed"},
        {LEAT_BUS_BACK, -1, "the back is suspended and resumed"},
        {LEAT_BUS_BACK, 2, "the back is killed at InitWait"},
        {LEAT_BUS_BACK, 4, "the back is killed at Connected"},
        {LEAT_BUS_FRONT, 1, "the front is killed at Initialising"},
        {LEAT_BUS_FRONT, 3, "the front is killed at Initialised"},
        {LEAT_BUS_FRONT, 4, "the front is killed at Connected"},
        {LEAT_BUS_BACK, 5, "the back is killed at Closing"},
        {LEAT_BUS_BACK, 6, "the back is killed at Closed"},
        {LEAT_BUS_FRONT, 5, "the front is killed at Closing"},
        {LEAT_BUS_FRONT, 6, "the front is killed at Closed"},
    };

    begin();
    MUST(leat_sim_start(dir, NULL));
    MUST(leat_sim_open(dir, &toolstack));
    for (size_t i = 0; i < COUNT(is); i++) {
        run(is[i].side, is[i].dies);
        result(is[i].name);
    }
    sleeps(looks_for_suspend);
    result("what came before a look for a suspend wakes");
    sleeps(looks_at_state);
    result("what came before a look at the state wakes");
    sleeps(unwatches_another);
    result("what came before an unwatch wakes");
    sleeps(was_woken);
    result("what was woken for and not taken wakes");
    sleeps_through_a_suspend(true);
    sleeps_through_a_suspend(false);
    result("a suspend that nobody has looked for wakes");
    MUST(leat_sim_leave(toolstack));
    MUST(leat_sim_stop(dir));
    CHECK(nothing_left());
    result("nothing is left");
    return done();
}
