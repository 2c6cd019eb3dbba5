/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_BOX_H
#define LEAT_TESTS_XEN_BOX_H

/* What a test in dom0 and its peer say to each other, in one shared page. */

#include <stdint.h>

enum peer_op {
    PEER_HELLO = 1,
    PEER_SHARE,   /* slot, n, access, flags (notify), port: refs            */
    PEER_UNSHARE, /* slot                                                   */
    PEER_MAP,     /* slot, n, access, notify what, port: refs               */
    PEER_UNMAP,   /* slot                                                   */
    PEER_FILL,    /* slot, seed, 1: of a map                                */
    PEER_FILLED,  /* slot, seed, 1: of a map: out[0]                        */
    PEER_COPY,    /* 1: to the grants, n, seed: refs                        */
    PEER_OFFER,   /* out[0] port                                            */
    PEER_BIND,    /* remote: out[0] port                                    */
    PEER_SEND,    /* port                                                   */
    PEER_TAKEN,   /* port, 1: unmask first: out[0], came within a second    */
    PEER_DIE,     /* by SIGKILL; nothing is answered                        */
    PEER_OFF,     /* the domain; nothing is answered                        */
    PEER_RUN,     /* box_text(): a command of the shell's, which ends:
                     out[0] status, and there the end of what it printed    */

    /* Of tests/xen/guest alone. */
    PEER_REVOKE,  /* slot, 1: keep, 2: stop between its steps               */
    PEER_POLL,    /* out[0] drained, [1] pages held, [2] free references    */
    PEER_TABLE,   /* out[0] references in shares, [1] their sum             */
    PEER_AGAIN,   /* slot: its page comes again, zero: out[0]               */
    PEER_EXHAUST, /* out[0] references there were                           */
    PEER_ROUNDS,  /* n: of each, refs[0] and out[0]; dom0 answers by arg[1] */
    PEER_PERSIST, /* blocks, seed; or 0: refs of those there are            */
    PEER_STALE,   /* slot: what its handle gives                            */
    PEER_REFUSE,  /* 1: the next suspend is refused by a hook               */
    PEER_LIFE,    /* out[0] generation, [1] suspends refused, [2] cancelled */
};

#define PEER_SLOTS 4
#define PEER_REFS  1000

struct peer_box {
    uint32_t request; /* by dom0: another number, when all else is written */
    uint32_t reply;   /* by the peer: the same, when it is done            */
    uint32_t op;
    int32_t result;
    uint64_t arg[5];
    uint64_t out[4];
    uint32_t refs[PEER_REFS];
};

_Static_assert(sizeof(struct peer_box) <= 4096, "the box is a page");

/* The command of PEER_RUN, and what it printed: in place of references. */
#define BOX_TEXT (PEER_REFS * sizeof(uint32_t))

static inline char *box_text(struct peer_box *box)
{
    return (char *)box->refs;
}

/* What an entry adds to the sum of a table: both sides reckon it. */
static inline uint64_t box_sum(uint32_t ref, uint64_t frame, uint32_t domain,
                               int read_only)
{
    uint64_t x =
        (frame << 24) + ((uint64_t)ref << 8) + domain * 2 + (read_only != 0);

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

#endif
