/* SPDX-License-Identifier: ISC */

/*
 * What is beside the front end of leat sim block: the files, the toolstack's part,
 * and the other processes.
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

/* -------------------------------------------------------------------- files */

static bool look_at_image(struct block_job *j, struct stat *st)
{
    if (stat(j->image, st))
        return tool_fail("sim block: %s: %s", j->image, strerror(errno));
    if (!S_ISREG(st->st_mode))
        return tool_fail("sim block: %s: not a regular file", j->image);
    if (!st->st_size)
        return tool_fail("sim block: %s: it is empty", j->image);
    if (st->st_size % 512)
        return tool_fail("sim block: %s: %lld bytes are no whole sectors of "
                         "512; \"truncate -s %%512\" pads it",
                         j->image, (long long)st->st_size);
    j->bytes = (uint64_t)st->st_size;
    return true;
}

/* The second disk: as long as the image, and never the image itself. */
static bool make_out(struct block_job *j, const struct stat *image)
{
    const char *path = j->out ? j->out : j->own_out;
    struct stat st;
    int fd;

    if (j->out && !stat(path, &st)) {
        if (st.st_dev == image->st_dev && st.st_ino == image->st_ino)
            return tool_fail("sim block: %s: it is the image", path);
        if (!S_ISREG(st.st_mode))
            return tool_fail("sim block: %s: not a regular file", path);
    }
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, (off_t)j->bytes)) {
        tool_fail("sim block: %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    close(fd);
    return true;
}

static char *joined(const char *dir, const char *name)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Our own directory: beside (out), where there is room for what goes there. */
static bool make_scratch(struct block_job *j)
{
    const char *tmp = getenv("TMPDIR");

    j->scratch = joined(tmp && *tmp ? tmp : "/tmp", "leat-block-XXXXXX");
    if (!j->scratch)
        return tool_fail("out of memory");
    if (!mkdtemp(j->scratch)) {
        tool_fail("sim block: %s: %s", j->scratch, strerror(errno));
        free(j->scratch);
        j->scratch = NULL;
        return false;
    }
    j->sim = joined(j->scratch, "sim");
    j->own_out = joined(j->scratch, "out");
    return (j->sim && j->own_out) || tool_fail("out of memory");
}

bool block_files(struct block_job *j)
{
    struct stat st;

    return look_at_image(j, &st) && make_scratch(j) && make_out(j, &st);
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

bool block_start_back(struct block_job *j)
{
    const char *out = j->out ? j->out : j->own_out;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return tool_fail("sim block: %s", strerror(errno));
    fflush(stdout);
    j->back = fork();
    if (j->back == 0) {
        if (dup2(ends[1], STATS_FD) == STATS_FD)
            execl("/proc/self/exe", "leat", "sim", "block-back", j->sim,
                  j->image, out, (char *)NULL);
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

bool block_start(struct block_job *j)
{
    int err = leat_sim_start(j->sim, NULL);

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
    if (j->scratch) {
        (void)unlink(j->own_out);
        if (rmdir(j->scratch) && errno != ENOENT)
            good = tool_fail("sim block: %s: %s", j->scratch, strerror(errno));
    }
    free(j->scratch);
    free(j->sim);
    free(j->own_out);
    return good;
}
