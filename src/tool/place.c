/* SPDX-License-Identifier: ISC */

/*
 * Where "leat run" works: a directory of its own, in one that was asked for or
 * that is found, on a file system that does direct I/O. All that is made there
 * is removed.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"

static char *join(const char *dir, const char *name)
{
    size_t len = strlen(dir) + strlen(name) + 2;
    char *path = malloc(len);

    if (path)
        snprintf(path, len, "%s/%s", dir, name);
    return path;
}

/* Tells whether files in (dir) can be copied by direct I/O. */
static const char *unfit(const char *dir)
{
    struct leat_constraint need;
    char *path = join(dir, "probe");
    const char *why = NULL;
    int fd;

    if (!path)
        return "out of memory";
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_DIRECT, 0600);
    if (fd < 0)
        why = errno == EINVAL ? "its file system does no direct I/O (O_DIRECT)"
                              : strerror(errno);
    else if (leat_constraint_file(fd, &need))
        why = "the kernel does not say what direct I/O needs there (a file "
              "system in memory, such as tmpfs, has no disk under it)";
    if (fd >= 0)
        close(fd);
    unlink(path);
    free(path);
    return why;
}

/* Makes a directory in (parent) for us; gives why not. */
static const char *settle(struct place *p, const char *parent)
{
    const char *why;

    p->dir = join(parent, "leat-run.XXXXXX");
    if (!p->dir)
        return "out of memory";
    if (!mkdtemp(p->dir)) {
        why = strerror(errno);
    } else {
        why = unfit(p->dir);
        if (!why)
            return NULL;
        rmdir(p->dir);
    }
    free(p->dir);
    p->dir = NULL;
    return why;
}

/* The directory that the command was built in, if it is one. */
static char *build_dir(void)
{
    char self[4096], *slash, *makefile;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    bool built;

    if (n <= 0)
        return NULL;
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    makefile = join(self, "config.status");
    built = makefile && !access(makefile, F_OK);
    free(makefile);
    return built ? strdup(self) : NULL;
}

static bool search(struct place *p)
{
    char *built = build_dir();
    const char *dirs[] = {built, getenv("TMPDIR"), "/tmp", "."};
    const char *whys[4] = {NULL};
    size_t i, n = sizeof dirs / sizeof *dirs;
    bool found = false;

    for (i = 0; i < n && !found; i++) {
        if (!dirs[i] || !*dirs[i])
            continue;
        whys[i] = settle(p, dirs[i]);
        found = !whys[i];
    }
    for (i = 0; i < n && !found; i++) {
        if (whys[i])
            tool_fail("%s: %s", dirs[i], whys[i]);
    }
    free(built);
    return found || tool_fail("no directory will do; name one with --dir");
}

bool place_open(struct place *p, const char *asked)
{
    const char *why;

    *p = (struct place){.dir = NULL};
    if (asked) {
        why = settle(p, asked);
        if (why)
            return tool_fail("%s: %s", asked, why);
    } else if (!search(p)) {
        return false;
    }
    p->source = join(p->dir, "source");
    p->direct = join(p->dir, "copy-direct");
    p->odd = join(p->dir, "copy-odd");
    if (!p->source || !p->direct || !p->odd) {
        place_close(p);
        return tool_fail("out of memory");
    }
    return true;
}

static void drop(char *path)
{
    if (path)
        unlink(path);
    free(path);
}

void place_close(struct place *p)
{
    drop(p->source);
    drop(p->direct);
    drop(p->odd);
    if (p->dir && rmdir(p->dir))
        tool_fail("%s: cannot remove it: %s", p->dir, strerror(errno));
    free(p->dir);
    *p = (struct place){.dir = NULL};
}
