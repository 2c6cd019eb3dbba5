/* SPDX-License-Identifier: ISC */

/* A disk of sectors of 1024 bytes is given memory at half of one. */

#include <leat/memory_disk.h>

#include "errors.h"

int main(void)
{
    static unsigned char bytes[4096];
    static _Alignas(4096) unsigned char page[4096];
    struct leat_disk_done line[1];
    struct leat_copies copies = {{0}, {0}};
    struct leat_memory_disk_config config = {.bytes = bytes,
                                             .sectors = 8,
                                             .sector_bytes = 1024,
                                             .line = line,
                                             .depth = 1,
                                             .copies = &copies};
    struct leat_shared seg = {page + 512, 1024};
    struct leat_disk_request req = {
        .op = LEAT_DISK_WRITE, .sectors = 2, .segs = &seg, .nsegs = 1};
    struct leat_memory_disk memory;
    struct leat_disk disk;

    memset(page, 1, sizeof(page));
    MUST(leat_memory_disk_init(&memory, &config) == 0);
    disk = leat_memory_disk(&memory);
    FOUND("a write from half a sector on", disk.ops->submit(disk.self, &req),
          LEAT_E_ALIGN, !bytes[0] && !memory.n && !leat_copies_bytes(&copies));
}
