/* SPDX-License-Identifier: ISC */

/*
 * Grant copies: the hypervisor copies to or from a page of a peer's that was
 * never mapped here.
 *
 *   Y1  every segment has a status when the call returns
 *
 * The driver checks all segments of a request before it copies one, and fails the
 * whole where one is malformed, or local memory is not there. So what can be seen
 * to be malformed is not given to it; and a request that failed is repeated
 * segment by segment, each of which then has its own result. To copy one twice
 * does no harm: the source of the second is the same.
 */

#include <errno.h>

#include "xen_map.h"

static int of_status(int status, bool to_grant)
{
    switch (status) {
    case GNTST_okay:
        return 0;
    case GNTST_bad_domain:
        return LEAT_E_DOMAIN;
    case GNTST_bad_gntref:
    case GNTST_bad_page:
        return LEAT_E_REFERENCE;
    case GNTST_general_error: /* what a grant for reading gives, written to */
        return to_grant ? LEAT_E_ACCESS : LEAT_E_REFERENCE;
    case GNTST_permission_denied:
        return LEAT_E_REFUSED;
    case GNTST_bad_copy_arg:
        return LEAT_E_RANGE;
    case GNTST_eagain:
        return LEAT_E_AGAIN;
    case GNTST_no_space:
        return LEAT_E_LIMIT;
    default:
        return LEAT_E_SYSTEM;
    }
}

static int check_side(const struct leat_copy_side *side, uint32_t len)
{
    if (side->local)
        return 0;
    if (side->gref.domain > LEAT_DOMAIN_MAX)
        return LEAT_E_DOMAIN;
    if (side->off > LEAT_PAGE_SIZE || len > LEAT_PAGE_SIZE - side->off)
        return LEAT_E_RANGE;
    return 0;
}

/* What the driver would fail the whole request for. */
static int check(const struct leat_copy_seg *seg)
{
    int err;

    if (seg->from.local && seg->to.local)
        return LEAT_E_INVALID; /* no grant at all */
    err = check_side(&seg->from, seg->len);
    return err ? err : check_side(&seg->to, seg->len);
}

static void side(union xengnttab_copy_ptr *out, const struct leat_copy_side *in,
                 uint16_t *flags, uint16_t flag)
{
    if (in->local) {
        out->virt = (unsigned char *)in->local + in->off;
        return;
    }
    out->foreign.ref = in->gref.ref;
    out->foreign.offset = (uint16_t)in->off;
    out->foreign.domid = (uint16_t)in->gref.domain;
    *flags |= flag;
}

/* Tries the segments that which[] names. */
static int attempt(xengnttab_handle *handle, struct leat_copy_seg *segs,
                   const size_t *which, uint32_t n)
{
    xengnttab_grant_copy_segment_t raw[LEAT_XEN_COPIES];

    for (uint32_t i = 0; i < n; i++) {
        const struct leat_copy_seg *seg = &segs[which[i]];

        raw[i] = (xengnttab_grant_copy_segment_t){
            .len = (uint16_t)seg->len, .status = GNTST_general_error};
        side(&raw[i].source, &seg->from, &raw[i].flags, GNTCOPY_source_gref);
        side(&raw[i].dest, &seg->to, &raw[i].flags, GNTCOPY_dest_gref);
    }
    if (xengnttab_grant_copy(handle, n, raw))
        return errno;
    for (uint32_t i = 0; i < n; i++)
        segs[which[i]].status =
            of_status(raw[i].status, !segs[which[i]].to.local);
    return 0;
}

static void batch(xengnttab_handle *handle, struct leat_copy_seg *segs,
                  const size_t *which, uint32_t n)
{
    if (!n || !attempt(handle, segs, which, n))
        return;
    for (uint32_t i = 0; i < n; i++) {
        int error = attempt(handle, segs, which + i, 1);

        if (error)
            segs[which[i]].status = error == ENOMEM ? LEAT_E_NOMEM
                                    : error == EFAULT || error == EINVAL
                                        ? LEAT_E_INVALID
                                        : LEAT_E_SYSTEM;
    }
}

int leat_xen_copy(xengnttab_handle *handle, struct leat_copy_seg *segs,
                  size_t n)
{
    size_t which[LEAT_XEN_COPIES];
    uint32_t some = 0;

    for (size_t i = 0; i < n; i++) {
        segs[i].status = check(&segs[i]);
        if (segs[i].status)
            continue;
        which[some++] = i;
        if (some == LEAT_XEN_COPIES) {
            batch(handle, segs, which, some);
            some = 0;
        }
    }
    batch(handle, segs, which, some);
    return 0;
}
