/* SPDX-License-Identifier: ISC */

/* A device is made in a byte less than it needs. */

#include <leat/blkback.h>
#include <leat/memory_disk.h>

#include "device-errors.h"

#define PATH "/local/domain/2/backend/leat/1/768"

int main(void)
{
    static const struct leat_bus_device device = {
        .type = "vbd", .front = 1, .back = 2, .number = 768, .back_path = PATH};
    static unsigned char bytes[4096];
    struct leat_disk_done line[1];
    struct leat_copies copies = {{0}, {0}};
    struct leat_memory_disk_config disk = {.bytes = bytes,
                                           .sectors = 8,
                                           .line = line,
                                           .depth = 1,
                                           .copies = &copies};
    struct leat_memory_disk memory;
    static struct leat_blkback_config c = {.path = PATH};
    struct leat_blkback *out = NULL;

    open_two(NULL);
    make_device(&device, 2);
    MUST(leat_memory_disk_init(&memory, &disk) == 0);
    c.bus = &bus;
    c.grants = b->table;
    c.disk = leat_memory_disk(&memory);
    MUST(leat_blkback_meta_size(&c, &c.meta_bytes) == 0);
    c.meta = malloc(c.meta_bytes--);
    FOUND("a device in too little memory", leat_blkback_create(&out, &c),
          LEAT_E_NOMEM,
          !out && sound(0) && leat_bus_fini(&bus) == 0 &&
              !strcmp(table_get(&table, PATH "/state"), "1"));
}
