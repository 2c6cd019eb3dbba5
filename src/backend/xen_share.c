/* SPDX-License-Identifier: ISC */

/*
 * The Xen share backend: pages of gntalloc, which are granted from birth.
 *
 * A slab is a run of the backend's range of addresses. The kernel makes it in
 * batches, and each of its pages has the reference refs[] by its place in the
 * range. Where a page is, is found by arithmetic.
 *
 *   X1  given == pages of the range that are out
 *   X2  the pages of all backends of this process <= the kernel's limit, as it
 *       was when the last of them were asked for
 *   X3  a page that is out has a reference, reserved for no other use, and less
 *       than what the table is said to have
 *
 * A grant ends when its page is unmapped, which is when a slab is put; the file
 * keeps nothing, so a process that dies leaves nothing but what peers hold.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <xengnttab.h>

#include <xen/sys/gntalloc.h>

#include <leat/xen_share.h>

#include "../xen/xen.h"

#define LIMIT "/sys/module/xen_gntalloc/parameters/limit"

/* Entries of a grant table of the default 64 frames. */
#define REFS 32768u

#define KNOWN_FLAGS                                              \
    (LEAT_XEN_TOLD | LEAT_XEN_TOLD_BYTE | LEAT_XEN_NOTIFY_BYTE | \
     LEAT_XEN_NOTIFY_PORT)

struct leat_xen_share {
    struct leat_xen_share_config config; /* (c) */
    xengntshr_handle *handle;            /* (c) */
    size_t pages_max;                    /* (c) */
    pthread_mutex_t lock;
    struct leat_xen_range range; /* (l) */
    uint32_t *refs;              /* (l) */
    size_t given;                /* (l) */
    struct leat_xen_why why;     /* (l) */
};

/* (a) Pages of all of these, in this process: the kernel's limit is one. */
static size_t process_pages;

/* ------------------------------------------------------------------ limits */

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

/* ------------------------------------------------------------------- slabs */

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

static const struct leat_backend_ops backend_ops = {
    .name = "xen",
    .caps = LEAT_CAP_GROW | LEAT_CAP_RETURN | LEAT_CAP_META | LEAT_CAP_ZEROED,
    .slab_get = share_slab_get,
    .slab_put = share_slab_put,
    .pages_max = share_pages_max,
    .slab_pages = share_slab_pages,
    .meta_get = leat_xen_meta_get,
    .meta_put = leat_xen_meta_put,
};

/* ----------------------------------------------------------------- sharing */

/* The page that is out at (page). Under the lock. */
static bool find(struct leat_xen_share *x, const void *page, size_t *at)
{
    return leat_xen_range_find(&x->range, page, 1, at) &&
           x->range.used[*at] == RANGE_OUT;
}

/* The byte by which a peer tells, of the unit that the page (at) lies in. Slabs
 * are whole units, but begin anywhere: the unit counts from the slab's start,
 * which all slabs share, for the range is taken in units. */
static unsigned char *told_byte(struct leat_xen_share *x, size_t at)
{
    size_t unit = at - at % x->config.unit_pages;

    if (!(x->config.flags & LEAT_XEN_TOLD_BYTE))
        return NULL;
    return x->range.base + (unit << LEAT_PAGE_SHIFT) + x->config.told_off;
}

static uint32_t share_refs(void *self)
{
    return ((struct leat_xen_share *)self)->config.refs;
}

static int share_born(void *self, const void *page, uint32_t *ref,
                      uint32_t *domain, enum leat_access *access)
{
    struct leat_xen_share *x = self;
    unsigned char *told;
    size_t at;
    int err = LEAT_E_FOREIGN;

    pthread_mutex_lock(&x->lock);
    if (find(x, page, &at)) {
        told = told_byte(x, at);
        if (told)
            __atomic_store_n(told, 1, __ATOMIC_RELEASE);
        *ref = x->refs[at];
        *domain = x->config.domain;
        *access = x->config.access;
        err = 0;
    }
    pthread_mutex_unlock(&x->lock);
    return err;
}

int leat_xen_share_told(struct leat_xen_share *x, const void *page, bool *told)
{
    unsigned char *byte;
    size_t at;
    int err = LEAT_E_FOREIGN;

    if (!x || !page || !told)
        return LEAT_E_INVALID;
    pthread_mutex_lock(&x->lock);
    if (find(x, page, &at)) {
        byte = told_byte(x, at);
        err = byte ? 0 : LEAT_E_UNSUPPORTED;
        if (byte)
            *told = !__atomic_load_n(byte, __ATOMIC_ACQUIRE);
    }
    pthread_mutex_unlock(&x->lock);
    return err;
}

static int never_end(void *self, uint32_t ref, void *page)
{
    (void)self;
    (void)ref;
    (void)page;
    return LEAT_E_UNSUPPORTED;
}

/* The caller has been told; the byte, where there is one, must say the same. */
static int told_end(void *self, uint32_t ref, void *page)
{
    bool told;
    int err = leat_xen_share_told(self, page, &told);

    (void)ref;
    if (err == LEAT_E_UNSUPPORTED)
        return 0;
    if (err)
        return err;
    return told ? 0 : LEAT_E_BUSY;
}

static const struct leat_share_ops never_ops = {
    .name = "xen",
    .caps = LEAT_SHARE_BORN,
    .letgo = LEAT_LETGO_NEVER,
    .refs = share_refs,
    .end = never_end,
    .born = share_born,
};

static const struct leat_share_ops told_ops = {
    .name = "xen",
    .caps = LEAT_SHARE_BORN,
    .letgo = LEAT_LETGO_TOLD,
    .refs = share_refs,
    .end = told_end,
    .born = share_born,
};

/* -------------------------------------------------------------------- open */

static int configure(struct leat_xen_share_config *c)
{
    size_t bytes;

    if (c->flags & ~KNOWN_FLAGS ||
        (c->access != LEAT_READ_WRITE && c->access != LEAT_READ_ONLY) ||
        (c->flags & LEAT_XEN_TOLD_BYTE && !(c->flags & LEAT_XEN_TOLD)) ||
        /* What reads only can clear no byte. */
        (c->flags & LEAT_XEN_TOLD_BYTE && c->access == LEAT_READ_ONLY))
        return LEAT_E_INVALID;
    if (c->domain > LEAT_DOMAIN_MAX)
        return LEAT_E_DOMAIN;
    if (!c->unit_pages)
        c->unit_pages = 1;
    if (!c->refs)
        c->refs = REFS;
    if (c->unit_pages > LEAT_PAGES_MAX)
        return LEAT_E_INVALID;
    bytes = c->unit_pages << LEAT_PAGE_SHIFT;
    if ((c->flags & LEAT_XEN_TOLD_BYTE && c->told_off >= bytes) ||
        (c->flags & LEAT_XEN_NOTIFY_BYTE && c->notify_off >= bytes))
        return LEAT_E_INVALID;
    return 0;
}

int leat_xen_share_open(struct leat_xen_share **out,
                        const struct leat_xen_share_config *config,
                        struct leat_xen_why *why)
{
    struct leat_xen_share *x;
    size_t limit;
    int err;

    leat_xen_tell(why, 0, LEAT_XEN_NOTHING, 0, NULL, 0, "%s", "");
    if (!out || !config)
        return LEAT_E_INVALID;
    x = calloc(1, sizeof(*x));
    if (!x)
        return LEAT_E_NOMEM;
    x->config = *config;
    err = configure(&x->config);
    if (!err)
        err = leat_xen_probe(LEAT_XEN_SHARE, why);
    if (err)
        goto out_free;
    if (!leat_xen_number(LIMIT, &limit))
        limit = x->config.limit_pages ? x->config.limit_pages : REFS;
    x->pages_max = limit;
    if (x->config.limit_pages && x->config.limit_pages < limit)
        x->pages_max = x->config.limit_pages;
    x->pages_max -= x->pages_max % x->config.unit_pages;
    if (!x->pages_max) {
        err = leat_xen_tell(why, LEAT_E_LIMIT, LEAT_XEN_ROOM, 0,
                            "xen_gntalloc.limit", limit,
                            "%s is %zu pages: a unit of %zu does not fit",
                            LIMIT, limit, x->config.unit_pages);
        goto out_free;
    }
    err = LEAT_E_NOMEM;
    x->refs = calloc(x->pages_max, sizeof(*x->refs));
    if (!x->refs)
        goto out_free;
    err = leat_xen_range_init(&x->range, x->pages_max);
    if (err)
        goto out_refs;
    x->handle = xengntshr_open(&leat_xen_quiet, 0);
    if (!x->handle) {
        err = leat_xen_unopened(LEAT_XEN_SHARE, errno, why);
        goto out_range;
    }
    pthread_mutex_init(&x->lock, NULL);
    *out = x;
    return 0;
out_range:
    leat_xen_range_fini(&x->range);
out_refs:
    free(x->refs);
out_free:
    free(x);
    return err;
}

int leat_xen_share_close(struct leat_xen_share *x)
{
    if (!x)
        return LEAT_E_INVALID;
    if (x->given)
        return LEAT_E_BUSY;
    xengntshr_close(x->handle);
    leat_xen_range_fini(&x->range);
    pthread_mutex_destroy(&x->lock);
    free(x->refs);
    free(x);
    return 0;
}

struct leat_backend leat_xen_share_backend(struct leat_xen_share *x)
{
    struct leat_backend b = {.ops = &backend_ops, .self = x};

    return b;
}

struct leat_share leat_xen_share_ops(struct leat_xen_share *x)
{
    struct leat_share s = {.self = x};

    s.ops = x->config.flags & LEAT_XEN_TOLD ? &told_ops : &never_ops;
    return s;
}

void leat_xen_share_why(struct leat_xen_share *x, struct leat_xen_why *out)
{
    pthread_mutex_lock(&x->lock);
    *out = x->why;
    pthread_mutex_unlock(&x->lock);
}

size_t leat_xen_share_pages(struct leat_xen_share *x, size_t *process)
{
    size_t given;

    pthread_mutex_lock(&x->lock);
    given = x->given;
    pthread_mutex_unlock(&x->lock);
    if (process)
        *process = __atomic_load_n(&process_pages, __ATOMIC_RELAXED);
    return given;
}

const char *leat_xen_share_check(struct leat_xen_share *x)
{
    const char *wrong;

    pthread_mutex_lock(&x->lock);
    wrong = leat_xen_range_check(&x->range);
    if (!wrong && x->given != x->range.out)
        wrong = "X1: pages given";
    for (size_t i = 0; !wrong && i < x->range.pages; i++)
        if (x->range.used[i] == RANGE_OUT &&
            (x->refs[i] < LEAT_GRANT_RESERVED || x->refs[i] >= x->config.refs))
            wrong = "X3: references";
    pthread_mutex_unlock(&x->lock);
    return wrong;
}
