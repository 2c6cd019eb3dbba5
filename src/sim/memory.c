/* SPDX-License-Identifier: ISC */

/*
 * The hypervisor's hands: memfds, sockets. A descriptor that a domain gave is
 * used only after check(): memory that cannot shrink under the hypervisor or a
 * mapper, where a file or a pipe could make them wait or fault.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "message.h"

/* Descriptors that are not the domains': sockets of newcomers, files, those
 * that a reply opens anew. */
#define OWN_FDS 512u

static int memory(void *self, const char *what, size_t bytes, int *fd,
                  void **base)
{
    int made = memfd_create(what, MFD_CLOEXEC | MFD_ALLOW_SEALING), rc;
    void *at;

    (void)self;
    if (made < 0)
        return -errno;
    if (ftruncate(made, (off_t)bytes) ||
        fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
        rc = -errno;
        close(made);
        return rc;
    }
    at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, made, 0);
    if (at == MAP_FAILED) {
        rc = -errno;
        close(made);
        return rc;
    }
    *fd = made;
    *base = at;
    return 0;
}

static void memory_end(void *self, int fd, void *base, size_t bytes)
{
    (void)self;
    munmap(base, bytes);
    close(fd);
}

static int check(void *self, int fd, uint64_t bytes, bool read_only)
{
    int need = F_SEAL_SHRINK | F_SEAL_GROW;
    struct statfs fs;
    struct stat st;
    int seals;

    (void)self;
    if (read_only)
        need |= F_SEAL_FUTURE_WRITE;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || fstatfs(fd, &fs) ||
        fs.f_type != TMPFS_MAGIC)
        return -EINVAL;
    seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & need) != need || seals & F_SEAL_WRITE)
        return -EINVAL;
    if (st.st_size < 0 || (uint64_t)st.st_size != bytes)
        return -EINVAL;
    if ((fcntl(fd, F_GETFL) & (O_ACCMODE | O_PATH)) != O_RDWR)
        return -EINVAL;
    return 0;
}

static int read_at(void *self, int fd, uint64_t off, void *to, size_t len)
{
    ssize_t n = pread(fd, to, len, (off_t)off);

    (void)self;
    return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

static int write_at(void *self, int fd, uint64_t off, const void *from,
                    size_t len)
{
    ssize_t n = pwrite(fd, from, len, (off_t)off);

    (void)self;
    return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

static int pair(void *self, bool stream, int fds[2])
{
    int type = stream ? SOCK_STREAM : SOCK_SEQPACKET;

    (void)self;
    return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) ? -errno : 0;
}

static void close_fd(void *self, int fd)
{
    (void)self;
    close(fd);
}

static size_t fds_max(void *self)
{
    struct rlimit limit;

    (void)self;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return 0;
    return (size_t)(limit.rlim_cur > 2 * OWN_FDS ? limit.rlim_cur - OWN_FDS
                                                 : limit.rlim_cur / 2);
}

struct hv_host sim_host(void)
{
    struct hv_host host = {
        .memory = memory,
        .memory_end = memory_end,
        .check = check,
        .read = read_at,
        .write = write_at,
        .pair = pair,
        .close = close_fd,
        .fds = fds_max,
    };

    return host;
}
