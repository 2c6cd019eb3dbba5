/* SPDX-License-Identifier: ISC */

/* Two descriptors as one: an epoll of them, level-triggered as they are. */

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <leat/xen_poll.h>

static int poll_error(void)
{
    return errno == EMFILE || errno == ENFILE ? LEAT_E_LIMIT
           : errno == ENOMEM                  ? LEAT_E_NOMEM
                                              : LEAT_E_SYSTEM;
}

static int add(int set, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data = {.fd = fd}};

    return fd < 0 || !epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) ? 0 : poll_error();
}

int leat_xen_poll_open(const struct leat_store *store,
                       const struct leat_events *events, int *fd)
{
    int of_store, of_events, set, err;

    if (!store || !store->ops || !events || !fd)
        return LEAT_E_INVALID;
    of_store = store->ops->fd ? store->ops->fd(store->self) : -1;
    of_events =
        events->ops && events->ops->fd ? events->ops->fd(events->self) : -1;
    if (of_store < 0 && of_events < 0)
        return LEAT_E_UNSUPPORTED;
    set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        return poll_error();
    err = add(set, of_store);
    if (!err)
        err = add(set, of_events);
    if (err) {
        close(set);
        return err;
    }
    *fd = set;
    return 0;
}
