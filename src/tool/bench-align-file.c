/* SPDX-License-Identifier: ISC */

/*
 * The files of "leat bench align".
 *
 *   A1  the user's file is opened for reading only, here and in the helpers
 *   A2  what is written to is a file without a name (O_TMPFILE, or unlinked as
 *       soon as it is made): it goes with the last process that has it open,
 *       however that ends
 *   A3  O_DIRECT and the page cache never work on the same bytes: each has a
 *       file of its own, or a half of the user's
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "bench-align.h"

/* Of a file without a name; and the most of the user's that is used twice. */
#define PART_BYTES ((uint64_t)2 << 20)

enum {
    READS,
    WRITES
};
enum {
    DIRECT,
    CACHED
};

static const struct system {
    unsigned long magic;
    const char *name;
    bool in_memory;
} systems[] = {
    {EXT4_SUPER_MAGIC, "ext4", false},
    {XFS_SUPER_MAGIC, "xfs", false},
    {BTRFS_SUPER_MAGIC, "btrfs", false},
    {F2FS_SUPER_MAGIC, "f2fs", false},
    {NFS_SUPER_MAGIC, "nfs", false},
    {OVERLAYFS_SUPER_MAGIC, "overlay", false},
    {TMPFS_MAGIC, "tmpfs", true},
    {RAMFS_MAGIC, "ramfs", true},
    {HUGETLBFS_MAGIC, "hugetlbfs", true},
};

static void look_at_system(struct align *a, int fd)
{
    struct statfs fs;
    size_t i;

    if (fstatfs(fd, &fs))
        return;
    snprintf(a->system, sizeof a->system, "type 0x%lx",
             (unsigned long)fs.f_type);
    for (i = 0; i < sizeof systems / sizeof *systems; i++) {
        if (systems[i].magic != (unsigned long)fs.f_type)
            continue;
        snprintf(a->system, sizeof a->system, "%s", systems[i].name);
        a->in_memory = systems[i].in_memory;
    }
}

/* A file without a name in (dir), filled; -1 and errno. */
static int nameless(const char *dir)
{
    static unsigned char block[65536];
    char path[PATH_MAX];
    uint64_t at;
    uint32_t r = 1;
    size_t i;
    int fd, why;

    fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        if ((size_t)snprintf(path, sizeof path, "%s/.leat-align-XXXXXX", dir) >=
            sizeof path) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
            return -1;
        unlink(path);
    }
    for (at = 0; at < PART_BYTES; at += sizeof block) {
        for (i = 0; i < sizeof block; i++) {
            r = r * 1664525u + 1013904223u;
            block[i] = (unsigned char)(r >> 24);
        }
        errno = ENOSPC;
        if (pwrite(fd, block, sizeof block, (off_t)at) != sizeof block)
            goto fail;
    }
    if (!fsync(fd))
        return fd;
fail:
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* Two files in (dir), one for each way to them; gives 0, or errno. */
static int make_parts(struct align *a, int what, const char *dir)
{
    int how;

    for (how = DIRECT; how <= CACHED; how++) {
        struct align_part *p = &a->parts[what][how];

        p->fd = nameless(dir);
        if (p->fd < 0)
            return errno;
        p->from = 0;
        p->bytes = PART_BYTES;
        /* Helpers inherit it, and open it anew. */
        snprintf(p->path, sizeof p->path, "/proc/self/fd/%d", p->fd);
    }
    return 0;
}

/* Halves of the user's file, where that is long enough for two. */
static void share_out(struct align *a, const char *path, uint64_t bytes)
{
    uint64_t half = bytes / 2 / ALIGN_SIZE_MAX * ALIGN_SIZE_MAX;
    int how;

    for (how = DIRECT; how <= CACHED; how++) {
        struct align_part *p = &a->parts[READS][how];

        snprintf(p->path, sizeof p->path, "%s", path);
        p->from = how == CACHED ? half : 0;
        p->bytes = half ? half : bytes;
        if (p->bytes > PART_BYTES)
            p->bytes = PART_BYTES;
    }
}

static void ask(struct align *a, int fd)
{
    a->has_need = !a->in_memory && !leat_constraint_file(fd, &a->need);
}

static void no_writes(struct align *a, const char *dir, int why)
{
    snprintf(a->no_writes, sizeof a->no_writes, "cannot make a file in %s: %s",
             dir, strerror(why));
}

/* How long a file or a device is; -1: neither. */
static int64_t length_of(int fd, const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return st->st_size;
    return S_ISBLK(st->st_mode) ? lseek(fd, 0, SEEK_END) : -1;
}

static bool open_users(struct align *a)
{
    char real[PATH_MAX], *dir;
    struct stat st;
    int64_t bytes;
    int fd, why;

    if (!realpath(a->path, real))
        return tool_fail("%s: %s", a->path, strerror(errno));
    /* A fifo would hang where it is opened, and a device may do worse. */
    if (stat(real, &st))
        return tool_fail("%s: %s", a->path, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return tool_fail("%s: is not a regular file, nor a disk", a->path);
    fd = open(real, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return tool_fail("%s: cannot open: %s", a->path, strerror(errno));
    bytes = length_of(fd, &st);
    snprintf(a->file, sizeof a->file, "%s", a->path);
    if (S_ISBLK(st.st_mode))
        snprintf(a->system, sizeof a->system, "a device");
    else
        look_at_system(a, fd);
    ask(a, fd);
    close(fd);
    share_out(a, real, bytes > 0 ? (uint64_t)bytes : 0);
    if (S_ISBLK(st.st_mode)) {
        snprintf(a->no_writes, sizeof a->no_writes,
                 "a device has no directory for another file");
        return true;
    }
    dir = dirname(real);
    why = make_parts(a, WRITES, dir);
    if (why)
        no_writes(a, dir, why);
    return true;
}

/* The first directory that has a disk under it; else the first that will do. */
static bool open_own(struct align *a)
{
    const char *dirs[] = {getenv("TMPDIR"), "/tmp", "/var/tmp", "."};
    const char *fallback = NULL;
    struct statfs fs;
    size_t i;
    int pass, why = ENOENT;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < sizeof dirs / sizeof *dirs; i++) {
            const char *dir = dirs[i];

            if (!dir || !*dir || access(dir, W_OK | X_OK) || statfs(dir, &fs))
                continue;
            if (!pass && (fs.f_type == (long)TMPFS_MAGIC ||
                          fs.f_type == (long)RAMFS_MAGIC)) {
                fallback = fallback ? fallback : dir;
                fprintf(stderr,
                        "leat: %s is a file system in memory: it is "
                        "passed over\n",
                        dir);
                continue;
            }
            if (pass && dir != fallback)
                continue;
            why = make_parts(a, READS, dir);
            why = why ? why : make_parts(a, WRITES, dir);
            if (why) {
                align_file_close(a);
                continue;
            }
            snprintf(a->file, sizeof a->file, "files of its own in %s", dir);
            look_at_system(a, a->parts[READS][DIRECT].fd);
            ask(a, a->parts[READS][DIRECT].fd);
            return true;
        }
    }
    snprintf(a->no_reads, sizeof a->no_reads,
             "there is no directory to make a file in: %s", strerror(why));
    snprintf(a->no_writes, sizeof a->no_writes, "%s", a->no_reads);
    snprintf(a->file, sizeof a->file, "none");
    return true;
}

bool align_file_open(struct align *a)
{
    int i;

    for (i = 0; i < 4; i++)
        a->parts[i / 2][i % 2].fd = -1;
    return a->path ? open_users(a) : open_own(a);
}

void align_file_close(struct align *a)
{
    int i;

    for (i = 0; i < 4; i++) {
        struct align_part *p = &a->parts[i / 2][i % 2];

        if (p->fd >= 0)
            close(p->fd);
        p->fd = -1;
    }
}
