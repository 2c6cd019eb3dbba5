/* SPDX-License-Identifier: ISC */
#ifndef LEAT_GRANT_OPS_H
#define LEAT_GRANT_OPS_H

/*
 * What stands under the grant layer: who writes the entries of a grant table,
 * and who maps a peer's.
 *
 * The two sides are tables of their own, for they come from different places: a
 * unikernel writes its own table and asks the hypervisor to map; under Linux one
 * device shares and another maps; a driver-less peer of a driver only maps. Like
 * a pool's backend, nothing registers itself, every operation may refuse, and
 * what is optional may be NULL.
 *
 * The grant layer calls them with no lock of a pool held, and serialises the
 * calls that concern one reference or one mapping. None may call the grant
 * layer.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

/* The references that are never given out: console, store, and what may come.
 * Source: GNTTAB_NR_RESERVED_ENTRIES in xen/grant_table.h. */
#define LEAT_GRANT_RESERVED 8u

/* Who a domain is: 0 to LEAT_DOMAIN_MAX. Source: DOMID_FIRST_RESERVED, xen.h. */
#define LEAT_DOMAIN_MAX 0x7fefu

/* How a peer may use a page. */
enum leat_access {
    LEAT_READ_WRITE = 0,
    LEAT_READ_ONLY = 1,
};

/* How a sharing backend learns that a peer has let go of a page. */
enum leat_letgo {
    LEAT_LETGO_KNOWN = 0, /* ending a grant fails while it is in use          */
    LEAT_LETGO_TOLD = 1,  /* only from a peer that cooperates                 */
    LEAT_LETGO_NEVER = 2, /* not at all: such pages never come back           */
};

/* A grant as a table shows it. */
struct leat_grant_entry {
    uint32_t domain;         /* whom it is for                               */
    enum leat_access access; /* what it permits                              */
    bool granted;            /* the entry permits anything at all            */
    bool reading;            /* the peer has it mapped for reading           */
    bool writing;            /* the peer has it mapped for writing           */
    uint64_t frame;
};

/* Capabilities of a sharing backend. */
#define LEAT_SHARE_ON_DEMAND 1u /* shares memory that exists                  */
#define LEAT_SHARE_BORN      2u /* pages come from its slabs already granted  */
#define LEAT_SHARE_INSPECT   4u /* has entry()                                */

struct leat_share_ops {
    const char *name; /* one lower-case word, static */
    uint32_t caps;    /* LEAT_SHARE_*                */
    enum leat_letgo letgo;

    /* How many references the table has, the reserved ones included. */
    uint32_t (*refs)(void *self);

    /*
     * Grants (n) contiguous pages at (base) to (domain), the page i by refs[i]:
     * all or none. With LEAT_SHARE_ON_DEMAND.
     *
     * Errors:  LEAT_E_NOMEM, LEAT_E_LIMIT  the backend has no more
     *          LEAT_E_FOREIGN  a page that it cannot share
     *          LEAT_E_GONE     what stands under it died
     */
    int (*grant)(void *self, void *base, size_t n, uint32_t domain,
                 enum leat_access access, const uint32_t *refs);

    /*
     * Makes (n) pages at (base) ready to be shown to (domain) and to nobody
     * else, before the first grant of them; and takes them away, their bytes
     * kept, after the last has ended: from here on whoever held them sees
     * nothing new. They are the unit of sharing, and of revocation. Optional:
     * both or none.
     *
     * Errors:  LEAT_E_NOMEM, or another that tells more: nothing is changed;
     *          a conceal is tried again
     */
    int (*expose)(void *self, void *base, size_t n, uint32_t domain,
                  enum leat_access access);
    int (*conceal)(void *self, void *base, size_t n);

    /*
     * Ends the grant (ref) of the page at (page): one atomic try, never a look
     * followed by an act (XSA-396). 0: the peer has let go, and cannot come
     * back to this page.
     *
     * Errors:  LEAT_E_BUSY         the peer holds it: nothing is changed
     *          LEAT_E_UNSUPPORTED  it can never be known (LEAT_LETGO_NEVER)
     */
    int (*end)(void *self, uint32_t ref, void *page);

    /*
     * Tells the reference by which the page at (page) was born granted, to whom
     * and how. With LEAT_SHARE_BORN, and called with the table's lock held.
     * Errors:  LEAT_E_FOREIGN  it is no page of this backend's
     */
    int (*born)(void *self, const void *page, uint32_t *ref, uint32_t *domain,
                enum leat_access *access);

    /* Reads the entry (ref): to show it, never to decide by it. Optional. */
    int (*entry)(void *self, uint32_t ref, struct leat_grant_entry *out);

    /*
     * After a resume: the table is empty and may lie elsewhere. Optional.
     */
    int (*resumed)(void *self);
};

struct leat_share {
    const struct leat_share_ops *ops;
    void *self;
};

/* A grant as its peer names it. */
struct leat_gref {
    uint32_t domain; /* who granted it     */
    uint32_t ref;    /* and by which entry */
};

/* One segment of a grant copy: at most a page on each side that is a grant. */
struct leat_copy_side {
    void *local;           /* memory of this domain; NULL: (gref)            */
    struct leat_gref gref; /* a page of a peer's                             */
    uint32_t off;          /* in that page, or from (local)                  */
};

struct leat_copy_seg {
    struct leat_copy_side from;
    struct leat_copy_side to;
    uint32_t len; /* [off, off + len) stays within a page on either side that is
                     a grant; a local side may cross pages                   */
    int status;   /* out: 0, or a leat error; LEAT_E_STATE until it was tried */
};

/* Capabilities of a mapping backend. */
#define LEAT_MAP_MAP  1u /* has map() and unmap() */
#define LEAT_MAP_COPY 2u /* has copy()            */

struct leat_map_ops {
    const char *name;
    uint32_t caps; /* LEAT_MAP_* */

    /*
     * Maps (n) grants, of one or of several domains, as contiguous pages: all
     * or none. (*base) is where, and (*cookie) the backend's own. (status), of
     * n, unless NULL, says of each: 0 or its error, and is written on failure
     * too.
     *
     * Errors:  LEAT_E_REFERENCE  no such grant, or one meant for another
     *          LEAT_E_ACCESS     writing where reading was granted
     *          LEAT_E_DOMAIN     no such domain
     *          LEAT_E_LIMIT, LEAT_E_NOMEM, LEAT_E_GONE
     */
    int (*map)(void *self, const struct leat_gref *grefs, size_t n,
               enum leat_access access, void **base, void **cookie,
               int *status);

    /* Unmaps all of what a map gave. It does not fail in a way to be retried. */
    int (*unmap)(void *self, void *base, size_t n, void *cookie);

    /*
     * Copies (n) segments and writes each one's status. 0 when all were tried,
     * whatever became of them.
     */
    int (*copy)(void *self, struct leat_copy_seg *segs, size_t n);

    /* The most pages mapped at a time; 0: not known. Optional. */
    size_t (*pages_max)(void *self);
};

struct leat_map {
    const struct leat_map_ops *ops;
    void *self;
};

LEAT_END_DECLS

#endif
