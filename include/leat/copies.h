/* SPDX-License-Identifier: ISC */
#ifndef LEAT_COPIES_H
#define LEAT_COPIES_H

/*
 * No silent copy: every byte that the library copies is counted, with a reason
 * (rule R5).
 *
 * A counter set is the caller's, or a pool's (leat_pool_copies()). Each call
 * that copies takes one, and refuses to work without: whoever asks for a copy
 * says who pays for it.
 *
 *   what counts       bytes of payload that move from one address to another
 *   what does not     filling, comparing, and typed reads and writes of at most
 *                     eight bytes, which go through a register
 */

#include <leat/attr.h>

LEAT_BEGIN_DECLS

enum leat_reason {
    LEAT_WHY_NONE = 0, /* nothing was copied, nothing offended            */

    /* Bounces: memory that did not meet a consumer's constraint. */
    LEAT_WHY_ADDRESS,  /* its address is not aligned as asked             */
    LEAT_WHY_LENGTH,   /* its length is not the multiple asked            */
    LEAT_WHY_BOUNDARY, /* splitting at the boundary leaves bad pieces     */
    LEAT_WHY_SEGMENTS, /* there are too many segments                     */
    LEAT_WHY_PEER,     /* it is not of the pool that this peer may see    */
    LEAT_WHY_ACCESS,   /* it is read-only, and the device may write       */
    LEAT_WHY_POLICY,   /* the caller asked that all of it be copied       */

    /* Copies that were asked for by the call itself. */
    LEAT_WHY_IN,       /* bytes put into a view or an iov                 */
    LEAT_WHY_OUT,      /* bytes taken out of a view or an iov             */
    LEAT_WHY_SHARED,   /* bytes in or out of shared memory (rule R4)      */
    LEAT_WHY_COALESCE, /* an iov made contiguous                          */
    LEAT_WHY_UNSHARE,  /* an iov given memory of its own                  */
    LEAT_WHY_RETURN,   /* a bounce that the device filled, brought home   */

    /* Added since. The first and the last are bounces, too. */
    LEAT_WHY_NEIGHBOURS, /* others' bytes lie in the pages that a peer would
                            see (leat_chunk_mix())                        */
    LEAT_WHY_RETAIN,     /* a few bytes copied out of many that they kept
                            (leat_ref_pin(), leat/flow_pool.h)            */
    LEAT_WHY_REGISTERED, /* a bounce: it is not of the pool that is registered
                            with the device (LEAT_NEED_REGISTERED)        */
};
#define LEAT_REASONS 17

/*
 * One set of counters. Zero it before its first use. Its fields may be read at
 * any time, best through leat_copies_read(): each only ever grows.
 */
struct leat_copies {
    uint64_t count[LEAT_REASONS]; /* (a) copies made, by enum leat_reason */
    uint64_t bytes[LEAT_REASONS]; /* (a) bytes copied                     */
};

/* Gives the reason as one lower-case word, or NULL when there is none such. */
LEAT_API const char *leat_reason_name(enum leat_reason why);

/*
 * Counts one copy of (bytes) for (why), for callers that copy by themselves and
 * want it in the same books.
 *
 * Errors:  LEAT_E_INVALID  no counters, no such reason, or LEAT_WHY_NONE
 * Threads: safe from anywhere.
 */
LEAT_API int leat_copies_add(struct leat_copies *copies, enum leat_reason why,
                             size_t bytes);

/*
 * Reads (from) while others may count. Each counter is read once, whole. Here
 * and below, NULL counters are a set of zeros.
 */
LEAT_API void leat_copies_read(const struct leat_copies *from,
                               struct leat_copies *out);

/* Gives the sum of all bytes in (copies). */
LEAT_API uint64_t leat_copies_bytes(const struct leat_copies *copies);

/* Gives the number, and in (*bytes) unless NULL the bytes, of the bounces. */
LEAT_API uint64_t leat_copies_bounces(const struct leat_copies *copies,
                                      uint64_t *bytes);

LEAT_END_DECLS

#endif
