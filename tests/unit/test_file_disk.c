/* SPDX-License-Identifier: ISC */

/*
 * Files in /tmp, which must be of a file system that does direct I/O; where it is
 * not (tmpfs), those tests skip, and say so.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <leat/file_disk.h>

#include "pool_fixture.h"

#define BYTES ((size_t)1 << 20)

struct world {
    char path[64];
    struct leat_file_disk *file;
    struct leat_disk disk;
    struct leat_disk_info info;
    unsigned char *pages; /* 64 of them */
};

static unsigned char byte_of(size_t at)
{
    return (unsigned char)(at / 512 * 7 + at % 512);
}

static void make_file(struct world *w, size_t bytes)
{
    unsigned char *all = malloc(bytes);
    int fd;

    memset(w, 0, sizeof(*w));
    snprintf(w->path, sizeof(w->path), "/tmp/leat-file-disk-XXXXXX");
    fd = mkstemp(w->path);
    cr_assert(fd >= 0);
    for (size_t i = 0; i < bytes; i++)
        all[i] = byte_of(i);
    cr_assert_eq(write(fd, all, bytes), (ssize_t)bytes);
    close(fd);
    free(all);
    w->pages = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(w->pages != MAP_FAILED);
}

static void drop(struct world *w)
{
    unlink(w->path);
    munmap(w->pages, 64 * PAGE);
}

static void open_world(struct world *w, struct leat_file_disk_config config)
{
    int err;

    make_file(w, BYTES);
    err = leat_file_disk_open(&w->file, w->path, &config);
    if (err == LEAT_E_UNSUPPORTED) {
        drop(w);
        cr_skip_test("no direct I/O in /tmp, or no io_uring\n");
    }
    MUST(err);
    w->disk = leat_file_disk(w->file);
    MUST(w->disk.ops->info(w->disk.self, &w->info));
}

static void close_world(struct world *w)
{
    const char *broken = leat_file_disk_check(w->file);

    cr_assert_null(broken, "%s", broken);
    MUST(leat_file_disk_close(w->file));
    drop(w);
}

static int submit(struct world *w, enum leat_disk_op op, uint64_t sector,
                  const struct leat_shared *segs, size_t n, uint64_t cookie)
{
    struct leat_disk_request req = {
        .op = op, .sector = sector, .segs = segs, .nsegs = n, .cookie = cookie};

    for (size_t i = 0; i < n; i++)
        req.sectors += segs[i].len / 512;
    return w->disk.ops->submit(w->disk.self, &req);
}

/* Waits for one that is done. */
static int wait_for(struct world *w, uint64_t cookie)
{
    struct pollfd p = {.fd = w->disk.ops->fd(w->disk.self), .events = POLLIN};
    struct leat_disk_done done;
    const char *broken;
    size_t n = 0;

    for (int i = 0; i < 100 && !n; i++) {
        MUST(w->disk.ops->poll(w->disk.self, &done, 1, &n));
        broken = leat_file_disk_check(w->file);
        cr_assert_null(broken, "%s", broken);
        if (!n)
            cr_assert_eq(poll(&p, 1, 2000), 1, "nothing came in 2 s");
    }
    cr_assert_eq(n, 1);
    cr_assert_eq(done.cookie, cookie);
    return done.status;
}

static struct leat_shared part(struct world *w, size_t off, size_t len)
{
    struct leat_shared s = {w->pages + off, len};

    return s;
}

static struct leat_file_disk_stats disk_stats(struct world *w)
{
    struct leat_file_disk_stats s;

    MUST(leat_file_disk_stats(w->file, &s));
    return s;
}

static void transfers(struct world *w, size_t unit)
{
    struct leat_shared segs[3];
    unsigned char *back = malloc(BYTES);
    int fd;

    /* Three pieces, of which two are neighbours; and they cross pages. */
    segs[0] = part(w, 2 * unit, unit);
    segs[1] = part(w, 3 * unit, 9 * unit);
    segs[2] = part(w, 0, unit);
    memset(w->pages, 0xee, 64 * PAGE);
    MUST(submit(w, LEAT_DISK_READ, 4 * unit / 512, segs, 3, 42));
    MUST(wait_for(w, 42));
    for (size_t i = 0; i < 10 * unit; i++)
        cr_assert_eq(w->pages[2 * unit + i], byte_of(4 * unit + i));
    for (size_t i = 0; i < unit; i++)
        cr_assert(w->pages[i] == byte_of(14 * unit + i) &&
                  w->pages[unit + i] == 0xee &&
                  w->pages[12 * unit + i] == 0xee);

    memset(w->pages, 0x55, 64 * PAGE);
    MUST(submit(w, LEAT_DISK_WRITE, (BYTES - unit) / 512, segs, 1, 1));
    MUST(wait_for(w, 1));
    MUST(submit(w, LEAT_DISK_FLUSH, 0, NULL, 0, 2));
    MUST(wait_for(w, 2));
    fd = open(w->path, O_RDONLY);
    cr_assert_eq(read(fd, back, BYTES), (ssize_t)BYTES);
    close(fd);
    cr_assert_eq(back[BYTES - unit - 1], byte_of(BYTES - unit - 1));
    for (size_t i = BYTES - unit; i < BYTES; i++)
        cr_assert_eq(back[i], 0x55);
    cr_assert_eq(disk_stats(w).reads, 1);
    cr_assert_eq(disk_stats(w).read_bytes, 11 * unit);
    cr_assert_eq(disk_stats(w).write_bytes, unit);
    cr_assert_eq(disk_stats(w).flushes, 1);
    cr_assert_eq(disk_stats(w).failed, 0);
    free(back);
}

Test(file_disk, moves_bytes_directly)
{
    struct world w;

    open_world(&w, (struct leat_file_disk_config){0});
    cr_assert(w.info.sector_bytes >= 512 && w.info.sector_bytes <= 4096);
    cr_assert_eq(w.info.sectors, BYTES / 512);
    cr_assert(w.info.flags & LEAT_DISK_CAN_FLUSH);
    transfers(&w, w.info.sector_bytes);
    close_world(&w);
}

Test(file_disk, moves_bytes_through_the_page_cache)
{
    struct world w;

    open_world(&w, (struct leat_file_disk_config){.flags = LEAT_FILE_CACHED});
    cr_assert_eq(w.info.sector_bytes, 512);
    transfers(&w, 512);
    close_world(&w);
}

Test(file_disk, direct_bytes_are_not_in_the_page_cache)
{
    unsigned char resident[BYTES / 4096], *map;
    size_t before = 0, after = 0;
    struct leat_shared seg;
    struct world w;
    int fd;

    open_world(&w, (struct leat_file_disk_config){0});
    fd = open(w.path, O_RDONLY);
    cr_assert_eq(fdatasync(fd), 0);
    cr_assert_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    map = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
    cr_assert(map != MAP_FAILED);
    mincore(map, BYTES, resident);
    for (size_t i = 0; i < sizeof(resident); i++)
        before += resident[i] & 1;
    for (uint64_t i = 0; i < 16; i++) {
        seg = part(&w, 0, 32768);
        MUST(submit(&w, LEAT_DISK_READ, i * 64, &seg, 1, i));
        MUST(wait_for(&w, i));
    }
    mincore(map, BYTES, resident);
    for (size_t i = 0; i < sizeof(resident); i++)
        after += resident[i] & 1;
    cr_assert_eq(after, before, "%zu pages, then %zu", before, after);
    munmap(map, BYTES);
    close(fd);
    close_world(&w);
}

Test(file_disk, punches_holes)
{
    struct leat_disk_request req = {
        .op = LEAT_DISK_DISCARD, .sector = 128, .sectors = 1024, .cookie = 5};
    struct leat_shared seg;
    struct stat before, after;
    struct world w;

    open_world(&w, (struct leat_file_disk_config){0});
    if (!(w.info.flags & LEAT_DISK_CAN_DISCARD)) {
        close_world(&w);
        cr_skip_test("no holes in /tmp\n");
    }
    truncate(w.path, BYTES);
    stat(w.path, &before);
    MUST(w.disk.ops->submit(w.disk.self, &req));
    MUST(wait_for(&w, 5));
    stat(w.path, &after);
    cr_assert(after.st_blocks < before.st_blocks || !before.st_blocks);
    cr_assert_eq(after.st_size, (off_t)BYTES);
    memset(w.pages, 0xee, PAGE);
    seg = part(&w, 0, 2 * PAGE);
    MUST(submit(&w, LEAT_DISK_READ, 1152 - 8, &seg, 1, 6));
    MUST(wait_for(&w, 6));
    cr_assert(w.pages[0] == 0 && w.pages[4095] == 0 &&
              w.pages[4096] == byte_of(1152 * 512));
    req.flags = LEAT_DISK_SECURE;
    FAILS(LEAT_E_UNSUPPORTED, w.disk.ops->submit(w.disk.self, &req));
    cr_assert_eq(disk_stats(&w).discard_bytes, 1024 * 512);
    close_world(&w);
}

Test(file_disk, a_full_disk_says_so_and_goes_on)
{
    struct leat_shared seg;
    uint64_t seen = 0;
    struct world w;

    open_world(&w, (struct leat_file_disk_config){.depth = 3});
    seg = part(&w, 0, PAGE);
    for (uint64_t i = 0; i < 3; i++)
        MUST(submit(&w, LEAT_DISK_READ, 8 * i, &seg, 1, i));
    FAILS(LEAT_E_AGAIN, submit(&w, LEAT_DISK_READ, 0, &seg, 1, 9));
    FAILS(LEAT_E_BUSY, leat_file_disk_close(w.file));
    for (int tries = 0; tries < 1000 && seen != 7; tries++) {
        struct leat_disk_done done[8];
        size_t n = 0;

        MUST(w.disk.ops->poll(w.disk.self, done, 8, &n));
        for (size_t i = 0; i < n; i++) {
            MUST(done[i].status);
            seen |= (uint64_t)1 << done[i].cookie;
        }
        usleep(n ? 0 : 1000);
    }
    cr_assert_eq(seen, 7);
    MUST(submit(&w, LEAT_DISK_READ, 0, &seg, 1, 9));
    MUST(wait_for(&w, 9));
    cr_assert_eq(disk_stats(&w).full, 1);
    close_world(&w);
}

Test(file_disk, sees_a_resize_and_survives_a_file_cut_short)
{
    struct leat_shared seg;
    struct world w;

    open_world(&w, (struct leat_file_disk_config){0});
    cr_assert_eq(truncate(w.path, 2 * BYTES + 511), 0);
    MUST(w.disk.ops->info(w.disk.self, &w.info));
    cr_assert_eq(w.info.sectors, 2 * BYTES / 512);
    /* It ends in the middle of what is read, which was not noticed. */
    cr_assert_eq(truncate(w.path, 8 * PAGE), 0);
    memset(w.pages, 0xee, 16 * PAGE);
    seg = part(&w, 0, 16 * PAGE);
    MUST(submit(&w, LEAT_DISK_READ, 0, &seg, 1, 1));
    FAILS(LEAT_E_RANGE, wait_for(&w, 1));
    cr_assert_eq(disk_stats(&w).continued, 1);
    cr_assert_eq(disk_stats(&w).failed, 1);
    cr_assert(w.pages[0] == byte_of(0) &&
              w.pages[8 * PAGE - 1] == byte_of(8 * PAGE - 1));
    MUST(w.disk.ops->info(w.disk.self, &w.info));
    cr_assert_eq(w.info.sectors, 64);
    FAILS(LEAT_E_RANGE, submit(&w, LEAT_DISK_READ, 0, &seg, 1, 1));
    close_world(&w);
}

Test(file_disk, a_bad_address_is_that_requests_error)
{
    struct leat_shared bad = {(unsigned char *)0x10000, PAGE}, good;
    struct world w;

    open_world(&w, (struct leat_file_disk_config){0});
    good = part(&w, 0, PAGE);
    MUST(submit(&w, LEAT_DISK_READ, 0, &bad, 1, 1));
    FAILS(LEAT_E_SYSTEM, wait_for(&w, 1));
    MUST(submit(&w, LEAT_DISK_READ, 0, &good, 1, 2));
    MUST(wait_for(&w, 2));
    close_world(&w);
}

Test(file_disk, read_only_writes_nothing)
{
    struct leat_shared seg;
    struct world w;

    open_world(&w,
               (struct leat_file_disk_config){.flags = LEAT_FILE_READ_ONLY});
    cr_assert_eq(w.info.flags, LEAT_DISK_CAN_FLUSH | LEAT_DISK_IS_READ_ONLY);
    seg = part(&w, 0, PAGE);
    FAILS(LEAT_E_ACCESS, submit(&w, LEAT_DISK_WRITE, 0, &seg, 1, 1));
    MUST(submit(&w, LEAT_DISK_READ, 0, &seg, 1, 1));
    MUST(wait_for(&w, 1));
    cr_assert_eq(w.pages[4095], byte_of(4095));
    close_world(&w);
}

Test(file_disk, refuses_what_it_cannot_serve)
{
    struct leat_file_disk *d = (void *)1;
    struct leat_file_disk_config c = {0};
    struct world w;

    make_file(&w, 100);
    FAILS(LEAT_E_INVALID, leat_file_disk_open(NULL, w.path, NULL));
    FAILS(LEAT_E_INVALID, leat_file_disk_open(&d, NULL, NULL));
    c.flags = 1024;
    FAILS(LEAT_E_INVALID, leat_file_disk_open(&d, w.path, &c));
    c.flags = LEAT_FILE_CACHED;
    FAILS(LEAT_E_LENGTH, leat_file_disk_open(&d, w.path, &c));
    FAILS(LEAT_E_REFERENCE, leat_file_disk_open(&d, "/tmp/leat/none", &c));
    FAILS(LEAT_E_UNSUPPORTED, leat_file_disk_open(&d, "/dev/null", &c));
    c.flags |= LEAT_FILE_READ_ONLY;
    FAILS(LEAT_E_UNSUPPORTED, leat_file_disk_open(&d, "/tmp", &c));
    c.sector_bytes = 513;
    FAILS(LEAT_E_INVALID, leat_file_disk_open(&d, w.path, &c));
    c.sector_bytes = 0;
    c.depth = 4097;
    FAILS(LEAT_E_INVALID, leat_file_disk_open(&d, w.path, &c));
    cr_assert_eq(d, (void *)1);
    FAILS(LEAT_E_INVALID, leat_file_disk_close(NULL));
    drop(&w);
}
