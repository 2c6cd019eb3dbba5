/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_SHARE_INTERNAL_H
#define LEAT_XEN_SHARE_INTERNAL_H

/* What the files of the share backend share. */

#include <xengnttab.h>

#include <leat/xen_share.h>

#include "../xen/parts.h"

#define LIMIT "/sys/module/xen_gntalloc/parameters/limit"

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

extern const struct leat_backend_ops leat_xen_slab_ops;
extern const struct leat_share_ops leat_xen_never_ops;
extern const struct leat_share_ops leat_xen_told_ops;

/* Pages of all backends, in this process. */
size_t leat_xen_process_pages(void);

#endif
