/* SPDX-License-Identifier: ISC */

/*
 * The main program of align-memory and align-file; see align.h.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "align.h"

_Noreturn void align_die(const char *why)
{
    fprintf(stderr, "align: %s\n", why);
    exit(1);
}

static _Noreturn void end(int status)
{
    if (fflush(stdout))
        align_die("cannot write");
    exit(status);
}

_Noreturn void align_tell(double ns)
{
    printf("ns %.4f\n", ns);
    end(0);
}

_Noreturn void align_error(const char *name)
{
    printf("error %s\n", name);
    end(0);
}

/* The C library has names for these only lately. */
_Noreturn void align_errno(int why)
{
    static const struct {
        int why;
        const char *name;
    } names[] = {
        {EACCES, "EACCES"}, {EAGAIN, "EAGAIN"},         {EBADF, "EBADF"},
        {EFAULT, "EFAULT"}, {EINVAL, "EINVAL"},         {EIO, "EIO"},
        {ENOENT, "ENOENT"}, {ENOMEM, "ENOMEM"},         {ENOSPC, "ENOSPC"},
        {ENOSYS, "ENOSYS"}, {EOPNOTSUPP, "EOPNOTSUPP"}, {EPERM, "EPERM"},
        {EROFS, "EROFS"},
    };
    char number[24];
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].why == why)
            align_error(names[i].name);
    }
    snprintf(number, sizeof number, "errno %d", why);
    align_error(number);
}

_Noreturn void align_leat(int err)
{
    const char *name = leat_error_name(err);

    align_error(name ? name : "unknown");
}

_Noreturn void align_none(const char *why)
{
    printf("none %s\n", why);
    end(ALIGN_NONE);
}

uint64_t align_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Short, so that a slice in which the processor was taken away is one of many;
   long enough that reading the clock twice is none of it. */
#define SLICE_NS   50000u
#define SLICES_MAX 512u

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/*
 * Gives nanoseconds for one: the median of slices. Finding out how many make a
 * slice is the warm-up.
 */
double align_measure(const struct align_run *run, align_work *work, void *what)
{
    static double slices[SLICES_MAX];
    uint64_t n = 1, ns, sum = 0;
    size_t k = 0;

    while (work(what, n) < SLICE_NS)
        n *= 2;
    do {
        ns = work(what, n);
        sum += ns;
        slices[k++] = (double)ns / (double)n;
    } while (k < SLICES_MAX && (k < 3 || sum < run->ns));
    qsort(slices, k, sizeof *slices, compare);
    return k % 2 ? slices[k / 2] : (slices[k / 2 - 1] + slices[k / 2]) / 2;
}

/* As many buffers of the greatest size as a batch has, a slab for each, and
   their bounces. What is not used costs nothing. */
#define POOL_PAGES (128 * LEAT_UNIT_PAGES)

struct leat_pool *align_pool(void)
{
    static struct leat_mmap memory;
    struct leat_pool_config config = {
        .limit_pages = POOL_PAGES,
        .zero = LEAT_ZERO_NEVER,
        .name = "align",
    };
    struct leat_pool *pool;

    if (leat_mmap_init(&memory))
        align_die("no memory");
    config.backend = leat_mmap(&memory);
    if (leat_pool_create(&pool, &config))
        align_die("no pool");
    return pool;
}

struct leat_view align_view(struct leat_pool *pool, size_t off, size_t bytes)
{
    struct leat_chunk chunk;
    struct leat_view v;
    size_t pages = (off + bytes + LEAT_PAGE_SIZE - 1) / LEAT_PAGE_SIZE;

    if (leat_pool_get(pool, pages ? pages : 1, &chunk))
        align_die("no pages");
    v = leat_chunk_view(chunk);
    /* Touched, and not the same byte everywhere. */
    for (size_t i = 0; i < v.len; i++)
        v.data[i] = (unsigned char)(i * 131 + i / 251);
    if (leat_view_slice(v, off, bytes, &v))
        align_die("no view");
    return v;
}

static _Noreturn void usage(const char *self)
{
    fprintf(stderr,
            "usage: %s [-t US] [-f PATH -w FROM,BYTES] [-b N]\n"
            "       [-c ALIGN,MULTIPLE,BOUNDARY,SEGMENTS,BYTES,FLAGS] "
            "WAY SIZE OFF OTHER\n",
            self);
    exit(2);
}

static bool constraint(const char *text, struct leat_constraint *need)
{
    unsigned flags;

    if (sscanf(text, "%zu,%zu,%zu,%zu,%zu,%u", &need->align, &need->multiple,
               &need->boundary, &need->segments, &need->segment_bytes,
               &flags) != 6)
        return false;
    need->flags = flags;
    return true;
}

static bool window(const char *text, struct align_run *run)
{
    unsigned long long from, bytes;

    if (sscanf(text, "%llu,%llu", &from, &bytes) != 2)
        return false;
    run->from = from;
    run->bytes = bytes;
    return true;
}

int main(int argc, char **argv)
{
    struct align_run run = {.ns = 1000000u, .batch = 1};
    int opt;

    while ((opt = getopt(argc, argv, "t:f:w:b:c:")) != -1) {
        switch (opt) {
        case 't':
            run.ns = strtoull(optarg, NULL, 10) * 1000u;
            break;
        case 'f':
            run.path = optarg;
            break;
        case 'w':
            if (!window(optarg, &run))
                usage(argv[0]);
            break;
        case 'b':
            run.batch = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'c':
            if (!constraint(optarg, &run.need))
                usage(argv[0]);
            break;
        default:
            usage(argv[0]);
        }
    }
    if (argc - optind != 4 || !run.ns || !run.batch)
        usage(argv[0]);
    run.way = argv[optind];
    run.size = strtoull(argv[optind + 1], NULL, 10);
    run.off = strtoull(argv[optind + 2], NULL, 10);
    run.other = strtoull(argv[optind + 3], NULL, 10);
    align_go(&run);
    usage(argv[0]);
}
