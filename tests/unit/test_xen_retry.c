/* SPDX-License-Identifier: ISC */

/*
 * A kernel, and a hypervisor, that say "try again" for ever: ioctl() and
 * xengnttab_grant_copy() are ours here. Each call of the backends ends after as
 * many requests as it has work for, with an error, and with nothing taken.
 */

#include "pool_fixture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "backend/xen_map.h"
#include "backend/xen_share.h"

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_xengnttab_fd(xengnttab_handle *handle);
int __wrap_xengntshr_fd(xengntshr_handle *handle);
int __wrap_xengnttab_grant_copy(xengnttab_handle *handle, uint32_t n,
                                xengnttab_grant_copy_segment_t *segs);

#define SEGS 300u

static size_t asked, copies;
static int copy_fails;  /* the request as a whole     */
static int copy_status; /* or, else, of each segment  */

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    (void)fd;
    (void)request;
    asked++;
    errno = EAGAIN;
    return -1;
}

int __wrap_xengnttab_fd(xengnttab_handle *handle)
{
    (void)handle;
    return -1;
}

int __wrap_xengntshr_fd(xengntshr_handle *handle)
{
    (void)handle;
    return -1;
}

int __wrap_xengnttab_grant_copy(xengnttab_handle *handle, uint32_t n,
                                xengnttab_grant_copy_segment_t *segs)
{
    (void)handle;
    copies++;
    for (uint32_t i = 0; i < n; i++)
        segs[i].status = (int16_t)copy_status;
    errno = copy_fails;
    return copy_fails ? -1 : 0;
}

Test(xen_retry, map, .timeout = 10)
{
    struct leat_xen_map m = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct leat_map ops = leat_xen_map_ops(&m);
    struct leat_gref grefs[20] = {{0}};
    int status[20] = {0};
    void *base = &m, *cookie = &m;

    MUST(leat_xen_range_init(&m.range, 64));
    m.records = calloc(64, sizeof(*m.records));
    cr_assert_not_null(m.records);
    FAILS(LEAT_E_NOMEM, ops.ops->map(ops.self, grefs, 20, LEAT_READ_WRITE,
                                     &base, &cookie, status));
    cr_assert_eq(asked, 1, "%zu requests", asked);
    for (size_t i = 0; i < 20; i++)
        cr_assert_eq(status[i], LEAT_E_NOMEM);
    cr_assert_eq(base, &m);
    cr_assert_eq(m.mapped, 0);
    cr_assert_null(leat_xen_map_check(&m));
    leat_xen_range_fini(&m.range);
    free(m.records);
}

Test(xen_retry, share, .timeout = 10)
{
    struct leat_xen_share x = {
        .config = {.unit_pages = 64, .refs = 32768},
        .pages_max = 1024,
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    struct leat_backend b = leat_xen_share_backend(&x);
    struct leat_slab slab = {.pages = 7};
    struct leat_xen_why why;

    MUST(leat_xen_range_init(&x.range, 1024));
    x.refs = calloc(1024, sizeof(*x.refs));
    cr_assert_not_null(x.refs);
    FAILS(LEAT_E_SYSTEM, b.ops->slab_get(b.self, 1000, &slab));
    cr_assert_eq(asked, 1, "%zu requests", asked);
    cr_assert_eq(slab.pages, 7);
    leat_xen_share_why(&x, &why);
    cr_assert_eq(why.system_errno, EAGAIN);
    cr_assert_eq(leat_xen_process_pages(), 0);
    cr_assert_null(leat_xen_share_check(&x));
    leat_xen_range_fini(&x.range);
    free(x.refs);
}

static struct leat_copy_seg segs[SEGS];

static void copy_all(void)
{
    static unsigned char local[PAGE];

    copies = 0;
    for (size_t i = 0; i < SEGS; i++)
        segs[i] =
            (struct leat_copy_seg){.from = {.gref = {.domain = 1, .ref = 8}},
                                   .to = {.local = local},
                                   .len = 16,
                                   .status = 1};
    MUST(leat_xen_copy(NULL, segs, SEGS));
}

Test(xen_retry, copy, .timeout = 10)
{
    size_t batches = (SEGS + LEAT_XEN_COPIES - 1) / LEAT_XEN_COPIES;

    /* The hypervisor's word for each segment is passed on. */
    copy_status = GNTST_eagain;
    copy_all();
    cr_assert_eq(copies, batches, "%zu requests", copies);
    for (size_t i = 0; i < SEGS; i++)
        cr_assert_eq(segs[i].status, LEAT_E_AGAIN);

    /* A request that fails is repeated once, segment by segment. */
    copy_fails = EAGAIN;
    copy_all();
    cr_assert_eq(copies, batches + SEGS, "%zu requests", copies);
    for (size_t i = 0; i < SEGS; i++)
        cr_assert_eq(segs[i].status, LEAT_E_SYSTEM);
}
