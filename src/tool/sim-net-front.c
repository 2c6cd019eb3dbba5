/* SPDX-License-Identifier: ISC */

/* The front end of leat sim net: domain 1, in this process. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <leat/leat.h>

#include "sim-net.h"

#define BUDGET     64
#define PATIENCE   20.0 /* seconds */
#define POOL_PAGES 16384u
#define SLEEP_MS   50
/* Of each ring, as many as it has slots: the kernels and both ends share the
 * processors, so that few pages, which stay in their caches, are best. */
#define PAGES      256
#define LOOK_EVERY 64  /* turns, at all that there is */
#define SETTLED    0.1 /* seconds in which no more was mapped */

const struct leat_bus_device net_device = {
    .type = "vif",
    .front = SIDE_FRONT,
    .back = SIDE_BACK,
    .front_keys = (const struct leat_bus_key[]){{"handle", "0"},
                                                {"mac", "00:16:3e:6c:65:61"}},
    .front_n = 2,
};

struct net_front {
    struct net_job *job;
    struct net_ends ends;
    struct leat_sim_domain *domain;
    struct leat_lifecycle life;
    struct leat_gnttab table_pages;
    struct leat_bus bus;
    struct leat_mmap memory;
    struct leat_grants *table;
    struct leat_pool *pool, *private;
    struct leat_netfront *end;
    uint64_t happened;
    unsigned turns;
    bool busy; /* something happened in the last turn */
    bool connected, closed, paused, failed;
};

static bool fail(struct net_front *f, const char *what, int err)
{
    if (!f->failed && err)
        tool_fail("sim net: %s: %s", what, leat_strerror(err));
    else if (!f->failed)
        tool_fail("sim net: %s", what);
    f->failed = true;
    return false;
}

static void event(void *arg, struct leat_netfront *end,
                  enum leat_netfront_event what)
{
    struct net_front *f = arg;

    f->happened++;
    f->connected = leat_netfront_connected(end);
    f->closed |= what == LEAT_NETFRONT_CLOSED;
    f->paused |= what == LEAT_NETFRONT_PAUSED;
    if (what == LEAT_NETFRONT_BROKEN)
        (void)fail(f, leat_netfront_text(end), 0);
}

static void receive(void *arg, struct leat_netfront *end,
                    struct leat_netfront_frame *frame)
{
    struct net_front *f = arg;

    (void)end;
    f->happened++;
    f->ends.receive(f->ends.arg, frame);
}

/* ------------------------------------------------------------- opening, ends */

static int open_bus(struct net_front *f)
{
    struct leat_grants_config c = {.lifecycle = &f->life};
    int err = leat_sim_gnttab(f->domain, &f->table_pages);

    c.share = leat_gnttab(&f->table_pages);
    return err ? err : side_open(f->domain, c, &f->table, &f->bus);
}

/* Pages that the back end sees, and those that frames are copied to. */
static int open_pools(struct net_front *f)
{
    struct leat_pool_config c = {.limit_pages = POOL_PAGES,
                                 .peer = SIDE_BACK + 1,
                                 .backend = leat_sim_backend(f->domain)};
    int err = leat_pool_create(&f->pool, &c);

    if (!err)
        err = leat_mmap_init(&f->memory);
    c = (struct leat_pool_config){.limit_pages = POOL_PAGES,
                                  .zero = LEAT_ZERO_NEVER,
                                  .backend = leat_mmap(&f->memory)};
    return err ? err : leat_pool_create(&f->private, &c);
}

static int open_end(struct net_front *f)
{
    struct leat_netfront_config c = {
        .bus = &f->bus,
        .path = side_device(&f->job->side, LEAT_BUS_FRONT, 0),
        .grants = f->table,
        .pool = f->pool,
        .to = f->private,
        .mode = f->job->mode,
        .trusted = true,
        .offload = LEAT_NET_OFFLOAD_ALL,
        .tx_pages = PAGES,
        .rx_pages = PAGES,
        .queues = f->job->queues,
        .receive = receive,
        .event = event,
        .arg = f,
    };
    int err = leat_netfront_meta_size(&c, &c.meta_bytes);

    if (!err)
        c.meta = malloc(c.meta_bytes);
    return err ? err : leat_netfront_create(&f->end, &c);
}

static int open_all(struct net_front *f)
{
    int err = leat_sim_join(f->job->side.sim, SIDE_FRONT, &f->domain);

    if (!err)
        err = leat_lifecycle_init(&f->life);
    if (!err)
        err = open_pools(f);
    if (!err)
        err = open_bus(f);
    if (!err && !side_make(&f->job->side, true))
        err = LEAT_E_SYSTEM;
    return err ? err : open_end(f);
}

struct net_front *net_front_open(struct net_job *j, const struct net_ends *ends)
{
    static struct net_front front; /* the process has one */
    struct net_front *f = &front;
    int err;

    f->job = j;
    f->ends = *ends;
    err = open_all(f);
    if (!err)
        return f;
    (void)fail(f, "the front end", err);
    return NULL;
}

struct leat_netfront *net_front_end(struct net_front *f)
{
    return f->end;
}

/* --------------------------------------------------------------------- turns */

static void sleep_on(struct net_front *f)
{
    struct pollfd fds[] = {{.fd = leat_sim_fd(f->domain), .events = POLLIN},
                           {.fd = f->ends.fd, .events = POLLIN}};

    poll(fds, f->ends.fd >= 0 && f->connected ? 2 : 1, SLEEP_MS);
}

/* While there are frames it looks at the rings alone: then nobody has to wake it,
 * nor is asked to. */
bool net_front_turn(struct net_front *f)
{
    const uint64_t before = f->happened;
    const bool all = !f->busy || ++f->turns % LOOK_EVERY == 0;
    bool again = false, more = false;
    int err = all ? leat_bus_poll(&f->bus, BUDGET, &again) : 0;

    if (!err)
        err = all ? leat_netfront_poll(f->end, BUDGET, &more)
                  : leat_netfront_spin(f->end, BUDGET, &more);
    if (err)
        return fail(f, "the simulation", err);
    if (tool_interrupted())
        return fail(f, "interrupted", 0);
    again |= more;
    if (f->connected && f->ends.send(f->ends.arg, f)) {
        again = true;
        (void)leat_netfront_push(f->end);
    }
    f->busy = again || f->happened != before;
    if (all && !f->busy)
        sleep_on(f);
    return !f->failed;
}

/* Turns until (*flag) is set. */
static bool turn_until(struct net_front *f, const bool *flag, const char *what)
{
    const double began = tool_now();

    while (!*flag && net_front_turn(f)) {
        if (tool_now() - began > PATIENCE)
            return fail(f, what, 0);
    }
    return !f->failed;
}

/* Until the back end has mapped what it maps for good, too. */
bool net_front_ready(struct net_front *f)
{
    struct leat_netfront_stats s = {0};
    uint64_t seen = UINT64_MAX;
    double since = 0;

    if (!turn_until(f, &f->connected, "the back end does not connect"))
        return false;
    while (net_front_turn(f) && !leat_netfront_stats(f->end, &s)) {
        if (s.statics != seen) {
            seen = s.statics;
            since = tool_now();
        }
        if (tool_now() - since > SETTLED)
            return true;
    }
    return false;
}

/* ----------------------------------------------------------------- disasters */

static bool kill_back(struct net_front *f)
{
    struct side *s = &f->job->side;

    if (!side_kill_back(s) || !side_start_back(s) || !side_make(s, false))
        return fail(f, "the back end is gone", 0);
    f->connected = false;
    return net_front_ready(f);
}

static bool suspend(struct net_front *f)
{
    pid_t child = side_suspend(&f->job->side);
    const double began = tool_now();
    int err, status = 0;

    if (child < 0)
        return fail(f, "no suspend", 0);
    while (!leat_sim_suspend_asked(f->domain) && net_front_turn(f)) {
        if (tool_now() - began > PATIENCE)
            return fail(f, "nobody asks for a suspend", 0);
    }
    f->paused = false;
    err = leat_netfront_pause(f->end);
    if (!err && !turn_until(f, &f->paused, "the back end does not let go"))
        return false;
    if (!err)
        err = leat_sim_suspend(f->domain, &f->life, NULL, NULL);
    if (!err)
        err = leat_netfront_resume(f->end);
    if (err)
        return fail(f, "the suspend", err);
    f->connected = false;
    if (!net_front_ready(f))
        return false;
    if (waitpid(child, &status, 0) != child || status)
        return fail(f, "the suspend, as it was asked for", 0);
    return true;
}

bool net_front_disaster(struct net_front *f)
{
    const double began = tool_now();
    bool good = true;

    if (f->job->disaster == NET_KILL)
        good = kill_back(f);
    else if (f->job->disaster == NET_SUSPEND)
        good = suspend(f);
    f->job->outage_seconds = tool_now() - began;
    f->job->disaster_done = true;
    return good;
}

/* ---------------------------------------------------------------------- ends */

static void results(struct net_front *f)
{
    struct net_job *j = f->job;

    (void)leat_netfront_info(f->end, &j->info);
    (void)leat_netfront_stats(f->end, &j->front);
    leat_copies_read(leat_netfront_copies(f->end), &j->payload);
    leat_copies_read(leat_netfront_messages(f->end), &j->messages);
}

bool net_front_close(struct net_front *f)
{
    int err, i;

    if (f->failed)
        return false; /* all of it goes with the process */
    results(f);
    if (!side_take_offline(&f->job->side))
        return false;
    err = leat_netfront_close(f->end, false);
    if (err || !turn_until(f, &f->closed, "it does not close"))
        return fail(f, "the end", err);
    err = leat_netfront_destroy(f->end);
    if (!err)
        err = leat_bus_fini(&f->bus);
    for (i = 0; i < 1000 && !err; i++) { /* what a back end held that died */
        struct leat_grants_stats s;

        err = leat_grant_poll(f->table, 4096, NULL);
        if (err || leat_grants_stats(f->table, &s) || !s.quarantined)
            break;
        side_nap();
    }
    if (!err)
        err = leat_grants_destroy(f->table);
    if (!err)
        err = leat_pool_destroy(f->pool);
    if (!err)
        err = leat_pool_destroy(f->private);
    if (!err)
        err = leat_sim_leave(f->domain);
    return !err || fail(f, "the end", err);
}
