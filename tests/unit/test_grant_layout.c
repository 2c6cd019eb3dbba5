/* SPDX-License-Identifier: ISC */

/* Our own structures against Xen's public header, which this is built with. */

#include "pool_fixture.h"

#include "backend/gnttab.h"
#include "leat/gnttab.h"

#include <xen/xen.h>
/* After it. */
#include <xen/grant_table.h>

_Static_assert(sizeof(struct gnttab_entry) == sizeof(grant_entry_v1_t), "size");
#define SAME_PLACE(ours, theirs)                                    \
    _Static_assert(offsetof(struct gnttab_entry, ours) ==           \
                           offsetof(grant_entry_v1_t, theirs) &&    \
                       sizeof(((struct gnttab_entry *)0)->ours) ==  \
                           sizeof(((grant_entry_v1_t *)0)->theirs), \
                   #ours)
SAME_PLACE(flags, flags);
SAME_PLACE(domain, domid);
SAME_PLACE(frame, frame);
_Static_assert(GNTTAB_TYPE == GTF_type_mask, "type");
_Static_assert(GNTTAB_PERMIT == GTF_permit_access, "permit");
_Static_assert(GNTTAB_READ_ONLY == GTF_readonly, "read-only");
_Static_assert(GNTTAB_READING == GTF_reading, "reading");
_Static_assert(GNTTAB_WRITING == GTF_writing, "writing");
_Static_assert(LEAT_GRANT_RESERVED == GNTTAB_NR_RESERVED_ENTRIES, "reserved");
_Static_assert(LEAT_DOMAIN_MAX + 1 == DOMID_FIRST_RESERVED, "domains");
_Static_assert(LEAT_GNTTAB_PER_FRAME * sizeof(grant_entry_v1_t) ==
                   LEAT_PAGE_SIZE,
               "entries in a page");

Test(grant_layout, is_that_of_the_header)
{
    grant_entry_v1_t theirs = {
        .flags = GTF_permit_access | GTF_reading, .domid = 5, .frame = 77};
    struct gnttab_entry ours;

    memcpy(&ours, &theirs, sizeof(ours));
    cr_assert_eq(ours.flags, GNTTAB_PERMIT | GNTTAB_READING);
    cr_assert_eq(ours.domain, 5);
    cr_assert_eq(ours.frame, 77);
}
