/* SPDX-License-Identifier: ISC */

/* Peers that are processes: this program again, asked by a socket. */

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "suite.h"

static bool all(int fd, void *at, size_t n, bool write_)
{
    unsigned char *p = at;

    while (n) {
        ssize_t some = write_ ? send(fd, p, n, MSG_NOSIGNAL) : read(fd, p, n);

        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return false;
        p += some;
        n -= (size_t)some;
    }
    return true;
}

/* The program again, as a peer: --peer NUMBER WITH ACCESS WHERE. */
void process_start(struct world *w, unsigned peer, const char *where,
                   int *socket, int *pid)
{
    char self[512], number[16], with[16], access[16];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    int fd[2];

    SURE(n > 0);
    self[n] = 0;
    snprintf(number, sizeof(number), "%u", peer);
    snprintf(with, sizeof(with), "%u", w->own.id);
    snprintf(access, sizeof(access), "%u", (unsigned)w->wish.access);
    SURE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
    fflush(NULL);
    *pid = fork();
    SURE(*pid >= 0);
    if (!*pid) {
        dup2(fd[1], 3);
        if (fd[1] == 3)
            fcntl(3, F_SETFD, 0);
        execl(self, self, "--peer", number, with, access, where, (char *)NULL);
        _exit(127);
    }
    close(fd[1]);
    *socket = fd[0];
}

void process_post(int socket, const struct ask *ask)
{
    SURE(all(socket, (void *)(uintptr_t)ask, sizeof(*ask), true));
}

void process_await(int socket, struct answer *answer)
{
    SURE(all(socket, answer, sizeof(*answer), false));
}

void process_end(int socket, int pid)
{
    static struct ask leave = {.op = PEER_LEAVE};
    static struct answer answer;
    int status = -1;

    process_post(socket, &leave);
    process_await(socket, &answer);
    close(socket);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void process_kill(int socket, int pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(socket);
}

/* What a peer's process is. */
int peer_main(char **argv)
{
    static struct ask ask;
    static struct answer answer;
    static struct peer peer;
    struct leat_grants_config config = {.maps_max = 64};
    struct party p = {
        .f = &the_fixture,
        .number = (unsigned)strtoul(argv[2], NULL, 10),
        .with = (uint32_t)strtoul(argv[3], NULL, 10),
        .access = (enum leat_access)strtoul(argv[4], NULL, 10),
        .where = argv[5],
    };

    alarm(110);
    p.with_2 = p.with;
    party_open(&p, &config);
    peer.party = &p;
    while (all(3, &ask, sizeof(ask), false)) {
        peer_serve(&peer, &ask, &answer);
        if (!all(3, &answer, sizeof(answer), true))
            break;
        if (ask.op == PEER_LEAVE)
            party_close(&p);
    }
    return test_failed;
}
