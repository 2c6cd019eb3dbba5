/* SPDX-License-Identifier: ISC */

/*
 * The two files of leat sim block: the image, which is only read, and the one
 * that it is copied to: a file beside --out, which gets its name when all is
 * verified, or a file without a name.
 *
 * Files do direct I/O where they can. Where they cannot, or their last sector is
 * not full, they go through the page cache, which is told.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <leat/file_disk.h>

#include "sim-block.h"

static const char *why(int err)
{
    switch (err) {
    case LEAT_E_SYSTEM:
        return strerror(errno);
    case LEAT_E_REFERENCE:
        return "No such file or directory";
    case LEAT_E_ACCESS:
        return "Permission denied";
    case LEAT_E_UNSUPPORTED:
        return "neither a file nor a block device; or the kernel lets this "
               "program use no io_uring";
    default:
        return leat_strerror(err);
    }
}

int block_file_open(struct leat_file_disk **out, const char *path, bool cached,
                    const struct leat_file_disk_config *base)
{
    struct leat_file_disk_config c = *base;

    if (cached) {
        c.flags |= LEAT_FILE_CACHED;
        c.sector_bytes = LEAT_DISK_SECTOR;
    }
    return leat_file_disk_open(out, path, &c);
}

/* Whether all of it can be served so. */
static int try(const struct block_job *j, const struct block_file *f)
{
    struct leat_file_disk_config c = {
        .flags = f == &j->file[DISK_FROM] ? LEAT_FILE_READ_ONLY : 0};
    struct leat_file_disk *file;
    struct leat_disk_info info;
    struct leat_disk disk;
    int err = block_file_open(&file, f->path, f->cached, &c);

    if (err)
        return err;
    disk = leat_file_disk(file);
    err = disk.ops->info(disk.self, &info);
    (void)leat_file_disk_close(file);
    if (!err && info.sectors * LEAT_DISK_SECTOR != j->bytes)
        err = LEAT_E_LENGTH;
    return err;
}

static bool choose(const struct block_job *j, struct block_file *f)
{
    int err = try(j, f);

    if (err == LEAT_E_UNSUPPORTED || err == LEAT_E_LENGTH) {
        f->cached = true;
        err = try(j, f);
    }
    return !err || tool_fail("sim block: %s: %s", f->name, why(err));
}

/* How long it is, and whether it can be a disk. */
static bool measure(struct block_job *j, struct stat *st)
{
    const struct block_file *d = &j->file[DISK_FROM];
    off_t end;
    int fd = open(d->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, st)) {
        tool_fail("sim block: %s: %s", d->name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    end = S_ISREG(st->st_mode) || S_ISBLK(st->st_mode) ? lseek(fd, 0, SEEK_END)
                                                       : -1;
    close(fd);
    if (end < 0)
        return tool_fail("sim block: %s: neither a file nor a block device",
                         d->name);
    j->bytes = (uint64_t)end;
    if (!end)
        return tool_fail("sim block: %s: is empty; a disk has a sector at "
                         "least, of %u bytes",
                         d->name, LEAT_DISK_SECTOR);
    if (j->bytes % LEAT_DISK_SECTOR)
        return tool_fail("sim block: %s: %llu bytes are not whole sectors of "
                         "%u; \"truncate -s %%%u\" pads a file",
                         d->name, (unsigned long long)j->bytes,
                         LEAT_DISK_SECTOR, LEAT_DISK_SECTOR);
    return true;
}

/* Room for all of it now: a write that fails later would say less. */
static bool make_room(int fd, uint64_t bytes)
{
    if (!fallocate(fd, 0, 0, (off_t)bytes))
        return true;
    if (errno != EOPNOTSUPP)
        return false;
    return !ftruncate(fd, (off_t)bytes);
}

static int nameless_in(const char *dir, uint64_t bytes, bool direct)
{
    struct leat_constraint need;
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | (direct ? O_DIRECT : 0),
                  0600);

    if (fd < 0)
        return -1;
    if ((!direct || !leat_constraint_file(fd, &need)) && make_room(fd, bytes))
        return fd;
    close(fd);
    return -1;
}

/* A file that is gone when this program is: on a disk, else in memory. The back
 * end opens it by this process's descriptor. */
static bool nameless(struct block_job *j)
{
    const char *dirs[] = {getenv("TMPDIR"), "/tmp", "/var/tmp", "."};
    const size_t n = sizeof dirs / sizeof *dirs;
    struct block_file *f = &j->file[DISK_TO];
    size_t i;

    for (i = 0; i < 2 * n && j->nameless < 0; i++) {
        if (dirs[i % n] && *dirs[i % n])
            j->nameless = nameless_in(dirs[i % n], j->bytes, i < n);
    }
    if (j->nameless < 0)
        j->nameless = memfd_create("leat-sim-block", MFD_CLOEXEC);
    if (j->nameless < 0 || !make_room(j->nameless, j->bytes))
        return tool_fail("sim block: no room for a second disk of %llu bytes: "
                         "%s; name a file by --out",
                         (unsigned long long)j->bytes, strerror(errno));
    f->name = "a file without a name";
    return asprintf(&f->path, "/proc/%ld/fd/%d", (long)getpid(), j->nameless) >=
               0 ||
           tool_fail("out of memory");
}

static bool beside(struct block_job *j, const struct stat *image)
{
    struct block_file *f = &j->file[DISK_TO];

    if (!target_open(&j->target, j->out, image))
        return false;
    f->name = j->out;
    f->path = strdup(j->target.temp);
    if (!f->path)
        return tool_fail("out of memory");
    return make_room(j->target.fd, j->bytes) ||
           tool_fail("sim block: %s: no room for %llu bytes: %s", j->out,
                     (unsigned long long)j->bytes, strerror(errno));
}

bool block_files(struct block_job *j)
{
    struct block_file *from = &j->file[DISK_FROM];
    struct stat st;

    from->name = j->image;
    from->path = strdup(j->image);
    if (!from->path)
        return tool_fail("out of memory");
    if (!measure(j, &st) || !choose(j, from))
        return false;
    if (S_ISBLK(st.st_mode))
        st.st_mode = S_IFREG | 0600; /* what a copy of it gets */
    return (j->out ? beside(j, &st) : nameless(j)) &&
           choose(j, &j->file[DISK_TO]);
}

bool block_files_end(struct block_job *j, bool good)
{
    int i;

    if (good && j->out)
        good = target_sync(&j->target) && target_commit(&j->target);
    target_close(&j->target);
    if (j->nameless >= 0)
        close(j->nameless);
    for (i = 0; i < DISKS; i++)
        free(j->file[i].path);
    return good;
}
