/* SPDX-License-Identifier: ISC */

/* In place of site-xen.c, where leat was built without the libraries of Xen. */

#include "site.h"

#define WITHOUT "this leat was built without it (--without-xen)"

static bool here(char *why, size_t size)
{
    snprintf(why, size, "%s", WITHOUT);
    return false;
}

static bool open_none(struct site *s, uint32_t as)
{
    (void)s;
    (void)as;
    return tool_fail("xen: %s", WITHOUT);
}

/* It does not open, so nothing else is called. */
const struct site_ops site_xen = {
    .name = "xen",
    .here = here,
    .open = open_none,
};
