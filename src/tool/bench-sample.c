/* SPDX-License-Identifier: ISC */

/*
 * One sample: a process of its own, pinned, whose lines are read.
 */

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* Longer than any sample takes; one that hangs is stopped. */
#define SAMPLE_SECONDS 60

/* Exit statuses of a peer: it has no such case; it could not be started. */
#define PEER_NONE    77
#define PEER_NOEXEC  127
#define OUTPUT_BYTES 4096

#define PATH_BYTES (4096 + 64)

/* Beside the command that runs, in a tree where it was built; or installed. */
bool bench_find(const char *program, char *path, size_t len)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    if (n > 0) {
        self[n] = '\0';
        slash = strrchr(self, '/');
        if (slash) {
            *slash = '\0';
            snprintf(path, len, "%s/bench/%s", self, program);
            if (!access(path, R_OK))
                return true;
        }
    }
#ifdef PKGLIBEXECDIR
    snprintf(path, len, "%s/%s", PKGLIBEXECDIR, program);
    if (!access(path, R_OK))
        return true;
#endif
    return false;
}

/* The last two that we may use: interrupts gather on the first. */
void bench_cpus(struct bench *b)
{
    cpu_set_t set;
    int cpu;

    b->ncpus = 0;
    if (sched_getaffinity(0, sizeof set, &set))
        return;
    for (cpu = CPU_SETSIZE - 1; cpu >= 0 && b->ncpus < 2; cpu--) {
        if (CPU_ISSET(cpu, &set))
            b->cpus[b->ncpus++] = cpu;
    }
}

static _Noreturn void child(const struct bench *b, const char *path,
                            const struct peer *peer, const struct row *row,
                            int out)
{
    char milliseconds[16], script[PATH_BYTES];
    cpu_set_t set;
    unsigned i;

    if (!bench_find("instructions.sh", script, sizeof script))
        *script = '\0';

    CPU_ZERO(&set);
    for (i = 0; i < row->cpus && i < b->ncpus; i++)
        CPU_SET(b->cpus[i], &set);
    sched_setaffinity(0, sizeof set, &set);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    unsetenv("MALLOC_CONF");
    if (!strcmp(row->of, "instructions")) {
        execl(script, script, path, peer->variant, (char *)NULL);
        _exit(PEER_NOEXEC);
    }
    snprintf(milliseconds, sizeof milliseconds, "%u", b->milliseconds);
    execl(path, path, "-t", milliseconds, peer->variant, row->of, (char *)NULL);
    _exit(PEER_NOEXEC);
}

/* Reads all that it says; false when its time is over, or ours is. */
static bool listen_to(int fd, char *text, size_t len)
{
    double end = tool_now() + SAMPLE_SECONDS;
    size_t used = 0;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        char spill[256];
        bool room = used < len - 1;
        ssize_t n;

        if (tool_interrupted() || tool_now() > end)
            return false;
        if (poll(&p, 1, 200) <= 0)
            continue;
        n = read(fd, room ? text + used : spill,
                 room ? len - 1 - used : sizeof spill);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += room ? (size_t)n : 0;
        text[used] = '\0';
    }
    return true;
}

/* Takes the lines that are figures; gives the last one that is not. */
static const char *parse(char *text, const char *of, struct metric *metrics,
                         int *nmetrics)
{
    const char *other = "it said nothing";
    char *line, *save = NULL, name[32], metric[16];
    double value;

    *nmetrics = 0;
    for (line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (*nmetrics < METRICS_MAX &&
            sscanf(line, "%31s %15s %lf", name, metric, &value) == 3 &&
            !strcmp(name, of)) {
            snprintf(metrics[*nmetrics].name, sizeof metric, "%s", metric);
            metrics[(*nmetrics)++].value = value;
        } else {
            other = line;
        }
    }
    return other;
}

enum state bench_sample(const struct bench *b, const struct peer *peer,
                        const struct row *row, struct metric *metrics,
                        int *nmetrics, char why[BENCH_WHY])
{
    char path[PATH_BYTES], text[OUTPUT_BYTES] = "";
    const char *said;
    int fds[2], status = 0;
    bool in_time;
    pid_t pid;

    *nmetrics = 0;
#ifndef COUNT_INSTRUCTIONS
    /* They are not written down for this compiler. */
    if (!strcmp(row->of, "instructions"))
        return STATE_NONE;
#endif
    if (!bench_find(peer->program, path, sizeof path))
        return STATE_MISSING;
    if (pipe(fds)) {
        tool_fail("bench: no pipe: %s", strerror(errno));
        return STATE_BAD;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        child(b, path, peer, row, fds[1]);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        tool_fail("bench: no process: %s", strerror(errno));
        return STATE_BAD;
    }
    in_time = listen_to(fds[0], text, sizeof text);
    if (!in_time)
        kill(pid, SIGKILL);
    close(fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (tool_interrupted())
        return STATE_BAD;
    said = parse(text, row->of, metrics, nmetrics);
    if (WIFEXITED(status) && WEXITSTATUS(status) == PEER_NONE) {
        if (why)
            snprintf(why, BENCH_WHY, "%s", said);
        return STATE_NONE;
    }
    if (in_time && WIFEXITED(status) && !WEXITSTATUS(status) && *nmetrics)
        return STATE_GOOD;
    if (!in_time)
        said = "it was stopped: it took too long";
    else if (WIFSIGNALED(status))
        said = strsignal(WTERMSIG(status));
    tool_fail("bench: %s %s %s: %s", peer->program, peer->variant, row->of,
              said);
    return STATE_BAD;
}

double bench_written(const char *variant, const char *of)
{
    char path[PATH_BYTES], line[256], v[32], c[32];
    double n, found = 0;
    FILE *f = NULL;

    if (bench_find("instructions.expect", path, sizeof path))
        f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%31s %31s %lf", v, c, &n) == 3 &&
            !strcmp(v, variant) && !strcmp(c, of))
            found = n;
    }
    if (f)
        fclose(f);
    return found;
}
