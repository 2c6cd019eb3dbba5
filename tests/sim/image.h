/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SIM_IMAGE_H
#define LEAT_TESTS_SIM_IMAGE_H

/* A file of the test's own, which a back serves as a disk. */

#include <fcntl.h>

#include <leat/file_disk.h>

#include "sim.h"

static char image[300];

static inline void make_image(size_t bytes)
{
    int fd;

    snprintf(image, sizeof(image), "%s/image", base);
    fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && !ftruncate(fd, (off_t)bytes));
    close(fd);
}

static inline struct leat_file_disk *open_image(void)
{
    struct leat_file_disk_config c = {0};
    struct leat_file_disk *disk = NULL;
    int err = leat_file_disk_open(&disk, image, &c);

    if (err == LEAT_E_UNSUPPORTED) {
        printf("# no direct I/O in %s: through the page cache\n", base);
        c.flags = LEAT_FILE_CACHED;
        err = leat_file_disk_open(&disk, image, &c);
    }
    MUST(err);
    return disk;
}

#endif
