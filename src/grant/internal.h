/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_GRANT_INTERNAL_H
#define LEAT_SRC_GRANT_INTERNAL_H

/*
 * The table's structures, shared by the files that implement it.
 *
 * All that is known lies in arrays by reference: a *ref* for each entry of the
 * backend's table, and a *share* for those that are the first of one. References
 * of a share are chained in the order of its pages; free ones in the order in
 * which they came back. A hash leads from a page to the references by which it
 * is shared, so that one page never serves two peers.
 *
 * Field tags: (c) constant, (l) under the table's lock, (o) by the thread that is
 * at the share, which its state says.
 */

#include <leat/grant.h>
#include <leat/grant_map.h>
#include <leat/grant_ref.h>

#ifndef LEAT_DEBUG
#define LEAT_DEBUG 0
#endif

#if LEAT_DEBUG
#define LEAT_ASSERT(cond) ((cond) ? (void)0 : __builtin_trap())
#else
#define LEAT_ASSERT(cond) ((void)sizeof(cond))
#endif

/* No reference, no peer, no slot. */
#define NONE UINT32_MAX

enum ref_state {
    REF_RESERVED = 0, /* 0 to 7 */
    REF_FREE = 1,
    REF_HELD = 2,    /* got, not granted */
    REF_GRANTED = 3, /* of a share, and the peer may have the page */
    REF_ENDED = 4,   /* of a share, and the peer has let go        */
};

struct ref {
    unsigned char *page; /* (l) of a share: which page                    */
    uint32_t next;       /* (l) the next free one; of a share: its next   */
    uint32_t chain;      /* (l) of a share: the next in the hash          */
    uint32_t first;      /* (l) of a share: its first                     */
    uint32_t state;      /* (l) enum ref_state                            */
};

/* The states of a share beside enum leat_grant_state. */
enum {
    SHARE_NONE = 0,
    SHARE_SHARING = 5,    /* the backend is being asked: nobody has a handle  */
    SHARE_SUSPENDING = 6, /* a suspend is at it                               */
};

struct share {
    struct leat_ref keeps; /* (l) the chunk, by its pages: C1              */
    uint64_t tag;          /* (l) */
    uint64_t since_ns;     /* (l) */
    uint32_t life;         /* (l) generation: of the next handle, when free */
    uint32_t n;            /* (l) pages                                    */
    uint32_t held;         /* (l) of them, those not ended                 */
    uint32_t peer;         /* (l) index                                    */
    uint32_t newer;        /* (l) quarantine: the next to be tried         */
    uint32_t older;        /* (l) and the one before                       */
    uint8_t state;         /* (l) */
    uint8_t access;        /* (l) */
    bool keep;             /* (l) the bytes outlive the revoke             */
    bool told;             /* (l) LEAT_LETGO_TOLD: the peer has told       */
    bool never;            /* (l) LEAT_LETGO_NEVER: it is not tried again  */
    bool in_the_way;       /* (l) */
    bool concealed;        /* (l) for a suspend                            */
    bool quiet;            /* (l) of a persistent pool, which tells itself */
};

struct peer {
    uint32_t domain; /* (l) NONE: the slot is free                         */
    bool trusted;    /* (l) */
    bool own;        /* (l) quota was set for it                           */
    struct leat_quota quota;
    struct leat_quota cost; /* (l) what it has now                         */
};

struct mapping {
    unsigned char *base; /* (l) */
    void *cookie;        /* (l) */
    size_t n;            /* (l) pages                                       */
    uint64_t generation; /* (l) of the table, when it was mapped            */
    uint32_t life;       /* (l) */
    uint32_t debits;     /* (l) what its peers are charged                  */
    uint32_t next;       /* (l) the next free slot                          */
    uint8_t access;      /* (l) */
    uint8_t state;       /* (l) enum map_state                              */
};

enum map_state {
    MAP_NONE = 0,
    MAP_MAPPING = 1, /* the backend is being asked */
    MAP_LIVE = 2,
};

/* One peer's part of a mapping. */
struct debit {
    uint32_t peer;
    uint32_t pages;
    uint32_t next;
};

struct leat_persist;

struct leat_grants {
    struct leat_grants_config config; /* (c) */
    enum leat_letgo letgo;            /* (c) */
    bool born;                        /* (c) references come with the pages */
    uint32_t nrefs;                   /* (c) the reserved ones included     */
    uint32_t nbuckets;                /* (c) a power of two                 */
    uint32_t nmaps;                   /* (c) */
    uint32_t ndebits;                 /* (c) */
    uint32_t npeers;                  /* (c) */
    size_t meta_bytes;                /* (c) */
    void *meta_theirs;                /* (c) the backend's, to give back    */

    struct ref *refs;         /* entries (l) */
    struct share *shares;     /* entries (l) */
    uint32_t *buckets;        /* entries (l) */
    struct mapping *mappings; /* entries (l) */
    struct debit *debits;     /* entries (l) */
    struct peer *peers;       /* entries (l) */

    struct leat_layer_lock lock;
    struct leat_hook hook;

    /* (l) from here on. */
    bool suspended;
    uint32_t free_first; /* the free references, longest free first */
    uint32_t free_last;
    uint32_t quarantine_first; /* longest untried first */
    uint32_t quarantine_last;
    uint32_t map_free;
    uint32_t debit_free;
    struct leat_refs_waiter *oldest;
    struct leat_refs_waiter *newest;
    bool serving;  /* a thread calls waiters */
    bool resuming; /* persistent pools share again, before any waiter */
    struct leat_persist *persists;
    struct leat_grants_stats stats;
};

static inline uint64_t now_ns(const struct leat_grants *t)
{
    return leat_port_now_ns(t->config.port);
}

static inline void lock(struct leat_grants *t)
{
    leat_layer_lock_take(&t->lock);
}

static inline void unlock(struct leat_grants *t)
{
    leat_layer_lock_drop(&t->lock);
}

/* layout.c */
int leat_grants_plan(struct leat_grants *plan,
                     const struct leat_grants_config *config, size_t *bytes);
void leat_grants_carve(struct leat_grants *t, unsigned char *meta);

/* refs.c: under the lock, but serve(), which drops it meanwhile. */
int leat_refs_take(struct leat_grants *t, uint32_t *first, size_t n);
void leat_refs_give(struct leat_grants *t, uint32_t ref);
void leat_refs_serve(struct leat_grants *t);

/* hash.c: under the lock. */
uint32_t leat_hash_find(const struct leat_grants *t, const void *page,
                        uint32_t not_first);
uint32_t leat_hash_more(const struct leat_grants *t, uint32_t ref);
void leat_hash_add(struct leat_grants *t, uint32_t ref);
void leat_hash_remove(struct leat_grants *t, uint32_t ref);

/* peers.c: under the lock. (make): a slot is taken if there is none. */
int leat_peer_find(struct leat_grants *t, uint32_t domain, bool make,
                   uint32_t *out);
int leat_peer_check(uint32_t domain);

/* Whether (more) fits beside (cost): each field's 0 is no limit. */
int leat_peer_room(const struct leat_grants *t, uint32_t peer,
                   const struct leat_quota *more);

/* share.c: writes the entries of a booked share, all or none. */
int leat_share_grant(struct leat_grants *t, uint32_t first);

/* Tells why (ref) is not HELD, or 0. */
int leat_refs_held(const struct leat_grants *t, uint32_t ref);

/*
 * end.c. The share at (first) is this thread's, as its state says, and the lock
 * is not held.
 */

/* Tries to end what of it is not ended, at most (*budget) pages of it, which it
 * lowers. 0: all of it has ended. */
int leat_share_end(struct leat_grants *t, uint32_t first, size_t *budget);

/* All of it has ended: the pages become private, and the share is no more. (The
 * pages were not (exposed): nothing of them is to be undone.) It fails where
 * they cannot be concealed, and may then be called again. */
int leat_share_finish(struct leat_grants *t, uint32_t first, bool exposed);

/* Into quarantine and out of it, under the lock. */
void leat_quarantine_add(struct leat_grants *t, uint32_t first);
void leat_quarantine_remove(struct leat_grants *t, uint32_t first);

/* Finds the share of (g), under the lock. */
int leat_share_find(struct leat_grant g, uint32_t *first);
void leat_share_describe(struct leat_grants *t, uint32_t first,
                         struct leat_grant_info *out);

/* Names the owner, a persistent pool: it needs not be told of a resume. */
void leat_share_quiet(struct leat_grant g, uint64_t tag);

/* Its references, suspended or not; nothing, where it is lost already. */
void leat_share_refs(struct leat_grant g, uint32_t *refs);
void leat_grants_tell(struct leat_grants *t, enum leat_grant_event what,
                      const struct leat_grant_info *info);

/* close.c: persistent pools share again, and those end that could not. */
void leat_persists_resumed(struct leat_grants *t);

/* suspend.c */
int leat_grants_suspend(void *arg);
void leat_grants_resume(void *arg, enum leat_resumed how);

#endif
