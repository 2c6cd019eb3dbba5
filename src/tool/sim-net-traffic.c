/* SPDX-License-Identifier: ISC */

/*
 * Traffic of real kernels: ping, TCP by iperf3, and a file each way by TCP, of which
 * both sides tell the SHA-256. Programs run in the two namespaces, while this
 * process carries the frames between its TAP device and the front end:
 * sim-net-relay.c.
 *
 * In the middle of the first file the back end is killed, or the domain suspended;
 * what is on its way then is lost, and TCP sends it again.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim-net.h"

#define PINGS    "10"
#define PORT     5002
#define CHUNK    65536u
#define PATIENCE 60.0 /* seconds, for one step */

struct relay {
    struct net_job *job;
    struct net_front *front;
};

/* -------------------------------------------------------------- the programs */

/* Runs a program in one of the namespaces, its output in a file. */
static pid_t start(const struct relay *r, bool far, const char *out,
                   const char *const *argv)
{
    pid_t child;

    (void)r;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
            (far && !net_go_far(NULL)))
            _exit(126);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return child;
}

/* Carries frames until (child) ends; gives its status, or -1. */
static int carry_until(struct relay *r, pid_t child)
{
    const double began = tool_now();
    int status = -1;

    while (waitpid(child, &status, WNOHANG) == 0) {
        if (!net_front_turn(r->front) || tool_now() - began > PATIENCE) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool missing(const char *program)
{
    return tool_fail("sim net: %s is not installed", program);
}

static bool ping(struct relay *r)
{
    static const char *const argv[] = {"ping", "-n", "-q", "-c",    PINGS, "-i",
                                       "0.02", "-w", "10", NET_FAR, NULL};
    struct net_ping *p = &r->job->ping;
    char *out = side_path(r->job->side.scratch, "ping");
    char line[300];
    double least;
    int status;
    FILE *f;

    if (!out)
        return tool_fail("out of memory");
    status = carry_until(r, start(r, false, out, argv));
    f = fopen(out, "r");
    while (f && fgets(line, sizeof line, f)) {
        (void)sscanf(line, "%u packets transmitted, %u received", &p->sent,
                     &p->came);
        (void)sscanf(line, "rtt min/avg/max/mdev = %lf/%lf", &least,
                     &p->average_ms);
    }
    if (f)
        fclose(f);
    unlink(out);
    free(out);
    if (status == 127)
        return missing("ping");
    p->there = true;
    return (status == 0 && p->sent && p->came == p->sent) ||
           tool_fail("sim net: ping: %u of %u came back", p->came, p->sent);
}

static bool read_iperf(const char *path, double *bits)
{
    json_t *all = json_load_file(path, 0, NULL);
    json_t *end = json_object_get(all, "end");
    json_t *sum = json_object_get(end, "sum_received");

    *bits = json_number_value(json_object_get(sum, "bits_per_second"));
    json_decref(all);
    return *bits > 0;
}

static bool iperf_one(struct relay *r, bool back, const char *out)
{
    static const char *const server[] = {"iperf3", "-s",    "-1",
                                         "-B",     NET_FAR, NULL};
    char seconds[16];
    const char *const client[] = {
        "iperf3",           "-c", NET_FAR, "-t", seconds, "--json",
        back ? "-R" : NULL, NULL};
    char *log = side_path(r->job->side.scratch, "server");
    pid_t s = log ? start(r, true, log, server) : -1;
    int status = -1, i;
    bool good;

    snprintf(seconds, sizeof seconds, "%u", r->job->seconds);
    /* The server is there at once, or a little later. */
    for (i = 0; i < 20 && s > 0 && status; i++) {
        const double until = tool_now() + 0.1;

        while (tool_now() < until && net_front_turn(r->front))
            ;
        status = carry_until(r, start(r, false, out, client));
        if (status == 127 || status < 0)
            break;
    }
    if (s > 0) {
        kill(s, SIGKILL);
        waitpid(s, NULL, 0);
    }
    good = status == 0 && read_iperf(out, &r->job->iperf[back]);
    if (log)
        unlink(log);
    free(log);
    if (status == 127)
        return missing("iperf3");
    return good || tool_fail("sim net: iperf3 failed (status %d)", status);
}

static bool iperf(struct relay *r)
{
    char *out;
    bool good;

    if (!r->job->seconds)
        return true;
    out = side_path(r->job->side.scratch, "client");
    good = out && iperf_one(r, false, out) && iperf_one(r, true, out);
    if (out)
        unlink(out);
    free(out);
    r->job->have_iperf = good;
    return good;
}

/* -------------------------------------------------------------------- a file */

static struct sockaddr_in at(bool far)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};

    inet_pton(AF_INET, far ? NET_FAR : NET_NEAR, &a.sin_addr);
    return a;
}

static void next_bytes(uint64_t *state, unsigned char *bytes)
{
    size_t i;

    for (i = 0; i < CHUNK; i += sizeof *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        memcpy(bytes + i, state, sizeof *state);
    }
}

/* Sends (bytes) of a file that is not the same twice. */
static bool send_file(int fd, uint64_t bytes, struct digest *d)
{
    static unsigned char chunk[CHUNK];
    uint64_t state = (uint64_t)time(NULL) * 2654435761u + (uint64_t)getpid();
    size_t n, done;
    ssize_t put;

    for (; bytes; bytes -= n) {
        n = bytes < CHUNK ? (size_t)bytes : CHUNK;
        next_bytes(&state, chunk);
        if (!digest_feed(d, chunk, n))
            return false;
        for (done = 0; done < n; done += (size_t)put) {
            put = write(fd, chunk + done, n - done);
            if (put <= 0)
                return tool_fail("sim net: a file: %s", strerror(errno));
        }
    }
    return !shutdown(fd, SHUT_WR);
}

static bool receive_file(int fd, uint64_t bytes, struct digest *d)
{
    static unsigned char chunk[CHUNK];
    uint64_t sum = 0;
    ssize_t got;

    while ((got = read(fd, chunk, sizeof chunk)) > 0) {
        sum += (uint64_t)got;
        if (!digest_feed(d, chunk, (size_t)got))
            return false;
    }
    if (got < 0)
        return tool_fail("sim net: a file: %s", strerror(errno));
    return sum == bytes ||
           tool_fail("sim net: %llu bytes of %llu came",
                     (unsigned long long)sum, (unsigned long long)bytes);
}

static int accept_one(bool far)
{
    const struct sockaddr_in a = at(far);
    int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(s, (const struct sockaddr *)&a, sizeof a) || listen(s, 1))
        return -1;
    return accept(s, NULL, NULL);
}

/* The other side listens at once, or a little later. */
static int connect_to(bool far)
{
    const struct sockaddr_in a = at(far);
    int s, i;

    for (i = 0; i < 200; i++) {
        s = socket(AF_INET, SOCK_STREAM, 0);
        if (s < 0 || !connect(s, (const struct sockaddr *)&a, sizeof a))
            return s;
        close(s);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return -1;
}

/* One side's process: tells the sum of what it sent, or got, to (out). */
static pid_t start_side(const struct relay *r, bool far, bool sends, int out)
{
    char hex[DIGEST_HEX];
    struct digest *d;
    pid_t child;
    int fd;
    bool good;

    fflush(stdout);
    child = fork();
    if (child)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (far && !net_go_far(NULL))
        _exit(EXIT_BAD);
    fd = sends ? connect_to(!far) : accept_one(far);
    d = digest_new();
    if (fd < 0)
        tool_fail("sim net: no connection: %s", strerror(errno));
    good = d && fd >= 0 &&
           (sends ? send_file(fd, r->job->file_bytes, d)
                  : receive_file(fd, r->job->file_bytes, d)) &&
           digest_end(d, hex) && write(out, hex, sizeof hex) == sizeof hex;
    _exit(good ? EXIT_GOOD : EXIT_BAD);
}

/* Bytes that the front end has carried, one way. */
static uint64_t carried(const struct relay *r, bool from_far)
{
    struct leat_netfront_stats s = {0};

    (void)leat_netfront_stats(net_front_end(r->front), &s);
    return from_far ? s.rx_bytes : s.tx_bytes;
}

/* Carries frames until both ended; the disaster comes in the middle. */
static bool carry_file(struct relay *r, const pid_t pids[2], bool from_far)
{
    const uint64_t half = carried(r, from_far) + r->job->file_bytes / 2;
    const double began = tool_now();
    bool there[2] = {true, true}, good = true, turned = true;
    int status, i;

    while ((there[0] || there[1]) && turned) {
        turned = net_front_turn(r->front) && tool_now() - began < PATIENCE;
        if (turned && !r->job->disaster_done && r->job->disaster != NET_NONE &&
            carried(r, from_far) >= half)
            turned = net_front_disaster(r->front);
        for (i = 0; i < 2; i++) {
            if (!there[i] || waitpid(pids[i], &status, WNOHANG) != pids[i])
                continue;
            there[i] = false;
            good &= WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD;
        }
    }
    for (i = 0; i < 2; i++) {
        if (there[i]) {
            kill(pids[i], SIGKILL);
            waitpid(pids[i], NULL, 0);
        }
    }
    if (!turned && !there[0] && !there[1])
        return good;
    return turned ? good : tool_fail("sim net: the file did not get through");
}

static bool file(struct relay *r, bool from_far)
{
    const double began = tool_now();
    int ends[2][2];
    pid_t pids[2];
    bool good;
    int i;

    if (pipe2(ends[0], O_CLOEXEC) || pipe2(ends[1], O_CLOEXEC))
        return tool_fail("sim net: %s", strerror(errno));
    pids[1] = start_side(r, !from_far, false, ends[1][1]);
    pids[0] = start_side(r, from_far, true, ends[0][1]);
    good = pids[0] > 0 && pids[1] > 0 && carry_file(r, pids, from_far);
    r->job->file_seconds[from_far] = tool_now() - began;
    for (i = 0; i < 2; i++) {
        char *hex = r->job->sha[from_far][i];

        close(ends[i][1]);
        if (good && read(ends[i][0], hex, DIGEST_HEX) != DIGEST_HEX)
            good = tool_fail("sim net: a side did not tell its SHA-256");
        close(ends[i][0]);
    }
    if (good && strcmp(r->job->sha[from_far][0], r->job->sha[from_far][1]))
        good = tool_fail("sim net: SHA-256 %s was sent, %s came",
                         r->job->sha[from_far][0], r->job->sha[from_far][1]);
    return good;
}

/* ------------------------------------------------------------------- the whole */

static bool steps(struct relay *r)
{
    struct progress p;
    bool good;

    progress_begin(&p, "ping, TCP, a file each way", 100);
    good = net_front_ready(r->front) && ping(r);
    progress_at(&p, 20);
    good = good && iperf(r);
    progress_at(&p, 60);
    good = good && file(r, false);
    progress_at(&p, 80);
    good = good && file(r, true);
    progress_end(&p);
    return good;
}

bool net_traffic(struct net_job *j, struct leat_tap *near)
{
    struct net_relay *relay = net_relay_open(j, near);
    struct relay r = {.job = j};
    bool good;

    if (!relay)
        return false;
    r.front = net_relay_front(relay);
    good = (j->hold ? net_hold(j, r.front) : steps(&r)) &&
           net_front_close(r.front);
    net_relay_free(relay);
    return good;
}
