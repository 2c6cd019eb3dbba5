/* SPDX-License-Identifier: ISC */

/*
 * The destination of a copy.
 *
 *   state      the destination           the file beside it
 *   open       as it was, or not there   being written
 *   committed  the copy                  not there
 *   closed     as it was, or not there   not there
 *
 * There is no state in which half a copy has the destination's name.
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transfer.h"

static bool failed(const char *path, const char *what)
{
    return tool_fail("%s: %s: %s", path, what, strerror(errno));
}

/* What is there already? Sets the path, and the mode that the copy gets. */
static bool look(struct target *t, const char *dst, const struct stat *src)
{
    mode_t mask = umask(0);
    struct stat st;

    umask(mask);
    t->mode = src->st_mode & 0777 & ~mask;
    if (stat(dst, &st)) {
        if (errno != ENOENT)
            return failed(dst, "cannot look at it");
        if (!lstat(dst, &st))
            return tool_fail("%s: a symbolic link to nothing", dst);
        if (!*dst || dst[strlen(dst) - 1] == '/')
            return tool_fail("%s: no such directory", *dst ? dst : "''");
        t->path = strdup(dst);
        return t->path || tool_fail("out of memory");
    }
    if (S_ISDIR(st.st_mode))
        return tool_fail("%s: is a directory", dst);
    if (!S_ISREG(st.st_mode))
        return tool_fail("%s: is not a regular file", dst);
    if (st.st_dev == src->st_dev && st.st_ino == src->st_ino)
        return tool_fail("%s: is the source itself", dst);
    if (access(dst, W_OK))
        return failed(dst, "cannot write");
    t->mode = st.st_mode & 07777;
    t->path = realpath(dst, NULL);
    return t->path || failed(dst, "cannot resolve");
}

/* A name in the same directory, so that a rename will do. */
static bool beside(struct target *t)
{
    static const char name[] = ".leat-copy-XXXXXX";
    char *copy = strdup(t->path), *dir;
    size_t len;

    if (!copy)
        return tool_fail("out of memory");
    dir = dirname(copy);
    len = strlen(dir) + 1 + sizeof name;
    t->temp = malloc(len);
    if (t->temp)
        snprintf(t->temp, len, "%s/%s", dir, name);
    free(copy);
    return t->temp || tool_fail("out of memory");
}

bool target_open(struct target *t, const char *dst, const struct stat *src)
{
    int flags;

    *t = (struct target){.fd = -1};
    if (!look(t, dst, src) || !beside(t))
        goto fail;
    t->fd = mkostemp(t->temp, O_CLOEXEC);
    if (t->fd < 0) {
        failed(dst, "cannot make a file beside it");
        goto fail;
    }
    flags = fcntl(t->fd, F_GETFL);
    if (flags < 0 || fcntl(t->fd, F_SETFL, flags | O_DIRECT)) {
        tool_fail("%s: its file system does no direct I/O (O_DIRECT)", dst);
        goto fail;
    }
    return true;
fail:
    target_close(t);
    return false;
}

bool target_sync(struct target *t)
{
    return !fsync(t->fd) || failed(t->path, "cannot bring it to the disk");
}

bool target_commit(struct target *t)
{
    char *dir;
    int fd;

    if (fchmod(t->fd, t->mode))
        return failed(t->path, "cannot set its mode");
    if (rename(t->temp, t->path))
        return failed(t->path, "cannot give it its name");
    /* The name has to reach the disk too. */
    dir = dirname(t->temp);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(t->temp);
    t->temp = NULL;
    return true;
}

void target_close(struct target *t)
{
    if (t->fd >= 0) {
        close(t->fd);
        if (t->temp)
            unlink(t->temp);
    }
    free(t->temp);
    free(t->path);
    *t = (struct target){.fd = -1};
}
