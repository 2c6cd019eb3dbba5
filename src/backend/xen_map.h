/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_MAP_INTERNAL_H
#define LEAT_XEN_MAP_INTERNAL_H

/* What mapping and copying share. */

#include <xengnttab.h>

#include <leat/xen_map.h>

#include "../xen/parts.h"

/* A mapping, by its first page. */
struct record {
    uint64_t index; /* (l) the driver's name for it      */
    uint32_t n;     /* (l) its pages; 0: none begins here */
    enum leat_access access;
};

struct leat_xen_map {
    xengnttab_handle *handle; /* (c) */
    pthread_mutex_t lock;
    struct leat_xen_range range; /* (l) */
    struct record *records;      /* (l) of each page of the range */
    size_t mapped;               /* (l) */
};

/* Copies, with the status of each; no lock is needed. */
int leat_xen_copy(xengnttab_handle *handle, struct leat_copy_seg *segs,
                  size_t n);

#endif
