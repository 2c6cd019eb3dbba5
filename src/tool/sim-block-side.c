/* SPDX-License-Identifier: ISC */

/*
 * What is beside the front end of leat sim block: the toolstack's part, and the
 * other processes.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim-block.h"

#define STATS_FD    3
#define ATTEMPTS    10000
#define MILLISECOND (&(struct timespec){.tv_nsec = 1000000})

static const struct leat_bus_device devices[DISKS] = {
    {.type = "vbd", .front = BLOCK_FRONT, .back = BLOCK_BACK, .number = 51712},
    {.type = "vbd", .front = BLOCK_FRONT, .back = BLOCK_BACK, .number = 51728},
};

const char *block_path(enum leat_bus_side side, int disk)
{
    static const char *const paths[2][DISKS] = {
        {"/local/domain/1/device/vbd/51712",
         "/local/domain/1/device/vbd/51728"},
        {"/local/domain/2/backend/vbd/1/51712",
         "/local/domain/2/backend/vbd/1/51728"},
    };

    return paths[side][disk];
}

/* ---------------------------------------------------------------- processes */

static void pause_briefly(void)
{
    nanosleep(MILLISECOND, NULL);
}

/* Waits until a domain is there, or is not. */
static bool await(struct block_job *j, uint32_t domain, bool there)
{
    struct leat_sim_info info;
    int i;

    for (i = 0; i < ATTEMPTS && !tool_interrupted(); i++) {
        int err = leat_sim_info(j->toolstack, domain, &info);

        if (err && err != LEAT_E_DOMAIN) {
            sim_failed(j->sim, err);
            return false;
        }
        if (!err == there)
            return true;
        if (there && waitpid(j->back, NULL, WNOHANG) == j->back) {
            j->back = 0; /* it has said why */
            return false;
        }
        pause_briefly();
    }
    return tool_fail("sim block: domain %u does not %s", domain,
                     there ? "come" : "go");
}

static const char *how(const struct block_job *j, int disk)
{
    return j->file[disk].cached ? "cached" : "direct";
}

bool block_start_back(struct block_job *j)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return tool_fail("sim block: %s", strerror(errno));
    fflush(stdout);
    j->back = fork();
    if (j->back == 0) {
        if (dup2(ends[1], STATS_FD) == STATS_FD)
            execl("/proc/self/exe", "leat", "sim", "block-back", j->sim,
                  j->file[DISK_FROM].path, how(j, DISK_FROM),
                  j->file[DISK_TO].path, how(j, DISK_TO), (char *)NULL);
        _exit(EXIT_BAD);
    }
    close(ends[1]);
    if (j->stats_fd >= 0)
        close(j->stats_fd);
    j->stats_fd = ends[0];
    if (j->back < 0)
        return tool_fail("sim block: %s", strerror(errno));
    return await(j, BLOCK_BACK, true);
}

static void kill_back(struct block_job *j)
{
    kill(j->back, SIGKILL);
    while (waitpid(j->back, NULL, 0) < 0 && errno == EINTR)
        ;
    j->back = 0;
}

bool block_kill_back(struct block_job *j)
{
    kill_back(j);
    return await(j, BLOCK_BACK, false);
}

bool block_make_ends(struct block_job *j, bool both)
{
    struct leat_store store = leat_sim_store(j->toolstack);
    int i, err = 0;

    for (i = 0; i < DISKS && !err; i++)
        err =
            both ? leat_bus_device_make(&store, &devices[i])
                 : leat_bus_device_make_end(&store, &devices[i], LEAT_BUS_BACK);
    return !err || tool_fail("sim block: the store: %s", leat_strerror(err));
}

/* Both devices are to close for good. */
bool block_take_offline(struct block_job *j)
{
    struct leat_store store = leat_sim_store(j->toolstack);
    char key[LEAT_STORE_PATH_MAX];
    int i, err = 0;

    for (i = 0; i < DISKS && !err; i++) {
        snprintf(key, sizeof key, "%s/online", block_path(LEAT_BUS_BACK, i));
        err = store.ops->write(store.self, LEAT_STORE_NOW, key, "0", 1);
    }
    return !err || tool_fail("sim block: the store: %s", leat_strerror(err));
}

/* What the simulation makes it removes, even where this process is killed: then
 * it ends when the back end, which goes with its parent, has left. */
bool block_start(struct block_job *j)
{
    struct leat_sim_config c = {.flags = LEAT_SIM_UNTIL_EMPTY};
    const char *tmp = getenv("TMPDIR");
    int err;

    if (asprintf(&j->sim, "%s/leat-block-XXXXXX", tmp && *tmp ? tmp : "/tmp") <
        0) {
        j->sim = NULL;
        return tool_fail("out of memory");
    }
    if (!mkdtemp(j->sim) || rmdir(j->sim))
        return tool_fail("sim block: %s: %s", j->sim, strerror(errno));
    err = leat_sim_start(j->sim, &c);
    if (err) {
        sim_failed(j->sim, err);
        return false;
    }
    j->toolstack = sim_open(j->sim);
    return j->toolstack && block_start_back(j);
}

/* Another process asks this one, domain 1, to suspend, and resumes it: the
 * command itself, by hand. */
pid_t block_suspend(const struct block_job *j)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    pid_t child;

    if (n < 0) {
        tool_fail("sim block: /proc/self/exe: %s", strerror(errno));
        return -1;
    }
    self[n] = '\0';
    fflush(stdout);
    child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c",
              "\"$0\" sim suspend \"$1\" 1 >/dev/null && "
              "\"$0\" sim resume \"$1\" 1 >/dev/null",
              self, j->sim, (char *)NULL);
        _exit(EXIT_BAD);
    }
    if (child < 0)
        tool_fail("sim block: %s", strerror(errno));
    return child;
}

/* The back end ends by itself, with its devices. */
static bool end_back(struct block_job *j)
{
    size_t n = 0;
    ssize_t got;
    int status = 0, i;

    for (i = 0; i < ATTEMPTS && j->back; i++) {
        if (waitpid(j->back, &status, WNOHANG) == j->back)
            j->back = 0;
        else
            pause_briefly();
    }
    if (j->back) {
        kill_back(j);
        return tool_fail("sim block: the back end does not end");
    }
    do {
        got = read(j->stats_fd, (char *)j->back_stats + n,
                   sizeof j->back_stats - n);
        n += got > 0 ? (size_t)got : 0;
    } while (got > 0 && n < sizeof j->back_stats);
    j->have_back_stats = n == sizeof j->back_stats;
    return (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD) ||
           tool_fail("sim block: the back end failed");
}

bool block_stop(struct block_job *j, bool good)
{
    if (j->back && good)
        good = end_back(j);
    else if (j->back)
        kill_back(j);
    if (j->stats_fd >= 0)
        close(j->stats_fd);
    if (j->toolstack) {
        (void)leat_sim_leave(j->toolstack);
        (void)leat_sim_stop(j->sim);
    }
    free(j->sim);
    j->sim = NULL;
    return good;
}
