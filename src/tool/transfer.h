/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TRANSFER_H
#define LEAT_SRC_TRANSFER_H

/*
 * A file copied by direct I/O through chunks of a leat pool.
 */

#include <sys/stat.h>

#include <leat/leat.h>

#include "tool.h"

struct transfer {
    /* What is asked. */
    const char *src;
    const char *dst;
    const char *what; /* for the progress                                */
    size_t odd;       /* 0: from the start of pages; else views begin at
                         this offset and have odd lengths               */

    /* What came of it. */
    uint64_t bytes;
    size_t tail; /* bytes in the last sector, where it is not full */
    struct leat_constraint need;
    struct leat_copies copies;
    double seconds;
    char sha256[DIGEST_HEX]; /* of both */
};

/*
 * Copies, and verifies by SHA-256 of both files, (dst) as the disk gives it
 * back. (dst) gets its name only when that is done; until then it is a file
 * beside it, which a failure removes.
 */
bool transfer_run(struct transfer *t);

/* One word per reason, "address 3, length 1"; "none" where there are none. */
const char *transfer_reasons(const struct leat_copies *copies, char *buf,
                             size_t len);

/* target.c: the file beside, which becomes the destination. */
struct target {
    char *path;
    char *temp;
    mode_t mode;
    int fd;
};

bool target_open(struct target *t, const char *dst, const struct stat *src);
bool target_sync(struct target *t);
bool target_commit(struct target *t);
void target_close(struct target *t);

#endif
