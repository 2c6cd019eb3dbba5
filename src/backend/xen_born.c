/* SPDX-License-Identifier: ISC */

/*
 * The Xen share backend as the sharing side of a grant table: its pages have
 * their references already, and it can end none.
 *
 *   letgo   end() of a page
 *   NEVER   LEAT_E_UNSUPPORTED
 *   TOLD    0, for who calls has been told; where there is a byte that the peer
 *           clears, LEAT_E_BUSY until it has
 */

#include "xen_share.h"

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

const struct leat_share_ops leat_xen_never_ops = {
    .name = "xen",
    .caps = LEAT_SHARE_BORN,
    .letgo = LEAT_LETGO_NEVER,
    .refs = share_refs,
    .end = never_end,
    .born = share_born,
};

const struct leat_share_ops leat_xen_told_ops = {
    .name = "xen",
    .caps = LEAT_SHARE_BORN,
    .letgo = LEAT_LETGO_TOLD,
    .refs = share_refs,
    .end = told_end,
    .born = share_born,
};
