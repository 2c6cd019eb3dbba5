/* SPDX-License-Identifier: ISC */

/* What libleat adds on a Unix host: struct iovec, and what files need. */

#include "pool_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>

Test(host, iovec)
{
    struct leat_view v[3];
    struct iovec iov[4];
    char bytes[100];

    for (size_t i = 0; i < 3; i++)
        MUST(leat_view_of(bytes + 7 * i, 30 * i, &v[i]));
    memset(iov, 0x66, sizeof(iov));
    MUST(leat_views_iovec(v, 3, iov));
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(iov[i].iov_base, bytes + 7 * i);
        cr_assert_eq(iov[i].iov_len, 30 * i);
    }
    cr_assert(all_bytes((unsigned char *)&iov[3], sizeof(iov[3]), 0x66));
    MUST(leat_views_iovec(v, 0, iov));
}

Test(host, iovec_refused)
{
    struct leat_view v[3] = {{NULL, 0}};
    struct iovec iov[3];
    char bytes[4];

    MUST(leat_view_of(bytes, 4, &v[0]));
    MUST(leat_view_of(bytes, 4, &v[1]));
    memset(iov, 0x66, sizeof(iov));
    FAILS(LEAT_E_STALE, leat_views_iovec(v, 3, iov));
    cr_assert(all_bytes((unsigned char *)iov, sizeof(iov), 0x66));
    FAILS(LEAT_E_INVALID, leat_views_iovec(NULL, 1, iov));
    FAILS(LEAT_E_INVALID, leat_views_iovec(v, 1, NULL));
}

/* A file of 64 KiB in (directory), open with (flags), that has no name. */
static int open_file(const char *directory, int flags)
{
    char path[PATH_MAX];
    int fd, direct;

    snprintf(path, sizeof(path), "%s/leat-host-XXXXXX", directory);
    fd = mkstemp(path);
    cr_assert_geq(fd, 0, "%s", path);
    for (int i = 0; i < 16; i++) {
        char block[4096];

        memset(block, 'a' + i, sizeof(block));
        cr_assert_eq(write(fd, block, sizeof(block)), sizeof(block));
    }
    cr_assert_eq(fsync(fd), 0);
    direct = open(path, O_RDWR | flags);
    unlink(path);
    close(fd);
    return direct;
}

/* What the kernel itself says; false where it does not. */
static bool kernel_says(int fd, size_t *align, size_t *multiple)
{
    struct statx stx;

    memset(&stx, 0, sizeof(stx));
    if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) ||
        !(stx.stx_mask & STATX_DIOALIGN) || !stx.stx_dio_offset_align)
        return false;
    *align = stx.stx_dio_mem_align;
    *multiple = stx.stx_dio_offset_align;
    return true;
}

static void says_what_the_kernel_says(int fd)
{
    struct leat_constraint need = {.align = 1234};
    size_t align, multiple;

    if (kernel_says(fd, &align, &multiple)) {
        MUST(leat_constraint_file(fd, &need));
        MUST(leat_constraint_check(&need));
        cr_assert_eq(need.align, align);
        cr_assert_eq(need.multiple, multiple);
    } else {
        FAILS(LEAT_E_UNSUPPORTED, leat_constraint_file(fd, &need));
        cr_assert_eq(need.align, 1234, "outputs stay on failure");
    }
}

static const char *temporary(void)
{
    return getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
}

/* Met, the read succeeds; missed by a byte, it gives EINVAL. */
Test(host, constraint_of_a_file)
{
    struct leat_constraint need;
    struct pool_fixture f;
    struct leat_chunk c;
    unsigned char *at;
    size_t len;
    int fd = open_file(temporary(), O_DIRECT);

    if (fd < 0) { /* no direct I/O at all: then it must be refused */
        cr_assert_eq(errno, EINVAL);
        fd = open_file(temporary(), 0);
        FAILS(LEAT_E_UNSUPPORTED, leat_constraint_file(fd, &need));
        close(fd);
        return;
    }
    says_what_the_kernel_says(fd);
    if (!leat_constraint_file(fd, &need)) {
        open_static(&f, 8, (struct leat_pool_config){0});
        c = get(f.pool, 8);
        at = bytes_of(c);
        cr_assert_eq(pread(fd, at, 4096, 4096), 4096);
        cr_assert(all_bytes(at, 4096, 'b'));
        /* More than a page: shorter reads some file systems do buffered. */
        len = (8192 + need.multiple - 1) / need.multiple * need.multiple;
        cr_assert_eq(pread(fd, at + need.align, len, (off_t)need.multiple),
                     (ssize_t)len);
        cr_assert_eq(pread(fd, at + 1, len, 0), -1);
        cr_assert_eq(errno, EINVAL, "address");
        cr_assert_eq(pread(fd, at, len - 1, 0), -1);
        cr_assert_eq(errno, EINVAL, "length");
        cr_assert_eq(pread(fd, at, len, 1), -1);
        cr_assert_eq(errno, EINVAL, "offset");
        MUST(leat_pool_put(f.pool, c));
        close_pool(&f);
    }
    close(fd);
}

Test(host, constraint_of_a_file_in_memory)
{
    int fd = open_file("/dev/shm", 0);

    cr_assert_geq(fd, 0);
    says_what_the_kernel_says(fd);
    close(fd);
}

Test(host, constraint_of_what_is_no_file)
{
    struct leat_constraint need = {.multiple = 55};
    int end[2], null = open("/dev/null", O_RDWR);

    cr_assert_eq(pipe(end), 0);
    FAILS(LEAT_E_UNSUPPORTED, leat_constraint_file(end[0], &need));
    FAILS(LEAT_E_UNSUPPORTED, leat_constraint_file(end[1], &need));
    FAILS(LEAT_E_UNSUPPORTED, leat_constraint_file(null, &need));
    close(end[0]);
    close(null);
    errno = 0;
    FAILS(LEAT_E_SYSTEM, leat_constraint_file(end[0], &need));
    cr_assert_eq(errno, EBADF);
    FAILS(LEAT_E_SYSTEM, leat_constraint_file(-1, &need));
    cr_assert_eq(need.multiple, 55);
    close(end[1]);
}

Test(host, constraint_of_uring)
{
    struct leat_constraint need;

    leat_constraint_uring(false, &need);
    MUST(leat_constraint_check(&need));
    cr_assert_eq(need.segments, IOV_MAX);
    cr_assert_leq(need.align, 1);
    cr_assert_leq(need.multiple, 1);
    cr_assert_eq(need.boundary, 0);
    cr_assert_eq(need.flags, 0);
    leat_constraint_uring(true, &need);
    MUST(leat_constraint_check(&need));
    cr_assert_eq(need.segments, 16384);
    cr_assert_eq(need.segment_bytes, (size_t)1 << 30);
    cr_assert_leq(need.align, 1);
    cr_assert_eq(need.boundary, 0);
}
