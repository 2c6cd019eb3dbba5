/* SPDX-License-Identifier: ISC */

/*
 * The Xen foreign backend: another domain's frames and grant table, by the
 * hypervisor's leave and not the domain's.
 *
 *   F1  table[i] is NULL, or frame i of the grant table, mapped for reading
 *
 * Frames of the table are mapped when an entry of theirs is first read, and no
 * sooner: for mapping one that the domain has not grown to makes Xen grow it.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#include <xen/grant_table.h>
#include <xen/memory.h>

#include <leat/xen_foreign.h>

#include "../xen/parts.h"

#define PER_FRAME ((uint32_t)(LEAT_PAGE_SIZE / sizeof(grant_entry_v1_t)))

/* No grant table has more frames. Xen's own default is 64. */
#define FRAMES 4096u

struct leat_xen_foreign {
    xenforeignmemory_handle *handle; /* (c) */
    uint32_t domain;                 /* (c) */
    uint32_t flags;                  /* (c) */
    struct {
        xenforeignmemory_resource_handle *resource;
        const grant_entry_v1_t *entries; /* of which it is an array */
    } table[FRAMES];
};

static int of_errno(int error)
{
    switch (error) {
    case EPERM:
    case EACCES:
        return LEAT_E_REFUSED;
    case ESRCH:
        return LEAT_E_DOMAIN;
    case EINVAL:
    case ENOENT:
    case EFAULT:
        return LEAT_E_REFERENCE;
    case ENOMEM:
    case EAGAIN:
        return LEAT_E_NOMEM;
    case EOPNOTSUPP:
    case ENOSYS:
        return LEAT_E_UNSUPPORTED;
    default:
        return LEAT_E_SYSTEM;
    }
}

int leat_xen_foreign_open(struct leat_xen_foreign **out, uint32_t domain,
                          uint32_t flags, struct leat_xen_why *why)
{
    struct leat_xen_foreign *f;
    int err;

    leat_xen_tell(why, 0, LEAT_XEN_NOTHING, 0, NULL, 0, "%s", "");
    if (!out || flags & ~LEAT_XEN_WRITABLE)
        return LEAT_E_INVALID;
    if (domain > LEAT_DOMAIN_MAX && domain != LEAT_XEN_SELF)
        return LEAT_E_DOMAIN;
    err = leat_xen_probe(LEAT_XEN_FOREIGN, why);
    if (err)
        return err;
    f = calloc(1, sizeof(*f));
    if (!f)
        return LEAT_E_NOMEM;
    f->handle = xenforeignmemory_open(&leat_xen_quiet, 0);
    if (!f->handle) {
        err = leat_xen_unopened(LEAT_XEN_FOREIGN, errno, why);
        free(f);
        return err;
    }
    f->domain = domain;
    f->flags = flags;
    *out = f;
    return 0;
}

int leat_xen_foreign_close(struct leat_xen_foreign *f)
{
    if (!f)
        return LEAT_E_INVALID;
    for (uint32_t i = 0; i < FRAMES; i++)
        if (f->table[i].entries)
            xenforeignmemory_unmap_resource(f->handle, f->table[i].resource);
    xenforeignmemory_close(f->handle);
    free(f);
    return 0;
}

int leat_xen_foreign_map(struct leat_xen_foreign *f, const uint64_t *frames,
                         size_t n, enum leat_access access, int *status,
                         void **base)
{
    int prot = PROT_READ | (access == LEAT_READ_WRITE ? PROT_WRITE : 0);
    xen_pfn_t *pfns;
    int *errors;
    void *at;
    int err = LEAT_E_NOMEM;

    if (!f || !frames || !n || !base || n > LEAT_PAGES_MAX ||
        (access != LEAT_READ_WRITE && access != LEAT_READ_ONLY))
        return LEAT_E_INVALID;
    if (access == LEAT_READ_WRITE && !(f->flags & LEAT_XEN_WRITABLE))
        return LEAT_E_ACCESS;
    pfns = calloc(n, sizeof(*pfns));
    errors = calloc(n, sizeof(*errors));
    if (!pfns || !errors)
        goto out;
    for (size_t i = 0; i < n; i++)
        pfns[i] = (xen_pfn_t)frames[i];
    errno = 0;
    at = xenforeignmemory_map(f->handle, f->domain, prot, n, pfns, errors);
    err = at ? 0 : of_errno(errno);
    for (size_t i = 0; i < n; i++) {
        /* Each is an errno, negated or not, as the kernel has it. */
        int one = !at ? err : errors[i] ? of_errno(abs(errors[i])) : 0;

        if (one == LEAT_E_SYSTEM)
            one = LEAT_E_REFERENCE;
        if (status)
            status[i] = one;
        if (!err)
            err = one;
    }
    if (at && err)
        xenforeignmemory_unmap(f->handle, at, n);
    if (!err)
        *base = at;
out:
    free(errors);
    free(pfns);
    return err;
}

int leat_xen_foreign_unmap(struct leat_xen_foreign *f, void *base, size_t n)
{
    if (!f || !base || !n)
        return LEAT_E_INVALID;
    return xenforeignmemory_unmap(f->handle, base, n) ? LEAT_E_INVALID : 0;
}

int leat_xen_foreign_refs(struct leat_xen_foreign *f, uint32_t *refs)
{
    size_t bytes = 0;

    if (!f || !refs)
        return LEAT_E_INVALID;
    if (xenforeignmemory_resource_size(
            f->handle, (domid_t)f->domain, XENMEM_resource_grant_table,
            XENMEM_resource_grant_table_id_shared, &bytes))
        return of_errno(errno);
    *refs = (uint32_t)(bytes / sizeof(grant_entry_v1_t));
    return 0;
}

int leat_xen_foreign_entry(struct leat_xen_foreign *f, uint32_t ref,
                           struct leat_grant_entry *out)
{
    uint32_t i = ref / PER_FRAME;
    grant_entry_v1_t e;
    const volatile grant_entry_v1_t *at;

    if (!f || !out)
        return LEAT_E_INVALID;
    if (i >= FRAMES)
        return LEAT_E_REFERENCE;
    if (!f->table[i].entries) {
        void *frame = NULL;
        xenforeignmemory_resource_handle *got = xenforeignmemory_map_resource(
            f->handle, (domid_t)f->domain, XENMEM_resource_grant_table,
            XENMEM_resource_grant_table_id_shared, i, 1, &frame, PROT_READ, 0);

        if (!got)
            return of_errno(errno);
        f->table[i].resource = got;
        f->table[i].entries = frame;
    }
    at = &f->table[i].entries[ref % PER_FRAME];
    e.flags = at->flags;
    e.domid = at->domid;
    e.frame = at->frame;
    out->domain = e.domid;
    out->granted = (e.flags & GTF_type_mask) == GTF_permit_access;
    out->access = e.flags & GTF_readonly ? LEAT_READ_ONLY : LEAT_READ_WRITE;
    out->reading = e.flags & GTF_reading;
    out->writing = e.flags & GTF_writing;
    out->frame = e.frame;
    return 0;
}
