/* SPDX-License-Identifier: ISC */

/* One descriptor for a store and events: readable while either is. */

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <leat/xen_poll.h>

#include "pool_fixture.h"

static int fd_of(void *self)
{
    return *(int *)self;
}

static const struct leat_store_ops store_ops = {.name = "play", .fd = fd_of};
static const struct leat_event_ops event_ops = {.name = "play", .fd = fd_of};

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

Test(xen_poll, either)
{
    int ends[2][2], fd = -1;
    struct leat_store store = {&store_ops, &ends[0][0]};
    struct leat_events events = {&event_ops, &ends[1][0]};
    char byte;

    for (int i = 0; i < 2; i++)
        cr_assert_eq(pipe(ends[i]), 0);
    MUST(leat_xen_poll_open(&store, &events, &fd));
    cr_assert_not(readable(fd));
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(write(ends[i][1], "x", 1), 1);
        cr_assert(readable(fd));
        cr_assert(readable(fd), "until it was read");
        cr_assert_eq(read(ends[i][0], &byte, 1), 1);
        cr_assert_not(readable(fd));
    }
    close(fd);
}

Test(xen_poll, one_alone)
{
    int ends[2], none = -1, fd = -1;
    struct leat_store store = {&store_ops, &ends[0]};
    struct leat_events events = {NULL, NULL};

    cr_assert_eq(pipe(ends), 0);
    MUST(leat_xen_poll_open(&store, &events, &fd));
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert(readable(fd));
    close(fd);
    store.self = &none;
    fd = 6;
    FAILS(LEAT_E_UNSUPPORTED, leat_xen_poll_open(&store, &events, &fd));
    cr_assert_eq(fd, 6);
}

Test(xen_poll, refusals)
{
    struct rlimit few, as_it_was;
    int ends[2], fd = 6, bad = 1000, err;
    struct leat_store store = {&store_ops, &ends[0]};
    struct leat_events events = {&event_ops, &bad};

    cr_assert_eq(pipe(ends), 0);
    FAILS(LEAT_E_INVALID, leat_xen_poll_open(NULL, &events, &fd));
    FAILS(LEAT_E_INVALID, leat_xen_poll_open(&store, NULL, &fd));
    FAILS(LEAT_E_INVALID, leat_xen_poll_open(&store, &events, NULL));
    FAILS(LEAT_E_SYSTEM, leat_xen_poll_open(&store, &events, &fd));
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &as_it_was), 0);
    few = as_it_was;
    few.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    err = leat_xen_poll_open(&store, &events, &fd);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &as_it_was), 0);
    cr_assert_eq(err, LEAT_E_LIMIT);
    cr_assert_eq(fd, 6);
}
