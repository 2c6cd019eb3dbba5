/* SPDX-License-Identifier: ISC */

/*
 * The process transport: the hypervisor's loop.
 *
 *     reading --request--> replying --sent--> reading
 *        ^        |            ^
 *        |        +--delayed---+   until the time has come
 *        +-- one message at a time
 *
 *   T1  a connection holds at most one request and one reply
 *   T2  nothing is read from a connection that does not take its reply
 *
 * So what a domain can make this process hold is bounded, and a flood waits in
 * the flooder's own socket: each turn of the loop serves each domain once.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <leat/error.h>

#include "message.h"
#include "server.h"

/* Connections that have not said who they are, and how long they may. */
#define NEWCOMERS 32u
#define PATIENCE  1000000000u /* ns */
#define TURN      64

enum state {
    READING,
    DELAYED,
    REPLYING,
    CLOSED, /* freed after this turn */
};

struct conn {
    struct conn *next;
    struct hv_domain *d; /* NULL: not joined yet */
    int fd;
    enum state state;
    uint32_t pid;
    uint64_t due_ns;
    bool deaf; /* its notices wait for room */
    size_t len, nfds;
    int fds[SIM_FDS];
    _Alignas(8) unsigned char bytes[SIM_MESSAGE];
    struct hv_reply reply;
};

struct server {
    struct hv *hv;
    struct conn *conns;
    struct sim_place *place;
    int epoll_fd;
    int signal_fd;
    size_t newcomers;
    bool listens;
    bool stop;
    bool until_empty;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int watch(struct server *s, int op, int fd, uint32_t events, void *arg)
{
    struct epoll_event e = {.events = events, .data = {.ptr = arg}};

    return epoll_ctl(s->epoll_fd, op, fd, &e);
}

static void set_state(struct server *s, struct conn *c, enum state state)
{
    c->state = state;
    watch(s, EPOLL_CTL_MOD, c->fd,
          state == READING    ? EPOLLIN
          : state == REPLYING ? EPOLLOUT
                              : 0,
          c);
}

static void hang_up(struct server *s, struct conn *c)
{
    if (c->state == CLOSED)
        return;
    while (c->state == DELAYED && c->nfds)
        close(c->fds[--c->nfds]);
    close(c->fd);
    if (c->d)
        hv_leave(s->hv, c->d);
    else
        s->newcomers--;
    c->d = NULL;
    c->state = CLOSED;
}

/* Sends the reply, now or when there is room. */
static void reply(struct server *s, struct conn *c)
{
    int fds[SIM_FDS];
    int rc = sim_reply_fds(&c->reply, fds);

    if (!rc)
        rc = sim_send(c->fd, c->reply.bytes, c->reply.len, fds, c->reply.nfds,
                      false);
    /* What is lent for reading is opened anew for the next try. */
    if (rc == -EAGAIN) {
        size_t i;

        for (i = 0; i < c->reply.nfds; i++) {
            if (c->reply.fds[i].how == HV_LEND_READ)
                close(fds[i]);
        }
        set_state(s, c, REPLYING);
        return;
    }
    sim_reply_close(&c->reply, fds);
    if (rc || c->reply.end)
        hang_up(s, c);
    else if (c->state != READING)
        set_state(s, c, READING);
}

static void serve(struct server *s, struct conn *c, bool late)
{
    struct hv_request r = {
        .data = c->bytes,
        .len = c->len,
        .fds = c->fds,
        .nfds = c->nfds,
        .pid = c->pid,
        .late = late,
    };

    if (!c->d) {
        hv_join(s->hv, &r, &c->reply, &c->d);
        if (c->d) {
            hv_set_arg(c->d, c);
            s->newcomers--;
        }
    } else {
        hv_request(s->hv, c->d, &r, &c->reply);
    }
    if (c->reply.delay_us) {
        c->due_ns = now_ns() + c->reply.delay_us * 1000;
        set_state(s, c, DELAYED);
        return;
    }
    c->nfds = 0;
    reply(s, c);
}

static void receive(struct server *s, struct conn *c)
{
    long len = sim_receive(c->fd, c->bytes, c->fds, &c->nfds, false);

    if (len == -EAGAIN)
        return;
    if (len <= 0) {
        hang_up(s, c);
        return;
    }
    c->len = (size_t)len;
    serve(s, c, false);
}

/* The rest waits in the queue of the socket while there are too many. */
static void listen_again(struct server *s, bool now)
{
    if (s->listens == now)
        return;
    s->listens = now;
    watch(s, EPOLL_CTL_MOD, s->place->listen_fd, now ? EPOLLIN : 0, s->place);
}

static void accept_one(struct server *s)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    struct conn *c;
    int fd;

    if (s->newcomers >= NEWCOMERS) {
        listen_again(s, false);
        return;
    }
    fd = accept4(s->place->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    c = calloc(1, sizeof(*c));
    if (!c || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
        peer.uid != geteuid() || watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, c)) {
        close(fd);
        free(c);
        return;
    }
    c->fd = fd;
    c->pid = (uint32_t)peer.pid;
    c->due_ns = now_ns() + PATIENCE;
    c->next = s->conns;
    s->conns = c;
    s->newcomers++;
}

/* A domain does not take its notices: they wait for room in its socket. */
static void full(void *arg, struct hv_domain *d)
{
    struct server *s = arg;
    struct conn *c = hv_arg(d);

    if (!c->deaf && !watch(s, EPOLL_CTL_ADD, hv_notice_fd(d),
                           EPOLLOUT | EPOLLONESHOT, &c->deaf))
        c->deaf = true;
}

static void room(struct server *s, bool *deaf)
{
    struct conn *c =
        (struct conn *)(void *)((char *)deaf - offsetof(struct conn, deaf));

    if (c->d)
        watch(s, EPOLL_CTL_DEL, hv_notice_fd(c->d), 0, NULL);
    c->deaf = false;
}

/* Which connection the argument of an event belongs to, if to its notices. */
static bool *deaf_of(struct server *s, void *arg)
{
    struct conn *c;

    for (c = s->conns; c; c = c->next) {
        if (arg == &c->deaf)
            return &c->deaf;
    }
    return NULL;
}

static void happened(struct server *s, const struct epoll_event *e)
{
    struct conn *c = e->data.ptr;
    bool *deaf;

    if (e->data.ptr == s->place) {
        accept_one(s);
        return;
    }
    if (e->data.ptr == s) {
        s->stop = true;
        return;
    }
    deaf = deaf_of(s, e->data.ptr);
    if (deaf) {
        room(s, deaf);
        return;
    }
    if (c->state == READING)
        receive(s, c);
    else if (e->events & (EPOLLHUP | EPOLLERR))
        hang_up(s, c);
    else if (c->state == REPLYING)
        reply(s, c);
}

/* Serves what was delayed until now; gives how long the next one has, in ms. */
static int due(struct server *s)
{
    uint64_t now = now_ns(), first = UINT64_MAX;
    struct conn *c;

    for (c = s->conns; c; c = c->next) {
        bool newcomer = !c->d && c->state != CLOSED;

        if (c->state == DELAYED && c->due_ns <= now)
            serve(s, c, true);
        else if (newcomer && c->due_ns <= now)
            hang_up(s, c);
        if ((c->state == DELAYED || (newcomer && c->state != CLOSED)) &&
            c->due_ns < first)
            first = c->due_ns;
    }
    listen_again(s, s->newcomers < NEWCOMERS);
    if (first == UINT64_MAX)
        return -1;
    return first > now ? (int)((first - now) / 1000000) + 1 : 0;
}

static void sweep(struct server *s)
{
    struct conn **at = &s->conns, *c;

    while ((c = *at)) {
        if (c->state == CLOSED) {
            *at = c->next;
            free(c);
        } else {
            at = &c->next;
        }
    }
}

static void loop(struct server *s)
{
    struct epoll_event events[TURN];
    int n, i, wait = -1;

    while (!s->stop && !hv_stopped(s->hv) &&
           !(s->until_empty && hv_joins(s->hv) && !hv_living(s->hv))) {
        n = epoll_wait(s->epoll_fd, events, TURN, wait);
        for (i = 0; i < n; i++)
            happened(s, &events[i]);
        wait = due(s);
        sim_notices(s->hv, full, s);
        sweep(s);
    }
}

int sim_server_run(struct sim_place *place, struct hv *hv, bool until_empty)
{
    struct server s = {
        .hv = hv,
        .place = place,
        .until_empty = until_empty,
        .signal_fd = -1,
        .listens = true,
    };
    struct conn *c;
    sigset_t set;
    int err = LEAT_E_SYSTEM;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    s.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s.epoll_fd >= 0)
        s.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s.signal_fd >= 0 &&
        !watch(&s, EPOLL_CTL_ADD, place->listen_fd, EPOLLIN, place) &&
        !watch(&s, EPOLL_CTL_ADD, s.signal_fd, EPOLLIN, &s)) {
        loop(&s);
        err = 0;
    }
    for (c = s.conns; c; c = c->next)
        hang_up(&s, c);
    sweep(&s);
    if (s.signal_fd >= 0)
        close(s.signal_fd);
    if (s.epoll_fd >= 0)
        close(s.epoll_fd);
    return err;
}
