/* SPDX-License-Identifier: ISC */

/*
 * Threads as domains: the way to a hypervisor of the same process.
 *
 * A request is a call, made by the thread whose turn it is, with a turn that
 * may pass before it and after it. Descriptors are doubled, as sending them
 * would do.
 */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <leat/sim_thread.h>

#include "domain.h"
#include "turns.h"

struct body {
    struct leat_sim_threads *t;
    void (*fn)(void *arg);
    void *arg;
};

struct leat_sim_threads {
    struct turns turns;
    struct hv *hv; /* NULL: killed */
    struct body bodies[TURNS_MAX];
    size_t links;
    bool ran;
};

struct direct {
    struct leat_sim_threads *t;
    struct hv_domain *d; /* NULL: not joined, or the hypervisor was killed */
    struct hv_reply reply;
};

/* The reply's descriptors, as the receiver's own. */
static int take_fds(struct hv_reply *r, int *fds, size_t *nfds)
{
    size_t i;
    int rc = sim_reply_fds(r, fds);

    for (i = 0; i < r->nfds; i++) {
        if (r->fds[i].how == HV_LEND)
            fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
        if (fds[i] < 0)
            rc = -EMFILE;
    }
    *nfds = r->nfds;
    for (i = 0; rc && i < r->nfds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        *nfds = 0;
    }
    return rc;
}

static int exchange(void *self, const void *out, size_t out_len, int out_fd,
                    void *in, size_t *in_len, int *fds, size_t *nfds)
{
    struct direct *l = self;
    struct leat_sim_threads *t = l->t;
    int fd = out_fd >= 0 ? fcntl(out_fd, F_DUPFD_CLOEXEC, 0) : -1;
    struct hv_request r = {
        .data = out,
        .len = out_len,
        .fds = &fd,
        .nfds = fd >= 0,
        .pid = (uint32_t)getpid(),
    };

    *nfds = 0;
    sim_turns_pass(&t->turns);
    do {
        if (r.late)
            sim_turns_wait(&t->turns, -1,
                           t->turns.clock_ns + l->reply.delay_us * 1000);
        if (!t->hv) {
            if (fd >= 0)
                close(fd);
            return LEAT_E_GONE;
        }
        if (l->d)
            hv_request(t->hv, l->d, &r, &l->reply);
        else
            hv_join(t->hv, &r, &l->reply, &l->d);
        r.late = true;
    } while (l->reply.delay_us);
    sim_notices(t->hv, NULL, NULL);
    memcpy(in, l->reply.bytes, l->reply.len);
    *in_len = l->reply.len;
    if (take_fds(&l->reply, fds, nfds))
        return LEAT_E_GONE;
    sim_turns_pass(&t->turns);
    return 0;
}

static void died(void *self)
{
    (void)self;
}

static void close_link(void *self)
{
    struct direct *l = self;

    sim_turns_pass(&l->t->turns);
    if (l->d && l->t->hv) {
        hv_leave(l->t->hv, l->d);
        sim_notices(l->t->hv, NULL, NULL);
    }
    l->t->links--;
    free(l);
}

static int wait_fd(void *self, int fd, uint64_t timeout_ns)
{
    struct turns *t = &((struct direct *)self)->t->turns;
    uint64_t end = t->clock_ns + timeout_ns;

    if (end < timeout_ns)
        end = UINT64_MAX;
    if (!sim_turns_wait(t, fd, end))
        return LEAT_E_STATE;
    return t->clock_ns >= end ? LEAT_E_AGAIN : 0;
}

static uint64_t now_ns(void *self)
{
    return ((struct direct *)self)->t->turns.clock_ns;
}

static void point(void *self)
{
    sim_turns_pass(&((struct direct *)self)->t->turns);
}

static int join(struct leat_sim_threads *t, uint32_t id,
                struct leat_sim_domain **out)
{
    struct direct *l = calloc(1, sizeof(*l));
    struct sim_link link = {
        .exchange = exchange,
        .died = died,
        .close = close_link,
        .wait = wait_fd,
        .now_ns = now_ns,
        .point = point,
        .self = l,
    };

    if (!l)
        return LEAT_E_NOMEM;
    l->t = t;
    t->links++;
    return sim_domain_create(link, id, out);
}

int leat_sim_threads_join(struct leat_sim_threads *t, uint32_t id,
                          struct leat_sim_domain **out)
{
    if (!t || !out || (id != LEAT_SIM_ANY && id > LEAT_DOMAIN_MAX))
        return LEAT_E_INVALID;
    return join(t, id, out);
}

int leat_sim_threads_open(struct leat_sim_threads *t,
                          struct leat_sim_domain **out)
{
    if (!t || !out)
        return LEAT_E_INVALID;
    return join(t, SIM_ADMIN, out);
}

int leat_sim_threads_create(const struct leat_sim_threads_config *config,
                            struct leat_sim_threads **out)
{
    struct leat_sim_threads *t;
    int err;

    if (!config || !out || config->limits.flags)
        return LEAT_E_INVALID;
    t = calloc(1, sizeof(*t));
    if (!t)
        return LEAT_E_NOMEM;
    err = sim_hv_create(&config->limits, &t->hv);
    if (err) {
        free(t);
        return err;
    }
    sim_turns_init(&t->turns, config->seed,
                   config->step_ns ? config->step_ns : 1000);
    *out = t;
    return 0;
}

int leat_sim_threads_destroy(struct leat_sim_threads *t)
{
    if (!t)
        return LEAT_E_INVALID;
    if (t->links)
        return LEAT_E_BUSY;
    sim_turns_fini(&t->turns);
    hv_destroy(t->hv);
    free(t);
    return 0;
}

int leat_sim_threads_add(struct leat_sim_threads *t, void (*fn)(void *arg),
                         void *arg)
{
    if (!t || !fn)
        return LEAT_E_INVALID;
    if (t->ran)
        return LEAT_E_STATE;
    if (t->turns.n == TURNS_MAX)
        return LEAT_E_LIMIT;
    t->bodies[t->turns.n] = (struct body){t, fn, arg};
    t->turns.turn[t->turns.n++].state = TURN_READY;
    return 0;
}

static void *run(void *arg)
{
    struct body *b = arg;
    struct leat_sim_threads *t = b->t;

    sim_turns_enter(&t->turns, (uint32_t)(b - t->bodies));
    b->fn(b->arg);
    sim_turns_leave(&t->turns);
    return NULL;
}

int leat_sim_threads_run(struct leat_sim_threads *t)
{
    uint32_t i, n;
    int err = 0;

    if (!t)
        return LEAT_E_INVALID;
    if (t->ran)
        return LEAT_E_STATE;
    t->ran = true;
    n = t->turns.n;
    for (i = 0; i < n && !err; i++) {
        if (pthread_create(&t->turns.turn[i].thread, NULL, run,
                           &t->bodies[i])) {
            t->turns.n = i;
            err = LEAT_E_SYSTEM;
        }
    }
    sim_turns_begin(&t->turns);
    for (i = 0; i < t->turns.n; i++)
        pthread_join(t->turns.turn[i].thread, NULL);
    return err ? err : t->turns.stuck ? LEAT_E_STATE : 0;
}

void leat_sim_threads_kill(struct leat_sim_threads *t)
{
    hv_destroy(t->hv);
    t->hv = NULL;
}

uint64_t leat_sim_threads_turns(const struct leat_sim_threads *t,
                                uint64_t *trace)
{
    if (trace)
        *trace = t->turns.trace;
    return t->turns.count;
}

const char *leat_sim_threads_check(struct leat_sim_threads *t)
{
    return t->hv ? hv_check(t->hv) : NULL;
}

void leat_sim_point(struct leat_sim_domain *d)
{
    d->link.point(d->link.self);
}

static uint64_t port_now_ns(void *self)
{
    return leat_sim_now_ns(self);
}

struct leat_port leat_sim_port(struct leat_sim_domain *d)
{
    struct leat_port port = {.now_ns = port_now_ns, .self = d};

    return port;
}
