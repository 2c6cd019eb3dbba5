/* SPDX-License-Identifier: ISC */

/*
 * The main program of every peer; see bench.h.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

size_t bench_param, bench_offset;
bool bench_has_offset;

_Noreturn void bench_die(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

uint64_t bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A slice is shorter than what a scheduler gives to somebody else. */
#define SLICE_NS   1000000u
#define SLICES_MAX 1000u

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/*
 * Gives nanoseconds per repetition: the median of many short slices, so that
 * those in which the processor was taken away do not count. Finding out how
 * many repetitions make a slice is the warm-up.
 */
double bench_measure(const struct bench *b,
                     uint64_t (*work)(struct peer *p, uint64_t n),
                     struct peer *p)
{
    static double slices[SLICES_MAX];
    uint64_t n, ns, sum = 0, from;
    size_t k = 0;

    if (b->n)
        return (double)work(p, b->n) / (double)b->n;
    for (n = 1; work(p, n) < SLICE_NS; n *= 2)
        ;
    /* Loops that prepare much take longer than they measure. */
    from = bench_now();
    do {
        ns = work(p, n);
        sum += ns;
        slices[k++] = (double)ns / (double)n;
    } while (k < SLICES_MAX &&
             (k < 3 || (sum < b->ns && bench_now() - from < 3 * b->ns)));
    qsort(slices, k, sizeof *slices, compare);
    return k % 2 ? slices[k / 2] : (slices[k / 2 - 1] + slices[k / 2]) / 2;
}

void bench_report(const struct bench *b, const char *metric, double value)
{
    printf("%s %s %.4f\n", b->name, metric, value);
}

/* Bytes of this process that are in memory. */
uint64_t bench_resident(void)
{
    unsigned long long size, resident;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%llu %llu", &size, &resident) != 2)
        bench_die("cannot read /proc/self/statm");
    fclose(f);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Pages for the peers that bring none: aligned, as leat's own come. */
void *bench_memory(size_t pages, bool huge, bool touch)
{
    const size_t slab = (size_t)2 << 20;
    size_t bytes = pages * BENCH_PAGE, i;
    unsigned char *mem =
        mmap(NULL, bytes + slab, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (mem == MAP_FAILED)
        bench_die("no memory");
    mem += -(uintptr_t)mem & (slab - 1);
    if (huge)
        madvise(mem, bytes, MADV_HUGEPAGE);
    for (i = 0; touch && i < bytes; i += BENCH_PAGE)
        mem[i] = 1;
    return mem;
}

static void list(void)
{
    static const char *const suffix[] = {"", "[N@N]", "N"};
    const struct bench_variant *v;
    size_t i;

    for (v = bench_variants; v->name; v++) {
        for (i = 0; i < v->ncases; i++)
            printf("%s %s%s\n", v->name, v->cases[i].name,
                   suffix[v->cases[i].numbers]);
    }
}

static _Noreturn void usage(const char *self)
{
    fprintf(stderr,
            "usage: %s [-n REPETITIONS | -t MILLISECONDS] VARIANT CASE\n"
            "       %s -l\n",
            self, self);
    exit(2);
}

/* "batch64" is "batch" with 64, "slice1500@14" is "slice" with 1500 and 14. */
static bool fits(const struct bench_case *c, const char *asked)
{
    size_t len = strlen(c->name);
    char *end;

    bench_param = bench_offset = 0;
    bench_has_offset = false;
    if (strncmp(c->name, asked, len))
        return false;
    asked += len;
    if (!*asked)
        return c->numbers != BENCH_MUST;
    if (c->numbers == BENCH_PLAIN)
        return false;
    bench_param = strtoull(asked, &end, 10);
    if (end == asked || !bench_param)
        return false;
    if (*end == '@') {
        asked = end + 1;
        bench_offset = strtoull(asked, &end, 10);
        bench_has_offset = end != asked;
    }
    return !*end;
}

static const struct bench_case *find(const char *variant, const char *name)
{
    const struct bench_variant *v;
    size_t i;

    for (v = bench_variants; v->name; v++) {
        for (i = 0; i < v->ncases && !strcmp(v->name, variant); i++) {
            if (fits(&v->cases[i], name))
                return &v->cases[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct bench b = {.ns = 100 * 1000000u};
    int opt;

    (void)cpu_given();
    while ((opt = getopt(argc, argv, "n:t:l")) != -1) {
        switch (opt) {
        case 'n':
            b.n = strtoull(optarg, NULL, 10);
            break;
        case 't':
            b.ns = strtoull(optarg, NULL, 10) * 1000000u;
            break;
        case 'l':
            list();
            return 0;
        default:
            usage(argv[0]);
        }
    }
    if (argc - optind != 2 || !b.ns)
        usage(argv[0]);
    b.name = argv[optind + 1];
    b.what = find(argv[optind], b.name);
    if (!b.what)
        return BENCH_NONE;
    b.what->run(&b);
    return fflush(stdout) ? 1 : 0;
}
