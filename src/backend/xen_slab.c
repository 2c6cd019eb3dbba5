/* SPDX-License-Identifier: ISC */

/*
 * Slabs of the Xen share backend: held against the limits, made in batches, and
 * given back. X1 to X4 are told in xen_share.c.
 *
 *   counted --batches--> out --put--> the kernel's
 *      |        |
 *      v        v one fails: those before it go back
 *   refused    refused
 */

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "xen_share.h"

#include <xen/sys/gntalloc.h>

/* Entries that the kernel's own drivers have, and may want: half a frame. */
#define KEPT (LEAT_GRANT_RESERVED + 256u)

/* (a) Pages of all of these, in this process: the kernel's limit is one. */
static size_t process_pages;

size_t leat_xen_process_pages(void)
{
    return __atomic_load_n(&process_pages, __ATOMIC_RELAXED);
}

/* What fits is counted; what does not is refused with its reason. */
static int reserve(struct leat_xen_share *x, size_t n)
{
    size_t limit, have = __atomic_load_n(&process_pages, __ATOMIC_RELAXED);

    if (n > x->pages_max - x->given)
        return leat_xen_tell(&x->why, LEAT_E_LIMIT, LEAT_XEN_ROOM, 0,
                             "limit_pages", x->pages_max,
                             "the backend's limit is %zu pages: with %zu out, "
                             "%zu more do not fit",
                             x->pages_max, x->given, n);
    do {
        if (have + n > x->config.refs - KEPT) /* X4 */
            return leat_xen_tell(
                &x->why, LEAT_E_LIMIT, LEAT_XEN_ROOM, 0, "refs", x->config.refs,
                "the grant table has %u entries, of which %u are left to "
                "others: with %zu of this process, %zu more do not fit",
                x->config.refs, KEPT, have, n);
        if (!leat_xen_number(LIMIT, &limit))
            limit = SIZE_MAX;
        if (have > limit || n > limit - have) /* X2 */
            return leat_xen_tell(
                &x->why, LEAT_E_LIMIT, LEAT_XEN_ROOM, 0, "xen_gntalloc.limit",
                limit,
                "%s is %zu pages: with %zu of this process, %zu more do not "
                "fit",
                LIMIT, limit, have, n);
    } while (!__atomic_compare_exchange_n(&process_pages, &have, have + n, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return 0;
}

static void release(size_t n)
{
    __atomic_fetch_sub(&process_pages, n, __ATOMIC_RELAXED);
}

/* Takes back a slab of which the last of the batches that were tried, at
 * (batch), may be a hole. A slab that has lost some is lost: X1, and its units
 * would not lie where they should. */
static void undo(struct leat_xen_share *x, size_t first, size_t n, size_t batch,
                 size_t some, bool hole)
{
    size_t after = batch + some;

    leat_xen_range_give(&x->range, first, batch - first, false);
    leat_xen_range_give(&x->range, batch, some, hole);
    leat_xen_range_give(&x->range, after, first + n - after, false);
    if (x->range.used[batch] == RANGE_LOST)
        leat_xen_range_lose(&x->range, first, n);
}

/* The kernel said no. */
static int refused(struct leat_xen_share *x, const char *what, int error)
{
    size_t limit = 0;

    if (error == ENOSPC) {
        leat_xen_number(LIMIT, &limit);
        return leat_xen_tell(&x->why, LEAT_E_LIMIT, LEAT_XEN_ROOM, error,
                             "xen_gntalloc.limit", limit,
                             "the kernel has no more grants: %s is %zu pages, "
                             "of which other processes and peers that hold on "
                             "have some; or the grant table is full",
                             LIMIT, limit);
    }
    return leat_xen_tell(
        &x->why, error == ENOMEM ? LEAT_E_NOMEM : LEAT_E_SYSTEM, LEAT_XEN_OTHER,
        error, what, 0, "%s failed: errno %d", what, error);
}

/* Has the kernel notify of what happens to the units that begin in a batch. */
static int notify(struct leat_xen_share *x, size_t first, size_t batch,
                  size_t n, uint64_t index)
{
    const struct leat_xen_share_config *c = &x->config;
    struct ioctl_gntalloc_unmap_notify arg = {.event_channel_port =
                                                  c->notify_port};
    size_t page = c->notify_off >> LEAT_PAGE_SHIFT;

    if (c->flags & LEAT_XEN_NOTIFY_BYTE)
        arg.action |= UNMAP_NOTIFY_CLEAR_BYTE;
    if (c->flags & LEAT_XEN_NOTIFY_PORT)
        arg.action |= UNMAP_NOTIFY_SEND_EVENT;
    for (size_t i = batch; arg.action && i < batch + n; i++) {
        if ((i - first) % c->unit_pages != page)
            continue;
        arg.index = index + ((i - batch) << LEAT_PAGE_SHIFT) +
                    (c->notify_off & (LEAT_PAGE_SIZE - 1));
        if (ioctl(xengntshr_fd(x->handle), IOCTL_GNTALLOC_SET_UNMAP_NOTIFY,
                  &arg))
            return errno;
    }
    return 0;
}

/*
 * Makes pages [batch, batch + n) of the range, for the slab at (first). A failure
 * to map them leaves a hole there.
 */
static int make(struct leat_xen_share *x, size_t first, size_t batch, size_t n,
                bool *hole)
{
    union {
        struct ioctl_gntalloc_alloc_gref alloc;
        unsigned char space[sizeof(struct ioctl_gntalloc_alloc_gref) +
                            LEAT_XEN_BATCH * sizeof(uint32_t)];
    } arg;
    struct ioctl_gntalloc_dealloc_gref drop = {.count = (uint32_t)n};
    unsigned char *at = x->range.base + (batch << LEAT_PAGE_SHIFT);
    int fd = xengntshr_fd(x->handle);
    int error = 0;

    memset(&arg, 0, sizeof(arg));
    arg.alloc.domid = (uint16_t)x->config.domain;
    arg.alloc.flags =
        x->config.access == LEAT_READ_WRITE ? GNTALLOC_FLAG_WRITABLE : 0;
    arg.alloc.count = (uint32_t)n;
    if (ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &arg))
        return refused(x, "IOCTL_GNTALLOC_ALLOC_GREF", errno);
    drop.index = arg.alloc.index;
    if (mmap(at, n << LEAT_PAGE_SHIFT, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, fd, (off_t)arg.alloc.index) == MAP_FAILED)
        error = errno;
    *hole = error;
    if (!error && madvise(at, n << LEAT_PAGE_SHIFT, MADV_DONTFORK))
        error = errno;
    if (!error)
        error = notify(x, first, batch, n, arg.alloc.index);
    /* From here on the mapping alone keeps the pages. */
    ioctl(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &drop);
    if (error)
        return refused(x, "mapping shared pages", error);
    for (size_t i = 0; i < n; i++) {
        x->refs[batch + i] = arg.alloc.gref_ids[i];
        if (x->refs[batch + i] >= x->config.refs) /* X3 */
            return leat_xen_tell(&x->why, LEAT_E_LIMIT, LEAT_XEN_ROOM, 0,
                                 "refs", x->config.refs,
                                 "a reference of %u, where the table is said "
                                 "to have %u",
                                 x->refs[batch + i], x->config.refs);
    }
    return 0;
}

static int share_slab_get(void *self, size_t pages, struct leat_slab *out)
{
    struct leat_xen_share *x = self;
    size_t unit = x->config.unit_pages;
    size_t n = pages, first, some, i = 0;
    bool hole = false;
    int err;

    if (!pages)
        return LEAT_E_INVALID;
    if (pages <= x->pages_max)
        n = (pages + unit - 1) / unit * unit;
    pthread_mutex_lock(&x->lock);
    err = reserve(x, n);
    if (err)
        goto out;
    err = leat_xen_range_take(&x->range, n, &first);
    if (err) {
        release(n);
        leat_xen_tell(&x->why, err, LEAT_XEN_ROOM, 0, "limit_pages",
                      x->pages_max, "no run of %zu pages is free", n);
        goto out;
    }
    for (; i < n && !err; i += some) {
        some = n - i < LEAT_XEN_BATCH ? n - i : LEAT_XEN_BATCH;
        err = make(x, first, first + i, some, &hole);
    }
    if (err) {
        undo(x, first, n, first + i - some, some, hole);
        release(n);
        goto out;
    }
    x->given += n;
    out->base = x->range.base + (first << LEAT_PAGE_SHIFT);
    out->pages = n;
    out->cookie = NULL;
out:
    pthread_mutex_unlock(&x->lock);
    return err;
}

static void share_slab_put(void *self, const struct leat_slab *slab)
{
    struct leat_xen_share *x = self;
    size_t first;

    pthread_mutex_lock(&x->lock);
    if (leat_xen_range_find(&x->range, slab->base, slab->pages, &first)) {
        leat_xen_range_give(&x->range, first, slab->pages, false);
        x->given -= slab->pages;
        release(slab->pages);
    }
    pthread_mutex_unlock(&x->lock);
}

static size_t share_pages_max(void *self)
{
    return ((struct leat_xen_share *)self)->pages_max;
}

static size_t share_slab_pages(void *self)
{
    return ((struct leat_xen_share *)self)->config.unit_pages;
}

const struct leat_backend_ops leat_xen_slab_ops = {
    .name = "xen",
    .caps = LEAT_CAP_GROW | LEAT_CAP_RETURN | LEAT_CAP_META | LEAT_CAP_ZEROED,
    .slab_get = share_slab_get,
    .slab_put = share_slab_put,
    .pages_max = share_pages_max,
    .slab_pages = share_slab_pages,
    .meta_get = leat_xen_meta_get,
    .meta_put = leat_xen_meta_put,
};
