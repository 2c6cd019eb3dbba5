/* SPDX-License-Identifier: ISC */

/*
 * Two processes on two processors, and the distance between these; see device.h.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

/* A line of the cache, and the one that is fetched along with it. */
#define PAIR_ALIGN _Alignas(128)

struct pair_shared {
    PAIR_ALIGN uint32_t ball;  /* (a) odd: the second's turn  */
    PAIR_ALIGN uint32_t phase; /* (a) by the first          */
    PAIR_ALIGN uint64_t told;  /* by the second             */
};

/* The median of so many, each of so many ways there and back. */
#define BATCHES 31
#define TURNS   64u

void pair_fork(struct pair *p)
{
    int fds[2];

    p->shared = mmap(NULL, sizeof *p->shared, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p->shared == MAP_FAILED ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
        device_die_errno("no pair");
    fflush(NULL);
    p->pid = fork();
    if (p->pid < 0)
        device_die_errno("no process");
    p->second = !p->pid;
    p->fd = fds[p->second];
    close(fds[!p->second]);
    if (p->second)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    cpu_pin(p->second);
}

/* The other is not there any more: it says why, or nobody does. */
static _Noreturn void pair_lost(struct pair *p)
{
    pair_end(p);
    device_die("the second process ended early");
}

void pair_meet(struct pair *p)
{
    char c = 0;

    /* The other's end is closed when it dies. */
    if (send(p->fd, &c, 1, MSG_NOSIGNAL) != 1 || read(p->fd, &c, 1) != 1)
        pair_lost(p);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void wait_for(const uint32_t *ball, uint32_t value)
{
    while (__atomic_load_n(ball, __ATOMIC_ACQUIRE) != value)
        device_relax();
}

double pair_distance(struct pair *p)
{
    double batch[BATCHES];
    uint32_t at;
    unsigned b, i;

    pair_meet(p);
    at = __atomic_load_n(&p->shared->ball, __ATOMIC_ACQUIRE) & ~1u;
    pair_meet(p);
    for (b = 0; b < BATCHES; b++) {
        uint64_t from = device_now();

        for (i = 0; i < TURNS; i++, at += 2) {
            if (p->second) {
                wait_for(&p->shared->ball, at + 1);
                __atomic_store_n(&p->shared->ball, at + 2, __ATOMIC_RELEASE);
            } else {
                __atomic_store_n(&p->shared->ball, at + 1, __ATOMIC_RELEASE);
                wait_for(&p->shared->ball, at + 2);
            }
        }
        batch[b] = (double)(device_now() - from) / TURNS;
    }
    pair_meet(p);
    qsort(batch, BATCHES, sizeof *batch, compare);
    return batch[BATCHES / 2];
}

uint64_t pair_tell(struct pair *p, uint64_t value)
{
    if (p->second)
        p->shared->told = value;
    pair_meet(p);
    return p->shared->told;
}

void pair_go(struct pair *p, enum pair_phase phase)
{
    __atomic_store_n(&p->shared->phase, phase, __ATOMIC_RELEASE);
}

enum pair_phase pair_at(const struct pair *p)
{
    return (enum pair_phase)__atomic_load_n(&p->shared->phase,
                                            __ATOMIC_ACQUIRE);
}

void pair_end(struct pair *p)
{
    int status = 0;

    if (p->second)
        exit(0);
    close(p->fd);
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == DEVICE_NONE)
        exit(DEVICE_NONE);
    if (status)
        device_die("the second process failed");
}
