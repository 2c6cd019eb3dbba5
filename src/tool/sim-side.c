/* SPDX-License-Identifier: ISC */

/* A simulation with two domains, and who is beside the first. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim-side.h"

#define ATTEMPTS 10000 /* of a millisecond */

void side_nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

const char *side_device(const struct side *s, enum leat_bus_side side,
                        int device)
{
    static char paths[8][LEAT_BUS_PATH_MAX + 1];
    static unsigned next;
    const struct leat_bus_device *d = &s->devices[device];
    char *path = paths[next++ % 8];

    if (side == LEAT_BUS_FRONT)
        snprintf(path, sizeof paths[0], "/local/domain/%u/device/%s/%u",
                 d->front, d->type, d->number);
    else
        snprintf(path, sizeof paths[0], "/local/domain/%u/backend/%s/%u/%u",
                 d->back, d->type, d->front, d->number);
    return path;
}

char *side_path(const char *dir, const char *name)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* A name in the directory for such that nobody has. */
static char *fresh(const struct side *s)
{
    const char *tmp = getenv("TMPDIR");
    char *path = side_path(tmp && *tmp ? tmp : "/tmp", "leat-sim-XXXXXX");

    if (!path) {
        tool_fail("out of memory");
    } else if (!mkdtemp(path)) {
        tool_fail("%s: %s: %s", s->word, path, strerror(errno));
        free(path);
        path = NULL;
    }
    return path;
}

bool side_scratch(struct side *s)
{
    s->scratch = fresh(s);
    return s->scratch != NULL;
}

/* ---------------------------------------------------------------- processes */

/* Waits until the back end's domain is there, or is not. */
static bool await(struct side *s, bool there)
{
    struct leat_sim_info info;
    int i;

    for (i = 0; i < ATTEMPTS && !tool_interrupted(); i++) {
        int err = leat_sim_info(s->toolstack, SIDE_BACK, &info);

        if (err && err != LEAT_E_DOMAIN) {
            sim_failed(s->sim, err);
            return false;
        }
        if (!err == there)
            return true;
        if (there && waitpid(s->pid, NULL, WNOHANG) == s->pid) {
            s->pid = 0; /* it has said why */
            return false;
        }
        side_nap();
    }
    return tool_fail("%s: the back end does not %s", s->word,
                     there ? "come" : "go");
}

static void become_back(const struct side *s, int stats)
{
    const char *argv[2 + sizeof s->back / sizeof *s->back] = {"leat", "sim"};
    size_t i;

    for (i = 0; s->back[i]; i++)
        argv[i + 2] = *s->back[i] ? s->back[i] : s->sim;
    argv[i + 2] = NULL;
    if (dup2(stats, SIDE_STATS_FD) == SIDE_STATS_FD)
        execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(EXIT_BAD);
}

bool side_start_back(struct side *s)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return tool_fail("%s: %s", s->word, strerror(errno));
    fflush(stdout);
    s->pid = fork();
    if (s->pid == 0)
        become_back(s, ends[1]);
    close(ends[1]);
    if (s->stats_fd >= 0)
        close(s->stats_fd);
    s->stats_fd = ends[0];
    if (s->pid < 0)
        return tool_fail("%s: %s", s->word, strerror(errno));
    return await(s, true);
}

static void kill_back(struct side *s)
{
    kill(s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    s->pid = 0;
}

bool side_kill_back(struct side *s)
{
    kill_back(s);
    return await(s, false);
}

/* What the simulation makes it removes, even where this process is killed: then
 * it ends when the back end, which goes with its parent, has left. */
bool side_start(struct side *s)
{
    struct leat_sim_config c = {.flags = LEAT_SIM_UNTIL_EMPTY};
    int err;

    s->sim = fresh(s);
    if (!s->sim)
        return false;
    if (rmdir(s->sim))
        return tool_fail("%s: %s: %s", s->word, s->sim, strerror(errno));
    err = leat_sim_start(s->sim, &c);
    if (err) {
        sim_failed(s->sim, err);
        return false;
    }
    s->toolstack = sim_open(s->sim);
    return s->toolstack && side_start_back(s);
}

/* The command itself, by hand. */
pid_t side_suspend(const struct side *s)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    pid_t child;

    if (n < 0) {
        tool_fail("%s: /proc/self/exe: %s", s->word, strerror(errno));
        return -1;
    }
    self[n] = '\0';
    fflush(stdout);
    child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c",
              "\"$0\" sim suspend \"$1\" 1 >/dev/null && "
              "\"$0\" sim resume \"$1\" 1 >/dev/null",
              self, s->sim, (char *)NULL);
        _exit(EXIT_BAD);
    }
    if (child < 0)
        tool_fail("%s: %s", s->word, strerror(errno));
    return child;
}

/* The back end ends by itself, with its devices. */
static bool end_back(struct side *s)
{
    size_t n = 0;
    ssize_t got;
    int status = 0, i;

    for (i = 0; i < ATTEMPTS && s->pid; i++) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid)
            s->pid = 0;
        else
            side_nap();
    }
    if (s->pid) {
        kill_back(s);
        return tool_fail("%s: the back end does not end", s->word);
    }
    do {
        got = read(s->stats_fd, (char *)s->stats + n, s->stats_bytes - n);
        n += got > 0 ? (size_t)got : 0;
    } while (got > 0 && n < s->stats_bytes);
    s->have_stats = n == s->stats_bytes;
    return (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD) ||
           tool_fail("%s: the back end failed", s->word);
}

bool side_wait(struct side *s, bool good)
{
    if (s->pid && good)
        return end_back(s);
    if (s->pid)
        kill_back(s);
    return good;
}

bool side_stop(struct side *s, bool good)
{
    good = side_wait(s, good);
    if (s->stats_fd >= 0)
        close(s->stats_fd);
    if (s->toolstack) {
        (void)leat_sim_leave(s->toolstack);
        (void)leat_sim_stop(s->sim);
    }
    if (s->scratch && rmdir(s->scratch) && errno != ENOENT)
        good = tool_fail("%s: %s: %s", s->word, s->scratch, strerror(errno));
    free(s->scratch);
    free(s->sim);
    return good;
}

/* ---------------------------------------------------------------- toolstack */

bool side_make(struct side *s, bool both)
{
    struct leat_store store = leat_sim_store(s->toolstack);
    int i, err = 0;

    for (i = 0; i < s->ndevices && !err; i++)
        err = both ? leat_bus_device_make(&store, &s->devices[i])
                   : leat_bus_device_make_end(&store, &s->devices[i],
                                              LEAT_BUS_BACK);
    return !err || tool_fail("%s: the store: %s", s->word, leat_strerror(err));
}

bool side_take_offline(struct side *s)
{
    struct leat_store store = leat_sim_store(s->toolstack);
    char key[LEAT_STORE_PATH_MAX];
    int i, err = 0;

    for (i = 0; i < s->ndevices && !err; i++) {
        snprintf(key, sizeof key, "%s/online",
                 side_device(s, LEAT_BUS_BACK, i));
        err = store.ops->write(store.self, LEAT_STORE_NOW, key, "0", 1);
    }
    return !err || tool_fail("%s: the store: %s", s->word, leat_strerror(err));
}

int side_join_back(const char *dir, struct leat_sim_domain **out)
{
    int err = LEAT_E_BUSY, i;

    for (i = 0; i < ATTEMPTS && err == LEAT_E_BUSY; i++) {
        err = leat_sim_join(dir, SIDE_BACK, out);
        if (err == LEAT_E_BUSY)
            side_nap();
    }
    return err;
}

int side_open(struct leat_sim_domain *domain, struct leat_grants_config config,
              struct leat_grants **table, struct leat_bus *bus)
{
    const struct leat_bus_config b = {.store = leat_sim_store(domain),
                                      .events = leat_sim_events(domain),
                                      .lifecycle = config.lifecycle,
                                      .fd = -1};
    int err = leat_grants_meta_size(&config, &config.meta_bytes);

    if (!err)
        config.meta = malloc(config.meta_bytes);
    if (!err)
        err = leat_grants_create(table, &config);
    return err ? err : leat_bus_init(bus, &b);
}
