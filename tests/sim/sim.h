/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SIM_H
#define LEAT_TESTS_SIM_H

/*
 * What the programs over a simulation share: a directory of their own, domains
 * in processes of their own, and TAP. A check that fails in a child fails the
 * case, by the child's status.
 */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <leat/gnttab.h>
#include <leat/leat.h>
#include <leat/sim.h>
#include <leat/sim_admin.h>
#include <leat/sim_domain.h>
#include <leat/sim_fault.h>

#define PAGE     LEAT_PAGE_SIZE
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND   1000000000u

static int cases, failed, here;
static char base[256], dir[300];

#define CHECK(cond)                                                     \
    do {                                                                \
        if (!(cond)) {                                                  \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
            fflush(stdout);                                             \
            here++;                                                     \
        }                                                               \
    } while (0)
#define GIVES(err, call)                                                   \
    do {                                                                   \
        int got_ = (call);                                                 \
        if (got_ != (err)) {                                               \
            printf("# %s:%d: %s: %s, not %s\n", __FILE__, __LINE__, #call, \
                   leat_strerror(got_), leat_strerror(err));               \
            fflush(stdout);                                                \
            here++;                                                        \
        }                                                                  \
    } while (0)
#define MUST(call) GIVES(0, call)

static inline void result(const char *name)
{
    printf("%sok %d - %s\n", here ? "not " : "", ++cases, name);
    fflush(stdout);
    failed += here != 0;
    here = 0;
}

static inline int done(void)
{
    rmdir(base);
    printf("1..%d\n", cases);
    return failed != 0;
}

/* A directory that is not there yet, in one that is ours. */
static inline void begin(void)
{
    const char *tmp = getenv("TMPDIR");

    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(base, sizeof(base), "%s/leat-sim.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(base))
        abort();
    snprintf(dir, sizeof(dir), "%s/d", base);
    alarm(100);
}

/* Nothing is left, at the latest after a moment. */
static inline bool nothing_left(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    struct stat st;
    int i;

    for (i = 0; i < 600 && !stat(dir, &st); i++)
        nanosleep(&pause, NULL);
    return stat(dir, &st) && errno == ENOENT;
}

/* A domain in a process of its own; it ends with what (fn) gives. */
static inline pid_t spawn(int (*fn)(void *arg), void *arg)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (!child) {
        alarm(60);
        here = 0;
        here += fn(arg);
        fflush(stdout);
        _exit(here ? 1 : 0);
    }
    return child;
}

static inline void reap(pid_t child)
{
    int status = -1;

    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline void kill_it(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static inline struct leat_sim_domain *join(uint32_t id)
{
    struct leat_sim_domain *d = NULL;
    int err = LEAT_E_BUSY;

    /* The one before may not be gone yet. */
    for (int i = 0; err == LEAT_E_BUSY && i < 5000; i++) {
        err = leat_sim_join(dir, id, &d);
        usleep(err ? 1000 : 0);
    }
    MUST(err);
    return d;
}

/* The hypervisor's process. */
static inline pid_t hypervisor(void)
{
    char line[64], path[400];
    pid_t pid = -1;
    FILE *f;

    snprintf(path, sizeof(path), "%s/lock", dir);
    f = fopen(path, "r");
    if (f && fgets(line, sizeof(line), f))
        pid = (pid_t)atol(line + 1);
    if (f)
        fclose(f);
    return pid;
}

/* A table entry, written as a kernel would. */
static inline void grant_entry(struct leat_sim_domain *d, uint32_t ref,
                               uint32_t domain, const void *page,
                               uint16_t flags)
{
    struct {
        uint16_t flags, domain;
        uint32_t frame;
    } * e;
    uint32_t n, frame = 0;
    void *const *frames = leat_sim_frames(d, &n);

    CHECK(ref / 512 < n);
    MUST(leat_sim_frame(d, page, &frame));
    e = frames[ref / 512];
    e += ref % 512;
    e->domain = (uint16_t)domain;
    e->frame = frame;
    __atomic_store_n(&e->flags, flags, __ATOMIC_RELEASE);
}

static inline uint16_t entry_flags(struct leat_sim_domain *d, uint32_t ref)
{
    uint16_t *page = leat_sim_frames(d, NULL)[ref / 512];

    return __atomic_load_n(&page[ref % 512 * 4], __ATOMIC_ACQUIRE);
}

static inline void entry_clear(struct leat_sim_domain *d, uint32_t ref)
{
    uint16_t *page = leat_sim_frames(d, NULL)[ref / 512];

    __atomic_store_n(&page[ref % 512 * 4], 0, __ATOMIC_RELEASE);
}

#define PERMIT  1u
#define RO      4u
#define READING 8u
#define WRITING 16u

static inline void *pages(size_t n)
{
    void *p = aligned_alloc(PAGE, n * PAGE);

    if (!p)
        abort();
    memset(p, 0, n * PAGE);
    return p;
}

#endif
