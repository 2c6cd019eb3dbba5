/* SPDX-License-Identifier: ISC */

/*
 * A directory of our own for what the peers need: two files, since writes by
 * O_DIRECT would evict the other's pages from the cache; sockets.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench-device.h"
#include "job.h"

/* As bench/device.h says. */
#define FILE_BYTES ((uint64_t)128 << 20)

static bool make(const struct device_bench *d, const char *name)
{
    char path[sizeof d->work + 16];
    double seconds;

    snprintf(path, sizeof path, "%s/%s", d->work, name);
    return random_file(path, FILE_BYTES, d->seed, &seconds);
}

bool device_prepare(struct device_bench *d)
{
    const char *dir = d->dir ? d->dir : getenv("TMPDIR");
    char self[4096];
    ssize_t n;

    /* /tmp may be of memory, which has no O_DIRECT that means anything. */
    if (!dir || !*dir)
        dir = "/var/tmp";
    if (strlen(dir) > 64)
        return tool_fail("bench: %s: %s: the path is too long for sockets",
                         d->kind->name, dir);
    snprintf(d->work, sizeof d->work, "%s/leat-bench.XXXXXX", dir);
    if (!mkdtemp(d->work)) {
        tool_fail("bench: %s: %s: %s", d->kind->name, d->work, strerror(errno));
        *d->work = '\0';
        return false;
    }
    /* "leat sim net" is this command. */
    n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0 && !(self[n] = '\0'))
        setenv("LEAT_BENCH_COMMAND", self, 1);
    setenv("LEAT_BENCH_DIR", d->work, 1);
    setenv("TMPDIR", d->work, 1);
    return !d->kind->files || (make(d, "cached") && make(d, "direct"));
}

/* Of (path), all that is in it, two levels deep, and itself. */
static void empty(const char *path, int depth)
{
    DIR *dir = opendir(path);
    const struct dirent *e;
    char in[512];

    while (dir && (e = readdir(dir))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
            snprintf(in, sizeof in, "%s/%s", path, e->d_name) >= (int)sizeof in)
            continue;
        if (unlink(in) && depth)
            empty(in, depth - 1);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

void device_clean(struct device_bench *d)
{
    if (*d->work)
        empty(d->work, 2);
    *d->work = '\0';
}
