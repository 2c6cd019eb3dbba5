/* SPDX-License-Identifier: ISC */

/*
 * A file of bytes that do not compress and are the same for the same seed:
 * SplitMix64, by Sebastiano Vigna.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"

#define BLOCK_WORDS ((size_t)1 << 17)
#define BLOCK       (BLOCK_WORDS * sizeof(uint64_t))

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool put(const char *path, int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);

        if (tool_interrupted())
            return tool_fail("interrupted");
        if (n < 0 && errno != EINTR)
            return tool_fail("%s: cannot write: %s", path, strerror(errno));
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

bool random_file(const char *path, uint64_t bytes, uint64_t seed,
                 double *seconds)
{
    uint64_t *block = malloc(BLOCK), done = 0;
    struct progress progress;
    double from = tool_now();
    bool good = block != NULL;
    int fd = -1;

    if (!good) {
        tool_fail("out of memory");
        goto out;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        good = tool_fail("%s: cannot make it: %s", path, strerror(errno));
        goto out;
    }
    progress_begin(&progress, "making a file", bytes / BLOCK);
    while (good && done < bytes) {
        size_t len = BLOCK, i;

        for (i = 0; i < BLOCK_WORDS; i++)
            block[i] = next(&seed);
        if (len > bytes - done)
            len = (size_t)(bytes - done);
        good = put(path, fd, (const char *)block, len);
        done += len;
        progress_at(&progress, done / BLOCK);
    }
    if (good && fsync(fd))
        good = tool_fail("%s: cannot bring it to the disk: %s", path,
                         strerror(errno));
    progress_end(&progress);
out:
    if (fd >= 0) {
        /* What is copied next shall come from the disk. */
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
    free(block);
    *seconds = tool_now() - from;
    return good;
}
