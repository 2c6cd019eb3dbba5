/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_GNTTAB_H
#define LEAT_SRC_GNTTAB_H

/*
 * The layout of a version-1 entry, in the order and with the values of
 * xen/grant_table.h; tests/unit/test_grant_layout.c holds it against that.
 */

#include <leat/attr.h>

#define GNTTAB_TYPE      3u /* which bits say what is granted */
#define GNTTAB_PERMIT    1u /* the page may be mapped          */
#define GNTTAB_READ_ONLY 4u
#define GNTTAB_READING   8u /* by the hypervisor: in use       */
#define GNTTAB_WRITING   16u

struct gnttab_entry {
    uint16_t flags;  /* (p, a) the hypervisor's, too */
    uint16_t domain; /* (a) */
    uint32_t frame;  /* (a) */
};

_Static_assert(sizeof(struct gnttab_entry) == 8, "an entry is eight bytes");

#endif
