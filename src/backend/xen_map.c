/* SPDX-License-Identifier: ISC */

/*
 * The Xen map backend: a peer's pages by gntdev, in a range of addresses that is
 * reserved for them.
 *
 *   M1  mapped == pages of the range that are out == sum of n of the records
 *   M2  a record with n pages stands at the first page of a mapping, and nowhere
 *       else
 *
 * The driver maps all of a request or nothing, and does not say what was wrong.
 * So after a failure each grant is tried by itself, and those that fail are asked
 * for one byte, by a copy, whose status is the hypervisor's own.
 *
 * Mappings are made by the driver's requests, not by xengnttab_map_grant_refs(),
 * which lets the kernel choose the addresses.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "xen_map.h"

#include <xen/sys/gntdev.h>

#define LIMIT "/sys/module/xen_gntdev/parameters/limit"

/* Where the kernel does not tell its limit: what it is unless it is changed. */
#define PAGES 65536u

static int of_errno(int error)
{
    switch (error) {
    case ENOMEM:
    case EAGAIN:
        return LEAT_E_NOMEM;
    case ENOSPC:
        return LEAT_E_LIMIT;
    case EPERM:
    case EACCES:
        return LEAT_E_REFUSED;
    default:
        return LEAT_E_SYSTEM;
    }
}

/* Maps (n) grants at pages [first, first + n): 0 or errno. Under the lock. */
static int map_at(struct leat_xen_map *m, const struct leat_gref *grefs,
                  size_t n, enum leat_access access, size_t first, bool *hole)
{
    struct ioctl_gntdev_map_grant_ref *arg;
    struct ioctl_gntdev_unmap_grant_ref drop = {.count = (uint32_t)n};
    void *at = m->range.base + (first << LEAT_PAGE_SHIFT);
    int prot = PROT_READ | (access == LEAT_READ_WRITE ? PROT_WRITE : 0);
    int error = 0;

    *hole = false;
    arg = calloc(1, sizeof(*arg) + n * sizeof(arg->refs[0]));
    if (!arg)
        return ENOMEM;
    arg->count = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        arg->refs[i].domid = grefs[i].domain;
        arg->refs[i].ref = grefs[i].ref;
    }
    if (ioctl(xengnttab_fd(m->handle), IOCTL_GNTDEV_MAP_GRANT_REF, arg)) {
        error = errno;
        goto out;
    }
    if (mmap(at, n << LEAT_PAGE_SHIFT, prot, MAP_SHARED | MAP_FIXED,
             xengnttab_fd(m->handle), (off_t)arg->index) == MAP_FAILED) {
        error = errno;
        *hole = true;
        drop.index = arg->index;
        ioctl(xengnttab_fd(m->handle), IOCTL_GNTDEV_UNMAP_GRANT_REF, &drop);
        goto out;
    }
    madvise(at, n << LEAT_PAGE_SHIFT, MADV_DONTFORK);
    m->records[first].n = (uint32_t)n;
    m->records[first].index = arg->index;
    m->records[first].access = access;
    m->mapped += n;
out:
    free(arg);
    return error;
}

/* Unmaps what a record tells of. Under the lock. */
static int unmap_at(struct leat_xen_map *m, size_t first)
{
    struct record *r = &m->records[first];
    struct ioctl_gntdev_unmap_grant_ref drop = {.index = r->index,
                                                .count = r->n};

    leat_xen_range_give(&m->range, first, r->n, false);
    m->mapped -= r->n;
    r->n = 0;
    return ioctl(xengnttab_fd(m->handle), IOCTL_GNTDEV_UNMAP_GRANT_REF, &drop)
               ? LEAT_E_SYSTEM
               : 0;
}

/* What is wrong with one grant. Under the lock. */
static int one(struct leat_xen_map *m, const struct leat_gref *gref,
               enum leat_access access, bool alone)
{
    unsigned char byte;
    struct leat_copy_seg seg = {
        .from = {.gref = *gref}, .to = {.local = &byte}, .len = 1};
    size_t first;
    bool hole;
    int error;

    if (!alone) {
        if (leat_xen_range_take(&m->range, 1, &first))
            return LEAT_E_LIMIT;
        error = map_at(m, gref, 1, access, first, &hole);
        if (!error)
            return unmap_at(m, first);
        leat_xen_range_give(&m->range, first, 1, hole);
        if (error != EINVAL)
            return of_errno(error);
    }
    leat_xen_copy(m->handle, &seg, 1);
    if (seg.status)
        return seg.status;
    return access == LEAT_READ_WRITE ? LEAT_E_ACCESS : LEAT_E_REFERENCE;
}

/* The result of one: for its status, and for that of all. */
static void note(int *status, size_t i, int one, int *all)
{
    if (status)
        status[i] = one;
    if (!*all)
        *all = one;
}

static int xen_map(void *self, const struct leat_gref *grefs, size_t n,
                   enum leat_access access, void **base, void **cookie,
                   int *status)
{
    struct leat_xen_map *m = self;
    size_t first;
    bool hole;
    int err = 0, error = 0;

    if (!grefs || !n || !base || !cookie)
        return LEAT_E_INVALID;
    for (size_t i = 0; i < n; i++)
        note(status, i, grefs[i].domain > LEAT_DOMAIN_MAX ? LEAT_E_DOMAIN : 0,
             &err);
    if (err)
        return err;
    pthread_mutex_lock(&m->lock);
    err = leat_xen_range_take(&m->range, n, &first);
    if (!err) {
        error = map_at(m, grefs, n, access, first, &hole);
        if (error)
            leat_xen_range_give(&m->range, first, n, hole);
    }
    if (err || (error && error != EINVAL)) {
        if (!err)
            err = of_errno(error);
        for (size_t i = 0; i < n; i++)
            note(status, i, err, &err);
    } else if (error) {
        /* Who asks for no status is told of the first alone. */
        for (size_t i = 0; i < n && (status || !err); i++)
            note(status, i, one(m, &grefs[i], access, n == 1), &err);
        if (!err)
            err = LEAT_E_SYSTEM;
    }
    pthread_mutex_unlock(&m->lock);
    if (err)
        return err;
    *base = m->range.base + (first << LEAT_PAGE_SHIFT);
    *cookie = NULL;
    return 0;
}

/* The mapping that begins at (base). Under the lock. */
static bool find(struct leat_xen_map *m, const void *base, size_t *first)
{
    return leat_xen_range_find(&m->range, base, 1, first) &&
           m->records[*first].n;
}

static int xen_unmap(void *self, void *base, size_t n, void *cookie)
{
    struct leat_xen_map *m = self;
    size_t first;
    int err = LEAT_E_INVALID;

    (void)cookie;
    pthread_mutex_lock(&m->lock);
    if (find(m, base, &first) && m->records[first].n == n)
        err = unmap_at(m, first);
    pthread_mutex_unlock(&m->lock);
    return err;
}

static int xen_copy(void *self, struct leat_copy_seg *segs, size_t n)
{
    struct leat_xen_map *m = self;

    if (!segs && n)
        return LEAT_E_INVALID;
    return leat_xen_copy(m->handle, segs, n);
}

static size_t xen_pages_max(void *self)
{
    return ((struct leat_xen_map *)self)->range.pages;
}

static const struct leat_map_ops map_ops = {
    .name = "xen",
    .caps = LEAT_MAP_MAP | LEAT_MAP_COPY,
    .map = xen_map,
    .unmap = xen_unmap,
    .copy = xen_copy,
    .pages_max = xen_pages_max,
};

int leat_xen_map_notify(struct leat_xen_map *m, void *base, uint32_t what,
                        size_t off, uint32_t port)
{
    struct ioctl_gntdev_unmap_notify arg = {.event_channel_port = port};
    struct record *r;
    size_t first;
    int err = 0;

    if (!m || !base || what & ~(LEAT_XEN_CLEAR_BYTE | LEAT_XEN_SEND_EVENT))
        return LEAT_E_INVALID;
    pthread_mutex_lock(&m->lock);
    if (!find(m, base, &first)) {
        err = LEAT_E_FOREIGN;
        goto out;
    }
    r = &m->records[first];
    if (off >= (size_t)r->n << LEAT_PAGE_SHIFT) {
        err = LEAT_E_RANGE;
        goto out;
    }
    if (what & LEAT_XEN_CLEAR_BYTE && r->access == LEAT_READ_ONLY) {
        err = LEAT_E_ACCESS;
        goto out;
    }
    arg.index = r->index + off;
    if (what & LEAT_XEN_CLEAR_BYTE)
        arg.action |= UNMAP_NOTIFY_CLEAR_BYTE;
    if (what & LEAT_XEN_SEND_EVENT)
        arg.action |= UNMAP_NOTIFY_SEND_EVENT;
    if (ioctl(xengnttab_fd(m->handle), IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &arg))
        err = errno == EINVAL ? LEAT_E_INVALID : LEAT_E_SYSTEM;
out:
    pthread_mutex_unlock(&m->lock);
    return err;
}

int leat_xen_map_open(struct leat_xen_map **out,
                      const struct leat_xen_map_config *config,
                      struct leat_xen_why *why)
{
    struct leat_xen_map *m;
    size_t pages;
    int err;

    leat_xen_tell(why, 0, LEAT_XEN_NOTHING, 0, NULL, 0, "%s", "");
    if (!out || !config || config->flags)
        return LEAT_E_INVALID;
    err = leat_xen_probe(LEAT_XEN_MAP, why);
    if (err)
        return err;
    if (!leat_xen_number(LIMIT, &pages))
        pages = PAGES;
    if (config->range_pages)
        pages = config->range_pages;
    m = calloc(1, sizeof(*m));
    if (!m)
        return LEAT_E_NOMEM;
    err = LEAT_E_NOMEM;
    m->records = calloc(pages, sizeof(*m->records));
    if (!m->records)
        goto out_free;
    err = leat_xen_range_init(&m->range, pages);
    if (err)
        goto out_records;
    m->handle = xengnttab_open(&leat_xen_quiet, 0);
    if (!m->handle) {
        err = leat_xen_unopened(LEAT_XEN_MAP, errno, why);
        goto out_range;
    }
    pthread_mutex_init(&m->lock, NULL);
    *out = m;
    return 0;
out_range:
    leat_xen_range_fini(&m->range);
out_records:
    free(m->records);
out_free:
    free(m);
    return err;
}

int leat_xen_map_close(struct leat_xen_map *m)
{
    if (!m)
        return LEAT_E_INVALID;
    if (m->mapped)
        return LEAT_E_BUSY;
    xengnttab_close(m->handle);
    leat_xen_range_fini(&m->range);
    pthread_mutex_destroy(&m->lock);
    free(m->records);
    free(m);
    return 0;
}

struct leat_map leat_xen_map_ops(struct leat_xen_map *m)
{
    struct leat_map map = {.ops = &map_ops, .self = m};

    return map;
}

size_t leat_xen_map_pages(struct leat_xen_map *m)
{
    size_t mapped;

    pthread_mutex_lock(&m->lock);
    mapped = m->mapped;
    pthread_mutex_unlock(&m->lock);
    return mapped;
}

void leat_xen_map_range(struct leat_xen_map *m, void **base, size_t *bytes)
{
    *base = m->range.base;
    *bytes = m->range.pages << LEAT_PAGE_SHIFT;
}

const char *leat_xen_map_check(struct leat_xen_map *m)
{
    const char *wrong;
    size_t sum = 0;

    pthread_mutex_lock(&m->lock);
    wrong = leat_xen_range_check(&m->range);
    for (size_t i = 0; !wrong && i < m->range.pages; i++) {
        sum += m->records[i].n;
        if (m->records[i].n && m->range.used[i] != RANGE_OUT)
            wrong = "M2: a record of what is not out";
    }
    if (!wrong && (sum != m->mapped || m->range.out != m->mapped))
        wrong = "M1: pages mapped";
    pthread_mutex_unlock(&m->lock);
    return wrong;
}
