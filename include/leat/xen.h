/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_H
#define LEAT_XEN_H

/*
 * What a Linux domain on Xen has for pages and peers (libleat-xen): the parts,
 * and what a machine lacks of them.
 *
 *   part      header              device            kernel module
 *   share     leat/xen_share.h    gntalloc          xen_gntalloc
 *   map, copy leat/xen_map.h      gntdev            xen_gntdev
 *   foreign   leat/xen_foreign.h  privcmd           xen_privcmd: privileged
 *   event     leat/xen_event.h    evtchn            xen_evtchn
 *   store     leat/xen_store.h    xenbus            (or the daemon's socket)
 *
 * Each opens by itself. Where it cannot, the call says what is missing, in a
 * form for programs and in one for people: an error is a number, which says
 * little of a machine that is not as it should be.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

/* What a machine, or a kernel, lacks. */
enum leat_xen_lack {
    LEAT_XEN_NOTHING = 0,
    LEAT_XEN_HYPERVISOR = 1, /* this kernel does not run on Xen              */
    LEAT_XEN_MODULE = 2,     /* (name) is a kernel module: not loaded        */
    LEAT_XEN_NODE = 3,       /* (name) is a device node: not there           */
    LEAT_XEN_PRIVILEGE = 4,  /* (name) may not be used by this process       */
    LEAT_XEN_ROOM = 5,       /* (name) is a parameter, (value) its value     */
    LEAT_XEN_OTHER = 6,      /* (name) is what failed, system_errno says how */
};

/* Why a call failed. */
struct leat_xen_why {
    enum leat_xen_lack lack;
    int system_errno; /* where the system gave one; else 0                   */
    uint64_t value;
    char name[64];  /* "xen_gntalloc", "/dev/xen/gntdev", ...                */
    char text[192]; /* all of it: one line, without a full stop              */
};

enum leat_xen_part {
    LEAT_XEN_SHARE = 0,
    LEAT_XEN_MAP = 1,
    LEAT_XEN_FOREIGN = 2,
    LEAT_XEN_EVENT = 3,
    LEAT_XEN_STORE = 4,
};

/*
 * Tells whether (part) could be opened, without opening it. (why), unless NULL,
 * is written in any case.
 *
 * Errors:  LEAT_E_INVALID      no such part
 *          LEAT_E_UNSUPPORTED  no hypervisor, module or node
 *          LEAT_E_REFUSED      no privilege
 * Threads: safe from anywhere.
 */
LEAT_API int leat_xen_probe(enum leat_xen_part part, struct leat_xen_why *why);

LEAT_END_DECLS

#endif
