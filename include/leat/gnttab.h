/* SPDX-License-Identifier: ISC */
#ifndef LEAT_GNTTAB_H
#define LEAT_GNTTAB_H

/*
 * The gnttab backend: a version-1 grant table whose frames the caller gives, as
 * a kernel or a unikernel has it.
 *
 * An entry is eight bytes: flags and domain, of 16 bits each, and a frame number
 * of 32; a table's page holds 512. Granting writes domain and frame, then, after
 * a write barrier, the flags. Ending is one compare-and-swap of the flags word
 * to 0, which fails while the peer has the page in use; it is tried again only
 * where the word changed without the page being in use, and not without bound
 * (XSA-295, XSA-396).
 *
 * Source: xen/grant_table.h, version 1.
 */

#include <leat/grant_ops.h>

LEAT_BEGIN_DECLS

/* Entries in one page of the table. */
#define LEAT_GNTTAB_PER_FRAME 512u

/* The most references: what a version-1 table's limit makes of 256 frames. */
#define LEAT_GNTTAB_FRAMES_MAX 256u

/*
 * The caller's; zero it, then set the fields. Frames must stay until the table
 * over it is destroyed. It can be asked for by one table at a time.
 */
struct leat_gnttab {
    void *const *frames; /* pages of the table, writable by the hypervisor   */
    uint32_t nframes;

    /*
     * Tells the frame number of a page. The only one that must be set.
     * Errors: LEAT_E_FOREIGN
     */
    int (*frame)(void *arg, const void *page, uint32_t *frame);

    /* As in leat_share_ops: where pages must be made ready. Both or none. */
    int (*expose)(void *arg, void *base, size_t n, uint32_t domain,
                  enum leat_access access);
    int (*conceal)(void *arg, void *base, size_t n);

    /* After a resume, before the entries are cleared; may set other (frames), no
     * fewer than before. Where it fails, nothing can be shared any more. */
    int (*resumed)(void *arg, struct leat_gnttab *self);

    void *arg;
};

/*
 * Names (*g) as a sharing backend.
 *
 * Owner:   borrowed: it must outlive the table over it.
 * Errors:  none here: leat_grants_create() gives LEAT_E_INVALID where frames or
 *          (frame) are missing.
 */
LEAT_API struct leat_share leat_gnttab(struct leat_gnttab *g);

LEAT_END_DECLS

#endif
