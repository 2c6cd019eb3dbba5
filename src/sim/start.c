/* SPDX-License-Identifier: ISC */

/*
 * Starting and stopping a hypervisor.
 *
 * The process that is started is nobody's child, so that it outlives whoever
 * started it, and has none of that one's descriptors but the pipe by which it
 * says that domains can join.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <leat/sim_fault.h>

#include "domain.h"
#include "place.h"
#include "server.h"

static const struct leat_sim_config defaults;

int sim_hv_create(const struct leat_sim_config *config, struct hv **out)
{
    struct leat_sim_fault faults[64];
    struct hv_host host = sim_host();
    struct hv_config c = {
        .frames = config->frames,
        .domains = config->domains,
        .units = config->units,
        .unit_pages = config->unit_pages,
        .handles = config->mappings,
        .ports = config->ports,
        .nodes = config->nodes,
        .watches = config->watches,
        .transactions = config->transactions,
    };
    size_t n = 0, i;
    int err = 0, rc;

    if (config->flags & ~LEAT_SIM_UNTIL_EMPTY)
        return LEAT_E_INVALID;
    if (config->faults)
        err = leat_sim_fault_parse(config->faults, faults, 64, &n);
    if (err)
        return err;
    rc = hv_create(out, &c, &host);
    for (i = 0; i < n && !rc; i++) {
        struct sim_fault f = {
            .domain = faults[i].domain,
            .op = faults[i].op,
            .action = faults[i].action,
            .skip = faults[i].skip,
            .times = faults[i].times,
            .arg = faults[i].value,
        };

        rc = hv_fault_add(*out, &f);
        if (rc)
            hv_destroy(*out);
    }
    return rc ? sim_error(rc) : 0;
}

/* Serves; says on (ready), unless it is -1, when it can be joined. */
static int serve(const char *dir, const struct leat_sim_config *config,
                 int ready)
{
    struct sim_place place;
    struct rlimit limit;
    struct hv *hv;
    int err, zero = 0;

    /* A descriptor for each unit that is shared. */
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    err = sim_hv_create(config, &hv);
    if (err)
        return err;
    err = sim_place_take(&place, dir);
    if (!err) {
        if (ready >= 0) {
            ssize_t n = write(ready, &zero, sizeof(zero));

            (void)n; /* who started it may be gone; others may come */
            close(ready);
        }
        err = sim_server_run(&place, hv, config->flags & LEAT_SIM_UNTIL_EMPTY);
        sim_place_leave(&place);
    }
    hv_destroy(hv);
    return err;
}

static void block(sigset_t *old)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, old);
}

int leat_sim_serve(const char *dir, const struct leat_sim_config *config)
{
    sigset_t old;
    int err;

    if (!dir)
        return LEAT_E_INVALID;
    block(&old);
    err = serve(dir, config ? config : &defaults, -1);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return err;
}

/* The grandchild, which is the hypervisor. */
static void daemon_main(const char *dir, const struct leat_sim_config *config,
                        int ready)
{
    int null = open("/dev/null", O_RDWR), fd, err;
    sigset_t old;

    for (fd = 0; fd < 3 && null >= 0; fd++)
        dup2(null, fd);
    if (ready > 3)
        close_range(3, (unsigned)ready - 1, 0);
    close_range((unsigned)ready + 1, ~0u, 0);
    block(&old);
    err = serve(dir, config, ready);
    if (err) {
        ssize_t n = write(ready, &err, sizeof(err));

        (void)n;
    }
    _exit(err ? 1 : 0);
}

int leat_sim_start(const char *dir, const struct leat_sim_config *config)
{
    int ready[2], err = LEAT_E_SYSTEM;
    pid_t child;
    ssize_t n;

    if (!dir)
        return LEAT_E_INVALID;
    if (pipe2(ready, O_CLOEXEC))
        return errno == EMFILE ? LEAT_E_LIMIT : LEAT_E_SYSTEM;
    child = fork();
    if (!child) {
        setsid();
        child = fork();
        if (!child)
            daemon_main(dir, config ? config : &defaults, ready[1]);
        _exit(child < 0);
    }
    close(ready[1]);
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
        do
            n = read(ready[0], &err, sizeof(err));
        while (n < 0 && errno == EINTR);
        if (n != (ssize_t)sizeof(err))
            err = LEAT_E_SYSTEM;
    }
    close(ready[0]);
    return err;
}

int leat_sim_stop(const char *dir)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct leat_sim_domain *d;
    struct sim_link link;
    struct stat st;
    char path[4096];
    int err, i;

    if (!dir)
        return LEAT_E_INVALID;
    err = sim_link_process(dir, &link);
    if (!err)
        err = sim_domain_create(link, SIM_ADMIN, &d);
    if (err)
        return err;
    sim_begin(d, 0);
    err = sim_exchange(d, SIM_STOP, 0, -1);
    sim_end(d);
    leat_sim_leave(d);
    snprintf(path, sizeof(path), "%s/lock", dir);
    for (i = 0; i < 2500 && !err && !stat(path, &st); i++)
        nanosleep(&pause, NULL);
    return err;
}
