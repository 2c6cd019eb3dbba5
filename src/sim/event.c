/* SPDX-License-Identifier: ISC */

/*
 * Event channels, as a domain has them: a socket for each port, in one epoll.
 *
 *     unmasked --a byte comes, pending()--> masked --unmask()--> unmasked
 *
 *   K1  a port is in the epoll with EPOLLIN  <=>  it is open and not masked
 *   K2  waits == open, unmasked ports whose (waits) is set;  kick_fd is
 * readable
 *       <=>  waits > 0
 *
 * Every read and write says MSG_DONTWAIT: the peer holds the other end, and
 * what it sets there must not make this one block. Reading is bounded, too;
 * what is left is another event.
 */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "domain.h"

static int port_error(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOSPC ? LEAT_E_LIMIT
                                                                 : LEAT_E_NOMEM;
}

int sim_events_open(struct leat_sim_domain *d)
{
    struct epoll_event e = {.events = EPOLLIN, .data = {.u32 = 0}};

    d->events_fd = epoll_create1(EPOLL_CLOEXEC);
    d->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->events_fd < 0 || d->kick_fd < 0 ||
        epoll_ctl(d->events_fd, EPOLL_CTL_ADD, d->kick_fd, &e))
        return port_error();
    return 0;
}

/* K2 */
static void set_waits(struct leat_sim_domain *d, struct port *p, bool waits)
{
    uint64_t one = 1;
    ssize_t n = 0;

    if (p->waits == waits)
        return;
    p->waits = waits;
    d->waits += waits ? 1u : -1u;
    if (waits && d->waits == 1)
        n = write(d->kick_fd, &one, sizeof(one));
    else if (!waits && !d->waits)
        n = read(d->kick_fd, &one, sizeof(one));
    (void)n; /* its counter is ours, and is 0 or 1 */
}

static void close_port(struct leat_sim_domain *d, struct port *p)
{
    if (p->fd < 0)
        return;
    set_waits(d, p, false);
    close(p->fd);
    p->fd = -1;
}

void sim_events_close(struct leat_sim_domain *d, bool reopen)
{
    uint32_t i;

    pthread_mutex_lock(&d->events_lock);
    for (i = 0; i < d->nports; i++)
        close_port(d, &d->ports[i]);
    if (!reopen) {
        if (d->kick_fd >= 0)
            close(d->kick_fd);
        if (d->events_fd >= 0)
            close(d->events_fd);
        free(d->ports);
        d->ports = NULL;
        d->nports = 0;
        d->kick_fd = d->events_fd = -1;
    }
    pthread_mutex_unlock(&d->events_lock);
}

/* The events' lock is held, here and below. */
static struct port *port_at(struct leat_sim_domain *d, uint32_t number)
{
    return number && number < d->nports && d->ports[number].fd >= 0
               ? &d->ports[number]
               : NULL;
}

static int watch(struct leat_sim_domain *d, int op, uint32_t number)
{
    struct port *p = &d->ports[number];
    struct epoll_event e = {
        .events = p->masked ? 0 : EPOLLIN,
        .data = {.u32 = number},
    };

    return epoll_ctl(d->events_fd, op, p->fd, &e) ? port_error() : 0;
}

static int add(struct leat_sim_domain *d, uint32_t number, int fd, bool waits)
{
    uint32_t room = d->nports ? d->nports : 8, i;
    struct port *more;

    if (number > 65535)
        return LEAT_E_PROTO;
    while (room <= number)
        room *= 2;
    if (room > d->nports) {
        more = realloc(d->ports, room * sizeof(*more));
        if (!more)
            return LEAT_E_NOMEM;
        for (i = d->nports; i < room; i++)
            more[i] = (struct port){.fd = -1};
        d->ports = more;
        d->nports = room;
    }
    close_port(d, &d->ports[number]);
    d->ports[number] = (struct port){.fd = fd};
    if (watch(d, EPOLL_CTL_ADD, number)) {
        d->ports[number].fd = -1;
        return port_error();
    }
    set_waits(d, &d->ports[number], waits);
    return 0;
}

/* Tells that a port is closed. The domain's lock is held. */
static int tell_closed(struct leat_sim_domain *d, uint32_t port)
{
    struct sim_number *r = (void *)(d->out + sizeof(struct sim_head));

    d->out_len = sizeof(struct sim_head) + sizeof(*r);
    r->value = port;
    return sim_exchange(d, SIM_PORT_CLOSE, 1, -1);
}

/* Asks for a port by (op); takes its number and its socket. */
static int get_port(struct leat_sim_domain *d, enum sim_op op, bool waits,
                    uint32_t *port)
{
    const struct sim_number *r;
    int fd = -1, err = sim_exchange(d, op, 1, -1);
    uint32_t number;

    if (err)
        return err;
    r = sim_reply(d, 1, sizeof(*r));
    if (!r)
        return sim_gone(d);
    number = r->value;
    fd = sim_take_fd(d);
    if (fd < 0)
        err = LEAT_E_LIMIT; /* this process can hold no more */
    if (!err) {
        pthread_mutex_lock(&d->events_lock);
        err = add(d, number, fd, waits);
        pthread_mutex_unlock(&d->events_lock);
    }
    if (!err) {
        *port = number;
    } else {
        if (fd >= 0)
            close(fd);
        tell_closed(d, number);
    }
    return err;
}

static int event_alloc(void *self, uint32_t domain, uint32_t *port)
{
    struct leat_sim_domain *d = self;
    struct sim_number *r;
    int err;

    if (!port)
        return LEAT_E_INVALID;
    r = sim_begin(d, sizeof(*r));
    r->value = domain;
    err = get_port(d, SIM_PORT_ALLOC, false, port);
    sim_end(d);
    return err;
}

static int event_bind(void *self, uint32_t domain, uint32_t remote,
                      uint32_t *port)
{
    struct leat_sim_domain *d = self;
    struct sim_gref *r;
    int err;

    if (!port)
        return LEAT_E_INVALID;
    r = sim_begin(d, sizeof(*r));
    r->domain = domain;
    r->ref = remote;
    err = get_port(d, SIM_PORT_BIND, true, port);
    if (err == LEAT_E_INVALID)
        err = LEAT_E_REFERENCE;
    sim_end(d);
    return err;
}

static int event_close(void *self, uint32_t port)
{
    struct leat_sim_domain *d = self;
    struct port *p;
    int err = LEAT_E_REFERENCE;

    pthread_mutex_lock(&d->events_lock);
    p = port_at(d, port);
    if (p) {
        close_port(d, p);
        err = 0;
    }
    pthread_mutex_unlock(&d->events_lock);
    if (err)
        return err;
    sim_begin(d, 0);
    err = tell_closed(d, port);
    sim_end(d);
    return err;
}

static int event_notify(void *self, uint32_t port)
{
    struct leat_sim_domain *d = self;
    struct port *p;
    int err = LEAT_E_REFERENCE;

    pthread_mutex_lock(&d->events_lock);
    p = port_at(d, port);
    if (p) {
        /* A full socket means that events wait there; a closed one, nobody. */
        ssize_t n = send(p->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);

        (void)n;
        err = 0;
    }
    pthread_mutex_unlock(&d->events_lock);
    d->link.point(d->link.self);
    return err;
}

/* Takes what came for the port; whether it is an event. */
static bool drain(struct leat_sim_domain *d, struct port *p)
{
    char bytes[1024];
    ssize_t n = recv(p->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        /* Nobody holds the other end any more, not even the hypervisor. */
        epoll_ctl(d->events_fd, EPOLL_CTL_DEL, p->fd, NULL);
        return false;
    }
    return n > 0;
}

static bool take(struct leat_sim_domain *d, uint32_t number)
{
    struct port *p = port_at(d, number);
    bool event;

    if (!p || p->masked)
        return false;
    event = drain(d, p) || p->waits;
    if (event) {
        set_waits(d, p, false);
        p->masked = true;
        watch(d, EPOLL_CTL_MOD, number); /* K1 */
    }
    return event;
}

static int event_pending(void *self, uint32_t *port)
{
    struct leat_sim_domain *d = self;
    struct epoll_event e[16];
    int err = LEAT_E_AGAIN, n, i;
    uint32_t number;

    if (!port)
        return LEAT_E_INVALID;
    d->link.point(d->link.self);
    pthread_mutex_lock(&d->events_lock);
    for (number = 1; d->waits && number < d->nports && err; number++) {
        if (d->ports[number].waits && take(d, number)) {
            *port = number;
            err = 0;
        }
    }
    n = err ? epoll_wait(d->events_fd, e, 16, 0) : 0;
    for (i = 0; i < n && err; i++) {
        if (take(d, e[i].data.u32)) {
            *port = e[i].data.u32;
            err = 0;
        }
    }
    pthread_mutex_unlock(&d->events_lock);
    return err;
}

static int event_unmask(void *self, uint32_t port)
{
    struct leat_sim_domain *d = self;
    struct port *p;
    int err = LEAT_E_REFERENCE;

    pthread_mutex_lock(&d->events_lock);
    p = port_at(d, port);
    if (p) {
        err = 0;
        if (p->masked) {
            p->masked = false;
            watch(d, EPOLL_CTL_MOD, port); /* K1 */
        }
    }
    pthread_mutex_unlock(&d->events_lock);
    return err;
}

static int event_fd(void *self)
{
    return ((struct leat_sim_domain *)self)->events_fd;
}

static const struct leat_event_ops event_ops = {
    .name = "sim",
    .alloc = event_alloc,
    .bind = event_bind,
    .close = event_close,
    .notify = event_notify,
    .pending = event_pending,
    .unmask = event_unmask,
    .fd = event_fd,
};

struct leat_events leat_sim_events(struct leat_sim_domain *d)
{
    struct leat_events events = {.ops = &event_ops, .self = d};

    return events;
}
