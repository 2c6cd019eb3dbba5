/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SIM_BLOCK_H
#define LEAT_SRC_TOOL_SIM_BLOCK_H

/*
 * leat sim block: an image goes through the rings of two block devices, of the
 * front end in this process, and of a back end in another.
 */

#include <leat/blkback.h>
#include <leat/blkfront.h>
#include <leat/file_disk.h>

#include "sim-report.h"
#include "sim-side.h"
#include "transfer.h"

enum {
    DISK_FROM, /* the image: read-only */
    DISK_TO,
    DISKS
};

enum disaster {
    NO_DISASTER,
    KILL_BACKEND,
    SUSPEND
};

struct block_file {
    const char *name; /* as the user calls it */
    char *path;       /* as the back end does */
    bool cached;      /* it goes through the page cache */
};

struct block_job {
    const char *image;
    const char *out; /* NULL: a file without a name */
    enum leat_receive_mode mode;
    enum disaster disaster;
    uint32_t depth; /* blocks under way                        */
    uint32_t block; /* bytes                                   */
    bool json;

    /* What there is. */
    struct side side;
    struct block_file file[DISKS];
    struct target target; /* beside (out) */
    int nameless;         /* else the file, or -1 */
    uint64_t bytes;

    /* Results. */
    double copy_seconds, verify_seconds;
    double outage_seconds; /* from the disaster until all was connected again */
    uint64_t flushed;      /* bytes, before the disaster; of these, */
    uint64_t found;        /* read back after it, and right */
    struct latencies reads, writes;
    struct leat_blkfront_info info[DISKS];
    struct leat_blkfront_stats front[DISKS];
    struct leat_blkback_stats back_stats[DISKS]; /* of the last back end     */
    /* Of the front's domain: by the devices, in the rings, bounces, and by this
     * command out of shared pages. */
    struct leat_copies payload, messages, pool, carried;
    char sha_image[DIGEST_HEX];   /* of the file, by the host                 */
    char sha_rings[DIGEST_HEX];   /* of the second disk, through the rings    */
    char sha_written[DIGEST_HEX]; /* of its file, by the host                 */
};

/* sim-block-front.c: all that is moved. */
bool block_run(struct block_job *j);

/* sim-block-files.c: looks at the image, and makes the second disk; gives that
 * its name, if all is (good). */
bool block_files(struct block_job *j);
bool block_files_end(struct block_job *j, bool good);
/* Opens one as a disk. */
int block_file_open(struct leat_file_disk **out, const char *path, bool cached,
                    const struct leat_file_disk_config *base);

extern const struct leat_bus_device block_devices[DISKS];

/* sim-block-say.c */
void block_say(struct block_job *j);
bool block_json(struct block_job *j);

#endif
