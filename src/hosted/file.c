/* SPDX-License-Identifier: ISC */

/*
 * Views as struct iovec, and what files and io_uring ask of them.
 *
 * <linux/stat.h> and not <sys/stat.h>: statx() is older in the C library than
 * STATX_DIOALIGN is in the kernel.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <leat/host.h>

#ifndef STATX_DIOALIGN
#error "the kernel's headers are older than Linux 6.1: no STATX_DIOALIGN"
#endif

int leat_views_iovec(const struct leat_view *views, size_t n, struct iovec *out)
{
    size_t i;

    if (n && (!views || !out))
        return LEAT_E_INVALID;
    for (i = 0; i < n; i++) {
        if (!views[i].data)
            return LEAT_E_STALE;
    }
    for (i = 0; i < n; i++) {
        out[i].iov_base = views[i].data;
        out[i].iov_len = views[i].len;
    }
    return 0;
}

/* A block device's logical sector, where statx() does not say. */
static int sector_of(int fd, struct statx *st)
{
    int bytes;

    if ((st->stx_mode & S_IFMT) != S_IFBLK)
        return LEAT_E_UNSUPPORTED;
    if (ioctl(fd, BLKSSZGET, &bytes) || bytes <= 0)
        return LEAT_E_UNSUPPORTED;
    st->stx_dio_mem_align = (uint32_t)bytes;
    st->stx_dio_offset_align = (uint32_t)bytes;
    return 0;
}

int leat_constraint_file(int fd, struct leat_constraint *out)
{
    struct leat_constraint need = {0};
    struct statx st;
    int err;

    if (!out)
        return LEAT_E_INVALID;
    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_DIOALIGN,
                &st))
        return errno == ENOSYS ? LEAT_E_UNSUPPORTED : LEAT_E_SYSTEM;
    if (!(st.stx_mask & STATX_DIOALIGN)) {
        err = sector_of(fd, &st);
        if (err)
            return err;
    }
    /* Both are 0 where the file does no direct I/O. */
    if (!st.stx_dio_mem_align || !st.stx_dio_offset_align)
        return LEAT_E_UNSUPPORTED;
    need.align = st.stx_dio_mem_align;
    need.multiple = st.stx_dio_offset_align;
    need.segments = IOV_MAX;
    err = leat_constraint_check(&need);
    if (err)
        return LEAT_E_UNSUPPORTED;
    *out = need;
    return 0;
}

/* io_uring_register(2): the most buffers in a table, the most bytes in one. */
#define URING_BUFFERS      16384
#define URING_BUFFER_BYTES ((size_t)1 << 30)

void leat_constraint_uring(bool registered, struct leat_constraint *out)
{
    struct leat_constraint need = {0};

    need.segments = registered ? URING_BUFFERS : IOV_MAX;
    need.segment_bytes = registered ? URING_BUFFER_BYTES : 0;
    *out = need;
}
