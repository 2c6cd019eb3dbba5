/* SPDX-License-Identifier: ISC */

/*
 * Direct I/O from views: what is aligned leaves as it is, what is not is
 * refused, with the view that is to blame; or bounced, and counted.
 *
 *     direct [FILE]
 *
 * Where FILE's file system does no direct I/O, or the kernel does not tell what
 * it needs, the example asks for blocks of 4096 bytes and writes without
 * O_DIRECT: the way of the bytes through leat is the same.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <leat/leat.h>

static int open_target(const char *name, struct leat_constraint *need)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);

    if (fd >= 0 && leat_constraint_file(fd, need) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    leat_constraint_page(need);
    return open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
}

/* Writes (n) views at offset 0; says how they left. */
static int write_views(int fd, struct leat_pool *pool,
                       const struct leat_view *views, size_t n,
                       const struct leat_constraint *need,
                       enum leat_export_mode mode)
{
    struct leat_view segs[16];
    struct iovec iov[16];
    struct leat_export ex = {
        .segs = segs,
        .max_segs = 16,
        .dir = LEAT_TO_DEVICE,
        .pool = pool,
    };
    ssize_t wrote;
    int err;

    err = leat_export(views, n, need, mode, &ex);
    if (err) {
        printf("  refused: %s: view %zu, %s\n", leat_strerror(err), ex.index,
               leat_reason_name(ex.why));
        return err;
    }
    err = leat_views_iovec(segs, ex.nsegs, iov);
    if (!err) {
        wrote = pwritev(fd, iov, (int)ex.nsegs, 0);
        if (wrote < 0)
            err = LEAT_E_SYSTEM;
        else
            printf("  wrote %zd bytes, %zu bounced\n", wrote, ex.bounced_bytes);
    }
    leat_export_end(&ex, 0);
    return err;
}

int main(int argc, char **argv)
{
    char name[] = "leat-direct-XXXXXX";
    struct leat_mmap memory = {.limit_bytes = 16 << 20};
    struct leat_pool_config config = {.name = "direct"};
    struct leat_constraint need;
    struct leat_pool *pool;
    struct leat_chunk chunk;
    struct leat_view odd;
    struct leat_view all;
    int fd, err;

    if (argc < 2) {
        fd = mkstemp(name);
        if (fd < 0) {
            perror(name);
            return 1;
        }
        close(fd);
    }
    fd = open_target(argc < 2 ? name : argv[1], &need);
    if (fd < 0) {
        perror("direct");
        return 1;
    }

    err = leat_mmap_init(&memory);
    if (err)
        goto out_file;
    config.backend = leat_mmap(&memory);
    err = leat_pool_create(&pool, &config);
    if (err)
        goto out_file;
    err = leat_pool_get(pool, 3, &chunk);
    if (err)
        goto out_pool;
    all = leat_chunk_view(chunk);

    puts("two pages, as they are:");
    all.len = 8192;
    err = write_views(fd, pool, &all, 1, &need, LEAT_REFUSE);
    if (err)
        goto out_chunk;

    puts("two pages' bytes at offset 3:");
    err = leat_view_slice(leat_chunk_view(chunk), 3, 8192, &odd);
    if (err)
        goto out_chunk;
    if (!write_views(fd, pool, &odd, 1, &need, LEAT_REFUSE))
        err = LEAT_E_STATE; /* it must not pass */
    if (!err)
        err = write_views(fd, pool, &odd, 1, &need, LEAT_BOUNCE);

out_chunk:
    leat_pool_put(pool, chunk);
out_pool:
    leat_pool_destroy(pool);
out_file:
    if (err)
        fprintf(stderr, "direct: %s\n", leat_strerror(err));
    close(fd);
    if (argc < 2)
        unlink(name);
    return err != 0;
}
