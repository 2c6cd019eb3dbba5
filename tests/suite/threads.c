/* SPDX-License-Identifier: ISC */

/*
 * The fixture "threads": a simulation whose domains are threads of this process,
 * one of which runs at a time: which, a seed decides. Turns pass at each request
 * to the hypervisor, and before and after each operation of the seam.
 */

#include <leat/sim_thread.h>

#include "sim.h"

/* What a peer's thread, or the toolstack's, is about. */
enum state {
    STATE_NONE = 0, /* it has not joined yet    */
    STATE_IDLE,     /* nothing is asked         */
    STATE_ASKED,
    STATE_DIE, /* as if killed              */
    STATE_GONE,
};

struct thread {
    struct sim_domain domain;
    struct party party;
    struct peer peer;
    struct ask ask;
    struct answer answer;
    enum state state; /* (a) */
    struct threads *in;
};

struct threads {
    struct leat_sim_threads *t;
    struct world *w;
    void (*body)(struct world *w);
    struct thread thread[PEERS + 1]; /* [0] is the test's */
    struct leat_sim_domain *toolstack;
    struct sim_operation operation;
    enum state operator;
    struct threads *older;
};

static struct threads *now;
static struct leat_mmap private;
static uint64_t latest;

/* Worlds where a domain was killed: what it had in this process stays. */
static struct threads *kept;

static enum state state_of(const enum state *s)
{
    return __atomic_load_n(s, __ATOMIC_ACQUIRE);
}

static void become(enum state *s, enum state what)
{
    __atomic_store_n(s, what, __ATOMIC_RELEASE);
}

/* Lets others run until (*s) is (what). */
static void await_state(struct leat_sim_domain *d, const enum state *s,
                        enum state what)
{
    while (state_of(s) != what)
        leat_sim_point(d);
}

static struct leat_sim_domain *own(void)
{
    return now->thread[0].domain.d;
}

static void point(void *self)
{
    struct sim_domain *domain = self;

    leat_sim_point(domain->d);
}

static void join(struct party *p)
{
    struct sim_domain *domain = &now->thread[p->number].domain;

    p->self = domain;
    p->point = point;
    sim_name(p);
    SURE(leat_sim_threads_join(now->t, p->id, &domain->d) == 0);
    sim_joined(p, domain);
}

static void leave(struct party *p)
{
    struct sim_domain *domain = p->self;

    GIVES(0, leat_sim_leave(domain->d));
}

static struct leat_backend memory(struct party *p, enum memory kind)
{
    struct sim_domain *domain = p->self;

    if (kind != MEMORY_PRIVATE)
        return leat_sim_backend(domain->d);
    SURE(leat_mmap_init(&private) == 0);
    return leat_mmap(&private);
}

/* ----------------------------------------------------------------- threads */

static void run_own(void *arg)
{
    struct threads *t = arg;

    SURE(leat_sim_threads_open(t->t, &t->toolstack) == 0);
    t->body(t->w);
    become(&t->operator, STATE_GONE);
    GIVES(0, leat_sim_leave(t->toolstack));
}

static void run_peer(void *arg)
{
    struct thread *me = arg;
    struct leat_grants_config config = {.maps_max = 64};
    struct leat_sim_domain *d;

    party_open(&me->party, &config);
    me->peer.party = &me->party;
    d = me->domain.d;
    become(&me->state, STATE_IDLE);
    for (;;) {
        switch (state_of(&me->state)) {
        case STATE_ASKED:
            peer_serve(&me->peer, &me->ask, &me->answer);
            if (me->ask.op == PEER_LEAVE) {
                party_close(&me->party);
                me->party.table = NULL;
                become(&me->state, STATE_GONE);
                return;
            }
            become(&me->state, STATE_IDLE);
            break;
        case STATE_DIE:
            leat_sim_die(d);
            become(&me->state, STATE_GONE);
            return;
        default:
            leat_sim_point(d);
        }
    }
}

static void run_operator(void *arg)
{
    struct threads *t = arg;
    struct leat_sim_domain *toolstack;

    SURE(leat_sim_threads_open(t->t, &toolstack) == 0);
    while (state_of(&t->operator) != STATE_GONE) {
        if (state_of(&t->operator) == STATE_ASKED) {
            sim_operate(toolstack, &t->operation);
            become(&t->operator, STATE_IDLE);
        }
        leat_sim_point(toolstack);
    }
    GIVES(0, leat_sim_leave(toolstack));
}

/* ------------------------------------------------------------------ worlds */

static void begin(struct world *w)
{
    struct leat_sim_threads_config config = {.seed = w->seed};

    now = calloc(1, sizeof(*now));
    SURE(now);
    w->self = now;
    now->w = w;
    SURE(leat_sim_threads_create(&config, &now->t) == 0);
}

static void run(struct world *w, void (*body)(struct world *))
{
    now->body = body;
    SURE(leat_sim_threads_add(now->t, run_own, now) == 0);
    for (unsigned i = 1; i <= w->peers; i++) {
        struct thread *peer = &now->thread[i];

        peer->in = now;
        peer->party =
            (struct party){.f = w->f, .number = i, .access = w->wish.access};
        SURE(leat_sim_threads_add(now->t, run_peer, peer) == 0);
    }
    SURE(leat_sim_threads_add(now->t, run_operator, now) == 0);
    GIVES(0, leat_sim_threads_run(now->t));
}

static void end(struct world *w)
{
    const char *broken = leat_sim_threads_check(now->t);

    (void)w;
    if (broken)
        printf("# %s\n", broken);
    CHECK(!broken);
    leat_sim_threads_turns(now->t, &latest);
    now->older = kept;
    kept = now;
    if (test_failed)
        return;
    GIVES(0, leat_sim_threads_destroy(now->t));
    for (unsigned i = 1; i <= PEERS; i++)
        if (now->thread[i].party.table)
            return;
    kept = now->older;
    free(now);
}

static uint64_t trace(void)
{
    return latest;
}

static void peer_start(struct world *w, unsigned i)
{
    w->peer_id[i] = i + 1;
    await_state(own(), &now->thread[i].state, STATE_IDLE);
}

static void peer_post(struct world *w, unsigned i, const struct ask *ask)
{
    (void)w;
    now->thread[i].ask = *ask;
    become(&now->thread[i].state, STATE_ASKED);
}

static void peer_await(struct world *w, unsigned i, struct answer *answer)
{
    (void)w;
    await_state(own(), &now->thread[i].state, STATE_IDLE);
    *answer = now->thread[i].answer;
}

static void peer_end(struct world *w, unsigned i)
{
    w->ask.op = PEER_LEAVE;
    peer_post(w, i, &w->ask);
    await_state(own(), &now->thread[i].state, STATE_GONE);
}

static void peer_kill(struct world *w, unsigned i)
{
    (void)w;
    become(&now->thread[i].state, STATE_DIE);
    await_state(own(), &now->thread[i].state, STATE_GONE);
}

static void witness(struct world *w, uint32_t of, uint32_t ref,
                    struct leat_grant_entry *out)
{
    (void)w;
    sim_witness(now->toolstack, of, ref, out);
}

static bool fail_below(struct world *w, unsigned k, int how)
{
    return sim_fail(now->toolstack, own(), w->own.id, k, how);
}

static int suspend(struct world *w, enum leat_resumed how)
{
    int err;

    now->operation = (struct sim_operation){w->own.id, how, LEAT_E_STATE};
    become(&now->operator, STATE_ASKED);
    err = sim_suspend(own(), w, how);
    await_state(own(), &now->operator, STATE_IDLE);
    GIVES(err ? LEAT_E_REFUSED : 0, now->operation.err);
    return err;
}

const struct fixture the_fixture = {
    .name = "threads",
    .can = ~0u,
    .rounds = 2001, /* each turn is one of the system's, too */
    .schedules = 40,
    .share_max = 33000,
    .begin = begin,
    .end = end,
    .run = run,
    .trace = trace,
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
