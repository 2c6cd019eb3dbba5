/* SPDX-License-Identifier: ISC */

/*
 * The fixture "sim": domains are processes, joined to a simulation by its
 * directory; a peer is this program, executed anew. The test is domain 1.
 */

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim.h"

struct sim {
    char base[300], dir[320];
    struct leat_sim_domain *toolstack;
    int socket[PEERS + 1], pid[PEERS + 1];
};

/* One world at a time, and one domain in a process. */
static struct sim sim;
static struct sim_domain domain;
static struct leat_mmap private;

static void begin(struct world *w)
{
    /* Should this program end before its time, the hypervisor does, too. */
    static const struct leat_sim_config config = {.flags =
                                                      LEAT_SIM_UNTIL_EMPTY};
    const char *tmp = getenv("TMPDIR");

    memset(&sim, 0, sizeof(sim));
    w->self = &sim;
    snprintf(sim.base, sizeof(sim.base), "%s/leat-suite.XXXXXX",
             tmp ? tmp : "/tmp");
    SURE(mkdtemp(sim.base));
    snprintf(sim.dir, sizeof(sim.dir), "%s/d", sim.base);
    SURE(leat_sim_start(sim.dir, &config) == 0);
    SURE(leat_sim_open(sim.dir, &sim.toolstack) == 0);
    w->own.where = sim.dir;
}

/* The last domain has left: nothing may be there any more, a moment later. */
static void end(struct world *w)
{
    (void)w;
    GIVES(0, leat_sim_leave(sim.toolstack));
    for (int n = 0; n < 2000 && !access(sim.dir, F_OK); n++)
        usleep(1000);
    CHECK(access(sim.dir, F_OK) && errno == ENOENT);
    CHECK(rmdir(sim.base) == 0);
}

static void join(struct party *p)
{
    p->self = &domain;
    sim_name(p);
    SURE(leat_sim_join(p->number ? p->where : sim.dir, p->id, &domain.d) == 0);
    sim_joined(p, &domain);
}

static void leave(struct party *p)
{
    (void)p;
    GIVES(0, leat_sim_leave(domain.d));
}

static struct leat_backend memory(struct party *p, enum memory kind)
{
    (void)p;
    if (kind != MEMORY_PRIVATE)
        return leat_sim_backend(domain.d);
    SURE(leat_mmap_init(&private) == 0);
    return leat_mmap(&private);
}

static void peer_start(struct world *w, unsigned i)
{
    w->peer_id[i] = i + 1;
    process_start(w, i, sim.dir, &sim.socket[i], &sim.pid[i]);
}

static void peer_post(struct world *w, unsigned i, const struct ask *ask)
{
    (void)w;
    process_post(sim.socket[i], ask);
}

static void peer_await(struct world *w, unsigned i, struct answer *answer)
{
    (void)w;
    process_await(sim.socket[i], answer);
}

static void peer_end(struct world *w, unsigned i)
{
    (void)w;
    process_end(sim.socket[i], sim.pid[i]);
}

/* Its death is seen by the end of its socket: a moment later. */
static void peer_kill(struct world *w, unsigned i)
{
    struct leat_sim_info info;

    process_kill(sim.socket[i], sim.pid[i]);
    for (int n = 0; n < 2000; n++) {
        int err = leat_sim_info(sim.toolstack, w->peer_id[i], &info);

        if (err == LEAT_E_DOMAIN || (!err && info.life == LEAT_SIM_DYING))
            return;
        usleep(1000);
    }
    CHECK(!"the death of a peer is noticed");
}

static void witness(struct world *w, uint32_t of, uint32_t ref,
                    struct leat_grant_entry *out)
{
    (void)w;
    sim_witness(sim.toolstack, of, ref, out);
}

static bool fail_below(struct world *w, unsigned k, int how)
{
    return sim_fail(sim.toolstack, domain.d, w->own.id, k, how);
}

/* The toolstack, while the domain is busy suspending. */
static void *operate(void *arg)
{
    sim_operate(sim.toolstack, arg);
    return NULL;
}

static int suspend(struct world *w, enum leat_resumed how)
{
    struct sim_operation o = {w->own.id, how, LEAT_E_STATE};
    pthread_t thread;
    int err;

    SURE(pthread_create(&thread, NULL, operate, &o) == 0);
    err = sim_suspend(domain.d, w, how);
    pthread_join(thread, NULL);
    GIVES(err ? LEAT_E_REFUSED : 0, o.err);
    return err;
}

const struct fixture the_fixture = {
    .name = "sim",
    .can = ~0u,
    .rounds = 10001,
    .schedules = 8,
    .share_max = 33000,
    .begin = begin,
    .end = end,
    .join = join,
    .leave = leave,
    .memory = memory,
    .peer_start = peer_start,
    .peer_post = peer_post,
    .peer_await = peer_await,
    .peer_end = peer_end,
    .peer_kill = peer_kill,
    .witness = witness,
    .fail_below = fail_below,
    .suspend = suspend,
};
