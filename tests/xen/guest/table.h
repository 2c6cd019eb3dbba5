/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_TABLE_H
#define LEAT_TESTS_GUEST_TABLE_H

/* The guest's grant table: what leat's gnttab backend stands on. */

#include <leat/gnttab.h>
#include <leat/lifecycle.h>

#include "guest.h"

/*
 * Has Xen set the table up, maps it, and describes it in (*g). Its hook, which
 * unmaps it while the guest is suspended, must be in (life) before that of a
 * table of leat's over it: so it is the last to suspend, and the first to resume.
 */
void guest_table_open(struct leat_gnttab *g, struct leat_lifecycle *life);

#endif
