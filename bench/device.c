/* SPDX-License-Identifier: ISC */

/*
 * The main program of every peer of the benches of devices; see device.h.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

static char tmp[128];
static pid_t tmp_owner;

_Noreturn void device_die(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

_Noreturn void device_die_errno(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

_Noreturn void device_none(const char *why)
{
    fprintf(stderr, "none: %s\n", why);
    exit(DEVICE_NONE);
}

uint64_t device_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void device_report(const struct device *d, const char *metric, double value)
{
    printf("%s %s %.4f\n", d->name, metric, value);
}

void device_report_all(const struct device *d)
{
    device_report(d, "ops", d->ops);
    device_report(d, "before", d->pair.before);
    device_report(d, "after", d->pair.after);
}

static void remove_tmp(void)
{
    const struct dirent *e;
    DIR *dir = getpid() == tmp_owner ? opendir(tmp) : NULL;

    while (dir && (e = readdir(dir)))
        unlinkat(dirfd(dir), e->d_name, 0);
    if (!dir)
        return;
    closedir(dir);
    rmdir(tmp);
}

const char *device_tmp(void)
{
    const char *dir = getenv("TMPDIR");

    if (*tmp)
        return tmp;
    if (!dir || !*dir || strlen(dir) > 64)
        dir = "/tmp";
    snprintf(tmp, sizeof tmp, "%s/leat-bench.XXXXXX", dir);
    if (!mkdtemp(tmp))
        device_die_errno(tmp);
    tmp_owner = getpid();
    atexit(remove_tmp);
    return tmp;
}

const char *device_file(const char *name)
{
    static char path[4096];
    const char *dir = getenv("LEAT_BENCH_DIR");

    if (!dir)
        device_die("LEAT_BENCH_DIR names no directory");
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        device_die("LEAT_BENCH_DIR is too long");
    return path;
}

int main(int argc, char **argv)
{
    struct device d = {.ns = 100 * 1000000u};
    const int cpus = cpu_given();
    int opt;

    while ((opt = getopt(argc, argv, "n:t:")) != -1) {
        switch (opt) {
        case 'n':
            d.n = strtoull(optarg, NULL, 10);
            break;
        case 't':
            d.ns = strtoull(optarg, NULL, 10) * 1000000u;
            break;
        default:
            optind = argc;
        }
    }
    if (argc - optind != 2 || !d.ns) {
        fprintf(stderr,
                "usage: %s [-n OPERATIONS | -t MILLISECONDS] VARIANT "
                "CASE\n",
                argv[0]);
        return 2;
    }
    if (cpus < 2)
        device_none("needs two processors");
    d.variant = argv[optind];
    d.name = argv[optind + 1];
    device_run(&d);
    return fflush(stdout) ? 1 : 0;
}
