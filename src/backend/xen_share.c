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
 *   X4  the pages of all backends of this process, and what is kept for others,
 *       are no more than the table is said to have: who exhausts it spoils
 *       gntalloc for all, until it is loaded anew
 *
 * A grant ends when its page is unmapped, which is when a slab is put; the file
 * keeps nothing, so a process that dies leaves nothing but what peers hold.
 */

#include <errno.h>
#include <stdlib.h>

#include "xen_share.h"

/* Entries of a grant table of the default 64 frames. */
#define REFS 32768u

#define KNOWN_FLAGS                                              \
    (LEAT_XEN_TOLD | LEAT_XEN_TOLD_BYTE | LEAT_XEN_NOTIFY_BYTE | \
     LEAT_XEN_NOTIFY_PORT)

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
    if (c->unit_pages > LEAT_PAGES_MAX || c->refs < 512)
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
    struct leat_backend b = {.ops = &leat_xen_slab_ops, .self = x};

    return b;
}

struct leat_share leat_xen_share_ops(struct leat_xen_share *x)
{
    struct leat_share s = {.self = x};

    s.ops = x->config.flags & LEAT_XEN_TOLD ? &leat_xen_told_ops
                                            : &leat_xen_never_ops;
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
        *process = leat_xen_process_pages();
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
