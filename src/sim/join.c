/* SPDX-License-Identifier: ISC */

/*
 * A domain comes and goes.
 */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <leat/sim_thread.h>

#include "domain.h"

static void *map_fd(int fd, size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

static size_t table_bytes(const struct leat_sim_domain *d)
{
    return (size_t)d->frames * SIM_PAGE;
}

static size_t window_bytes(const struct leat_sim_domain *d)
{
    return ((size_t)d->window_pages + 1) * SIM_PAGE;
}

/* Takes what a reply to a join brought; the lock is held. */
static int settle(struct leat_sim_domain *d)
{
    const struct sim_joined *j = sim_reply(d, 1, sizeof(*j));
    uint32_t i;

    if (j && d->nfds != 3)
        return LEAT_E_LIMIT; /* this process can hold no more */
    if (!j || !j->frames || j->frames > LEAT_GNTTAB_FRAMES_MAX)
        return LEAT_E_PROTO;
    d->id = j->domain;
    d->frames = j->frames;
    d->window_pages = j->window_pages;
    d->notice_fd = d->fds[2];
    d->nfds = 2;
    d->table = map_fd(d->fds[0], table_bytes(d));
    d->window = map_fd(d->fds[1], window_bytes(d));
    d->frame = calloc(d->frames, sizeof(*d->frame));
    if (!d->table || !d->window || !d->frame)
        return LEAT_E_NOMEM;
    for (i = 0; i < d->frames; i++)
        d->frame[i] = d->table + i * SIM_PER_FRAME;
    d->life = (void *)(d->window + window_bytes(d) - SIM_PAGE);
    return 0;
}

static int open_poll(struct leat_sim_domain *d)
{
    struct epoll_event e = {.events = EPOLLIN};

    d->kept_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    d->asked_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    d->store_fd = epoll_create1(EPOLL_CLOEXEC);
    d->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (d->kept_fd < 0 || d->asked_fd < 0 || d->store_fd < 0 ||
        d->poll_fd < 0 ||
        epoll_ctl(d->store_fd, EPOLL_CTL_ADD, d->notice_fd, &e) ||
        epoll_ctl(d->store_fd, EPOLL_CTL_ADD, d->kept_fd, &e) ||
        epoll_ctl(d->poll_fd, EPOLL_CTL_ADD, d->store_fd, &e) ||
        epoll_ctl(d->poll_fd, EPOLL_CTL_ADD, d->asked_fd, &e) ||
        epoll_ctl(d->poll_fd, EPOLL_CTL_ADD, d->events_fd, &e))
        return errno == EMFILE || errno == ENFILE ? LEAT_E_LIMIT
                                                  : LEAT_E_SYSTEM;
    return 0;
}

static void free_domain(struct leat_sim_domain *d)
{
    struct notice *n;

    sim_events_close(d, false);
    if (d->table)
        munmap(d->table, table_bytes(d));
    if (d->window)
        munmap(d->window, window_bytes(d));
    if (d->poll_fd >= 0)
        close(d->poll_fd);
    if (d->store_fd >= 0)
        close(d->store_fd);
    if (d->kept_fd >= 0)
        close(d->kept_fd);
    if (d->asked_fd >= 0)
        close(d->asked_fd);
    if (d->notice_fd >= 0)
        close(d->notice_fd);
    while ((n = d->notices)) {
        d->notices = n->next;
        free(n);
    }
    d->link.close(d->link.self);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->events_lock);
    free(d->frame);
    free(d->exposed);
    free(d->leftover);
    free(d);
}

int sim_domain_create(struct sim_link link, uint32_t id,
                      struct leat_sim_domain **out)
{
    struct leat_sim_domain *d = calloc(1, sizeof(*d));
    struct sim_join *join;
    int err;

    if (!d) {
        link.close(link.self);
        return LEAT_E_NOMEM;
    }
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->events_lock, NULL);
    d->link = link;
    d->poll_fd = d->store_fd = d->notice_fd = d->kept_fd = -1;
    d->asked_fd = d->events_fd = d->kick_fd = -1;
    d->last_notice = &d->notices;
    err = leat_mmap_init(&d->memory);
    if (!err) {
        join = sim_begin(d, sizeof(*join));
        join->version = SIM_VERSION;
        join->domain = id;
        err = sim_exchange(d, SIM_JOIN, 1, -1);
        if (!err && id != SIM_ADMIN)
            err = settle(d);
        sim_end(d);
    }
    if (!err && id != SIM_ADMIN)
        err = sim_events_open(d);
    if (!err && id != SIM_ADMIN)
        err = open_poll(d);
    if (err) {
        free_domain(d);
        return err;
    }
    *out = d;
    return 0;
}

int leat_sim_join(const char *dir, uint32_t id, struct leat_sim_domain **out)
{
    struct sim_link link;
    int err;

    if (!dir || !out || (id != LEAT_SIM_ANY && id > LEAT_DOMAIN_MAX))
        return LEAT_E_INVALID;
    err = sim_link_process(dir, &link);
    return err ? err : sim_domain_create(link, id, out);
}

int leat_sim_leave(struct leat_sim_domain *d)
{
    if (!d)
        return LEAT_E_INVALID;
    sim_unmap_all(d);
    sim_conceal_all(d);
    free_domain(d);
    return 0;
}

void leat_sim_die(struct leat_sim_domain *d)
{
    /* So that nothing more is said. */
    __atomic_store_n(&d->gone, true, __ATOMIC_RELEASE);
    leat_sim_leave(d);
}

uint32_t leat_sim_id(const struct leat_sim_domain *d)
{
    return d->id;
}

int leat_sim_state(struct leat_sim_domain *d)
{
    if (!d)
        return LEAT_E_INVALID;
    if (sim_is_gone(d))
        return LEAT_E_GONE;
    return sim_notices_read(d) == LEAT_E_GONE ? LEAT_E_GONE : 0;
}

int leat_sim_fd(const struct leat_sim_domain *d)
{
    return d->poll_fd;
}

int leat_sim_wait(struct leat_sim_domain *d, int fd, uint64_t timeout_ns)
{
    int err;

    if (!d)
        return LEAT_E_INVALID;
    if (sim_is_gone(d))
        return LEAT_E_GONE;
    err = d->link.wait(d->link.self, fd < 0 ? d->poll_fd : fd, timeout_ns);
    if (!err && sim_notices_read(d) == LEAT_E_GONE)
        return LEAT_E_GONE;
    return err;
}

uint64_t leat_sim_now_ns(struct leat_sim_domain *d)
{
    return d->link.now_ns(d->link.self);
}
