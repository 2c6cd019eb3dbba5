/* SPDX-License-Identifier: ISC */

#include <leat/memory_disk.h>

#include "pool_fixture.h"

#define SECTORS 64u

struct world {
    unsigned char bytes[SECTORS * 512];
    struct leat_disk_done line[4];
    struct leat_copies copies;
    struct leat_memory_disk memory;
    struct leat_disk disk;
    _Alignas(4096) unsigned char page[4096];
};

static void open_world(struct world *w, struct leat_memory_disk_config config)
{
    memset(w, 0, sizeof(*w));
    for (size_t i = 0; i < sizeof(w->bytes); i++)
        w->bytes[i] = (unsigned char)(i / 512 + 1);
    config.bytes = w->bytes;
    config.sectors = config.sectors ? config.sectors : SECTORS;
    config.line = w->line;
    config.depth = COUNT(w->line);
    config.copies = &w->copies;
    MUST(leat_memory_disk_init(&w->memory, &config));
    w->disk = leat_memory_disk(&w->memory);
}

static int submit(struct world *w, enum leat_disk_op op, uint64_t sector,
                  uint64_t sectors, size_t off, uint64_t cookie)
{
    struct leat_shared seg = {w->page + off, (size_t)sectors * 512};
    struct leat_disk_request req = {
        .op = op,
        .sector = sector,
        .sectors = sectors,
        .cookie = cookie,
    };

    if (op == LEAT_DISK_READ || op == LEAT_DISK_WRITE) {
        req.segs = &seg;
        req.nsegs = 1;
    }
    return w->disk.ops->submit(w->disk.self, &req);
}

static void told(struct world *w, uint64_t cookie)
{
    struct leat_disk_done done[2];
    size_t n = 7;

    MUST(w->disk.ops->poll(w->disk.self, done, 1, &n));
    cr_assert_eq(n, 1);
    cr_assert_eq(done[0].cookie, cookie);
    MUST(done[0].status);
}

Test(memory_disk, init_refuses_what_is_no_disk)
{
    static unsigned char bytes[4096];
    struct leat_disk_done line[1];
    struct leat_copies copies = {0};
    const struct leat_memory_disk_config good = {
        .bytes = bytes,
        .sectors = 8,
        .line = line,
        .depth = 1,
        .copies = &copies,
    };
    struct leat_memory_disk_config c = good;
    struct leat_memory_disk d;

    FAILS(LEAT_E_INVALID, leat_memory_disk_init(NULL, &c));
    FAILS(LEAT_E_INVALID, leat_memory_disk_init(&d, NULL));
#define BAD(err, field, value)                     \
    do {                                           \
        c = good;                                  \
        c.field = value;                           \
        FAILS(err, leat_memory_disk_init(&d, &c)); \
    } while (0)
    BAD(LEAT_E_INVALID, bytes, NULL);
    BAD(LEAT_E_INVALID, line, NULL);
    BAD(LEAT_E_INVALID, depth, 0);
    BAD(LEAT_E_INVALID, copies, NULL);
    BAD(LEAT_E_INVALID, sectors, 0);
    BAD(LEAT_E_INVALID, sector_bytes, 256);
    BAD(LEAT_E_INVALID, sector_bytes, 1536);
    BAD(LEAT_E_INVALID, sector_bytes, 8192);
    BAD(LEAT_E_INVALID, flags, LEAT_DISK_CAN_FLUSH);
    BAD(LEAT_E_INVALID, without, LEAT_DISK_IS_CDROM);
    BAD(LEAT_E_OVERFLOW, sectors, UINT64_MAX / 512 + 1);
    c = good;
    c.sector_bytes = 4096;
    MUST(leat_memory_disk_init(&d, &c));
    FAILS(LEAT_E_LENGTH, leat_memory_disk_resize(&d, 7));
    FAILS(LEAT_E_INVALID, leat_memory_disk_resize(NULL, 8));
}

Test(memory_disk, tells_what_it_is)
{
    static struct world w;
    struct leat_disk_info info;

    open_world(&w, (struct leat_memory_disk_config){
                       .sector_bytes = 1024, .without = LEAT_DISK_CAN_ERASE});
    MUST(w.disk.ops->info(w.disk.self, &info));
    cr_assert_eq(info.sectors, SECTORS);
    cr_assert_eq(info.sector_bytes, 1024);
    cr_assert_eq(info.flags, LEAT_DISK_CAN_FLUSH | LEAT_DISK_CAN_DISCARD);
    cr_assert_eq(w.disk.ops->fd(w.disk.self), -1);
    MUST(leat_memory_disk_resize(&w.memory, 32));
    MUST(w.disk.ops->info(w.disk.self, &info));
    cr_assert_eq(info.sectors, 32);
    FAILS(LEAT_E_RANGE, submit(&w, LEAT_DISK_READ, 32, 2, 0, 0));
    FAILS(LEAT_E_INVALID, w.disk.ops->info(w.disk.self, NULL));
}

Test(memory_disk, reads_writes_and_forgets)
{
    static struct world w;

    open_world(&w, (struct leat_memory_disk_config){0});
    MUST(submit(&w, LEAT_DISK_READ, 3, 2, 512, 1));
    told(&w, 1);
    cr_assert(w.page[511] == 0 && w.page[512] == 4 && w.page[1023] == 4 &&
              w.page[1024] == 5 && w.page[1535] == 5 && w.page[1536] == 0);
    memset(w.page, 0x77, 512);
    MUST(submit(&w, LEAT_DISK_WRITE, 63, 1, 0, 2));
    told(&w, 2);
    cr_assert(w.bytes[63 * 512 - 1] == 63 && w.bytes[63 * 512] == 0x77 &&
              w.bytes[SECTORS * 512 - 1] == 0x77);
    cr_assert_eq(w.copies.bytes[LEAT_WHY_SHARED], 1536);
    cr_assert_eq(leat_copies_bytes(&w.copies), 1536);
    MUST(submit(&w, LEAT_DISK_DISCARD, 62, 2, 0, 3));
    told(&w, 3);
    cr_assert(w.bytes[62 * 512 - 1] == 62 && !w.bytes[62 * 512] &&
              !w.bytes[SECTORS * 512 - 1]);
    MUST(submit(&w, LEAT_DISK_FLUSH, 0, 0, 0, 4));
    told(&w, 4);
}

Test(memory_disk, its_line_is_bounded_and_in_order)
{
    static struct world w;
    struct leat_disk_done done[4];
    size_t n;

    open_world(&w, (struct leat_memory_disk_config){0});
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < 4; i++)
            MUST(submit(&w, LEAT_DISK_READ, i, 1, 0, 10 * round + i));
        FAILS(LEAT_E_AGAIN, submit(&w, LEAT_DISK_READ, 0, 1, 0, 9));
        MUST(w.disk.ops->poll(w.disk.self, done, 3, &n));
        cr_assert_eq(n, 3);
        for (uint64_t i = 0; i < 3; i++)
            cr_assert_eq(done[i].cookie, 10 * round + i);
        told(&w, 10 * round + 3);
        MUST(w.disk.ops->poll(w.disk.self, done, 4, &n));
        cr_assert_eq(n, 0);
    }
    FAILS(LEAT_E_INVALID, w.disk.ops->poll(w.disk.self, done, 0, &n));
}

Test(memory_disk, refuses_what_was_not_checked)
{
    static struct world w;
    struct leat_shared segs[2] = {{w.page, 512}, {w.page + 512, 512}};
    struct leat_disk_request req = {
        .op = LEAT_DISK_READ, .sectors = 2, .segs = segs, .nsegs = 2};
    struct leat_disk_request r;

    open_world(&w, (struct leat_memory_disk_config){0});
#define REFUSED(err, ...)                                \
    do {                                                 \
        r = req;                                         \
        __VA_ARGS__;                                     \
        FAILS(err, w.disk.ops->submit(w.disk.self, &r)); \
    } while (0)
    FAILS(LEAT_E_INVALID, w.disk.ops->submit(w.disk.self, NULL));
    REFUSED(LEAT_E_INVALID, r.op = (enum leat_disk_op)4);
    REFUSED(LEAT_E_INVALID, r.segs = NULL);
    REFUSED(LEAT_E_INVALID, r.nsegs = 0);
    REFUSED(LEAT_E_INVALID, r.flags = LEAT_DISK_SECURE);
    REFUSED(LEAT_E_RANGE, r.sectors = 0);
    REFUSED(LEAT_E_RANGE, r.sectors = 1);
    REFUSED(LEAT_E_RANGE, r.sectors = 3);
    REFUSED(LEAT_E_RANGE, r.sector = SECTORS - 1);
    REFUSED(LEAT_E_RANGE, r.sector = UINT64_MAX);
    REFUSED(LEAT_E_RANGE, r.sector = UINT64_MAX - 1);
    REFUSED(LEAT_E_INVALID, r.op = LEAT_DISK_DISCARD, r.flags = 2);
    segs[1].len = 0;
    REFUSED(LEAT_E_RANGE, (void)0);
    segs[1].len = 511;
    REFUSED(LEAT_E_ALIGN, (void)0);
    segs[1].len = SIZE_MAX;
    REFUSED(LEAT_E_RANGE, (void)0);

    segs[1].len = 512;
    open_world(&w, (struct leat_memory_disk_config){.sector_bytes = 1024});
    segs[0].len = 1024;
    segs[1].len = 1024;
    req.sectors = 4;
    REFUSED(LEAT_E_ALIGN, (void)0); /* the address of the second */
    segs[1].peer_bytes = w.page + 1024;
    REFUSED(LEAT_E_ALIGN, r.sector = 1);
    REFUSED(LEAT_E_ALIGN, r.sectors = 3);
    MUST(w.disk.ops->submit(w.disk.self, &req));

    open_world(
        &w, (struct leat_memory_disk_config){.flags = LEAT_DISK_IS_READ_ONLY});
    FAILS(LEAT_E_ACCESS, submit(&w, LEAT_DISK_WRITE, 0, 1, 0, 0));
    FAILS(LEAT_E_ACCESS, submit(&w, LEAT_DISK_DISCARD, 0, 1, 0, 0));
    MUST(submit(&w, LEAT_DISK_READ, 0, 1, 0, 0));

    open_world(&w, (struct leat_memory_disk_config){
                       .without = LEAT_DISK_CAN_DISCARD | LEAT_DISK_CAN_FLUSH |
                                  LEAT_DISK_CAN_ERASE});
    FAILS(LEAT_E_UNSUPPORTED, submit(&w, LEAT_DISK_DISCARD, 0, 1, 0, 0));
    FAILS(LEAT_E_UNSUPPORTED, submit(&w, LEAT_DISK_FLUSH, 0, 0, 0, 0));
    cr_assert_eq(w.memory.n, 0);
}
