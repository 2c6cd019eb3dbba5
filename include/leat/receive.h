/* SPDX-License-Identifier: ISC */
#ifndef LEAT_RECEIVE_H
#define LEAT_RECEIVE_H

/*
 * Three ways to receive from a peer. A page that the peer can still write is not
 * the reader's, so a device picks one of them by name, and the counters show it.
 *
 *   mode     grant operations        copies          the reader gets
 *   COPY     none in steady state    1 per payload   private bytes
 *   REVOKE   share and revoke, each  none            private bytes, when the
 *                                                    peer has let go
 *   SHARED   none in steady state    none            shared memory; refused where
 *                                                    the peer is not trusted
 *
 *     post --the peer writes--> take --reader is done--> done
 *       +---------drop---------->
 *
 * A *posted* buffer is what the peer is told of; a *received* one is what the
 * reader gets.
 *
 * Threads: any call on one receiver from any thread; one posted or received
 *          buffer belongs to one thread at a time.
 */

#include <leat/persist.h>
#include <leat/ref.h>

LEAT_BEGIN_DECLS

enum leat_receive_mode {
    LEAT_RECEIVE_COPY = 0,
    LEAT_RECEIVE_REVOKE = 1,
    LEAT_RECEIVE_SHARED = 2,
};

/* Counters; each only grows. Read them by leat_receive_counts(). */
struct leat_receive_counts {
    uint64_t posts;
    uint64_t takes;  /* that gave something to the reader                    */
    uint64_t drops;  /* posted buffers that were not taken                   */
    uint64_t copies; /* payloads copied, and their bytes                     */
    uint64_t copied_bytes;
    uint64_t shares;  /* grant operations of this receiver's                 */
    uint64_t revokes; /* and those that end one, tried again or not          */
    uint64_t held;    /* of them, those where the peer held the page         */
};

struct leat_receive {
    enum leat_receive_mode mode;

    /* Set these; then leat_receive_init(). Borrowed until it is given up. */
    struct leat_persist *persist; /* COPY, SHARED: what the peer writes to;
                                     its access is LEAT_READ_WRITE           */
    struct leat_grants *grants;   /* REVOKE, SHARED                          */
    struct leat_pool *shown;      /* REVOKE: it serves (domain) alone        */
    struct leat_pool *to;         /* COPY: private pages, of no peer         */
    uint32_t domain;

    struct leat_receive_counts counts; /* (a) */
};

/* A buffer that the peer may write to. Void: (r) is NULL. */
struct leat_posted {
    struct leat_receive *r;
    uint32_t ref; /* what the peer is told: its reference, */
    uint32_t off; /* where in the page,                    */
    uint32_t len; /* and how much                          */

    /* Private. */
    struct leat_block block;
    struct leat_chunk chunk;
    struct leat_grant grant;
    bool tried; /* to revoke it, keeping its bytes */
};

/* What the reader gets. Void: (r) is NULL. */
struct leat_received {
    struct leat_receive *r;
    struct leat_ref bytes;     /* COPY, REVOKE: owned; may be moved away     */
    struct leat_shared shared; /* SHARED: valid until done                   */
    struct leat_block block;   /* private                                    */
};

/*
 * Checks what was set in (*r), and zeroes its counters.
 *
 * Errors:  LEAT_E_INVALID  what the mode needs is missing
 *          LEAT_E_PEER     SHARED: the peer is not trusted (leat_grants_trust());
 *                          REVOKE: (shown) does not serve (domain) alone; COPY:
 *                          (to) serves a peer
 */
LEAT_API int leat_receive_init(struct leat_receive *r);

/*
 * Gives a buffer for the peer to write to.
 *
 * Owner:   (*out) is the caller's, to take or to drop.
 * Errors:  those of leat_persist_get(), or of leat_pool_get() and
 *          leat_grant_share()
 */
LEAT_API int leat_receive_post(struct leat_receive *r, struct leat_posted *out);

/*
 * Takes bytes [off, off + len) of what the peer wrote to (*posted), which is void
 * afterwards.
 *
 * Owner:   (*out) is the caller's, until leat_receive_done(); (out->bytes) may be
 *          moved away by leat_ref_move().
 * Errors:  LEAT_E_RANGE  more than was posted: a lie of the peer's
 *          LEAT_E_BUSY   REVOKE: the peer holds the page. (*posted) stays as it
 *                        is, to be tried again or dropped; its page is in
 *                        quarantine meanwhile. No other mode stands in for it
 *          LEAT_E_PEER   SHARED: the peer is not trusted any more
 *          LEAT_E_STALE  (*posted) is void, or a resume was between
 *          those of leat_pool_get(), for the copy
 */
LEAT_API int leat_receive_take(struct leat_posted *posted, size_t off,
                               size_t len, struct leat_received *out);

/*
 * Gives up a posted buffer, which is void afterwards. A page that the peer holds
 * stays in quarantine until it lets go.
 * Errors:  LEAT_E_STALE  it is void
 */
LEAT_API int leat_receive_drop(struct leat_posted *posted);

/*
 * The reader is done: private bytes go back, unless they were moved away, and
 * shared ones are the peer's to write again.
 * Errors:  LEAT_E_STALE  it is void
 */
LEAT_API int leat_receive_done(struct leat_received *received);

LEAT_API int leat_receive_counts(struct leat_receive *r,
                                 struct leat_receive_counts *out);

LEAT_END_DECLS

#endif
