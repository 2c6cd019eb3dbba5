/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_SHARE_H
#define LEAT_XEN_SHARE_H

/*
 * The Xen share backend (libleat-xen): pages that are born granted to one peer.
 *
 * Linux cannot grant memory that exists. Its driver gntalloc gives pages that
 * are granted from the start, to one domain, and until they are given back. So
 * this is a backend for a pool, whose slabs come granted, and the sharing side of
 * a grant table, which tells the references of what came:
 *
 *     leat_xen_share_open(&x, &config, &why)
 *     pool.backend = leat_xen_share_backend(x), pool.peer = config.domain + 1
 *     grants.share = leat_xen_share_ops(x)
 *
 * Pages come in *units*, of unit_pages each: what the kernel makes, and takes
 * back, at once. A slab is one unit, or as many as a larger chunk needs. A pool
 * keeps metadata for LEAT_UNIT_PAGES a slab, so small units cost it addresses.
 *
 * What is known of the peer: nothing. When pages are given back while the peer
 * has them mapped, the kernel keeps them, for as long as that lasts, and they
 * count against its limit; the peer goes on reading and writing them, and nobody
 * is told. So by default this backend says LEAT_LETGO_NEVER, and a share that
 * was revoked stays in quarantine. With LEAT_XEN_TOLD it is LEAT_LETGO_TOLD: a
 * peer that cooperates tells, by a message (leat_grant_told()) or by the byte
 * that its kernel clears when it unmaps (leat/xen_map.h). That is the peer's
 * word, and it can come back to the page: it is for peers that are trusted with
 * what the pool puts there next, which is theirs in any case.
 *
 * O_DIRECT and io_uring take these pages as they are, and those of a mapping
 * (leat/xen_map.h); as registered buffers Linux takes neither (EOPNOTSUPP). There
 * leat_export() bounces them, and counts it (LEAT_NEED_REGISTERED).
 *
 * The kernel's limit is /sys/module/xen_gntalloc/parameters/limit, 1024 pages
 * unless somebody has changed it, for the whole domain. It is read before each
 * slab, and what all of these backends in this process have is held against it:
 * what does not fit is refused before the kernel is asked. So is what would leave
 * the kernel too little of the grant table: one share that exhausts the table
 * leaves gntalloc failing until it is loaded anew. What fits is asked for in
 * batches of LEAT_XEN_BATCH pages.
 */

#include <leat/backend.h>
#include <leat/grant_ops.h>
#include <leat/xen.h>

LEAT_BEGIN_DECLS

struct leat_xen_share;

/* The most pages that the kernel is asked for at once. It looks at all that are
 * shared each time, so batches are not small. */
#define LEAT_XEN_BATCH 256u

/*
 * Flags of a share.
 *
 *   TOLD         the peer tells that it has let go: LEAT_LETGO_TOLD
 *   TOLD_BYTE    by clearing the byte (told_off) of each unit, too, which is
 *                then no byte of the program's; with TOLD
 *   NOTIFY_BYTE  the kernel clears the byte (notify_off) of each unit
 *   NOTIFY_PORT  and signals notify_port, when this side gives the unit back
 *                or dies
 */
#define LEAT_XEN_TOLD        1u
#define LEAT_XEN_TOLD_BYTE   2u
#define LEAT_XEN_NOTIFY_BYTE 4u
#define LEAT_XEN_NOTIFY_PORT 8u

/* Zero it; each field's zero is its default. */
struct leat_xen_share_config {
    uint32_t domain;         /* the peer                                     */
    enum leat_access access; /* what it may                                  */
    uint32_t flags;          /* LEAT_XEN_*                                   */
    size_t unit_pages;       /* 0: 1                                         */
    size_t limit_pages;      /* the most it gives; 0: what the kernel's limit
                                is when it is opened                         */
    size_t told_off;         /* in a unit, [0, unit_pages * 4096)            */
    size_t notify_off;       /* the same                                     */
    uint32_t notify_port;    /* an event channel of this domain              */
    uint32_t refs;           /* entries of the domain's grant table, which
                                Linux does not tell; 0: 32768, of the 64 frames
                                that Xen gives unless it is told otherwise.
                                At least 512                                 */
};

/*
 * Opens the kernel's sharing side. No page is asked for yet.
 *
 * Owner:   (*out) is the caller's, to close after the pools made of it.
 * Errors:  LEAT_E_INVALID      the configuration, or unknown flags
 *          LEAT_E_DOMAIN       no such number
 *          LEAT_E_LIMIT        not one unit fits; (why) names the parameter
 *          LEAT_E_UNSUPPORTED, LEAT_E_REFUSED, LEAT_E_SYSTEM  see (why)
 *          LEAT_E_NOMEM
 * (why), unless NULL, is written in any case.
 */
LEAT_API int leat_xen_share_open(struct leat_xen_share **out,
                                 const struct leat_xen_share_config *config,
                                 struct leat_xen_why *why);

/*
 * Closes it.
 * Errors:  LEAT_E_BUSY  slabs are out: nothing is changed
 */
LEAT_API int leat_xen_share_close(struct leat_xen_share *x);

/*
 * Name it as a backend, and as the sharing side of a grant table.
 *
 * A slab that does not fit fails with LEAT_E_LIMIT, and so does one for which
 * the kernel, or the hypervisor, has no more grants. A slab goes back only when
 * all of its pages are free, and those in a thread's magazine are not: a pool
 * whose pages are to be granted no longer than they are out is LEAT_POOL_EXACT,
 * and trimmed.
 * Threads: safe from anywhere.
 */
LEAT_API struct leat_backend leat_xen_share_backend(struct leat_xen_share *x);
LEAT_API struct leat_share leat_xen_share_ops(struct leat_xen_share *x);

/*
 * Tells why the latest slab was refused: for a limit, which parameter and its
 * value. LEAT_XEN_NOTHING where none was.
 */
LEAT_API void leat_xen_share_why(struct leat_xen_share *x,
                                 struct leat_xen_why *out);

/* Pages that it has given, and that this process has of all of them. */
LEAT_API size_t leat_xen_share_pages(struct leat_xen_share *x, size_t *process);

/*
 * Tells whether the peer has cleared the byte of the unit that (page) lies in:
 * with LEAT_XEN_TOLD_BYTE. Reading the reference of a page of the unit to share
 * it sets the byte anew.
 *
 * Errors:  LEAT_E_UNSUPPORTED  there is no such byte
 *          LEAT_E_FOREIGN      no page of this backend's
 */
LEAT_API int leat_xen_share_told(struct leat_xen_share *x, const void *page,
                                 bool *told);

/*
 * Verifies its invariants, X1 and on. For tests. NULL, or the text of the first
 * that is broken.
 */
LEAT_API const char *leat_xen_share_check(struct leat_xen_share *x);

LEAT_END_DECLS

#endif
