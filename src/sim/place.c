/* SPDX-License-Identifier: ISC */

/*
 * The directory of a simulation: a socket, and a lock that its hypervisor holds
 * for life.
 *
 *   L1  the lock is held  <=>  a hypervisor lives, or somebody removes what one
 *       left
 *   L2  only who holds the lock of the file that is there makes or removes the
 *       socket and the lock
 *
 * A hypervisor that was killed removes nothing; so whoever notices does, and
 * need not be the last: nobody can use what is there any more. The lock's file
 * says whether the directory was made for the simulation, and goes with it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <leat/error.h>

#include "place.h"

#define SOCKET "socket"
#define LOCK   "lock"

/* The directory, if it is ours alone. */
static int open_dir(const char *dir, int *fd)
{
    struct stat st;

    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return errno == ENOENT ? LEAT_E_GONE : LEAT_E_SYSTEM;
    if (fstat(*fd, &st) || st.st_uid != geteuid() || st.st_mode & 077) {
        close(*fd);
        return LEAT_E_ACCESS;
    }
    return 0;
}

/* A path that is short enough for a socket's, whatever the directory's is. */
static void address(int dir_fd, struct sockaddr_un *un)
{
    memset(un, 0, sizeof(*un));
    un->sun_family = AF_UNIX;
    snprintf(un->sun_path, sizeof(un->sun_path), "/proc/self/fd/%d/%s", dir_fd,
             SOCKET);
}

/*
 * Locks the file that is there. LEAT_E_BUSY: another has it; LEAT_E_GONE: there
 * is none.
 */
static int take_lock(int dir_fd, bool make, int *out)
{
    struct stat mine, there;
    int fd, tries, err;

    for (tries = 0; tries < 100; tries++) {
        fd = openat(dir_fd, LOCK,
                    O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0),
                    0600);
        if (fd < 0)
            return errno == ENOENT ? LEAT_E_GONE : LEAT_E_SYSTEM;
        if (flock(fd, LOCK_EX | LOCK_NB)) {
            err = errno == EWOULDBLOCK ? LEAT_E_BUSY : LEAT_E_SYSTEM;
            close(fd);
            return err;
        }
        /* L2: it may have been removed since it was opened. */
        if (!fstat(fd, &mine) &&
            !fstatat(dir_fd, LOCK, &there, AT_SYMLINK_NOFOLLOW) &&
            mine.st_ino == there.st_ino && mine.st_dev == there.st_dev) {
            *out = fd;
            return 0;
        }
        close(fd);
    }
    return LEAT_E_BUSY;
}

/* Removes all; the lock is held. */
static void clear(const char *dir, int dir_fd, int lock_fd)
{
    char made = 0;

    if (pread(lock_fd, &made, 1, 0) != 1)
        made = 0;
    unlinkat(dir_fd, SOCKET, 0);
    unlinkat(dir_fd, LOCK, 0);
    if (made == 'm')
        rmdir(dir);
}

static int listen_at(struct sim_place *p)
{
    struct sockaddr_un un;

    address(p->dir_fd, &un);
    unlinkat(p->dir_fd, SOCKET, 0); /* a dead one's */
    p->listen_fd =
        socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->listen_fd < 0)
        return LEAT_E_SYSTEM;
    if (bind(p->listen_fd, (struct sockaddr *)&un, sizeof(un)) ||
        fchmodat(p->dir_fd, SOCKET, 0600, 0) || listen(p->listen_fd, 128))
        return LEAT_E_SYSTEM;
    return 0;
}

/* Says whether the directory goes with it, and for people which process. */
static int write_lock(int fd, char made)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%c%ld\n", made, (long)getpid());

    return ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) != len
               ? LEAT_E_SYSTEM
               : 0;
}

int sim_place_take(struct sim_place *p, const char *dir)
{
    bool made = !mkdir(dir, 0700);
    char old;
    int err;

    memset(p, 0, sizeof(*p));
    p->dir_fd = p->lock_fd = p->listen_fd = -1;
    if (!made && errno != EEXIST)
        return LEAT_E_SYSTEM;
    p->dir = realpath(dir, NULL);
    err = p->dir ? open_dir(dir, &p->dir_fd) : LEAT_E_SYSTEM;
    if (!err)
        err = take_lock(p->dir_fd, true, &p->lock_fd);
    if (!err) {
        /* One that died here may have made it. */
        if (made || pread(p->lock_fd, &old, 1, 0) != 1)
            old = made ? 'm' : '-';
        err = write_lock(p->lock_fd, old);
        if (!err)
            err = listen_at(p);
    }
    if (err && p->lock_fd >= 0)
        sim_place_leave(p);
    else if (err) {
        if (made)
            rmdir(dir);
        if (p->dir_fd >= 0)
            close(p->dir_fd);
        free(p->dir);
    }
    return err;
}

void sim_place_leave(struct sim_place *p)
{
    if (p->listen_fd >= 0)
        close(p->listen_fd);
    clear(p->dir, p->dir_fd, p->lock_fd);
    close(p->lock_fd);
    close(p->dir_fd);
    free(p->dir);
    p->dir = NULL;
}

int sim_place_connect(const char *dir, int *out)
{
    struct sockaddr_un un;
    struct ucred peer;
    socklen_t len = sizeof(peer);
    int dir_fd = -1, fd = -1;
    int err = open_dir(dir, &dir_fd);

    if (err)
        return err;
    address(dir_fd, &un);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        err = errno == EMFILE || errno == ENFILE ? LEAT_E_LIMIT : LEAT_E_SYSTEM;
    else if (connect(fd, (struct sockaddr *)&un, sizeof(un)))
        err = errno == ENOENT || errno == ECONNREFUSED ? LEAT_E_GONE
                                                       : LEAT_E_SYSTEM;
    else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
             peer.uid != geteuid())
        err = LEAT_E_ACCESS;
    close(dir_fd);
    if (err && fd >= 0)
        close(fd);
    if (!err)
        *out = fd;
    return err;
}

void sim_place_sweep(const char *dir)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int dir_fd, fd, tries, err;

    /* The end of a socket can be seen before the lock of a killed one is. */
    for (tries = 0; tries < 20; tries++) {
        if (open_dir(dir, &dir_fd))
            return;
        err = take_lock(dir_fd, false, &fd);
        if (!err) {
            clear(dir, dir_fd, fd);
            close(fd);
        }
        close(dir_fd);
        if (err != LEAT_E_BUSY)
            return;
        nanosleep(&pause, NULL);
    }
}
