/* SPDX-License-Identifier: ISC */

/* A disk of a file is closed while a request is under way. */

#include <unistd.h>

#include <leat/file_disk.h>

#include "errors.h"

int main(void)
{
    const struct leat_file_disk_config config = {.flags = LEAT_FILE_CACHED};
    static _Alignas(4096) unsigned char page[4096];
    char path[] = "/tmp/leat-errors-XXXXXX";
    struct leat_shared seg = {page, 4096};
    struct leat_disk_request req = {
        .op = LEAT_DISK_READ, .sectors = 8, .segs = &seg, .nsegs = 1};
    struct leat_disk_done done;
    static struct leat_file_disk *file;
    struct leat_disk disk;
    size_t n = 0;
    int err, fd = mkstemp(path), busy;

    MUST(fd >= 0 && write(fd, "leat", 4) == 4 && !ftruncate(fd, 8192));
    err = leat_file_disk_open(&file, path, &config);
    unlink(path);
    if (err == LEAT_E_UNSUPPORTED) {
        printf("1..0 # SKIP no io_uring\n");
        return 0;
    }
    MUST(!err);
    disk = leat_file_disk(file);
    MUST(!disk.ops->submit(disk.self, &req));
    busy = leat_file_disk_close(file);
    while (!n)
        MUST(!disk.ops->poll(disk.self, &done, 1, &n));
    FOUND("a close with a request under way", busy, LEAT_E_BUSY,
          !done.status && !memcmp(page, "leat", 4) &&
              !leat_file_disk_check(file));
}
