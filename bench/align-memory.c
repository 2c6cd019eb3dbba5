/* SPDX-License-Identifier: ISC */

/*
 * What alignment costs in memory: copies, a checksum, single accesses.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "align.h"

#define SEGS_MAX 4096

struct job {
    const struct align_run *run;
    struct leat_pool *pool;
    struct leat_view dst, src;
    struct leat_copies copies;
    enum leat_export_mode mode;
};

/* ------------------------------------------------------------------ copies */

static uint64_t work_memcpy(void *what, uint64_t n)
{
    struct job *j = what;
    size_t size = j->run->size;
    uint64_t from = align_now(), i;

    for (i = 0; i < n; i++) {
        ALIGN_HIDE(size);
        memcpy(j->dst.data, j->src.data, size);
        ALIGN_USE(j->dst.data);
    }
    return align_now() - from;
}

#if defined(__x86_64__)
static uint64_t work_movsb(void *what, uint64_t n)
{
    struct job *j = what;
    uint64_t from = align_now(), i;

    for (i = 0; i < n; i++) {
        void *dst = j->dst.data;
        const void *src = j->src.data;
        size_t size = j->run->size;

        __asm__ volatile("rep movsb"
                         : "+D"(dst), "+S"(src), "+c"(size)
                         :
                         : "memory");
    }
    return align_now() - from;
}

/* Leaf 7, EBX, bit 9: "enhanced rep movsb and stosb". */
static bool has_erms(void)
{
    unsigned a, b, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 9));
}
#endif

static uint64_t work_view(void *what, uint64_t n)
{
    struct job *j = what;
    struct leat_cview src = leat_view_const(j->src);
    uint64_t from = align_now(), i;
    int bad = 0;

    for (i = 0; i < n; i++) {
        bad |= leat_view_copy(j->dst, 0, src, &j->copies);
        ALIGN_USE(j->dst.data);
    }
    if (bad)
        align_die("a view was not copied");
    return align_now() - from;
}

/* The source leaves for a device that reads pages: an export, and its end. */
static uint64_t work_bounce(void *what, uint64_t n)
{
    struct job *j = what;
    static struct leat_view segs[SEGS_MAX];
    struct leat_export ex = {.segs = segs,
                             .max_segs = SEGS_MAX,
                             .dir = LEAT_TO_DEVICE,
                             .pool = j->pool};
    uint64_t from = align_now(), i;
    int err;

    for (i = 0; i < n; i++) {
        err = leat_export(&j->src, 1, &j->run->need, j->mode, &ex);
        if (!err) {
            ALIGN_USE(segs[0].data);
            err = leat_export_end(&ex, SIZE_MAX);
        }
        if (err)
            align_leat(err);
    }
    return align_now() - from;
}

/* What passes as it is must be copied on purpose, or there is nothing to see. */
static void choose_mode(struct job *j)
{
    static struct leat_view segs[SEGS_MAX];
    struct leat_export ex = {.segs = segs,
                             .max_segs = SEGS_MAX,
                             .dir = LEAT_TO_DEVICE,
                             .pool = j->pool};

    j->mode = LEAT_BOUNCE;
    if (!leat_export(&j->src, 1, &j->run->need, LEAT_REFUSE, &ex)) {
        leat_export_end(&ex, SIZE_MAX);
        j->mode = LEAT_COPY;
    }
}

/* ---------------------------------------------------------------- checksum */

/* The Internet checksum (RFC 1071), eight bytes at a time. */
static uint16_t checksum(const unsigned char *p, size_t len)
{
    uint64_t sum = 0, word;
    size_t i;

    for (i = 0; i + 8 <= len; i += 8) {
        memcpy(&word, p + i, 8);
        sum += word;
        sum += sum < word;
    }
    if (i < len) {
        word = 0;
        memcpy(&word, p + i, len - i);
        sum += word;
        sum += sum < word;
    }
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint64_t work_checksum(void *what, uint64_t n)
{
    struct job *j = what;
    size_t size = j->run->size;
    uint64_t from = align_now(), i;

    for (i = 0; i < n; i++) {
        ALIGN_HIDE(size);
        ALIGN_USE((size_t)checksum(j->dst.data, size));
    }
    return align_now() - from;
}

/* --------------------------------------------------------- single accesses */

static uint64_t work_load(void *what, uint64_t n)
{
    struct job *j = what;
    const unsigned char *p = j->dst.data;
    uint64_t from = align_now(), i, x;

    for (i = 0; i < n; i++) {
        ALIGN_HIDE(p);
        memcpy(&x, p, 8);
        ALIGN_USE(x);
    }
    return align_now() - from;
}

static uint64_t work_store(void *what, uint64_t n)
{
    struct job *j = what;
    unsigned char *p = j->dst.data;
    uint64_t from = align_now(), i;

    for (i = 0; i < n; i++) {
        ALIGN_HIDE(p);
        memcpy(p, &i, 8);
        ALIGN_USE(p);
    }
    return align_now() - from;
}

#if defined(__x86_64__)
static uint64_t work_lock(void *what, uint64_t n)
{
    struct job *j = what;
    unsigned char *p = j->dst.data;
    uint64_t from = align_now(), i;

    for (i = 0; i < n; i++)
        __asm__ volatile("lock addq $1, (%0)" : : "r"(p) : "memory", "cc");
    return align_now() - from;
}
#endif

/* Split-lock detection sends SIGBUS; an unaligned access may elsewhere. */
static void trapped(int sig)
{
    static const char bus[] = "error SIGBUS\n", segv[] = "error SIGSEGV\n";
    ssize_t n = sig == SIGBUS ? write(1, bus, sizeof bus - 1)
                              : write(1, segv, sizeof segv - 1);

    _exit(n > 0 ? 0 : 1);
}

static const struct way {
    const char *name;
    align_work *work;
} ways[] = {
    {"memcpy", work_memcpy},     {"view", work_view}, {"bounce", work_bounce},
    {"checksum", work_checksum}, {"load", work_load}, {"store", work_store},
#if defined(__x86_64__)
    {"movsb", work_movsb},       {"lock", work_lock},
#endif
};

void align_go(const struct align_run *run)
{
    struct job j = {.run = run};
    struct sigaction act = {.sa_handler = trapped};
    align_work *work = NULL;
    size_t i;

    for (i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!strcmp(run->way, ways[i].name))
            work = ways[i].work;
    }
    if (!work)
        align_none("this processor has no such instruction");
#if defined(__x86_64__)
    if (work == work_movsb && !has_erms())
        align_none("this processor has no fast rep movsb (ERMS)");
#endif
    j.pool = align_pool();
    j.dst = align_view(j.pool, run->off, run->size);
    j.src = align_view(j.pool, work == work_bounce ? run->off : run->other,
                       run->size);
    if (work == work_bounce)
        choose_mode(&j);
    sigaction(SIGBUS, &act, NULL);
    sigaction(SIGSEGV, &act, NULL);
    align_tell(align_measure(run, work, &j));
}
