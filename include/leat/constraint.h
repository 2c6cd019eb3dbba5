/* SPDX-License-Identifier: ISC */
#ifndef LEAT_CONSTRAINT_H
#define LEAT_CONSTRAINT_H

/*
 * Constraint: what a consumer asks of memory (rule R6).
 *
 * Alignment is no property of a view: it is asked for where memory meets a
 * device, and only there. leat_export() holds views against a constraint.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

/* Flags. */
#define LEAT_NEED_WRITABLE \
    1u /* the device may write even where it should only
                                 read: read-only memory will not do          */
#define LEAT_NEED_REGISTERED \
    2u /* the device takes only what was registered with it beforehand (buffers
          of io_uring, an AF_XDP UMEM): memory of one pool, leat_export's owner  */

/*
 * In bytes; 0 means "no such demand" in every field.
 *
 * Each segment that is exported has an address that is a multiple of (align),
 * a length that is a multiple of (multiple) and at most (segment_bytes), and
 * crosses no multiple of (boundary); there are at most (segments).
 */
struct leat_constraint {
    size_t align;         /* a power of two, at most LEAT_PAGE_SIZE          */
    size_t multiple;      /* any number: a sector size, say                  */
    size_t boundary;      /* a power of two                                  */
    size_t segments;      /* how many                                        */
    size_t segment_bytes; /* at least (multiple)                             */
    uint32_t flags;       /* LEAT_NEED_*                                     */
};

/*
 * Tells whether (need) can be met at all.
 *
 * Errors:  LEAT_E_INVALID  NULL; a field is not as it says above, or they exclude
 *                          each other (a segment holds no multiple, or the
 *                          multiple does not fit below the boundary)
 */
LEAT_API int leat_constraint_check(const struct leat_constraint *need);

/*
 * Gives the constraint that meets both: the stricter of each field, the least
 * common multiple of the lengths.
 *
 * Errors:  LEAT_E_INVALID   one of them, or the result, is none (see above)
 *          LEAT_E_OVERFLOW  the common multiple does not fit
 */
LEAT_API int leat_constraint_merge(const struct leat_constraint *a,
                                   const struct leat_constraint *b,
                                   struct leat_constraint *out);

/* A whole page in each segment: what a grant shows. */
LEAT_API void leat_constraint_page(struct leat_constraint *out);

/*
 * The segments of a blkif request: whole sectors of (sector_bytes) at sector
 * alignment within a page, at most (segments) of them; 0 for the 11 of a
 * direct request. Source: xen/io/blkif.h, BLKIF_MAX_SEGMENTS_PER_REQUEST,
 * first_sect and last_sect.
 *
 * Errors:  LEAT_E_INVALID  (sector_bytes) is no power of two from 512 to 4096, or NULL
 */
LEAT_API int leat_constraint_blkif(size_t sector_bytes, size_t segments,
                                   struct leat_constraint *out);

/*
 * The fragments of a netif frame: any address and length within one page, at
 * most 18 slots. Source: xen/io/netif.h, XEN_NETIF_NR_SLOTS_MIN.
 */
LEAT_API void leat_constraint_netif(struct leat_constraint *out);

LEAT_END_DECLS

#endif
