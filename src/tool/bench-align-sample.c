/* SPDX-License-Identifier: ISC */

/*
 * One sample: a process of its own, pinned, that says one line.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench-align.h"
#include "bench.h"

/* Longer than any takes: a split lock may cost milliseconds each. */
#define SAMPLE_SECONDS 20
#define EXIT_NONE      77

struct command {
    char path[PATH_MAX + 64];
    char time[24], batch[16], window[48], need[128];
    char size[24], off[24], other[24];
    char *argv[20];
    int keep; /* a descriptor that it inherits; -1 */
};

static bool of_file(const struct align_way *w)
{
    return w->group == ALIGN_READS || w->group == ALIGN_WRITES;
}

/*
 * What a bounce is made for: the file's demands and those that were asked about,
 * or, in memory, a page. All zeros: nobody says.
 */
static struct leat_constraint need_of(const struct align *a,
                                      const struct align_way *w)
{
    const struct leat_constraint page = {.align = LEAT_PAGE_SIZE};
    struct leat_constraint both;

    if (!of_file(w))
        return a->has_asked ? a->asked : page;
    if (a->has_asked && !leat_constraint_merge(&a->need, &a->asked, &both))
        return both;
    return a->need;
}

static bool prepare(const struct align *a, const struct align_case *c,
                    struct command *cmd)
{
    const struct align_way *w = &align_ways[c->way];
    struct leat_constraint need = need_of(a, w);
    const struct align_part *part =
        &a->parts[w->group == ALIGN_WRITES][w->cached];
    int n = 0;

    if (!bench_find(of_file(w) ? "align-file" : "align-memory", cmd->path,
                    sizeof cmd->path))
        return tool_fail("bench: align: there is no %s beside the command",
                         of_file(w) ? "align-file" : "align-memory");
    snprintf(cmd->time, sizeof cmd->time, "%u", a->milliseconds * 1000);
    snprintf(cmd->batch, sizeof cmd->batch, "%u", a->batch);
    snprintf(cmd->need, sizeof cmd->need, "%zu,%zu,%zu,%zu,%zu,%u", need.align,
             need.multiple, need.boundary, need.segments, need.segment_bytes,
             (unsigned)need.flags);
    snprintf(cmd->size, sizeof cmd->size, "%zu", c->size);
    snprintf(cmd->off, sizeof cmd->off, "%zu", c->off);
    snprintf(cmd->other, sizeof cmd->other, "%zu", c->other);
    cmd->keep = -1;
    cmd->argv[n++] = cmd->path;
    cmd->argv[n++] = (char *)"-t";
    cmd->argv[n++] = cmd->time;
    cmd->argv[n++] = (char *)"-c";
    cmd->argv[n++] = cmd->need;
    if (of_file(w)) {
        cmd->keep = part->fd;
        snprintf(cmd->window, sizeof cmd->window, "%llu,%llu",
                 (unsigned long long)part->from,
                 (unsigned long long)part->bytes);
        cmd->argv[n++] = (char *)"-f";
        cmd->argv[n++] = (char *)part->path;
        cmd->argv[n++] = (char *)"-w";
        cmd->argv[n++] = cmd->window;
        cmd->argv[n++] = (char *)"-b";
        cmd->argv[n++] = cmd->batch;
    }
    cmd->argv[n++] = (char *)w->name;
    cmd->argv[n++] = cmd->size;
    cmd->argv[n++] = cmd->off;
    cmd->argv[n++] = cmd->other;
    cmd->argv[n] = NULL;
    return true;
}

static _Noreturn void child(const struct align *a, struct command *cmd, int out)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (a->cpu >= 0) {
        CPU_SET(a->cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    if (cmd->keep >= 0)
        fcntl(cmd->keep, F_SETFD, 0);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(cmd->path, cmd->argv);
    _exit(127);
}

/* Reads all that it says; false when its time is over, or ours is. */
static bool hear(int fd, char *text, size_t len)
{
    double end = tool_now() + SAMPLE_SECONDS;
    size_t used = 0;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (tool_interrupted() || tool_now() > end || used == len - 1)
            return false;
        if (poll(&p, 1, 200) <= 0)
            continue;
        n = read(fd, text + used, len - 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
        used += (size_t)n;
        text[used] = '\0';
    }
}

static enum align_state understand(char *text, int status, double *ns,
                                   char error[ALIGN_ERROR_LEN])
{
    bool exited = WIFEXITED(status);

    text[strcspn(text, "\n")] = '\0';
    if (exited && WEXITSTATUS(status) == EXIT_NONE &&
        !strncmp(text, "none ", 5)) {
        snprintf(error, ALIGN_ERROR_LEN, "%.60s", text + 5);
        return ALIGN_ABSENT;
    }
    if (exited && !WEXITSTATUS(status)) {
        if (sscanf(text, "ns %lf", ns) == 1)
            return ALIGN_GOOD;
        if (!strncmp(text, "error ", 6)) {
            snprintf(error, ALIGN_ERROR_LEN, "%.60s", text + 6);
            return ALIGN_REFUSED;
        }
    }
    return ALIGN_FAULT;
}

enum align_state align_sample(const struct align *a, const struct align_case *c,
                              double *ns, char error[ALIGN_ERROR_LEN])
{
    const struct align_way *w = &align_ways[c->way];
    char text[512] = "";
    struct command cmd;
    enum align_state state;
    int fds[2], status = 0;
    bool in_time;
    pid_t pid;

    if (!prepare(a, c, &cmd))
        return ALIGN_FAULT;
    if (pipe2(fds, O_CLOEXEC)) {
        tool_fail("bench: no pipe: %s", strerror(errno));
        return ALIGN_FAULT;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        child(a, &cmd, fds[1]);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        tool_fail("bench: no process: %s", strerror(errno));
        return ALIGN_FAULT;
    }
    in_time = hear(fds[0], text, sizeof text);
    if (!in_time)
        kill(pid, SIGKILL);
    close(fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (tool_interrupted())
        return ALIGN_FAULT;
    state = understand(text, status, ns, error);
    if (state != ALIGN_FAULT)
        return state;
    if (!in_time)
        snprintf(text, sizeof text, "it took too long, and was stopped");
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "%s", strsignal(WTERMSIG(status)));
    tool_fail("bench: %s of %zu bytes at +%zu, +%zu: %s", w->name, c->size,
              c->off, c->other, *text ? text : "it said nothing");
    return ALIGN_FAULT;
}
