/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_JOB_H
#define LEAT_SRC_TOOL_JOB_H

/*
 * The parts of "leat run".
 */

#include "transfer.h"

/* random-file.c: makes (path), which must not be there. */
bool random_file(const char *path, uint64_t bytes, uint64_t seed,
                 double *seconds);

/* place.c: a directory of our own where direct I/O works. */
struct place {
    char *dir;
    char *source;
    char *direct;
    char *odd;
};

bool place_open(struct place *p, const char *asked);
void place_close(struct place *p);

#endif
