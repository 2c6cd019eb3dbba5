/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_MAP_H
#define LEAT_XEN_MAP_H

/*
 * The Xen map backend (libleat-xen): a peer's pages, and copies of them, by the
 * driver gntdev.
 *
 * Mappings lie in a range of addresses that is reserved when it is opened and
 * serves nothing else: what points to a mapping that is gone points to nothing,
 * never to a pool's memory. A map is one unit: it is made by one request of the
 * kernel and undone by one.
 *
 * The mapping side needs no privilege but that of opening /dev/xen/gntdev. A
 * peer whose mapping this is learns of its end only if it is told:
 * leat_xen_map_notify() has the kernel do that, even when this process is killed.
 */

#include <leat/grant_ops.h>
#include <leat/xen.h>

LEAT_BEGIN_DECLS

struct leat_xen_map;

/* Zero it; each field's zero is its default. */
struct leat_xen_map_config {
    size_t range_pages; /* the most pages mapped at a time; 0: the kernel's
                           limit, /sys/module/xen_gntdev/parameters/limit    */
    uint32_t flags;     /* none yet */
};

/*
 * Opens the kernel's mapping side.
 *
 * Owner:   (*out) is the caller's, to close after the grant tables made of it.
 * Errors:  LEAT_E_INVALID      unknown flags
 *          LEAT_E_UNSUPPORTED, LEAT_E_REFUSED, LEAT_E_SYSTEM  see (why)
 *          LEAT_E_NOMEM
 * (why), unless NULL, is written in any case.
 */
LEAT_API int leat_xen_map_open(struct leat_xen_map **out,
                               const struct leat_xen_map_config *config,
                               struct leat_xen_why *why);

/*
 * Closes it.
 * Errors:  LEAT_E_BUSY  mappings are out: nothing is changed
 */
LEAT_API int leat_xen_map_close(struct leat_xen_map *m);

/*
 * Names it as the mapping side of a grant table.
 *
 * map: a request that fails maps nothing. Then each grant is tried by itself to
 * find out which it was, so a failure costs as much as mapping them singly.
 * unmap: of all that one map gave; of less, or twice, it is LEAT_E_INVALID.
 * copy: in batches of LEAT_XEN_COPIES segments.
 * Threads: safe from anywhere.
 */
LEAT_API struct leat_map leat_xen_map_ops(struct leat_xen_map *m);

/* Segments that the kernel is asked to copy at once. */
#define LEAT_XEN_COPIES 128u

#define LEAT_XEN_CLEAR_BYTE 1u /* clears the byte at (off) of the mapping    */
#define LEAT_XEN_SEND_EVENT 2u /* signals (port), an event channel           */

/*
 * Has the kernel do (what) when the mapping at (base) ends: by unmap, or by the
 * end of this process. 0: nothing any more. A mapping has one such.
 *
 * Errors:  LEAT_E_RANGE    (off) is not in the mapping
 *          LEAT_E_ACCESS   LEAT_XEN_CLEAR_BYTE of a mapping for reading
 *          LEAT_E_FOREIGN  no mapping begins at (base)
 *          LEAT_E_INVALID  unknown (what), or no such (port)
 */
LEAT_API int leat_xen_map_notify(struct leat_xen_map *m, void *base,
                                 uint32_t what, size_t off, uint32_t port);

/* Pages that are mapped. */
LEAT_API size_t leat_xen_map_pages(struct leat_xen_map *m);

/* The addresses that mappings can have: [*base, *base + bytes). */
LEAT_API void leat_xen_map_range(struct leat_xen_map *m, void **base,
                                 size_t *bytes);

/* Verifies its invariants, M1 and on. For tests. NULL, or the first broken. */
LEAT_API const char *leat_xen_map_check(struct leat_xen_map *m);

LEAT_END_DECLS

#endif
