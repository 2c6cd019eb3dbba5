/* SPDX-License-Identifier: ISC */
#ifndef LEAT_GRANT_H
#define LEAT_GRANT_H

/*
 * Grants: pages that a peer may use, until it has let go.
 *
 *     private --share--> live --revoke--> revoking --peer let go--> private
 *                                            |                      (zeroed)
 *                                            +--peer holds on--> quarantined
 *                                   private <--peer let go--(poll)--+
 *
 * A *table* is one domain's grants, over one backend that writes the entries
 * (leat_share_ops) and one that maps those of peers (leat_map_ops). A *share*
 * is n contiguous pages of a chunk shown to one peer at once, by n references;
 * it is also what is revoked at once. A share owns its chunk as a ref does (C1
 * of leat/ref.h), so the chunk goes back to its pool when the user has put it
 * *and* the peer has let go, whichever is later.
 *
 * Pages that the peer does not let go are quarantined: neither page nor reference
 * is used again, the gauges say how many and how long, and leat_grant_poll()
 * tries again. Nothing here sleeps.
 *
 * Threads: any call from any thread; one table has one lock, which is not held
 *          while a backend or a callback runs.
 *
 * Errors that all of these calls share:
 *   LEAT_E_INVALID  a needed pointer is NULL, or an unknown flag or value
 *   LEAT_E_STALE    the handle's grant has ended, or is of before a resume
 *   LEAT_E_STATE    the table is suspended
 */

#include <leat/grant_ops.h>
#include <leat/lifecycle.h>
#include <leat/pool.h>
#include <leat/ref.h>

LEAT_BEGIN_DECLS

struct leat_grants;

/* A share. The void handle has no table. */
struct leat_grant {
    struct leat_grants *table;
    uint64_t id; /* generation << 32 | its first reference */
};

/* What one peer may cost at most. 0: no limit. */
struct leat_quota {
    uint32_t refs;         /* references granted to it                       */
    uint32_t pages;        /* pages shown to it, quarantined ones included   */
    uint64_t mapped_bytes; /* of its pages, mapped here                      */
};

enum leat_grant_state {
    LEAT_GRANT_LIVE = 1,
    LEAT_GRANT_REVOKING = 2,    /* a call is at it                           */
    LEAT_GRANT_QUARANTINED = 3, /* revoked, and the peer holds on            */
    LEAT_GRANT_SUSPENDED = 4,   /* ended for a suspend; comes back or is lost */
};

/* A share, as it is told of. */
struct leat_grant_info {
    struct leat_grant grant;
    uint32_t ref;   /* its first reference; leat_grant_refs() has all        */
    uint32_t pages; /* how many                                              */
    uint32_t held;  /* of how many the peer has not let go                   */
    uint32_t domain;
    enum leat_access access;
    enum leat_grant_state state;
    bool in_the_way;    /* the latest suspend was refused for it             */
    uint64_t tag;       /* as leat_grant_tag() set it, else 0                */
    uint64_t age_ns;    /* since it was shared, or since it was quarantined  */
    const void *memory; /* its pages: where, not to be read through this     */
    struct leat_pool *pool; /* which is kept from closing by it              */
};

enum leat_grant_event {
    LEAT_GRANT_DRAINED = 1, /* the peer let go of a share in quarantine      */
    LEAT_GRANT_LOST = 2,    /* a resume made it invalid                      */
};

/* Flags of a share. */
#define LEAT_SHARE_VOUCH \
    1u /* the caller vouches that its bytes are zero or were written for this
          peer: for adopted memory, and pools that do not zero always       */
#define LEAT_SHARE_ZERO 2u /* its bytes are set to zero before they are shown */

/*
 * What a table is made of. Zero it; each field's zero is its default.
 */
struct leat_grants_config {
    struct leat_share share; /* ops NULL: nothing can be shared              */
    struct leat_map map;     /* ops NULL: nothing can be mapped or copied    */

    uint32_t refs_max;  /* references used at most, the reserved ones
                           included; 0: as many as the backend has           */
    uint32_t maps_max;  /* mappings at a time; 0: 256, or none without map   */
    uint32_t peers_max; /* peers at a time; 0: 64                            */
    struct leat_quota quota; /* of each peer that has none of its own        */

    /*
     * A share in quarantine drained, or a resume made one invalid. The handle
     * in (info) is stale by then. Locks: none are held; it may call anything
     * on the table but destroy, suspend and resume.
     */
    void (*event)(void *arg, enum leat_grant_event what,
                  const struct leat_grant_info *info);
    void *arg;

    struct leat_lifecycle *lifecycle; /* where it registers; NULL: nowhere   */

    /*
     * At least leat_grants_meta_size() bytes, at any alignment, that no peer
     * can see; NULL: from (backend), of which no more is used.
     * Owner: the caller's, and in use until the table is destroyed.
     */
    void *meta;
    size_t meta_bytes;
    struct leat_backend backend;

    const struct leat_port *port; /* NULL: the library's own */
};

/*
 * Tells how many bytes of metadata a table with (config) needs: about 128 a
 * reference.
 * Errors:  as leat_grants_create() gives for (config)
 */
LEAT_API int leat_grants_meta_size(const struct leat_grants_config *config,
                                   size_t *bytes);

/*
 * Creates a table.
 *
 * Owner:   (*out) is the caller's, to destroy; (*config) is copied.
 * Errors:  LEAT_E_INVALID   neither share nor map; no more references than the
 *                           reserved ones
 *          LEAT_E_NOMEM     meta_bytes is too small, or the backend gave none
 *          LEAT_E_OVERFLOW  a size does not fit
 *          those of leat_lifecycle_add()
 */
LEAT_API int leat_grants_create(struct leat_grants **out,
                                const struct leat_grants_config *config);

/*
 * Destroys a table. No other call on it may run or come.
 *
 * Errors:  LEAT_E_BUSY  grants, references or mappings are out, or waiters in
 *                       line: nothing is changed; leat_grants_each() names the
 *                       grants
 *          those of leat_lifecycle_remove()
 */
LEAT_API int leat_grants_destroy(struct leat_grants *table);

/*
 * Sets what (domain) may cost, in place of the table's; and whether it is
 * trusted, which no peer is at first: shared memory of a trusted one may be
 * read in place (leat/receive.h).
 *
 * Errors:  LEAT_E_DOMAIN  no such number
 *          LEAT_E_LIMIT   peers_max
 */
LEAT_API int leat_grants_quota(struct leat_grants *table, uint32_t domain,
                               const struct leat_quota *quota);
LEAT_API int leat_grants_trust(struct leat_grants *table, uint32_t domain,
                               bool trusted);
LEAT_API bool leat_grants_trusted(struct leat_grants *table, uint32_t domain);

/*
 * Shares all pages of (c) with (domain); or those of (view), whole pages of it.
 * All or nothing.
 *
 * What a peer may be shown (rule R2): pages of a pool that serves this peer, or
 * none; and unless a flag says otherwise, of a pool that always zeroes
 * (LEAT_ZERO_ALWAYS), so that they hold zeros and what the handle's owner wrote.
 *
 * Pages that are shared already can be shared again with the same peer: as the
 * same run, with the same access.
 *
 * Where pages are born granted (LEAT_SHARE_BORN), a share has the references that
 * they came with, and domain and access must be theirs.
 *
 * Owner:   (*out) is the caller's, to revoke. The chunk's handle stays the
 *          caller's; it may be put while the share lives.
 * Errors:  LEAT_E_DOMAIN   no such number
 *          LEAT_E_PEER     not to be shown to this peer, as told above; or
 *                          shared with another
 *          LEAT_E_BUSY     some of it is in another share, or in quarantine; or
 *                          others wait in line for references
 *          LEAT_E_ACCESS   shared already, with another access
 *          LEAT_E_LIMIT    no reference is free; the peer's quota; peers_max
 *          LEAT_E_ALIGN, LEAT_E_LENGTH  (view) is no whole pages
 *          LEAT_E_RANGE    (view) is not in (c), or has no page
 *          LEAT_E_UNSUPPORTED  the table does not share
 *          those of leat_chunk_check(), and of the backend
 */
LEAT_API int leat_grant_share(struct leat_grants *table, struct leat_chunk c,
                              uint32_t domain, enum leat_access access,
                              struct leat_grant *out);
LEAT_API int leat_grant_share_view(struct leat_grants *table,
                                   struct leat_chunk c, struct leat_view view,
                                   uint32_t domain, enum leat_access access,
                                   uint32_t flags, struct leat_grant *out);

/*
 * The same, by references that the caller has (leat/grant_ref.h): one a page.
 * They are the share's from then on.
 *
 * Errors:  LEAT_E_LENGTH     (n) is not the number of pages
 *          LEAT_E_REFERENCE  one of them is none, reserved, or not held
 *          LEAT_E_BUSY       also: one of them is granted, or named twice
 *          LEAT_E_UNSUPPORTED  also: the pages are born granted
 */
LEAT_API int leat_grant_share_by(struct leat_grants *table, struct leat_chunk c,
                                 struct leat_view view, uint32_t domain,
                                 enum leat_access access, uint32_t flags,
                                 const uint32_t *refs, size_t n,
                                 struct leat_grant *out);

/*
 * Revokes a share: one atomic try for each of its pages. 0: the peer has let go
 * of all of them; they are zeroed, or kept as they are by leat_grant_revoke_keep(),
 * for who reads what the peer wrote. Then the share's hold on the chunk ends.
 *
 * Pages that keep their bytes must be of a pool that serves this peer: nobody
 * else will see them.
 *
 * Errors:  LEAT_E_BUSY   the peer holds some: all of the share is quarantined.
 *                        (g) stays good for another try, until it drains
 *          LEAT_E_UNSUPPORTED  it can never be known (LEAT_LETGO_NEVER): the
 *                        pages are quarantined for good
 *          LEAT_E_STATE  also: another thread is at it
 *          LEAT_E_PEER   keep: the chunk's pool does not serve this peer alone
 *          that of the backend's conceal(): quarantined, to be tried again
 * Callbacks: that of a waiter for references; those of leat_ref_drop().
 */
LEAT_API int leat_grant_revoke(struct leat_grant g);
LEAT_API int leat_grant_revoke_keep(struct leat_grant g);

/*
 * Tries up to (budget) quarantined pages again, oldest try first; a share of
 * which no page needs a try counts as one. (*drained),
 * unless NULL, is how many shares have drained by it.
 */
LEAT_API int leat_grant_poll(struct leat_grants *table, size_t budget,
                             size_t *drained);

/*
 * A cooperating peer has told that it let go of (g), where only that can be
 * known (LEAT_LETGO_TOLD): a share in quarantine drains, and one that is live
 * can be revoked.
 *
 * Errors:  LEAT_E_UNSUPPORTED  the backend is of another kind
 */
LEAT_API int leat_grant_told(struct leat_grant g);

/*
 * Gives the references of (g), in the order of its pages; (max) is room for at
 * least as many as it has pages.
 * Errors:  LEAT_E_RANGE  (max) is less
 */
LEAT_API int leat_grant_refs(struct leat_grant g, uint32_t *refs, size_t max);

/* The reference of its only, or first, page. */
LEAT_API int leat_grant_ref(struct leat_grant g, uint32_t *ref);

/* Names the owner of (g): a number of the caller's, for events and lists. */
LEAT_API int leat_grant_tag(struct leat_grant g, uint64_t tag);

/* Tells of (g). */
LEAT_API int leat_grant_describe(struct leat_grant g,
                                 struct leat_grant_info *out);

/*
 * Calls (fn) for each share, in order of first references, until it gives other
 * than 0, which is then the result.
 * Locks:   none are held: what is told is true of some moment during the call.
 */
LEAT_API int leat_grants_each(struct leat_grants *table,
                              int (*fn)(void *arg,
                                        const struct leat_grant_info *info),
                              void *arg);

/* Statistics of a table, exact while nobody works on it. */
struct leat_grants_stats {
    /* Counters. */
    uint64_t shares;  /* shares made                                        */
    uint64_t grants;  /* entries written, of any share                      */
    uint64_t ends;    /* tries to end an entry, and                         */
    uint64_t held;    /* of them, those that the peer held                  */
    uint64_t revokes; /* shares ended, at once or from quarantine           */
    uint64_t maps;    /* mappings made, and their pages                     */
    uint64_t mapped;
    uint64_t unmaps;
    uint64_t copies;      /* calls of the backend to copy                  */
    uint64_t copy_segs;   /* segments                                      */
    uint64_t copy_failed; /* of them, those that failed                    */
    uint64_t refused;     /* shares and maps that failed                   */
    uint64_t waits;       /* waiters that stood in line for references     */
    uint64_t served;
    uint64_t lost; /* shares that a resume made invalid              */

    /* Gauges. */
    uint64_t generation;   /* resumes so far                                */
    uint64_t refs;         /* references there are, without the reserved    */
    uint64_t refs_free;    /* to be had                                     */
    uint64_t refs_held;    /* got and not granted                           */
    uint64_t refs_granted; /* in shares                                     */
    uint64_t shares_live;
    uint64_t pages_shared;
    uint64_t quarantined; /* shares in quarantine, and                    */
    uint64_t pages_held;  /* the pages that peers hold on to              */
    uint64_t oldest_ns;   /* the age of the oldest of them                */
    uint64_t mappings;
    uint64_t pages_mapped;
    uint64_t waiting;
    uint64_t meta_bytes;
};

LEAT_API int leat_grants_stats(struct leat_grants *table,
                               struct leat_grants_stats *out);

/* What a peer costs. Errors: LEAT_E_DOMAIN */
LEAT_API int leat_grants_cost(struct leat_grants *table, uint32_t domain,
                              struct leat_quota *out);

/*
 * Walks everything and verifies the invariants, G1 and on. For tests: it takes
 * the lock and is slow. NULL, or the text of the first that is broken.
 */
LEAT_API const char *leat_grants_check(struct leat_grants *table);

LEAT_END_DECLS

#endif
